"""Metrics of a school made from the weather when they are asked for: degree days and normal-year energy.

They are not stored: a station's readings are those of many schools, and the nearest station with readings may
be another tomorrow. What is stored is what they are made from.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import pandas as pd

from analytics.catalog import DERIVED
from analytics.coverage import LEAST_COVERAGE, reasons, worst
from analytics.degree_days import BASE_C, FORMER_LIMITS_C, heating_degree_days, normal_year
from analytics.fingerprint import fingerprint
from analytics.periods import period_of
from analytics.signature import base_kwh
from analytics.sufficiency import DAY_COVERAGE, baseline_sufficiency
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import NormalMonth
from classroom.quantity import Carrier
from classroom.timetable import Span, day_span
from reports.daily import FARTHEST_KM, SchoolDays, with_temperature
from reports.dates import Dates, twelve_months
from reports.fits import shapes_of
from reports.sources import Sources, load

HEATING_CARRIERS = frozenset({Carrier.DISTRICT_HEAT, Carrier.GAS, Carrier.OIL, Carrier.PELLETS})
"""Carriers whose energy is corrected to a normal year."""

LEAST_DEGREE_DAYS = 30.0
"""A month with fewer degree days [K·d] in its year or the normal one is left as it is: the quotient of two
small numbers says nothing (field knowledge)."""

_LIMITS = {"heating_degree_days": None, "heating_degree_days_before_2015": FORMER_LIMITS_C}
_NORMAL, _NORMAL_PER_M2 = "energy_normal_year_kwh", "energy_normal_year_per_m2_kwh"
_DAY = timedelta(days=1)


class _Normal(NamedTuple):
    """Degree days of the months of a normal year; ``estimated``: from mean temperatures."""

    degree_days: dict[int, float]
    estimated: bool


def degree_day_metrics(sources: Sources, school: str, interval: Interval, within: Span) -> list[Metric]:
    """Degree days of the periods that begin in ``within``, present and former rule; none of hours.

    A day counts where more than nine tenths of its hours have a temperature. A period that lacks days is
    ``partial``: its sum is that of the days it has.

    Raises:
        StoreError: the store cannot serve now.
    """
    periods = _periods(sources, interval, within)
    if not periods:
        return []
    first, last = periods[0].first, min(sources.yesterday, periods[-1].last)
    if last < first:
        return []
    days = load(sources, school, Dates(first, last))
    found = []
    for name, limits in _LIMITS.items():
        counted = days.weather["temperature_c"].where(days.weather["temperature_coverage"] > DAY_COVERAGE)
        daily = heating_degree_days(counted, limits_c=limits)
        station = days.station.key if days.station is not None else None
        mark = fingerprint(DERIVED[name].method, station)
        found += [_sum(sources, school, name, interval, dates, daily, mark) for dates in periods]
    return found


def _periods(sources: Sources, interval: Interval, within: Span) -> list[Dates]:
    """Periods of the site's time zone that begin in ``within`` and have begun."""
    if interval is Interval.HOUR:
        return []
    zone = sources.site.zone
    found = []
    day = period_of(within[0].astimezone(zone).date(), interval)[0]
    while day_span(day, zone)[0] < within[1] and day <= sources.yesterday:
        end = period_of(day, interval)[1]
        if day_span(day, zone)[0] >= within[0]:
            found.append(Dates(day, end - _DAY))
        day = end
    return found


def _sum(
    sources: Sources, school: str, name: str, interval: Interval, dates: Dates, daily: pd.Series, mark: str
) -> Metric:
    """Degree days of one period."""
    inside = daily.loc[str(dates.first) : str(min(dates.last, sources.yesterday))]
    known = int(inside.notna().sum())
    coverage = known / len(inside) if len(inside) else 0.0
    start, end = dates.span(sources.site.zone)
    status = Status.OK if known == len(inside) else Status.PARTIAL
    if coverage < LEAST_COVERAGE:
        status = Status.INSUFFICIENT if known else Status.NO_DATA
    running = end > sources.now
    return Metric(
        time=start,
        period_end=end,
        interval=interval,
        school=school,
        scope=Scope.SCHOOL,
        id=school,
        metric=name,
        carrier=None,
        basis=None,
        value=float(inside.sum()) if coverage >= LEAST_COVERAGE else None,
        low=None,
        high=None,
        unit=DERIVED[name].unit,
        coverage=coverage,
        status=Status.PRELIMINARY if running and coverage >= LEAST_COVERAGE else status,
        reason=reasons(
            "running" if running else None,
            f"days_missing:{len(inside) - known}" if known < len(inside) else None,
        ),
        method=DERIVED[name].method,
        factors=(),
        fingerprint=mark,
    )


