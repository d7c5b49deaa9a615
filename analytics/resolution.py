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
_WHOLE = 1e-4  # a number this near to a whole one is one: doubles of 13 digits


def display_step(value: Floats) -> float:
    """Step of the display that showed ``value``, in the register's unit; 0 where none can be told.

    The largest power of ten (1000 to 0.0001) of which all values are multiples; of values that came from
    another unit (GJ) the smallest difference, or a half to a tenth of it, of which all differences are.
    """
    for exponent in _DECIMALS:
        if _multiples(value, 10.0**exponent):
            return float(10.0**exponent)
    rise = np.abs(np.diff(value))
    rise = rise[rise > 0]
    least = float(rise.min()) if len(rise) > 1 else 0.0
    return next((least / part for part in _PARTS if least and _multiples(rise, least / part)), 0.0)


def _multiples(value: Floats, step: float) -> bool:
    if len(value) == 0:
        return False
    scaled = value / step
    return float(np.abs(scaled - np.rint(scaled)).max()) <= _WHOLE


def split_unsure_kwh(power_kw: Floats, hours: Floats, at: Ints, part: Floats) -> Floats:
    """By how much [kWh] the energy before each boundary may be off: half of what it can range over.

    A boundary lies the share ``part`` into the increment ``at``; ``power_kw`` and ``hours`` are those of all
    increments. Inside it the power is taken to be between the lowest and the highest of its own mean and of
    the increments beside it; a mean beyond both hides a peak or a dip, as far beyond it as it is beyond them.
    """
    top = len(power_kw) - 1
    mean = power_kw[at]
    around = np.stack([power_kw[(at - 1).clip(0, top)], mean, power_kw[(at + 1).clip(0, top)]])
    low, high = around.min(axis=0), around.max(axis=0)
    least_kw = np.where(mean <= low, np.maximum(0.0, 2 * mean - high), low)
    most_kw = np.where(mean >= high, 2 * mean - low, high)
    spread = most_kw - least_kw
    strong = (mean - least_kw) / np.where(spread > 0, spread, 1.0)  # share of the time at the highest power
    before = np.minimum(part, strong) - np.maximum(0.0, strong - (1 - part))
    return np.asarray(np.where(spread > 0, before * spread * hours[at] / 2, 0.0))
