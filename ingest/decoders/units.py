"""Units a mapping may name, by the quantity's own unit: factor and offset into it."""

from __future__ import annotations

from ingest.decoders.mappings import readers

UNITS: dict[str, dict[str, tuple[float, float]]] = {
    "°C": {**readers.TEMPERATURE_C, "F": readers.TEMPERATURE_C["°F"]},
    "%": {"%": (1, 0), "%RH": (1, 0), "1": (100, 0)},
    "ppm": {"ppm": (1, 0), "ppb": (0.001, 0)},
    "ppb": dict(readers.PPB),
    "hPa": {**readers.PRESSURE_HPA, "bar": (1000, 0), "mmHg": (1.333224, 0)},
    "lx": {**readers.LUX, "klx": (1000, 0)},
    "µg/m³": {"µg/m³": (1, 0), "ug/m3": (1, 0), "mg/m³": (1000, 0), "mg/m3": (1000, 0)},
    "dB(A)": {"dB(A)": (1, 0), "dBA": (1, 0)},
    "W": {**readers.POWER_W, "mW": (0.001, 0)},
    "kWh": {**readers.ENERGY_KWH, "J": (1 / 3.6e6, 0), "Wmin": (1 / 60_000, 0)},
    "m³": {"m³": (1, 0), "m3": (1, 0), "l": (0.001, 0), "L": (0.001, 0), "dm3": (0.001, 0)},
    "m³/h": {"m³/h": (1, 0), "m3/h": (1, 0), "l/h": (0.001, 0), "l/min": (0.06, 0), "l/s": (3.6, 0)},
    "V": dict(readers.VOLTAGE_V),
    "A": dict(readers.CURRENT_A),
}
