"""Heat against the weather: curves of a school's days, and what it used above them.

A 3P curve (:mod:`analytics.changepoint`) for each kind of day, fitted to the days on which nothing was found
to be wrong; the sun counts as warmth outdoors (:data:`SUN_K`), as in :mod:`analytics.signature`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.changepoint import HEATING, Curve, Fit, fit_curve
from analytics.insights.data import SchoolData
from analytics.insights.finish import Waste
from analytics.insights.model import Range
from analytics.sun import extraterrestrial_kwh_m2
from classroom.places import DayType

Floats = npt.NDArray[np.float64]

SUN_K = (0.0, 0.3, 0.6)
"""Kelvin by which a kWh/m² of the season's sun may make a day count as warmer; the best fit decides."""

LEAST_DAYS = 20
"""A kind of day of which fewer are known follows the curve of the others."""

BEYOND_K = 5.0
"""So much warmer than the model's change point a day may be and still need heat for more air."""

_LEAST_HEATING_DAYS = 5
_CLING = 5.0  # neighbouring days' errors go together: so many days count as one
_LATITUDE = 57.0  # of Sweden's south, for a school without coordinates


class HeatModel(NamedTuple):
    """Curves by kind of day (``school_day``, ``open``, ``closed``), and how well they fit.

    ``felt_c`` is outdoor temperature with the sun's part by local day; ``sigma_kwh`` the standard deviation
    of a day's residual; ``r2`` that of school days.
    """

    curves: dict[str, Curve]
    felt_c: pd.Series
    sigma_kwh: float
    r2: float
    days: int

    def predict(self, group: pd.Series, colder_k: float = 0.0) -> pd.Series:
        """Heat of days [kWh], had it been so much colder; ``group`` gives each day's curve. NaN without a
        temperature."""
        expected = pd.Series(np.nan, index=group.index)
        for name, curve in self.curves.items():
            mine = group == name
            expected[mine] = curve.predict(
                self.felt_c.reindex(group.index)[mine].to_numpy(np.float64) - colder_k
            )
        return expected

    @property
    def slope_kwh_k_d(self) -> float:
        """Heat for a degree and day [kWh/(K·d)] on school days."""
        return self.curves["school_day"].heating_kwh_k_d

    def heats(self, day_group: str = "school_day") -> float:
        """Felt temperature below which heat is used [°C]; -inf where it never follows the weather."""
        limit = self.curves[day_group].heats_below_c
        return float("-inf") if np.isnan(limit) else limit


def day_groups(data: SchoolData) -> pd.Series:
    """Which curve each local day follows."""
    names = {DayType.SCHOOL_DAY.value: "school_day", DayType.CLOSED.value: "closed"}
    return data.days["day_type"].map(lambda kind: names.get(str(kind), "open"))


def fit_heat(data: SchoolData, left_out: Iterable[pd.Timestamp] = ()) -> HeatModel | None:
    """The model of all days but ``left_out``; None without heat, weather or enough school days."""
    if data.heat is None:
        return None
    days = data.days[["heat_kwh", "outdoor_c"]]
    out = pd.DatetimeIndex(list(left_out))
    known = days.dropna()
    known = known[~known.index.isin(out)]
    groups = day_groups(data)
    if (groups.reindex(known.index) == "school_day").sum() < 2 * LEAST_DAYS:
        return None
    sun = seasons_sun(data)
    fits = []
    for sun_k in SUN_K:
        felt = days["outdoor_c"] + sun_k * sun
        fits.append((felt, _fit(known, felt, groups)))
    felt, curves = min(fits, key=lambda pair: sum(fit.rss for fit in pair[1].values()))
    model = HeatModel({name: fit.curve for name, fit in curves.items()}, felt, 0.0, 0.0, len(known))
    residual = known["heat_kwh"] - model.predict(groups.reindex(known.index))
    school = groups.reindex(known.index) == "school_day"
    return model._replace(
        sigma_kwh=float(residual.std(ddof=6)), r2=_r2(known["heat_kwh"][school], residual[school])
    )


