"""The analytics job: the only place in ``analytics`` that loads and saves.

A run rolls up the hours that the ledger names, finds the local days that are dirty, computes them in
batches of a school and month, writes their metrics, and only then moves the ledger's cursor and the
markers: killed anywhere, the next run does the same again. Metrics are replaced, never added, so repeating
is safe.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from analytics import dirty, fingerprint
from analytics.baseline_days import load_nights, moved_days
from analytics.batch import INDOOR_QUANTITIES, Batch, compute, register_cuts, site_of, trusted
from analytics.bills import LONGEST, bill_hours
from analytics.energy import REGISTERS
from analytics.insights import job as insights
from analytics.intervals import DAY_INTERVALS, INTERVALS
from analytics.judging import A, R, Submit, drift_due, judge_changed, judge_drift
from analytics.markers import Markers, new_markers, read_markers
from analytics.points import HOUR_US, irregular_hours, microseconds
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import BILL_QUANTITIES
from classroom.site import Site
from classroom.timetable import day_span
from store.base import CHANGED_COLUMNS, HOUR_COLUMNS, READING_COLUMNS, Store

HOURS, METRICS = "hours", "metrics"
"""The job's consumers of the ledger."""

_EVERYTHING = "analytics:everything"  # a consumer that never advances: its changes are all hours there are
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_ONE = _EPOCH + timedelta(days=1)
_END = datetime(2200, 1, 1, tzinfo=UTC)
_MARGIN = fingerprint.WINDOW + timedelta(days=2)
_ROOMS_A_BATCH = 25  # a month of 25 rooms at 5 minutes is 450 000 readings
_PENDING_INTERVAL_S = 600  # what the store assumes of a device without a place


class JobReport(NamedTuple):
    """What a run did."""

    hours: int
    room_days: int
    school_days: int
    batches: int
    metrics: int
    withdrawn: int
    seconds: float


@dataclass
class _Work:
    """Dirty days, and the schools whose stored metrics may hold keys that no longer come out."""

    days: dirty.Dirty
    inspect: set[str]


