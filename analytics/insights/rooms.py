"""Rooms that lack air, are too warm or too cold.

Fresh air is that of the room's days as its metrics tell it, ``airflow_l_s_person`` of
:mod:`analytics.ventilation`: the mass balance of its lessons. An indication, not a measurement of the flow
(OVK): people are those of the timetable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
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
_NOISE_LOG = 0.15


def room_findings(data: SchoolData) -> list[Found]:
    """Findings of every room."""
    if data.room_co2_ppm.empty:
        return []
    kinds = data.days["day_type"]
    school_days = pd.DatetimeIndex(kinds.index[kinds == DayType.SCHOOL_DAY])
    first = int(data.hours.index[0].timestamp()) // 3_600
    timetable, days = data.timetable, [(day, day.date()) for day in school_days]
    by_day = data.room_days.set_index("day")
    flows = dict(list(by_day["airflow_l_s_person"].groupby(by_day["room"], observed=True)))
    found = []
    for room in data.site.rooms_of(data.school):
        if room.key not in data.room_co2_ppm:
            continue
        co2_ppm, temperature_c = (
            _Hours(first, of_rooms[room.key].to_numpy(np.float64))
            for of_rooms in (data.room_co2_ppm, data.room_temperature_c)
        )
        lessons = {at: timetable.lessons(room.key, day) for at, day in days}
        told = room.key in flows and not _is_hall(room, lessons)
        flow_l_s = flows[room.key] if told else _NO_FLOW
        one = lacks_air(room, air_days(co2_ppm, flow_l_s, lessons))
        found += [] if one is None else [one]
        found += _too_warm_or_cold(data, room, temperature_c, lessons)
    return found


_NO_FLOW = pd.Series(dtype=np.float64, index=pd.DatetimeIndex([]))
_Lessons = dict[pd.Timestamp, list[tuple[datetime, datetime, int | None]]]


def _is_hall(room: Room, lessons: _Lessons) -> bool:
    """Whether people come by the hundred and leave after a sitting: 7 L/s a person is for where one stays."""
    sizes = [told for of_day in lessons.values() for _, _, told in of_day if told is not None]
    return max(sizes, default=room.persons or 0) >= HALL_PERSONS


class _Hours(NamedTuple):
    """Means of UTC hours that follow one another, from the one numbered ``first`` since 1970 on; NaN: not
    known."""

    first: int
    mean: Floats


def air_days(co2_ppm: _Hours, flow_l_s: pd.Series, lessons: _Lessons) -> pd.DataFrame:
    """``flow_l_s`` (NaN: not told) and ``highest_ppm``, the highest hour of its lessons, by school day.

    Of days of which nine hours of ten are known. ``flow_l_s`` is by local day [L/s a person].
    """
    known = ~np.isnan(co2_ppm.mean)
    before = np.concatenate([[0], np.cumsum(known)])  # known hours before each
    given = [(day, of_day) for day, of_day in lessons.items() if of_day]
    start = np.array([int(of_day[0][0].timestamp() // 3_600) for _, of_day in given], dtype=np.int64)
    ends = [max(lesson[1] for lesson in of_day) for _, of_day in given]
    end = np.array([-int(-at.timestamp() // 3_600) for at in ends], dtype=np.int64)
    first, last = ((at - co2_ppm.first).clip(0, len(known)) for at in (start, end))
    whole = np.flatnonzero(before[last] - before[first] >= np.maximum(3, 0.9 * (end - start)))
    bounds = np.stack([first[whole], last[whole]], axis=1).ravel()
    ppm = np.append(np.where(known, co2_ppm.mean, -np.inf), 0.0)
    highest = np.maximum.reduceat(ppm, bounds)[::2] if len(whole) else np.empty(0)
    days = pd.DatetimeIndex([given[at][0] for at in whole])
    return pd.DataFrame({"flow_l_s": flow_l_s.reindex(days), "highest_ppm": highest}, index=days)


def lacks_air(room: Room, days: pd.DataFrame) -> Found | None:
    """The room lacks air now: by its days since the air last changed for good, at most the last 60."""
    known = days["flow_l_s"].notna().to_numpy()
    told = int(known.sum()) >= _LEAST_DAYS
    shown = days[known] if told and not known.all() else days
    if len(shown) < _LEAST_DAYS:
        return None
    flow, highest_ppm = (shown[name].to_numpy(np.float64) for name in ("flow_l_s", "highest_ppm"))
    if not _may_lack(flow[-_LATEST_DAYS:], highest_ppm[-_LATEST_DAYS:], told):
        return None
    measure = np.log(np.maximum(flow, 0.1)) if told else np.log(highest_ppm)
    start = levels(measure, least=_LEAST_DAYS, floor=_NOISE_LOG)[-1].start
    since = shown.index[start]
    highest = median(highest_ppm[start:][-_LATEST_DAYS:])
    l_s = median(flow[start:][-_LATEST_DAYS:]) if told else np.nan
    lacks = any(l_s < least and highest >= ppm for least, ppm in LACKING)
    if not (lacks if told else highest >= VERY_HIGH_PPM):
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


def _may_lack(flow_l_s: Floats, highest_ppm: Floats, told: bool) -> bool:
    """Whether the median of some of these days could be a finding: most rooms are done with that."""
    if not told:
        return bool(highest_ppm.max() >= VERY_HIGH_PPM)
    return any(flow_l_s.min() < least and highest_ppm.max() >= ppm for least, ppm in LACKING)


def _too_warm_or_cold(
    data: SchoolData, room: Room, temperature_c: _Hours, lessons: _Lessons
) -> Iterator[Found]:
    """Too often outside the comfort limits in lessons of the heating season."""
    limits = data.site.settings.analytics
    heated = {day: of_day for day, of_day in lessons.items() if day.month in _MONTHS_HEATED and of_day}
    at = _in_lessons([lesson[:2] for of_day in heated.values() for lesson in of_day], temperature_c)
    known = temperature_c.mean[at]
    warm, cold = np.sum(known > limits.comfort_high_c), np.sum(known < limits.comfort_low_c - 1.0)
    if max(warm, cold) < TOO_OFTEN * len(known):
        return  # most rooms, before anything is made of their days
    hours = pd.Series(known, index=data.hours.index[at])
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
