"""Temperature against bands: HSLF-FS 2024:10 and the categories of EN 16798-1, and hours of heat and cold.

Air temperature stands in for operative temperature (the mean of air and radiant temperature, EN 16798-1),
which classroom sensors do not measure; beside large cold or sunny windows the two differ by a degree or more.
The adaptive model is not used here: it holds for running means of 10 to 30 °C outdoors and rooms without
mechanical cooling, which most Swedish school days are not (:mod:`analytics.thermal` has it).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classroom.settings import AnalyticsSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

SUMMER_MONTHS = (6, 7, 8)
"""Months with the limits of summer: HSLF-FS allows more "in summer", EN 16798-1 in the cooling season."""

HEATING_C = ((21.0, 23.0), (20.0, 24.0), (19.0, 25.0), (17.0, 25.0))
COOLING_C = ((23.5, 25.5), (23.0, 26.0), (22.0, 27.0), (21.0, 28.0))
"""Bands [°C] of categories I to IV for seated people (1.2 met), EN 16798-1:2019 Annex B; 1.0 clo in the
heating season, 0.5 clo in the cooling season."""

CATEGORIES = (1, 2, 3, 4)
WORSE = 5
"""Outside category IV."""


class Band(NamedTuple):
    """Lowest and highest comfortable temperature [°C], both included."""

    low_c: float
    high_c: float


def is_summer(month: int) -> bool:
    """Whether the limits of summer hold in ``month`` (1-12)."""
    return month in SUMMER_MONTHS


def band(limits: AnalyticsSettings, *, summer: bool) -> Band:
    """The site's comfort band; by default HSLF-FS 2024:10 for children: 20 to 24 °C, in summer 26 °C."""
    return Band(limits.comfort_low_c, limits.summer_high_c if summer else limits.comfort_high_c)


def category(temperature_c: Floats, summer: Bools | bool) -> Ints:
    """EN 16798-1 category of each temperature: 1 to 4, 5 outside them, 0 where it is NaN.

    ``summer`` says for each (or for all) whether the bands of the cooling season hold.
    """
    found = np.full(np.shape(temperature_c), WORSE, dtype=np.int64)
    for number in reversed(CATEGORIES):
        low = np.where(summer, COOLING_C[number - 1][0], HEATING_C[number - 1][0])
        high = np.where(summer, COOLING_C[number - 1][1], HEATING_C[number - 1][1])
        found[(temperature_c >= low) & (temperature_c <= high)] = number
    found[np.isnan(temperature_c)] = 0
    return found


def above_k(temperature_c: Floats, limit_c: Floats | float) -> Floats:
    """How far each temperature is above a limit [K], at least 0; × hours these are degree hours [K·h]."""
    return np.asarray(np.maximum(temperature_c - limit_c, 0.0))


def below_k(temperature_c: Floats, limit_c: Floats | float) -> Floats:
    """How far each temperature is below a limit [K], at least 0."""
    return np.asarray(np.maximum(limit_c - temperature_c, 0.0))
