"""How many kelvin warmer a stretch of days was than it had been without what made it so, told three ways.

1. By its cold hours: above what is usual at that hour, in that weather and sun (:func:`heat_loss.usual_c`).
2. By its mornings: their level above the school's lowest that lasted.
3. By its cold days: a regression of the daily temperature indoors on what moves it anyway
   (:mod:`day_columns`), without the days about the ends of the stretch, which may be either.

Each fails somewhere: the first in spring, whose sun is that of autumn, with walls that are cold; the second
where the lowest level was a cold spell's; the third where nearly all days of a season were warm. They rarely
fail together and to the same side, so the median is taken.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.day_columns import felt_c, told_by, usual_columns

_COLD_C = 10.0  # felt; above, people and sun decide how warm it is
_LEAST_DAYS, _LEAST_OTHERS = 5, 20


class Warmer(NamedTuple):
    """Median of the ways that tell [K], and how far off the way next to it is, as a share of it."""

    kelvin: float
    apart: float


def warmer(ways: tuple[float, ...]) -> Warmer | None:
    """What the ways that are known (not NaN) say together; None where none does, or not warmer."""
    known = sorted(way for way in ways if not np.isnan(way))
    kelvin = float(np.median(known)) if known else 0.0
    if kelvin <= 0:
        return None
    return Warmer(kelvin, sorted(abs(way - kelvin) for way in known)[min(1, len(known) - 1)] / kelvin)


def by_cold_days_k(data: SchoolData, days: pd.DatetimeIndex, left_out: pd.DatetimeIndex) -> float:
    """How much warmer the cold days among ``days`` were than the others [K]; NaN where too few are known.

    ``left_out`` are days that tell neither.
    """
    felt = felt_c(data)
    indoor = data.indoor_c.groupby(data.hours["day"]).mean().reindex(felt.index)
    fitted = felt.index[(felt < _COLD_C) & indoor.notna() & ~felt.index.isin(left_out)]
    on = fitted.isin(days)
    if on.sum() < _LEAST_DAYS or (~on).sum() < _LEAST_OTHERS:
        return float("nan")
    columns = np.column_stack([on.astype(float), told_by(usual_columns(data, felt).loc[fitted])])
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-9)
    solved = np.linalg.lstsq(columns / scale, indoor[fitted].to_numpy(np.float64))[0]
    return float(solved[0])
