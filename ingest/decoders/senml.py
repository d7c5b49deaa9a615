"""SenML packs as JSON (RFC 8428).

Base fields hold until the next, names are joined. A time below 2**28 s is relative to now, so it counts
from the receipt. A pack of several devices yields the first and names the others. Device key: ``senml/<name
without its last part>``, or the topic where the names are bare.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import UnusableError, finite, flag, number
from ingest.decoders.mappings.table import Object, Outcome
from ingest.decoders.names import meaning
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable, Value

_RELATIVE_S = 2**28
_NAME = re.compile(r"(?:(.*)[:/_.-])?([^:/_.-]+)", re.DOTALL)

_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "co2_ppm": {"ppm": (1, 0)},
    "temperature_c": {"Cel": (1, 0), "K": (1, -273.15)},
    "humidity_pct": {"%RH": (1, 0)},
    "pressure_hpa": {"Pa": (0.01, 0), "hPa": (1, 0)},
    "illuminance_lux": {"lx": (1, 0)},
    "battery_pct": {"%EL": (1, 0)},
}
_BY_UNIT = {
    "V": ("voltage_v", 1.0),
    "A": ("current_a", 1.0),
    "W": ("power_w", 1.0),
    "kW": ("power_w", 1000.0),
    "Wh": ("energy_kwh", 0.001),
    "kWh": ("energy_kwh", 1.0),
    "J": ("energy_kwh", 1 / 3.6e6),
    "%RH": ("humidity_pct", 1.0),
}
_ELECTRIC = {
    "voltage_v": ("voltage",),
    "current_a": ("current",),
    "power_w": ("power", "activepower"),
    "energy_kwh": ("energy", "activeenergy"),
    "humidity_pct": ("humidity", "hum", "rh"),
}


class _Record(NamedTuple):
    device: str
    name: str
    unit: object
    value: object
    time_s: float


def recognises(message: Message, document: object) -> bool:
    """By shape: a list whose first record has a name, base or own, and a value or base fields."""
    del message
    if not isinstance(document, list) or not document or not isinstance(document[0], dict):
        return False
    keys = document[0].keys()
    return ("bn" in keys or "n" in keys) and not keys.isdisjoint(
        ("v", "vb", "vs", "s", "bu", "bt", "bv", "bver")
    )


def decode(message: Message, document: object) -> Decoded:
    """Every record of the first device whose name and unit are understood, at its own time.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    if not isinstance(document, list):
        raise Undecodable("wrong_type", "the payload is not a SenML pack")
    try:
        records = list(_resolved(document))
    except UnusableError as fault:
        raise Undecodable("wrong_type", f"not a SenML pack: {fault}"[:300]) from None
    if not records:
        raise Undecodable("no_reading", "no record with a value")
    first = records[0].device
    values: list[Value] = []
    rejected: list[str] = []
    for record in records:
        if record.device != first:
            rejected.append(f"{record.device[:60]}: another device than {first[:60]}")
            continue
        try:
            values += _value(record, message)
        except UnusableError as fault:
            rejected.append(f"{record.name[:60]}: {fault}")
    device = device_key("senml", first or message.topic)
    return concluded(Outcome("senml", tuple(values), tuple(dict.fromkeys(rejected))), device)


def _resolved(pack: list[object]) -> Iterator[_Record]:
    """Records with their base fields applied (RFC 8428, 4.6)."""
    base: Object = {}
    for entry in pack:
        if not isinstance(entry, dict):
            raise UnusableError("a record is not an object")
        base |= {key: value for key, value in entry.items() if key in ("bn", "bt", "bu", "bv")}
        if "v" not in entry and "vb" not in entry and "bv" not in base:
            continue
        name = f"{_text(base.get('bn'))}{_text(entry.get('n'))}"
        found = _NAME.fullmatch(name)
        value = entry.get("vb", entry.get("v", 0))
        if not isinstance(value, bool):
            value = finite((number(value) or 0.0) + (number(base.get("bv")) or 0.0))
        time_s = (number(base.get("bt")) or 0.0) + (number(entry.get("t")) or 0.0)
        device, last = (found[1] or "", found[2]) if found else ("", name)
        yield _Record(device, last, entry.get("u", base.get("bu")), value, finite(time_s))


def _text(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    raise UnusableError("a name is not text")


def _value(record: _Record, message: Message) -> Iterator[Value]:
    """At most one value. A unit that does not fit the name is never assumed."""
    time = _time(record.time_s, message)
    if isinstance(record.value, bool):
        found = meaning(record.name, switched=True)
        if found:
            yield Value(found.quantity, flag(record.value) or 0.0, time)
        return
    amount = number(record.value) or 0.0
    unit = record.unit if isinstance(record.unit, str) else ""
    if unit in _BY_UNIT and record.name.lower() in _ELECTRIC[_BY_UNIT[unit][0]]:
        quantity, factor = _BY_UNIT[unit]
        yield Value(quantity, finite(amount * factor), time)
        return
    found = meaning(record.name)
    if found is None or found.quantity not in _UNITS:
        return
    if unit not in _UNITS[found.quantity]:
        raise UnusableError(f"unit {unit[:20] or 'missing'} is none of {', '.join(_UNITS[found.quantity])}")
    factor, offset = _UNITS[found.quantity][unit]
    yield Value(found.quantity, finite(amount * factor + offset), time)


def _time(seconds: float, message: Message) -> datetime | None:
    if seconds >= _RELATIVE_S:
        return epoch_or_none(seconds) if seconds < 1e11 else None
    if message.retain or seconds == 0:  # a retained message has no now
        return None
    if seconds < -_RELATIVE_S:
        raise UnusableError("the time lies too far back")
    return (message.received + timedelta(seconds=seconds)).astimezone(UTC)
