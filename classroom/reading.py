"""A reading: one value of one quantity from one device at one time."""

from __future__ import annotations

from datetime import datetime
from enum import IntFlag
from typing import NamedTuple


class Flag(IntFlag):
    """What one message alone shows to be wrong with a reading; 0 is good. A reading is never changed."""

    LIMITS = 1  # outside the quantity's physical limits
    CLOCK = 2  # the device's clock cannot be right; ``time`` is when it was received
    SENTINEL = 4  # a value the maker uses for "not available" (327.67, -127, …)


class Reading(NamedTuple):
    """One reading as stored: tagged by device, never by place.

    ``device`` is the stable device key, ``quantity`` a key of :data:`classroom.quantity.QUANTITIES`, ``time``
    timezone-aware UTC (microseconds), ``value`` finite and in the quantity's unit, ``flag`` a :class:`Flag`.
    """

    device: str
    quantity: str
    time: datetime
    value: float
    flag: int = 0
