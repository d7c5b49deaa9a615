"""A site: its schools, rooms, meters and devices, with who hung where and when."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from itertools import combinations
from math import asin, cos, radians, sin, sqrt
from operator import itemgetter
from typing import NamedTuple, Protocol, TypeVar
from zoneinfo import ZoneInfo

from classroom.factor_pack import FACTORS
from classroom.factors import Factor
from classroom.places import (
    Building,
    CalendarRow,
    Device,
    Lesson,
    Meter,
    MeterRole,
    NormalMonth,
    Room,
    School,
    SchoolAttributes,
    Station,
)
from classroom.quantity import Carrier
from classroom.settings import Settings
from classroom.tariffs import TariffRow
from classroom.timetable import Timetable

OPEN_START = datetime.min.replace(tzinfo=UTC)
OPEN_END = datetime.max.replace(tzinfo=UTC)
"""What an open ``valid_from`` and ``valid_to`` mean when times are compared."""


def overlap(
    a_from: datetime | None, a_to: datetime | None, b_from: datetime | None, b_to: datetime | None
) -> tuple[datetime, datetime] | None:
    """The common part of two half-open intervals (None is open), or None."""
    start = max(a_from or OPEN_START, b_from or OPEN_START)
    end = min(a_to or OPEN_END, b_to or OPEN_END)
    return (start, end) if start < end else None


@dataclass(frozen=True)
class Site:
    """The tables of a site, already checked against each other (:func:`classroom.sitefiles.parse_site`)."""

    settings: Settings
    schools: Sequence[School] = ()
    attributes: Sequence[SchoolAttributes] = ()
    buildings: Sequence[Building] = ()
    rooms: Sequence[Room] = ()
    meters: Sequence[Meter] = ()
    devices: Sequence[Device] = ()
    calendar: Sequence[CalendarRow] = ()
    lessons: Sequence[Lesson] = ()
    own_factors: Sequence[Factor] = ()
    stations: Sequence[Station] = ()
    normal_months: Sequence[NormalMonth] = ()
    tariffs: Sequence[TariffRow] = ()
    _timetables: dict[str, Timetable] = field(default_factory=dict, compare=False, repr=False)

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return self.settings.site.zone

    @cached_property
    def factors(self) -> tuple[Factor, ...]:
        """Shipped factors and the site's own; an own factor with a shipped id replaces it."""
        own = {factor.id for factor in self.own_factors}
        return (*(f for f in FACTORS if f.id not in own), *self.own_factors)

    @cached_property
    def school_by_key(self) -> dict[str, School]:
        """Schools by key."""
        return {school.key: school for school in self.schools}

    @cached_property
    def room_by_key(self) -> dict[tuple[str, str], Room]:
        """Rooms by (school, room)."""
        return {(room.school, room.key): room for room in self.rooms}

    @cached_property
    def _of_school(self) -> _OfSchool:
        """Rows by school: a look through a region's tables for each school would cost more than the work."""
        return _OfSchool(
            attributes=_by_school(self.attributes),
            buildings=_by_school(self.buildings),
            rooms=_by_school(self.rooms),
            meters=_by_school(self.meters),
            devices=_by_school(self.devices),
            lessons=_by_school(self.lessons),
        )

    @cached_property
    def _devices_by_room(self) -> dict[tuple[str, str], list[Device]]:
        found: dict[tuple[str, str], list[Device]] = {}
        for device in self.devices:
            if device.room is not None:
                found.setdefault((device.school, device.room), []).append(device)
        return found

    @cached_property
    def station_keys(self) -> frozenset[str]:
        """Devices that measure weather: they hang in no room and wait for none."""
        return frozenset(station.key for station in self.stations)

    @cached_property
    def placements(self) -> dict[str, list[Device]]:
        """Placements of each device in time order."""
        found: dict[str, list[Device]] = {}
        for device in sorted(self.devices, key=lambda d: d.valid_from or OPEN_START):
            found.setdefault(device.key, []).append(device)
        return found

    def placement(self, device: str, at: datetime) -> Device | None:
        """Where ``device`` hung at ``at``; None while it is pending."""
        for placed in self.placements.get(device, ()):
            if placed.holds_at(at):
                return placed
        return None

    def devices_in_room(self, school: str, room: str) -> list[Device]:
        """Placements in a room, of all times."""
        return list(self._devices_by_room.get((school, room), ()))

    def devices_at_meter(self, school: str, meter: str) -> list[Device]:
        """Placements at a meter, of all times."""
        return [d for d in self.devices_of(school) if d.meter == meter]

    def devices_of(self, school: str) -> list[Device]:
        """Placements in a school, of all times."""
        return list(self._of_school.devices.get(school, ()))

    def calendar_of(self, *schools: str) -> list[CalendarRow]:
        """Calendar rows of schools and of all, in the table's order."""
        found = [row for school in (None, *schools) for row in self._calendar_of.get(school, ())]
        return [row for _, row in sorted(found, key=itemgetter(0))]

    @cached_property
    def _calendar_of(self) -> dict[str | None, list[tuple[int, CalendarRow]]]:
        found: dict[str | None, list[tuple[int, CalendarRow]]] = {}
        for number, row in enumerate(self.calendar):
            found.setdefault(row.school, []).append((number, row))
        return found

    def lessons_of(self, school: str) -> list[Lesson]:
        """Lessons of a school."""
        return list(self._of_school.lessons.get(school, ()))

    def rooms_of(self, school: str) -> list[Room]:
        """Rooms of a school."""
        return list(self._of_school.rooms.get(school, ()))

    def meters_of(
        self, school: str, carrier: Carrier | None = None, role: MeterRole | None = None
    ) -> list[Meter]:
        """Meter rows of a school (a swapped meter has one row a validity), perhaps of one carrier or role."""
        return [
            meter
            for meter in self._of_school.meters.get(school, ())
            if (carrier is None or meter.carrier is carrier) and (role is None or meter.role is role)
        ]

    def attributes_on(self, school: str, day: date) -> SchoolAttributes | None:
        """What is true of ``school`` on local ``day``; None before its first row."""
        rows = [row for row in self._of_school.attributes.get(school, ()) if row.valid_from <= day]
        return max(rows, key=lambda row: row.valid_from) if rows else None

    def stations_near(self, school: str) -> list[tuple[Station, float]]:
        """Weather stations by their distance [km] from ``school``, the nearest first: the first that has
        readings of a time is the one to use. One that stands at the school is 0 km away; a station or school
        without coordinates is left out (KeyError: no such school).
        """
        here = self.school_by_key[school]
        found = []
        for station in self.stations:
            if station.school == school:
                found.append((station, 0.0))
                continue
            there = self.school_by_key[station.school] if station.school is not None else station
            points = (here.latitude, here.longitude, there.latitude, there.longitude)
            if None not in points:
                found.append((station, distance_km(*(degree for degree in points if degree is not None))))
        return sorted(found, key=lambda pair: (pair[1], pair[0].key))

    def timetable(self, school: str) -> Timetable:
        """Timetable of ``school`` (KeyError: no such school)."""
        if school not in self._timetables:
            self._timetables[school] = Timetable(
                self.school_by_key[school], self.zone, self.lessons_of(school), self.calendar_of(school)
            )
        return self._timetables[school]

    def part(self, schools: Sequence[str]) -> Site:
        """The site of some of its schools: their rows, and those that are said of all.

        Small enough to hand to another process.

        Raises:
            KeyError: no such school.
        """

        def rows(of_school: dict[str, list[_Row]]) -> list[_Row]:
            return [row for key in schools for row in of_school.get(key, ())]

        of_them = self._of_school
        return replace(
            self,
            schools=[self.school_by_key[key] for key in schools],
            attributes=rows(of_them.attributes),
            buildings=rows(of_them.buildings),
            rooms=rows(of_them.rooms),
            meters=rows(of_them.meters),
            devices=rows(of_them.devices),
            calendar=self.calendar_of(*schools),
            lessons=rows(of_them.lessons),
            _timetables={},
        )

    def interval_s(self, device: str) -> int:
        """Reporting interval of ``device`` [s]: its last placement's, 600 while pending."""
        placed = self.placements.get(device)
        return placed[-1].interval_s if placed else 600


