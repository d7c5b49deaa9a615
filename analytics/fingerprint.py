"""Fingerprints: a short hash of every input of a metric that is not a reading.

A metric is computed again when its fingerprint would be another: a new method, limit, factor, place, share
or lesson makes exactly the days dirty whose fingerprint it enters.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta

from analytics.catalog import CATALOG, COMFORT, EMISSIONS, INDOOR, INTERVALS, PROFILE, REGISTERS, VENTILATION
from analytics.verdicts import METHOD as VERDICTS
from classroom.factors import Factor
from classroom.places import Device, Meter
from classroom.settings import AnalyticsSettings
from classroom.site import Site
from classroom.timetable import Span

WINDOW = timedelta(days=31)
"""How far around a day the energy methods look (``points.HORIZON_US``): placements beyond it do not matter
to the day."""


def fingerprint(*parts: object) -> str:
    """Sixteen hex digits that change whenever any part does; parts are plain values, lists and times."""
    text = json.dumps(parts, default=str, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def room_day(
    limits: AnalyticsSettings,
    devices: Sequence[Device],
    spans: Sequence[Span],
    day: Span,
    summer: bool,
    air: Sequence[object] = (),
) -> str:
    """Fingerprint of a room's metrics of one local day: methods, limits in force, who hung there, occupied
    spans, and what its ventilation depends on beside (``air``: size, people, hours of the fans)."""
    high = limits.summer_high_c if summer else limits.comfort_high_c
    placed = sorted(
        [d.key, d.interval_s, *_within(d.valid_from, d.valid_to, day)]
        for d in devices
        if _touches(d.valid_from, d.valid_to, day)
    )
    methods = (INDOOR, COMFORT, VENTILATION)
    held = (limits.co2_limit_ppm, limits.co2_high_ppm, limits.comfort_low_c, high)
    return fingerprint(methods, held, placed, list(spans), list(air))


def energy_day(meters: Sequence[Meter], devices: Sequence[Device], day: Span) -> str:
    """Fingerprint of a school's energy of one local day: method, meter tree with shares, devices at the
    meters."""
    window = (day[0] - WINDOW, day[1] + WINDOW)
    rows = sorted(
        [m.key, m.carrier, m.role, m.parent or "", m.share, *_within(m.valid_from, m.valid_to, window)]
        for m in meters
        if _touches(m.valid_from, m.valid_to, window)
    )
    placed = sorted(
        [
            *(d.key, d.meter or "", d.interval_s, d.pulses_per_kwh or 0, d.scale),
            *_within(d.valid_from, d.valid_to, window),
        ]
        for d in devices
        if d.meter is not None and _touches(d.valid_from, d.valid_to, window)
    )
    return fingerprint([REGISTERS, INTERVALS], rows, placed)


def profile_day(
    energy: str, open_spans: Sequence[Span], kind: str, atemp_m2: float | None, pupils: int | None
) -> str:
    """Fingerprint of a school's profile metrics of one local day: that of the energy, when the school was
    open, the kind of day, and its size."""
    return fingerprint(PROFILE, energy, list(open_spans), kind, atemp_m2 or 0, pupils or 0)


def emission_day(energy: str, factors: Iterable[Factor], year: int) -> str:
    """Fingerprint of the emissions of a carrier on a basis: that of the energy, the factors of its lines, and
    the year that they serve."""
    chosen = sorted([f.covers, f.id, f.g_per_kwh, f.year] for f in factors)
    return fingerprint(EMISSIONS, energy, chosen, year)


def device_inputs(placed: Device) -> str:
    """Fingerprint of what a device's rollups and verdicts depend on beside readings; ``placed`` is its last
    placement."""
    return fingerprint(VERDICTS, placed.interval_s, placed.pulses_per_kwh or 0, placed.scale)


def school_inputs(site: Site, school: str) -> str:
    """Fingerprint of everything about a school that any of its metrics may use: equal, and nothing else
    need be looked at."""
    municipality = site.school_by_key[school].municipality
    rows = [
        site.school_by_key[school],
        *(row for row in site.attributes if row.school == school),
        *site.rooms_of(school),
        *site.meters_of(school),
        *site.devices_of(school),
        *site.lessons_of(school),
        *(row for row in site.calendar_of(school) if row.municipality in (None, municipality)),
        *(factor for factor in site.factors if factor.id in site.settings.factors.chosen),
    ]
    limits = site.settings.analytics.model_dump_json(exclude={"every_s", "processes"})
    methods = sorted({VERDICTS, INTERVALS, *(entry.method for entry in CATALOG.values())})
    return fingerprint(methods, site.settings.site.time_zone, [row.model_dump_json() for row in rows], limits)


def combined(fingerprints: Iterable[str]) -> str:
    """Fingerprint of a figure made from figures with these fingerprints."""
    return fingerprint(sorted(set(fingerprints)))


def _touches(valid_from: datetime | None, valid_to: datetime | None, span: Span) -> bool:
    return (valid_from is None or valid_from < span[1]) and (valid_to is None or valid_to > span[0])


def _within(valid_from: datetime | None, valid_to: datetime | None, span: Span) -> list[str]:
    """A validity as far as it can be seen from ``span``: bounds outside it are open."""
    inside_from = valid_from is not None and valid_from > span[0]
    inside_to = valid_to is not None and valid_to < span[1]
    return [_text(valid_from) if inside_from else "", _text(valid_to) if inside_to else ""]


def _text(time: datetime | date | None) -> str:
    return time.astimezone(UTC).isoformat() if isinstance(time, datetime) else str(time)
