"""Breaks in which the heating was not lowered: lov, closed weekdays and the weekends beside them.

Usual is what the school's own closed days and nights in term are in that weather. On cold days the rooms
tell what it costs, K·h by K·h; on mild ones sun and people warm them, too, and the heat meter bounds it.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.evidence import line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat_loss import COLD_DAY_C, HeatLoss, spared_kwh, usual_c
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.setpoints import COLD_C, Warm, all_days_beside
from classroom.places import DayType

METHOD = "insights.breaks/3"

STEP_K, SINGLE_K = 0.5, 1.0
"""Warmth in a break below this is not told, or in a few of many: sensors' errors and sun are as large."""

_EVENING, _MORNING, _NOON = 17, 5, 12  # local hours: lowered from five to five; warm again by noon
_LEAST_COLD_H, _HINT_H = 72, 24
_MOST = 0.6
_DAY = pd.Timedelta(days=1)
_COOLING_DAYS = 4  # after a warm stretch the walls are still warm
_SPAN, _SPAN_K = 0.15, 0.1  # half the span: a share for the loss of heat, and the kelvins' own


class Break(NamedTuple):
    """A break, its lowered hours of cold days [h], and how much warmer than usual these were [K] (or NaN)."""

    first: pd.Timestamp
    last: pd.Timestamp
    cold_h: int
    warmer_k: float


class Breaks(NamedTuple):
    """All breaks, and how much warmer than usual each hour of them, and of the morning after, was [K] (NaN:
    not known)."""

    found: list[Break]
    excess_k: pd.Series

    def heated(self) -> list[Break]:
        """The breaks that were heated: those cold long enough to tell that were warmer than usual; all
        breaks, mild ones too, where most of several were, or one surely and most of those with a cold day."""
        told = self.told()
        sure = [one for one in told if one.warmer_k >= SINGLE_K]
        for known in (told, [one for one in self.found if one.cold_h >= _HINT_H] if sure else []):
            warm = [one for one in known if one.warmer_k >= STEP_K]
            if len(known) > 1 and len(warm) > _MOST * len(known):
                return self.found
        return sure

    def heated_days(self) -> list[pd.Timestamp]:
        """The local days of the breaks that were heated."""
        return [day for one in self.heated() for day in pd.date_range(one.first, one.last)]

    def told(self) -> list[Break]:
        """The breaks that were cold long enough to tell."""
        return [one for one in self.found if one.cold_h >= _LEAST_COLD_H]


def breaks(
    data: SchoolData, warm: list[Warm], fans: pd.DatetimeIndex, never_lowered: pd.DatetimeIndex
) -> Breaks:
    """Breaks with their warmth; in stretches that are too warm at any time, above these.

    Days on which ``fans`` cool the rooms by night do not tell what is usual, nor whether it was heated; days
    ``never_lowered``, by night neither, tell nothing and are no part of a break: another finding has them.
    """
    hours, days = data.hours, data.days
    too_warm = pd.DatetimeIndex([day for one in warm for day in one.days])
    cooling = too_warm[:0].append([too_warm + number * _DAY for number in range(1, _COOLING_DAYS + 1)])
    beside = all_days_beside(warm, days)
    holiday = days["holiday"].astype(bool) & ~days.index.isin(never_lowered)
    after = holiday.shift(fill_value=False) & ~holiday
    unlike = cooling.difference(too_warm).append([beside, fans, never_lowered])
    usual = ~holiday & ~after & ~days.index.isin(unlike)
    closed = hours["day_type"] == DayType.CLOSED
    lowered = closed | (hours["hour"] >= _EVENING) | (hours["hour"] < _MORNING)
    kinds = pd.Series(np.where(closed, "closed", np.where(lowered, "night", "day")), index=hours.index)
    shift_k = pd.Series(0.0, index=hours.index)
    for one in warm:
        shift_k[hours["day"].isin(one.days)] = one.warmer_k
    expected = usual_c(data, data.indoor_c - shift_k, kinds, lowered & hours["day"].map(usual)) + shift_k
    wanted = hours["day"].map(holiday) | (hours["day"].map(after) & (hours["hour"] < _NOON))
    wanted &= ~hours["day"].isin(fans)
    excess = (data.indoor_c - expected).where(wanted & lowered)
    excess = excess.fillna(_warming_up(data, excess).where(wanted & ~lowered))
    around = too_warm.append([cooling, beside])
    cold = lowered & (hours["day"].map(days["outdoor_c"]) < COLD_C) & ~hours["day"].isin(around)
    found = []
    for first, last in _runs(holiday):
        inside = hours["day"].between(first, last)
        if data.indoor_c[inside].notna().any():
            told = excess[inside & cold].dropna()
            found.append(Break(first, last, len(told), float(told.mean())))
    return Breaks(found, _as_other_breaks(data, found, excess, beside))


