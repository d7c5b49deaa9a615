"""Where the level of a daily series changes for good: least squares with a price on every change.

Optimal partitioning (Jackson et al. 2005, *An algorithm for optimal partitioning of data on an interval*)
with Schwarz's price: a step is kept where it explains more than chance would.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_PRICE = 6.0  # a step costs so many ln(n)·σ²: two parameters by Schwarz's criterion are 2, daily data cling
_TO_SIGMA = 1.4826  # of a normal distribution's median absolute deviation


class Level(NamedTuple):
    """Values ``start`` to ``end`` (half open) lie about ``value``, their median."""

    start: int
    end: int
    value: float


def levels(values: Floats, *, least: int = 7, floor: float = 0.0) -> list[Level]:
    """The stretches of ``values`` ``(n,)`` (no NaN) that lie at one level each, in order.

    Args:
        values: one a day; gaps are left out beforehand.
        least: a stretch has at least so many values.
        floor: noise below which no difference is heeded, in the values' unit; the noise itself is taken from
            the differences of neighbours.
    """
    count = len(values)
    if count < 2 * least:
        return [Level(0, count, float(np.median(values)))] if count else []
    sigma = max(_noise(values), floor, 1e-12)
    smooth = _median_of_three(values)
    sums = np.concatenate([[0.0], np.cumsum(smooth)])
    squares = np.concatenate([[0.0], np.cumsum(smooth**2)])
    price = _PRICE * float(np.log(count)) * sigma**2
    best = np.full(count + 1, np.inf)
    best[0] = -price
    before = np.zeros(count + 1, dtype=np.int64)
    places = np.arange(count + 1)
    for end in range(least, count + 1):
        starts = slice(0, end - least + 1)
        length = end - places[starts]
        cost = squares[end] - squares[starts] - (sums[end] - sums[starts]) ** 2 / length
        total = best[starts] + cost + price
        place = int(total.argmin())
        best[end], before[end] = total[place], place
    found = []
    end = count
    while end > 0:
        start = int(before[end])
        found.append(Level(start, end, float(np.median(values[start:end]))))
        end = start
    return found[::-1]


def _noise(values: Floats) -> float:
    """Standard deviation of one value, from the median difference of neighbours."""
    difference = np.diff(values)
    return float(np.median(np.abs(difference)) * _TO_SIGMA / np.sqrt(2))


def _median_of_three(values: Floats) -> Floats:
    """Each value but the ends as the median of itself and its neighbours: a single odd day is no level."""
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    return np.concatenate([values[:1], middle, values[-1:]])
