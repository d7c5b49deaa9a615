"""Drift of a CO2 sensor, from what it shows when nobody has breathed in the room for long.

Air that nobody breathes goes to the outdoor level, about 430 ppm in 2026 and never below 380. A sensor whose
lowest values leave 380 to 500 ppm, or jump, has drifted (or its automatic baseline correction has set it to
400 in a room that is never empty). Sources: Senseair's ABC takes the eight-day minimum as 400 ppm; Mauna Loa
424.6 ppm in 2024, rising 2.5 to 3.5 ppm a year, cities 10 to 40 ppm above.

A night between two school days does not empty every room: without night ventilation (0.1 air changes an hour)
it still holds some of the day's CO2 at dawn. How much it holds, from the least to the most, is learned from
the sensor's own earlier days, so that a drift shows on a Tuesday too; what is not known yet is not judged.
A day that is level from midnight to midnight was nobody's, whatever the calendar says: it needs no learning
and no other day beside it.

A slow drift is told by its course: noise takes a few ppm off every low, which are days of a drift of 2 ppm a
day. One that has come half of a jump's way and will leave outdoor air within three days is flagged now.

A day is judged by the six weeks before it and by nothing else. So a jump that stays within outdoor air is
reported until its new level outweighs the old one, then it is the sensor's own: a sensor that was calibrated
is trusted again without anybody's doing.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from enum import Enum
from itertools import combinations
from statistics import median
from typing import NamedTuple

BASELINE_PPM = (380.0, 500.0)
"""Outside these a sensor's empty room is not outdoor air."""

JUMP_PPM = 60.0
"""A baseline further than this from the six weeks before has jumped: twice what automatic correction does in
a step (30 ppm)."""

LEARN_DAYS = 42
"""How far back a sensor's own days are its measure."""

RECENT_DAYS = 7
"""How far back the last three days with readings may lie that are judged together."""

TREND_DAYS = 21
"""A drift's course is read from the cleared days of so long: three weekends, because two of other weather or
air pressure lie on a line too."""

AHEAD_DAYS = 3
"""A sensor on its way out of outdoor air is flagged so long before it is there: noise, and days whose air is
not known, may hide the first days outside for as long."""

_RECENT = 3
_LEAST_SPAN = 14  # days between the first and the last from which a course is read
_LEAST_CLEARED, _LEAST_HELD = 2, 3  # days of a kind before they are a measure
_UNKNOWN = float("-inf")

HIGH = "baseline above outdoor air"
LOW = "baseline below outdoor air"
JUMPED = "baseline has jumped"
LEAVING = "baseline is leaving outdoor air"


class Air(Enum):
    """What may be in a room's air at its lowest hour of a day."""

    CLEARED = "cleared"  # the day or the one before was closed: a night and a day to clear
    SCHOOL = "school"  # a school day's air after one night
    SOME = "some"  # after lov or a study day: anything from nothing to a school day's


class Day(NamedTuple):
    """A sensor's local day: the mean of its lowest hour [ppm], what may be in that air, which room it is, and
    whether nobody breathed in it all day."""

    day: date
    low_ppm: float
    air: Air
    room: str = ""
    flat: bool = False


class _Bounds(NamedTuple):
    """Where the sensor's baseline lies by one day [ppm]."""

    day: date
    least: float
    most: float
    low: float


def drifted(days: Sequence[Day], since: date) -> dict[date, str]:
    """Days from ``since`` on in which the sensor has drifted, with why.

    ``days`` ascend; only days with readings, and those of LEARN_DAYS before ``since`` with them. The last
    three days are judged together by their median, on the third at the latest; what the first two already
    showed is dated back to them, also before ``since``.
    """
    found: dict[date, str] = {}
    for at, day in enumerate(days):
        if day.day < since:
            continue
        first = at
        while first > max(0, at - _RECENT + 1) and (day.day - days[first - 1].day).days < RECENT_DAYS:
            first -= 1
        learned = first
        while learned > 0 and (day.day - days[learned - 1].day).days <= LEARN_DAYS:
            learned -= 1
        why, shown = _judge(days[first : at + 1], days[learned:first])
        if why is not None:
            found |= dict.fromkeys(shown, why)
    return found


def _judge(recent: Sequence[Day], earlier: Sequence[Day]) -> tuple[str | None, list[date]]:
    """What is wrong with the last of the recent days, and it with the days before that show it too."""
    if len(recent) < 2:
        return None, []
    usual = _usual(earlier)
    held = {room: _held(earlier, usual, room) for room in {day.room for day in recent}}
    bounds = [_bounds(day, held[day.room]) for day in recent]
    why, shows = _beyond(bounds, usual, alone=recent[-1].flat)
    if why is None and usual is not None and _leaves([*earlier, *recent], bounds[-1], usual):
        return LEAVING, [recent[-1].day]
    return why, _back(bounds, shows) if why else []


def _beyond(bounds: Sequence[_Bounds], usual: float | None, *, alone: bool) -> tuple[str | None, list[bool]]:
    """Where the baseline is and should not be, and which days show it: by the median of the days, or by the
    last ``alone``, but for a low one: noise alone brings the lowest hour of a day down."""
    low, high = BASELINE_PPM
    judged = bounds[-1:] if alone else bounds
    if median(one.low for one in bounds) < low:
        return LOW, [one.low < low for one in bounds]
    if median(one.least for one in judged) > high:
        return HIGH, [one.least > high for one in bounds]
    if usual is None or len(bounds) < _RECENT:
        return None, []
    off = [_off(one, usual) for one in bounds]
    by = median(off[-len(judged) :])
    if abs(by) > JUMP_PPM:
        return JUMPED, [abs(one) > JUMP_PPM / 2 and (one > 0) == (by > 0) for one in off]
    return None, []