def run(
    store: Store,
    site: Site,
    now: datetime,
    *,
    full: bool = False,
    school: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    compute: Submit | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> JobReport:
    """Bring rollups and metrics up to date with the ledger and with ``site``; ``now`` is aware.

    ``full`` computes everything again. ``school``, ``start`` and ``end`` narrow the work to a school and to
    the local days that overlap the span; a narrowed run leaves ledger cursor and markers alone, so that
    nothing outside is forgotten. ``compute`` runs the pure part elsewhere; ``progress(done, batches)`` is
    called after each batch.

    Raises:
        store.base.StoreError: the store cannot serve; what was written stands, the run can be repeated.
    """
    began = time.monotonic()
    narrowed = school is not None or start is not None or end is not None
    changed = store.changed(METRICS)  # before the hours, so that every hour in it has been rolled up
    schools = [one.key for one in site.schools if school in (None, one.key)]
    markers = {
        key: read_markers(store.read_metrics(key, Scope.SCHOOL, None, Interval.YEAR, _EPOCH, _DAY_ONE))
        for key in schools
    }
    rolled = _roll_up(store, site, markers, now, compute or _here, full=full)
    if rolled.judged:  # verdicts have named hours in the ledger: their days are done in this run, and once
        changed = store.changed(METRICS)
        rolled = rolled._replace(hours=rolled.hours + _roll_up(store, site, {}, now, compute or _here).hours)
    work = _find_work(store, site, now, schools, markers, changed.hours, full=full)
    wanted = work.days.within(school, start, end, site.zone).unsealed(store.sealed(), site.zone)
    todo = list(_batches(site, wanted))
    written = withdrawn = 0
    for done, unit in enumerate(todo, start=1):
        batch = _load(store, site, now, unit)
        metrics: list[Metric] = (compute or _here)(_compute, batch).result()
        stale = _withdrawn(store, site, unit, metrics) if unit.school in work.inspect else []
        store.write_metrics([*metrics, *stale])
        written, withdrawn = written + len(metrics), withdrawn + len(stale)
        if progress is not None:
            progress(done, len(todo))
    if not narrowed:
        store.advance(METRICS, changed.cursor)
        store.write_metrics([marker for key in schools for marker in new_markers(site, key, now)])
        insights.update(store, site, schools, wanted.schools_before(now, site.zone), now, compute or _here)
    room_days = sum(len(days) for days in wanted.rooms.values())
    school_days = sum(len(days) for days in wanted.energy.values())
    took_s = time.monotonic() - began
    return JobReport(rolled.hours, room_days, school_days, len(todo), written, withdrawn, took_s)


_compute = compute


def _here(function: Callable[[A], R], argument: A, /) -> Future[R]:
    future: Future[R] = Future()
    future.set_result(function(argument))
    return future


# Hours


class _Rolled(NamedTuple):
    """How many hours were rolled up, and whether that changed a verdict that metrics heed."""

    hours: int
    judged: bool


def _roll_up(
    store: Store,
    site: Site,
    markers: dict[str, Markers],
    now: datetime,
    compute: Submit,
    *,
    full: bool = False,
) -> _Rolled:
    """Roll up and judge the changed hours, and all hours of devices that have other inputs than before."""
    changed = store.changed(HOURS)
    frame = changed.hours
    rolled = {device: mark for marks in markers.values() for device, mark in marks.devices.items()}
    keys = {device.key for device in site.devices if device.school in markers}
    other = {key for key in keys if fingerprint.device_inputs(site.placements[key][-1]) != rolled.get(key)}
    if full:
        frame = pd.concat([frame, store.changed(_EVERYTHING).hours])
    elif other:
        everything = store.changed(_EVERYTHING).hours
        frame = pd.concat([frame, everything[everything["device"].isin(other)]])
    frame = frame.drop_duplicates(list(CHANGED_COLUMNS))
    interval_s = {device: site.interval_s(device) for device in site.placements}
    for _, month in frame.groupby(frame["hour"].dt.strftime("%Y-%m"), sort=True):
        store.write_hours(store.compute_hours(month, interval_s))
    judged = judge_changed(store, site, frame, compute)
    judged |= judge_drift(store, site, drift_due(site, markers, frame, now, full=full), now, compute)
    store.advance(HOURS, changed.cursor)
    return _Rolled(len(frame), judged)


# Which days


def _find_work(
    store: Store,
    site: Site,
    now: datetime,
    schools: Sequence[str],
    markers: dict[str, Markers],
    changed: pd.DataFrame,
    *,
    full: bool,
) -> _Work:
    found = dirty.Dirty()
    if not full:  # a full run takes every hour anyway
        hours = dirty.hours_by_device(changed)
        found.add(_touched(store, site, hours))
        found.add(moved_days(store, site, hours, found, now))
    everything = None
    inspect = set()
    for school in schools:
        found.add(dirty.still_open(site, markers[school].ran or now, now, school))
        if not full and markers[school].inputs == fingerprint.school_inputs(site, school):
            continue
        inspect.add(school)
        if everything is None:
            everything = dirty.hours_by_device(_reaching(store, site, store.changed(_EVERYTHING).hours))
        data = dirty.with_data(site, school, everything)
        stored = [
            metric
            for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
            for metric in store.read_metrics(school, scope, None, Interval.DAY, _EPOCH, _END)
        ]
        if full:
            found.add(data)
            stored = [metric._replace(fingerprint="") for metric in stored]  # so all of them are outdated
        found.add(dirty.outdated(site_of(site, school), school, stored, data))
    return _Work(found, inspect)


def _touched(store: Store, site: Site, changed: dict[str, dirty.Ints]) -> dirty.Dirty:
    """Room days and school days that the changed (device, hour)s bear on."""
    found = dirty.rooms_touched(site, changed)
    for device, hour_us in changed.items():
        if not any(placed.meter is not None for placed in site.placements.get(device, ())):
            continue
        first = _EPOCH + timedelta(microseconds=int(hour_us[0])) - _MARGIN
        last = _EPOCH + timedelta(microseconds=int(hour_us[-1])) + _MARGIN
        hours = store.read_hours([device], sorted(REGISTERS | DAY_INTERVALS), first, last)
        hours = hours[hours["count"] > 0]
        registers = [
            microseconds(group["hour"])
            for quantity, group in hours.groupby("quantity", observed=True)
            if quantity in REGISTERS
        ]
        found.add(dirty.energy_touched(site, device, hour_us, registers))
        if hours["quantity"].isin(DAY_INTERVALS).any():  # its energy reaches into the next local day
            found.add(dirty.energy_touched(site, device, hour_us + 23 * HOUR_US, []))
        billed = dirty.hours_by_device(_bill_hours(store, device, first, last))
        found.add(
            dirty.energy_touched(site, device, billed[device], []) if device in billed else dirty.Dirty()
        )
    return found


def _bill_hours(store: Store, device: str, first: datetime, last: datetime) -> pd.DataFrame:
    """Hours on the days of a device's bills that begin in the span, as they are and as they were."""
    now = store.read_readings([device], BILL_QUANTITIES[1:2], first, last)
    if now.empty:
        return bill_hours(now)
    before = store.superseded(device)
    before = before[(before["time"] >= first) & (before["time"] < last)]
    return bill_hours(pd.concat([now, before]))


def _reaching(store: Store, site: Site, hours: pd.DataFrame) -> pd.DataFrame:
    """All hours with readings, and those into which days' sums and bills reach."""
    at_meters = sorted({device.key for device in site.devices if device.meter is not None})
    asked = [BILL_QUANTITIES[1], *sorted(DAY_INTERVALS)]
    found = store.read_readings(at_meters, asked, _EPOCH, _END)
    if found.empty:
        return hours
    days = found[found["quantity"].isin(DAY_INTERVALS)]
    ends = pd.DataFrame({"device": days["device"], "hour": days["time"].dt.floor("h") + timedelta(hours=23)})
    return pd.concat([hours, bill_hours(found), ends]).drop_duplicates()


# Batches


class _Unit(NamedTuple):
    """A school's dirty days of one month: some rooms' days, or the energy days."""

    school: str
    room_days: dict[str, list[date]]
    energy_days: list[date]


def _batches(site: Site, days: dirty.Dirty) -> Iterator[_Unit]:
    """Units of a school and month, in time order within each school; large schools in several."""
    for school in [one.key for one in site.schools]:
        by_month: dict[tuple[int, int], dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
        for (its_school, room), room_days in sorted(days.rooms.items()):
            if its_school == school:
                for day in sorted(room_days):
                    by_month[day.year, day.month][room].append(day)
        energy: dict[tuple[int, int], list[date]] = defaultdict(list)
        for day in sorted(days.energy.get(school, ())):
            energy[day.year, day.month].append(day)
        for month in sorted({*by_month, *energy}):
            rooms = list(by_month.get(month, {}).items())
            yield _Unit(school, dict(rooms[:_ROOMS_A_BATCH]), energy.get(month, []))
            for more in range(_ROOMS_A_BATCH, len(rooms), _ROOMS_A_BATCH):
                yield _Unit(school, dict(rooms[more : more + _ROOMS_A_BATCH]), [])


def _load(store: Store, site: Site, now: datetime, unit: _Unit) -> Batch:
    part = site_of(site, unit.school)
    readings = pd.DataFrame(columns=list(READING_COLUMNS))
    devices = sorted({d.key for d in part.devices if d.room in unit.room_days})
    if devices:
        first, last = _span(site, (day for days in unit.room_days.values() for day in days))
        readings = trusted(
            store.read_readings(devices, INDOOR_QUANTITIES, first, last),
            store.read_verdicts(devices, first, last),
        )
    hours, raw = _load_registers(store, part, unit.energy_days)
    nights = load_nights(store, part, unit.school, unit.room_days, now)
    return Batch(part, unit.school, now, unit.room_days, unit.energy_days, readings, hours, raw, nights)


def _load_registers(store: Store, part: Site, days: Sequence[date]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Rollups of the school's registers, intervals and bills around ``days``, and the raw readings of their
    irregular hours."""
    devices = sorted({device.key for device in part.devices if device.meter is not None})
    raw = pd.DataFrame(columns=list(READING_COLUMNS))
    if not devices or not days:
        return pd.DataFrame(columns=list(HOUR_COLUMNS)), raw
    first, last = _span(part, days)
    hours = store.read_hours(devices, sorted(REGISTERS | INTERVALS), first - _MARGIN, last + _MARGIN)
    bills = store.read_hours(devices, BILL_QUANTITIES, first - LONGEST, last)
    registers = hours[hours["quantity"].isin(REGISTERS)]
    parts = []
    for (device, quantity), group in irregular_hours(registers, register_cuts(part)).groupby(
        ["device", "quantity"], observed=True
    ):
        begin, end = group["hour"].min(), group["hour"].max() + timedelta(hours=1)
        parts.append(
            store.read_readings([str(device)], [str(quantity)], begin.to_pydatetime(), end.to_pydatetime())
        )
    if len(bills):
        hours = pd.concat([hours, bills])
    return hours, pd.concat(parts) if parts else raw


def _span(site: Site, days: Iterable[date]) -> tuple[datetime, datetime]:
    ordered = sorted(set(days))
    return day_span(ordered[0], site.zone)[0], day_span(ordered[-1], site.zone)[1]


def _withdrawn(store: Store, site: Site, unit: _Unit, metrics: Sequence[Metric]) -> list[Metric]:
    """Stored metrics of the unit's days that no longer come out, as null: a room renamed, a carrier
    corrected."""
    computed = {_key(metric) for metric in metrics}
    found = []
    by_scope: dict[tuple[Scope, str | None], Sequence[date]] = {
        (Scope.ROOM, room): days for room, days in unit.room_days.items()
    }
    if unit.energy_days:
        by_scope[Scope.METER, None] = by_scope[Scope.SCHOOL, None] = unit.energy_days
    for (scope, place), days in by_scope.items():
        wanted, (first, last) = set(days), _span(site, days)
        for interval in (Interval.DAY, Interval.HOUR):
            for metric in store.read_metrics(unit.school, scope, place, interval, first, last):
                if metric.time.astimezone(site.zone).date() in wanted and _key(metric) not in computed:
                    found.append(_null(metric))
    return found


def _key(metric: Metric) -> tuple[object, ...]:
    return (
        metric.scope,
        metric.id,
        metric.metric,
        metric.carrier,
        metric.basis,
        metric.interval,
        metric.time,
    )


def _null(metric: Metric) -> Metric:
    return metric._replace(
        value=None,
        low=None,
        high=None,
        coverage=0.0,
        status=Status.NO_DATA,
        reason="withdrawn",
        factors=(),
        fingerprint="",
    )
