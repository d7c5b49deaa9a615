"""Zigbee2MQTT (https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html).

Topic ``zigbee2mqtt/<friendly name>``, a JSON object, recognised by ``linkquality`` (the base is editable).
Device key: ``z2m/<IEEE address>`` where the payload includes device information, else ``z2m/<friendly
name>``, which changes when somebody renames the device. Units are those of its ``exposes``: °C, %, ppm,
hPa, lx, W, kWh.

One message alone does not say whether it is a cached state sent again at a start (only ``last_seen`` does),
nor whether a Tuya "CO2" is estimated from organic compounds. ``voc`` has no common unit and is left out.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import flag, text_number
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import epoch_or_none, instant_or_none
from ingest.message import Decoded, Message, Undecodable

_BASE = "zigbee2mqtt/"

_COMMON = (
    Field("co2_ppm", ("co2",)),
    Field("humidity_pct", ("humidity",)),
    Field("pressure_hpa", ("pressure",)),
    Field("illuminance_lux", ("illuminance_lux",)),  # version 1: illuminance beside it was a raw number
    Field("illuminance_lux", ("illuminance",)),
    Field("pm1_ug_m3", ("pm1",)),
    Field("pm25_ug_m3", ("pm25",)),
    Field("pm10_ug_m3", ("pm10",)),
    Field("motion", ("motion",), flag),
    Field("occupancy", ("occupancy",), flag),
    Field("occupancy", ("presence",), flag),
    Field("battery_pct", ("battery",)),
)
_TEMPERATURE = Field("temperature_c", ("temperature",))
_HEALTH = frozenset({"battery_pct", "battery_v"})
_BATTERY_V = Field("battery_v", ("voltage",), factor=0.001)
_METER = (
    Field("energy_kwh", ("energy",)),
    Field("energy_export_kwh", ("produced_energy",)),
    Field("voltage_v", ("voltage",)),
    Field("current_a", ("current",)),
)
_TOTAL = (
    Field("power_w", ("power",)),
    Field("power_l1_w", ("power_a",)),
    Field("power_l2_w", ("power_b",)),
    Field("power_l3_w", ("power_c",)),
)
_PHASES = (
    Field("power_l1_w", ("power",)),
    Field("power_l2_w", ("power_phase_b",)),
    Field("power_l3_w", ("power_phase_c",)),
)
"""Meters with ``power_phase_b`` give the first phase as ``power`` (Zigbee's own numbering), not the total."""

_ELECTRIC = frozenset({
    "power", "energy", "current", "power_a", "power_phase_b", "produced_energy",
})  # fmt: skip
_HEATING = frozenset({
    "current_heating_setpoint", "occupied_heating_setpoint", "local_temperature", "setpoint",
    "target_temperature", "soil_moisture", "water_temperature",
})  # fmt: skip
# Their temperature is the chip's, unless a humidity stands beside it.
_NOT_CLIMATE = frozenset(["state", "contact", "vibration", "water_leak", "smoke", "action"])

_ATTRIBUTES = {
    path: field
    for field in (*_COMMON, _TEMPERATURE, *_METER, Field("power_w", ("power",)))
    for path in field.path
    if path != "voltage"  # volts or millivolts: only a sibling tells
}


def recognises(message: Message, document: object) -> bool:
    """By shape, else by the default base topic."""
    return (isinstance(document, dict) and "linkquality" in document) or message.topic.startswith(_BASE)


def decode(message: Message, document: object) -> Decoded:
    """A device's state; in attribute mode one value a message.

    Raises:
        Undecodable: bad_topic, not_json, wrong_type, no_reading.
    """
    base, _, name = message.topic.partition("/")
    name = name or base
    if name.startswith("bridge/") or name.endswith(("/set", "/get", "/availability")):
        raise Undecodable("no_reading", f"{name.rpartition('/')[2][:40]} holds no reading")
    if isinstance(document, dict):
        info = document.get("device")
        ieee = info.get("ieeeAddr") if isinstance(info, dict) else None
        device = device_key("z2m", ieee.lower() if isinstance(ieee, str) else name)
        outcome = Mapping("zigbee2mqtt", _fields(document)).read(document)
        if all(value.quantity in _HEALTH for value in outcome.values):
            outcome = outcome._replace(values=())  # a button's or a door's battery is no reason to store it
        return concluded(outcome, device, _last_seen(document), {"name": name})
    return _attribute(message, name)


def _attribute(message: Message, name: str) -> Decoded:
    name, _, attribute = name.rpartition("/")
    if message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("not_json", "the payload is not whole JSON")
    field = _ATTRIBUTES.get(attribute)
    if not name or field is None:
        raise Undecodable("no_reading", f"{attribute[:40]} holds no reading")
    text = message.payload.decode(errors="replace")
    single = Field(field.quantity, field.path, _truth if field.read is flag else text_number)
    outcome = Mapping("zigbee2mqtt", (single,)).read({attribute: text})
    return concluded(outcome, device_key("z2m", name), None, {"name": name})


def _truth(value: object) -> float | None:
    return flag({"true": True, "false": False}.get(value, value) if isinstance(value, str) else value)


def _fields(document: dict[str, Any]) -> tuple[Field, ...]:
    """What the keys mean in this object: the same name means different things on different devices."""
    keys = document.keys()
    fields: tuple[Field, ...] = _COMMON
    voltage = document.get("voltage")
    in_mv = isinstance(voltage, int | float) and voltage >= 1000
    if not _ELECTRIC.isdisjoint(keys):
        return fields + _METER + (_PHASES if "power_phase_b" in keys else _TOTAL)
    if in_mv:
        fields += (_BATTERY_V,)
    climate = _NOT_CLIMATE.isdisjoint(keys) or "humidity" in keys or "co2" in keys
    if climate and _HEATING.isdisjoint(keys) and document.get("temperature_unit") not in ("fahrenheit", "F"):
        fields += (_TEMPERATURE,)
    return fields


def _last_seen(document: dict[str, Any]) -> datetime | None:
    stated = document.get("last_seen")
    return instant_or_none(stated) if isinstance(stated, str) else epoch_or_none(stated)
