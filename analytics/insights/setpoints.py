"""Set points from the rooms' temperatures: kept too warm by day.

Found are mornings before school, when neither people nor sun warm the rooms yet, that are warmer than the
school's own lowest level that lasted. What it costs is the school's loss of heat (:mod:`heat_loss`) times how
much warmer they were than on its other days (:mod:`warmer`).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.day_columns import felt_c, need
from analytics.insights.evidence import line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat import day_groups
from analytics.insights.heat_loss import COLD_DAY_C, NO_HEAT_DAY_C, HeatLoss, usual_c
from analytics.insights.model import Evidence, InsightKind, NoEnergy
from analytics.insights.steps import levels
from analytics.insights.warmer import Warmer, by_cold_days_k, warmer
from classroom.places import DayType

METHOD = "insights.setpoints/2"

COLD_C, MILD_C = 8.0, 14.5
"""Daily mean outdoors below which the heating, and not the sun, decides how warm it is; and below which it
still has a say."""

WARM_C, TOO_WARM_C, ENOUGH_C = 21.0, 22.5, 21.0
"""Morning temperature from which a rise is told; from which it is told without a rise; and what is enough.

20 °C is the least where children are (HSLF-FS 2024:10), 20 to 24 °C are usual at work in winter; 21 leaves a
degree for cold corners. Field knowledge, not a standard's."""

RISE_K, SHORT_RISE_K = 0.55, 0.8
"""A rise below this is not told, of a few mornings below the second: sensors' errors and sun are as large."""

_NOISE_K = 0.15
_LEAST_DAYS = 5
_REFERENCE_DAYS = 8
_MORNING_H = 2
_NEXT_DAYS = 4  # a weekend and two days: what changes within them changes at once
_COOLING_DAYS = 3  # after a warm stretch the walls are still warm
_APART = 0.35  # where no two ways to tell how warm are nearer, none is believed
_COLD_SHARE, _MILD_SHARE = 0.20, 0.45  # half the spans of what is told on cold days, and on mild ones


class Warm(NamedTuple):
    """Days ``first`` to ``last`` at a morning temperature above the reference [°C]."""

    first: pd.Timestamp
    last: pd.Timestamp
    indoor_c: float
    reference_c: float

    @property
    def warmer_k(self) -> float:
        """How much warmer than the reference."""
        return self.indoor_c - self.reference_c

    @property
    def days(self) -> pd.DatetimeIndex:
        """Its local days."""
        return pd.date_range(self.first, self.last)


def mornings_c(data: SchoolData, below_c: float = COLD_C) -> pd.Series:
    """Temperature in the two hours before school opens, on school days colder than ``below_c``, by day."""
    hours = data.hours
    school = hours["day_type"] == DayType.SCHOOL_DAY
    opened = hours[school & (hours["open_h"] > 0)]
    if opened.empty:
        return pd.Series(dtype=np.float64)
    opens = int(opened.groupby("day")["hour"].min().median())
    wanted = school & hours["hour"].between(opens - _MORNING_H, opens - 1)
    by_day = data.indoor_c[wanted].groupby(hours["day"][wanted]).mean().dropna()
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
        rise_k = RISE_K if one.end - one.start >= _REFERENCE_DAYS else SHORT_RISE_K
        if one.value >= WARM_C and one.value - lowest >= rise_k:
            reference = lowest
        elif one.value >= TOO_WARM_C:
            reference = ENOUGH_C
        if reference is None:
            continue
        first, last = mornings.index[one.start], mornings.index[one.end - 1]
        indoor_c = one.value
        if (
            stretches
            and stretches[-1].reference_c == reference
            and mornings.index[one.start - 1] == stretches[-1].last
        ):
            first = stretches.pop().first
            indoor_c = float(mornings[first:last].median())
        stretches.append(Warm(first, last, indoor_c, reference))
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


def days_beside(one: Warm, days: pd.DataFrame) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex]:
    """The days without school just before and just after a stretch: it may have begun, and ended, on any."""
    school = days.index[days["day_type"] == DayType.SCHOOL_DAY]
    before, after = school[school < one.first], school[school > one.last]
    day = pd.Timedelta(days=1)
    begin = before[-1] + day if len(before) else days.index[0]
    end = after[0] - day if len(after) else days.index[-1]
    return pd.date_range(begin, one.first - day), pd.date_range(one.last + day, end)


