"""What decoders are given and what they give back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it was received. ``received`` is fixed when it is spooled, so that a retry keeps it."""

    topic: str
    payload: bytes
    received: datetime
    retain: bool = False


class Value(NamedTuple):
    """One decoded value. ``time`` is set only where the record has its own (back-filled history).

    ``sentinel`` marks a number the maker uses for "not available".
    """

    quantity: str
    value: float
    time: datetime | None = None
    sentinel: bool = False


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a message says.

    ``device`` is the stable device key, ``time`` the best time the message itself carries (aware UTC), None
    if it carries none. ``hints`` (name, tags, topic's school and room) may suggest a place; they never decide
    it. ``rejected`` names what the message also held and could not be used (``"co2_ppm: text is not a
    number"``): the good values of the same message are stored, and the message is kept for the others.
    ``unknown`` names keys that mean nothing here; they are counted only, a device may send them for ever.
    """

    family: str
    device: str
    values: tuple[Value, ...]
    time: datetime | None = None
    hints: Mapping[str, str] = field(default_factory=dict)
    rejected: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()


class Undecodable(Exception):  # noqa: N818 - named by what it says of the message
    """The message yields no reading; ``reason`` is a stable word for counters, ``detail`` is for people.

    ``family`` is the decoder that recognised it, as far as one did.
    """

    def __init__(
        self, reason: str, detail: str = "", device: str | None = None, family: str | None = None
    ) -> None:
        self.reason = reason
        self.detail = detail
        self.device = device
        self.family = family
        super().__init__(f"{reason}: {detail}" if detail else reason)
