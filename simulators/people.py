"""Who is in a room when, and when its windows and door stand open: the timetable as people really keep it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classroom.places import AgeGroup, DayType, Room
from classroom.timetable import Timetable

Floats = NDArray[np.float64]

HALL_PERSONS = 40
"""A room for so many is a hall: its people come from the classrooms, and others hire it in the evening."""

_BREAK_MAX = timedelta(minutes=30)  # a longer gap empties the room
_AIRING = timedelta(minutes=8)
_WARM_C = 17.0  # outdoors: windows stay ajar during lessons
_AWAY, _SOME_LEAVE = 0.02, 0.15  # chance of a lesson to be held elsewhere; of some pupils to leave it early
_IN, _OUT = (0.3, 0.6, 0.85), (0.7, 0.3)  # a class needs some minutes to come in and fewer to go out


class Stay(NamedTuple):
    """People in a room from ``start`` to ``end`` (UTC)."""

    start: datetime
    end: datetime
    pupils: int
    adults: int


class Opening(NamedTuple):
    """Windows, or the door, open from ``start`` to ``end`` (UTC), by ``share`` of wide open."""

    start: datetime
    end: datetime
    share: float


class RoomDay(NamedTuple):
    """A room's people, windows and door on one local day."""

    stays: list[Stay]
    openings: list[Opening]
    doors: list[Opening]


@dataclass(frozen=True)
class Crowd:
    """People, windows and doors of a school's zones, one value a minute of a UTC day, ``(1440, Z)``."""

    pupils: Floats
    adults: Floats
    windows: Floats  # 0-1 of wide open
    doors: Floats  # 0-1 of open


def full_group(room: Room) -> int:
    """Pupils of a full room: as the table says, else one to 2.4 m²."""
    return room.persons if room.persons is not None else round((room.area_m2 or 60.0) / 2.4)


def room_day(
    timetable: Timetable,
    room: Room,
    day: date,
    outdoor_c: float,
    airing: float,
    rng: np.random.Generator,
) -> RoomDay:
    """A room's people and windows on local ``day``.

    ``outdoor_c`` is the day's mean, ``airing`` the school's habit (0-1) of opening windows in breaks.
    """
    kind = timetable.day_type(day)
    stays: list[Stay] = []
    openings: list[Opening] = []
    if kind is DayType.SCHOOL_DAY:
        stays, openings = _school_day(timetable, room, day, outdoor_c, airing, rng)
    elif kind is DayType.LOV and room.age_group is AgeGroup.AGE_6_10:
        children = max(4, round(0.35 * full_group(room)))
        stays = [
            _stay(timetable, day, "08:00", "11:30", children, 2, rng),
            _stay(timetable, day, "12:15", "16:00", children, 2, rng),
        ]
    elif kind is DayType.STUDIEDAG:
        stays = [_stay(timetable, day, "08:30", "15:00", 0, int(rng.integers(1, 4)), rng)]
    if kind is not DayType.CLOSED and stays:
        cleaning = _minute(timetable, day, "16:00") + timedelta(minutes=int(rng.integers(0, 120)))
        stays.append(Stay(cleaning, cleaning + timedelta(minutes=12), 0, 1))
    for start, end in timetable.hired_evenings(day):
        if full_group(room) >= HALL_PERSONS:
            stays.append(Stay(start, end, 0, int(rng.integers(12, 26))))
    return RoomDay(stays, openings if room.openable_windows else [], _doors(stays))


def _doors(stays: Iterable[Stay]) -> list[Opening]:
    """The door stands open while a class comes and goes, and often in the break after it."""
    found = []
    for stay in stays:
        if stay.pupils >= 8:
            found.append(Opening(stay.start, stay.start + timedelta(minutes=len(_IN) + 1), 1.0))
            going = stay.end - timedelta(minutes=len(_OUT))
            found.append(Opening(going, stay.end + timedelta(minutes=3), 1.0))
        elif stay.adults:  # a break, or a teacher alone
            found.append(Opening(stay.start, stay.end, 0.4))
    return found


