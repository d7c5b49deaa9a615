"""A town of schools from a site's tables, day by day: the truth behind everything that devices report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from classroom.faults import ConfigurationError, Fault
from classroom.site import Site
from simulators.defects import check_places
from simulators.energy import Power, Registers, join_powers, registers
from simulators.heating import Substation, substation
from simulators.physics import Course, Floats, State
from simulators.place import Place, Spots, at_sensors, start_place
from simulators.scenario import SCENARIO_FILE, Scenario
from simulators.side_by_side import WARM_UP, SchoolDay, SideBySide
from simulators.weather import MINUTES, WeatherDay
from simulators.zones import simulated_schools


@dataclass(frozen=True)
class TownDay:
    """The truth of one UTC day. Minutes run down, zones (all schools' rooms) or schools across.

    Zones and schools stand as :meth:`Town.zone_index` and :meth:`Town.school_index` say. ``lux`` is light on
    the desks, ``gain_w`` heat from people, lamps, appliances and sun.
    """

    start: datetime
    weather: WeatherDay
    pupils: Floats  # (1440, Z)
    adults: Floats  # (1440, Z)
    windows: Floats  # (1440, Z), 0-1 of wide open
    co2_m3_s: Floats  # (1440, Z), breathed out
    course: Course
    place: Place
    lux: Floats  # (1440, Z)
    gain_w: Floats  # (1440, Z)
    power: Power
    registers: Registers
    substation: Substation

    @property
    def people(self) -> Floats:
        """Pupils and adults, ``(1440, Z)``."""
        return self.pupils + self.adults

    @property
    def end(self) -> datetime:
        """End of the day (UTC)."""
        return self.start + timedelta(minutes=MINUTES)


class Town:
    """All schools of a site; a pure function of (site, scenario).

    Raises:
        ConfigurationError: the site has no school, or the scenario names a place that it does not have.
    """

    def __init__(self, site: Site, scenario: Scenario) -> None:
        if not site.schools:
            cure = "add a school; classroom-climate init DIR writes an example"
            raise ConfigurationError([Fault("schools.csv", "(rows)", "none", cure)])
        named = [(f"defects.{i}", defect.school, defect.room) for i, defect in enumerate(scenario.defects)]
        named += [(f"solar.{i}", plant.school, None) for i, plant in enumerate(scenario.solar)]
        check_places(site, named, SCENARIO_FILE)
        self.site = site
        self.scenario = scenario
        self.schools = simulated_schools(site, scenario)
        self._together = SideBySide(self.schools)
        self.zones = self._together.zones
        self.spots = Spots(
            *(
                np.concatenate([getattr(school.built.spots, name) for school in self.schools])
                for name in Spots.__dataclass_fields__
            )
        )

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

    def parts(self, schools: int) -> list[Town]:
        """The same town in towns of so many schools at most: the same days, less in memory at a time."""
        if len(self.site.schools) <= schools:
            return [self]
        keys = [school.key for school in self.site.schools]
        return [self._part(keys[first : first + schools]) for first in range(0, len(keys), schools)]

    def _part(self, keys: Sequence[str]) -> Town:
        mine = set(keys)
        of_them = {
            name: tuple(row for row in getattr(self.scenario, name) if row.school in mine)
            for name in ("defects", "solar")
        }
        stations = [station for station in self.site.stations if station.school in mine]
        site = replace(self.site.part(keys), stations=stations)
        return Town(site, self.scenario.model_copy(update=of_them))

    def days(self) -> Iterator[TownDay]:
        """Every UTC day from the first, one in memory at a time, as far as the weather goes."""
        reached = _Reached.of(self._together.start())
        day = self.scenario.first_day - WARM_UP
        last = self.schools[0].weather.last_day
        while last is None or day <= last:
            if day < self.scenario.first_day:
                self._sensed(day, reached)
            else:
                yield self._day(day, reached)  # by no name here, else it would be kept until the next is made
            day += timedelta(days=1)

    def _sensed(self, day: date, reached: _Reached) -> tuple[Course, list[SchoolDay], Place]:
        """The air of a day and at its sensors; ``reached`` is moved to its end."""
        reached.state, course, parts = self._together.step(day, reached.state)
        place = at_sensors(self.spots, reached.place, course, parts[0].weather.co2_ppm)
        reached.place = place.end()
        return course, parts, place

    def _day(self, day: date, reached: _Reached) -> TownDay:
        course, parts, place = self._sensed(day, reached)
        weather = parts[0].weather
        power = join_powers([part.power for part in parts])
        water = self._substations(power, weather)
        counted = registers(reached.counted, power, water.flow_m3_h)
        reached.counted = counted.end()
        start = datetime.combine(day, datetime.min.time(), UTC)
        return TownDay(
            start, weather, **_joined(parts), course=course, place=place,
            power=power, registers=counted, substation=water,
        )  # fmt: skip

    def _substations(self, power: Power, weather: WeatherDay) -> Substation:
        each = [
            substation(power.heat_w[:, index], school.area_m2, weather)
            for index, school in enumerate(self.schools)
        ]
        names = Substation.__dataclass_fields__
        return Substation(**{name: np.stack([getattr(one, name) for one in each], axis=1) for name in names})


@dataclass
class _Reached:
    """Where a town stands at the end of a day: what the next begins from."""

    state: State
    place: Place
    counted: Registers | None = None

    @classmethod
    def of(cls, state: State) -> _Reached:
        """Before the first day."""
        return cls(state, start_place(state))


def _joined(parts: list[SchoolDay]) -> dict[str, Floats]:
    """What the schools' days say of their zones, side by side."""
    columns = {
        "pupils": [part.crowd.pupils for part in parts],
        "adults": [part.crowd.adults for part in parts],
        "windows": [part.crowd.windows for part in parts],
        "co2_m3_s": [part.drive.co2_m3_s for part in parts],
        "lux": [part.lit.lux for part in parts],
        "gain_w": [part.drive.gain_air_w + part.drive.gain_mass_w for part in parts],
    }
    return {
        name: values[0] if len(values) == 1 else np.concatenate(values, axis=1)
        for name, values in columns.items()
    }
