"""A week of a school's rooms as small heat maps: CO2 by local day and hour, one map a room.

A cell's size tells its level as its colour does, so that the maps are read without colours too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from analytics.verdicts import DISTRUSTED
from api.pages.language import Language
from api.pages.visit import Visit
from api.pages.week import Week
from classroom.air import Air, air_level
from classroom.places import Device, Room
from classroom.site import OPEN_END, OPEN_START

HOURS = range(7, 17)
"""Local hours of a map's columns."""


def level_names(say: Language) -> dict[str, str]:
    """The levels as the maps' legend names them."""
    return {
        Air.GOOD.value: say.text("below 1000 ppm"),
        Air.SOON.value: say.text("1000 to 1400 ppm"),
        Air.NOW.value: say.text("above 1400 ppm"),
    }


@dataclass(frozen=True, slots=True)
class HeatMap:
    """A room's week: highest hourly mean [ppm] of each day (None: nothing measured), and the drawing.

    ``paths`` holds an SVG path for each level and for ``none`` (hours that have passed without a good
    reading): dots without length in a field of ``len(HOURS)`` columns by ``len(days)`` rows.
    """

    days: tuple[date, ...]
    highest_ppm: tuple[float | None, ...]
    above_h: int
    paths: Mapping[str, str]


def heat_maps(visit: Visit, rooms: Sequence[Room], week: Week) -> dict[str, HeatMap]:
    """The week's maps by room key; rooms without a single hour are left out.

    A cell is the mean of the hour over the room's sensors. Hours under a verdict that distrusts the sensor
    are left open.

    Raises:
        StoreError: the store cannot serve now.
    """
    site, now = visit.site, visit.now
    placed = {room.key: site.devices_in_room(room.school, room.key) for room in rooms}
    hours = _trusted_hours(visit, {d.key for devices in placed.values() for d in devices}, week)
    days = _days(visit, rooms, week)
    local_now = now.astimezone(site.zone)
    passed = {
        (number, hour)
        for number, day in enumerate(days)
        for hour in HOURS
        if (day, hour) < (local_now.date(), local_now.hour)
    }
    found = {}
    for key, devices in placed.items():
        cells = _cells(hours, devices, days, str(site.zone))
        if cells:
            found[key] = _map(cells, days, passed)
    return found


def _days(visit: Visit, rooms: Sequence[Room], week: Week) -> tuple[date, ...]:
    """Monday to Friday, and the weekend if there are lessons on it."""
    if not rooms:
        return tuple(week.days[:5])
    timetable = visit.site.timetable(rooms[0].school)
    weekend = any(timetable.lessons(room.key, day) for room in rooms for day in week.days[5:])
    return tuple(week.days if weekend else week.days[:5])


def _trusted_hours(visit: Visit, devices: set[str], week: Week) -> pd.DataFrame:
    start, end = week.span(visit.site)
    store = visit.context.store
    frame = store.read_hours(devices, ("co2_ppm",), start, end)
    frame = frame[frame["count"] > 0]
    verdicts = store.read_verdicts(devices, start, end)
    verdicts = verdicts[(verdicts["quantity"] == "co2_ppm") & verdicts["verdict"].isin(DISTRUSTED)]
    ends = frame["hour"] + pd.Timedelta(hours=1)
    for device, begins, stops in zip(verdicts["device"], verdicts["start"], verdicts["end"], strict=True):
        covered = (frame["device"] == device) & (frame["hour"] < stops) & (ends > begins)
        frame, ends = frame[~covered], ends[~covered]
    return frame


def _cells(
    hours: pd.DataFrame, devices: Sequence[Device], days: tuple[date, ...], zone: str
) -> dict[tuple[int, int], float]:
    """Mean CO2 [ppm] by (number of the day, local hour)."""
    parts = [
        hours[
            (hours["device"] == device.key)
            & (hours["hour"] >= (device.valid_from or OPEN_START))
            & (hours["hour"] < (device.valid_to or OPEN_END))
        ]
        for device in devices
    ]
    parts = [part for part in parts if len(part)]
    if not parts:
        return {}
    found = pd.concat(parts)
    local = found["hour"].dt.tz_convert(zone)
    numbers = {day: number for number, day in enumerate(days)}
    values: dict[tuple[int, int], list[float]] = {}
    for day, hour, co2_ppm in zip(local.dt.date, local.dt.hour, found["mean"], strict=True):
        if day in numbers and hour in HOURS:
            values.setdefault((numbers[day], int(hour)), []).append(float(co2_ppm))
    return {place: sum(several) / len(several) for place, several in values.items()}


def _map(
    cells: Mapping[tuple[int, int], float], days: tuple[date, ...], passed: set[tuple[int, int]]
) -> HeatMap:
    by_level: dict[str, list[tuple[int, int]]] = {}
    for place, co2_ppm in sorted(cells.items()):
        level = air_level(co2_ppm)
        by_level.setdefault(level or "none", []).append(place)
    by_level.setdefault("none", []).extend(sorted(passed - set(cells)))
    highest = tuple(
        max((value for (number, _), value in cells.items() if number == wanted), default=None)
        for wanted in range(len(days))
    )
    return HeatMap(
        days=days,
        highest_ppm=highest,
        above_h=sum(len(by_level.get(level, ())) for level in (Air.SOON, Air.NOW)),
        paths={level: _path(places) for level, places in by_level.items()},
    )


def _path(places: Sequence[tuple[int, int]]) -> str:
    """A dot in the middle of each cell; ``places`` are (number of the day, local hour). The stylesheet makes
    them squares as large as their level."""
    return "".join(f"M{hour - HOURS[0]} {row}h0" for row, hour in places)
