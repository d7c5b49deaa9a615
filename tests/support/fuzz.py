"""Damaged messages of every family with good ones between them, and what must have become of them.

Everything follows from a seed. Every tenth message is good and has a time of its own: nine native ones and
then one whose bytes a site's JavaScript codec reads. The others begin as a real message (the decoders' cases,
and ``../shared/data/payloads.jsonl`` where it is) and are cut, flipped, given wrong types, huge numbers,
depth, odd topics; or they are noise from the start.
"""

from __future__ import annotations

import base64
import json
import random
import struct
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from classroom.reading import Reading
from ingest.codecs.codec import Codec, parse_codec
from ingest.message import Message
from running import ROOT, SHARED
from store.base import Store

EVERY = 10
"""Each so many-th message is a good one."""

RECEIVED = datetime(2026, 11, 16, 9, tzinfo=UTC)
BEGIN = RECEIVED - timedelta(days=30)
DEVICES = 20
_CODEC_EUI, _LOOP_EUI = "70b3d5f0", "70b3d5f1"
_CODEC = """function decodeUplink(input) {
  var b = input.bytes;
  if (b.length !== 4) return {errors: ['four bytes, not ' + b.length]};
  return {data: {kwh: b[0] * 16777216 + b[1] * 65536 + b[2] * 256 + b[3]}};
}"""
_LOOP = "function decodeUplink(input) { var a = []; while (true) a.push(input.bytes); }"
_MEANING = '[[value]]\npath = "kwh"\nquantity = "energy_kwh"\n'

_WORDS = ("", "n/a", "NaN", "∞", "å\u0000", "1e400", "0x1F", "true", "\ud83d\ude00", "x" * 3_000, "-")
_NUMBERS = (0, -1, 2**31, 2**63, 2**64, 10**40, -(10**308), 1e308, 5e-324, -0.0, 655.35, float("nan"))
_TOPICS = ("", "/", "//", "classroom", "classroom////", "$SYS/broker/uptime", "a/" * 200, "å/ä\u00a0/😀")


class Fuzzed(NamedTuple):
    """A message, and the reading it must give if it is a good one."""

    message: Message
    good: Reading | None = None


def codecs() -> list[Codec]:
    """The codec of the good messages, and one that never ends."""
    return [
        parse_codec(name, script, f'[match]\ndev_eui = ["{eui}"]\n{_MEANING}', name)
        for name, script, eui in (("good", _CODEC, _CODEC_EUI), ("loop", _LOOP, _LOOP_EUI))
    ]


def stream(seed: int, number: int) -> Iterator[Fuzzed]:
    """``number`` messages; the same for the same seed."""
    chance = random.Random(seed)
    seeds = _seeds()
    for n in range(number):
        received = RECEIVED + timedelta(milliseconds=n)
        if n % EVERY == 0:
            yield _good(n, received)
        else:
            topic, payload = _damaged(chance, seeds)
            yield Fuzzed(Message(topic, payload, received, chance.random() < 0.02))


def publishable(message: Message) -> bool:
    """Whether any broker takes the message and ``#`` delivers it.

    The embedded broker's router dies of a topic that begins beyond ASCII (rumqttd 0.20 cuts it after a byte).
    """
    topic = message.topic
    odd = (
        topic[:1] in ("", "$")
        or not topic[0].isascii()
        or any(sign in topic for sign in "+#")
        or not topic.isprintable()
    )
    return not odd and len(topic.encode()) < 1_000 and 0 < len(message.payload) < 15_000


def wrong(store: Store, number: int) -> tuple[int, int]:
    """Of the good ones among the first ``number`` messages: how many are stored right, how many not once."""
    expected = {}
    for n in range(0, number, EVERY):
        reading = _good(n, RECEIVED).good
        assert reading is not None
        expected[reading.device, reading.time] = (reading.quantity, reading.value, 0)
    devices = sorted({device for device, _ in expected})
    frame = store.read_readings(devices, None, BEGIN - timedelta(days=400), RECEIVED + timedelta(days=400))
    times = [time.to_pydatetime() for time in frame["time"]]
    found = zip(frame["device"], times, frame["quantity"], frame["value"], frame["flag"], strict=True)
    right, other = 0, 0
    for device, time, *rest in found:
        if expected.pop((device, time), None) == tuple(rest):
            right += 1
        else:
            other += 1
    return right, other + len(expected)


def _good(n: int, received: datetime) -> Fuzzed:
    at = BEGIN + timedelta(seconds=n)
    if n // EVERY % 10 == 9:
        eui = f"{_CODEC_EUI}{n // EVERY % DEVICES:08x}"
        topic, payload = _uplink(eui, struct.pack(">I", n), at)
        return Fuzzed(Message(topic, payload, received), Reading(eui, "energy_kwh", at, float(n)))
    device = f"g{n // EVERY % DEVICES}"
    payload = json.dumps({"energy_kwh": n, "time": at.isoformat()}).encode()
    reading = Reading(f"fuzz-good/{device}", "energy_kwh", at, float(n))
    return Fuzzed(Message(f"classroom/fuzz-good/1/{device}", payload, received), reading)


