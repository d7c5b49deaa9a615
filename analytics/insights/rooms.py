"""Rooms that lack air, are too warm or too cold.

Fresh air is that of the room's days as its metrics tell it, ``airflow_l_s_person`` of
:mod:`analytics.ventilation`: the mass balance of its lessons. An indication, not a measurement of the flow
(OVK): people are those of the timetable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.generation import HALL_PERSONS
from analytics.insights.data import Floats, SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from analytics.points import Ints
from analytics.quantiles import median
from classroom.places import DayType, Room
from classroom.timetable import Span

METHOD = "insights.rooms/2"

LACKING = ((5.0, 1_100.0), (4.0, 1_000.0))
"""A room lacks air below so many L/s a person (7 is asked for, less what people and sensors are off) where
its highest hour also passes so many ppm on an ordinary day. A compliant room with teenagers may pass 1000."""

VERY_HIGH_PPM = 1_400.0
"""Without a known group: an ordinary day's highest hour above this is lack of air whoever is there."""

TOO_OFTEN = 0.25
"""Share of lesson time too warm, or too cold, in the heating season from which it is told."""

_MONTHS_HEATED = (10, 11, 12, 1, 2, 3, 4)
_LEAST_DAYS = 10
_LATEST_DAYS = 60  # school days that tell how a room is now
_LATELY_DAYS = 70  # school days among which so many are known, as a rule
_NOISE_LOG = 0.15


def room_findings(data: SchoolData) -> list[Found]:
    """Findings of every room."""
    if data.room_co2_ppm.empty:
        return []
    first = int(data.hours.index[0].timestamp()) // 3_600
    kinds = data.days["day_type"]
    days = pd.DatetimeIndex(kinds.index[kinds == DayType.SCHOOL_DAY])
    flows = data.room_days.set_index(["day", "room"])["airflow_l_s_person"].unstack().reindex(days)
    dates = dict(zip(days, days.date, strict=True))
    lately = dict(islice(dates.items(), max(0, len(dates) - _LATELY_DAYS), None))
    heated = pd.DatetimeIndex(data.hours["day"]).month.isin(_MONTHS_HEATED)
    found = []
    for room in data.site.rooms_of(data.school):
        if room.key not in data.room_co2_ppm:
            continue
        co2_ppm, temperature_c = (
            _Hours(first, of_rooms[room.key].to_numpy(np.float64))
            for of_rooms in (data.room_co2_ppm, data.room_temperature_c)
        )
        flow_l_s = flows[room.key].to_numpy(np.float64) if room.key in flows else np.full(len(days), np.nan)
        is_airy = _has_air_lately(co2_ppm, flow_l_s, _lessons(data, room, lately))
        is_odd = _is_odd(data, temperature_c.mean[heated])
        lessons = {} if is_airy and not is_odd else _lessons(data, room, dates)
        one = None if is_airy else lacks_air(room, air_days(room, co2_ppm, flow_l_s, lessons))
        found += [] if one is None else [one]
        if is_odd:
            found += _too_warm_or_cold(data, room, temperature_c, lessons)
    return found


_Lessons = dict[pd.Timestamp, list[tuple[datetime, datetime, int | None]]]


def _lessons(data: SchoolData, room: Room, dates: dict[pd.Timestamp, date]) -> _Lessons:
    """Lessons of a room by day."""
    timetable = data.timetable
    return {day: timetable.lessons(room.key, one) for day, one in dates.items()}


def _is_hall(room: Room, lessons: _Lessons) -> bool:
    """Whether people come by the hundred and leave after a sitting: 7 L/s a person is for where one stays."""
    sizes = [told for of_day in lessons.values() for _, _, told in of_day if told is not None]
    return max(sizes, default=room.persons or 0) >= HALL_PERSONS


class _Hours(NamedTuple):
    """Means of UTC hours that follow one another, from the one numbered ``first`` since 1970 on; NaN: not
    known."""

    first: int
    mean: Floats


