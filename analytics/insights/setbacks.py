"""Nights and weekends on which the heating was not lowered.

Rooms that are lowered are cooler at four in the morning than before school, and on a weekend cooler than on
the school mornings about it. Where that changes for good, it was lowered before, or after. What it costs is
the school's loss of heat (:mod:`heat_loss`) times how much cooler it would have been. That is told by its own
closed days that were lowered, breaks' or those before it changed, against those that were not, in that
weather; where there are too few, by its lowered nights. A school that was never lowered tells nothing; there
it is a guess, and its span says so.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData, ordinary_closed
from analytics.insights.evidence import by_hour
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat_loss import HeatLoss, spared_kwh, usual_c
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from analytics.quantiles import median
from classroom.places import DayType

METHOD = "insights.setbacks/3"

FLAT_K, LOWERED_K = 0.15, 0.5
"""Nights that are less than the first cooler than mornings were not lowered, from the second on they surely
were."""

_OF_CLOSED_DAYS = 0.80
"""Of what closed days that follow others are cooler, so much are lowered hours, and the mornings after, on
average: they begin warm and end cool. Of simulated schools, 0.67 to 0.9."""

_STILL_COOL_K = 0.4
"""How much cooler mornings before school still are than rooms that were not lowered: so much more than below
mornings are lowered hours, and the mornings after, on average below what they would be. Of simulated schools,
0 to 0.6, mostly 0.2 to 0.5."""

_GUESS_K = 1.2
"""The same in a school that was never lowered: in simulated ones, lowered by 1 to 4 K, 0.75 to 2."""

_COLD_C, _MILD_C = 5.0, 12.0  # daily means outdoors below which rooms cool that are not heated, or mostly do
_NIGHTS_PART = 0.6  # of a day's heat comes in hours that are lowered at night, or warm up after
_EVENING, _NOON = 17, 12  # local hours: lowered from five on; warm again by noon
_LEAST_NIGHTS, _LEAST_WEEKEND_DAYS = 8, 4
_LEAST_DAYS, _LEAST_CLOSED_DAYS = 20, 8
_NEAR, _ALIKE = pd.Timedelta(days=10), pd.Timedelta(days=21)
_MOST = 0.6
_LEAST_STEADY_DAYS, _LEAST_BEFORE = 4, 2
_BY_DAYS, _BY_NIGHTS, _GUESSED = 0.2, 0.3, 0.6
"""Half the spans of what lowered cold closed days tell, of what nights or mild ones do, and of a guess."""


class Cooler(NamedTuple):
    """How much cooler than mornings before school cold nights were, and ordinary closed days [K], by local
    day; and the three temperatures [°C]."""

    nights_k: pd.Series
    weekends_k: pd.Series
    morning_c: pd.Series
    night_c: pd.Series
    weekend_c: pd.Series


class Flat(NamedTuple):
    """A stretch of local days on which it was not lowered; ``begins`` and ``ends`` where others are known.

    ``told`` is the first of its days that was cold enough to tell.
    """

    kind: InsightKind
    first: pd.Timestamp
    last: pd.Timestamp
    told: pd.Timestamp
    begins: bool
    ends: bool


def setback_findings(
    data: SchoolData,
    cooler: Cooler,
    flat: list[Flat],
    loss: HeatLoss | None,
    fans_h: pd.Series,
    left_out: pd.DatetimeIndex,
) -> list[Found]:
    """A finding for each stretch of ``flat``; ``fans_h`` as the ventilation really ran. What is used on days
    ``left_out`` is told by other findings."""
    if loss is None or data.heat is None:
        return []
    kelvin, share = _lowered_k(data, cooler, flat, left_out)
    kwh = loss.kw_k(fans_h)[~data.hours["day"].isin(left_out)] * kelvin
    return [_found(data, one, cooler, _waste(data, one, kwh, share)) for one in flat]


def told_cooler(data: SchoolData) -> Cooler:
    """Nights (three to five) and ordinary closed days (ten to nine) against mornings, of cold days."""
    cold = data.hours["day"].isin(data.days.index[data.days["outdoor_c"] < _COLD_C])
    if not cold.any() or data.room_temperature_c.empty:
        nothing = pd.Series(dtype=np.float64)
        return Cooler(nothing, nothing, nothing, nothing, nothing)
    hours = data.hours[cold].assign(indoor_c=data.indoor_c[cold]).dropna(subset=["indoor_c"])
    school = hours[hours["day_type"] == DayType.SCHOOL_DAY]
    night_c = school[school["hour"].isin((3, 4))].groupby("day")["indoor_c"].mean()
    before = school[(school["hour"] >= 6) & (school["open_h"] == 0) & (school["hour"] < 9)]
    morning_c = before.groupby("day")["indoor_c"].mean()
    weekend = hours[ordinary_closed(hours) & hours["hour"].between(10, 20)]
    weekend_c = weekend.groupby("day")["indoor_c"].mean()
    weekends_k = (_about(morning_c, pd.DatetimeIndex(weekend_c.index)) - weekend_c).dropna()
    return Cooler((morning_c - night_c).dropna(), weekends_k, morning_c, night_c, weekend_c)


def _about(by_day: pd.Series, days: pd.DatetimeIndex) -> pd.Series:
    """The median of the values about each of ``days``; NaN where there is none."""
    values, known = by_day.to_numpy(np.float64), pd.DatetimeIndex(by_day.index)
    ends = zip(known.searchsorted(days - _NEAR), known.searchsorted(days + _NEAR, "right"), strict=True)
    near = [median(values[start:end]) if start < end else np.nan for start, end in ends]
    return pd.Series(near, index=days, dtype=np.float64)


def stretches(data: SchoolData, cooler: Cooler) -> list[Flat]:
    """Stretches on which nights, or only weekends, were not lowered, in order; none where too few cold nights
    and weekends are known."""
    if len(cooler.night_c) < _LEAST_DAYS or len(cooler.weekend_c) < _LEAST_CLOSED_DAYS:
        return []
    found: list[Flat] = []
    for kind, series, least in (
        (InsightKind.HEATING_AT_NIGHT, cooler.nights_k, _LEAST_NIGHTS),
        (InsightKind.HEATING_ON_WEEKENDS, cooler.weekends_k, _LEAST_WEEKEND_DAYS),
    ):
        told = levels(series.to_numpy(np.float64), least=least, floor=FLAT_K)
        joined: list[tuple[int, int]] = []
        for one in told:
            first, last = series.index[one.start], series.index[one.end - 1]
            if (
                _kind(cooler.nights_k[first:last].median(), cooler.weekends_k[first:last].median())
                is not kind
            ):
                continue
            start = joined.pop()[0] if joined and joined[-1][1] == one.start else one.start
            joined.append((start, one.end))
        for start, end in joined:
            begins, ends = start > 0, end < len(series)
            first = series.index[start] if begins else pd.Timestamp(data.first)
            last = series.index[end - 1] if ends else pd.Timestamp(data.last)
            flat = Flat(kind, first, last, series.index[start], begins, ends)
            found.append(_begun(data, cooler, flat, series.iloc[:start]))
    return found


def _begun(data: SchoolData, cooler: Cooler, one: Flat, before_k: pd.Series) -> Flat:
    """``one`` from the first closed days on that were as warm as its own, after the last that were cooler:
    they tell where the nights or closed days ``before_k``, by which it is told, were too few or too mild."""
    days, day = data.days, data.hours["day"]
    nights_k = cooler.nights_k[: one.told - pd.Timedelta(days=1)]
    limit_k = (nights_k.median() + _STILL_COOL_K) / 2 if len(nights_k) >= _LEAST_NIGHTS else LOWERED_K
    lowered = before_k.index[before_k >= limit_k]
    alike = _alike(data, one.kind)
    between = alike & alike.shift(fill_value=False) & (days["outdoor_c"] < _MILD_C) & (days.index < one.told)
    if len(lowered):
        between &= days.index > lowered[-1]
    if not between.any():
        return one
    warm_c = _warm_c(data, [one._replace(first=one.told)])
    short_k = (warm_c - data.indoor_c)[day.map(between)].groupby(day).mean().dropna()
    cool = short_k.to_numpy() >= limit_k
    # Where fewest days are on the wrong side: in a storm a heated room is cool, too.
    wrong = np.cumsum(np.r_[0, ~cool]) + np.cumsum(np.r_[0, cool[::-1]])[::-1]
    start = int(wrong.argmin())
    if not one.begins and start < _LEAST_BEFORE:
        return one
    first = short_k.index[start] - pd.Timedelta(days=1) if start < len(cool) else one.told
    return one._replace(first=min(first, one.told), begins=True)


def _alike(data: SchoolData, kind: InsightKind) -> pd.Series:
    """Which local days are closed days that stretches of ``kind`` keep warm."""
    days = data.days
    at_night = kind is InsightKind.HEATING_AT_NIGHT
    return days["day_type"] == DayType.CLOSED if at_night else ordinary_closed(days)


def _inside(data: SchoolData, flat: list[Flat], kind: InsightKind) -> pd.Series:
    """Which local days lie in stretches of ``kind``."""
    inside = pd.Series(False, index=data.days.index)
    for one in flat:
        if one.kind is kind:
            inside[one.first : one.last] = True
    return inside


def _kept_warm(data: SchoolData, flat: list[Flat]) -> pd.Series:
    """Which local days are closed days that a stretch keeps warm."""
    kinds = (InsightKind.HEATING_AT_NIGHT, InsightKind.HEATING_ON_WEEKENDS)
    night, weekend = (_alike(data, kind) & _inside(data, flat, kind) for kind in kinds)
    return night | weekend


def _warm_c(data: SchoolData, flat: list[Flat]) -> pd.Series:
    """Temperature by UTC hour [°C] as on the closed days that ``flat`` keeps warm, in that weather; NaN: too
    few."""
    alike_hours = pd.Series("closed", index=data.hours.index)
    return usual_c(data, data.indoor_c, alike_hours, data.hours["day"].map(_kept_warm(data, flat)))


def days_never_lowered(data: SchoolData, flat: list[Flat]) -> pd.DatetimeIndex:
    """Local days of stretches on which it was not lowered at any time."""
    return pd.DatetimeIndex(data.days.index[_inside(data, flat, InsightKind.HEATING_AT_NIGHT)])


def warm_weekends(data: SchoolData, flat: list[Flat]) -> pd.DatetimeIndex:
    """Ordinary closed days that were warm because weekends were not lowered."""
    on_weekends = [one for one in flat if one.kind is InsightKind.HEATING_ON_WEEKENDS]
    return pd.DatetimeIndex(data.days.index[_kept_warm(data, on_weekends)])


def is_no_setback(first: pd.Timestamp, last: pd.Timestamp, flat: list[Flat]) -> bool:
    """Whether it was warm from ``first`` to ``last`` because nights were no longer lowered: it began with
    that, within three weeks, or before there were cold nights that tell, and it was so for most of it."""
    for one in flat:
        if one.kind is not InsightKind.HEATING_AT_NIGHT:
            continue
        both = min(one.last, last) - max(one.first, first)
        near = abs(one.first - first) if one.begins else first - one.told
        if near <= _ALIKE and both >= _MOST * (last - first):
            return True
    return False


def _kind(night_k: float, weekend_k: float) -> InsightKind | None:
    """Which finding nights and weekends are that are so many K cooler than mornings (NaN: not known)."""
    if np.isnan(night_k) or np.isnan(weekend_k):
        return None
    if min(night_k, weekend_k) <= FLAT_K and max(night_k, weekend_k) <= 2 * FLAT_K:
        return InsightKind.HEATING_AT_NIGHT
    return InsightKind.HEATING_ON_WEEKENDS if weekend_k <= FLAT_K and night_k >= LOWERED_K else None


def _lowered_k(
    data: SchoolData, cooler: Cooler, flat: list[Flat], left_out: pd.DatetimeIndex
) -> tuple[float, float]:
    """How much cooler lowered hours are in this school [K], and half the span of that."""
    closed_k, below_c = _closed_days_k(data, flat, left_out) if flat else (np.nan, _COLD_C)
    if closed_k >= LOWERED_K:
        return _OF_CLOSED_DAYS * closed_k, _BY_DAYS if below_c == _COLD_C else _BY_NIGHTS
    lowered = cooler.nights_k[~cooler.nights_k.index.isin(days_never_lowered(data, flat))]
    if len(lowered) < _LEAST_NIGHTS or lowered.median() < FLAT_K:
        return _GUESS_K, _GUESSED
    return float(lowered.median()) + _STILL_COOL_K, _BY_NIGHTS


def _closed_days_k(data: SchoolData, flat: list[Flat], left_out: pd.DatetimeIndex) -> tuple[float, float]:
    """How much cooler closed days were that were lowered, and follow another, than those in ``flat``
    would have been in that weather [K]; NaN where too few are known. And how cold it was, at most [°C]."""
    days = data.days
    closed = days["day_type"] == DayType.CLOSED
    steady = closed & closed.shift(fill_value=False) & ~_kept_warm(data, flat) & ~days.index.isin(left_out)
    for below_c in (_COLD_C, _MILD_C):
        told = steady & (days["outdoor_c"] < below_c)
        if told.sum() >= _LEAST_STEADY_DAYS:
            cooler_k = (_warm_c(data, flat) - data.indoor_c)[data.hours["day"].map(told)]
            return float(cooler_k.mean()), below_c
    return np.nan, _MILD_C


def _waste(data: SchoolData, one: Flat, kwh: pd.Series, share: float) -> Waste:
    """What a stretch costs; ``kwh`` is what each hour would, if it should have been lowered."""
    hours = data.hours
    if one.kind is InsightKind.HEATING_AT_NIGHT:
        closed = hours["day_type"] == DayType.CLOSED
        lowered, part = closed | (hours["hour"] >= _EVENING) | (hours["hour"] < _NOON), _NIGHTS_PART
    else:
        weekend = ordinary_closed(hours)
        lowered, part = weekend | _after(data, weekend), 1.0
    kwh = spared_kwh(data, kwh[lowered.reindex(kwh.index)], part).dropna()
    inside = hours["day"].between(one.first, one.last)
    seen_kwh = kwh[inside.reindex(kwh.index)]
    seen = spread(float(seen_kwh.sum()), share)
    year = spread(float(kwh[data.last_year.reindex(kwh.index)].sum()), share)
    return Waste(seen_kwh, seen, seen if one.ends else year)


def _after(data: SchoolData, weekend: pd.Series) -> pd.Series:
    """Mornings after the closed days ``weekend``, until noon, of days that are open."""
    by_day = weekend.groupby(data.hours["day"]).first()
    after = by_day.shift(fill_value=False) & ~by_day
    return data.hours["day"].map(after) & (data.hours["hour"] < _NOON)


def _found(data: SchoolData, one: Flat, cooler: Cooler, waste: Waste) -> Found:
    assert data.heat is not None  # noqa: S101  asked by the caller
    inside = slice(one.first, one.last)
    told = {"night_c": cooler.night_c, "day_c": cooler.morning_c, "weekend_c": cooler.weekend_c}
    at_night = one.kind is InsightKind.HEATING_AT_NIGHT
    first, last = (cooler.night_c if at_night else cooler.weekend_c)[inside].index[[0, -1]]
    hours = data.hours[
        (data.hours["day_type"] == DayType.SCHOOL_DAY) & data.hours["day"].between(first, last)
    ]
    profile = data.indoor_c[hours.index].groupby(hours["hour"]).mean()
    return Found(
        kind=one.kind,
        first=first.date(),
        last=last.date(),
        ongoing=not one.ends,
        method=METHOD,
        waste={data.heat: waste},
        params={name: round(float(series[inside].median()), 1) for name, series in told.items()},
        evidence=Evidence(lines=(by_hour("indoor_temperature", "°C", profile),)),
    )
