"""Set points from the rooms' temperatures: kept too warm by day.

Found are stretches that are warmer than the school otherwise is in that weather (:mod:`warmer`), and schools
whose mornings before school, when neither people nor sun warm the rooms yet, are too warm all year. What it
costs is the school's loss of heat (:mod:`heat_loss`) times how much warmer it was, on every heated day.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import ndtri

from analytics.insights.data import SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat_loss import HeatLoss, bought_kw_k
from analytics.insights.model import Evidence, InsightKind, NoEnergy
from analytics.insights.warmer import Step, warm_steps
from classroom.places import DayType

METHOD = "insights.setpoints/3"

COLD_C, MILD_C = 8.0, 14.5
"""Daily mean outdoors below which the heating, and not the sun, decides how warm mornings are; and below
which it still has a say."""

WARM_C, TOO_WARM_C, ENOUGH_C = 20.5, 22.5, 21.0
"""Morning temperature from which a rise is told; from which it is told without a rise; and what is enough.

20 °C is the least where children are (HSLF-FS 2024:10), 20 to 24 °C are usual at work in winter; 21 leaves a
degree for cold corners. Field knowledge, not a standard's."""

MODEL_SHARE = 0.10
"""Standard error of the energy, as a share, where kelvin and days had none: the loss of heat, that rooms with
sensors stand for all, and that people and sun spare some of it."""

MOST_SHARE = 0.40
"""Half the span, as a share of the energy, beyond which none is told."""

_LEAST_MORNINGS = 10
_MORNING_H = 2
_NEXT_DAYS = 4  # a weekend and two days: what changes within them changes at once
_IN_90_PCT = float(ndtri(0.95))


class Warm(NamedTuple):
    """Days ``first`` to ``last`` with mornings of ``indoor_c``, ``step`` of them warmer than otherwise."""

    first: pd.Timestamp
    last: pd.Timestamp
    indoor_c: float
    reference_c: float
    step: Step

    @property
    def warmer_k(self) -> float:
        """How much warmer than the reference."""
        return self.step.kelvin

    @property
    def days(self) -> pd.DatetimeIndex:
        """Its local days."""
        return pd.date_range(self.first, self.last)


def mornings_c(data: SchoolData, below_c: float = COLD_C) -> pd.Series:
    """Temperature in the two hours before school opens, on school days colder than ``below_c``, by day."""
    hours = data.hours
    if data.opens is None:
        return pd.Series(dtype=np.float64)
    before = hours["hour"].between(data.opens - _MORNING_H, data.opens - 1)
    wanted = (hours["day_type"] == DayType.SCHOOL_DAY) & before
    by_day = data.indoor_c[wanted].groupby(hours["day"][wanted]).mean().dropna()
    cold = data.days["outdoor_c"] < below_c
    return by_day[cold.reindex(by_day.index)]


def warm_stretches(data: SchoolData, fans: pd.DatetimeIndex, left_out: pd.DatetimeIndex) -> list[Warm]:
    """Stretches warmer than otherwise, or the whole of a school that is always warmer than TOO_WARM_C.

    On days ``fans`` ventilation cooled the nights; days ``left_out`` were warmer for another reason.
    """
    mild = mornings_c(data, MILD_C)
    mild = mild[~mild.index.isin(fans)]
    cold = mild[data.days["outdoor_c"].reindex(mild.index) < COLD_C]
    steps = warm_steps(data, fans, left_out)
    stepped = pd.DatetimeIndex([day for one in steps for day in pd.date_range(one.first, one.last)])
    usual = cold[~cold.index.isin(stepped)]
    if len(usual) >= _LEAST_MORNINGS and usual.median() >= TOO_WARM_C:
        return [_always(data, float(cold.median()), mild)]
    found = []
    for one in steps:
        mornings = cold[cold.index.isin(pd.date_range(one.first, one.last))]
        if mornings.empty:
            mornings = mild[mild.index.isin(pd.date_range(one.first, one.last))]
        indoor_c = float(mornings.median())
        if indoor_c >= WARM_C:
            found.append(Warm(one.first, one.last, indoor_c, indoor_c - one.kelvin, one))
    return found


