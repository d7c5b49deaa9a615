"""One batch of work, pure and picklable: a school's dirty days of one month with the readings they need.

:func:`compute` may run in another process; it depends on nothing but the batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from analytics import fingerprint
from analytics.bills import bills_of
from analytics.catalog import CATALOG
from analytics.comfort import is_summer
from analytics.emissions import EMITTED, emissions
from analytics.energy import REGISTERS, school_day, to_us
from analytics.estimated import with_marks
from analytics.indoor import Figure, room_days
from analytics.intervals import interval_series
from analytics.nights import Nights
from analytics.points import microseconds, register_series
from analytics.rollups import DeviceSeries, Floats, Ints
from analytics.room_air import room_air
from analytics.room_calendar import air_inputs, room_days_of
from analytics.school_profile import profile_metrics
from analytics.verdicts import DISTRUSTED, inside
from classroom.metric import Interval, Metric, Scope
from classroom.places import Device
from classroom.site import Site
from classroom.timetable import Span, day_span
from store.frames import Columns
from store.metric_table import metric_table

INDOOR_QUANTITIES = ("co2_ppm", "temperature_c")
"""Quantities that room metrics are computed from."""


@dataclass(frozen=True)
class Batch:
    """What :func:`compute` is handed.

    ``site`` holds the rows of ``school`` only (``Site.part``). ``readings`` are times [us] and values of
    the trusted ones of INDOOR_QUANTITIES in the rooms, by device and quantity, ``hours`` the rollups of
    registers, intervals and bills around the energy days (HOUR_COLUMNS), ``raw`` the readings of their
    irregular hours, ``nights`` the CO2 of nights and weekends from BASELINE_DAYS before the room days on.
    """

    site: Site
    school: str
    now: datetime
    room_days: Mapping[str, Sequence[date]]
    energy_days: Sequence[date]
    readings: Mapping[tuple[str, str], tuple[Ints, Floats]]
    hours: pd.DataFrame
    raw: pd.DataFrame
    nights: Nights = field(default_factory=dict)


def register_cuts(site: Site) -> Ints:
    """Times [us] at which a device at a meter, or a meter's row, begins or ends."""
    bounds = {time for meter in site.meters for time in (meter.valid_from, meter.valid_to)}
    for device in site.devices:
        if device.meter is not None:
            bounds |= {device.valid_from, device.valid_to}
    return np.array(sorted(to_us(time) for time in bounds if time is not None), dtype=np.int64)


def trusted(readings: Columns, verdicts: pd.DataFrame) -> Columns:
    """Readings without an ingest flag that no verdict of DISTRUSTED covers."""
    good = readings.flag == 0
    verdicts = verdicts[verdicts["verdict"].isin(DISTRUSTED)]
    at = readings.by_series() if len(verdicts) else {}
    for series, rows in verdicts.groupby(["device", "quantity"], sort=False, observed=True):
        if series in at:
            mine = at[series]
            bounds = microseconds(rows["start"]), microseconds(rows["end"])
            good[mine] &= ~inside(readings.time_us[mine], *bounds)
    return readings if good.all() else readings.where(good)


def compute_table(batch: Batch) -> pa.Table:
    """As :func:`compute`, as the table that a store writes."""
    return metric_table(compute(batch))


def compute(batch: Batch) -> list[Metric]:
    """All metrics of the batch's room days and energy days that have begun by ``batch.now``."""
    known_rooms = {room.key for room in batch.site.rooms}
    found: list[Metric] = []
    for room, days in batch.room_days.items():
        if room in known_rooms:
            found += _room(batch, room, days)
    found += _energy(batch)
    return found


def room_fingerprint(site: Site, school: str, devices: Sequence[Device], room: str, day: date) -> str:
    """Fingerprint of the metrics of ``room`` on local ``day``; ``devices`` are its placements."""
    return fingerprint.room_day(
        site.settings.analytics,
        devices,
        site.timetable(school).occupied(room, day),
        day_span(day, site.zone),
        is_summer(day.month),
        air_inputs(site, school, room, day),
    )


def energy_fingerprint(site: Site, school: str, day: date) -> str:
    """Fingerprint of the energy metrics of ``school`` on local ``day``."""
    return fingerprint.energy_day(site.meters_of(school), site.devices, day_span(day, site.zone))


def _room(batch: Batch, room: str, days: Sequence[date]) -> list[Metric]:
    site, school = batch.site, batch.school
    days = [day for day in days if day_span(day, site.zone)[0] < batch.now]
    placed = sorted(site.devices_in_room(school, room), key=lambda d: (d.key, d.valid_from or batch.now))
    series = batch.readings
    hung = {
        quantity: _by_device(
            (device.key, _while_hung(device, *series[device.key, quantity]))
            for device in placed
            if (device.key, quantity) in series
        )
        for quantity in INDOOR_QUANTITIES
    }
    timetable, limits, now_us = site.timetable(school), site.settings.analytics, to_us(batch.now)
    intervals_s = [device.interval_s for device in placed]
    figures = room_days(
        days,
        [timetable.occupied(room, day) for day in days],
        now_us,
        {quantity: list(of_devices.values()) for quantity, of_devices in hung.items()},
        intervals_s,
        limits,
    )
    place = site.room_by_key[school, room]
    told = room_days_of(site, place, days, now_us)
    figures |= room_air(place, told, now_us, hung, batch.nights, intervals_s, limits)
    found = []
    for at, day in enumerate(days):
        span, mark = told[at].span, room_fingerprint(site, school, placed, room, day)
        for name, of_days in figures.items():
            found.append(_room_metric(school, room, span, name, of_days[at], mark))
    return found


def _room_metric(school: str, room: str, span: Span, name: str, figure: Figure, mark: str) -> Metric:
    entry = CATALOG[name]
    return Metric(
        time=span[0],
        period_end=span[1],
        interval=Interval.DAY,
        school=school,
        scope=Scope.ROOM,
        id=room,
        metric=name,
        carrier=None,
        basis=None,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        unit=entry.unit,
        coverage=figure.coverage,
        status=figure.status,
        reason=figure.reason,
        method=entry.method,
        factors=(),
        fingerprint=mark,
    )


def _by_device(parts: Iterable[tuple[str, DeviceSeries]]) -> dict[str, DeviceSeries]:
    """Series by device; a device that hung here twice has both stretches in one."""
    found: dict[str, DeviceSeries] = {}
    for key, part in parts:
        if key in found:
            before = found[key]
            part = DeviceSeries(
                part.interval_s,
                np.concatenate([before.time_us, part.time_us]),
                np.concatenate([before.value, part.value]),
            )
        found[key] = part
    return found


def _while_hung(device: Device, time_us: Ints, value: Floats) -> DeviceSeries:
    start = 0 if device.valid_from is None else time_us.searchsorted(to_us(device.valid_from))
    end = len(time_us) if device.valid_to is None else time_us.searchsorted(to_us(device.valid_to))
    return DeviceSeries(device.interval_s, time_us[start:end], value[start:end])


def _energy(batch: Batch) -> list[Metric]:
    site, school = batch.site, batch.school
    meters = site.meters_of(school)
    if not meters or not batch.energy_days:
        return []
    at_meters = [device for device in site.devices if device.meter is not None]
    registers = batch.hours[batch.hours["quantity"].isin(REGISTERS)]
    told = {**register_series(registers, batch.raw, register_cuts(site)), **interval_series(batch.hours)}
    series = with_marks(told, batch.hours)
    bills = bills_of(batch.hours)
    found: list[Metric] = []
    for day in batch.energy_days:
        mark = energy_fingerprint(site, school, day)
        metrics = school_day(meters, at_meters, series, day, site.zone, batch.now, mark, bills)
        found += metrics
        found += profile_metrics(site, school, day, batch.now, metrics, mark)
        for metric in metrics:
            daily = metric.scope is Scope.SCHOOL and metric.interval is Interval.DAY
            if daily and metric.metric in EMITTED:
                found += emissions(metric, day.year, site.factors, site.settings.factors.chosen)
    return found
