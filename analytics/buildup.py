"""Build-ups: a full room's CO2 climbs towards its level, and how fast it does tells the air change.

C = C_ss - (C_ss - C_0) exp(-A t) with three unknowns and no need to know the people, only that they stay. It
wants a curve that has clearly begun to bend: in the first minutes every rise is a straight line. It is no
method for demand control, whose dampers open as CO2 rises: that bends the curve too.
"""

from __future__ import annotations

from math import exp
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

LEAST_POINTS = 6
LEAST_RISE_PPM = 150.0
LEAST_R2 = 0.98
LEAST_BEND = 1.2
"""A rise is told from a straight line once A × its length is so much."""

MODEL_SD = 0.10
"""People come and go, air mixes badly: what the curve does not know, as a share of the rate."""

_SETTLE_S, _LEAVE_S = 480.0, 120.0
_RATES = np.geomspace(0.2, 12.0, 120)
_Z90_DROP = 2.706  # of the sum of squares over its variance, at a 90 % interval of one parameter


class BuildUp(NamedTuple):
    """An air change rate [1/h] with its 90 % interval, and how well the curve fits."""

    rate_1_h: float
    low_1_h: float
    high_1_h: float
    r2: float
    points: int


def build_up(time_us: Ints, excess_ppm: Floats, start_us: int, end_us: int) -> BuildUp | None:
    """The rate of a lesson's rise; None where there is none that bends, or other curves fit as well."""
    first, last = np.searchsorted(
        time_us, [start_us + round(_SETTLE_S * 1e6), end_us - round(_LEAVE_S * 1e6)]
    )
    ppm = excess_ppm[first:last]
    if len(ppm) < LEAST_POINTS or ppm[-1] - ppm[0] < LEAST_RISE_PPM:
        return None
    hours = (time_us[first:last] - time_us[first]) / 3.6e9
    faded = np.exp(-np.outer(_RATES, hours))
    y, x = ppm - ppm.mean(), faded - faded.mean(axis=1, keepdims=True)
    left = float(y @ y) - (x @ y) ** 2 / (x * x).sum(axis=1)
    best = int(np.argmin(left))
    r2 = 1 - float(left[best]) / float(y @ y)
    rate = float(_RATES[best])
    if r2 < LEAST_R2 or rate * hours[-1] < LEAST_BEND:
        return None
    variance = max(float(left[best]) / max(1, len(ppm) - 3), 16.0)  # a sensor's noise is some 4 ppm
    likely = _RATES[left <= left[best] + _Z90_DROP * variance]
    low, high = float(likely[0]), float(likely[-1])
    if high > 2.5 * low or high == _RATES[-1]:
        return None
    wide = exp(1.645 * MODEL_SD)
    return BuildUp(rate, low / wide, high * wide, r2, len(ppm))
