"""Which days a changed hour moves through CO2 baselines, and the nights that a batch of days needs.

A day's baseline looks back over BASELINE_DAYS of rollups. So a changed hour of a night or a weekend
moves not only its own day but, through the baseline, the fortnight after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.dirty import Dirty, Ints, hours_by_device, hung_on, local_days, rooms_touched
from analytics.nights import BASELINE_SPAN, NIGHTS_READ, Nights, nights_of, trusted_hours
from analytics.ventilation import BASELINE_DAYS, night_hours
from classroom.site import Site
from classroom.timetable import Span, day_span
from store.base import HOUR_KEY, Store


def load_nights(
    store: Store, site: Site, school: str, rooms: Mapping[str, Sequence[date]], now: datetime
) -> Nights:
    """CO2 of nights and weekends around those room days of ``school`` that have ended; the others tell no
    ventilation yet.

    Raises:
        StoreError: the store cannot serve now.
    """
    ended = [day for days in rooms.values() for day in days if day_span(day, site.zone)[1] <= now]
    devices = sorted({d.key for d in site.devices_of(school) if d.room in rooms})
    if not ended or not devices:
        return {}
    first, last = day_span(min(ended), site.zone)[0] - BASELINE_SPAN, day_span(max(ended), site.zone)[1]
    hours = store.read_hours(devices, ["co2_ppm"], first, last, columns=NIGHTS_READ)
    return nights_of(trusted_hours(hours, store.read_verdicts(devices, first, last)), site.zone)


def moved_days(store: Store, site: Site, changed: Mapping[str, Ints], known: Dirty, now: datetime) -> Dirty:
    """Room days with readings, not ``known`` already, whose baseline the changed (device, hour)s may move.

    While readings come in live there are none: what follows a changed hour has not happened yet.

    Raises:
        StoreError: the store cannot serve now.
    """
    today = now.astimezone(site.zone).date()
    asked = {
        key: days - known.rooms.get(key, set())
        for key, days in _following(site, changed, today).rooms.items()
    }
    asked = {key: days for key, days in asked.items() if days}
    found = Dirty()
    if not asked:
        return found
    devices = sorted({device.key for key in asked for device in site.devices_in_room(*key)})
    span = _span(site, (day for days in asked.values() for day in days))
    hours = store.read_hours(devices, None, *span, columns=HOUR_KEY)
    with_readings = rooms_touched(site, hours_by_device(hours))
    for key, days in asked.items():
        found.rooms[key] |= days & with_readings.rooms.get(key, set())
    return found


def _following(site: Site, changed: Mapping[str, Ints], until: date) -> Dirty:
    """The fortnight after changed hours of nights and weekends, up to ``until``, in the rooms where the
    sensors hung by then."""
    dirty = Dirty()
    days_of: dict[bytes, set[date]] = {}  # most devices have the same hours
    for device, hour_us in changed.items():
        placements = [placed for placed in site.placements.get(device, ()) if placed.room is not None]
        key = hour_us.tobytes()
        if placements and key not in days_of:
            days_of[key] = _fortnight_after(hour_us, site.zone, until)
        for placed in placements:
            hung = {day for day in days_of[key] if hung_on(placed, day, site.zone)}
            dirty.rooms[placed.school, placed.room or ""] |= hung
    return dirty


def _fortnight_after(hour_us: Ints, zone: ZoneInfo, until: date) -> set[date]:
    """The fortnight after those of the hours that lie in nights and weekends, up to ``until``."""
    if not len(hour_us):
        return set()
    nights = hour_us[night_hours(pd.Series(pd.to_datetime(hour_us, unit="us", utc=True)), zone)]
    return {
        day + timedelta(days=more)
        for day in local_days(nights, zone)
        for more in range(1, min(BASELINE_DAYS, (until - day).days) + 1)
    }


def _span(site: Site, days: Iterable[date]) -> Span:
    ordered = sorted(set(days))
    return day_span(ordered[0], site.zone)[0], day_span(ordered[-1], site.zone)[1]
