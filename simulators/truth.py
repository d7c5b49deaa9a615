"""The truth behind the messages, by the hour: what analytics should find."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from classroom.quantity import Carrier
from simulators.school import Town, TownDay
from simulators.zones import REST_KEY


class RoomHour(NamedTuple):
    """True means of one room over one UTC hour from ``time``."""

    school: str
    room: str
    time: datetime
    co2_ppm: float
    temperature_c: float
    people: float
    air_change_1_h: float  # outdoor air, per hour


class SchoolHour(NamedTuple):
    """True energy a school drew in the UTC hour from ``time``."""

    school: str
    time: datetime
    carrier: Carrier
    energy_kwh: float


def room_hours(town: Town, start: datetime, end: datetime) -> Iterator[RoomHour]:
    """Every room's hours that begin in ``[start, end)``, in time order."""
    for day in _days(town, start, end):
        exchange = day.course.flow_m3_s / town.zones.volume_m3 * 3600
        columns = [
            _hourly(minutes)
            for minutes in (day.course.co2_mean_ppm, day.course.air_mean_c, day.people, exchange)
        ]
        for hour in range(24):
            time = day.start + timedelta(hours=hour)
            if not start <= time < end:
                continue
            for school in town.schools:
                for zone, room in enumerate(school.rooms, school.first_zone):
                    if room.key != REST_KEY:
                        co2, temperature, people, change = (float(column[hour, zone]) for column in columns)
                        yield RoomHour(school.key, room.key, time, co2, temperature, people, change)


def school_hours(town: Town, start: datetime, end: datetime) -> Iterator[SchoolHour]:
    """Every school's hours that begin in ``[start, end)`` by carrier, in time order."""
    for day in _days(town, start, end):
        for hour in range(24):
            time = day.start + timedelta(hours=hour)
            if not start <= time < end:
                continue
            for index, school in enumerate(town.schools):
                for carrier, register in (
                    (Carrier.ELECTRICITY, day.electricity_kwh),
                    (Carrier.DISTRICT_HEAT, day.heat_kwh),
                ):
                    energy = register[60 * hour + 60, index] - register[60 * hour, index]
                    yield SchoolHour(school.key, time, carrier, float(energy))


def _days(town: Town, start: datetime, end: datetime) -> Iterator[TownDay]:
    for day in town.days():
        if day.start >= end:
            return
        if day.end > start:
            yield day


def _hourly(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of the day's 24 hours, ``(24, Z)``."""
    return np.asarray(minutes.reshape(24, 60, -1).mean(axis=1))
