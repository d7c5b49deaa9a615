"""What a school draws from its meters: electricity and district heat, a value a minute."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from simulators.drive import Lit
from simulators.physics import Course, Drive
from simulators.zones import SimulatedSchool

Floats = NDArray[np.float64]

_OUTDOOR_LAMPS_W_M2 = 0.15
_CIRCULATION_W_M2 = 0.4  # hot water kept going round, day and night
_HOT_WATER_W_M2 = 2.0  # drawn on school days
_COOKING = ((6 * 60, 0.3), (8 * 60, 0.8), (10 * 60, 1.0), (12 * 60, 0.9), (13 * 60, 0.4), (14 * 60, 0.0))
_TAPPING = ((6 * 60, 0.4), (8 * 60, 0.8), (11 * 60, 1.6), (13 * 60, 1.4), (14 * 60, 0.7), (17 * 60, 0.0))


def school_power(
    school: SimulatedSchool, course: Course, lit: Lit, irradiance_w_m2: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """Electricity, its fans, district heat, its supply-air coils [W], each ``(1440,)``."""
    habits, zones = school.habits, school.zones
    fan_flow = course.fan_m3_s[:, zones]
    full = school.built.zones.fan_m3_s
    # Half the power goes into pressure that falls with the flow squared: throttling saves more than flow.
    part = np.divide(fan_flow, full, out=np.zeros_like(fan_flow), where=full > 0)
    fan_w = (fan_flow * habits.fan_w_per_m3_s * (0.5 + 0.5 * part**2)).sum(axis=1)
    meals_w = school.pupils * habits.kitchen_kwh_meal * 1000 / _hours(_COOKING)
    kitchen_w = meals_w * _profile(_COOKING, lit.local_minute) * lit.school_day
    outdoor_lamps_w = school.area_m2 * _OUTDOOR_LAMPS_W_M2 * (irradiance_w_m2 < 2)
    electricity_w = lit.zone_w.sum(axis=1) + fan_w + kitchen_w + outdoor_lamps_w
    coil_w = course.coil_w[:, zones].sum(axis=1)
    tapping = _profile(_TAPPING, lit.local_minute) * lit.school_day
    hot_water_w = school.area_m2 * (_CIRCULATION_W_M2 + _HOT_WATER_W_M2 * tapping)
    heat_w = course.radiator_w[:, zones].sum(axis=1) + coil_w + hot_water_w
    return electricity_w, fan_w, heat_w, coil_w


def join_drives(parts: Sequence[Drive]) -> Drive:
    """The drives of all schools side by side; the weather is the same for all."""
    joined = {}
    for name in Drive.__dataclass_fields__:
        values = [getattr(part, name) for part in parts]
        joined[name] = values[0] if values[0].ndim == 1 else np.concatenate(values, axis=1)
    return Drive(**joined)


def _profile(steps: tuple[tuple[int, float], ...], local_minute: NDArray[np.int64]) -> Floats:
    starts, levels = zip(*steps, strict=True)
    index = np.searchsorted(starts, local_minute, side="right") - 1
    return np.where(index >= 0, np.asarray(levels)[index], 0.0)


def _hours(steps: tuple[tuple[int, float], ...]) -> float:
    """Full-load hours of a profile."""
    return sum(level * (following - start) / 60 for (start, level), (following, _) in pairwise(steps))
