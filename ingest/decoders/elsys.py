"""Elsys' binary payloads (ERS, ERS CO2, EMS, ELT …): type byte, big-endian value, repeated.

Source: ELSYS "Sensor payload" documents and the maker's published decoder. The two upper bits of a type byte
say how many bytes of age (seconds since the sample was taken) follow the value: 0, 1 or 2. The documents give
4 for the last pattern and decoders in use read 3, so that one is not read at all.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from ingest.decoders.mappings.table import Outcome
from ingest.message import Undecodable, Value

_LENGTH = {
    0x01: 2, 0x02: 1, 0x03: 3, 0x04: 2, 0x05: 1, 0x06: 2, 0x07: 2, 0x08: 2, 0x09: 6, 0x0A: 2, 0x0B: 4,
    0x0C: 2, 0x0D: 1, 0x0E: 2, 0x0F: 1, 0x10: 4, 0x11: 1, 0x12: 1, 0x13: 65, 0x14: 4, 0x15: 2, 0x16: 2,
    0x17: 4, 0x18: 2, 0x19: 2, 0x1A: 1, 0x1B: 4, 0x1C: 2, 0x1D: 1, 0x1E: 1, 0x1F: 1, 0x20: 2, 0x21: 1,
    0x22: 2, 0x23: 1, 0x24: 1, 0x3D: 4,
}  # fmt: skip
"""Bytes of a value by type."""

_TEMPERATURE, _HUMIDITY, _OCCUPANCY, _PRESSURE, _SOUND, _VOLTAGE = 0x01, 0x02, 0x11, 0x14, 0x15, 0x07
_EXTERNAL_TEMPERATURE_2, _TVOC, _SETTINGS = 0x19, 0x1C, 0x3E

_QUANTITY = {
    0x02: ("humidity_pct", 1.0),
    0x04: ("illuminance_lux", 1.0),
    0x05: ("motion_count", 1.0),  # detections since the last uplink
    0x06: ("co2_ppm", 1.0),
    0x07: ("battery_v", 1000.0),
    0x0B: ("pulse_count", 1.0),  # the absolute register; 0x0A counts since the last uplink and resets
    0x11: ("occupancy", 1.0),
    0x14: ("pressure_hpa", 1000.0),
    0x1C: ("tvoc_ppb", 1.0),
}
"""Unsigned values: quantity and divisor. Probes (0x0C, 0x19), infrared, the pixel camera, acceleration,
analog and digital inputs and the second pulse input are not room air, or have no quantity, and are passed
over."""

_PORTS = frozenset({1, 5})  # 5 is the factory setting, 1 what the maker's examples use
_PLAUSIBLE_MV = range(2000, 4300)
_PLAUSIBLE_PRESSURE = range(800_000, 1_100_000)  # thousandths of a hPa


class _MalformedError(Exception):
    """The bytes do not continue as a record."""


def decode_known(data: bytes, device: str, time: datetime) -> Outcome:
    """Bytes of a device known to be Elsys'; ``time`` is when they were sent.

    Records before a type this table does not know are kept and the rest is rejected.

    Raises:
        Undecodable: no_reading for a settings message; no_codec where not one quantity can be read.
    """
    if data[0] == _SETTINGS:
        raise Undecodable("no_reading", "Elsys sensor settings, sent at start", device)
    values: dict[tuple[str, int], Value] = {}
    rejected: tuple[str, ...] = ()
    try:
        for kind, age_s, chunk in _records(data):
            sampled = time - timedelta(seconds=age_s) if age_s else None
            for quantity, value in _values(kind, chunk):
                values[quantity, age_s] = Value(quantity, value, sampled)
    except _MalformedError as fault:
        if not values:
            raise Undecodable("no_codec", f"Elsys bytes {data[:64].hex()}: {fault}", device) from None
        rejected = (str(fault),)
    return Outcome("elsys", tuple(values.values()), rejected)


def decode_unnamed(data: bytes, f_port: int) -> Outcome | None:
    """Bytes whose envelope names no maker: read only if they cannot well be anything else, otherwise None.

    They must be whole records of documented types in the order devices send them (ascending), without ages,
    on a port Elsys uses, beginning with a room temperature and at least one more record, or be a lone air
    pressure; temperature, humidity, occupancy and battery voltage must be plausible.
    """
    if f_port not in _PORTS:
        return None
    try:
        records = list(_records(data))
    except _MalformedError:
        return None
    before = 0
    for kind, age_s, chunk in records:
        repeated = kind == before and kind != _EXTERNAL_TEMPERATURE_2
        if age_s or kind > _TVOC or kind < before or repeated or not _plausible(kind, chunk):
            return None
        before = kind
    first = records[0][0]
    lone_pressure = (
        first == _PRESSURE and len(records) == 1 and int.from_bytes(records[0][2]) in _PLAUSIBLE_PRESSURE
    )
    if not lone_pressure and not (first == _TEMPERATURE and len(records) > 1):
        return None
    values = (Value(*pair) for kind, _, chunk in records for pair in _values(kind, chunk))
    return Outcome("elsys", tuple(values))


def _records(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Type, age [s] and value bytes of each record.

    Raises:
        _MalformedError: at an unknown type or where the bytes end within a record.
    """
    position, end = 0, len(data)
    while position < end:
        kind, ages = data[position] & 0x3F, data[position] >> 6
        length = _LENGTH.get(kind)
        if length is None or ages == 3:
            raise _MalformedError(f"type 0x{data[position]:02x} at byte {position} is not known")
        start = position + 1
        position = start + length + ages
        if position > end:
            raise _MalformedError(f"type 0x{data[start - 1]:02x} at byte {start - 1} is cut off")
        yield kind, int.from_bytes(data[position - ages : position]), data[start : start + length]


def _values(kind: int, chunk: bytes) -> Iterator[tuple[str, float]]:
    if kind == _TEMPERATURE:
        yield "temperature_c", int.from_bytes(chunk, signed=True) / 10
    elif kind == _SOUND:
        yield "noise_peak_db", float(chunk[0])
        yield "noise_db", float(chunk[1])
    elif kind in _QUANTITY:
        quantity, divisor = _QUANTITY[kind]
        yield quantity, int.from_bytes(chunk) / divisor


def _plausible(kind: int, chunk: bytes) -> bool:
    number = int.from_bytes(chunk, signed=kind == _TEMPERATURE)
    if kind == _TEMPERATURE:
        return -400 <= number <= 600
    if kind == _HUMIDITY:
        return 0 < number <= 100
    if kind == _OCCUPANCY:
        return number <= 2
    if kind == _VOLTAGE:
        return number in _PLAUSIBLE_MV
    return True
