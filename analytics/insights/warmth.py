"""Set points from the rooms' temperatures: kept too warm by day, not lowered in breaks or at night.

The school's temperature is the median of its rooms in an hour: one sunny room or odd sensor does not move
it. What a warmer room costs follows from the school's own heat curve: a degree indoors costs what a degree
colder outdoors would (dT against degree days; NVE's rule of thumb is 5 % a degree).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat import HeatModel, day_groups, in_last_year
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from classroom.places import DayType

METHOD = "insights.warmth/1"

HEATING_BELOW_C = 12.0
"""Daily mean outdoors below which the heating, and not the sun, decides how warm it is in the morning."""

WARM_C, TOO_WARM_C, ENOUGH_C = 21.5, 22.5, 21.0
"""Morning temperature from which a rise is told; from which it is told without a rise; and what is enough.

20 °C is the least where children are (HSLF-FS 2024:10), 20 to 24 °C are usual at work in winter; 21 leaves a
degree for cold corners. Field knowledge, not a standard's."""

STEP_K = 0.5
"""A rise, or warmth in a break, below this is not told: sensors' errors and sun are as large."""

_NOISE_K = 0.15
_LEAST_DAYS = 5
_REFERENCE_DAYS = 8
_MORNING_H = 2
_SHARE = 0.2  # half the span of what a degree costs: inertia, gains, what the heat curve does not tell


class Warm(NamedTuple):
    """Days ``first`` to ``last`` at a morning temperature above the reference [°C]."""

    first: pd.Timestamp
    last: pd.Timestamp
    indoor_c: float
    reference_c: float


class Break(NamedTuple):
    """A break, how much warmer it was than ordinary weekends and nights [K], and its hours' excess [K]."""

    first: pd.Timestamp
    last: pd.Timestamp
    warmer_k: float
    excess_k: pd.Series


def school_c(data: SchoolData) -> pd.Series:
    """Temperature of the school by UTC hour [°C]: median of its rooms."""
    if data.rooms.empty:
        return pd.Series(np.nan, index=data.hours.index)
    return data.rooms.groupby("hour")["temperature_c"].median().reindex(data.hours.index)


def mornings_c(data: SchoolData, indoor_c: pd.Series) -> pd.Series:
    """Temperature in the two hours before the school opens, on open days of the heating season, by day."""
    hours = data.hours
    opened = hours[(hours["day_type"] == DayType.SCHOOL_DAY) & (hours["open_h"] > 0)]
    if opened.empty:
        return pd.Series(dtype=np.float64)
    opens = int(opened.groupby("day")["hour"].min().median())
    wanted = hours["hour"].between(opens - _MORNING_H, opens - 1) & (hours["day_type"] != DayType.CLOSED)
    by_day = indoor_c[wanted].groupby(hours["day"][wanted]).mean().dropna()
    cold = data.days["outdoor_c"] < HEATING_BELOW_C
    return by_day[cold.reindex(by_day.index)]


def warm_stretches(mornings: pd.Series) -> list[Warm]:
    """Stretches of mornings warmer than the school's own lowest level that lasted, or than TOO_WARM_C."""
    values = mornings.to_numpy(np.float64)
    found = levels(values, least=_LEAST_DAYS, floor=_NOISE_K)
    lasting = [one.value for one in found if one.end - one.start >= _REFERENCE_DAYS]
    lowest = min(lasting, default=ENOUGH_C)
    stretches: list[Warm] = []
    for one in found:
        reference = None
        if one.value >= WARM_C and one.value - lowest >= STEP_K:
            reference = lowest
        elif one.value >= TOO_WARM_C:
            reference = ENOUGH_C
        if reference is None:
            continue
        first, last = mornings.index[one.start], mornings.index[one.end - 1]
        if (
            stretches
            and stretches[-1].reference_c == reference
            and mornings.index[one.start - 1] == stretches[-1].last
        ):
            before = stretches.pop()
            first = before.first
        stretches.append(Warm(first, last, one.value, reference))
    return stretches


def setpoint_findings(
    data: SchoolData, stretches: list[Warm], mornings: pd.Series, model: HeatModel | None
) -> list[Found]:
    """Kept too warm by day."""
    if model is None or data.heat is None:
        return []
    found = []
    for one in stretches:
        days = pd.date_range(one.first, one.last)
        warmer = one.indoor_c - one.reference_c
        goes_on = bool(mornings.index[-1] == one.last)
        more = shifted_kwh(data, model, days, warmer)
        year = in_last_year(data, shifted_kwh(data, model, pd.DatetimeIndex(data.days.index), warmer))
        seen = spread(float(more.sum()), _SHARE)
        waste = Waste(over_hours(data, more), seen, spread(float(year.sum()), _SHARE) if goes_on else seen)
        params: dict[str, float | str] = {
            "indoor_c": round(one.indoor_c, 1),
            "reference_c": round(one.reference_c, 1),
            "kwh_per_k": round(float(year.sum()) / warmer, 0),
        }
        found.append(
            Found(
                kind=InsightKind.SETPOINT_HIGH,
                first=one.first.date(),
                last=one.last.date(),
                ongoing=goes_on,
                method=METHOD,
                waste={data.heat: waste},
                params=params,
                evidence=Evidence(
                    lines=(line("morning_temperature", "°C", mornings, 1),),
                    marked=((one.first.date(), one.last.date()),),
                ),
            )
        )
    return found


