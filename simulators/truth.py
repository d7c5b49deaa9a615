"""The truth behind the messages: what analytics should find, by room and hour and by school and hour.

Every figure is of the model's own state, not of a device: means and sums of its minutes.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from math import isnan
from typing import NamedTuple

import numpy as np

from simulators.energy import Power
from simulators.physics import Floats
from simulators.school import Town, TownDay
from simulators.zones import REST_KEY


class RoomHour(NamedTuple):
    """True means of one room over one UTC hour from ``time``."""

    school: str
    room: str
    time: datetime
    co2_ppm: float  # of the room's air
    co2_at_sensor_ppm: float  # at the spot where the sensor hangs, delayed
    temperature_c: float
    people: float
    occupied_share: float  # of the hour with at least one person
    windows_share: float  # of wide open
    air_change_1_h: float  # outdoor air, per hour, by fans, leaks and windows
    effective_air_change_1_h: float  # what of it carried the room's own air away
    air_l_s_person: float | None  # while occupied; None: nobody came


class SchoolHour(NamedTuple):
    """True energy of a school in the UTC hour from ``time`` [kWh]; the parts are those of ``Power``."""

    school: str
    time: datetime
    outdoor_c: float
    electricity_kwh: float  # bought
    district_heat_kwh: float  # bought
    solar_kwh: float  # made
    export_kwh: float
    use_kwh: float
    base_kwh: float
    light_kwh: float
    appliance_kwh: float
    fan_kwh: float
    kitchen_kwh: float
    radiator_kwh: float
    coil_kwh: float
    hot_water_kwh: float
    culvert_kwh: float


_POWER_OF = {"electricity_kwh": "import_w", "district_heat_kwh": "heat_w"}


def room_hours(town: Town, start: datetime, end: datetime) -> Iterator[RoomHour]:
    """Every room's hours that begin in ``[start, end)``, in time order."""
    for day in _days(town, start, end):
        for hour in hours_within(day, start, end):
            yield from room_rows(town, day, hour)


def school_hours(town: Town, start: datetime, end: datetime) -> Iterator[SchoolHour]:
    """Every school's hours that begin in ``[start, end)``, in time order."""
    for day in _days(town, start, end):
        for hour in hours_within(day, start, end):
            yield from school_rows(town, day, hour)


def hours_within(day: TownDay, start: datetime, end: datetime) -> list[int]:
    """Hours (0-23) of ``day`` that begin in ``[start, end)``."""
    return [hour for hour in range(24) if start <= day.start + timedelta(hours=hour) < end]


def room_rows(town: Town, day: TownDay, hour: int) -> Iterator[RoomHour]:
    """The rooms' truth in one hour of ``day``."""
    span = slice(60 * hour, 60 * hour + 60)
    course, people = day.course, day.people[span]
    occupied = people > 0
    flow_m3_s, volume = course.flow_m3_s[span], town.zones.volume_m3
    short_cut = course.fan_m3_s[span] * (1 - town.zones.mixing)
    breathed = (flow_m3_s * occupied).sum(axis=0)
    person_minutes = people.sum(axis=0)
    l_s_person = np.divide(
        1000 * breathed, person_minutes, out=np.full(volume.size, np.nan), where=person_minutes > 0
    )
    columns = [
        course.co2_mean_ppm[span].mean(axis=0),
        day.place.co2_ppm[span].mean(axis=0),
        course.air_mean_c[span].mean(axis=0),
        people.mean(axis=0),
        occupied.mean(axis=0),
        day.windows[span].mean(axis=0),
        flow_m3_s.mean(axis=0) / volume * 3600,
        (flow_m3_s - short_cut).mean(axis=0) / volume * 3600,
        l_s_person,
    ]
    rows = np.stack(columns, axis=1).tolist()
    time = day.start + timedelta(hours=hour)
    for school in town.schools:
        for zone, room in enumerate(school.rooms, school.first_zone):
            if room.key != REST_KEY:
                values = [None if isnan(value) else value for value in rows[zone]]
                yield RoomHour._make([school.key, room.key, time, *values])


def school_rows(town: Town, day: TownDay, hour: int) -> Iterator[SchoolHour]:
    """The schools' truth in one hour of ``day``."""
    span = slice(60 * hour, 60 * hour + 60)
    outdoor_c = float(day.weather.temperature_c[span].mean())
    kwh = np.stack([part[span] for part in energy_parts(day.power)]).sum(axis=1) / 60e3
    for index, school in enumerate(town.schools):
        yield SchoolHour(school.key, day.start + timedelta(hours=hour), outdoor_c, *kwh[:, index].tolist())


def energy_parts(power: Power) -> list[Floats]:
    """The powers behind the ``*_kwh`` of a :class:`SchoolHour`, in its order."""
    names = [name for name in SchoolHour._fields if name.endswith("_kwh")]
    return [getattr(power, _POWER_OF.get(name, name.replace("_kwh", "_w"))) for name in names]


def _days(town: Town, start: datetime, end: datetime) -> Iterator[TownDay]:
    for day in town.days():
        if day.start >= end:
            return
        if day.end > start:
            yield day
