"""Rooms that lack air, are too warm or too cold.

Fresh air is that of the room's days as its metrics tell it, ``airflow_l_s_person`` of
:mod:`analytics.ventilation`: the mass balance of its lessons. An indication, not a measurement of the flow
(OVK): people are those of the timetable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import pandas as pd

from analytics.generation import HALL_PERSONS
from analytics.insights.data import Floats, SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from analytics.points import HOUR_US, Ints
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
    if data.rooms.empty:
        return []
    kinds = data.days["day_type"]
    school_days = pd.DatetimeIndex(kinds.index[kinds == DayType.SCHOOL_DAY])
    by_room = dict(list(data.rooms.groupby("room", observed=True)))
    timetable, days = data.timetable, [(day, day.date()) for day in school_days]
    flows = dict(list(data.room_days.groupby("room", observed=True)))
    found = []
    for room in data.site.rooms_of(data.school):
        if room.key not in by_room:
            continue
        hours = by_room[room.key].set_index("hour").sort_index()
        lessons = {at: timetable.lessons(room.key, day) for at, day in days}
        told = room.key in flows and not _is_hall(room, lessons)
        flow_l_s = flows[room.key].set_index("day")["airflow_l_s_person"] if told else _NO_FLOW
        one = lacks_air(room, air_days(hours["co2_ppm"], flow_l_s, lessons))
        found += [] if one is None else [one]
        found += _too_warm_or_cold(data, room, hours["temperature_c"], lessons)
    return found


_NO_FLOW = pd.Series(dtype=np.float64, index=pd.DatetimeIndex([]))
_Lessons = dict[pd.Timestamp, list[tuple[datetime, datetime, int | None]]]


def _is_hall(room: Room, lessons: _Lessons) -> bool:
    """Whether people come by the hundred and leave after a sitting: 7 L/s a person is for where one stays."""
    sizes = [told for of_day in lessons.values() for _, _, told in of_day if told is not None]
    return max(sizes, default=room.persons or 0) >= HALL_PERSONS


def air_days(co2_ppm: pd.Series, flow_l_s: pd.Series, lessons: _Lessons) -> pd.DataFrame:
    """``flow_l_s`` (NaN: not told) and ``highest_ppm``, the highest hour of its lessons, by school day.

    Of days of which nine hours of ten are known. ``co2_ppm`` is by UTC hour, ``flow_l_s`` by local day [L/s a
    person].
    """
    known = co2_ppm.dropna()
    hour = _hours(known)
    ppm = known.to_numpy(np.float64)
    given = [(day, of_day) for day, of_day in lessons.items() if of_day]
    start = np.array([int(of_day[0][0].timestamp() // 3_600) for _, of_day in given], dtype=np.int64)
    end = [-int(-max(lesson[1] for lesson in of_day).timestamp() // 3_600) for _, of_day in given]
    first, last = np.searchsorted(hour, start), np.searchsorted(hour, np.array(end, dtype=np.int64))
    whole = np.flatnonzero(last - first >= np.maximum(3, 0.9 * (end - start)))
    bounds = np.stack([first[whole], last[whole]], axis=1).ravel()
    highest = np.maximum.reduceat(np.append(ppm, 0.0), bounds)[::2] if len(whole) else np.empty(0)
    days = pd.DatetimeIndex([given[at][0] for at in whole])
    return pd.DataFrame({"flow_l_s": flow_l_s.reindex(days), "highest_ppm": highest}, index=days)


def _hours(values: pd.Series) -> Ints:
    """Numbers of the UTC hours since 1970 by which ``values`` go."""
    return pd.DatetimeIndex(values.index).as_unit("us").asi8 // HOUR_US


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
    data: SchoolData, room: Room, temperature_c: pd.Series, lessons: _Lessons
) -> Iterator[Found]:
    """Too often outside the comfort limits in lessons of the heating season."""
    limits = data.site.settings.analytics
    heated = {day: of_day for day, of_day in lessons.items() if day.month in _MONTHS_HEATED and of_day}
    hours = _lesson_hours(temperature_c, [lesson[:2] for of_day in heated.values() for lesson in of_day])
    known = hours.to_numpy(np.float64)
    warm, cold = np.sum(known > limits.comfort_high_c), np.sum(known < limits.comfort_low_c - 1.0)
    if max(warm, cold) < TOO_OFTEN * len(known):
        return  # most rooms, before anything is made of their days
    by_day = hours.groupby(
        pd.DatetimeIndex(hours.index).tz_convert(data.site.zone).tz_localize(None).normalize()
    )
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


def _lesson_hours(values: pd.Series, spans: list[Span]) -> pd.Series:
    """Values of the whole hours that lie in the spans by half or more."""
    first = np.array([int((start.timestamp() + 1_800) // 3_600) for start, _ in spans], dtype=np.int64)
    last = np.array([int((end.timestamp() - 1_800) // 3_600) for _, end in spans], dtype=np.int64)
    longest = int((last - first).max(initial=0))
    wanted = [(first + more)[first + more <= last] for more in range(longest + 1)]
    return values[np.isin(_hours(values), np.concatenate(wanted)) & values.notna().to_numpy()]
