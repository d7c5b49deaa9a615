"""What must be computed again: which local days of which rooms and schools a change may reach."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.batch import energy_fingerprint, room_fingerprint
from analytics.catalog import PROFILE_METRICS
from analytics.emissions import BASES, EMISSION_METRICS, factors_of
from analytics.energy import to_us
from analytics.fingerprint import emission_day
from analytics.points import NEIGHBOURS, microseconds
from analytics.school_profile import profile_fingerprint
from classroom.metric import Metric, Scope
from classroom.places import Device
from classroom.quantity import Domain
from classroom.site import Site
from classroom.timetable import day_span

Ints = npt.NDArray[np.int64]

_HOUR_US = 3_600_000_000


@dataclass
class Dirty:
    """Local days to compute again: of rooms by (school, room), of the meters and carriers of whole
    schools."""

    rooms: dict[tuple[str, str], set[date]] = field(default_factory=lambda: defaultdict(set))
    energy: dict[str, set[date]] = field(default_factory=lambda: defaultdict(set))

    def add(self, other: Dirty) -> None:
        """Take in what ``other`` holds."""
        for key, days in other.rooms.items():
            self.rooms[key] |= days
        for school, days in other.energy.items():
            self.energy[school] |= days

    def within(
        self, school: str | None, start: datetime | None, end: datetime | None, zone: ZoneInfo
    ) -> Dirty:
        """The part in ``school`` and in the local days that overlap ``start`` to ``end`` (None: no bound)."""

        def kept(days: set[date]) -> set[date]:
            spans = {day: day_span(day, zone) for day in days}
            return {
                day
                for day, (first, last) in spans.items()
                if (start is None or last > start) and (end is None or first < end)
            }

        found = Dirty()
        found.rooms.update((k, kept(v)) for k, v in self.rooms.items() if school in (None, k[0]))
        found.energy.update((k, kept(v)) for k, v in self.energy.items() if school in (None, k))
        return found

    def unsealed(self, sealed: Mapping[Domain, datetime], zone: ZoneInfo) -> Dirty:
        """The part whose raw readings still stand (:meth:`store.base.Store.sealed`).

        What was computed of a sealed day stands: computed again it would be ``no_data``.
        """

        def kept(days: set[date], domain: Domain) -> set[date]:
            before = sealed.get(domain)
            return days if before is None else {day for day in days if day_span(day, zone)[0] >= before}

        found = Dirty()
        found.rooms.update((k, kept(v, Domain.INDOOR)) for k, v in self.rooms.items())
        found.energy.update((k, kept(v, Domain.ENERGY)) for k, v in self.energy.items())
        return found

    def days_before(self, now: datetime, zone: ZoneInfo) -> dict[str, int]:
        """How many local days that are over by ``now`` are among them, of the schools that have any."""
        today = now.astimezone(zone).date()
        of_school = {school: set(days) for school, days in self.energy.items()}
        for (school, _), days in self.rooms.items():
            of_school.setdefault(school, set()).update(days)
        counts = {school: sum(day < today for day in days) for school, days in of_school.items()}
        return {school: count for school, count in counts.items() if count}


def local_days(hour_us: Ints, zone: ZoneInfo) -> set[date]:
    """Local days that the UTC hours touch (an hour may touch two where the zone is half an hour off)."""
    edges = np.concatenate([hour_us, hour_us + _HOUR_US - 1])
    local = pd.to_datetime(edges, unit="us", utc=True).tz_convert(zone).tz_localize(None).normalize()
    return {time.date() for time in local.unique()}


def hours_by_device(hours: pd.DataFrame) -> dict[str, Ints]:
    """Hours [us] of each device from a ledger frame (CHANGED_COLUMNS), ascending."""
    if hours.empty:
        return {}
    code, devices = pd.factorize(hours["device"])  # as a whole: pandas is slow by the piece
    hour_us = microseconds(hours["hour"])
    order = np.lexsort((hour_us, code))
    borders = np.searchsorted(code[order], np.arange(1, len(devices)))
    parts = np.split(hour_us[order], borders)
    return {str(device): part for device, part in zip(devices, parts, strict=True)}


def rooms_touched(site: Site, changed: Mapping[str, Ints]) -> Dirty:
    """Room days in which one of the changed (device, hour)s lies: a room's day depends on nothing outside
    it."""
    dirty = Dirty()
    days_of: dict[bytes, set[date]] = {}  # most devices have the same hours
    for device, hour_us in changed.items():
        for placed in site.placements.get(device, ()):
            if placed.room is not None:
                hung = _hung(placed, hour_us)
                key = hung.tobytes()
                if key not in days_of:
                    days_of[key] = local_days(hung, site.zone)
                dirty.rooms[placed.school, placed.room] |= days_of[key]
    return dirty


def hung_on(placed: Device, day: date, zone: ZoneInfo) -> bool:
    """Whether a placement is in force at some time of local ``day``."""
    start, end = day_span(day, zone)
    return (placed.valid_from is None or placed.valid_from < end) and (
        placed.valid_to is None or placed.valid_to > start
    )


def energy_touched(site: Site, device: str, changed_us: Ints, data_hours: Sequence[Ints]) -> Dirty:
    """School days that the changed hours of a meter's ``device`` bear on.

    Through interpolation and gaps a reading reaches the days in which its neighbours lie: from the
    ``NEIGHBOURS``-th hour with readings before it to the same after it. ``data_hours`` are the hours that
    hold good readings, one ascending array a register; they must reach a horizon beyond the changed ones.
    """
    dirty = Dirty()
    low, high = changed_us.copy(), changed_us.copy()
    for hours in data_hours:
        if len(hours):
            before = (np.searchsorted(hours, changed_us, "left") - NEIGHBOURS).clip(min=0)
            after = np.searchsorted(hours, changed_us, "right") + NEIGHBOURS - 1
            low = np.minimum(low, hours[before.clip(max=len(hours) - 1)])
            high = np.maximum(high, hours[after.clip(max=len(hours) - 1)])
    days = _days_between(low, high, site.zone)
    for placed in site.placements.get(device, ()):
        if placed.meter is not None:
            dirty.energy[placed.school] |= {day for day in days if hung_on(placed, day, site.zone)}
    return dirty


def still_open(site: Site, since: datetime, now: datetime, school: str) -> Dirty:
    """Days of ``school`` that were running at ``since`` or have begun after: their elapsed part has grown."""
    days = _range(since.astimezone(site.zone).date(), now.astimezone(site.zone).date())
    dirty = Dirty()
    for device in site.devices_of(school):
        if device.room is not None:
            dirty.rooms[school, device.room] |= {day for day in days if hung_on(device, day, site.zone)}
    if site.meters_of(school):
        dirty.energy[school] |= set(days)
    return dirty


def with_data(site: Site, school: str, hours: Mapping[str, Ints]) -> Dirty:
    """All days of ``school`` with readings (of every hour in the ledger); energy also the days between."""
    mine = {device.key for device in site.devices_of(school)}
    dirty = rooms_touched(site, {device: hours[device] for device in mine if device in hours})
    dirty.rooms = defaultdict(set, {key: days for key, days in dirty.rooms.items() if key[0] == school})
    energy: set[date] = set()
    for device in site.devices_of(school):
        if device.meter is not None and device.key in hours:
            energy |= local_days(_hung(device, hours[device.key]), site.zone)
    if energy:
        dirty.energy[school] |= set(_range(min(energy), max(energy)))
    return dirty


def outdated(site: Site, school: str, stored: Iterable[Metric], data: Dirty) -> Dirty:
    """Days of ``data`` without a metric, and days whose stored metrics had other inputs than they would
    have now.

    ``site`` is the part of ``school``; ``stored`` are its metrics of days.
    """
    placed: dict[str, list[Device]] = defaultdict(list)
    for device in sorted(site.devices, key=lambda d: d.key):
        placed[device.room or ""].append(device)
    dirty = Dirty()
    seen: dict[tuple[str, date], str] = {}
    of_school = []
    for metric in stored:
        if metric.scope is not Scope.ROOM:
            of_school.append(metric)
            continue
        day, room = metric.time.astimezone(site.zone).date(), metric.id
        if (room, day) not in seen:
            seen[room, day] = room_fingerprint(site, school, placed[room], room, day)
        if seen[room, day] != metric.fingerprint:
            dirty.rooms[school, room].add(day)
    for (its_school, room), days in data.rooms.items():
        dirty.rooms[its_school, room] |= {day for day in days if (room, day) not in seen}
    dirty.energy[school] |= _outdated_energy(site, school, of_school, data.energy[school])
    return dirty


def _outdated_energy(site: Site, school: str, stored: Iterable[Metric], data: set[date]) -> set[date]:
    found: set[date] = set()
    seen: dict[date, str] = {}
    plain: set[date] = set()
    profiled: set[date] = set()
    for metric in stored:
        day = metric.time.astimezone(site.zone).date()
        if day not in seen:
            seen[day] = energy_fingerprint(site, school, day)
        if (metric.scope, metric.metric) == (Scope.SCHOOL, "energy_kwh"):
            plain.add(day)
        if metric.metric in PROFILE_METRICS:
            profiled.add(day)
        if _expected(site, school, seen[day], metric, day) != metric.fingerprint:
            found.add(day)
    # Days of a version that had no profile, and days without any metric.
    return found | (plain - profiled) | (data - set(seen))


def _expected(site: Site, school: str, energy: str, metric: Metric, day: date) -> str:
    """The fingerprint that a stored metric of energy, its profile or its emissions would get now; ``energy``
    is its day's."""
    if metric.metric in PROFILE_METRICS:
        return profile_fingerprint(site, school, day, energy)
    if metric.carrier is None or metric.metric not in EMISSION_METRICS:
        return energy
    basis = next(basis for basis in BASES if basis == metric.basis)
    by_line = factors_of(site.factors, metric.carrier, basis, day.year, site.settings.factors.chosen)
    return emission_day(energy, by_line.values(), day.year)


def _hung(placed: Device, hour_us: Ints) -> Ints:
    """The hours that overlap a placement."""
    keep = np.ones(len(hour_us), dtype=bool)
    if placed.valid_from is not None:
        keep &= hour_us + _HOUR_US > to_us(placed.valid_from)
    if placed.valid_to is not None:
        keep &= hour_us < to_us(placed.valid_to)
    return hour_us[keep]


def _days_between(low_us: Ints, high_us: Ints, zone: ZoneInfo) -> set[date]:
    """All local days from each hour of ``low_us`` to the matching hour of ``high_us``."""
    days: set[date] = set()
    pairs = np.unique(np.stack([low_us, high_us]), axis=1)
    first = pd.to_datetime(pairs[0], unit="us", utc=True).tz_convert(zone).date
    last = pd.to_datetime(pairs[1] + _HOUR_US - 1, unit="us", utc=True).tz_convert(zone).date
    for start, end in set(zip(first, last, strict=True)):
        days.update(_range(start, end))
    return days


def _range(first: date, last: date) -> list[date]:
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]
