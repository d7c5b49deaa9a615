"""Models of thermal comfort that pythermalcomfort has: called, not written again.

The library compiles its models when it is imported (some seconds once, a hundred megabytes): it is imported
where it is asked for, so that nothing else pays for it.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import NamedTuple

ADAPTIVE_C = (10.0, 30.0)
"""Running means of outdoor temperature [°C] for which EN 16798-1's adaptive model holds."""

STILL_AIR_M_S = 0.1
SEATED_MET = 1.2
WINTER_CLO, SUMMER_CLO = 1.0, 0.5
"""What EN 16798-1 takes people to wear in the heating and the cooling season."""

USUAL_HUMIDITY_PCT = 40.0
RUNNING_DAYS = 7


class Predicted(NamedTuple):
    """Fanger's predicted mean vote (-3 cold to 3 hot) and percentage dissatisfied, ISO 7730 (adults)."""

    pmv: float
    ppd_pct: float


class Adaptive(NamedTuple):
    """The adaptive model of EN 16798-1: comfort temperature and the limits of category II [°C]."""

    comfort_c: float
    low_c: float
    high_c: float


def operative_c(air_c: float, radiant_c: float, air_speed_m_s: float = STILL_AIR_M_S) -> float:
    """Operative temperature [°C] (ISO 7726)."""
    from pythermalcomfort.environment import operative_tmp

    return float(operative_tmp(tdb=air_c, tr=radiant_c, v=air_speed_m_s, standard="ISO"))


def running_mean_c(daily_c: Sequence[float], alpha: float = 0.8) -> float:
    """Running mean of outdoor temperature [°C], EN 16798-1: ``daily_c`` are means of days, yesterday first.

    Raises:
        ValueError: there is no day.
    """
    from pythermalcomfort.environment import running_mean_outdoor_temperature

    if not daily_c:
        raise ValueError("a running mean needs at least a day")
    return float(running_mean_outdoor_temperature(list(daily_c), alpha=alpha))


def adaptive(running_c: float) -> Adaptive | None:
    """Comfort temperature of the adaptive model and its category II; None outside :data:`ADAPTIVE_C`.

    For rooms without mechanical cooling whose windows open and in which people dress as they like.
    """
    from pythermalcomfort.models import adaptive_en

    if not ADAPTIVE_C[0] <= running_c <= ADAPTIVE_C[1]:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        found = adaptive_en(tdb=22.0, tr=22.0, t_running_mean=running_c, v=STILL_AIR_M_S, round_output=False)
    return Adaptive(float(found.tmp_cmf), float(found.tmp_cmf_cat_ii_low), float(found.tmp_cmf_cat_ii_up))


def predicted(air_c: float, humidity_pct: float | None, *, summer: bool) -> Predicted | None:
    """PMV and PPD of seated adults in still air whose walls are as warm as the air; None outside ISO 7730.

    The model is for adults; studies in classrooms find children comfortable some kelvins cooler. So it is
    shown and decides nothing.
    """
    from pythermalcomfort.models import pmv_ppd_iso

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # outside the standard's limits: it answers NaN, we None
        found = pmv_ppd_iso(
            tdb=air_c,
            tr=air_c,
            vr=STILL_AIR_M_S,
            rh=USUAL_HUMIDITY_PCT if humidity_pct is None else humidity_pct,
            met=SEATED_MET,
            clo=SUMMER_CLO if summer else WINTER_CLO,
        )
    pmv, ppd = float(found.pmv), float(found.ppd)
    return None if pmv != pmv else Predicted(pmv, ppd)