def _school_day(
    timetable: Timetable, room: Room, day: date, outdoor_c: float, airing: float, rng: np.random.Generator
) -> tuple[list[Stay], list[Opening]]:
    stays: list[Stay] = []
    openings: list[Opening] = []
    lessons = timetable.lessons(room.key, day)
    # People open windows when it is mild more readily than in frost.
    chance = float(np.clip(airing * (0.6 + 0.04 * (outdoor_c - 5)), 0.05, 0.95))
    for index, (start, end, told) in enumerate(lessons):
        group = full_group(room) if told is None else told
        present = int(rng.binomial(group, 0.94))
        came = start + timedelta(minutes=int(rng.integers(-3, 3)))
        left = end + timedelta(minutes=int(rng.integers(-4, 3)))
        one_class = group < HALL_PERSONS
        if one_class and rng.random() < _AWAY:
            continue
        early = int(rng.integers(1, 6)) if one_class and rng.random() < _SOME_LEAVE else 0
        early = min(early, present)
        stays.append(Stay(came, left, present - early, 1))
        if early:  # to the dentist, to a friend's birthday
            stays.append(Stay(came, left - timedelta(minutes=int(rng.integers(8, 26))), early, 0))
        if outdoor_c > _WARM_C:
            openings.append(Opening(came, left, 0.25))
        following = lessons[index + 1][0] if index + 1 < len(lessons) else None
        if following is not None and timedelta(0) < following - end <= _BREAK_MAX:
            staying = int(rng.binomial(present - early, 0.12))
            stays.append(Stay(left, following - timedelta(minutes=3), staying, 1))
            if rng.random() < chance:
                openings.append(Opening(left, min(left + _AIRING, following), 1.0))
        elif following is None and rng.random() < 0.5:  # the teacher prepares tomorrow, alone
            stays.append(Stay(left, left + timedelta(minutes=int(rng.integers(20, 100))), 0, 1))
    return stays, openings


def _stay(
    timetable: Timetable, day: date, start: str, end: str, pupils: int, adults: int, rng: np.random.Generator
) -> Stay:
    shift = timedelta(minutes=int(rng.integers(-10, 11)))
    return Stay(
        _minute(timetable, day, start) + shift,
        _minute(timetable, day, end) + shift,
        int(rng.binomial(pupils, 0.9)),
        adults,
    )


def _minute(timetable: Timetable, day: date, at: str) -> datetime:
    return datetime.combine(day, time.fromisoformat(at), timetable.zone)


def paint(day_start: datetime, plans: Iterable[RoomDay], minutes: int) -> tuple[Floats, ...]:
    """Pupils, adults, window and door share for each minute from ``day_start`` (UTC), ``(minutes,)`` each.

    ``plans`` are the local days that the UTC day touches.
    """
    pupils, adults, windows, doors = np.zeros((4, minutes))
    for plan in plans:
        for stay in plan.stays:
            first, last = _span(day_start, stay.start, stay.end, minutes)
            if last <= first:
                continue
            crowd = np.ones(last - first)
            crowd[: len(_IN)] *= _IN[: crowd.size]
            crowd[-len(_OUT) :] *= _OUT[-min(len(_OUT), crowd.size) :]
            pupils[first:last] += np.round(stay.pupils * crowd)
            adults[first:last] += stay.adults
        for openings, shares in ((plan.openings, windows), (plan.doors, doors)):
            for opening in openings:
                first, last = _span(day_start, opening.start, opening.end, minutes)
                shares[first:last] = np.maximum(shares[first:last], opening.share)
    return pupils, adults, windows, doors


def _span(day_start: datetime, start: datetime, end: datetime, minutes: int) -> tuple[int, int]:
    first, last = ((at - day_start) // timedelta(minutes=1) for at in (start, end))
    return max(first, 0), min(max(last, 0), minutes)
