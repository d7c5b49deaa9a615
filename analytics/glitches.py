"""Readings of a register that those around them show to be wrong: messages with 0, or with another register's
value.

The readings kept are the path through the series that explains it best: from one to the next the register
rises plausibly, or it breaks off (a reset, a rollover, another meter). A break costs more than leaving out as
many readings as may be glitches, so readings go where a break goes with them, and no others.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from analytics.registers import JITTER_KWH, MAX_POWER_KW, STEP_KWH, most_kwh

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

GLITCH_READINGS = 8
"""More wrong readings in a row are a register that really stands there."""

_BREAK = GLITCH_READINGS + 1.0  # what a break costs, in readings left out
_FOREIGN = 1e-3  # of two paths that cost the same, the one nearer to where most readings are

_HOUR_US = 3_600_000_000


def good_points(time_us: Ints, value: Floats, kwh_per_unit: float = 1.0) -> Bools:
    """Mask that is False for readings which those around them show to be a glitch.

    Left out are readings outside the span of the last before and the first after them, while these rise
    plausibly from one to the other. Of several in a row (at most ``GLITCH_READINGS``) the way there or back
    must be more than ran in such a time anywhere around: a register that begins anew near its old level is
    none. What the series begins and ends with cannot be judged and stays.
    """
    good = np.ones(len(value), dtype=bool)
    kwh = value * kwh_per_unit
    if not (np.diff(kwh) < -JITTER_KWH).any():  # a glitch begins or ends with a fall; they are rare
        return good
    way = _Way(kwh, time_us / _HOUR_US)
    spread = float(kwh.max() - kwh.min())
    foreign = _FOREIGN * np.abs(kwh - np.median(kwh)) / spread
    cost, came_from = [0.0], [0]
    for at in range(1, len(kwh)):
        options = [
            (cost[start] + price, start)
            for start in range(max(0, at - 1 - GLITCH_READINGS), at)
            if (price := way.price(start, at)) is not None
        ]
        least, start = min(options)
        cost.append(least + float(foreign[at]))
        came_from.append(start)
    good[:] = False
    at = len(kwh) - 1
    while at > 0:
        good[at] = True
        at = came_from[at]
    good[0] = True
    return good


class _Way:
    """What it costs to go from one reading of a series to a later one."""

    def __init__(self, kwh: Floats, hours: Floats) -> None:
        self._kwh, self._hours = kwh, hours
        self._rise, self._length = np.diff(kwh), np.diff(hours)
        before = [kwh[max(0, at - GLITCH_READINGS) : at + 1].max() for at in range(len(kwh) - 1)]
        self._usual = kwh[:-1] >= np.array(before) - JITTER_KWH  # a rise that takes nothing back

    def price(self, start: int, end: int) -> float | None:
        """None where what lies between may not be left out."""
        rise, hours = self._kwh[end] - self._kwh[start], self._hours[end] - self._hours[start]
        honest = -JITTER_KWH <= rise <= MAX_POWER_KW * hours + STEP_KWH
        left_out = self._kwh[start + 1 : end]
        if not len(left_out):
            return 0.0 if honest else _BREAK
        if not honest:
            return None
        outside = (left_out < self._kwh[start] - JITTER_KWH) | (left_out > self._kwh[end] + JITTER_KWH)
        if outside.all() and (len(left_out) == 1 or self._too_steep(start, end)):
            return float(len(left_out))
        return None

    def _too_steep(self, start: int, end: int) -> bool:
        """Whether a rise from ``start`` to ``end``, over all between, is more than ran around."""
        around = self._usual.copy()
        around[start:end] = False
        return any(
            self._rise[at] > most_kwh(self._rise, self._length, around, float(self._length[at]))
            for at in range(start, end)
        )
