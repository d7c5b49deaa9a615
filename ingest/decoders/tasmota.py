"""Tasmota (https://tasmota.github.io/docs/MQTT/): ``tele/<topic>/SENSOR``, one object a chip.

Recognised by ``StatusSNS``, by an ``ENERGY`` object, or by ``Time`` beside chips; FullTopic is editable.
Device key: ``tasmota/<topic>`` without the prefix (tele, stat) and the last level. ``Time`` is local
without a zone unless SetOption52 adds it, and then the time of receipt counts. A meter behind a serial
bridge sends one OBIS line a message (``SSerialReceived``). The names and units of SML scripts are free
text: they need a mapping.
"""

from __future__ import annotations

from functools import lru_cache

from ingest.decoders import obis
from ingest.decoders.describe import described
from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import (
    PERCENT,
    PRESSURE_HPA,
    TEMPERATURE_C,
    Units,
    UnusableError,
    in_unit,
    number,
)
from ingest.decoders.mappings.table import Object, Outcome
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable, Value

_PREFIXES = frozenset({"tele", "stat", "cmnd"})
_ENDINGS = frozenset({"SENSOR", "STATUS8", "STATUS10"})
_NO_READINGS = frozenset({"LWT", "STATE", "INFO1", "INFO2", "INFO3", "RESULT", "UPTIME"})
_TEMPERATURE = {**TEMPERATURE_C, "F": TEMPERATURE_C["°F"]}
_PRESSURE = {**PRESSURE_HPA, "mmHg": (1.333224, 0.0), "inHg": (33.86389, 0.0)}

_ROOM_CHIPS = """
SCD4 SCD3 SEN5 SEN6 SHT HTU SI70 HDC AHT HYT TH0 BME AM23 DHT ENS BMP LPS LM75 ADT DS18 ANALOG
"""
"""Chips whose temperature and humidity are the air around them, best first."""

_QUANTITIES = (
    ("co2_ppm", "CarbonDioxide"),  # eCO2 is estimated from organic compounds, or smoothed
    ("illuminance_lux", "Illuminance"),
    ("tvoc_ppb", "TVOC"),
    ("pm1_ug_m3", "PM1"),
    ("pm25_ug_m3", "PM2.5"),
    ("pm10_ug_m3", "PM10"),
)
_DISCONNECTED = -127.0  # DS18B20
_UNKNOWN = 99
_AS_IT_IS: Units = {"": (1, 0)}

_BY_PHASE = (("Total", "energy{}_kwh"), ("Power", "power{}_w"))
_BY_TARIFF = (("TotalTariff", "energy_import_t{}_kwh"), ("ExportTariff", "energy_export_t{}_kwh"))
_SINGLE = (("ExportActive", "energy_export_kwh"), ("Voltage", "voltage_v"), ("Current", "current_a"))


def recognises(message: Message, document: object) -> bool:
    """By shape, else by the last level of the default topic."""
    if isinstance(document, dict):
        if "StatusSNS" in document or "SSerialReceived" in document or "TempUnit" in document:
            return True
        energy = document.get("ENERGY")
        if isinstance(energy, dict):
            return True
        if "Time" in document and any(_is_chip(value) for value in document.values()):
            return True
    *levels, last = message.topic.split("/")
    return last in _ENDINGS or (last in _NO_READINGS and not _PREFIXES.isdisjoint(levels))


def decode(message: Message, document: object) -> Decoded:
    """Air of the best chip, energy registers by phase, powers.

    Raises:
        Undecodable: bad_topic, not_json, wrong_type, no_reading.
    """
    levels = [level for level in message.topic.split("/") if level and level not in _PREFIXES]
    device = device_key("tasmota", "/".join(levels[:-1] or levels))
    line = document.get("SSerialReceived") if isinstance(document, dict) else None
    last = message.topic.rpartition("/")[2]
    if last in _NO_READINGS and line is None:
        raise Undecodable("no_reading", f"{last} holds no reading", device)
    if document is None:
        raise Undecodable("not_json", "a SENSOR topic with a payload that is not JSON", device)
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object", device)
    if isinstance(line, str):
        return concluded(obis.read("tasmota", line), device)
    sensed = document.get("StatusSNS", document)
    if not isinstance(sensed, dict):
        raise Undecodable("wrong_type", f"StatusSNS: {described(sensed)} is not an object", device)
    found = _Found()
    _air(sensed, found)
    if isinstance(energy := sensed.get("ENERGY"), dict):
        _energy(energy, found)
    elif (clamp := _clamp(sensed)) is not None:
        found.add("energy_kwh", clamp.get("Energy"), "CTEnergy.Energy")
        found.add("power_w", clamp.get("Power"), "CTEnergy.Power")
        found.add("voltage_v", clamp.get("Voltage"), "CTEnergy.Voltage")  # as configured
        found.add("current_a", clamp.get("Current"), "CTEnergy.Current")
    outcome = Outcome("tasmota", tuple(found.values), tuple(found.rejected))
    return concluded(outcome, device, instant_or_none(sensed.get("Time")))


