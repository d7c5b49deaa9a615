"""Rooms that lack air, are too warm or too cold, from their hours.

Fresh air by the day's CO2 budget (the mass balance of ASTM E741 summed over a day): what the class breathes
out from the first to the last lesson has left the room with the air, but for what still hangs in it at the
end: Q = (1e6·ΣG·t − V·ΔC) / Σ(C − C_bg)·t. It needs no lesson-sharp timetable and no quick sampling. C_bg is
the sensor's own lowest (2 %) of the last weeks, so that its offset cancels. An indication, not a measurement
of the flow (OVK): people are those of the timetable.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.generation import People, people_of
from analytics.insights.data import SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from analytics.points import HOUR_US, Ints
from analytics.quantiles import quantile
from classroom.places import DayType, Room
from classroom.timetable import Span

METHOD = "insights.rooms/1"

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
_BACKGROUND = 0.02


class AirDay(NamedTuple):
    """A school day of a room: L/s per person (NaN: nobody told who is there), and its highest hour [ppm]."""

    flow_l_s: float
    highest_ppm: float


def room_findings(data: SchoolData) -> list[Found]:
    """Findings of every room."""
    if data.rooms.empty:
        return []
    kinds = data.days["day_type"]
    school_days = pd.DatetimeIndex(kinds.index[kinds == DayType.SCHOOL_DAY])
    by_room = dict(list(data.rooms.groupby("room", observed=True)))
    timetable, days = data.timetable, [(day, day.date()) for day in school_days]
    found = []
    for room in data.site.rooms_of(data.school):
        if room.key not in by_room:
            continue
        hours = by_room[room.key].set_index("hour").sort_index()
        lessons = {at: timetable.lessons(room.key, day) for at, day in days}
        one = lacks_air(room, air_days(room, hours["co2_ppm"], lessons))
        found += [] if one is None else [one]
        found += _too_warm_or_cold(data, room, hours["temperature_c"], lessons)
    return found


_Lessons = dict[pd.Timestamp, list[tuple[datetime, datetime, int | None]]]


def air_days(room: Room, co2_ppm: pd.Series, lessons: _Lessons) -> pd.DataFrame:
    """``flow_l_s`` and ``highest_ppm`` (see :class:`AirDay`) by school day with enough hours; ``co2_ppm`` by
    UTC hour."""
    known = co2_ppm.dropna()
    given = [(day, of_day) for day, of_day in lessons.items() if of_day]
    if known.empty or not given:
        return pd.DataFrame(columns=list(AirDay._fields), dtype=np.float64)
    ppm = known.to_numpy(np.float64)
    background = quantile(ppm, _BACKGROUND)
    hour = _hours(known)
    start = np.array([int(of_day[0][0].timestamp() // 3_600) for _, of_day in given])
    end = np.array([-int(-max(lesson[1] for lesson in of_day).timestamp() // 3_600) for _, of_day in given])
    first, last = np.searchsorted(hour, start), np.searchsorted(hour, end)
    whole = np.flatnonzero(last - first >= np.maximum(3, 0.9 * (end - start)))
    if not len(whole):
        return pd.DataFrame(columns=list(AirDay._fields), dtype=np.float64)
    inside = np.stack([first[whole], last[whole]], axis=1).ravel()
    highest = np.maximum.reduceat(np.append(ppm, 0.0), inside)[::2]
    excess_ppm_s = np.add.reduceat(np.append(np.maximum(ppm - background, 1.0), 0.0), inside)[::2] * 3_600
    after = np.minimum(last[whole], len(hour) - 1)
    left_ppm = np.where(hour[after] == end[whole], np.maximum(ppm[after] - background, 0.0), 0.0)
    sizes = {lesson[2] for _, of_day in given for lesson in of_day}
    people = {told: people_of(room.age_group, told, room.persons) for told in sizes}
    flow = []
    for at, left, excess in zip(whole.tolist(), left_ppm.tolist(), excess_ppm_s.tolist(), strict=True):
        seconds = [((until - begin).total_seconds(), people[told]) for begin, until, told in given[at][1]]
        flow.append(_flow_l_s(room, seconds, left, excess))
    index = pd.DatetimeIndex([given[at][0] for at in whole])
    return pd.DataFrame({"flow_l_s": flow, "highest_ppm": highest}, index=index)


def _flow_l_s(
    room: Room, lessons: list[tuple[float, People | None]], left_ppm: float, excess_ppm_s: float
) -> float:
    """L/s per person of a day: lessons [s] and who is in them, what hangs in the room at the end, and the sum
    of what its hours are above the background; NaN: nobody told who is there."""
    breathed_m3 = person_s = occupied_s = 0.0
    for seconds, people in lessons:
        if people is None or room.age_group is None:
            return np.nan
        breathed_m3 += people.co2_m3_s * seconds
        person_s += people.number * seconds
        occupied_s += seconds
    left_m3 = 0.0 if room.volume_m3 is None else room.volume_m3 * left_ppm / 1e6
    flow_m3_s = max(breathed_m3 - left_m3, 0.0) * 1e6 / excess_ppm_s
    return 1_000 * flow_m3_s * occupied_s / person_s


def _hours(values: pd.Series) -> Ints:
    """Numbers of the UTC hours since 1970 by which ``values`` go."""
    return pd.DatetimeIndex(values.index).as_unit("us").asi8 // HOUR_US


def lacks_air(room: Room, days: pd.DataFrame) -> Found | None:
    """The room lacks air now: by its days since the air last changed for good, at most the last 60."""
    flow = days["flow_l_s"].dropna()
    told = len(flow) >= _LEAST_DAYS
    shown = days if not told or len(flow) == len(days) else days.loc[flow.index]
    if len(shown) < _LEAST_DAYS:
        return None
    if not _may_lack(shown.tail(_LATEST_DAYS), told):
        return None
    measure = np.log(flow.clip(lower=0.1)) if told else np.log(shown["highest_ppm"])
    last = levels(measure.to_numpy(np.float64), least=_LEAST_DAYS, floor=_NOISE_LOG)[-1]
    since = shown.index[last.start]
    now = shown.iloc[last.start :].tail(_LATEST_DAYS)
    highest = float(now["highest_ppm"].median())
    l_s = float(now["flow_l_s"].median()) if told else np.nan
    lacks = any(l_s < least and highest >= ppm for least, ppm in LACKING)
    if not (lacks if told else highest >= VERY_HIGH_PPM):
        return None
    params: dict[str, float | str] = {"co2_ppm": round(highest)}
    if told:
        params["flow_l_s"] = round(l_s, 1)
    lines = [line("highest_co2", "ppm", shown["highest_ppm"], 0)]
    lines += [line("air_per_person", "L/s", flow, 1)] if told else []
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


def _may_lack(latest: pd.DataFrame, told: bool) -> bool:
    """Whether the median of some of these days could be a finding: most rooms are done with that."""
    highest = float(latest["highest_ppm"].to_numpy().max())
    if not told:
        return highest >= VERY_HIGH_PPM
    lowest = float(latest["flow_l_s"].to_numpy().min())
    return any(lowest < least and highest >= ppm for least, ppm in LACKING)


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
    wanted = {
        hour
        for start, end in spans
        for hour in range(
            int((start.timestamp() + 1_800) // 3_600), int((end.timestamp() - 1_800) // 3_600) + 1
        )
    }
    return values[np.isin(_hours(values), sorted(wanted)) & values.notna().to_numpy()]
