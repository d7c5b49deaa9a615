"""What is wrong with a device: silent, drifted, stuck, low on battery."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from api.live import LiveHub
from classroom.air import is_stale
from classroom.places import Device
from classroom.reading import Reading

LOW_BATTERY_PCT = 20
"""Below this a battery should be changed at the next visit; a lithium cell falls fast from here."""


class Trouble(StrEnum):
    """What is wrong with a device, the worst first."""

    NEVER = "never"
    SILENT = "silent"
    DRIFT = "drift"
    STUCK = "stuck"
    BATTERY = "battery"


def trouble_of(device: Device, readings: Sequence[Reading], live: LiveHub, now: datetime) -> Trouble | None:
    """What is wrong with ``device`` at ``now`` by its newest reading of each quantity; None: it is well."""
    last = max((reading.time for reading in readings), default=None)
    if last is None:
        return Trouble.NEVER
    if is_stale((now - last).total_seconds(), device.interval_s):
        return Trouble.SILENT
    verdicts = {live.verdicts.distrust(reading, device.interval_s) for reading in readings}
    if "drift" in verdicts:
        return Trouble.DRIFT
    if "stale" in verdicts:
        return Trouble.STUCK
    low = any(r.quantity == "battery_pct" and r.value < LOW_BATTERY_PCT for r in readings)
    return Trouble.BATTERY if low else None
