"""From a decoded message to readings: whose time counts, and what one message alone shows to be wrong.

A reading is never changed; a flag stands beside it. Time, in order of preference: the value's own
(back-filled history), the message's (the network server's), the receipt. A device's clock is believed between
``backfill_days`` before and ``clock_tolerance_s`` after the receipt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from classroom.quantity import QUANTITIES
from classroom.reading import Flag, Reading
from classroom.settings import IngestSettings
from ingest.message import Decoded, Message, Undecodable, Value

RETAINED = "retained_without_time"
_LIMITS, _CLOCK, _SENTINEL = (
    int(Flag.LIMITS),
    int(Flag.CLOCK),
    int(Flag.SENTINEL),
)  # plain numbers are 10× cheaper


@dataclass(slots=True)
class Checked:
    """Readings of one message; ``refused`` counts values that cannot be a reading, by reason."""

    readings: list[Reading] = field(default_factory=list)
    refused: dict[str, int] = field(default_factory=dict)


def check(message: Message, decoded: Decoded, settings: IngestSettings) -> Checked:
    """Readings of a decoded message, with their flags.

    A value that is not finite or whose quantity is not known is refused. A retained message may be of any
    age, so its values without a believable time are refused too: they never get the time of receipt.

    Raises:
        Undecodable: no reading is left (``retained_without_time`` or ``no_reading``).
    """
    checked = Checked()
    message_time = believable(decoded.time, message.received, settings)
    for value in decoded.values:
        time = message_time
        if value.time is not None:
            time = believable(value.time, message.received, settings)
        reading = _reading(message, decoded, value, time)
        if isinstance(reading, str):
            checked.refused[reading] = checked.refused.get(reading, 0) + 1
        else:
            checked.readings.append(reading)
    if not checked.readings:
        reason = RETAINED if RETAINED in checked.refused else "no_reading"
        raise Undecodable(reason, describe(checked.refused), decoded.device, decoded.family)
    return checked


def _reading(message: Message, decoded: Decoded, value: Value, time: datetime | None) -> Reading | str:
    """The reading of a value said at ``time`` (None: no believable time), or why it cannot be one."""
    quantity = QUANTITIES.get(value.quantity)
    if quantity is None:
        return "unknown_quantity"
    number = float(value.value)
    if not math.isfinite(number):
        return "not_finite"
    flag = 0
    if time is None:
        if message.retain:
            return RETAINED
        time = message.received
        if value.time or decoded.time:
            flag = _CLOCK
    if value.sentinel:
        flag |= _SENTINEL
    if not quantity.within_limits(number):
        flag |= _LIMITS
    return Reading(decoded.device, quantity.key, time, number, flag)


def believable(time: datetime | None, received: datetime, settings: IngestSettings) -> datetime | None:
    """``time`` in UTC if a clock can have said it at ``received``, else None. Both are aware."""
    if time is None:
        return None
    ahead_s = (time - received).total_seconds()
    credible = -settings.backfill_days * 86_400 <= ahead_s <= settings.clock_tolerance_s
    return time.astimezone(UTC) if credible else None


def describe(refused: Mapping[str, int]) -> str:
    """Numbers of refused values by reason, for people."""
    return ", ".join(f"{count} × {reason}" for reason, count in refused.items()) or "no values"
