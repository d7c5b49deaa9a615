"""Elvaco CMi41xx: a heat meter's M-Bus records over LoRaWAN (binary message formats and JSON).

Source: the makers' manuals of CMi4110, 4111, 4130, 4140, 4160 and 4170 and EN 13757-3. A format byte, then
records of DIF (data type, function, storage), VIF (quantity, unit, power of ten) and value, little-endian.
The unit is always the VIF's: Wh to MWh, J to GJ or cal. Values of other storages and tariffs (the register at
midnight, at month's end) and those marked "value during error state" are passed over.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from classroom.quantity import QUANTITIES
from ingest.decoders.mappings.readers import ENERGY_KWH, UnusableError, finite, in_unit, number
from ingest.decoders.mappings.table import Outcome
from ingest.message import Undecodable, Value

_PORT = 2
_FORMATS = range(0x40)
_JSON_FORMATS = frozenset({0x02, 0x07, 0x11, 0x17, 0x20})
_LENGTH = {
    0x0: 0,
    0x1: 1,
    0x2: 2,
    0x3: 3,
    0x4: 4,
    0x5: 4,
    0x6: 6,
    0x7: 8,
    0x9: 1,
    0xA: 2,
    0xB: 3,
    0xC: 4,
    0xE: 6,
}
"""Bytes of a value by data type; 0xD says its length itself."""

_NOTHING, _REAL, _VARIABLE = 0x0, 0x5, 0xD
_FILLER = 0x2F
_ERROR_STATE = 3
_CALORIE_KWH = 4.1868 / 3600  # of a kcal
_UNITS = {**ENERGY_KWH, "J": (1 / 3.6e6, 0), "kJ": (1 / 3600, 0), "GWh": (1e6, 0)}
_UNITS |= {f"{p}cal": (_CALORIE_KWH * f, 0) for p, f in (("", 1e-3), ("k", 1), ("M", 1e3), ("G", 1e6))}
_UNITS |= {f"{p}Cal": _UNITS[f"{p}cal"] for p in ("", "k", "M", "G")}

_COOLING_METERS = frozenset({0x0A, 0x0B})  # EN 13757-3 device types
_COMBINED = b"\xff\x02"  # the maker's mark of the cooling register of a combined meter

_PLAIN: tuple[tuple[int, int, str, float, int], ...] = (
    (0x00, 0x07, "heat_kwh", 1e-3, -3),
    (0x08, 0x0F, "heat_kwh", 1 / 3.6e6, 0),
    (0x10, 0x17, "volume_m3", 1, -6),
    (0x28, 0x2F, "heat_power_w", 1, -3),
    (0x30, 0x37, "heat_power_w", 1 / 3600, 0),
    (0x38, 0x3F, "flow_m3_h", 1, -6),
    (0x58, 0x5B, "flow_temperature_c", 1, -3),
    (0x5C, 0x5F, "return_temperature_c", 1, -3),
)
"""First and last VIF, quantity, unit, power of ten of the first."""

_EXTENDED: dict[int, tuple[str, float]] = {
    0x00: ("heat_kwh", 100), 0x01: ("heat_kwh", 1000),  # 0.1 and 1 MWh
    0x08: ("heat_kwh", 100 / 3.6), 0x09: ("heat_kwh", 1000 / 3.6),  # 0.1 and 1 GJ
    **{0x0C + n: ("heat_kwh", _CALORIE_KWH * 10.0**(n + 2)) for n in range(4)},  # 0.1 to 100 Mcal
}  # fmt: skip
"""After 0xFB: quantity and factor."""


class _Record(NamedTuple):
    kind: int  # data type
    function: int
    elsewhen: bool  # another storage, tariff or unit
    vif: bytes  # with its extensions
    data: bytes


class _MalformedError(Exception):
    """The bytes do not continue as a record."""


def decode_known(data: bytes, device: str) -> Outcome:
    """Bytes of a device known to be Elvaco's: whole and understood, or not at all (a meter's register must
    not be read from half a message).

    Raises:
        Undecodable: no_codec where they are no records; no_reading where they hold no current value.
    """
    try:
        outcome = _decode(data)
    except _MalformedError as fault:
        raise Undecodable("no_codec", f"Elvaco bytes {data[:64].hex()}: {fault}", device) from None
    if not outcome.values:
        detail = "; ".join(outcome.rejected)[:300] or "Elvaco message without a current value"
        raise Undecodable("no_reading", detail, device)
    return outcome


def decode_unnamed(data: bytes, f_port: int) -> Outcome | None:
    """Bytes whose envelope names no maker: read only if they cannot well be anything else, otherwise None.

    They must be on Elvaco's port, whole records with an energy register and the meter's number, and hold only
    values that can be.
    """
    if f_port != _PORT or data[0] not in _FORMATS:
        return None
    try:
        outcome = _decode(data)
    except _MalformedError:
        return None
    energy = any(value.quantity in ("heat_kwh", "cooling_kwh") for value in outcome.values)
    possible = all(QUANTITIES[value.quantity].within_limits(value.value) for value in outcome.values)
    return outcome if energy and possible and outcome.hints else None


def _decode(data: bytes) -> Outcome:
    if data[0] in _JSON_FORMATS and data[1:2] == b"{":
        return _json(data[1:])
    values: dict[str, Value] = {}
    rejected: list[str] = []
    serial, cooling = "", False
    for record in _records(data):
        identity = _identity(record)
        if identity is not None:
            serial, kind = identity
            cooling = cooling or kind in _COOLING_METERS
            continue
        for quantity, factor, raw in _meanings(record):
            if record.function == _ERROR_STATE:
                rejected.append(f"{quantity}: the meter marks it as wrong")
            elif record.function == 0 and not record.elsewhen and quantity not in values and raw is not None:
                values[quantity] = Value(quantity, round(float(raw * factor), 9))
    found = [_cooled(value) for value in values.values()] if cooling else list(values.values())
    return Outcome("elvaco-heat", tuple(found), tuple(rejected), {"meter_serial": serial} if serial else None)


def _cooled(value: Value) -> Value:
    """A cooling meter writes its only energy where a heat meter writes heat."""
    names = {"heat_kwh": "cooling_kwh", "heat_power_w": "cooling_power_w"}
    return value._replace(quantity=names.get(value.quantity, value.quantity))


def _json(text: bytes) -> Outcome:
    """``{"E": 123.4, "U": "MWh", "ID": 12345678}``; null in error state."""
    try:
        document = orjson.loads(text)
        amount = number(document.get("E"))
        energy = None if amount is None else in_unit(amount, document.get("U"), _UNITS)
    except (orjson.JSONDecodeError, UnusableError) as fault:
        raise _MalformedError(f"JSON format: {fault}") from None
    values = () if energy is None else (Value("heat_kwh", energy),)
    serial = document.get("ID")
    named = isinstance(serial, str | int) and len(str(serial)) <= 16
    return Outcome("elvaco-heat", values, hints={"meter_serial": str(serial)} if named else None)


def _records(data: bytes) -> Iterator[_Record]:
    """Records after the format byte.

    Raises:
        _MalformedError: a type without a length, or the bytes end within a record.
    """
    position = 1
    while position < len(data):
        dif = data[position]
        if dif == _FILLER:
            position += 1
            continue
        head = _chain(data, position)
        vif = _chain(data, position + len(head))
        start = position + len(head) + len(vif)
        length = _LENGTH.get(dif & 0x0F)
        if dif & 0x0F == _VARIABLE:
            size = data[start] if start < len(data) else 0
            if not 0xE0 <= size <= 0xEF:
                raise _MalformedError(f"a value of variable length at byte {position} is not a number")
            length, start = size - 0xE0, start + 1
        if length is None:
            raise _MalformedError(f"type 0x{dif:02x} at byte {position} is not known")
        if start + length > len(data):
            raise _MalformedError(f"type 0x{dif:02x} at byte {position} is cut off")
        elsewhen = bool(dif & 0x40) or any(byte & 0x7F for byte in head[1:])
        yield _Record(dif & 0x0F, dif >> 4 & 3, elsewhen, vif, data[start : start + length])
        position = start + length


def _chain(data: bytes, position: int) -> bytes:
    """A byte and those that extend it (bit 7: another follows); at most ten by the standard."""
    end = position
    while end < len(data) and data[end] & 0x80 and end - position < 10:
        end += 1
    if end >= len(data) or data[end] & 0x80:
        raise _MalformedError(f"the record at byte {position} has no end")
    return data[position : end + 1]


def _identity(record: _Record) -> tuple[str, int] | None:
    """Meter number and EN 13757-3 device type (-1: not told) of the four forms they come in."""
    vif, data = record.vif, record.data
    if vif == b"\x78" and len(data) == 4:
        return _digits(data), -1
    if vif == b"\x79" and len(data) == 8:
        return _digits(data[:4]), data[7]
    if vif == b"\xff\x21" and len(data) in (6, 8):  # binary, behind the alarm bits
        return str(int.from_bytes(data[-4:], "little")), -1
    if vif == b"\xff\x21" and len(data) == 9:
        return _digits(data[1:5]), data[8]
    return None


def _digits(data: bytes) -> str:
    """A BCD number as the meter's face shows it, without leading zeros; empty if it is none."""
    digits = data[::-1].hex()
    return (digits.lstrip("0") or "0") if digits.isdecimal() else ""


