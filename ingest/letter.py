"""What is kept of messages that gave no reading, or not all they hold, and of the devices that were heard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ingest.message import Message

VALUE_REFUSED = "value_refused"
"""Reason of a letter whose message was stored, but not every value in it: it is no dead letter."""

REASONS = (
    *("not_json", "wrong_type", "no_decoder", "no_codec", "codec_failed", "codec_stopped", "no_reading"),
    *("bad_topic", "retained_without_time", "too_large", "store_refused", "decoder_fault", VALUE_REFUSED),
)
"""Every reason there is, in the order of docs/dead-letters.md."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A message that gave no reading, or not all it holds.

    ``size`` [bytes] is what was received, the payload may be cut. ``replayed_id`` is the letter that was
    handed in again as this message, 0 for a message of the broker.
    """

    spool_id: int
    message: Message
    size: int
    reason: str
    detail: str = ""
    device: str | None = None
    family: str | None = None
    replayed_id: int = 0


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter as kept; ``tries`` counts how often its message was read in vain.

    ``whole`` is False where the payload was cut; such a letter cannot be replayed.
    """

    id: int
    message: Message
    size: int
    reason: str
    detail: str
    device: str | None
    family: str | None
    tries: int

    @property
    def whole(self) -> bool:
        """Whether the payload is complete."""
        return self.size == len(self.message.payload)


@dataclass(frozen=True, slots=True)
class Which:
    """Which letters are meant; what is None does not narrow.

    ``topic`` is an MQTT topic filter with ``+`` and ``#``, ``received_before`` aware UTC.
    """

    reason: str | None = None
    family: str | None = None
    topic: str | None = None
    ids: tuple[int, ...] | None = None
    received_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Group:
    """Letters that have something in common; ``first`` and ``last`` are receive times (aware UTC)."""

    key: str | None
    letters: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that was heard, placed or not. Times are aware UTC, ``hints`` only suggest a place."""

    device: str
    family: str | None
    first_seen: datetime
    last_seen: datetime
    last_topic: str
    messages: int
    hints: Mapping[str, str] = field(default_factory=dict)


def in_words(counts: Mapping[str, int]) -> str:
    """Numbers of letters by reason for people: ``3 not_json, 1 no_codec``."""
    return ", ".join(f"{number} {reason}" for reason, number in counts.items()) or "none"