def heat_above(
    data: SchoolData,
    model: HeatModel,
    days: pd.DatetimeIndex,
    weights: pd.Series,
    left_out: pd.DatetimeIndex,
) -> Waste | None:
    """What was used on ``days`` because something was different on them; None where no heating day is known.

    Residuals of the model on heating days, r = a + b·H + c·S + d·G + e·β·G by least squares, with degree days
    H below the model's change point and G below one BEYOND_K higher (who loses more heat needs it sooner),
    the season's sun S, and e = 1 on ``days``: what the seasons of ``days`` do by themselves is told from the
    rest of the year. Days of other findings are ``left_out`` of the fit, but where they are most of ``days``.
    The sum Σβ·G is spread over the hours by ``weights`` (UTC hours, ≥ 0); the year's is that of the seen days
    by G.
    """
    below = (model.heats() - model.felt_c).clip(lower=0)
    degrees = (model.heats() + BEYOND_K - model.felt_c).clip(lower=0)
    residual = data.days["heat_kwh"] - model.predict(day_groups(data))
    fitted = residual.dropna().index
    heated = fitted[degrees.reindex(fitted) > 0]
    asked = heated[heated.isin(days)]
    alone = int((~asked.isin(left_out)).sum())
    if alone < max(_LEAST_HEATING_DAYS, len(asked) / 2):
        left_out = left_out.difference(days)
    fitted = heated[~heated.isin(left_out)]
    on = fitted.isin(days).astype(float)
    if on.sum() < _LEAST_HEATING_DAYS or (1 - on).sum() < LEAST_DAYS:
        return None
    hinge, wider, sun = (
        by_day.reindex(fitted).to_numpy(np.float64) for by_day in (below, degrees, seasons_sun(data))
    )
    columns = np.column_stack([on * wider, wider, sun, hinge, np.ones(len(fitted))])
    values = residual.reindex(fitted).to_numpy(np.float64)
    solved, _, rank, _ = np.linalg.lstsq(columns, values)
    rss = float(((values - columns @ solved) ** 2).sum())
    inverse = np.linalg.pinv(columns.T @ columns)
    per_degree = solved[0]
    variance = rss / max(1, len(fitted) - int(rank)) * float(inverse[0, 0])
    error = 1.645 * float(np.sqrt(variance * _CLING))
    by_day = per_degree * degrees.reindex(asked)
    seen_degrees = float(degrees.reindex(asked).sum())
    seen = Range(value=per_degree, low=per_degree - error, high=per_degree + error) * seen_degrees
    factor = float(in_last_year(data, degrees).sum()) / seen_degrees if seen_degrees > 0 else 1.0
    return Waste(_by_hours(data, by_day, weights), seen, seen * factor)


def _by_hours(data: SchoolData, by_day: pd.Series, weights: pd.Series) -> pd.Series:
    """Each day's energy over its hours, by their weights; over all alike where none weighs anything."""
    day = data.hours["day"]
    inside = day.isin(by_day.index)
    weight = weights.reindex(day.index[inside]).fillna(0.0) + 1e-9
    total = weight.groupby(day[inside]).transform("sum")
    return weight / total * day[inside].map(by_day)


def _fit(known: pd.DataFrame, felt_c: pd.Series, groups: pd.Series) -> dict[str, Fit]:
    group = groups.reindex(known.index)
    temperature = felt_c.reindex(known.index).to_numpy(np.float64)
    energy = known["heat_kwh"].to_numpy(np.float64)
    school = (group == "school_day").to_numpy()
    found = {"school_day": fit_curve(temperature[school], energy[school], HEATING)}
    for name in ("open", "closed"):
        mine = (group == name).to_numpy()
        if mine.sum() >= LEAST_DAYS:
            found[name] = fit_curve(temperature[mine], energy[mine], HEATING)
        else:
            found[name] = found["school_day"]._replace(rss=0.0)
    return found


def seasons_sun(data: SchoolData) -> pd.Series:
    """Sunshine that the season offers at the school [kWh/m²], by local day."""
    index = pd.DatetimeIndex(data.days.index)
    school = data.site.school_by_key[data.school]
    latitude = school.latitude if school.latitude is not None else _LATITUDE
    return pd.Series(extraterrestrial_kwh_m2(index, latitude), index=index)


def _r2(energy: pd.Series, residual: pd.Series) -> float:
    total = float(((energy - energy.mean()) ** 2).sum())
    return 1 - float((residual**2).sum()) / total if total > 0 else 0.0


def in_last_year(data: SchoolData, by_day: pd.Series) -> pd.Series:
    """The part of ``by_day`` in the data's last 365 days."""
    return by_day[by_day.index > pd.Timestamp(data.last) - pd.Timedelta(days=365)]