def _meanings(record: _Record) -> list[tuple[str, float, float | None]]:
    """Quantity, factor and raw number (None: not available) of a record."""
    vif = record.vif
    if len(vif) == 3 and vif[:2] == b"\xff\xa0" and len(record.data) == 8:
        return _packed(vif[2], record.data)
    cooling = vif[1:] == _COMBINED or vif[2:] == _COMBINED
    plain = len(vif) == 1 or (len(vif) == 3 and cooling)
    meaning = None
    if vif[0] == 0xFB and (len(vif) == 2 or (len(vif) == 4 and cooling)):
        meaning = _EXTENDED.get(vif[1] & 0x7F)
    elif plain:
        meaning = _plain(vif[0] & 0x7F)
    if meaning is None:
        return []
    quantity = meaning[0].replace("heat_", "cooling_") if cooling else meaning[0]
    return [(quantity, meaning[1], _number(record))]


def _plain(vif: int) -> tuple[str, float] | None:
    for first, last, quantity, unit, exponent in _PLAIN:
        if first <= vif <= last:
            power = vif - first + exponent
            return quantity, unit * 10**power if power >= 0 else unit / 10**-power
    return None


def _packed(scale: int, data: bytes) -> list[tuple[str, float, float | None]]:
    """Both temperatures, flow and power of the format "Scheduled, extended" in one value."""
    supply, back, flow, power = struct.unpack("<hhhh", data)
    return [
        ("flow_temperature_c", 0.01, supply),
        ("return_temperature_c", 0.01, back),
        ("flow_m3_h", 10.0 ** ((scale & 7) - 6), flow),
        ("heat_power_w", 10.0 ** ((scale >> 4 & 7) - 3), power),
    ]


def _number(record: _Record) -> float | None:
    kind, data = record.kind, record.data
    if kind == _REAL:
        try:
            return finite(struct.unpack("<f", data)[0])
        except UnusableError:
            return None
    if kind in (_NOTHING, _VARIABLE):
        return None
    if kind < 8:
        return int.from_bytes(data, "little", signed=True)
    digits = data[::-1].hex()
    sign, digits = (-1, digits[1:]) if digits[0] == "f" else (1, digits)  # F in front is a minus
    return sign * int(digits) if digits.isdecimal() else None
