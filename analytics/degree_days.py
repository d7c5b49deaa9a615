"""Heating degree days and normal-year correction.

Swedish *graddagar*: Σ max(0, 17 °C − daily mean). Until 2015 SMHI and the energy companies counted a day of
spring to autumn only below a lower limit; tables of that time still stand in older data.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

BASE_C = 17.0
"""Base temperature of graddagar [°C]: 20-21 °C indoors less what people, lamps and sun give."""

FORMER_LIMITS_C: Mapping[int, float] = {4: 12.0, 5: 10.0, 6: 10.0, 7: 10.0, 8: 11.0, 9: 12.0, 10: 13.0}
"""Until 1 January 2015 a day in these months counted only if its mean lay below this [°C]."""


def heating_degree_days(
    temperature_c: pd.Series, base_c: float = BASE_C, limits_c: Mapping[int, float] | None = None
) -> pd.Series:
    """Degree days of each day [K·d].

    Args:
        temperature_c: daily mean outdoor temperature [°C], indexed by local day; NaN stays NaN.
        base_c: base temperature [°C].
        limits_c: by month, the mean at or above which a day does not count (:data:`FORMER_LIMITS_C`); None:
            every day colder than ``base_c`` counts.
    """
    below = (base_c - temperature_c).clip(lower=0.0)
    if limits_c is not None:
        month = pd.Series(pd.DatetimeIndex(temperature_c.index).month, index=temperature_c.index)
        limit = month.map(dict(limits_c)).astype(float).fillna(base_c)
        below = below.where(~(temperature_c >= limit), 0.0)
    return below.rename("heating_degree_days")


def normal_year(
    energy_kwh: float, base_kwh: float, degree_days: float, normal_degree_days: float
) -> float | None:
    """Energy of the period in a normal year [kWh]; None where the period had no degree days.

    E_norm = E_base + (E − E_base)·HDD_normal/HDD: only what follows the weather is scaled, never hot water
    and base load. An energy below its base load is left as it is.
    """
    if degree_days <= 0:
        return None
    return (
        base_kwh
        + max(0.0, energy_kwh - base_kwh) * normal_degree_days / degree_days
        + min(0.0, energy_kwh - base_kwh)
    )
