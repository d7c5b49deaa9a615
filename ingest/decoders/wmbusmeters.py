"""wmbusmeters: flat JSON of a (wireless) M-Bus meter, on any topic.

Source: https://github.com/wmbusmeters/wmbusmeters . Recognised by ``media``, ``meter`` and ``id``. What a
key means depends on the medium: the same ``total_energy_consumption_kwh`` is electricity, heat or cooling.
Which key holds the energy depends on the driver; the tables list those of its drivers' own test telegrams.
``timestamp`` is when the receiver heard the telegram (UTC); ``meter_datetime`` has no zone and is not used.
Device key: ``wmbus/<meter id>``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable

_GJ_KWH = 1000 / 3.6


def _fields(quantity: str, names: str, factor: float = 1.0) -> tuple[Field, ...]:
    return tuple(Field(quantity, (name,), factor=factor) for name in names.split())


_TOTAL = (
    "total_energy_consumption_kwh heat_kwh total_heating_kwh total_heat_energy_kwh total_energy_kwh total_kwh"
)
_POWER = "power_kw current_power_kw current_power_consumption_kw"
_WATER = (
    *_fields("volume_m3", "total_volume_m3 total_m3 volume_m3 total_heating_m3 total_water_m3"),
    *_fields("flow_m3_h", "volume_flow_m3h flow_m3h current_volume_flow_m3h flow_water_m3h"),
    *_fields(
        "flow_temperature_c", "flow_temperature_c forward_c flow_c t1_temperature_c supply_temperature_c"
    ),
    *_fields("return_temperature_c", "return_temperature_c return_c t2_temperature_c"),
    *_fields("battery_v", "battery_v"),
)
_HEAT = (
    *_fields("heat_kwh", _TOTAL),
    *_fields("heat_kwh", "total_mwh", 1000),
    *_fields("heat_kwh", "total_gj", _GJ_KWH),
    *_fields("heat_power_w", _POWER, 1000),
    *_WATER,
)
_COOLING = (*_fields("cooling_kwh", _TOTAL), *_fields("cooling_power_w", _POWER, 1000), *_WATER)
_BOTH = (
    *_HEAT,
    *_fields(
        "cooling_kwh",
        "total_cooling_kwh total_cooling_energy_kwh total_cooling_consumption_kwh total_energy_cooling_kwh",
    ),
)


def _phases(quantity: str, names: str, factor: float = 1.0) -> tuple[Field, ...]:
    """``names`` with {} for the phase, ``quantity`` likewise."""
    return tuple(
        Field(quantity.format(phase), (name.format(phase),), factor=factor)
        for phase in (1, 2, 3)
        for name in names.split()
    )


_ELECTRICITY = (
    *_fields(
        "energy_kwh",
        "total_energy_consumption_kwh total_kwh total_active_positive_3phase_kwh "
        "positive_total_active_energy_kwh",
    ),
    *_fields("energy_export_kwh", "total_energy_production_kwh negative_total_active_energy_kwh"),
    *(
        field
        for tariff in (1, 2)
        for field in (
            *_fields(
                f"energy_import_t{tariff}_kwh",
                f"total_energy_consumption_tariff_{tariff}_kwh total_energy_consumption_tariff{tariff}_kwh "
                f"total_tariff_{tariff}_kwh positive_tariff{tariff}_active_energy_kwh",
            ),
            *_fields(
                f"energy_export_t{tariff}_kwh",
                f"total_energy_production_tariff_{tariff}_kwh negative_tariff{tariff}_active_energy_kwh",
            ),
        )
    ),
    *_phases("energy_l{}_kwh", "total_energy_consumption_l{}_kwh"),
    *_fields(
        "power_w",
        "current_power_consumption_kw active_consumption_kw active_power_overall_kw power_kw "
        "three_phase_total_active_power_kw active_positive_3phase_kw",
        1000,
    ),
    *_fields("power_export_w", "current_power_production_kw active_negative_3phase_kw", 1000),
    *_phases(
        "power_l{}_w",
        "current_power_consumption_phase{0}_kw current_power_consumption_{0}_kw power_l{0}_kw "
        "active_consumption_l{0}_kw active_power_l{0}_kw active_power_at_phase_{0}_kw",
        1000,
    ),
    *_fields("voltage_v", "voltage_at_phase_1_v voltage_l1_n_v voltage_1_n_v"),
)
_ROOM = (
    *_fields("temperature_c", "current_temperature_c temperature_c"),
    *_fields("humidity_pct", "current_relative_humidity_rh relative_humidity_rh humidity_rh"),
    *_fields("co2_ppm", "co2_ppm"),
    *_fields("battery_v", "battery_v"),
)
_VOLUME = _fields("volume_m3", "total_m3 total_volume_m3")

_MEDIA = {
    "electricity": _ELECTRICITY,
    "heat": _HEAT,
    "heat volume at inlet": _HEAT,
    "heat/cooling load": _BOTH,
    "cooling load volume at outlet": _COOLING,
    "cooling load volume at inlet": _COOLING,
    "room sensor": _ROOM,
    "water": _VOLUME,
    "cold water": _VOLUME,
    "warm water": _VOLUME,
    "gas": _VOLUME,
}
"""By medium. Heat cost allocators count units without a size, and their room temperature is an estimate."""

_MAPPINGS = {medium: Mapping("wmbusmeters", fields) for medium, fields in _MEDIA.items()}


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    del message
    return isinstance(document, dict) and {"media", "meter", "id"} <= document.keys()


def decode(message: Message, document: object) -> Decoded:
    """Registers, powers and temperatures of one meter.

    Raises:
        Undecodable: wrong_type, no_reading (another medium, or a telegram that could not be decrypted).
    """
    del message
    if not isinstance(document, dict) or not isinstance(document["id"], str):
        raise Undecodable("wrong_type", "id is not the text of a meter id")
    device = device_key("wmbus", document["id"].lower())
    medium = document["media"]
    mapping = _MAPPINGS.get(medium) if isinstance(medium, str) else None
    if mapping is None:
        raise Undecodable("no_reading", f"nothing is read of medium {str(medium)[:40]}", device)
    hints = {"meter_serial": document["id"]}
    hints |= {
        key: text
        for key, text in (("name", document.get("name")), ("profile", document["meter"]))
        if isinstance(text, str) and text
    }
    return concluded(mapping.read(document), device, instant_or_none(document.get("timestamp")), hints)