def setpoint_findings(
    data: SchoolData,
    stretches: list[Warm],
    mornings: pd.Series,
    loss: HeatLoss | None,
    fans_h: pd.Series,
    heated: pd.DatetimeIndex,
    fans: pd.DatetimeIndex,
) -> list[Found]:
    """Kept too warm by day; ``fans_h`` as the ventilation really ran, ``heated`` days of breaks that were.

    On days ``fans`` it ran all night and cooled the rooms: of a stretch that meets these nobody can tell how
    long it was, so its energy is not told.
    """
    if loss is None or data.heat is None or not stretches:
        return []
    hours = data.hours
    per_k = loss.kw_k(fans_h) * hours["day"].map(need(felt_c(data))).fillna(0.0)
    odd = pd.DatetimeIndex([*heated, *fans])
    excess = _excess_k(data, stretches, odd)
    year = float(per_k[data.last_year].sum())
    found = []
    for known in stretches:
        one = _over_breaks(data, known, excess)
        goes_on = bool(mornings.index[-1] <= known.last)
        meets = not fans.intersection(one.days.union(_beside(one, data.days))).empty
        others = pd.DatetimeIndex(
            [*odd, *(day for other in stretches if other is not known for day in other.days)]
        )
        told = _warmer(data, one, excess, others)
        waste: Waste | NoEnergy
        if meets:
            waste = "two_at_once"
        elif told is None or told.apart > _APART:
            waste = "ways_differ"
        else:
            waste = _waste(data, one, told, per_k, goes_on)
        found.append(_found(data, one, mornings, waste, year, ongoing=goes_on))
    return found


def _waste(data: SchoolData, one: Warm, told: Warmer, heated_kw_k: pd.Series, goes_on: bool) -> Waste:
    """What a stretch costs: its loss of heat in every heated hour, so many K long."""
    per_k = heated_kw_k[data.hours["day"].isin(one.days)].dropna()
    sure = float(per_k[_cold(data).reindex(per_k.index)].sum()) / max(float(per_k.sum()), 1e-9)
    share = max(_COLD_SHARE * sure + _MILD_SHARE * (1 - sure), told.apart)
    seen = spread(float(per_k.sum()) * told.kelvin, share)
    year = float(heated_kw_k[data.last_year].sum()) * told.kelvin
    return Waste(per_k * told.kelvin, seen, spread(year, share) if goes_on else seen)


def _warmer(data: SchoolData, one: Warm, excess_k: pd.Series, left_out: pd.DatetimeIndex) -> Warmer | None:
    """How much warmer a stretch was, told three ways; above what is enough where nothing compares."""
    if one.reference_c == ENOUGH_C:
        return Warmer(one.warmer_k, 0.0)
    by_hours_k = float(excess_k[data.hours["day"].isin(one.days) & _cold(data)].mean())
    by_days_k = by_cold_days_k(data, one.days, left_out.union(_ends(one, data.days)))
    return warmer((by_hours_k, one.warmer_k, by_days_k))


def _cold(data: SchoolData) -> pd.Series:
    """The hours of cold days."""
    return data.hours["day"].map(data.days["outdoor_c"]) < COLD_DAY_C


def _ends(one: Warm, days: pd.DataFrame) -> pd.DatetimeIndex:
    """Days that may lie in the stretch or not, and those on which rooms still warm up or cool."""
    before, after = days_beside(one, days)
    day = pd.Timedelta(days=1)
    begins = pd.date_range([*before, one.first][0] - 2 * day, one.first + 3 * day)
    return begins.union(pd.date_range(one.last - day, [*after, one.last][-1] + _COOLING_DAYS * day))


def _beside(one: Warm, days: pd.DataFrame) -> pd.DatetimeIndex:
    """The days about the ends of a stretch, with the school days next to them."""
    before, after = days_beside(one, days)
    week = pd.Timedelta(days=_NEXT_DAYS)
    return pd.date_range([*before, one.first][0] - week, [*after, one.last][-1] + week)


def _over_breaks(data: SchoolData, one: Warm, excess_k: pd.Series) -> Warm:
    """The stretch over the days without school beside it that were as warm, by half."""
    before, after = (excess_k[data.hours["day"].isin(days)] for days in days_beside(one, data.days))
    if before.mean() > one.warmer_k / 2:
        one = one._replace(first=data.hours["day"][before.index[0]])
    if after.mean() > one.warmer_k / 2:
        one = one._replace(last=data.hours["day"][after.index[-1]])
    return one


def _excess_k(data: SchoolData, stretches: list[Warm], odd: pd.DatetimeIndex) -> pd.Series:
    """How much warmer each hour was than is usual on the school's days outside the stretches but ``odd`` [K].

    Within a stretch that has nothing to compare with, what its mornings are above what is enough.
    """
    hours = data.hours
    warm = pd.DatetimeIndex([day for one in stretches for day in one.days])
    around = warm.append([warm + pd.Timedelta(days=number) for number in range(1, _COOLING_DAYS + 1)])
    around = around.append([beside for one in stretches for beside in days_beside(one, data.days)])
    weather = hours["day"].map(data.days["outdoor_c"]) < NO_HEAT_DAY_C
    usual = weather & ~hours["day"].isin(around) & ~hours["day"].isin(odd)
    excess = data.indoor_c - usual_c(data, data.indoor_c, hours["day"].map(day_groups(data)), usual)
    for one in stretches:
        if one.reference_c == ENOUGH_C:
            excess[hours["day"].isin(one.days)] = one.warmer_k
    return excess


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
