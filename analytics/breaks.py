"""Where a register did not simply count on: reset, rollover, swap. For people; energy knows what to do."""

from __future__ import annotations

import numpy as np

from analytics.glitches import GLITCH_READINGS, good_points
from analytics.points import HOUR_US
from analytics.quality import Verdict
from analytics.registers import (
    JITTER_KWH,
    Floats,
    Ints,
    increments,
)

REACH_HOURS = GLITCH_READINGS + 4
"""Hours with readings on each side of a reading that bear on whether it is a break, and of which kind: no
others, so that it is told the same whatever else is known of the register."""


def breaks(time_us: Ints, value: Floats, interval_s: float, kwh_per_unit: float = 1.0) -> list[Verdict]:
    """Breaks of a register from its points (ascending), each for an interval from the first reading after it.

    A fall that may be counted from 0 is a reset, one across a rollover value a rollover. A fall to more than
    was likely used, or a rise that needs more than :data:`analytics.registers.MAX_POWER_KW`, is another
    register: a meter was swapped and nobody noted it (a noted swap is a change of placement, and no break).
    """
    hours = np.unique(time_us // HOUR_US)
    found = []
    for after in _suspects(time_us, value, kwh_per_unit):
        rank = int(np.searchsorted(hours, time_us[after] // HOUR_US))
        reach = hours[max(rank - REACH_HOURS, 0)], hours[min(rank + REACH_HOURS, len(hours) - 1)] + 1
        low, high = np.searchsorted(time_us, np.array(reach) * HOUR_US)
        told = _break_at(time_us[low:high], value[low:high], after - int(low), kwh_per_unit)
        if told is not None:
            kind, detail = told
            start_us = int(time_us[after])
            found.append(Verdict(start_us, start_us + round(interval_s * 1_000_000), kind, detail))
    return found


def _suspects(time_us: Ints, value: Floats, kwh_per_unit: float) -> list[int]:
    """Readings after which a break may lie: those after a fall or an increment that is not known, and as many
    more as a glitch may hide."""
    known = increments(time_us, value, float("inf"), kwh_per_unit).known
    odd = np.flatnonzero((np.diff(value) * kwh_per_unit < -JITTER_KWH) | ~known)
    near = odd[:, None] + np.arange(1, GLITCH_READINGS + 2)
    return [int(at) for at in np.unique(near) if at < len(value)]


def _break_at(time_us: Ints, value: Floats, after: int, kwh_per_unit: float) -> tuple[str, str] | None:
    """Kind and detail of the break before reading ``after``, from these readings alone."""
    good = good_points(time_us, value, kwh_per_unit)
    if not good[after]:
        return None
    at = int(good[:after].sum()) - 1
    time_us, value = time_us[good], value[good]
    steps = increments(time_us, value, float("inf"), kwh_per_unit)  # a reset is one after silence too
    if at < 0 or (steps.known[at] and (value[at + 1] - value[at]) * kwh_per_unit >= -JITTER_KWH):
        return None
    kind = (
        "rollover" if steps.rolled[at] else "reset" if steps.known[at] and not steps.swapped[at] else "swap"
    )
    return kind, f"{value[at]:g} to {value[at + 1]:g}"
