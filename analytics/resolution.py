"""How far a register's figure may be off because its display has steps and its readings times.

A display shows whole steps: of two readings each may hide nearly one, so their difference is wrong by
less than one. And at a period's boundary nobody read the register: what the increment around it holds is
shared by the power beside it (:mod:`analytics.registers`), which is right as far as the power is.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FINE_SHARE = 0.005
"""A figure that may be off by no more than this share of it is as good as exact."""

FINE_KWH = 0.1
"""Nor does it matter by how much less than this a day's figure is off."""

RESOLUTION = "resolution"
"""Reason of a figure that may be off by more."""

_DECIMALS = range(3, -5, -1)  # powers of ten that displays end with
_PARTS = range(1, 11)
_NEAR, _DIGITS = 1e-6, 1e-15  # so near, and by the digits of doubles, a value is a multiple: any step is more


def display_step(value: Floats) -> float:
    """Step of the display that showed ``value``, in the register's unit; 0 where none can be told.

    The largest power of ten (1000 to 0.0001) of which all values are multiples; of values that came from
    another unit (GJ) the smallest difference, or a half to a tenth of it, of which all differences are.
    """
    highest = float(np.abs(value).max(initial=0.0))
    for exponent in _DECIMALS:
        if 10.0**exponent <= highest and _multiples(value, 10.0**exponent):
            return float(10.0**exponent)
    rise = np.abs(np.diff(value))
    rise = rise[rise > 0]
    least = float(rise.min()) if len(rise) > 1 else 0.0
    return next((least / part for part in _PARTS if least and _multiples(rise, least / part)), 0.0)


def _multiples(value: Floats, step: float) -> bool:
    if len(value) == 0:
        return False
    off = np.abs(value - np.rint(value / step) * step)
    return bool((off <= _NEAR + _DIGITS * np.abs(value)).all())


def split_unsure_kwh(power_kw: Floats, hours: Floats, at: Ints, part: Floats, told: Floats) -> Floats:
    """By how much [kWh] the energy before each boundary may be off.

    A boundary lies the share ``part`` into the increment ``at``, of whose energy the share ``told`` is said
    to lie before it; ``power_kw`` and ``hours`` are those of all increments. Inside it the power is taken to
    be that of the lower of the increments beside it, and what ran beyond that a burst at any time; or that of
    the higher, with a lull at any time. Both happen: what is switched on at midnight overshoots.
    """
    top = len(power_kw) - 1
    mean = power_kw[at]
    before, after = power_kw[(at - 1).clip(0, top)], power_kw[(at + 1).clip(0, top)]
    low, high = np.minimum(before, after), np.maximum(before, after)
    burst, lull = np.maximum(0.0, mean - low), np.maximum(0.0, high - mean)
    least = np.minimum(low * part, high * part - lull).clip(min=0.0)
    most = np.minimum(np.maximum(low * part + burst, high * part), mean)
    said = mean * told
    return np.asarray(hours[at] * np.maximum(0.0, np.maximum(most - said, said - least)))
