"""A sensor's noise, from its own readings: what neighbours differ by that nothing in a room explains."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analytics.quantiles import median

Floats = npt.NDArray[np.float64]

_TO_SIGMA = 1.4826  # of a normal distribution's median absolute deviation


def noise_of(values: Floats) -> float:
    """Standard deviation of one reading's noise, in the unit of ``values``; 0.0 of fewer than three.

    From the median second difference, which a straight line has none of; most of a day is straight enough.
    """
    if len(values) < 3:
        return 0.0
    bend = values[:-2] - 2 * values[1:-1] + values[2:]
    return _TO_SIGMA * median(np.abs(bend)) / 6**0.5
