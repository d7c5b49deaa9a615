"""What the findings of a school are made from, out of the store."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics.batch import site_of
from analytics.energy import to_us
from analytics.insights.data import (
    HEAT_CARRIERS,
    HOURS_COLUMNS,
    ROOM_COLUMNS,
    WINDOW,
    SchoolData,
    Sense,
    calendar_hours,
    put_energy,
)
from analytics.judge import series_rows
from analytics.nights import Bools, Floats, Ints, untouched
from analytics.outdoor import outdoor_hours
from analytics.points import microseconds
from classroom.metric import Interval, Metric, Scope
from classroom.places import Device, MeterRole
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import Span, day_span
from store.base import Store

_QUANTITIES = ("co2_ppm", "temperature_c")
_ENERGY = ("energy_kwh", "exported_kwh", "produced_kwh")
_STANDING = ("stale", "drift")  # verdicts that a caretaker must do something about


def load(store: Store, site: Site, school: str, now: datetime) -> SchoolData:
    """The school's last WINDOW until yesterday, local, or since its first energy or room if that is later.

    Raises:
        StoreError: the store cannot serve now.
    """
    last = now.astimezone(site.zone).date() - timedelta(days=1)
    part = site_of(site, school)
    span = day_span(last - WINDOW, site.zone)[0], day_span(last, site.zone)[1]
    energy = {metric: _hourly(store, school, metric, span) for metric in _ENERGY}
    rooms = _rooms(store, part, span)
    told = [one.time for of_carrier in energy.values() for found in of_carrier.values() for one in found[:1]]
    told += [rooms["hour"].min().to_pydatetime()] if len(rooms) else []
    first = min(told, default=span[1] - timedelta(hours=1)).astimezone(site.zone).date()
    hours = calendar_hours(part, school, first, last)
    for column in HOURS_COLUMNS:
        if column not in hours:
            hours[column] = np.nan
    hours["outdoor_c"] = _outdoor_c(store, site, school, span).reindex(hours.index).to_numpy()
    heat = _put_energy(hours, energy)
    hours["flow_m3"] = _flow_m3(store, part, span).reindex(hours.index).to_numpy()
    return SchoolData(part, school, first, last, hours, rooms, heat, _senses(store, part, span[1]))


def _outdoor_c(store: Store, site: Site, school: str, span: Span) -> pd.Series:
    """Hourly outdoor temperature [°C] of the nearest station that has any; empty without one."""
    for station, _ in site.stations_near(school):
        rows = outdoor_hours(store, station.key, *span)
        if len(rows):
            return pd.Series(rows["mean"].to_numpy(np.float64), index=pd.DatetimeIndex(rows["hour"]))
    return pd.Series(dtype=np.float64, index=pd.DatetimeIndex([], tz=UTC))


def _hourly(store: Store, school: str, metric: str, span: Span) -> dict[Carrier | None, list[Metric]]:
    """A school's hours of a metric by carrier, in time order."""
    found: dict[Carrier | None, list[Metric]] = {}
    for one in store.read_metrics(school, Scope.SCHOOL, school, Interval.HOUR, *span, metric=metric):
        found.setdefault(one.carrier, []).append(one)
    return found


def _put_energy(hours: pd.DataFrame, energy: dict[str, dict[Carrier | None, list[Metric]]]) -> Carrier | None:
    """Fill in energy; gives the carrier that heats, the one with most energy."""
    bought = energy["energy_kwh"]
    put_energy(hours, bought.get(Carrier.ELECTRICITY, []), "electricity_kwh")
    put_energy(hours, energy["exported_kwh"].get(Carrier.ELECTRICITY, []), "exported_kwh")
    put_energy(hours, energy["produced_kwh"].get(Carrier.SOLAR, []), "produced_kwh")
    sums = {
        carrier: sum(one.value or 0.0 for one in bought[carrier])
        for carrier in HEAT_CARRIERS
        if carrier in bought
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


def _rooms(store: Store, part: Site, span: Span) -> pd.DataFrame:
    """ROOM_COLUMNS of every room: means of its sensors, of hours that hold good readings and no verdict."""
    placed = [device for device in part.devices if device.room is not None]
    keys = sorted({device.key for device in placed})
    empty = pd.DataFrame({name: [] for name in ROOM_COLUMNS})
    if not keys:
        return empty
    rows = store.read_hours(keys, _QUANTITIES, *span)
    hours = _Hours.of(rows, store.read_verdicts(keys, *span))
    at = dict(series_rows(rows))
    parts = []
    for room in sorted({device.room or "" for device in placed}):
        mine = [
            _hung(device, quantity, hours.where(at[device.key, quantity]))
            for device in placed
            for quantity in _QUANTITIES
            if device.room == room and (device.key, quantity) in at
        ]
        parts.append(_room(room, mine))
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else empty


class _Hours(NamedTuple):
    """Good hours of a series, ascending."""

    hour_us: Ints
    mean: Floats
    coverage: Floats
    good: Bools

    @classmethod
    def of(cls, rows: pd.DataFrame, verdicts: pd.DataFrame) -> _Hours:
        """From rollups (HOUR_COLUMNS): good are those with good readings and without a verdict."""
        mean, coverage = (rows[name].to_numpy(np.float64) for name in ("mean", "coverage"))
        good = untouched(rows, verdicts) & (rows["count"] > 0).to_numpy()
        return cls(microseconds(rows["hour"]), mean, coverage, good)

    def where(self, kept: slice | Bools) -> _Hours:
        """Some of the hours."""
        return _Hours._make(column[kept] for column in self)


def _hung(device: Device, quantity: str, hours: _Hours) -> tuple[str, _Hours]:
    """The good hours of a device that begin while it hangs in the room."""
    kept = hours.good.copy()
    if device.valid_from is not None:
        kept &= hours.hour_us >= to_us(device.valid_from)
    if device.valid_to is not None:
        kept &= hours.hour_us < to_us(device.valid_to)
    return quantity, hours.where(kept)


def _room(room: str, series: Sequence[tuple[str, _Hours]]) -> pd.DataFrame:
    """ROOM_COLUMNS of a room: means of its sensors' hours."""
    hour_us = np.unique(np.concatenate([np.empty(0, np.int64), *(hours.hour_us for _, hours in series)]))
    columns: dict[str, Floats] = {}
    for name in (*_QUANTITIES, "coverage"):
        total, count = np.zeros(len(hour_us)), np.zeros(len(hour_us))
        for quantity, hours in series:
            if name in (quantity, "coverage"):
                at = np.searchsorted(hour_us, hours.hour_us)
                total[at] += hours.coverage if name == "coverage" else hours.mean
                count[at] += 1
        columns[name] = np.divide(total, count, out=np.full(len(hour_us), np.nan), where=count > 0)
    times = pd.DatetimeIndex(hour_us.view("M8[us]")).tz_localize(UTC)
    return pd.DataFrame({"room": room, "hour": times, **columns}, columns=list(ROOM_COLUMNS))


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
