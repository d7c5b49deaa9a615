"""Heat that goes with air which should not have been moved: days with it against the school's other days.

One regression of the heat of all days that need any: on the outdoor temperature by kind of day, the sun, and
on the degree hours of air beyond what is due. What the seasons do by themselves is told from the rest of the
year:

- The temperature is that of the day and, in part, of the day before: walls remember.
- Windows stand upright: a low sun offers them more in March and October than in June. So the sun is told
  twice, on the ground and on a wall that faces south, and the fit finds how the school lies. How much of it
  came through clouds is told by the day's range of temperature (Hargreaves & Samani 1982; FAO-56, eq. 50).
- A closed day after an open one still has its warmth, an open one after a closed one must be warmed up, and
  a break is longer than a weekend: it cools further.

Its span is 90 % of the fit's, whose errors go together (:mod:`analytics.gls`), and MODEL_SHARE for what a
straight line in degrees does not tell.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analytics.gls import fit_gls
from analytics.insights.data import Floats, SchoolData
from analytics.insights.finish import Waste
from analytics.insights.heat import LEAST_DAYS, day_groups, in_last_year, latitude
from analytics.insights.model import Range
from analytics.sun import extraterrestrial_kwh_m2, upright_south_kwh_m2

AIR_BELOW_C = 18.0
"""Air from outdoors is warmed up to so much at least, by a coil or by radiators; above nothing is heated."""

MODEL_SHARE = 0.05
"""Half the width of the span, as a share, where the fit itself had no error."""

_OF_THE_DAY_BEFORE = 0.3  # of the felt temperature
_KINDS = ("school_day", "open", "closed")
_BENT_C, _MOST_C = (4.0, 8.0, 12.0), 16.0  # the curve's bends, and where a kind of day begins to need heat
_FULL_K = 6.0  # so much below AIR_BELOW_C all sun and warmth of walls spare heat; in milder weather a part
_LEAST_ADDED_DAYS = 5
_LEAST_OF_A_COLUMN = 5
_DAYS_A_COLUMN = 5
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
    felt = _felt_c(data)
    more = more_h.groupby(data.hours["day"]).mean().reindex(felt.index).fillna(0.0)
    degrees = (AIR_BELOW_C - felt).clip(lower=0) * more
    heat = data.days["heat_kwh"]
    heated = felt.index[(felt < AIR_BELOW_C) & heat.notna()]
    asked = heated[heated.isin(days) & (more[heated] > 0)]
    if int((~asked.isin(left_out)).sum()) < max(_LEAST_ADDED_DAYS, len(asked) / 2):
        left_out = left_out.difference(pd.DatetimeIndex(asked))
    fitted = heated[~heated.isin(left_out)]
    on = fitted.isin(asked)
    if on.sum() < _LEAST_ADDED_DAYS or (~on).sum() < LEAST_DAYS:
        return None
    columns = _told_by(_usual_columns(data, felt).loc[fitted].fillna(0.0))
    number = (fitted - fitted[0]).days.to_numpy(np.float64)
    fit = fit_gls(np.column_stack([degrees[fitted] * on, columns]), heat[fitted].to_numpy(np.float64), number)
    per_degree = float(fit.coefficients[0])
    error = float(fit.errors[0]) * float(stdtrit(fit.freedom, _TWO_SIDED))
    error = float(np.hypot(error, MODEL_SHARE * per_degree))
    seen_degrees = float(degrees[asked].sum())
    seen = Range(value=per_degree, low=per_degree - error, high=per_degree + error) * seen_degrees
    factor = float(in_last_year(data, degrees).sum()) / seen_degrees
    return Waste(_by_hours(data, per_degree * degrees[asked], more_h), seen, seen * factor)


def _felt_c(data: SchoolData) -> pd.Series:
    """Outdoor temperature of the day, and in part of the day before [°C]."""
    outdoor = data.days["outdoor_c"]
    before = outdoor.shift().fillna(outdoor)
    return ((1 - _OF_THE_DAY_BEFORE) * outdoor + _OF_THE_DAY_BEFORE * before).dropna()


def _usual_columns(data: SchoolData, felt_c: pd.Series) -> pd.DataFrame:
    """What moves a day's heat where nothing is wrong, by local day; what tells most stands first."""
    days = data.days.reindex(felt_c.index)
    groups = day_groups(data).reindex(felt_c.index)
    closed = groups == "closed"
    full = ((AIR_BELOW_C - felt_c) / _FULL_K).clip(0, 1)
    by_day = data.hours.groupby("day")["outdoor_c"]
    came = np.sqrt((by_day.max() - by_day.min()).reindex(felt_c.index))
    index = pd.DatetimeIndex(felt_c.index)
    ground = full * extraterrestrial_kwh_m2(index, latitude(data))
    wall = full * upright_south_kwh_m2(index, latitude(data))
    columns: dict[str, pd.Series] = {}
    for kind in _KINDS:
        mine = (groups == kind).astype(float)
        columns[kind] = mine
        columns[f"{kind} colder"] = mine * (_MOST_C - felt_c).clip(lower=0)
    columns |= {"ground": ground, "wall": wall, "break": full * days["holiday"].astype(float)}
    columns |= {"ground came": ground * came, "wall came": wall * came}
    columns["closed ground"], columns["closed wall"] = ground * closed, wall * closed
    was_closed = closed.shift(fill_value=True)
    columns["still warm"] = full * (closed & ~was_closed)
    columns["warmed up"] = full * (~closed & was_closed)
    columns |= {f"below {bend:.0f}": (bend - felt_c).clip(lower=0) for bend in _BENT_C}
    return pd.DataFrame(columns)


def _told_by(columns: pd.DataFrame) -> Floats:
    """The columns that so many days can tell: each stands in _LEAST_OF_A_COLUMN of them at least."""
    known = columns.loc[:, (columns != 0).sum() >= _LEAST_OF_A_COLUMN]
    return known.to_numpy(np.float64)[:, : max(1, len(columns) // _DAYS_A_COLUMN - 1)]


def _by_hours(data: SchoolData, by_day: pd.Series, weights: pd.Series) -> pd.Series:
    """Each day's energy over its hours, by their weights; over all alike where none weighs anything."""
    day = data.hours["day"]
    inside = day.isin(by_day.index)
    weight = weights.reindex(day.index[inside]).fillna(0.0) + 1e-9
    total = weight.groupby(day[inside]).transform("sum")
    return weight / total * day[inside].map(by_day)
