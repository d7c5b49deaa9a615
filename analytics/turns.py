"""Energy of a silence over the turn of a period, of which only the sum is known.

The sum is shared by the silent time on either side, so that months together have it once; how it really
fell nobody knows, so the bounds of both hold none and all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from classroom.metric import Metric
from classroom.timetable import day_span

LONGEST = timedelta(days=32)
"""No sum reaches further than this (:data:`analytics.points.HORIZON_US` and the rest of a day); so many days
before a period bear on it."""


class Turn(NamedTuple):
    """A sum known for ``[start, end)`` only, and the part of it that falls into a period."""

    start: datetime
    end: datetime
    total: float
    share: float


def over_turns(
    span: tuple[datetime, datetime],
    of_days: Mapping[date, Metric],
    carried: Mapping[date, Metric],
    zone: ZoneInfo,
) -> list[Turn]:
    """Sums of ``carried`` (by the local day in which they begin) that reach over an end of the period.

    ``of_days`` are the metrics whose values leave them out. Silent is the part of a day that is not covered;
    of a day without a value all of it, since what was known of it is in the sum.
    """
    begin, until = span
    found = []
    for metric in carried.values():
        inside = begin <= metric.time and metric.period_end <= until
        apart = metric.period_end <= begin or until <= metric.time
        if not metric.value or inside or apart:
            continue
        silent = {day: _silent_s(day, of_days.get(day), zone) for day in _days(metric, zone)}
        mine = sum(s for day, s in silent.items() if begin <= day_span(day, zone)[0] < until)
        whole = sum(silent.values())
        share = mine / whole if whole > 0 else 0.5
        found.append(Turn(metric.time, metric.period_end, metric.value, share * metric.value))
    return found


def _days(metric: Metric, zone: ZoneInfo) -> list[date]:
    first = metric.time.astimezone(zone).date()
    last = (metric.period_end - timedelta(microseconds=1)).astimezone(zone).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _silent_s(day: date, metric: Metric | None, zone: ZoneInfo) -> float:
    start, end = day_span(day, zone)
    covered = 0.0 if metric is None or metric.value is None else metric.coverage
    return (1 - covered) * (end - start).total_seconds()