def shifted_kwh(data: SchoolData, model: HeatModel, days: pd.DatetimeIndex, warmer_k: float) -> pd.Series:
    """Heat that ``warmer_k`` more indoors cost on each day [kWh]: the curve's, ``warmer_k`` colder outdoors."""
    groups = day_groups(data).reindex(days)
    return model.predict(groups, colder_k=warmer_k) - model.predict(groups)


def breaks(data: SchoolData, indoor_c: pd.Series, left_out: pd.DatetimeIndex) -> list[Break]:
    """Breaks of the heating season with their warmth above ordinary closed hours.

    Compared are closed days of a break with weekends in term, and nights of lov with nights between school
    days (from ten to five), at the same local hour.
    """
    hours = data.hours.assign(indoor_c=indoor_c)
    hours = hours[(hours["outdoor_c"] < HEATING_BELOW_C) & ~hours["day"].isin(left_out)]
    closed = hours["day_type"] == DayType.CLOSED
    night = (hours["hour"] >= 22) | (hours["hour"] < 5)
    lov_night = (hours["day_type"] == DayType.LOV) & night
    school_night = (hours["day_type"] == DayType.SCHOOL_DAY) & night
    usual_closed = hours[closed & ~hours["holiday"]].groupby("hour")["indoor_c"].mean()
    usual_night = hours[school_night].groupby("hour")["indoor_c"].mean()
    told = hours[hours["holiday"] & (closed | lov_night)]
    expected = (
        told["hour"]
        .map(usual_closed)
        .where(told["day_type"] == DayType.CLOSED, told["hour"].map(usual_night))
    )
    excess = (told["indoor_c"] - expected).dropna()
    found = []
    for first, last in _runs(data):
        inside = excess[told["day"].reindex(excess.index).between(first, last)]
        if len(inside) >= 24:
            found.append(Break(first, last, float(inside.mean()), inside))
    return found


def holiday_findings(
    data: SchoolData, found: list[Break], indoor_c: pd.Series, model: HeatModel | None
) -> list[Found]:
    """Heated in breaks as in term: one finding for all breaks that were."""
    warm = [one for one in found if one.warmer_k >= STEP_K]
    if not warm or model is None or data.heat is None:
        return []
    per_k_h = model.slope_kwh_k_d / 24
    felt = data.hours["day"].map(model.felt_c)
    excess = pd.concat([one.excess_k for one in warm]).clip(lower=0)
    kwh = (excess * per_k_h)[felt.reindex(excess.index) < model.heats()]
    seen = spread(float(kwh.sum()), _SHARE)
    last_year = spread(float(kwh[kwh.index >= data.hours.index[-1] - pd.Timedelta(days=365)].sum()), _SHARE)
    by_day = indoor_c.groupby(data.hours["day"]).mean()
    return [
        Found(
            kind=InsightKind.HEATING_IN_HOLIDAYS,
            first=warm[0].first.date(),
            last=warm[-1].last.date(),
            ongoing=warm[-1] == found[-1],
            method=METHOD,
            waste={data.heat: Waste(kwh, seen, last_year)},
            params={
                "breaks": float(len(warm)),
                "warmer_k": round(float(np.mean([one.warmer_k for one in warm])), 1),
            },
            evidence=Evidence(
                lines=(
                    line("indoor_temperature", "°C", by_day, 1),
                    line("outdoor_temperature", "°C", data.days["outdoor_c"], 1),
                ),
                marked=tuple((one.first.date(), one.last.date()) for one in warm),
                columns=("from", "to", "warmer_k"),
                rows=tuple(
                    (f"{one.first:%Y-%m-%d}", f"{one.last:%Y-%m-%d}", round(one.warmer_k, 2)) for one in found
                ),
            ),
        )
    ]


def over_hours(data: SchoolData, by_day: pd.Series) -> pd.Series:
    """A day's energy evenly over its hours."""
    day = data.hours["day"]
    return (day.map(by_day) / day.groupby(day).transform("size")).dropna()


def _runs(data: SchoolData) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last days of the stretches of days that lie in a break."""
    holiday = data.days["holiday"].astype(bool)
    number = (holiday != holiday.shift()).cumsum()
    return [(run.index[0], run.index[-1]) for _, run in holiday[holiday].groupby(number[holiday])]
