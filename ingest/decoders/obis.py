"""OBIS lines of electricity meters, ``1-0:1.8.0(006545.766*kWh)``.

IEC 62056-61; the unit in the line decides.
"""

from __future__ import annotations

import re

from ingest.decoders.mappings.readers import ENERGY_KWH, POWER_W, VOLTAGE_V, Units, UnusableError, in_unit
from ingest.decoders.mappings.table import Outcome
from ingest.message import Value

_LINE = re.compile(
    r"1-\d{1,2}:(\d{1,2}\.\d\.\d)(?:\*255)?\((\d{1,10}(?:\.\d{1,8})?)\*([A-Za-z]{1,5})\)", re.ASCII
)

_ENERGY: Units = {"Wh": ENERGY_KWH["Wh"], "kWh": ENERGY_KWH["kWh"], "MWh": ENERGY_KWH["MWh"]}

CODES: dict[str, tuple[str, Units]] = {
    "1.8.0": ("energy_kwh", _ENERGY),
    "1.8.1": ("energy_import_t1_kwh", _ENERGY),
    "1.8.2": ("energy_import_t2_kwh", _ENERGY),
    "2.8.0": ("energy_export_kwh", _ENERGY),
    "2.8.1": ("energy_export_t1_kwh", _ENERGY),
    "2.8.2": ("energy_export_t2_kwh", _ENERGY),
    "1.7.0": ("power_w", POWER_W),
    "2.7.0": ("power_export_w", POWER_W),
    "21.7.0": ("power_l1_w", POWER_W),
    "41.7.0": ("power_l2_w", POWER_W),
    "61.7.0": ("power_l3_w", POWER_W),
    "32.7.0": ("voltage_v", VOLTAGE_V),
}
"""Registers and instantaneous values; reactive ones (3.8.0 …) and other meters on the bus are left out."""


def read(family: str, text: str) -> Outcome:
    """Every known line of a text; a quantity that comes twice with different values is not guessed."""
    values: dict[str, float] = {}
    rejected: list[str] = []
    for line in text.splitlines():
        found = _LINE.fullmatch(line.strip())
        if found is None or found[1] not in CODES:
            continue
        quantity, units = CODES[found[1]]
        try:
            value = in_unit(float(found[2]), found[3], units)
        except UnusableError as fault:
            rejected.append(f"{found[1]}: {fault}")
            continue
        if values.setdefault(quantity, value) != value:
            rejected.append(f"{found[1]}: stands twice with different values")
    return Outcome(family, tuple(Value(*pair) for pair in values.items()), tuple(rejected))