class _Found:
    """Values and what could not be used, as they are met."""

    def __init__(self) -> None:
        self.values: list[Value] = []
        self.rejected: list[str] = []

    def add(
        self, quantity: str, raw: object, where: str, unit: object = "", units: Units = _AS_IT_IS
    ) -> None:
        """A JSON value in a unit, if the quantity has none yet; null is missing."""
        if any(value.quantity == quantity for value in self.values):
            return
        try:
            amount = number(raw)
            if amount is not None:
                sentinel = quantity == "temperature_c" and amount == _DISCONNECTED
                self.values.append(Value(quantity, in_unit(amount, unit, units), None, sentinel))
        except UnusableError as fault:
            self.rejected.append(f"{where[:80]}: {fault}")


def _is_chip(value: object) -> bool:
    return isinstance(value, dict) and not value.keys().isdisjoint(
        ("Temperature", "CarbonDioxide", "Humidity")
    )


@lru_cache(maxsize=256)
def _rank(name: str) -> int:
    starts = enumerate(_ROOM_CHIPS.split())
    return next((place for place, start in starts if name.startswith(start)), _UNKNOWN)


def _chips(sensed: Object) -> list[tuple[int, str, Object]]:
    """Rank, name and object of each chip, best first; chips nobody knows come last."""
    ranked = []
    for name, chip in sensed.items():
        if isinstance(chip, dict) and name not in ("ENERGY", "ESP32"):
            ranked.append((_rank(name), name, chip))
    return sorted(ranked, key=lambda entry: entry[0])


def _air(sensed: Object, found: _Found) -> None:
    chips = _chips(sensed)
    for quantity, key in _QUANTITIES:
        chip = next((chip for _, _, chip in chips if key in chip), None)
        if chip is not None:
            found.add(quantity, chip[key], key)
    analog = sensed.get("ANALOG")
    if isinstance(analog, dict):
        lights = [key for key in analog if key.startswith("Illuminance") and key[-1:].isdigit()]
        if len(lights) == 1:
            found.add("illuminance_lux", analog[lights[0]], f"ANALOG.{lights[0]}"[:80])
    _temperature(chips, sensed.get("TempUnit", "C"), found)
    for quantity, key, unit, units in (
        ("humidity_pct", "Humidity", "%", PERCENT),
        ("pressure_hpa", "Pressure", sensed.get("PressureUnit", "hPa"), _PRESSURE),
    ):
        name, chip = next(((name, chip) for _, name, chip in chips if key in chip), ("", None))
        if chip is not None:
            found.add(quantity, chip[key], f"{name}.{key}", unit, units)


def _temperature(chips: list[tuple[int, str, Object]], unit: object, found: _Found) -> None:
    """The best chip's temperature. A chip nobody knows counts only if it measures humidity too (an MHZ19B's
    own temperature is not the room's); of two bare probes nobody can say which is the room's."""
    having = []
    for rank, name, chip in chips:
        key = "Temperature"
        if name == "ANALOG" and "Temperature2" not in chip and "Temperature1" in chip:
            key = "Temperature1"
        if key in chip and (rank != _UNKNOWN or "Humidity" in chip):
            having.append((name, chip[key]))
    if not having:
        return
    name, raw = having[0]
    if name.startswith("DS18") and len(having) > 1 and having[1][0].startswith("DS18"):
        found.rejected.append(f"{name[:40]}, {having[1][0][:40]}: which is the room's? Write a mapping")
        return
    found.add("temperature_c", raw, f"{name}.Temperature", unit, _TEMPERATURE)


def _clamp(sensed: Object) -> Object | None:
    """The only current clamp at an analog input."""
    analog = sensed.get("ANALOG")
    if not isinstance(analog, dict):
        return None
    clamps = [value for key, value in analog.items() if key.startswith("CTEnergy")]
    return clamps[0] if len(clamps) == 1 and isinstance(clamps[0], dict) else None


def _energy(energy: Object, found: _Found) -> None:
    """``Total`` and ``Power`` are one number, or a list or an object with one a phase."""
    for key, quantity in _BY_PHASE:
        raw = energy.get(key)
        phases = list(raw.values()) if isinstance(raw, dict) else raw
        if not isinstance(phases, list):
            found.add(quantity.format(""), phases, f"ENERGY.{key}")
        elif len(phases) > 3:
            found.rejected.append(f"ENERGY.{key}: {len(phases)} channels are not phases")
        else:
            for phase, each in enumerate(phases, start=1):
                found.add(quantity.format(f"_l{phase}"), each, f"ENERGY.{key}")
    for key, quantity in _BY_TARIFF:
        raw = energy.get(key)
        for tariff, each in enumerate(raw[:2] if isinstance(raw, list) else (), start=1):
            found.add(quantity.format(tariff), each, f"ENERGY.{key}")
    for key, quantity in _SINGLE:
        raw = energy.get(key)
        if isinstance(raw, list):  # by phase: the first phase's voltage, no sum of currents
            raw = raw[0] if raw and key == "Voltage" else None
        found.add(quantity, raw, f"ENERGY.{key}")
