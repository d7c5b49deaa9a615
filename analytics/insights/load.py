"""What the findings of a school are made from, out of the store."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.energy import to_us
from analytics.finding import EPOCH
from analytics.insights.data import (
    HEAT_CARRIERS,
    HOURS_COLUMNS,
    ROOM_DAY_COLUMNS,
    WINDOW,
    SchoolData,
    Sense,
    calendar_hours,
    put_energy,
)
from analytics.nights import Floats, Ints, clear_of, distrusted
from analytics.outdoor import outdoor_hours
from classroom.metric import Interval, Scope
from classroom.places import Device, MeterRole
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import Span, day_span
from store.base import Store, Values

_QUANTITIES = ("co2_ppm", "temperature_c")
_ENERGY = ("energy_kwh", "exported_kwh", "produced_kwh")
_AIR = "airflow_l_s_person"
_STANDING = ("stale", "drift")  # verdicts that a caretaker must do something about


def load(store: Store, site: Site, school: str, now: datetime) -> SchoolData:
    """The school's last WINDOW until yesterday, local, or since its first energy or room if that is later.

    Raises:
        StoreError: the store cannot serve now.
    """
    last = now.astimezone(site.zone).date() - timedelta(days=1)
    part = site.part([school])
    span = day_span(last - WINDOW, site.zone)[0], day_span(last, site.zone)[1]
    energy = {
        metric: store.read_values(school, Scope.SCHOOL, school, Interval.HOUR, *span, metric)
        for metric in _ENERGY
    }
    rooms = _rooms(store, part, span)
    first_us = [int(found.time_us[0]) for of_carrier in energy.values() for found in of_carrier.values()]
    told = [EPOCH + timedelta(microseconds=time_us) for time_us in first_us]
    told += [] if rooms.first_us is None else [EPOCH + timedelta(microseconds=rooms.first_us)]
    first = min(told, default=span[1] - timedelta(hours=1)).astimezone(site.zone).date()
    hours = calendar_hours(part, school, first, last)
    for column in HOURS_COLUMNS:
        if column not in hours:
            hours[column] = np.nan
    hours["outdoor_c"] = _outdoor_c(store, site, school, span).reindex(hours.index).to_numpy()
    heat = _put_energy(hours, energy)
    hours["flow_m3"] = _flow_m3(store, part, span).reindex(hours.index).to_numpy()
    days = _room_days(store, part, school, span)
    index = pd.DatetimeIndex(hours.index)
    co2_ppm, indoor_c = (rooms.over(index, quantity) for quantity in _QUANTITIES)
    senses = _senses(store, part, span[1])
    return SchoolData(part, school, first, last, hours, co2_ppm, indoor_c, days, heat, senses)


def _outdoor_c(store: Store, site: Site, school: str, span: Span) -> pd.Series:
    """Hourly outdoor temperature [°C] of the nearest station that has any; empty without one."""
    for station, _ in site.stations_near(school):
        rows = outdoor_hours(store, station.key, *span)
        if len(rows):
            return pd.Series(rows["mean"].to_numpy(np.float64), index=pd.DatetimeIndex(rows["hour"]))
    return pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz=UTC))


def _put_energy(hours: pd.DataFrame, energy: Mapping[str, Mapping[Carrier | None, Values]]) -> Carrier | None:
    """Fill in energy; gives the carrier that heats, the one with most energy."""
    bought = energy["energy_kwh"]
    put_energy(hours, bought.get(Carrier.ELECTRICITY), "electricity_kwh")
    put_energy(hours, energy["exported_kwh"].get(Carrier.ELECTRICITY), "exported_kwh")
    put_energy(hours, energy["produced_kwh"].get(Carrier.SOLAR), "produced_kwh")
    sums = {
        carrier: float(np.nansum(bought[carrier].value)) for carrier in HEAT_CARRIERS if carrier in bought
    }
    if not sums:
        return None
    heat = max(sums, key=lambda carrier: sums[carrier])
    put_energy(hours, bought[heat], "heat_kwh")
    return heat


def _flow_m3(store: Store, part: Site, span: Span) -> pd.Series:
    """Water through the school's heat meters by hour [m³]: differences of the registers' last values of hours
    that follow one another; a fall is a reset and says nothing."""
    main = {
        meter.key
        for meter in part.meters
        if meter.carrier is Carrier.DISTRICT_HEAT and meter.role is MeterRole.MAIN
    }
    keys = sorted({device.key for device in part.devices if device.meter in main})
    total = pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz=UTC))
    rows = store.read_hours(keys, ["volume_m3"], *span) if keys else None
    if rows is None or rows.empty:
        return total
    for _, of_device in rows[rows["count"] > 0].groupby("device", observed=True):
        last = pd.Series(of_device["last"].to_numpy(np.float64), index=pd.DatetimeIndex(of_device["hour"]))
        hourly = last.asfreq("h").diff()
        total = total.add(hourly.where(hourly >= 0), fill_value=0.0)
    return total


class _Rooms(NamedTuple):
    """Means by quantity, a row a room of ``keys`` and a column for each of ``hour_us``."""

    keys: Sequence[str]
    hour_us: Ints
    means: Mapping[str, npt.NDArray[np.float32]]

    @property
    def first_us(self) -> int | None:
        """The first hour [us] of which anything is known."""
        found = [np.flatnonzero(~np.isnan(mean).all(axis=0)) for mean in self.means.values()]
        first = min((int(hours[0]) for hours in found if len(hours)), default=None)
        return None if first is None else int(self.hour_us[first])

    def over(self, hours: pd.DatetimeIndex, quantity: str) -> pd.DataFrame:
        """A quantity of some of these hours, which follow one another: a row an hour, a column a room."""
        if not self.keys:
            return pd.DataFrame(index=hours)
        start = int(np.searchsorted(self.hour_us, to_us(hours[0])))
        found = self.means[quantity][:, start : start + len(hours)]
        return pd.DataFrame(found.T, index=hours, columns=list(self.keys), copy=False)


def _rooms(store: Store, part: Site, span: Span) -> _Rooms:
    """The rooms' hours: means of their sensors, of hours that hold good readings and no verdict."""
    placed = [device for device in part.devices if device.room is not None]
    keys = sorted({device.key for device in placed})
    if not keys:
        return _Rooms((), np.empty(0, dtype=np.int64), {})
    hours = store.read_hour_means(keys, _QUANTITIES, *span)
    hour_us = hours.hour_us
    doubted = distrusted(store.read_verdicts(keys, *span))
    for series, row in hours.rows.items():
        if series in doubted:
            hours.mean[row, ~clear_of(hour_us, doubted[series])] = np.nan
    told: dict[tuple[str, str], list[Floats]] = defaultdict(list)
    for device in placed:
        for quantity in _QUANTITIES:
            if (device.key, quantity) in hours.rows:
                mean = hours.mean[hours.rows[device.key, quantity]]
                told[device.room or "", quantity].append(_while_hung(device, hour_us, mean))
    rooms = sorted({device.room or "" for device in placed})
    shape = len(rooms), len(hour_us)
    means = {quantity: np.full(shape, np.nan, np.float32) for quantity in _QUANTITIES}
    for (room, quantity), sensors in told.items():
        means[quantity][rooms.index(room)] = _mean(sensors)
    return _Rooms(rooms, hour_us, means)


