"""Metrics as they are asked for: hours and days as stored, longer periods put together from days."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.catalog import CATALOG, DEGREE_DAYS, DERIVED, NORMAL_YEAR, Rule
from analytics.periods import aggregate
from analytics.turns import LONGEST
from api.problems import wrong
from api.query import DEFAULT_SPAN, LONGEST_SPAN, MetricsQuery, span
from classroom.metric import Interval, Metric, Scope
from classroom.site import Site
from reports.sources import Sources
from reports.weather_metrics import degree_day_metrics, normal_year_metrics
from store.base import Store

STORED = (Interval.HOUR, Interval.DAY)
_SHOWN = {name for name, entry in CATALOG.items() if entry.rule is not Rule.CARRIED}  # the others when named
_LONGEST_PERIOD = timedelta(days=367)  # a year and the odd hour of a clock change


class Asked(NamedTuple):
    """Periods of length ``interval`` that begin in ``start`` to ``end`` (UTC), as known at ``now``.

    No names means all metrics."""

    interval: Interval
    start: datetime
    end: datetime
    names: frozenset[str]
    now: datetime


def asked_metrics(query: MetricsQuery, zone: ZoneInfo, now: datetime) -> Asked:
    """What a query asks for; derived metrics (:data:`analytics.catalog.DERIVED`) must be named.

    Raises:
        ProblemError: 422; the span is wrong or a metric is not known.
    """
    interval = query.interval
    start, end = span(query.from_, query.to, zone, now, DEFAULT_SPAN[interval], LONGEST_SPAN[interval])
    for name in query.metric:
        if name not in CATALOG and name not in DERIVED:
            raise wrong("metric", name, f"known metrics are {', '.join((*CATALOG, *DERIVED))}")
    return Asked(interval, start, end, frozenset(query.metric), now)


def place_metrics(
    site: Site, store: Store, school: str, scope: Scope, key: str | None, asked: Asked
) -> list[Metric]:
    """Metrics of a place by metric, carrier, basis, time; without ``key`` of every place of the scope.

    A period counts as a whole: its days after ``asked.end`` belong to it.

    Raises:
        StoreError: the store cannot serve now.
    """
    interval, start, end, names, now = asked
    if interval in STORED:
        only = next(iter(names)) if len(names) == 1 else None
        found = store.read_metrics(school, scope, key, interval, start, end, only)
    else:  # one metric's sum may need another's days, so all are read and the choice is made after
        days = store.read_metrics(
            school, scope, key, Interval.DAY, start - LONGEST, end + _LONGEST_PERIOD + LONGEST
        )
        periods = aggregate(days, interval, site.zone, until=now)
        found = [metric for metric in periods if start <= metric.time < end]
    return [metric for metric in found if (metric.metric in names if names else metric.metric in _SHOWN)]


def school_metrics(sources: Sources, school: str, asked: Asked) -> list[Metric]:
    """Metrics of a school by metric, carrier, basis, time, those derived from the weather too.

    Raises:
        StoreError: the store cannot serve now.
    """
    site, store = sources.site, sources.store
    derived = asked.names & DERIVED.keys()
    stored = asked.names - derived
    found = place_metrics(site, store, school, Scope.SCHOOL, school, asked) if stored or not derived else []
    within = (asked.start, asked.end)
    if any(DERIVED[name].method == DEGREE_DAYS for name in derived):
        found += [
            m for m in degree_day_metrics(sources, school, asked.interval, within) if m.metric in derived
        ]
    if any(DERIVED[name].method == NORMAL_YEAR for name in derived):
        energy = asked._replace(names=frozenset({"energy_kwh"}))
        of_school = place_metrics(site, store, school, Scope.SCHOOL, school, energy)
        found += normal_year_metrics(sources, school, of_school, derived)
    return found
