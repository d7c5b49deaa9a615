"""A school's profile metrics of one local day, from its energy of that day (:mod:`analytics.energy`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta

from analytics import fingerprint
from analytics.catalog import CATALOG, UNRESOLVED
from analytics.coverage import reasons
from analytics.profile import Figure, base_load_kw, out_of_hours_kwh, peak_kw, per_unit
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import DayType
from classroom.site import Site
from classroom.timetable import day_span

_HOUR = timedelta(hours=1)


def day_kind(site: Site, school: str, day: date) -> str | None:
    """The metric that takes the energy of ``day`` because of the kind of day it is; None on other days.

    Each day has one kind, so the metrics may be added: Saturdays and Sundays, weekdays of lov, and weekdays
    on which the school is closed.
    """
    day_type = site.timetable(school).day_type(day)
    if day.weekday() >= 5:
        return None if day_type is DayType.SCHOOL_DAY else "weekend_kwh"
    return {DayType.LOV: "lov_kwh", DayType.CLOSED: "closed_day_kwh"}.get(day_type)


def profile_fingerprint(site: Site, school: str, day: date, energy: str) -> str:
    """Fingerprint of the profile metrics of ``school`` on local ``day``; ``energy`` is its energy's."""
    size = site.attributes_on(school, day)
    return fingerprint.profile_day(
        energy,
        site.timetable(school).open_spans(day),
        day_kind(site, school, day) or "",
        size.atemp_m2 if size else None,
        size.pupils if size else None,
    )


def profile_metrics(
    site: Site, school: str, day: date, now: datetime, energy: Sequence[Metric], mark: str
) -> list[Metric]:
    """Profile metrics of ``school`` from its ``energy`` of local ``day`` (:func:`energy.school_day`), whose
    fingerprint is ``mark``."""
    mine = [one for one in energy if one.scope is Scope.SCHOOL]
    days = [one for one in mine if one.metric == "energy_kwh" and one.interval is Interval.DAY]
    if not days:
        return []
    own = profile_fingerprint(site, school, day, mark)
    start, end = day_span(day, site.zone)
    running = end > now
    span = (start, min(end, start - (start - now) // _HOUR * _HOUR)) if running else (start, end)
    found = []
    for whole in days:
        hours = [
            one
            for one in mine
            if (one.metric, one.interval, one.carrier) == ("energy_kwh", Interval.HOUR, whole.carrier)
        ]
        figures = {
            "out_of_hours_kwh": out_of_hours_kwh(hours, site.timetable(school).open_spans(day), span),
            "base_load_kw": base_load_kw(hours, span),
            "peak_kw": peak_kw(hours, span),
        }
        kind = day_kind(site, school, day)
        if kind is not None:
            figures[kind] = Figure(whole.value, whole.coverage, whole.status, whole.reason)
        found += [_metric(whole, name, figure, own, running=running) for name, figure in figures.items()]
    found += _by_size(site, school, day, mine, own)
    return found


def _by_size(site: Site, school: str, day: date, mine: Iterable[Metric], mark: str) -> list[Metric]:
    """The day's energy, and what it leaves out, per square metre and pupil."""
    size = site.attributes_on(school, day)
    units = {
        "energy_per_m2_kwh": (size.atemp_m2 if size else None, "no_area"),
        "energy_per_pupil_kwh": (size.pupils if size else None, "no_pupils"),
    }
    found = []
    for one in mine:
        if one.interval is Interval.DAY and one.metric in ("energy_kwh", "energy_unresolved_kwh"):
            for name, (count, missing) in units.items():
                kept = name if one.metric == "energy_kwh" else UNRESOLVED[name]
                figure = per_unit(one, count, missing)
                made = _metric(one, kept, figure, mark, running=False)
                if figure.value is not None and count:
                    low, high = (None if edge is None else edge / count for edge in (one.low, one.high))
                    made = made._replace(low=low, high=high)
                found.append(made)
    return found


def _metric(model: Metric, name: str, figure: Figure, mark: str, *, running: bool) -> Metric:
    """The figure as a metric; of a running day it is preliminary."""
    status, why = figure.status, figure.reason
    if running and figure.value is not None:
        status, why = Status.PRELIMINARY, reasons("running", why)
    return model._replace(
        metric=name,
        value=figure.value,
        low=None,
        high=None,
        unit=CATALOG[name].unit,
        coverage=figure.coverage,
        status=status,
        reason=why,
        method=CATALOG[name].method,
        fingerprint=mark,
    )
