"""Any number of schools through the same days, all their zones in one array."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np

from simulators.chance import stream
from simulators.drive import Lit, Surroundings, day_drive, rules, surroundings
from simulators.energy import Power, join_drives, school_power
from simulators.people import Crowd, RoomDay, paint, room_day
from simulators.physics import Course, Drive, State, run_day
from simulators.schedule import Schedule, schedule
from simulators.weather import MINUTES, WeatherDay
from simulators.zones import SimulatedSchool, join_zones, start_state

WARM_UP = timedelta(days=4)
"""Simulated before the first day, so that no wall starts at a made-up temperature."""


@dataclass(frozen=True)
class SchoolDay:
    """What moved one school on a UTC day, and what it drew."""

    weather: WeatherDay
    crowd: Crowd
    drive: Drive
    lit: Lit
    power: Power


@dataclass(frozen=True)
class _Shared:
    """What a school and its variants have in common on a day."""

    weather: WeatherDay
    clocks: Schedule
    crowd: Crowd
    around: Surroundings


class SideBySide:
    """Schools whose zones follow one another in their order; each has its own seed and weather."""

    def __init__(self, schools: Sequence[SimulatedSchool]) -> None:
        self.schools = tuple(schools)
        self.zones = join_zones([school.built.zones for school in self.schools])
        self._room_day = lru_cache(maxsize=4 * self.zones.volume_m3.size)(_room_day)

    def start(self) -> State:
        """The state from which a warm-up begins."""
        return start_state(self.zones)

    def step(self, day: date, state: State) -> tuple[State, Course, list[SchoolDay]]:
        """All schools through the UTC day: the state at its end, its course, and each school's day."""
        start = datetime.combine(day, datetime.min.time(), UTC)
        shared: dict[tuple[int, str], _Shared] = {}
        moved = []
        for school in self.schools:
            who = (school.seed, school.key)  # the same people, whatever defects the school has
            if who not in shared:
                shared[who] = self._share(school, start)
            common = shared[who]
            run = rules(school, common.clocks)
            moved.append((common, run, *day_drive(school, common.weather, common.around, run)))
        state, course = run_day(self.zones, state, join_drives([drive for *_, drive, _ in moved]))
        days = [
            SchoolDay(
                common.weather,
                common.crowd,
                drive,
                lit,
                school_power(school, course, lit, common.weather, common.clocks, run),
            )
            for school, (common, run, drive, lit) in zip(self.schools, moved, strict=True)
        ]
        return state, course, days

    def _share(self, school: SimulatedSchool, start: datetime) -> _Shared:
        weather, crowd = school.weather.day(start.date()), self._crowd(school, start)
        clocks = schedule(school.timetable, school.ventilation_hours, start)
        return _Shared(weather, clocks, crowd, surroundings(school, weather, crowd))

    def _crowd(self, school: SimulatedSchool, start: datetime) -> Crowd:
        """People, windows and doors of a school's zones on the UTC day at ``start``."""
        zone = school.timetable.zone
        last_minute = start + timedelta(minutes=MINUTES - 1)
        local_days = sorted({start.astimezone(zone).date(), last_minute.astimezone(zone).date()})
        painted = [
            paint(start, [self._room_day(school, offset, local) for local in local_days], MINUTES)
            for offset in range(school.built.count)
        ]
        return Crowd(*(np.stack(column, axis=1) for column in zip(*painted, strict=True)))


def _room_day(school: SimulatedSchool, offset: int, day: date) -> RoomDay:
    room = school.rooms[offset]
    rng = stream(school.seed, "people", school.key, room.key, day.toordinal())
    outdoor_c = float(school.weather.day(day).temperature_c.mean())
    return room_day(school.timetable, room, day, outdoor_c, school.habits.airing, rng)
