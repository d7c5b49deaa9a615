"""The analytics job: the only place in ``analytics`` that loads and saves.

A run rolls up the hours that the ledger names, finds the local days that are dirty, computes them in
batches of a school and month, writes their metrics, and only then moves the ledger's cursor and the
markers: killed anywhere, the next run does the same again. Metrics are replaced, never added, so repeating
is safe.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import partial
from typing import NamedTuple

import pandas as pd
import pyarrow as pa

from analytics import dirty
from analytics.baseline_days import load_nights
from analytics.batch import INDOOR_QUANTITIES, Batch, compute_table, register_cuts, trusted
from analytics.bills import LONGEST
from analytics.energy import REGISTERS
from analytics.estimated import MARKS
from analytics.finding import EPOCH, MARGIN, find_work
from analytics.insights import job as insights
from analytics.intervals import INTERVALS
from analytics.markers import new_markers, read_markers
from analytics.points import irregular_hours
from analytics.rolling import HOURS, METRICS, Part, roll_up
from analytics.submitting import Progress, Submit, here, in_turn, loaded, unseen
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import BILL_QUANTITIES
from classroom.site import Site
from classroom.timetable import day_span
from store.base import HOUR_COLUMNS, READING_COLUMNS, Store
from store.metric_table import KEY, keys, metric_table

__all__ = ["HOURS", "METRICS", "JobReport", "Progress", "run"]

_DAY_ONE = EPOCH + timedelta(days=1)
_ROOMS_A_BATCH = 25  # a month of 25 rooms at 5 minutes is 450 000 readings


class JobReport(NamedTuple):
    """What a run did."""

    hours: int
    room_days: int
    school_days: int
    batches: int
    metrics: int
    withdrawn: int
    seconds: float


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
    at_once: int = 2,
    progress: Progress | None = None,
) -> JobReport:
    """Bring rollups and metrics up to date with the ledger and with ``site``; ``now`` is aware.

    ``full`` computes everything again. ``school``, ``start`` and ``end`` narrow the work to a school and to
    the local days that overlap the span; a narrowed run leaves ledger cursor and markers alone, so that
    nothing outside is forgotten. ``compute`` runs the pure parts elsewhere, ``at_once`` of them at a time;
    only so many and one more are in memory. ``progress`` is told after each part of a step.

    Raises:
        store.base.StoreError: the store cannot serve; what was written stands, the run can be repeated.
    """
    began = time.monotonic()
    submit, tell = compute or here, progress or unseen
    narrowed = school is not None or start is not None or end is not None
    schools = [one.key for one in site.schools if school in (None, one.key)]
    markers = {
        key: read_markers(store.read_metrics(key, Scope.SCHOOL, None, Interval.YEAR, EPOCH, _DAY_ONE))
        for key in schools
    }
    part = _part(site, school, start, end) if full else None
    rolled = roll_up(store, site, markers, now, submit, part, tell)
    work = find_work(store, site, now, markers, rolled.changed.hours, full=full)
    wanted = work.days.within(school, start, end, site.zone).unsealed(store.sealed(), site.zone)
    todo = list(_batches(site, wanted))
    written = withdrawn = 0
    for done, (unit, figures) in enumerate(_computed(store, site, now, todo, submit, at_once), start=1):
        stale = _withdrawn(store, site, unit, figures, work.inspect)
        store.write_metric_table(pa.concat_tables([figures, metric_table(stale)]) if stale else figures)
        written, withdrawn = written + len(figures), withdrawn + len(stale)
        tell("computing", done, len(todo))
    if not narrowed:
        late = wanted.days_before(now, site.zone)
        insights.update(store, site, schools, late, now, submit, at_once)
        store.advance(METRICS, rolled.changed.cursor)
        store.write_metrics([marker for key in schools for marker in new_markers(site, key, now)])
    room_days = sum(len(days) for days in wanted.rooms.values())
    school_days = sum(len(days) for days in wanted.energy.values())
    took_s = time.monotonic() - began
    return JobReport(rolled.hours, room_days, school_days, len(todo), written, withdrawn, took_s)


def _part(site: Site, school: str | None, start: datetime | None, end: datetime | None) -> Part:
    """What a full run rolls up again."""
    mine = frozenset(device.key for device in site.devices if device.school == school)
    return Part(None if school is None else mine, start, end)


def _computed(
    store: Store, site: Site, now: datetime, todo: Sequence[_Unit], submit: Submit, at_once: int
) -> Iterator[tuple[_Unit, pa.Table]]:
    """The metrics of each unit in turn; the next ones are loaded while others are computed elsewhere."""
    units = loaded(todo, partial(_load, store, site, now))
    parts = ((unit, compute_table, batch) for unit, batch in units)
    return in_turn(parts, submit, at_once)


# Batches


class _Unit(NamedTuple):
    """A school's dirty days of one month: some rooms' days, or the energy days."""

    school: str
    room_days: dict[str, list[date]]
    energy_days: list[date]


def _batches(site: Site, days: dirty.Dirty) -> Iterator[_Unit]:
    """Units of a school and month, in time order within each school; large schools in several."""
    rooms_of: dict[str, list[tuple[str, set[date]]]] = defaultdict(list)
    for (its_school, room), room_days in sorted(days.rooms.items()):
        rooms_of[its_school].append((room, room_days))
    for school in [one.key for one in site.schools]:
        by_month: dict[tuple[int, int], dict[str, list[date]]] = defaultdict(lambda: defaultdict(list))
        for room, room_days in rooms_of[school]:
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
    part = site.part([unit.school])
    readings = {}
    devices = sorted({d.key for d in part.devices if d.room in unit.room_days})
    if devices:
        first, last = _span(site, (day for days in unit.room_days.values() for day in days))
        found = store.read_columns(devices, INDOOR_QUANTITIES, first, last)
        found = trusted(found, store.read_verdicts(devices, first, last))
        readings = {key: (found.time_us[at], found.value[at]) for key, at in found.by_series().items()}
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
    hours = store.read_hours(devices, sorted(REGISTERS | INTERVALS | MARKS), first - MARGIN, last + MARGIN)
    bills = store.read_hours(devices, BILL_QUANTITIES, first - LONGEST, last + LONGEST)
    registers = hours[hours["quantity"].isin(REGISTERS)]
    raw = store.read_around(irregular_hours(registers, register_cuts(part)), 0, 0).frame()
    if len(bills):
        hours = pd.concat([hours, bills])
    return hours, raw


def _span(site: Site, days: Iterable[date]) -> tuple[datetime, datetime]:
    ordered = sorted(set(days))
    return day_span(ordered[0], site.zone)[0], day_span(ordered[-1], site.zone)[1]


def _withdrawn(
    store: Store, site: Site, unit: _Unit, figures: pa.Table, inspect: Mapping[str, frozenset[date]]
) -> list[Metric]:
    """Stored metrics of the unit's days that no longer come out, as null: a room renamed, a carrier
    corrected."""
    stored = inspect.get(unit.school, frozenset())
    by_scope: dict[tuple[Scope, str | None], Sequence[date]] = {
        (Scope.ROOM, room): days for room, days in unit.room_days.items()
    }
    if unit.energy_days:
        by_scope[Scope.METER, None] = by_scope[Scope.SCHOOL, None] = unit.energy_days
    by_scope = {scope: days for scope, days in by_scope.items() if not stored.isdisjoint(days)}
    computed = keys(figures) if by_scope else set()
    found = []
    for (scope, place), days in by_scope.items():
        wanted, (first, last) = set(days), _span(site, days)
        for interval in (Interval.DAY, Interval.HOUR):
            for metric in store.read_metrics(unit.school, scope, place, interval, first, last):
                if metric.time.astimezone(site.zone).date() in wanted and KEY(metric) not in computed:
                    found.append(_null(metric))
    return found


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
