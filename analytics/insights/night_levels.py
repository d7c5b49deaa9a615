"""Levels of night power, and what of each is fans that do not stop.

Night power is the mean of electricity from midnight to three, local time: nobody is there, it is dark all
year, and solar cells stand still. Where its level changes, the jump of power in the morning hour in which
ventilation is due tells which of the two it is: fans that run all night no longer start in the morning, a
base load is there by day too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData, ventilation_hours
from analytics.insights.steps import levels
from classroom.places import DayType
from classroom.timetable import parse_hours

NIGHT_HOURS = (0, 1, 2)
"""Local hours of which night power is the mean."""

LEAST_SHARE = 0.05
"""A change of night power below this share of its level is not told: meters, cold nights, a fridge."""

_HALF = 0.5  # of what a level's morning jump lacks at most: one that lacks more has its fans on before
_JUMP_SHARE = (
    0.15  # of the highest jump: what lacks less of it may lack a room's air, or dark mornings' lamps
)
_FANS_SHARE = 0.35  # of what the jump lacks: a smaller step of night power is not the fans'
_ALIKE = 0.25  # step and what the jump lacks are the same thing where they differ by no more
_LEAST_JUMPS = 3
_FLOOR = 0.02  # noise of night power that no difference is heeded below, as a share of its median
_LEAST_DAYS = 7
_EDGES = (3, 10)  # hours in which a morning's start is looked for where the hours are not told


class NightLevel(NamedTuple):
    """Days ``first`` to ``last`` of one night power [kW]; ``jump_kw`` is the morning jump by kind of day."""

    first: pd.Timestamp
    last: pd.Timestamp
    days: int
    night_kw: float
    jump_kw: dict[str, float]


_NO_JUMPS = pd.Series(dtype=np.float64, index=pd.DatetimeIndex([]))


class Split(NamedTuple):
    """A level's night power [kW]: what fans draw that should stand still, and the base load."""

    level: NightLevel
    fans_kw: float
    base_kw: float


def night_levels(data: SchoolData, power_kw: pd.Series) -> list[NightLevel]:
    """Levels of night power with the morning jumps that go with each, in time order."""
    if power_kw.empty:
        return []
    jumps = morning_jump_kw(data)
    kinds = data.days["day_type"].reindex(jumps.index)
    values = power_kw.to_numpy(np.float64)
    found = []
    for level in levels(values, least=_LEAST_DAYS, floor=_FLOOR * float(np.median(values))):
        days = power_kw.index[level.start : level.end]
        within = jumps[(jumps.index >= days[0]) & (jumps.index <= days[-1])]
        of_kind = within.groupby(kinds[within.index])
        jump = of_kind.median()[of_kind.size() >= _LEAST_JUMPS]
        found.append(
            NightLevel(
                days[0],
                days[-1],
                level.end - level.start,
                level.value,
                {str(k): float(v) for k, v in jump.items()},
            )
        )
    return found


def split(found: list[NightLevel]) -> list[Split]:
    """What of each level's night power is fans that do not stop.

    They are in a level whose morning jump lacks half or more of what any lacks, on days of one kind, and
    whose night power lies above that of the next level without. A level too short to tell goes with its
    neighbour of the nearest night power. Where none lacks a real part of its jump, no fans run.
    """
    missing = _missing_kw(found)
    most = max((kw for kw in missing if kw is not None), default=0.0)
    lowest = min((level.night_kw for level in found), default=0.0)
    highest = max((kw for level in found for kw in level.jump_kw.values()), default=0.0)
    if most <= max(LEAST_SHARE * lowest, _JUMP_SHARE * highest):
        return [Split(level, 0.0, level.night_kw) for level in found]
    runs = [None if kw is None else kw > _HALF * most for kw in missing]
    there = [_like_neighbour(found, runs, at) if one is None else one for at, one in enumerate(runs)]
    fans = [_fans_kw(found, there, at, missing[at] or most) for at in range(len(found))]
    told = [kw if kw > LEAST_SHARE * level.night_kw else 0.0 for level, kw in zip(found, fans, strict=True)]
    return [Split(level, kw, level.night_kw - kw) for level, kw in zip(found, told, strict=True)]


def _missing_kw(found: list[NightLevel]) -> list[float | None]:
    """How much each level's morning jump is below the highest of its kind of day [kW], school days first."""
    kinds = (DayType.SCHOOL_DAY, DayType.LOV, DayType.STUDIEDAG)
    highest = {
        kind: max((level.jump_kw[kind] for level in found if kind in level.jump_kw), default=0.0)
        for kind in kinds
    }
    return [
        next((highest[kind] - level.jump_kw[kind] for kind in kinds if kind in level.jump_kw), None)
        for level in found
    ]


def _like_neighbour(found: list[NightLevel], runs: list[bool | None], at: int) -> bool:
    known = [place for place, one in enumerate(runs) if one is not None and abs(place - at) == 1]
    if not known:
        return False
    nearest = min(known, key=lambda place: abs(found[place].night_kw - found[at].night_kw))
    return bool(runs[nearest])


def _fans_kw(found: list[NightLevel], there: list[bool], at: int, missing_kw: float) -> float:
    """The fans in a level [kW]: its step above the level without them that is nearest in time, or what the
    jump lacks, where something else stepped at the same time; 0 without a step."""
    without = [place for place, one in enumerate(there) if not one]
    if not there[at] or not without:
        return 0.0
    nearest = min(without, key=lambda place: (abs(place - at), place))
    step = found[at].night_kw - found[nearest].night_kw
    if step < _FANS_SHARE * missing_kw:
        return 0.0
    return step if abs(step - missing_kw) <= _ALIKE * missing_kw else missing_kw


def night_power_kw(hours: pd.DataFrame) -> pd.Series:
    """Mean power of NIGHT_HOURS by local day [kW]; days without all of them are left out.

    A night of hired evenings' end or a change of clocks is a night like others: two or four hours then.
    """
    night = hours[hours["hour"].isin(NIGHT_HOURS)]
    by_day = night.groupby("day")["electricity_kwh"]
    mean, whole = by_day.mean(), by_day.count() == by_day.size()
    return mean[whole]


def morning_jump_kw(data: SchoolData) -> pd.Series:
    """How much power rises when ventilation is due on open days [kW], by local day: first whole hour after
    less last whole hour before."""
    start = ventilation_start(data)
    if start is None:
        return _NO_JUMPS
    after, before = int(np.ceil(start)), int(np.floor(start)) - 1
    later_kw, earlier_kw = (_at_hour(data, hour) for hour in (after, before))
    return (later_kw - earlier_kw).dropna()


def _at_hour(data: SchoolData, hour: int) -> pd.Series:
    """Electricity used in a local hour [kWh], by local day."""
    at = data.hours["hour"] == hour
    return data.use_kwh[at].groupby(data.hours["day"][at]).mean()


def ventilation_start(data: SchoolData) -> float | None:
    """Local hour at which ventilation is due: as told, else where power rises most before school opens."""
    told = ventilation_hours(data.site, data.school, data.last)
    if told is not None:
        begin = parse_hours(told)[0]
        return begin.hour + begin.minute / 60
    if data.opens is None:
        return None
    days = data.hours[data.hours["day_type"] == DayType.SCHOOL_DAY]
    mean = days.groupby("hour")["electricity_kwh"].median()
    inside = [
        hour for hour in range(_EDGES[0], min(_EDGES[1], data.opens)) if {hour, hour - 1} <= {*mean.index}
    ]
    if not inside:
        return None
    return float(max(inside, key=lambda hour: mean[hour] - mean[hour - 1]))