def _always(data: SchoolData, indoor_c: float, mornings: pd.Series) -> Warm:
    """Too warm from the first to the last of ``mornings``, above what is enough."""
    first, last = mornings.index[0], mornings.index[-1]
    inside = pd.Series((data.days.index >= first) & (data.days.index <= last), index=data.days.index)
    step = Step(first, last, indoor_c - ENOUGH_C, 0.0, inside.astype(float), 0.0)
    return Warm(first, last, indoor_c, ENOUGH_C, step)


def days_beside(one: Warm, days: pd.DataFrame) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """The days without school just before and just after a stretch: it may have begun, and ended, on any."""
    school = days.index[days["day_type"] == DayType.SCHOOL_DAY]
    before, after = school[school < one.first], school[school > one.last]
    day = pd.Timedelta(days=1)
    begin = before[-1] + day if len(before) else days.index[0]
    end = after[0] - day if len(after) else days.index[-1]
    return pd.date_range(begin, one.first - day), pd.date_range(one.last + day, end)


def all_days_beside(warm: list[Warm], days: pd.DataFrame) -> pd.DatetimeIndex:
    """The days beside each of the stretches."""
    return pd.DatetimeIndex([day for one in warm for part in days_beside(one, days) for day in part])


def setpoint_findings(
    data: SchoolData, stretches: list[Warm], loss: HeatLoss | None, fans_h: pd.Series, fans: pd.DatetimeIndex
) -> list[Found]:
    """Kept too warm; ``fans_h`` as the ventilation really ran.

    On days ``fans`` it ran all night and cooled the rooms: of a stretch that meets these nobody can tell how
    long it was, so its energy is not told.
    """
    if loss is None or data.heat is None or not stretches:
        return []
    mornings = mornings_c(data)
    per_k = bought_kw_k(data, loss, fans_h)
    year_kwh_k = float(per_k[data.last_year].sum())
    found = []
    for one in stretches:
        goes_on = not (mornings.index > one.last).any()
        waste: Waste | NoEnergy = _waste(data, one, per_k, year_kwh_k if goes_on else None)
        if not fans.intersection(_with_ends(one, data.days)).empty:
            waste = "two_at_once"
        found.append(_found(data, one, mornings, waste, year_kwh_k, ongoing=goes_on))
    return found


def _waste(data: SchoolData, one: Warm, heated_kw_k: pd.Series, year_kwh_k: float | None) -> Waste | NoEnergy:
    """What a stretch costs: its loss of heat in every heated hour, so many K long, where that is sure.

    ``year_kwh_k`` is the loss of a year to come; None where the stretch is over.
    """
    step = one.step
    error = np.hypot(step.error_k / step.kelvin, step.days_error)
    share = _IN_90_PCT * float(np.hypot(error, MODEL_SHARE))
    if share > MOST_SHARE:
        return "unsure"
    likely = data.hours["day"].map(step.inside)
    by_hour = (heated_kw_k * likely * step.kelvin)[likely > 0].dropna()
    seen = spread(float(by_hour.sum()), share)
    return Waste(by_hour, seen, seen if year_kwh_k is None else spread(year_kwh_k * step.kelvin, share))


def _with_ends(one: Warm, days: pd.DataFrame) -> pd.DatetimeIndex:
    """The days of a stretch and about its ends, with the school days next to them."""
    before, after = days_beside(one, days)
    week = pd.Timedelta(days=_NEXT_DAYS)
    return pd.date_range([*before, one.first][0] - week, [*after, one.last][-1] + week)


def _found(
    data: SchoolData,
    one: Warm,
    mornings: pd.Series,
    waste: Waste | NoEnergy,
    year_kwh_k: float,
    *,
    ongoing: bool,
) -> Found:
    assert data.heat is not None  # noqa: S101  asked by the caller
    return Found(
        kind=InsightKind.SETPOINT_HIGH,
        first=one.first.date(),
        last=one.last.date(),
        ongoing=ongoing,
        method=METHOD,
        waste={data.heat: waste} if isinstance(waste, Waste) else {},
        no_energy=None if isinstance(waste, Waste) else waste,
        params={
            "indoor_c": round(one.indoor_c, 1),
            "reference_c": round(one.reference_c, 1),
            "kwh_per_k": round(year_kwh_k, 0),
        },
        evidence=Evidence(
            lines=(line("morning_temperature", "°C", mornings, 1),),
            marked=((one.first.date(), one.last.date()),),
        ),
    )
