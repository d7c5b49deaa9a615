"""What the name of an entity says of its value, where value and unit travel on topics of their own.

ESPHome, Home Assistant's statestream and Homie publish a bare number. Its unit stands elsewhere, so only
names are read whose unit is the same in every such program (ppm, °C, %, hPa, lx) or is said by the name
itself; a bare "energy" may be Wh or kWh and is left to a mapping (``mappings.toml``).
"""

from __future__ import annotations

import re
from typing import NamedTuple

_SPLIT = re.compile(r"[^a-z0-9]+")

# Not room air, not measured, or no instant: such a word anywhere in the name settles it.
_ELSEWHERE = """
esp esp32 esp8266 cpu chip internal board mcu soc core device system pcb setpoint target wanted eco2
equivalent estimated water boiler tank flow return supply inlet outlet exhaust radiator floor soil probe
dew dewpoint feels heatindex absolute raw min max minimum maximum offset calibration daily today
yesterday monthly hourly weekly cost price wifi signal uptime valve thermostat engine motor freezer
fridge object surface fahrenheit f index trend
"""
_OUTDOOR = "outdoor outdoors outside ute exterior"
_UNIT_WORDS = "value level concentration reading sensor current measurement state"


class Meaning(NamedTuple):
    """Quantity and factor of an entity, and the part of its name that tells it from its siblings."""

    quantity: str
    factor: float
    rest: str


def _table(text: str) -> dict[tuple[str, ...], tuple[str, float]]:
    table = {}
    for line in text.split(";"):
        quantity, factor, *names = line.split()
        for name in names:
            table[tuple(name.split("_"))] = (quantity, float(factor))
    return table


_MEASURED = _table(
    "co2_ppm 1 co2 co2_ppm carbon_dioxide koldioxid;"
    "temperature_c 1 temperature temp temperatur temperatuur temperature_c;"
    "humidity_pct 1 humidity relative_humidity luftfuktighet humidity_pct;"
    "pressure_hpa 1 pressure_hpa air_pressure atmospheric_pressure barometric_pressure pressure;"
    "illuminance_lux 1 illuminance lux illuminance_lux;"
    "pm1_ug_m3 1 pm1 pm_1_0 pm1_0;"
    "pm25_ug_m3 1 pm25 pm_2_5 pm2_5;"
    "pm10_ug_m3 1 pm10 pm_10_0 pm10_0 pm_10;"
    "tvoc_ppb 1 tvoc_ppb;"
    "people_count 1 people people_count persons;"
    "battery_pct 1 battery battery_level battery_pct;"
    "power_w 1 power_w;"
    "power_w 1000 power_kw;"
    "energy_kwh 1 energy_kwh;"
    "energy_kwh 0.001 energy_wh;"
    "heat_kwh 1 heat_kwh"
)
_SWITCHED = _table("motion 1 motion pir rorelse;occupancy 1 occupancy presence occupied narvaro")


_NOT_A_ROOM, _OUT, _IDLE = (frozenset(text.split()) for text in (_ELSEWHERE, _OUTDOOR, _UNIT_WORDS))


def meaning(name: str, switched: bool = False) -> Meaning | None:
    """What an entity's name says (letters, digits and separators); None where it leaves a doubt.

    ``switched``: the value is on or off.
    """
    words = [word for word in _SPLIT.split(name.lower()) if word]
    if not _NOT_A_ROOM.isdisjoint(words):
        return None
    while len(words) > 1 and words[-1] in _IDLE:
        words.pop()
    table = _SWITCHED if switched else _MEASURED
    for length in (3, 2, 1):
        found = table.get(tuple(words[-length:])) if len(words) >= length else None
        if found is None:
            continue
        quantity, factor = found
        rest = words[:-length]
        if not _OUT.isdisjoint(rest):
            if quantity not in ("temperature_c", "humidity_pct"):
                return None
            quantity = f"outdoor_{quantity}"
        return Meaning(quantity, factor, "_".join(rest))
    return None
