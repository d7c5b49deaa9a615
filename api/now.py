"""What a room is like now: the newest value of each quantity and the CO2 light."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from api.live import LiveHub
from api.models import AirNow, RoomNow, ValueNow
from classroom.air import air_level, is_stale, shown_ppm
from classroom.places import Device
from classroom.quantity import QUANTITIES
from classroom.reading import Reading
from classroom.site import Site

_DISTRUST: dict[str, Literal["stuck", "drift"]] = {"stale": "stuck", "drift": "drift"}


def room_now(site: Site, live: LiveHub, school: str, room: str, now: datetime) -> RoomNow:
    """State of a room at ``now`` (aware UTC), from memory alone.

    Only devices that hang in the room now count, and only readings made since they hang there. Where several
    devices measure a quantity, a current good reading goes before an old, flagged or distrusted one, then the
    newer before the older.

    Raises:
        KeyError: no such room.
    """
    found = site.room_by_key[(school, room)]
    placed = [d for d in site.devices_in_room(school, room) if d.holds_at(now)]
    values = values_now(placed, live, now)
    return RoomNow(
        time=now,
        school=school,
        room=room,
        name=found.name,
        air=_air(values, live),
        values=values,
    )


def values_now(placed: Sequence[Device], live: LiveHub, now: datetime) -> list[ValueNow]:
    """The best present value of each quantity that the placed devices measure, in the order of QUANTITIES."""
    best: dict[str, ValueNow] = {}
    for device in placed:
        for reading in live.latest(device.key):
            if reading.quantity not in QUANTITIES or not device.holds_at(reading.time):
                continue
            value = _value(reading, device.interval_s, now, live)
            known = best.get(reading.quantity)
            if known is None or _rank(value) > _rank(known):
                best[reading.quantity] = value
    return [best[key] for key in QUANTITIES if key in best]


def _value(reading: Reading, interval_s: int, now: datetime, live: LiveHub) -> ValueNow:
    age_s = max(0.0, (now - reading.time).total_seconds())  # clocks may run ahead by seconds
    return ValueNow(
        quantity=reading.quantity,
        value=reading.value,
        unit=QUANTITIES[reading.quantity].unit,
        time=reading.time,
        age_s=round(age_s, 1),
        stale=is_stale(age_s, interval_s),
        flag=reading.flag,
        device=reading.device,
        interval_s=interval_s,
        verdict=live.verdicts.distrust(reading, interval_s),
    )


def _rank(value: ValueNow) -> tuple[bool, datetime, str]:
    good = not value.stale and value.flag == 0 and value.verdict is None
    return (good, value.time, value.device)


def _air(values: Sequence[ValueNow], live: LiveHub) -> AirNow:
    co2 = next((value for value in values if value.quantity == "co2_ppm"), None)
    if co2 is None:
        return AirNow(level=None, since=None, shown_ppm=None, reason="no_reading")
    level = air_level(co2.value, stale=co2.stale or co2.verdict is not None, flag=co2.flag)
    if level is None:
        reason = "stale" if co2.stale else _DISTRUST.get(co2.verdict or "", "flagged")
        return AirNow(level=None, since=None, shown_ppm=None, reason=reason)
    settled, since = live.level_of(co2.device) or (level, None)
    return AirNow(level=settled, since=since or co2.time, shown_ppm=shown_ppm(co2.value), reason=None)
