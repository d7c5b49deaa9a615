"""Milesight's binary payloads (AM, EM, WS, VS, CT): channel byte, type byte, value, repeated.

A type's meaning depends on the model in a few places (:data:`ingest.decoders.milesight_tables.MODELS`). The
model is taken from profile, name or tags, else from the devEUI, else from the other records of the message.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from classroom.quantity import QUANTITIES
from ingest.decoders.mappings.table import Outcome
from ingest.decoders.milesight_tables import (
    COMPANIONS,
    HISTORY,
    HISTORY_CHANNELS,
    LENGTH,
    MODELS,
    PARTS,
    PRODUCTS,
    REPLIES,
    SETTINGS,
    SETTINGS_LENGTH,
    Layout,
    Pair,
    Part,
)
from ingest.message import Undecodable, Value

OUI = "24e124"
PORT = 85  # the factory setting
_A_WEIGHTED = 1
_SOUND: Pair = (0x05, 0x5B)
_CLOCK_SET = datetime(2015, 1, 1, tzinfo=UTC).timestamp()
_TOKEN = re.compile(r"(?<![a-z0-9])(am|em|ws|vs|ct)[ _-]?(\d{3})([a-z0-9]*)((?:[ _-][a-z0-9]+)*)")
_KINDS = "th di hall mcs sld zld mld cl co2 smtc pt100 lgt pp swl udl v2 thv2"
_SUFFIXES = frozenset(_KINDS.split())


_PARTS = {"": PARTS, **{name: {**PARTS, **model.parts} for name, model in MODELS.items()}}
_BACK_FILLED: dict[int, list[tuple[str, Layout]]] = {}
"""Models with back-filled records and their layouts, by length."""

for _name, _model in MODELS.items():
    for _each in _model.history:
        _BACK_FILLED.setdefault(_each.length, []).append((_name, _each))
_UNPACK = {code: struct.Struct("<" + code).unpack_from for code in "BhHI"}
_AIR = {(0x03, 0x67), (0x04, 0x68)}


class _Record(NamedTuple):
    pair: Pair
    chunk: bytes
    layout: Layout | None = None


def model_named(hints: Mapping[str, str]) -> str:
    """The key of a Milesight model that profile, name or tags name ("WS202 hall" gives ws202), else ""."""
    for key in ("profile", "name", *(key for key in hints if key.startswith("tag."))):
        found = _TOKEN.search(hints.get(key, "").lower())
        if found:
            series, number, letters, rest = found.groups()
            more = re.split(r"[ _-]", rest)[1:]
            last = next((place for place, part in enumerate(more) if part not in _SUFFIXES), len(more))
            name = series + number + letters + "".join(more[:last])
            if model := _known_prefix(name):
                return model
    return ""


def _known_prefix(name: str) -> str:
    return next((name[:end] for end in range(len(name), 1, -1) if name[:end] in MODELS), "")


def decode_known(data: bytes, device: str, hints: Mapping[str, str]) -> Outcome:
    """Bytes of a device known to be Milesight's.

    Records before one this table does not know are kept and the rest is rejected.

    Raises:
        Undecodable: no_reading for settings, buttons, versions and values the device could not read; no_codec
            where no record can be read.
    """
    named = model_named(hints) or _product(device)
    whole = _whole(data, named)
    if len(whole) > 1:
        fault = "back-filled records that fit several models; name the model in the device's profile"
        raise Undecodable("no_codec", f"Milesight bytes {data[:64].hex()}: {fault}", device)
    if whole:
        outcome = whole[0]
    else:
        records, fault = _records(data, named)
        if not records:
            raise Undecodable("no_codec", f"Milesight bytes {data[:64].hex()}: {fault}", device)
        outcome = _outcome(records, named)
        outcome = outcome._replace(rejected=(*outcome.rejected, fault) if fault else outcome.rejected)
    if outcome.rejected and not outcome.values:
        raise Undecodable("no_reading", "; ".join(outcome.rejected)[:300], device)
    return outcome


def decode_unnamed(data: bytes, f_port: int, hints: Mapping[str, str]) -> Outcome | None:
    """Bytes whose envelope names no maker: read only if they cannot well be anything else, otherwise None.

    They must come on Milesight's port, be whole records from its table without a remainder and each once
    (history aside), and hold only values that can be; of back-filled records only one layout may fit.
    """
    if f_port != PORT:
        return None
    whole = _whole(data, model_named(hints), once=True)
    return whole[0] if len(whole) == 1 else None


def _whole(data: bytes, named: str, *, once: bool = False) -> list[Outcome]:
    """What the bytes say if they are records without a remainder: nothing, one thing, or several where
    back-filled records fit several models. ``once``: no record twice, no answer to a downlink, only values
    that can be."""
    history = len(data) > 1 and data[1] == HISTORY and data[0] in HISTORY_CHANNELS
    outcomes: list[Outcome] = []
    for name in _fitting(data, named) if history else [named]:
        records, fault = _records(data, name)
        pairs = [record.pair for record in records if record.layout is None]
        if fault or (once and (len(set(pairs)) < len(pairs) or any(pair[0] in REPLIES for pair in pairs))):
            continue
        outcome = _outcome(records, name)
        same = any(outcome.values == other.values for other in outcomes)
        if not same and (_plausible(outcome) or not (history or once)):
            outcomes.append(outcome)
    return outcomes


def _fitting(data: bytes, named: str) -> list[str]:
    """Models whose back-filled record fits in front: its values can be, and what follows can begin one."""
    fitting: list[str] = []
    size = len(data)
    for length, models in _BACK_FILLED.items():
        end = 2 + length
        follows = (data[end], data[end + 1]) if end + 1 < size else (-1, -1)
        if end != size and follows[1] != HISTORY and follows not in LENGTH:
            continue
        for name, layout in models:
            if data[0] not in layout.channels or not name.startswith(named) or name in fitting:
                continue
            if layout.mode and data[2 + layout.mode[0]] != layout.mode[1]:
                continue
            first = [_value(part, data[2:end], None) for part in layout.parts]
            if all(value is None or _possible(value) for value in first):
                fitting.append(name)
    return fitting


def _product(device: str) -> str:
    return _known_prefix(PRODUCTS.get(device[6:9], "")) if device.startswith(OUI) else ""


def _records(data: bytes, name: str) -> tuple[list[_Record], str]:
    """Records in order, and the fault that ended them before the end ("" if none).

    An answer to a downlink is the last: its length is not known.
    """
    records: list[_Record] = []
    position, end = 0, len(data)
    while position < end:
        start = position + 2
        pair = (data[position], data[position + 1] if start <= end else -1)
        if pair[0] in REPLIES:
            records.append(_Record(pair, data[start:]))
            return records, ""
        layout = None
        if pair[1] == HISTORY and pair[0] in HISTORY_CHANNELS:
            layout = _layout(data, pair[0], MODELS[name].history if name else (), start)
            length = layout.length if layout else None
        else:
            length = SETTINGS_LENGTH.get(pair[1]) if pair[0] == SETTINGS else LENGTH.get(pair)
        if length is None:
            return records, f"record {data[position:start].hex()} at byte {position} is not known"
        if start + length > end:
            return records, f"record {data[position:start].hex()} at byte {position} is cut off"
        position = start + length
        records.append(_Record(pair, data[start:position], layout))
    return records, ""


def _layout(data: bytes, channel: int, history: tuple[Layout, ...], start: int) -> Layout | None:
    """The layout of the back-filled record whose value begins at ``start``."""
    for layout in history:
        if channel not in layout.channels:
            continue
        if layout.mode is None:
            return layout
        place = start + layout.mode[0]
        if place < len(data) and data[place] == layout.mode[1]:
            return layout
    return None


def _outcome(records: Sequence[_Record], name: str) -> Outcome:
    """The values of records read as model ``name`` ("" for none: then the records tell, if they can)."""
    present = {record.pair for record in records}
    name = name or next((model for pair, model in COMPANIONS if pair in present), "")
    if not name and present >= _AIR:
        name = "ws203"  # or a leak sensor: see docs/devices.md
    parts = _PARTS[name]
    values: dict[tuple[str, datetime | None], Value] = {}
    rejected: list[str] = []
    for record in records:
        moment = None
        wanted: tuple[Part, ...] = parts.get(record.pair, ())
        if record.layout is not None:
            (seconds,) = _UNPACK["I"](record.chunk)
            if seconds < _CLOCK_SET:
                rejected.append(f"history of {seconds} s: the device's clock was not set")
                continue
            moment, wanted = datetime.fromtimestamp(seconds, UTC), record.layout.parts
        elif record.pair == _SOUND:
            wanted = _sound(record.chunk, rejected)
        for part in wanted:
            value = _value(part, record.chunk, moment)
            if value is None:
                rejected.append(f"{part.quantity}: the device could not read it")
            else:
                values[part.quantity, moment] = value
    if any(fault.startswith("humidity_pct:") for fault in rejected):
        # A probe that is not plugged in writes -0.1 °C beside it.
        values = {key: value for key, value in values.items() if value[:2] != ("temperature_c", -0.1)}
    return Outcome("milesight", tuple(values.values()), tuple(dict.fromkeys(rejected)))


def _value(part: Part, chunk: bytes, moment: datetime | None) -> Value | None:
    (raw,) = _UNPACK[part.code](chunk, part.offset)
    if raw in part.absent:
        return None
    return Value(part.quantity, (raw >> part.shift) / part.divisor, moment)


def _sound(chunk: bytes, rejected: list[str]) -> tuple[Part, ...]:
    """WS302: weighting, level, equivalent and highest level; only A-weighted levels are dB(A)."""
    if chunk[0] & 0x03 != _A_WEIGHTED:
        rejected.append("noise_db: measured with another weighting than A")
        return ()
    return Part("noise_db", "H", 3, 10), Part("noise_peak_db", "H", 5, 10)


def _plausible(outcome: Outcome) -> bool:
    """Whether all values are possible and there is one: what a wrong layout gives hardly ever is."""
    return bool(outcome.values) and all(map(_possible, outcome.values))


def _possible(value: Value) -> bool:
    if value.quantity == "occupancy":
        return value.value <= 1
    if value.quantity == "humidity_pct":
        return 0 < value.value <= 100
    return QUANTITIES[value.quantity].within_limits(value.value)
