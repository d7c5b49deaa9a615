"""A town of schools from a site's tables, day by day: the truth behind everything that devices report."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from classroom.faults import ConfigurationError, Fault
from classroom.site import Site
from simulators import energy
from simulators.chance import stream
from simulators.drive import day_drive
from simulators.people import RoomDay, paint, room_day
from simulators.physics import Course, State, run_day
from simulators.scenario import Scenario
from simulators.weather import MINUTES, Weather, WeatherDay
from simulators.zones import join_zones, simulated_schools, start_state

Floats = NDArray[np.float64]

_WARM_UP = timedelta(
    days=4
)  # simulated before the first day, so that no wall starts at a made-up temperature


@dataclass(frozen=True)
class TownDay:
    """The truth of one UTC day. Minutes run down, zones (all schools' rooms) or schools across.

    ``*_w`` are means of the minute; ``*_kwh`` are registers at each minute's border, ``(1441, S)``, and start
    at zero on the scenario's first day. ``lux`` is light on the desks.
    """

    start: datetime
    weather: WeatherDay
    people: Floats  # (1440, Z)
    course: Course
    lux: Floats  # (1440, Z)
    gain_w: Floats  # (1440, Z), people, lamps, appliances and sun
    electricity_w: Floats  # (1440, S)
    fan_w: Floats  # (1440, S), a part of electricity_w
    heat_w: Floats  # (1440, S)
    coil_w: Floats  # (1440, S), a part of heat_w
    electricity_kwh: Floats
    fan_kwh: Floats
    heat_kwh: Floats
    coil_kwh: Floats

    @property
    def end(self) -> datetime:
        """End of the day (UTC)."""
        return self.start + timedelta(minutes=MINUTES)


class Town:
    """All schools of a site; a pure function of (site, scenario).

    Raises:
        ConfigurationError: the site has no school.
    """

    def __init__(self, site: Site, scenario: Scenario) -> None:
        if not site.schools:
            cure = "add a school; classroom-climate init DIR writes an example"
            raise ConfigurationError([Fault("schools.csv", "(rows)", "none", cure)])
        self.site = site
        self.scenario = scenario
        self.weather = Weather(scenario.seed)
        self.schools = simulated_schools(site, scenario)
        self.zones = join_zones([school.built.zones for school in self.schools])
        self._room_day = lru_cache(maxsize=4 * self.zones.volume_m3.size)(self._make_room_day)
        self._weather_day = lru_cache(maxsize=4)(self.weather.day)

    @property
    def start(self) -> datetime:
        """Where the registers stand at zero and the first message may be (UTC)."""
        return datetime.combine(self.scenario.first_day, datetime.min.time(), UTC)

    def zone_index(self, school: str, room: str) -> int:
        """Place of a room among the zones (KeyError: no such room)."""
        for simulated in self.schools:
            for zone, known in enumerate(simulated.rooms, simulated.first_zone):
                if (simulated.key, known.key) == (school, room):
                    return zone
        raise KeyError((school, room))

    def school_index(self, school: str) -> int:
        """Place of a school (KeyError: no such school)."""
        for index, simulated in enumerate(self.schools):
            if simulated.key == school:
                return index
        raise KeyError(school)

    def days(self) -> Iterator[TownDay]:
        """Every UTC day from the first, without end, one in memory at a time."""
        state = start_state(self.zones)
        counted = np.zeros((4, len(self.schools)))
        day = self.scenario.first_day - _WARM_UP
        while True:
            state, town_day = self._run(day, state, counted)
            if day >= self.scenario.first_day:
                yield town_day
                counted = np.stack(
                    [
                        register[-1]
                        for register in (
                            town_day.electricity_kwh,
                            town_day.fan_kwh,
                            town_day.heat_kwh,
                            town_day.coil_kwh,
                        )
                    ]
                )
            day += timedelta(days=1)

    def _run(self, day: date, state: State, counted: Floats) -> tuple[State, TownDay]:
        start = datetime.combine(day, datetime.min.time(), UTC)
        weather = self._weather_day(day)
        pupils, adults, windows = self._people(start)
        drives = [
            day_drive(
                school,
                start,
                weather,
                pupils[:, school.zones],
                adults[:, school.zones],
                windows[:, school.zones],
            )
            for school in self.schools
        ]
        lit = [part for _, part in drives]
        state, course = run_day(self.zones, state, energy.join_drives([drive for drive, _ in drives]))
        power = [
            energy.school_power(school, course, part, weather.irradiance_w_m2)
            for school, part in zip(self.schools, lit, strict=True)
        ]
        electricity, fan, heat, coil = (np.stack(column, axis=1) for column in zip(*power, strict=True))
        registers = [_register(counted[i], watts) for i, watts in enumerate((electricity, fan, heat, coil))]
        return state, TownDay(
            start,
            weather,
            pupils + adults,
            course,
            np.concatenate([part.lux for part in lit], axis=1),
            np.concatenate([drive.gain_air_w + drive.gain_mass_w for drive, _ in drives], axis=1),
            electricity,
            fan,
            heat,
            coil,
            *registers,
        )

    def _people(self, start: datetime) -> tuple[Floats, Floats, Floats]:
        """Pupils, adults and open windows of every zone, ``(1440, Z)`` each."""
        zone = self.site.zone
        last_minute = start + timedelta(minutes=MINUTES - 1)
        local_days = sorted({start.astimezone(zone).date(), last_minute.astimezone(zone).date()})
        painted = np.zeros((3, MINUTES, self.zones.volume_m3.size))
        for school in self.schools:
            for offset, room in enumerate(school.rooms):
                plans = [self._room_day(school.key, room.key, local) for local in local_days]
                stays = [stay for plan in plans for stay in plan.stays]
                openings = [opening for plan in plans for opening in plan.openings]
                painted[:, :, school.first_zone + offset] = paint(start, stays, openings, MINUTES)
        return painted[0], painted[1], painted[2]

    def _make_room_day(self, school_key: str, room_key: str, day: date) -> RoomDay:
        school = self.schools[self.school_index(school_key)]
        room = next(known for known in school.rooms if known.key == room_key)
        rng = stream(self.scenario.seed, "people", school_key, room_key, day.toordinal())
        outdoor_c = float(self._weather_day(day).temperature_c.mean())
        return room_day(school.timetable, room, day, outdoor_c, school.habits.airing, rng)


def _register(start_kwh: Floats, watts: Floats) -> Floats:
    """Registers at the borders of the minutes, ``(1441, S)``: the running integral of power."""
    borders = np.concatenate([start_kwh[None], watts / 60e3])
    return np.asarray(np.cumsum(borders, axis=0))
