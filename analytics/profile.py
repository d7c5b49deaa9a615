"""When a school uses its energy: out of hours, base load, peak, by the week; and per square metre and pupil.

From the school's hours of one local day (:mod:`analytics.energy`). An hour whose energy is not resolved says
nothing; what is missing is told by coverage, never filled.

Out of hours follows Energy Sparks' definition (energy outside the school's open hours, closed days whole),
with open hours by timetable, lov and hired evenings. Base load is the mean power of the lowest hours; the
lowest alone would be a meter's rounding.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.coverage import status_of
from classroom.metric import Metric, Status
from classroom.places import DayType
from classroom.timetable import Span

BASE_LOAD_HOURS = 3
"""Base load is the mean power of so many hours with the lowest use."""

_HOUR = timedelta(hours=1)


class Figure(NamedTuple):
    """A value (None: nothing to say) with the share of the day's hours behind it."""

    value: float | None
    coverage: float
    status: Status
    reason: str | None


def out_of_hours_kwh(hours: Sequence[Metric], open_spans: Sequence[Span], day: Span) -> Figure:
    """Energy used while the school was closed [kWh]; an hour partly open counts by the time it was closed.

    ``hours`` are ``energy_kwh`` metrics of UTC hours inside the local ``day``; ``open_spans`` do not overlap.
    """
    closed_h = {hour.time: 1.0 - _inside_h(hour.time, open_spans) for hour in hours}
    wanted = sum(1.0 - _inside_h(time, open_spans) for time in _hours_of(day))
    known = [hour for hour in hours if hour.value is not None]
    coverage = sum(closed_h[hour.time] for hour in known) / wanted if wanted > 1e-9 else 1.0
    value = sum((hour.value or 0.0) * closed_h[hour.time] for hour in known)
    return _judged(value, coverage)


def base_load_kw(hours: Sequence[Metric], day: Span) -> Figure:
    """Mean power of the day's :data:`BASE_LOAD_HOURS` lowest hours [kW]."""
    known = sorted(hour.value for hour in hours if hour.value is not None)
    lowest = known[:BASE_LOAD_HOURS]
    return _judged(sum(lowest) / len(lowest) if lowest else 0.0, len(known) / len(_hours_of(day)))


def peak_kw(hours: Sequence[Metric], day: Span) -> Figure:
    """Highest mean power of an hour of the day [kW]: what Swedish grid tariffs charge."""
    known = [hour.value for hour in hours if hour.value is not None]
    return _judged(max(known, default=0.0), len(known) / len(_hours_of(day)))


def per_unit(energy: Metric, units: float | None, missing: str) -> Figure:
    """``energy`` per square metre or pupil; null, with the reason ``missing``, without their number."""
    if units is None or units <= 0:
        status = Status.NO_DATA if energy.status is Status.NO_DATA else Status.INSUFFICIENT
        return Figure(None, energy.coverage, status, missing)
    value = None if energy.value is None else energy.value / units
    return Figure(value, energy.coverage, energy.status, energy.reason)


def _judged(value: float, coverage: float) -> Figure:
    status = status_of(min(1.0, coverage))
    if status is Status.NO_DATA:
        return Figure(None, 0.0, status, "no_readings")
    if status is Status.INSUFFICIENT:
        return Figure(None, coverage, status, "few_readings")
    return Figure(value, min(1.0, coverage), status, "gap" if status is Status.PARTIAL else None)


def _hours_of(day: Span) -> list[datetime]:
    return [day[0] + n * _HOUR for n in range(round((day[1] - day[0]) / _HOUR))]


def _inside_h(hour: datetime, spans: Sequence[Span]) -> float:
    """Part of the hour that begins at ``hour`` inside ``spans`` [h]."""
    inside = (min(end, hour + _HOUR) - max(start, hour) for start, end in spans)
    return sum(max(part, timedelta()) / _HOUR for part in inside)


class WeekHour(NamedTuple):
    """Mean energy of an hour of the week [kWh] on days of one kind, and over how many hours."""

    day_type: DayType
    weekday: int
    hour: int
    mean_kwh: float
    hours: int


def week_profile(
    hours: Sequence[Metric], zone: ZoneInfo, day_type: Callable[[date], DayType]
) -> list[WeekHour]:
    """Mean energy by kind of day, weekday (1 is Monday) and local hour (0 to 23), in that order.

    ``hours`` are ``energy_kwh`` metrics of UTC hours, of one carrier. Hours without a value are left out and
    not counted, nor are hours that are still running; an hour that a clock change repeats counts twice.
    """
    sums: dict[tuple[DayType, int, int], list[float]] = defaultdict(list)
    types: dict[date, DayType] = {}
    for one in hours:
        if one.value is None or one.status is Status.PRELIMINARY:
            continue
        local = one.time.astimezone(zone)
        day = local.date()
        if day not in types:
            types[day] = day_type(day)
        sums[types[day], day.isoweekday(), local.hour].append(one.value)
    order = list(DayType)
    return [
        WeekHour(*key, sum(values) / len(values), len(values))
        for key, values in sorted(sums.items(), key=lambda item: (order.index(item[0][0]), *item[0][1:]))
    ]
