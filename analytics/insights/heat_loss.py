"""What a degree indoors costs: the school's loss of heat, and the temperature that is usual in its rooms.

Where it is cold, heat bought follows from the difference of temperature indoors and outdoors: the daily heat
balance of an energy signature with measured indoor temperature and storage (Hammarsten 1987, *A critical
appraisal of energy-signature models*; Siviour's evaluation of co-heating tests). What rooms would have been
without a fault is told from the same school's other days, hour by hour. Over a cycle that ends as it began,
heat saved is loss × lowered K·h, however slow the walls are: what they give off while they cool they take up
again. In mild weather people and sun warm the rooms above their set point and temperatures tell little: there
the meter does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import Floats, SchoolData
from analytics.insights.day_columns import felt_c, need
from analytics.insights.heat import day_groups, hot_water_kwh_d, seasons_sun

COLD_DAY_C = 10.0
"""Daily mean outdoors below which temperatures of the rooms tell what heating does (a balance temperature of
15 to 17 °C less what people and sun may add)."""

NO_HEAT_DAY_C = 17.0
"""At and above this nothing is heated (graddagar 17)."""

MILD_SHARE, MILD_K = 0.35, 0.9
"""On mild days heating that was lowered takes nearly as much less as on cold ones, but no more than this part
of what is heated at all: most is due at night and in the morning anyhow. Of simulated schools."""

_FITTED_BELOW_C = 13.0
_LEAST_DAYS = 40
_LEAST_USUAL_DAYS = 8
_HINGES_C = (4.0, 8.0, 12.0, 16.0)
_RECENT_H = 48  # hours of weather that a room remembers


class HeatLoss(NamedTuple):
    """Heat [kW] for a kelvin indoors: while the ventilation stands still, and what it adds while it runs."""

    still_kw_k: float
    fans_kw_k: float

    def kw_k(self, fans_h: pd.Series) -> pd.Series:
        """By hour, of the share of it in which the ventilation runs."""
        return self.still_kw_k + self.fans_kw_k * fans_h


def fit_heat_loss(data: SchoolData, indoor_c: pd.Series, fans_h: pd.Series) -> HeatLoss | None:
    """Least squares over days below 13 °C; None without enough of them, or where heat does not follow.

    Heat = H·ΔT + H_v·ΔT·f + C·(change of the indoor temperature) + a·S + b of the kind of day; ΔT mean of
    indoors less outdoors, f the fans' share, S the season's sun. Neither loss is below 0.
    """
    hours, days = data.hours, data.days
    warmer = indoor_c - hours["outdoor_c"]
    by_day = pd.DataFrame({"still": warmer, "fans": warmer * fans_h}).groupby(hours["day"]).mean()
    at_end = indoor_c.groupby(hours["day"]).last()
    by_day["stored"] = at_end - at_end.shift()
    by_day["sun"] = seasons_sun(data)
    known = by_day[(days["outdoor_c"] < _FITTED_BELOW_C) & days["heat_kwh"].notna()].dropna()
    if len(known) < _LEAST_DAYS:
        return None
    kinds = pd.get_dummies(day_groups(data).reindex(known.index)).to_numpy(np.float64)
    heat = days["heat_kwh"].reindex(known.index).to_numpy(np.float64)
    solved = _solve(np.column_stack([known.to_numpy(np.float64), kinds]), heat)
    if solved[1] < 0:
        solved = _solve(np.column_stack([known.drop(columns="fans").to_numpy(np.float64), kinds]), heat)
        solved = np.insert(solved, 1, 0.0)
    return HeatLoss(float(solved[0]) / 24, float(solved[1]) / 24) if solved[0] > 0 else None


def bought_kw_k(data: SchoolData, loss: HeatLoss, fans_h: pd.Series) -> pd.Series:
    """Heat bought for a kelvin indoors [kW], by UTC hour: the loss, in mild weather the part that people, sun
    and walls do not pay for; 0 where the weather is not known."""
    return loss.kw_k(fans_h) * data.hours["day"].map(need(felt_c(data))).fillna(0.0)


def spared_kwh(data: SchoolData, kwh: pd.Series, part: float = 1.0) -> pd.Series:
    """What lowering would have spared by UTC hour [kWh], of ``kwh``, which as many K cost on cold days.

    On mild days, of 10 to 17 °C, nine tenths of that, but at most a part of the heat above hot water, for
    hours that take ``part`` of a day's; on warmer ones nothing.
    """
    day, outdoor = data.hours["day"].reindex(kwh.index), data.days["outdoor_c"]
    most = MILD_SHARE * part * (data.days["heat_kwh"] - hot_water_kwh_d(data)).clip(lower=0)
    bounded = (most / kwh.groupby(day).sum()).clip(upper=MILD_K)
    factor = bounded.where(outdoor >= COLD_DAY_C, 1.0).where(outdoor < NO_HEAT_DAY_C, 0.0)
    return kwh * day.map(factor)


def usual_c(data: SchoolData, indoor_c: pd.Series, kinds: pd.Series, usual: pd.Series) -> pd.Series:
    """Temperature indoors that is usual at each hour [°C], by UTC hour; NaN where it cannot be told.

    Args:
        data: the school.
        indoor_c: its temperature by UTC hour.
        kinds: which hours are alike; each kind is told from its own.
        usual: the hours that tell. By local hour, the weather of the last two days (hinges at 4 to 16 °C) and
            the season's sun at that hour.
    """
    hours = data.hours
    outdoor = hours["outdoor_c"].rolling(_RECENT_H, min_periods=_RECENT_H // 2).mean()
    clock = hours["hour"].to_numpy()[:, None] == np.arange(24)[None, :]
    sun = hours["day"].map(seasons_sun(data)).to_numpy(np.float64)
    weather = np.maximum(0.0, outdoor.to_numpy(np.float64)[:, None] - np.array((-60.0, *_HINGES_C)))
    columns = np.column_stack([weather, clock, clock * sun[:, None]])
    found = pd.Series(np.nan, index=hours.index)
    tells = usual & indoor_c.notna() & outdoor.notna()
    for kind in kinds.unique():
        mine = (kinds == kind) & outdoor.notna()
        fitted = (mine & tells).to_numpy()
        if hours["day"][fitted].nunique() >= _LEAST_USUAL_DAYS:
            solved = _solve(columns[fitted], indoor_c.to_numpy(np.float64)[fitted])
            found[mine] = columns[mine.to_numpy()] @ solved
    return found


def _solve(columns: Floats, values: Floats) -> Floats:
    """Least squares; of columns that say the same thing the smallest numbers."""
    return np.asarray(np.linalg.lstsq(columns, values)[0], dtype=np.float64)