def _while_hung(device: Device, hour_us: Ints, mean: Floats) -> Floats:
    """The means of hours that begin while the device hangs in the room; NaN of others."""
    if device.valid_from is None and device.valid_to is None:
        return mean
    start = 0 if device.valid_from is None else np.searchsorted(hour_us, to_us(device.valid_from))
    end = len(mean) if device.valid_to is None else np.searchsorted(hour_us, to_us(device.valid_to))
    hung = np.full(len(mean), np.nan)
    hung[start:end] = mean[start:end]
    return hung


def _mean(sensors: Sequence[Floats]) -> Floats:
    """The mean of several sensors in each hour, of one its own; NaN where none tells."""
    if len(sensors) == 1:
        return sensors[0]
    total, told = np.zeros_like(sensors[0]), np.zeros_like(sensors[0])
    for mean in sensors:
        known = ~np.isnan(mean)
        total[known] += mean[known]
        told += known
    with np.errstate(invalid="ignore"):  # 0 / 0 is the NaN that is wanted
        return np.asarray(total / told)


def _room_days(store: Store, part: Site, school: str, span: Span) -> pd.DataFrame:
    """ROOM_DAY_COLUMNS of every room, from its metrics."""
    found = store.read_values_by_id(school, Scope.ROOM, Interval.DAY, *span, _AIR)
    told = {room.key: found[room.key] for room in part.rooms_of(school) if room.key in found}
    if not told:
        return pd.DataFrame(columns=list(ROOM_DAY_COLUMNS))
    times = pd.DatetimeIndex(np.concatenate([values.time_us for values in told.values()]).view("M8[us]"))
    return pd.DataFrame(
        {
            "room": np.repeat(list(told), [len(values.time_us) for values in told.values()]),
            "day": times.tz_localize(UTC).tz_convert(part.zone).tz_localize(None).normalize(),
            _AIR: np.concatenate([values.value for values in told.values()]),
        }
    )


def _senses(store: Store, part: Site, end: datetime) -> tuple[Sense, ...]:
    """Devices that hang somewhere at ``end``, with their newest good reading and standing verdict."""
    placed = [device for device in part.devices if device.holds_at(end)]
    keys = sorted({device.key for device in placed})
    if not keys:
        return ()
    latest = store.latest(keys)
    latest = latest[(latest["flag"] == 0) & (latest["time"] < end)]
    newest = latest.groupby("device", observed=True)["time"].max()
    verdicts = store.read_verdicts(keys, end - timedelta(days=1), end)
    verdicts = verdicts[verdicts["verdict"].isin(_STANDING) & (verdicts["end"] >= end - timedelta(hours=12))]
    standing = verdicts.sort_values("start", kind="stable").drop_duplicates("device").to_dict("records")
    row_of = {row["device"]: row for row in standing}
    times = newest.to_dict()
    ordered = sorted(placed, key=lambda d: d.key)
    return tuple(_sense(device, times.get(device.key), row_of.get(device.key)) for device in ordered)


def _sense(device: Device, last: pd.Timestamp | None, row: dict[Hashable, Any] | None) -> Sense:
    return Sense(
        device=device.key,
        room=device.room,
        meter=device.meter,
        interval_s=device.interval_s,
        last_good=None if last is None else last.to_pydatetime(),
        since=device.valid_from if row is None else row["start"].to_pydatetime(),
        verdict=None if row is None else str(row["verdict"]),
        detail="" if row is None else str(row["detail"]),
    )
