"""Where a register did not simply count on: reset, rollover, swap. For people; energy knows what to do."""

from __future__ import annotations

import numpy as np

from analytics.quality import Verdict
from analytics.registers import (
    JITTER_KWH,
    Floats,
    Ints,
    good_points,
    increments,
)


def breaks(time_us: Ints, value: Floats, interval_s: float, kwh_per_unit: float = 1.0) -> list[Verdict]:
    """Breaks of a register from its points (ascending), each for an interval from the first reading after it.

    A fall that may be counted from 0 is a reset, one across a rollover value a rollover. A fall to more than
    was likely used, or a rise that needs more than :data:`analytics.registers.MAX_POWER_KW`, is another
    register: a meter was swapped and nobody noted it (a noted swap is a change of placement, and no break).
    """
    good = good_points(time_us, value, kwh_per_unit)
    time_us, value = time_us[good], value[good]
    steps = increments(time_us, value, float("inf"), kwh_per_unit)  # a reset is one after silence too
    fell = np.diff(value) * kwh_per_unit < -JITTER_KWH
    found = []
    for i in np.flatnonzero(fell | ~steps.known).tolist():
        before, after = float(value[i]), float(value[i + 1])
        kind = "rollover" if steps.rolled[i] else "reset" if steps.known[i] else "swap"
        end_us = int(time_us[i + 1]) + round(interval_s * 1_000_000)
        found.append(Verdict(int(time_us[i + 1]), end_us, kind, f"{before:g} to {after:g}"))
    return found