def _as_other_breaks(
    data: SchoolData, found: list[Break], excess_k: pd.Series, beside: pd.DatetimeIndex
) -> pd.Series:
    """The excess, in breaks ``beside`` a warm stretch at most what other breaks are warmer: what is above may
    be the set point's."""
    others = [one.warmer_k for one in found if one.cold_h >= _LEAST_COLD_H and one.warmer_k >= STEP_K]
    usual_k = float(np.mean(others)) if others else np.nan
    excess_k = excess_k.copy()
    for one in found:
        inside = data.hours["day"].isin(beside) & data.hours["day"].between(one.first, one.last)
        mean_k = excess_k[inside].mean()
        if mean_k > usual_k:
            excess_k[inside] *= usual_k / mean_k
    return excess_k


def _warming_up(data: SchoolData, excess_k: pd.Series) -> pd.Series:
    """What is left, hour by hour, of the excess of a night's last hour while rooms that were lowered would
    warm up: as on cold school days."""
    hours = data.hours
    cold = (hours["day_type"] == DayType.SCHOOL_DAY) & (hours["day"].map(data.days["outdoor_c"]) < COLD_C)
    usual = data.indoor_c[cold].groupby(hours["hour"][cold]).mean().reindex(range(24))
    low, rise = usual[_MORNING - 1], usual[_NOON] - usual[_MORNING - 1]
    share = ((usual - low) / rise).clip(0, 1) if rise > 0 else usual * 0 + 1
    before = hours["hour"] == _MORNING - 1
    at_dawn = excess_k[before].groupby(hours["day"][before]).mean()
    return hours["day"].map(at_dawn) * (1 - hours["hour"].map(share))


def holiday_findings(
    data: SchoolData, breaks: Breaks, loss: HeatLoss | None, fans_h: pd.Series
) -> list[Found]:
    """Heated in breaks as in term: one finding for all breaks that were."""
    warm = breaks.heated()
    if not warm or loss is None or data.heat is None:
        return []
    kwh = _kwh(data, breaks, loss, fans_h)
    warmer_k = float(np.nanmean([one.warmer_k for one in warm]))
    share = float(np.hypot(_SPAN, _SPAN_K / warmer_k))
    last_year = kwh[kwh.index >= data.hours.index[-1] - pd.Timedelta(days=365)]
    waste = Waste(kwh, spread(float(kwh.sum()), share), spread(float(last_year.sum()), share))
    by_day = data.indoor_c.groupby(data.hours["day"]).mean()
    columns = ("from", "to", "warmer_k")
    rows = tuple(
        (
            f"{one.first:%Y-%m-%d}",
            f"{one.last:%Y-%m-%d}",
            None if np.isnan(one.warmer_k) else round(one.warmer_k, 2),
        )
        for one in breaks.found
    )
    return [
        Found(
            kind=InsightKind.HEATING_IN_HOLIDAYS,
            first=warm[0].first.date(),
            last=warm[-1].last.date(),
            ongoing=warm[-1] == breaks.found[-1],
            method=METHOD,
            waste={data.heat: waste},
            params={
                "breaks": float(len(warm)),
                "warmer_k": round(warmer_k, 1),
            },
            evidence=Evidence(
                lines=(
                    line("indoor_temperature", "°C", by_day, 1),
                    line("outdoor_temperature", "°C", data.days["outdoor_c"], 1),
                ),
                marked=tuple((one.first.date(), one.last.date()) for one in warm),
                columns=columns,
                rows=rows,
            ),
        )
    ]


def _kwh(data: SchoolData, breaks: Breaks, loss: HeatLoss, fans_h: pd.Series) -> pd.Series:
    """Heat by UTC hour of the breaks that were heated [kWh]."""
    day = data.hours["day"]
    in_break, after = day.isin(breaks.heated_days()), day.isin([one.last + _DAY for one in breaks.heated()])
    cold = day.map(data.days["outdoor_c"]) < COLD_DAY_C
    usual_k = float(breaks.excess_k[in_break & cold].mean())
    told_k = breaks.excess_k.where(cold & (breaks.excess_k.notna() | ~in_break), usual_k)
    wanted = in_break | (after & cold)
    return spared_kwh(data, (told_k * loss.kw_k(fans_h))[wanted].dropna()).dropna()


def _runs(holiday: pd.Series) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """First and last days of the stretches of days that lie in a break."""
    number = (holiday != holiday.shift()).cumsum()
    return [(run.index[0], run.index[-1]) for _, run in holiday[holiday].groupby(number[holiday])]
