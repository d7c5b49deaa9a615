"""How single JSON values are read: numbers, flags, words, values that carry their unit."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import isfinite

from ingest.decoders.describe import described

Reader = Callable[[object], float | None]
"""Turns a JSON value into a number, None where it says "not available"; raises :class:`UnusableError`."""

Units = Mapping[str, tuple[float, float]]
"""Factor and offset that turn a number in a unit into the quantity's unit."""

ENERGY_KWH: Units = {
    "Wh": (0.001, 0),
    "kWh": (1, 0),
    "MWh": (1000, 0),
    "MJ": (1 / 3.6, 0),
    "GJ": (1000 / 3.6, 0),
}
POWER_W: Units = {"W": (1, 0), "kW": (1000, 0), "MW": (1e6, 0)}
CURRENT_A: Units = {"A": (1, 0), "mA": (0.001, 0)}
VOLTAGE_V: Units = {"V": (1, 0), "mV": (0.001, 0), "kV": (1000, 0)}
PRESSURE_HPA: Units = {"Pa": (0.01, 0), "hPa": (1, 0), "mbar": (1, 0), "kPa": (10, 0)}
TEMPERATURE_C: Units = {"°C": (1, 0), "C": (1, 0), "°F": (5 / 9, -160 / 9), "K": (1, -273.15)}
PERCENT: Units = {"%": (1, 0), "%RH": (1, 0)}
PPM: Units = {"ppm": (1, 0)}
PPB: Units = {"ppb": (1, 0), "ppm": (1000, 0)}
UG_M3: Units = {"µg/m3": (1, 0), "µg/m³": (1, 0), "ug/m3": (1, 0)}
LUX: Units = {"lx": (1, 0), "lux": (1, 0)}


class UnusableError(Exception):
    """A value of a wrong type, or in a unit that is not known."""


def number(value: object) -> float | None:
    """A JSON number; null is missing; text and true/false are not numbers."""
    if type(value) is float or type(value) is int:
        return float(value)
    if value is None:
        return None
    raise UnusableError(f"{described(value)} is not a number")


_DECIMAL = re.compile(r"[+-]?\d{1,20}(\.\d{0,20})?([eE][+-]?\d{1,2})?", re.ASCII)
_NOT_AVAILABLE = frozenset({"", "nan", "none", "null", "unavailable", "unknown", "-", "--"})


def text_number(value: object) -> float | None:
    """A number, or the text of one; "nan", "unavailable" and the like are missing."""
    if not isinstance(value, str):
        return number(value)
    text = value.strip()
    if _DECIMAL.fullmatch(text):
        return float(text)
    if text.lower() in _NOT_AVAILABLE:
        return None
    raise UnusableError(f"{described(value)} is not a number")


def flag(value: object) -> float | None:
    """true/false, or 0 and 1, as 1 and 0."""
    if isinstance(value, bool) or (isinstance(value, int | float) and value in (0, 1)):
        return float(value)
    if value is None:
        return None
    raise UnusableError(f"{described(value)} is neither true nor false")


def words(**meaning: float | None) -> Reader:
    """Texts of an enumeration (letter case does not matter) and what they mean, None for "not available"."""

    def read(value: object) -> float | None:
        if isinstance(value, str) and value.lower() in meaning:
            return meaning[value.lower()]
        raise UnusableError(f"{described(value)} is none of {', '.join(meaning)}")

    return read


def either(*readers: Reader) -> Reader:
    """The first reader that can use the value."""

    def read(value: object) -> float | None:
        for reader in readers[:-1]:
            try:
                return reader(value)
            except UnusableError:
                continue
        return readers[-1](value)

    return read


def numbers_only(value: object) -> float | None:
    """A number; anything else means something else under the same key and is left out in silence."""
    return number(value) if type(value) in (int, float) else None


def words_only(**meaning: float) -> Reader:
    """As :func:`words`, but a number under the same key means something else and is left out in silence."""
    read = words(**meaning)
    return lambda value: None if type(value) in (int, float) else read(value)


def first(value: object) -> float | None:
    """The newest value of a history that has it in front; the ages of the others are not in the message."""
    if isinstance(value, list):
        return number(value[0]) if value else None
    raise UnusableError(f"{described(value)} is not a list")


def percent_text(value: object) -> float | None:
    """``"100%"``."""
    if isinstance(value, str) and value.endswith("%") and value[:-1].isascii() and value[:-1].isdecimal():
        return float(value[:-1][:4])
    raise UnusableError(f"{described(value)} is not a percentage")


def measured(units: Units, key: str = "value", read: Reader = number) -> Reader:
    """An object with a value (under ``key``) and its ``unit``; a unit that is not known is never assumed."""

    def convert(value: object) -> float | None:
        if not isinstance(value, dict):
            raise UnusableError(f"{described(value)} is not a value with a unit")
        amount = read(value.get(key))
        return None if amount is None else in_unit(amount, value.get("unit"), units)

    return convert


def in_unit(amount: float, unit: object, units: Units) -> float:
    """``amount`` converted from ``unit``; raises :class:`UnusableError` where it is not one of ``units``."""
    if isinstance(unit, str) and unit in units:
        factor, offset = units[unit]
        return finite(amount * factor + offset)
    raise UnusableError(f"unit {described(unit)} is none of {', '.join(units)}")


def unsigned_32(value: object) -> float | None:
    """A counter that JavaScript's shift made negative past 2**31."""
    amount = number(value)
    return amount + 2**32 if amount is not None and -(2**31) <= amount < 0 else amount


def finite(value: float) -> float:
    """``value`` unless a conversion made it infinite."""
    if isfinite(value):
        return value
    raise UnusableError("too large a number")
