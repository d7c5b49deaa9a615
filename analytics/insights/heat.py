"""Heat against the weather: curves of a school's days.

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
from analytics.sun import extraterrestrial_kwh_m2
from classroom.places import DayType

Floats = npt.NDArray[np.float64]

SUN_K = (0.0, 0.3, 0.6)
"""Kelvin by which a kWh/m² of the season's sun may make a day count as warmer; the best fit decides."""

LEAST_DAYS = 20
"""A kind of day of which fewer are known follows the curve of the others."""

WARM_DAY_C = 15.0
"""Daily mean outdoors above which a school should need no heat but for hot water."""

_LATITUDE = 57.0  # of Sweden's south, for a school without coordinates


class HeatModel(NamedTuple):
    """Curves by kind of day (``school_day``, ``open``, ``closed``), and how well they fit.

    ``felt_c`` is outdoor temperature with the sun's part by local day; ``r2`` that of school days.
    """

    curves: dict[str, Curve]
    felt_c: pd.Series
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
    model = HeatModel({name: fit.curve for name, fit in curves.items()}, felt, 0.0, len(known))
    residual = known["heat_kwh"] - model.predict(groups.reindex(known.index))
    school = groups.reindex(known.index) == "school_day"
    return model._replace(r2=_r2(known["heat_kwh"][school], residual[school]))


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
    return pd.Series(extraterrestrial_kwh_m2(index, latitude(data)), index=index)


def latitude(data: SchoolData) -> float:
    """The school's latitude [°], that of Sweden's south where it is not told."""
    school = data.site.school_by_key[data.school]
    return school.latitude if school.latitude is not None else _LATITUDE


def _r2(energy: pd.Series, residual: pd.Series) -> float:
    total = float(((energy - energy.mean()) ** 2).sum())
    return 1 - float((residual**2).sum()) / total if total > 0 else 0.0


def hot_water_kwh_d(data: SchoolData) -> float:
    """What a summer's open day needs without heating: the lowest tenth of warm days with heat [kWh]."""
    days = data.days[(data.days["outdoor_c"] > WARM_DAY_C) & (data.days["heat_kwh"] > 0)]
    return float(days["heat_kwh"].quantile(0.1)) if len(days) else 0.0


def in_last_year(data: SchoolData, by_day: pd.Series) -> pd.Series:
    """The part of ``by_day`` in the data's last 365 days."""
    return by_day[by_day.index > pd.Timestamp(data.last) - pd.Timedelta(days=365)]
