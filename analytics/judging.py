"""The job's verdicts: what lies around changed hours is loaded, judged, compared and saved.

Hours whose trust a verdict changes are appended to the ledger before the verdict is written: killed between
the two, the next run finds the same difference again, and no day misses it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from analytics.baselines import BEGINNING, LOWS_READ, DriftPart, Span, drift_zones, with_low
from analytics.drift import LEARN_DAYS, RECENT_DAYS
from analytics.energy import REGISTERS, to_us
from analytics.fingerprint import school_inputs
from analytics.judge import Part, Series, Zones, judged, judged_registers, series_rows
from analytics.markers import Markers
from analytics.points import HOUR_US, irregular_hours, microseconds
from analytics.quality import HOURS_READ, LONGEST_GAP_US, STALE_H, Hours, Verdict, gap_us, may_spike, reach_us
from analytics.submitting import Progress, Submit, in_turn, loaded, unseen
from analytics.verdicts import Zone, changed_trust, replaced
from classroom.quantity import Domain
from classroom.site import Site
from classroom.timetable import day_span
from store.base import CHANGED_COLUMNS, HOUR_KEY, VERDICT_COLUMNS, Store
from store.frames import Columns

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_END = datetime(2200, 1, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_DAY_US = 24 * HOUR_US
_DEVICES_A_PART = 100
_SENSORS_A_PART = 50


def judge(
    store: Store,
    site: Site,
    changed: pd.DataFrame,
    due: Mapping[str, Span],
    now: datetime,
    compute: Submit,
    progress: Progress = unseen,
) -> bool:
    """Judge what the ``changed`` hours (CHANGED_COLUMNS, rolled up) may have made or unmade, and the drift of
    CO2 sensors in the days that ``due`` (:func:`drift_due`) bears on; whether any verdict that metrics heed
    is another now.

    Raises:
        StoreError: the store cannot serve; it can be done again.
    """
    work = [*_of_changed(store, site, changed), *_of_drift(store, site, due, now)]
    parts = (
        (None, one.judge, part)
        for one, part in loaded(work, lambda one: one.load(), ahead=2)  # longer than judging takes
        if part is not None
    )
    other = False
    for done, (_, zones) in enumerate(in_turn(parts, compute, at_once=2), start=1):
        other |= _save(store, zones)
        progress("judging", done, len(work))
    return other


class _Work(NamedTuple):
    """A part of the work: what is loaded for it, and what judges that."""

    load: Callable[[], Any]  # gives None where there is nothing to judge
    judge: Callable[[Any], Zones]


def _of_changed(store: Store, site: Site, changed: pd.DataFrame) -> Iterator[_Work]:
    for group in _groups(site, changed):
        yield _Work(partial(_load, store, site, group), judged if group.in_room else judged_registers)


class _Group(NamedTuple):
    """Devices of one reporting interval whose changed hours lie on the same days of a month."""

    devices: list[str]
    in_room: bool
    interval_s: int
    first: datetime
    end: datetime


def _groups(site: Site, changed: pd.DataFrame) -> Iterator[_Group]:
    in_room = {device.key: device.room is not None for device in site.devices}
    code, names = pd.factorize(changed["device"])
    known = np.array([name in in_room for name in names], dtype=bool)[code]
    code, hour_us = code[known], microseconds(changed["hour"])[known]
    month = hour_us.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    order = np.lexsort((hour_us, code, month))
    code, hour_us, month = code[order], hour_us[order], month[order]
    border = np.flatnonzero((code[1:] != code[:-1]) | (month[1:] != month[:-1])) + 1
    found: dict[tuple[bool, int, datetime, datetime], list[str]] = {}
    for start, end in pairwise([0, *border.tolist(), len(code)] if len(code) else []):
        device = str(names[code[start]])
        first, last = (_time(int(hour_us[at] // _DAY_US * _DAY_US)) for at in (start, end - 1))
        key = in_room[device], site.interval_s(device), first, last + timedelta(days=1)
        found.setdefault(key, []).append(device)
    for key in sorted(found):
        for devices in _shares(sorted(found[key]), _DEVICES_A_PART):
            yield _Group(devices, *key)


def _shares(devices: Sequence[str], most: int) -> Iterator[list[str]]:
    for first in range(0, len(devices), most):
        yield list(devices[first : first + most])


def _load(store: Store, site: Site, group: _Group) -> Part:
    """What is judged of a group."""
    return _load_rooms(store, group) if group.in_room else _load_registers(store, site, group)


def _load_rooms(store: Store, group: _Group) -> Part:
    """What is judged of devices in rooms."""
    reach = timedelta(microseconds=max(reach_us(quantity, group.interval_s) for quantity in STALE_H))
    start, end = group.first - 2 * reach, group.end + 2 * reach
    hours = store.read_hours(group.devices, list(STALE_H), start, end, columns=HOURS_READ)
    hours = _with_neighbours(store, group, hours, reach)
    parts = Hours.of(hours)
    may = hours["flagged"].to_numpy() > 0
    for (_, quantity), rows in series_rows(hours):
        may[rows] |= may_spike(parts.where(rows), quantity)
    about = (parts.hour_us >= to_us(group.first) - 2 * HOUR_US) & (
        parts.hour_us < to_us(group.end) + 2 * HOUR_US
    )
    raw = store.read_around(hours[about & may], 1, _hours_after(group))
    return _part(store, group, hours, raw, {}, Domain.INDOOR)


def _load_registers(store: Store, site: Site, group: _Group) -> Part:
    """A part of devices at meters: registers, with the readings of irregular hours."""
    reach = timedelta(microseconds=LONGEST_GAP_US)
    names = sorted(REGISTERS)
    start, end = group.first - reach, group.end + reach
    hours = store.read_hours(group.devices, names, start, end, columns=HOURS_READ)
    fallen = irregular_hours(hours, np.array([], dtype=np.int64))
    about = (hours["hour"] >= group.first - 2 * _HOUR) & (hours["hour"] < group.end + 2 * _HOUR)
    asked = pd.concat([fallen, hours[about & (hours["flagged"] > 0)]])
    raw = store.read_around(asked, 1, _hours_after(group))
    units = {key: _kwh_per_unit(site, key) for key in group.devices}
    return _part(store, group, hours, raw, units, Domain.ENERGY)


def _hours_after(group: _Group) -> int:
    """How many hours after one that may hold a spike or a wrong clock are read: until a gap would end it, so
    that of two such hours it is plain whether anything lies between."""
    return math.ceil(gap_us(group.interval_s) / HOUR_US)


def _part(
    store: Store,
    group: _Group,
    hours: pd.DataFrame,
    raw: Columns,
    units: Mapping[str, float],
    domain: Domain,
) -> Part:
    sealed = store.sealed().get(domain, _EPOCH)
    return Part(to_us(group.first), to_us(group.end), group.interval_s, hours, raw, to_us(sealed), units)


def _kwh_per_unit(site: Site, device: str) -> float:
    placed = site.placements[device][-1]
    return placed.scale / (placed.pulses_per_kwh or 1.0)


def _with_neighbours(store: Store, group: _Group, hours: pd.DataFrame, reach: timedelta) -> pd.DataFrame:
    """``hours``, with the nearest one on either side for series that were silent for the whole reach."""
    longest = timedelta(microseconds=LONGEST_GAP_US)
    rows_of = dict(series_rows(hours))
    hour_us = microseconds(hours["hour"])
    before = {key for key, rows in rows_of.items() if hour_us[rows][0] >= to_us(group.first)}
    after = {key for key, rows in rows_of.items() if hour_us[rows][-1] < to_us(group.end)}
    parts = [
        _nearest(store, before, group.first - longest, group.first - 2 * reach, -1),
        hours,
        _nearest(store, after, group.end + 2 * reach, group.end + longest, 0),
    ]
    parts = [part for part in parts if len(part)]
    if len(parts) <= 1:
        return hours
    return pd.concat(parts).sort_values(list(HOUR_KEY), ignore_index=True)


def _nearest(store: Store, series: set[Series], start: datetime, end: datetime, which: int) -> pd.DataFrame:
    """The first (0) or the last (-1) hour in the span of each of the series."""
    if not series or start >= end:
        return pd.DataFrame(columns=list(HOURS_READ))
    devices, quantities = (sorted(set(names)) for names in zip(*series, strict=True))
    found = store.read_hours(devices, quantities, start, end, columns=HOURS_READ)
    return found.iloc[[range(len(found))[rows][which] for key, rows in series_rows(found) if key in series]]


# Drift


def drift_due(
    site: Site, markers: Mapping[str, Markers], changed: pd.DataFrame, now: datetime, *, full: bool = False
) -> dict[str, Span]:
    """Days of CO2 sensors that changed, have ended since the last run, or whose calendar is another."""
    today = now.astimezone(site.zone).date()
    hours = changed["hour"].groupby(changed["device"], observed=True).agg(["min", "max"])
    first, last = (hours[name].dt.tz_convert(site.zone).dt.date for name in ("min", "max"))
    days_of = {str(device): [*days] for device, *days in zip(hours.index, first, last, strict=True)}
    for school, marks in markers.items():
        same = not full and marks.inputs == school_inputs(site, school)
        since = marks.ran.astimezone(site.zone).date() if same and marks.ran else BEGINNING
        if since < today:
            for device in site.devices_of(school):
                days_of.setdefault(device.key, []).extend((since, today))
    in_room = {device.key for device in site.devices if device.room is not None}
    return {key: Span(min(days), max(days)) for key, days in days_of.items() if key in in_room}


def _of_drift(store: Store, site: Site, due: Mapping[str, Span], now: datetime) -> Iterator[_Work]:
    """Only days that have ended are judged. A drift is taken to go on through the day that is running."""
    today = now.astimezone(site.zone).date()
    yesterday = today - timedelta(days=1)
    found: dict[Span, list[str]] = {}
    for device, one in due.items():
        last = min(one.last + timedelta(days=LEARN_DAYS), yesterday)
        if one.first <= last:
            found.setdefault(Span(one.first, last), []).append(device)
    schools = _schools_of(site)
    for span, devices in sorted(found.items()):
        for some in _shares(sorted(devices, key=lambda device: (schools[device], device)), _SENSORS_A_PART):
            yield _Work(partial(_drift_part, store, site, schools, today, span, some), drift_zones)


def _schools_of(site: Site) -> dict[str, tuple[str, ...]]:
    """The schools in which each device hung, in order."""
    found: dict[str, set[str]] = {}
    for device in site.devices:
        found.setdefault(device.key, set()).add(device.school)
    return {key: tuple(sorted(schools)) for key, schools in found.items()}


def _drift_part(
    store: Store,
    site: Site,
    schools_of: Mapping[str, tuple[str, ...]],
    today: date,
    span: Span,
    sensors: Sequence[str],
) -> DriftPart | None:
    """What is judged of the drift of some sensors; None: they have told nothing."""
    start = span.first - timedelta(days=LEARN_DAYS + 2 * RECENT_DAYS)
    bounds = day_span(start, site.zone)[0], day_span(span.last, site.zone)[1]
    hours = store.read_hours(sensors, ["co2_ppm"], *bounds, columns=LOWS_READ)
    if hours.empty:
        return None
    refused = store.read_around(hours[hours["flagged"] > hours["count"]], 0, 0)
    schools = sorted({school for device in sensors for school in schools_of[device]})
    return DriftPart(site.part(schools), span, today, with_low(hours, refused.frame()))


# Saving


def _save(store: Store, zones: Zones) -> bool:
    """Write what the zones change; whether it changes what metrics heed."""
    if not zones:
        return False
    first = min(zone.start_us for some in zones.values() for zone in some)
    end = max(zone.end_us for some in zones.values() for zone in some)
    near = _read(store, {device for device, _ in zones}, _time(first - 1), _time(end + 1))
    touched = [key for key, some in zones.items() if _differs(near.get(key, []), some)]
    if not touched:
        return False
    stored = _read(store, {device for device, _ in touched}, _EPOCH, _END)
    told = {key: replaced(stored.get(key, []), zones[key]) for key in touched}
    trust = {key: changed_trust(stored.get(key, []), told[key]) for key in touched}
    appended = _hours_between(store, {key: spans for key, spans in trust.items() if spans})
    if len(appended):
        store.append_changed(appended)
    for (device, quantity), verdicts in told.items():
        store.write_verdicts(device, quantity, _frame(device, quantity, verdicts))
    return len(appended) > 0


def _differs(near: Sequence[Verdict], zones: Sequence[Zone]) -> bool:
    if not near and not any(zone.found for zone in zones):
        return False
    return replaced(near, zones) != replaced(near, [])


def _read(
    store: Store, devices: Iterable[str], start: datetime, end: datetime
) -> dict[Series, list[Verdict]]:
    rows = store.read_verdicts(sorted(devices), start, end)
    found: dict[Series, list[Verdict]] = {}
    columns = (rows["device"], rows["quantity"], microseconds(rows["start"]), microseconds(rows["end"]))
    for device, quantity, start_us, end_us, verdict, detail in zip(
        *columns, rows["verdict"], rows["detail"].fillna(""), strict=True
    ):
        found.setdefault((device, quantity), []).append(Verdict(int(start_us), int(end_us), verdict, detail))
    return found


def _frame(device: str, quantity: str, verdicts: Sequence[Verdict]) -> pd.DataFrame:
    rows = [
        (device, quantity, _time(one.start_us), _time(one.end_us), one.verdict, one.detail)
        for one in verdicts
    ]
    frame = pd.DataFrame(rows, columns=list(VERDICT_COLUMNS))
    return frame.astype({"start": "datetime64[us, UTC]", "end": "datetime64[us, UTC]"})


def _hours_between(store: Store, spans: Mapping[Series, Sequence[tuple[int, int]]]) -> pd.DataFrame:
    """Hours with readings of each series that overlap any of its spans [us] (CHANGED_COLUMNS), distinct."""
    if not spans:
        return pd.DataFrame(columns=list(CHANGED_COLUMNS))
    devices, quantities = (sorted(set(names)) for names in zip(*spans, strict=True))
    first = min(start for of_series in spans.values() for start, _ in of_series)
    last = max(end for of_series in spans.values() for _, end in of_series)
    span = _time(first - first % HOUR_US), _time(last)
    hours = store.read_hours(devices, quantities, *span, columns=HOUR_KEY)
    hour_us = microseconds(hours["hour"])
    touched = np.zeros(len(hour_us), dtype=bool)
    for series, rows in series_rows(hours):
        for start, end in spans.get(series, ()):
            touched[rows] |= (hour_us[rows] + HOUR_US > start) & (hour_us[rows] < end)
    return hours.loc[touched, list(CHANGED_COLUMNS)].drop_duplicates()


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)
