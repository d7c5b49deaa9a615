"""How warm a school's lessons were, room by room and day by day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from analytics.rollups import HOUR_US, DeviceSeries
from analytics.verdicts import DISTRUSTED
from classroom.places import Device
from classroom.site import OPEN_END, OPEN_START, Site
from classroom.timetable import day_span
from store.base import Store


def lesson_temperatures(
    store: Store, site: Site, school: str, first: date, last: date
) -> dict[str, dict[date, float]]:
    """Mean temperature [°C] of each room's lesson hours by local day, by room key; days without are left out.

    Of hourly rollups, those that overlap a lesson; hours under a verdict that distrusts the sensor do not
    count.

    Raises:
        StoreError: the store cannot serve now.
    """
    start, end = day_span(first, site.zone)[0], day_span(last, site.zone)[1]
    placed = [device for device in site.devices if device.school == school and device.room is not None]
    keys = {device.key for device in placed}
    hours = store.read_hours(keys, ("temperature_c",), start, end)
    hours = hours[hours["count"] > 0].rename(columns={"hour": "time"})
    verdicts = store.read_verdicts(keys, start, end)
    hours = _trusted(hours, verdicts[verdicts["verdict"].isin(DISTRUSTED)])
    timetable, found = site.timetable(school), {}
    for room in site.rooms_of(school):
        times: list[tuple[int, float]] = []
        for device in placed:
            if device.room == room.key:
                series = _series(hours.rename(columns={"mean": "value"}), "temperature_c", [device])[0]
                times += zip(series.time_us.tolist(), series.value.tolist(), strict=True)
        by_day = {}
        for number in range((last - first).days + 1):
            day = first + timedelta(days=number)
            spans = [(_us(begins) - HOUR_US, _us(ends)) for begins, ends in timetable.occupied(room.key, day)]
            values = [value for at, value in times if any(low < at < high for low, high in spans)]
            if values:
                by_day[day] = sum(values) / len(values)
        found[room.key] = by_day
    return found


def _trusted(readings: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Readings outside the verdicts that distrust them."""
    for device, quantity, start, end in _rows(verdicts):
        inside = (readings["device"] == device) & (readings["quantity"] == quantity)
        readings = readings[~(inside & (readings["time"] >= start) & (readings["time"] < end))]
    return readings


def _series(readings: pd.DataFrame, quantity: str, placed: Sequence[Device]) -> list[DeviceSeries]:
    """Each device's readings while it hung in the room."""
    of_quantity = readings[readings["quantity"] == quantity]
    found = []
    for device in placed:
        mine = of_quantity[
            (of_quantity["device"] == device.key)
            & (of_quantity["time"] >= (device.valid_from or OPEN_START))
            & (of_quantity["time"] < (device.valid_to or OPEN_END))
        ].sort_values("time")
        time_us = mine["time"].dt.as_unit("us").astype("int64").to_numpy()
        found.append(DeviceSeries(device.interval_s, time_us, mine["value"].to_numpy(dtype=np.float64)))
    return found


def _rows(verdicts: pd.DataFrame) -> list[tuple[str, str, datetime, datetime]]:
    columns = (verdicts["device"], verdicts["quantity"], verdicts["start"], verdicts["end"])
    return [
        (str(device), str(quantity), start.to_pydatetime(), end.to_pydatetime())
        for device, quantity, start, end in zip(*columns, strict=True)
    ]


def _us(time: datetime) -> int:
    return round(time.timestamp() * 1e6)