def _uplink(eui: str, data: bytes, at: datetime) -> tuple[str, bytes]:
    document = {
        "time": at.isoformat(),
        "deviceInfo": {"devEui": eui, "deviceName": "fuzz"},
        "fCnt": 1,
        "fPort": 2,
        "data": base64.b64encode(data).decode(),
    }
    return f"application/1/device/{eui}/event/up", json.dumps(document).encode()


def _seeds() -> list[tuple[str, bytes]]:
    """Topics and payloads of real messages."""
    found = []
    for path in sorted((ROOT / "tests" / "ingest" / "decoders" / "cases").glob("*/*/input.json")):
        case = json.loads(path.read_text(encoding="utf-8"))
        found.append((case["topic"], _bytes(case["payload"])))
    recorded = SHARED / "payloads.jsonl"
    if recorded.exists():
        for line in recorded.read_text(encoding="utf-8").splitlines():
            entry = json.loads(line)
            found.append((entry["topic"], _bytes(entry["payload"])))
    found += [_uplink(f"{_CODEC_EUI}ffffffff", bytes(size), BEGIN) for size in (0, 3, 4)]
    found.append(_uplink(f"{_LOOP_EUI}00000001", b"\1", BEGIN))
    return found


def _bytes(payload: Any) -> bytes:
    return (payload if isinstance(payload, str) else json.dumps(payload)).encode()


def _damaged(chance: random.Random, seeds: list[tuple[str, bytes]]) -> tuple[str, bytes]:
    topic, payload = chance.choice(seeds)
    if chance.random() < 0.03:
        topic = chance.choice((chance.choice(_TOPICS), chance.choice(seeds)[0], _shuffled(chance, topic)))
    if chance.random() < 0.1:
        return topic, payload
    return topic, chance.choice(_DAMAGES)(chance, payload)


def _shuffled(chance: random.Random, topic: str) -> str:
    levels = topic.split("/")
    levels[chance.randrange(len(levels))] = chance.choice(("", " ", "é" * 300, "\x07", "'; --", "../.."))
    return "/".join(levels)


def _cut(chance: random.Random, payload: bytes) -> bytes:
    return payload[: chance.randrange(len(payload) + 1)]


def _flipped(chance: random.Random, payload: bytes) -> bytes:
    data = bytearray(payload)
    for _ in range(chance.randint(1, 4) if data else 0):
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(data)


def _noise(chance: random.Random, payload: bytes) -> bytes:
    del payload
    size = 70_000 if chance.random() < 0.001 else chance.randrange(200)
    return chance.randbytes(size)


def _invented(chance: random.Random, payload: bytes) -> bytes:
    del payload
    return json.dumps(_anything(chance, 4)).encode(errors="surrogatepass")


def _deep(chance: random.Random, payload: bytes) -> bytes:
    depth = chance.choice((50, 900, 5_000))
    return b'{"a":' * depth + payload + b"}" * depth if chance.random() < 0.5 else b"[" * depth + b"]" * depth


def _respelled(chance: random.Random, payload: bytes) -> bytes:
    """A number replaced by one no table expects, also such as JSON does not know."""
    digits = [place for place, byte in enumerate(payload) if 48 <= byte <= 57]
    if not digits:
        return payload
    place = chance.choice(digits)
    number = chance.choice(
        (b"1e999", b"-0", b"NaN", b"Infinity", b"00", b"9" * 400, b"1e-400", b"0x9", b"null")
    )
    return payload[:place] + number + payload[place + 1 :]


def _mistyped(chance: random.Random, payload: bytes) -> bytes:
    """A member of the JSON document that is something else, gone, or there under another name."""
    try:
        document = json.loads(payload)
    except ValueError:
        return _flipped(chance, payload)
    place = document
    while isinstance(place, dict | list) and place:
        key = chance.choice(list(place)) if isinstance(place, dict) else chance.randrange(len(place))
        inner = place[key]
        if isinstance(inner, dict | list) and inner and chance.random() < 0.7:
            place = inner
            continue
        if chance.random() < 0.15:
            del place[key]
        else:
            place[key] = _anything(chance, 2)
        break
    return json.dumps(document).encode(errors="surrogatepass")


def _anything(chance: random.Random, depth: int) -> Any:
    kind = chance.randrange(7 if depth else 5)
    if kind == 0:
        return chance.choice((None, True, False))
    if kind == 1:
        return chance.choice(_NUMBERS)
    if kind == 2:
        return chance.choice(_WORDS)
    if kind == 3:
        return chance.uniform(-1e4, 1e4)
    if kind == 4:
        return chance.choice(
            ("2026-03-10T12:00:00Z", "2026-02-30T25:61:61+99:00", "9999-12-31T23:59:59-23:59")
        )
    if kind == 5:
        return [_anything(chance, depth - 1) for _ in range(chance.randrange(4))]
    names = ("co2_ppm", "time", "data", "values", "temperature", "energy", "é", "")
    return {chance.choice(names): _anything(chance, depth - 1) for _ in range(chance.randrange(4))}


_DAMAGES: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _cut,
    _flipped,
    _noise,
    _invented,
    _deep,
    _respelled,
    _mistyped,
    _mistyped,
    _mistyped,
)