def air_days(room: Room, co2_ppm: _Hours, flow_l_s: Floats, lessons: _Lessons) -> pd.DataFrame:
    """``flow_l_s`` (NaN: not told) and ``highest_ppm``, the highest hour of its lessons, by school day.

    Of days of which nine hours of ten are known; ``flow_l_s`` is by day of ``lessons`` [L/s a person]. Of a
    hall none is told.
    """
    at, highest_ppm = _highest_ppm(co2_ppm, lessons)
    told = np.full(len(at), np.nan) if _is_hall(room, lessons) else flow_l_s[at]
    return pd.DataFrame(
        {"flow_l_s": told, "highest_ppm": highest_ppm}, index=pd.DatetimeIndex([*lessons])[at]
    )


def _highest_ppm(co2_ppm: _Hours, lessons: _Lessons) -> tuple[Ints, Floats]:
    """Places of the days with lessons of which nine hours of ten are known, and the highest hour of each."""
    known = ~np.isnan(co2_ppm.mean)
    before = np.concatenate([[0], np.cumsum(known)])  # known hours before each
    given = [(place, of_day) for place, of_day in enumerate(lessons.values()) if of_day]
    start = np.array([int(of_day[0][0].timestamp() // 3_600) for _, of_day in given], dtype=np.int64)
    ends = [max(lesson[1] for lesson in of_day) for _, of_day in given]
    end = np.array([-int(-at.timestamp() // 3_600) for at in ends], dtype=np.int64)
    first, last = ((at - co2_ppm.first).clip(0, len(known)) for at in (start, end))
    whole = np.flatnonzero(before[last] - before[first] >= np.maximum(3, 0.9 * (end - start)))
    bounds = np.stack([first[whole], last[whole]], axis=1).ravel()
    ppm = np.append(np.where(known, co2_ppm.mean, -np.inf), 0.0)
    highest = np.maximum.reduceat(ppm, bounds)[::2] if len(whole) else np.empty(0)
    return np.array([place for place, _ in given], dtype=np.int64)[whole], highest


def _has_air_lately(co2_ppm: _Hours, flow_l_s: Floats, lessons: _Lessons) -> bool:
    """Whether the last days alone show that :func:`lacks_air` finds nothing, be the room a hall or not: of
    most rooms no more need be looked at."""
    at, highest_ppm = _highest_ppm(co2_ppm, lessons)
    flow = flow_l_s[len(flow_l_s) - len(lessons) :][at]
    known = ~np.isnan(flow)
    if known.sum() < _LATEST_DAYS and len(lessons) < len(flow_l_s):
        return False  # earlier days may be among the last that are known
    told = flow[known][-_LATEST_DAYS:], highest_ppm[known][-_LATEST_DAYS:]
    unknown = np.full(len(at), np.nan), highest_ppm
    return not any(_may_lack(*(values[-_LATEST_DAYS:] for values in days)) for days in (told, unknown))


def _may_lack(flow_l_s: Floats, highest_ppm: Floats) -> bool:
    """Whether any of the last days that may be judged together, by their medians, is a finding."""
    if not _lacks(flow_l_s.min(initial=np.inf), highest_ppm.max(initial=0.0)):
        return False
    lasts = (slice(-days, None) for days in range(_LEAST_DAYS, len(highest_ppm) + 1))
    return any(_lacks(median(flow_l_s[last]), median(highest_ppm[last])) for last in lasts)


def _lacks(flow_l_s: float, highest_ppm: float) -> bool:
    """Whether so much air a person (NaN: not told) and such a highest hour are lack of air."""
    if np.isnan(flow_l_s):
        return highest_ppm >= VERY_HIGH_PPM
    return any(flow_l_s < least and highest_ppm >= ppm for least, ppm in LACKING)


def lacks_air(room: Room, days: pd.DataFrame) -> Found | None:
    """The room lacks air now: by its days since the air last changed for good, at most the last 60."""
    known = days["flow_l_s"].notna().to_numpy()
    told = int(known.sum()) >= _LEAST_DAYS
    shown = days[known] if told and not known.all() else days
    if len(shown) < _LEAST_DAYS:
        return None
    flow, highest_ppm = (shown[name].to_numpy(np.float64) for name in ("flow_l_s", "highest_ppm"))
    measure = np.log(np.maximum(flow, 0.1)) if told else np.log(highest_ppm)
    start = levels(measure, least=_LEAST_DAYS, floor=_NOISE_LOG)[-1].start
    since = shown.index[start]
    highest = median(highest_ppm[start:][-_LATEST_DAYS:])
    l_s = median(flow[start:][-_LATEST_DAYS:]) if told else np.nan
    if not _lacks(l_s, highest):
        return None
    params: dict[str, float | str] = {"co2_ppm": round(highest)}
    if told:
        params["flow_l_s"] = round(l_s, 1)
    lines = [line("highest_co2", "ppm", shown["highest_ppm"], 0)]
    lines += [line("air_per_person", "L/s", shown["flow_l_s"], 1)] if told else []
    return Found(
        kind=InsightKind.UNDERVENTILATED_ROOM,
        first=since.date(),
        last=shown.index[-1].date(),
        ongoing=True,
        method=METHOD,
        params=params,
        evidence=Evidence(lines=tuple(lines), marked=((since.date(), shown.index[-1].date()),)),
        room=room.key,
        severity=highest,
    )


def _is_odd(data: SchoolData, temperature_c: Floats) -> bool:
    """Whether any hour is outside the comfort limits: of many rooms none ever is."""
    limits = data.site.settings.analytics
    return bool(
        ((temperature_c > limits.comfort_high_c) | (temperature_c < limits.comfort_low_c - 1.0)).any()
    )


def _too_warm_or_cold(
    data: SchoolData, room: Room, temperature_c: _Hours, lessons: _Lessons
) -> Iterator[Found]:
    """Too often outside the comfort limits in lessons of the heating season."""
    limits = data.site.settings.analytics
    heated = {day: of_day for day, of_day in lessons.items() if day.month in _MONTHS_HEATED and of_day}
    at = _in_lessons([lesson[:2] for of_day in heated.values() for lesson in of_day], temperature_c)
    hours = pd.Series(temperature_c.mean[at], index=data.hours.index[at])
    by_day = hours.groupby(data.hours["day"].to_numpy()[at])
    if by_day.ngroups < _LEAST_DAYS:
        return
    for kind, limit, outside in (
        (InsightKind.OVERHEATED_ROOM, limits.comfort_high_c, hours > limits.comfort_high_c),
        (InsightKind.COLD_ROOM, limits.comfort_low_c - 1.0, hours < limits.comfort_low_c - 1.0),
    ):
        share = float(outside.mean())
        if share < TOO_OFTEN:
            continue
        mean = by_day.mean()
        yield Found(
            kind=kind,
            first=mean.index[0].date(),
            last=mean.index[-1].date(),
            ongoing=bool(outside.tail(40).mean() >= TOO_OFTEN / 2),
            method=METHOD,
            params={"limit_c": limit, "share": round(share, 2)},
            evidence=Evidence(lines=(line("lesson_temperature", "°C", mean, 1),)),
            room=room.key,
            severity=share,
        )


def _in_lessons(spans: list[Span], values: _Hours) -> Ints:
    """Positions of the known hours that lie in the spans by half or more."""
    first = np.array([int((start.timestamp() + 1_800) // 3_600) for start, _ in spans], dtype=np.int64)
    last = np.array([int((end.timestamp() - 1_800) // 3_600) for _, end in spans], dtype=np.int64)
    longest = int((last - first).max(initial=0))
    numbers = np.concatenate([(first + more)[first + more <= last] for more in range(longest + 1)])
    at = np.unique(numbers - values.first)
    at = at[(at >= 0) & (at < len(values.mean))]
    return np.asarray(at[~np.isnan(values.mean[at])])
