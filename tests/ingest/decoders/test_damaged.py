"""Damaged payloads of every family: cut, lengthened, with flipped bits."""

from __future__ import annotations

import json
import math
import random
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from classroom.quantity import QUANTITIES
from ingest.decoders import REASONS, decode
from ingest.message import Decoded, Message, Undecodable

FOLDER = Path(__file__).parent / "cases"
RECEIVED = datetime(2026, 3, 10, 12, tzinfo=UTC)


def given(path: Path) -> tuple[str, bytes]:
    case = json.loads(path.read_text(encoding="utf-8"))
    payload = case["payload"]
    text = payload if isinstance(payload, str) else json.dumps(payload, ensure_ascii=False)
    return case["topic"], text.encode()


def damaged(payload: bytes, seed: str) -> Iterator[bytes]:
    """Cut at up to 25 places, longer by some bytes, with one to three of its bits flipped."""
    chance = random.Random(seed)
    for _ in range(25):
        yield payload[: chance.randrange(len(payload) + 1)]
    for tail in (b"\x00", b"}", b" ", b"7", chance.randbytes(5), payload):
        yield payload + tail
    for _ in range(50):
        flipped = bytearray(payload)
        for _ in range(chance.randint(1, 3)):
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
        yield bytes(flipped)


def outcome(topic: str, payload: bytes) -> Decoded | Undecodable:
    try:
        return decode(Message(topic, payload, RECEIVED))
    except Undecodable as refusal:
        return refusal


@pytest.mark.parametrize("family", sorted(path.name for path in FOLDER.iterdir()))
def test_damage_gives_known_values_or_a_refusal(family: str) -> None:
    for path in sorted(FOLDER.glob(f"{family}/*/input.json")):
        topic, payload = given(path)
        for each in damaged(payload, path.parent.name) if payload else ():
            decoded = outcome(topic, each)
            if isinstance(decoded, Undecodable):
                assert decoded.reason in REASONS
                continue
            assert decoded.device
            assert decoded.values
            assert all(
                value.quantity in QUANTITIES and math.isfinite(value.value) for value in decoded.values
            )


def test_a_telegram_with_a_checksum_is_read_as_it_was_sent_or_not_at_all() -> None:
    """The only family here whose messages can prove themselves."""
    topic, payload = given(FOLDER / "p1" / "swedish" / "input.json")
    good = outcome(topic, payload)
    assert isinstance(good, Decoded)
    for each in damaged(payload, "p1"):
        decoded = outcome(topic, each)
        assert isinstance(decoded, Undecodable) or decoded.values == good.values