def _leaves(days: Sequence[Day], now: _Bounds, usual: float) -> bool:
    """Whether the baseline has drifted and goes on, so that AHEAD_DAYS after ``now`` it leaves outdoor air.

    Its course is a line through the cleared days (Theil-Sen: the median of the slopes between any two, which
    one weekend that is unlike the others does not move). What ``now`` shows must agree with it.
    """
    known = [
        (float((day.day - now.day).days), day.low_ppm)
        for day in days
        if day.air is Air.CLEARED and (now.day - day.day).days < TREND_DAYS
    ]
    if not known or known[-1][0] - known[0][0] < _LEAST_SPAN or abs(known[-1][1] - usual) < JUMP_PPM / 4:
        return False
    slopes = [(b[1] - a[1]) / (b[0] - a[0]) for a, b in combinations(known, 2)]
    slope = median(slopes)
    level = median(low - slope * at for at, low in known)
    off = level - usual
    if abs(off) < JUMP_PPM / 2 or (off > 0) != (slope > 0):
        return False
    if not now.least - JUMP_PPM / 2 < level < now.most + JUMP_PPM / 2:
        return False
    low, high = BASELINE_PPM
    return not low <= level + AHEAD_DAYS * slope <= high


def _back(bounds: Sequence[_Bounds], shows: Sequence[bool]) -> list[date]:
    """The last day, and those before it as long as they show the same."""
    found = [bounds[-1].day]
    for one, shown in zip(bounds[-2::-1], shows[-2::-1], strict=True):
        if not shown:
            break
        found.append(one.day)
    return found


def _usual(earlier: Sequence[Day]) -> float | None:
    """Median of the cleared days that may be outdoor air [ppm]; None while there are too few."""
    low, high = BASELINE_PPM
    cleared = [day.low_ppm for day in earlier if day.air is Air.CLEARED and low <= day.low_ppm <= high]
    return median(cleared) if len(cleared) >= _LEAST_CLEARED else None


def _held(earlier: Sequence[Day], usual: float | None, room: str) -> Mapping[Air, tuple[float, float]]:
    """Least and most that the air of each kind of day holds above the cleared ``room`` [ppm].

    Where school days are long ago, the days of the holiday tell what they hold themselves.
    """
    found = {Air.CLEARED: (0.0, 0.0)}
    if usual is None:
        return found
    here = [day for day in earlier if day.air is Air.CLEARED or day.room == room]
    if school := _rule(_above_cleared(here, Air.SCHOOL)):
        return found | {Air.SCHOOL: school, Air.SOME: (0.0, school[1])}
    some = _rule(_above_cleared(here, Air.SOME))
    return found | {Air.SOME: (0.0, some[1])} if some else found


def _rule(held: Sequence[float]) -> tuple[float, float] | None:
    """Least and most but for the outermost fifths; None of too few."""
    if len(held) < _LEAST_HELD:
        return None
    held, edge = sorted(held), len(held) // 5
    return held[edge], held[-1 - edge]


def _above_cleared(days: Sequence[Day], air: Air) -> list[float]:
    """How far the lows of days of a kind lie above those of the cleared days before and after them [ppm].

    Between the two the level is taken as straight, so that what the sensor does does not count as air; after
    the last cleared day as level.
    """
    found = []
    cleared = [day for day in days if day.air is Air.CLEARED]
    dates = [day.day for day in cleared]
    for day in days:
        if day.air is not air:
            continue
        after = bisect(dates, day.day)
        if after == 0 or (day.day - cleared[after - 1].day).days >= RECENT_DAYS:
            continue
        before = cleared[after - 1]
        level_ppm = before.low_ppm
        if after < len(cleared):
            until = cleared[after]
            part = (day.day - before.day) / (until.day - before.day)
            level_ppm += part * (until.low_ppm - before.low_ppm)
        found.append(max(0.0, day.low_ppm - level_ppm))
    return found


def _bounds(day: Day, held: Mapping[Air, tuple[float, float]]) -> _Bounds:
    if day.air not in held:
        return _Bounds(day.day, _UNKNOWN, day.low_ppm, day.low_ppm)
    least, most = held[day.air]
    return _Bounds(day.day, day.low_ppm - most, day.low_ppm - least, day.low_ppm)


def _off(one: _Bounds, usual: float) -> float:
    """How far the baseline is from the usual one at least [ppm]; 0 where it may be the same."""
    if one.least > usual:
        return one.least - usual
    return min(0.0, one.most - usual)


def spans(days: Mapping[date, str]) -> list[tuple[date, date, str]]:
    """Days that follow each other for the same reason as (first, the day after the last, why)."""
    found: list[tuple[date, date, str]] = []
    for day in sorted(days):
        if found and found[-1][1] == day and found[-1][2] == days[day]:
            found[-1] = found[-1][0], day + timedelta(days=1), days[day]
        else:
            found.append((day, day + timedelta(days=1), days[day]))
    return found
