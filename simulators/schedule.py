"""A school's clocks for a UTC day: what its calendar and its controllers say, minute by minute."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from classroom.places import DayType
from classroom.timetable import Timetable, parse_hours
from simulators.physics import Floats
from simulators.weather import MINUTES

_WARM_FROM_MIN, WARM_TO_MIN = 5 * 60, 17 * 60


@dataclass(frozen=True)
class Schedule:
    """Local time and 0/1 switches for each minute of the UTC day, ``(1440,)``."""

    local_minute: NDArray[np.int64]
    local_day: NDArray[np.int64]  # its ordinal
    school_day: Floats
    open: Floats  # no closed day
    holiday: Floats
    due: Floats  # fans, on a day that is open
    fans: Floats
    warm: Floats  # day set point

    def share_of(self, holds: Callable[[date], bool]) -> Floats:
        """1 in the minutes of the local days on which ``holds``, else 0."""
        share = np.zeros(MINUTES)
        for ordinal in np.unique(self.local_day).tolist():
            if holds(date.fromordinal(ordinal)):
                share[self.local_day == ordinal] = 1.0
        return share


def schedule(timetable: Timetable, ventilation_hours: str, start: datetime) -> Schedule:
    """The clocks of a school for the UTC day at ``start``; fans run within ``ventilation_hours`` (local)."""
    begin, end = (_minutes(at) for at in parse_hours(ventilation_hours))
    local_minute, local_day = _local(timetable.zone, start)
    school_day, opened, holiday, due, fans, warm = np.zeros((6, MINUTES))
    for ordinal in np.unique(local_day).tolist():
        day = date.fromordinal(ordinal)
        here = local_day == ordinal
        at = local_minute[here]
        open_day = timetable.day_type(day) is not DayType.CLOSED
        school_day[here] = timetable.day_type(day) is DayType.SCHOOL_DAY
        holiday[here] = in_holidays(timetable, day)
        opened[here] = open_day
        warm[here] = open_day & (at >= _WARM_FROM_MIN) & (at < WARM_TO_MIN)
        due[here] = (begin <= at) & (at < end)
        running = open_day & (due[here] > 0)
        for hired_from, hired_to in timetable.hired_evenings(day):
            hired = [_minutes(moment.astimezone(timetable.zone).time()) for moment in (hired_from, hired_to)]
            running |= (hired[0] - 30 <= at) & (at < hired[1])
        fans[here] = running
    return Schedule(local_minute, local_day, school_day, opened, holiday, due, fans, warm)


def _local(zone: ZoneInfo, start: datetime) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Local minute and ordinal of the local day for each minute of the UTC day at ``start``."""
    hours = [(start + timedelta(hours=hour)).astimezone(zone) for hour in (0, 24)]
    # Where the offset changes it does so at a full hour of UTC: then each hour is taken for itself.
    apart = 24 if hours[0].utcoffset() == hours[1].utcoffset() else 1
    local_minute, local_day = np.empty((2, MINUTES), dtype=np.int64)
    for hour in range(0, 24, apart):
        first = (start + timedelta(hours=hour)).astimezone(zone)
        span = slice(60 * hour, 60 * (hour + apart))
        minute = first.hour * 60 + first.minute + np.arange(60 * apart)
        local_minute[span] = minute % MINUTES
        local_day[span] = first.toordinal() + minute // MINUTES
    return local_minute, local_day


def in_holidays(timetable: Timetable, day: date) -> bool:
    """Whether ``day`` belongs to holidays: a weekday without school, or a weekend beside one."""
    if timetable.day_type(day) is DayType.SCHOOL_DAY:
        return False
    if day.isoweekday() <= 5:
        return timetable.day_type(day) is not DayType.STUDIEDAG
    friday = day - timedelta(days=day.isoweekday() - 5)
    beside = (friday, friday + timedelta(days=3))
    return any(timetable.day_type(other) in (DayType.LOV, DayType.CLOSED) for other in beside)


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute
