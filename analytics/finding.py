"""The job's second half begins here: which local days must be computed again, as the store tells it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics import dirty, fingerprint
from analytics.baseline_days import moved_days
from analytics.bills import LONGEST, beginnings, bill_hours
from analytics.energy import REGISTERS
from analytics.intervals import DAY_INTERVALS
from analytics.markers import Markers
from analytics.points import HOUR_US, microseconds
from analytics.rolling import METRICS
from classroom.metric import Interval, Metric, Scope
from classroom.quantity import BILL_LENGTHS
from classroom.site import Site
from store.base import Store

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
END = datetime(2200, 1, 1, tzinfo=UTC)
MARGIN = fingerprint.WINDOW + timedelta(days=2)
"""How far around a day rollups of registers are read."""

_DAY_US = 24 * HOUR_US


class Work(NamedTuple):
    """Dirty days; and of schools with other inputs than before, the days with stored metrics, among which
    there may be keys that no longer come out."""

    days: dirty.Dirty
    inspect: Mapping[str, frozenset[date]]


def find_work(
    store: Store,
    site: Site,
    now: datetime,
    markers: Mapping[str, Markers],
    changed: pd.DataFrame,
    *,
    full: bool,
) -> Work:
    """Days of the schools in ``markers`` that ``changed`` hours (CHANGED_COLUMNS) bear on, that were still
    open, or whose metrics had other inputs; ``full``: all days with readings or metrics."""
    found = dirty.Dirty()
    if not full:  # a full run takes every hour anyway
        hours = dirty.hours_by_device(changed)
        found.add(_touched(store, site, hours))
        found.add(moved_days(store, site, hours, found, now))
    nothing_done = not store.marks().cursors.get(METRICS)
    every = dirty.hours_by_device(changed) if nothing_done else None
    inspect = {}
    for school, marks in markers.items():
        found.add(dirty.still_open(site, marks.ran or now, now, school))
        if not full and marks.inputs == fingerprint.school_inputs(site, school):
            continue
        part = site.part([school])  # a school at a time: of a region's years nobody could hold all hours
        data = dirty.with_data(part, school, _known(store, part, every))
        stored = _days_stored(store, school)
        inspect[school] = frozenset(metric.time.astimezone(site.zone).date() for metric in stored)
        if full:
            found.add(data)
            stored = [metric._replace(fingerprint="") for metric in stored]  # so all of them are outdated
        found.add(dirty.outdated(part, school, stored, data))
    return Work(found, inspect)


def _days_stored(store: Store, school: str) -> list[Metric]:
    return [
        metric
        for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
        for metric in store.read_metrics(school, scope, None, Interval.DAY, EPOCH, END)
    ]


def _touched(store: Store, site: Site, changed: dict[str, dirty.Ints]) -> dirty.Dirty:
    """Room days and school days that the changed (device, hour)s bear on."""
    found = dirty.rooms_touched(site, changed)
    at_meters = {device.key for device in site.devices if device.meter is not None}
    together: dict[tuple[int, int], list[str]] = defaultdict(list)  # devices with the same days in one query
    for device in sorted(at_meters & changed.keys()):
        hour_us = changed[device]
        together[int(hour_us[0] // _DAY_US), int(hour_us[-1] // _DAY_US)].append(device)
    for (first, last), devices in together.items():
        start = EPOCH + timedelta(days=first) - MARGIN
        found.add(_energy_touched(store, site, {key: changed[key] for key in devices}, start, last))
    return found


def _energy_touched(
    store: Store, site: Site, changed: Mapping[str, dirty.Ints], start: datetime, last: int
) -> dirty.Dirty:
    """School days that changed hours of devices at meters bear on; they lie between ``start`` and the UTC
    day ``last``."""
    end = EPOCH + timedelta(days=last + 1) + MARGIN
    asked = sorted(changed), sorted(REGISTERS | DAY_INTERVALS)
    hours = store.read_hours(*asked, start, end, columns=("device", "quantity", "hour", "count"))
    hours = hours[hours["count"] > 0]
    registers: dict[str, list[dirty.Ints]] = defaultdict(list)
    by_days: set[str] = set()
    for (device, quantity), group in hours.groupby(["device", "quantity"], sort=False, observed=True):
        if quantity in REGISTERS:
            registers[str(device)].append(microseconds(group["hour"]))
        else:
            by_days.add(str(device))
    billed = dirty.hours_by_device(_bill_hours(store, sorted(changed), start, end))
    found = dirty.Dirty()
    for device, hour_us in changed.items():
        found.add(dirty.energy_touched(site, device, hour_us, registers[device]))
        if device in by_days:  # its energy reaches into the next local day
            found.add(dirty.energy_touched(site, device, hour_us + 23 * HOUR_US, []))
        if device in billed:
            found.add(dirty.energy_touched(site, device, billed[device], []))
    return found


def _bill_hours(store: Store, devices: Sequence[str], first: datetime, last: datetime) -> pd.DataFrame:
    """Hours on the days of the devices' bills that begin in the span, as they are and as they were."""
    now = store.read_readings(devices, BILL_LENGTHS, first, last)
    earlier = store.read_readings(devices, BILL_LENGTHS, first - LONGEST, first) if len(now) else now
    parts = [now]
    for device in now["device"].unique():
        before = store.superseded(device)
        parts.append(before[(before["time"] >= first) & (before["time"] < last)])
    return pd.concat([bill_hours(pd.concat(parts)), beginnings(earlier, first)])


def _known(store: Store, part: Site, every: Mapping[str, dirty.Ints] | None) -> dict[str, dirty.Ints]:
    """All hours with readings of a school's devices, out of ``every`` or asked for, and those into which sums
    of days and bills reach."""
    devices = {device.key for device in part.devices}
    if every is None:
        found = dirty.hours_by_device(store.hours_of(devices))
    else:
        found = {device: every[device] for device in devices if device in every}
    for device, reached in dirty.hours_by_device(_reaching(store, part)).items():
        found[device] = np.union1d(found[device], reached) if device in found else np.unique(reached)
    return found


def _reaching(store: Store, site: Site) -> pd.DataFrame:
    """Hours (CHANGED_COLUMNS) into which sums of days and bills reach."""
    at_meters = sorted({device.key for device in site.devices if device.meter is not None})
    asked = [*BILL_LENGTHS, *sorted(DAY_INTERVALS)]
    found = store.read_readings(at_meters, asked, EPOCH, END)
    days = found[found["quantity"].isin(DAY_INTERVALS)]
    ends = pd.DataFrame({"device": days["device"], "hour": days["time"].dt.floor("h") + timedelta(hours=23)})
    return pd.concat([bill_hours(found), ends])