def normal_year_metrics(
    sources: Sources, school: str, energy: Sequence[Metric], names: frozenset[str]
) -> list[Metric]:
    """Normal-year energy of periods, and per square metre, from the school's ``energy_kwh`` of those
    (months, school years or years).

    E_norm = E_base + (E − E_base) · HDD_normal / HDD with 17 °C; E_base from the signature of the calendar
    year, or of the twelve months up to the period's end where that year is not over. Null with the reason
    where the signature, the weather or the normal year is missing.

    Raises:
        StoreError: the store cannot serve now.
    """
    months = (Interval.MONTH, Interval.SCHOOL_YEAR, Interval.YEAR)
    wanted = [
        metric
        for metric in energy
        if metric.metric == "energy_kwh" and metric.carrier in HEATING_CARRIERS and metric.interval in months
    ]
    if not wanted:
        return []
    zone = sources.site.zone
    learned = {metric: _learned(sources, metric) for metric in wanted}
    first = min(min(dates.first, metric.time.astimezone(zone).date()) for metric, dates in learned.items())
    last = max(metric.period_end for metric in wanted).astimezone(zone).date() - _DAY
    days = load(sources, school, Dates(first, min(last, sources.yesterday)))
    normal = _normal(sources, school)
    found = []
    for metric, dates in learned.items():
        corrected = _corrected(sources, days, metric, dates, normal)
        if _NORMAL in names:
            found.append(corrected)
        if _NORMAL_PER_M2 in names:
            found.append(_per_m2(sources, corrected))
    return sorted(found, key=lambda one: (one.metric, str(one.carrier), one.time))


def _learned(sources: Sources, metric: Metric) -> Dates:
    """The twelve months whose signature gives the period's base load."""
    last = metric.period_end.astimezone(sources.site.zone).date() - _DAY
    year = Dates(date(last.year, 1, 1), date(last.year, 12, 31))
    return year if year.last <= sources.yesterday else twelve_months(last)


def _corrected(
    sources: Sources, days: SchoolDays, energy: Metric, learned: Dates, normal: _Normal | None
) -> Metric:
    assert energy.carrier is not None  # noqa: S101
    found = energy._replace(
        metric=_NORMAL,
        low=None,
        high=None,
        method=DERIVED[_NORMAL].method,
        fingerprint=fingerprint(DERIVED[_NORMAL].method, energy.fingerprint, str(normal), str(learned)),
    )
    zone = sources.site.zone
    dates = Dates(energy.time.astimezone(zone).date(), energy.period_end.astimezone(zone).date() - _DAY)
    frame = days.frames.get(energy.carrier)
    if energy.value is None:
        return found
    if dates.last > sources.yesterday:
        return _without(found, "running")
    if normal is None:
        return _without(found, "no_normal_year")
    if frame is None or not baseline_sufficiency(frame, *learned).sufficient:
        return _without(found, "no_signature")
    fitted = frame.loc[str(learned.first) : str(learned.last)]
    signature = sources.fits.signature(fitted, shapes_of(energy.carrier))
    inside = with_temperature(frame).loc[str(dates.first) : str(dates.last)]
    if signature is None or inside["temperature_c"].isna().any():
        return _without(found, "temperature_days_missing")
    degree_days = float(heating_degree_days(inside["temperature_c"], BASE_C).sum())
    months = sorted({(day.year, day.month) for day in pd.DatetimeIndex(inside.index)})
    normal_degree_days = sum(normal.degree_days[month] for _, month in months)
    if min(degree_days, normal_degree_days) < LEAST_DEGREE_DAYS:
        return found._replace(reason=reasons(energy.reason, "too_warm_to_correct"))
    base = base_kwh(signature, inside)
    value = normal_year(energy.value, base, degree_days, normal_degree_days)
    if not normal.estimated:
        return found._replace(value=value)
    return found._replace(
        value=value,
        status=worst((energy.status, Status.ESTIMATED)),
        reason=reasons(energy.reason, "normal_from_mean_temperature"),
    )


def _without(metric: Metric, why: str) -> Metric:
    return metric._replace(value=None, status=Status.INSUFFICIENT, reason=reasons(metric.reason, why))


def _per_m2(sources: Sources, corrected: Metric) -> Metric:
    last = corrected.period_end.astimezone(sources.site.zone).date() - _DAY
    attributes = sources.site.attributes_on(corrected.school, last)
    area = attributes.atemp_m2 if attributes is not None else None
    found = corrected._replace(metric=_NORMAL_PER_M2, unit=DERIVED[_NORMAL_PER_M2].unit)
    if area is None:
        return _without(found, "no_area")
    return found._replace(value=None if corrected.value is None else corrected.value / area)


def _normal(sources: Sources, school: str) -> _Normal | None:
    """The normal year of the nearest station that has all twelve months of one."""
    for station, distance_km in sources.site.stations_near(school):
        rows = {row.month: row for row in sources.site.normal_months if row.station == station.key}
        if len(rows) == 12 and distance_km <= FARTHEST_KM:
            estimated = any(row.degree_days is None for row in rows.values())
            return _Normal({month: _degree_days(row) for month, row in rows.items()}, estimated)
    return None


def _degree_days(row: NormalMonth) -> float:
    """The table's, or from the month's mean temperature: too few in spring and autumn, when warm days
    outweigh cold ones in the mean."""
    if row.degree_days is not None:
        return row.degree_days
    days = pd.Period(year=2023, month=row.month, freq="M").days_in_month
    return max(0.0, BASE_C - row.temperature_c) * days
