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

COLD_C, MILD_C = 8.0, 14.5
"""Daily mean outdoors below which the heating, and not the sun, decides how warm it is; and below which it
still has a say."""

WARM_C, TOO_WARM_C, ENOUGH_C = 21.0, 22.5, 21.0
"""Morning temperature from which a rise is told; from which it is told without a rise; and what is enough.

20 °C is the least where children are (HSLF-FS 2024:10), 20 to 24 °C are usual at work in winter; 21 leaves a
degree for cold corners. Field knowledge, not a standard's."""

RISE_K, STEP_K = 0.55, 0.5
"""A rise, or warmth in a break, below this is not told: sensors' errors and sun are as large."""

_NOISE_K = 0.15
_LEAST_DAYS = 5
_REFERENCE_DAYS = 8
_MORNING_H = 2
_EVENING, _MORNING = 17, 5  # local hours between which a set point is lowered on open days
_LEAST_COLD_H = 72
_MOST = 0.6
_COOLING_DAYS = 4  # after a warm stretch the walls are still warm
_LEAST_USUAL_H = 100
_SHARE = 0.2  # half the span of what a degree costs: inertia, gains, what the heat curve does not tell


class Warm(NamedTuple):
    """Days ``first`` to ``last`` at a morning temperature above the reference [°C]."""

    first: pd.Timestamp
    last: pd.Timestamp
    indoor_c: float
    reference_c: float


class Break(NamedTuple):
    """A break, its hours [h] of cold days on which the set point should be low, how much warmer these were
    than on ordinary weekends and nights [K] (NaN: none), and the excess of all its hours [K]."""

    first: pd.Timestamp
    last: pd.Timestamp
    cold_h: int
    warmer_k: float
    excess_k: pd.Series


def school_c(data: SchoolData) -> pd.Series:
    """Temperature of the school by UTC hour [°C]: median of its rooms."""
    if data.rooms.empty:
        return pd.Series(np.nan, index=data.hours.index)
    return data.rooms.groupby("hour")["temperature_c"].median().reindex(data.hours.index)


def mornings_c(data: SchoolData, indoor_c: pd.Series, below_c: float = COLD_C) -> pd.Series:
    """Temperature in the two hours before the school opens, on open days colder than ``below_c``, by day."""
    hours = data.hours
    opened = hours[(hours["day_type"] == DayType.SCHOOL_DAY) & (hours["open_h"] > 0)]
    if opened.empty:
        return pd.Series(dtype=np.float64)
    opens = int(opened.groupby("day")["hour"].min().median())
    wanted = hours["hour"].between(opens - _MORNING_H, opens - 1) & (hours["day_type"] != DayType.CLOSED)
    by_day = indoor_c[wanted].groupby(hours["day"][wanted]).mean().dropna()
    cold = data.days["outdoor_c"] < below_c
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
        if one.value >= WARM_C and one.value - lowest >= RISE_K:
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


def widened(stretches: list[Warm], mild: pd.Series) -> list[Warm]:
    """The stretches over the ``mild`` mornings beside them that are as warm: what began in September shows
    itself on the first cold morning only."""
    found = []
    mild = mild.rolling(
        5, center=True, min_periods=1
    ).median()  # a cold weekend or a warm day before is no end
    for one in stretches:
        middle = (one.indoor_c + one.reference_c) / 2
        cool = mild.index[mild < middle]
        earlier, later = cool[cool < one.first], cool[cool > one.last]
        inside = mild.index
        if len(earlier):
            inside = inside[inside > earlier[-1]]
        if len(later):
            inside = inside[inside < later[0]]
        found.append(one._replace(first=min(one.first, inside[0]), last=max(one.last, inside[-1])))
    return found


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
        goes_on = bool(mornings.index[-1] <= one.last)
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
    """Heat that ``warmer_k`` more indoors cost on each day [kWh]: what as much colder outdoors would."""
    groups = day_groups(data).reindex(days)
    return model.predict(groups, colder_k=warmer_k) - model.predict(groups)


def breaks(data: SchoolData, indoor_c: pd.Series, left_out: pd.DatetimeIndex) -> list[Break]:
    """Breaks of the cold season with their warmth above ordinary closed hours of cold days.

    Compared are closed days of a break with weekends in term, and evenings and nights of lov (five to five)
    with those of school days, at the same local hour.
    """
    hours = data.hours.assign(indoor_c=indoor_c)
    cold = hours["day"].map(data.days["outdoor_c"] < COLD_C).astype(bool)
    around = left_out.append([left_out + pd.Timedelta(days=number) for number in range(1, _COOLING_DAYS + 1)])
    hours, cold = hours[~hours["day"].isin(around)], cold[~hours["day"].isin(around)]
    closed = hours["day_type"] == DayType.CLOSED
    night = (hours["hour"] >= _EVENING) | (hours["hour"] < _MORNING)
    usual_closed = _by_hour(hours[closed & ~hours["holiday"] & cold])
    usual_night = _by_hour(hours[(hours["day_type"] == DayType.SCHOOL_DAY) & night & cold])
    told = hours[hours["holiday"] & (closed | ((hours["day_type"] == DayType.LOV) & night))]
    usual = told["hour"].map(usual_closed).where(closed.reindex(told.index), told["hour"].map(usual_night))
    excess = (told["indoor_c"] - usual).dropna()
    found = []
    day, counts = told["day"].reindex(excess.index), cold.reindex(excess.index)
    for first, last in _runs(data):
        inside = day.between(first, last)
        if inside.any():
            cold_k = excess[inside & counts]
            found.append(Break(first, last, len(cold_k), float(cold_k.mean()), excess[inside]))
    return found


def warm_breaks(found: list[Break]) -> list[Break]:
    """The breaks that were heated: those cold long enough to tell that were warmer than usual; all breaks,
    mild ones too, where most of several were."""
    told = [one for one in found if one.cold_h >= _LEAST_COLD_H]
    warm = [one for one in told if one.warmer_k >= STEP_K]
    return found if len(told) > 1 and len(warm) > _MOST * len(told) else warm


def _by_hour(usual: pd.DataFrame) -> pd.Series:
    """Mean indoor temperature by local hour; empty where too few hours are known."""
    known = usual.dropna(subset=["indoor_c"])
    return known.groupby("hour")["indoor_c"].mean() if len(known) >= _LEAST_USUAL_H else known["indoor_c"][:0]


def holiday_findings(
    data: SchoolData, found: list[Break], indoor_c: pd.Series, model: HeatModel | None
) -> list[Found]:
    """Heated in breaks as in term: one finding for all breaks that were."""
    warm = warm_breaks(found)
    if not warm or model is None or data.heat is None:
        return []
    per_k_h = model.curves["closed"].heating_kwh_k_d / 24
    felt = data.hours["day"].map(model.felt_c)
    excess = pd.concat([one.excess_k for one in warm]).clip(lower=0)
    kwh = (excess * per_k_h)[felt.reindex(excess.index) < model.heats("closed")]
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
                "warmer_k": round(float(np.nanmean([one.warmer_k for one in warm])), 1),
            },
            evidence=Evidence(
                lines=(
                    line("indoor_temperature", "°C", by_day, 1),
                    line("outdoor_temperature", "°C", data.days["outdoor_c"], 1),
                ),
                marked=tuple((one.first.date(), one.last.date()) for one in warm),
                columns=("from", "to", "warmer_k"),
                rows=tuple(
                    (
                        f"{one.first:%Y-%m-%d}",
                        f"{one.last:%Y-%m-%d}",
                        None if np.isnan(one.warmer_k) else round(one.warmer_k, 2),
                    )
                    for one in found
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
