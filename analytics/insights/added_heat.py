"""Heat that goes with air which should not have been moved: days with it against the school's other days.

One regression of the heat of all days that need any: on what moves it anyway (:mod:`day_columns`), and on the
degree hours of air beyond what is due. What the seasons do by themselves is told from the rest of the year.

Its span is 90 % of the fit's, whose errors go together (:mod:`analytics.gls`), and MODEL_SHARE for what a
straight line in degrees does not tell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analytics.gls import fit_gls
from analytics.insights.data import SchoolData
from analytics.insights.day_columns import AIR_BELOW_C, felt_c, told_by, usual_columns
from analytics.insights.finish import Waste
from analytics.insights.heat import LEAST_DAYS, in_last_year
from analytics.insights.model import Range

MODEL_SHARE = 0.05
"""Half the width of the span, as a share, where the fit itself had no error."""

_LEAST_ADDED_DAYS = 5
_TWO_SIDED = 0.95


def added_heat(
    data: SchoolData, days: pd.DatetimeIndex, more_h: pd.Series, left_out: pd.DatetimeIndex
) -> Waste | None:
    """What heat was used because the fans ran longer than due; None where too few heated days are known.

    Args:
        data: the school.
        days: local days on which they did.
        more_h: how much of each UTC hour (0-1) they run beyond what is due when they do, on other days too:
            the year's energy is that of the seen days by degree hours.
        left_out: days of other findings: not in the fit, but where they are most of ``days``.
    """
    felt = felt_c(data)
    more = more_h.groupby(data.hours["day"]).mean().reindex(felt.index).fillna(0.0)
    degrees = (AIR_BELOW_C - felt).clip(lower=0) * more
    heat = data.days["heat_kwh"].reindex(felt.index)
    heated = felt.index[(felt < AIR_BELOW_C) & heat.notna()]
    asked = heated[heated.isin(days) & (more[heated] > 0)]
    if int((~asked.isin(left_out)).sum()) < max(_LEAST_ADDED_DAYS, len(asked) / 2):
        left_out = left_out.difference(pd.DatetimeIndex(asked))
    fitted = heated[~heated.isin(left_out)]
    on = fitted.isin(asked)
    if on.sum() < _LEAST_ADDED_DAYS or (~on).sum() < LEAST_DAYS:
        return None
    columns = told_by(usual_columns(data, felt).loc[fitted])
    number = (fitted - fitted[0]).days.to_numpy(np.float64)
    fit = fit_gls(np.column_stack([degrees[fitted] * on, columns]), heat[fitted].to_numpy(np.float64), number)
    per_degree = float(fit.coefficients[0])
    error = float(fit.errors[0]) * float(stdtrit(fit.freedom, _TWO_SIDED))
    error = float(np.hypot(error, MODEL_SHARE * per_degree))
    seen_degrees = float(degrees[asked].sum())
    seen = Range(value=per_degree, low=per_degree - error, high=per_degree + error) * seen_degrees
    factor = float(in_last_year(data, degrees).sum()) / seen_degrees
    return Waste(_by_hours(data, per_degree * degrees[asked], more_h), seen, seen * factor)


def _by_hours(data: SchoolData, by_day: pd.Series, weights: pd.Series) -> pd.Series:
    """Each day's energy over its hours, by their weights; over all alike where none weighs anything."""
    day = data.hours["day"]
    inside = day.isin(by_day.index)
    weight = weights.reindex(day.index[inside]).fillna(0.0) + 1e-9
    total = weight.groupby(day[inside]).transform("sum")
    return weight / total * day[inside].map(by_day)