class _OfSchool(NamedTuple):
    """Rows of the tables by school, each in its table's order."""

    attributes: dict[str, list[SchoolAttributes]]
    buildings: dict[str, list[Building]]
    rooms: dict[str, list[Room]]
    meters: dict[str, list[Meter]]
    devices: dict[str, list[Device]]
    lessons: dict[str, list[Lesson]]


class _AtSchool(Protocol):
    @property
    def school(self) -> str: ...


_Row = TypeVar("_Row", bound=_AtSchool)


def _by_school(rows: Iterable[_Row]) -> dict[str, list[_Row]]:
    found: dict[str, list[_Row]] = {}
    for row in rows:
        found.setdefault(row.school, []).append(row)
    return found


def distance_km(latitude: float, longitude: float, other_latitude: float, other_longitude: float) -> float:
    """Great-circle distance [km] of two points in degrees (haversine; the Earth as a ball of 6 371 km)."""
    one, other = radians(latitude), radians(other_latitude)
    east, north = radians(other_longitude - longitude), other - one
    return 2 * 6_371.0 * asin(sqrt(sin(north / 2) ** 2 + cos(one) * cos(other) * sin(east / 2) ** 2))


def overlapping(rows: Iterable[Device]) -> list[tuple[Device, Device]]:
    """Pairs of placements of one device that overlap in time: it cannot hang in two places.

    But for the meter of a building that schools share: it is a meter of each of them, with its share.
    """
    ordered = sorted(rows, key=lambda d: d.valid_from or OPEN_START)
    return [
        (earlier, later)
        for earlier, later in combinations(ordered, 2)
        if not (earlier.meter and later.meter and earlier.school != later.school)
        and overlap(earlier.valid_from, earlier.valid_to, later.valid_from, later.valid_to)
    ]
