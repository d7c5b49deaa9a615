"""How a school is heated: too early, on warm days, how steadily, and its hot water."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.evidence import by_hour, line
from analytics.insights.finish import Found, Waste, evenly, spread
from analytics.insights.heat import WARM_DAY_C, HeatModel, day_groups, hot_water_kwh_d, in_last_year
from analytics.insights.heat_loss import NO_HEAT_DAY_C
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.steps import levels
from classroom.places import DayType
from classroom.quantity import Carrier

METHOD = "insights.heating/3"

EARLY_H = 4.5
"""A start of the heating so many hours before school opens is too early on a day above freezing: Energy
Sparks rates a start at six well and one at three badly."""

WARM_SHARE = 0.05
"""Heat above hot water on warm days is told from this share of the year's on."""

GOOD_R2, BAD_R2 = 0.75, 0.50
"""Share of school days' heat that the weather explains where control works, and below which it is told."""

_LEAST_DAYS = 20
_LEAST_STARTS, _START_NOISE_H = 10, 0.5
_LEAST_SCHOOL_DAYS = 165
_MILD_C = 0.0
_ROUGH = 0.5  # half the span of what is an estimate of habit, not a measurement

_LOST_SHARE, _LOST_SPAN = 0.30, 0.25
"""Of heat that comes too early so much is lost before anyone is there, give or take a quarter; the rest is
stored in the walls and saved later. Of simulated schools, whose time constants are 40 to 100 hours."""

_LOSSES_SHARE = 0.8
"""A well insulated circulation loses about half of what a school day's hot water needs; this is far more."""


def heating_findings(data: SchoolData, model: HeatModel | None) -> list[Found]:
    """Findings about how and when it is heated."""
    found = [
        *starts_early(data),
        warm_weather(data, model),
        poor_control(data, model),
        hot_water(data),
    ]
    return [one for one in found if one is not None]


def starts_early(data: SchoolData) -> list[Found]:
    """The heating starts long before school on school days that do not freeze: a finding a stretch.

    It costs on all heated school days of the stretch: a clock does not look at the weather.
    """
    opens = data.opens
    if data.heat is None or opens is None:
        return []
    hours, days = data.hours, data.days
    heated = days.index[(days["day_type"] == DayType.SCHOOL_DAY) & (days["outdoor_c"] < NO_HEAT_DAY_C)]
    school = hours[hours["day"].isin(heated)]
    table = school.pivot_table(index="day", columns="hour", values="heat_kwh").dropna()
    tells = table[days["outdoor_c"].reindex(table.index).between(_MILD_C, 10.0)]
    if len(tells) < _LEAST_DAYS:
        return []
    starts = start_hours(tells, opens)
    early = [
        one
        for one in levels(starts.to_numpy(np.float64), least=_LEAST_STARTS, floor=_START_NOISE_H)
        if opens - one.value >= EARLY_H and one.end - one.start >= _LEAST_DAYS
    ]
    found = []
    for one in early:
        first, last = starts.index[one.start], starts.index[one.end - 1]
        goes_on = one.end == len(starts)
        days_of_it = table[first:] if goes_on else table[first:last]
        found.append(_early(data, days_of_it, int(one.value), opens, goes_on=goes_on))
    return found


def start_hours(table: pd.DataFrame, opens: int) -> pd.Series:
    """The local hour in which the heating starts, by day of ``table`` (a row a day, a column an hour, kWh).

    The first that is a third of the way from the least of the night to the most before school ``opens`` (fans
    that start later add to that); days on which the two are alike have no start and are left out.
    """
    kwh = table.to_numpy(np.float64)
    night, most = kwh[:, :4].min(axis=1), kwh[:, :opens].max(axis=1)
    first = (kwh >= (night + (most - night) / 3)[:, None]).argmax(axis=1)
    return pd.Series(first[most - night >= most / 2], index=table.index[most - night >= most / 2])


def _early(data: SchoolData, days: pd.DataFrame, start: int, opens: int, *, goes_on: bool) -> Found:
    """A stretch of ``days`` (as :func:`start_hours` takes them) on which it starts at ``start``."""
    assert data.heat is not None  # noqa: S101  asked by the caller
    latest = opens - 3
    hours = data.hours
    inside = hours["day"].isin(days.index) & (hours["hour"] >= start) & (hours["hour"] < latest)
    night = hours["day"].map(days.iloc[:, :4].min(axis=1))
    wasted = (hours["heat_kwh"] - night)[inside].clip(lower=0).dropna() * _LOST_SHARE
    seen = spread(float(wasted.sum()), _LOST_SPAN)
    last_year = wasted[data.last_year[wasted.index]]
    params: dict[str, float | str] = {
        "starts": f"{start:02d}:00",
        "opens": f"{opens:02d}:00",
        "spare_h": float(latest - start),
    }
    return _found(
        InsightKind.HEATING_STARTS_EARLY,
        (days.index[0].date(), days.index[-1].date()),
        waste={data.heat: Waste(wasted, seen, spread(float(last_year.sum()), _LOST_SPAN))},
        params=params,
        evidence=Evidence(lines=(by_hour("heat_power", "kW", days.median()),)),
        ongoing=goes_on,
    )


def warm_weather(data: SchoolData, model: HeatModel | None) -> Found | None:
    """Heating above hot water on warm days."""
    if model is None or data.heat is None:
        return None
    days = data.days
    base = day_groups(data).map({name: curve.base_kwh_d for name, curve in model.curves.items()})
    lowest = hot_water_kwh_d(data)
    above = (days["heat_kwh"] - np.minimum(base, lowest)).clip(lower=0)
    warm = above[(days["outdoor_c"] > WARM_DAY_C) & (above > 0.25 * lowest)].dropna()
    year = float(in_last_year(data, days["heat_kwh"]).sum())
    if len(warm) < 10 or float(in_last_year(data, warm).sum()) < WARM_SHARE * year:
        return None
    kwh = float(in_last_year(data, warm).sum())
    params: dict[str, float | str] = {"kwh": round(kwh), "days": float(len(warm)), "limit_c": WARM_DAY_C}
    return _found(
        InsightKind.HEATING_IN_WARM_WEATHER,
        (warm.index[0].date(), warm.index[-1].date()),
        ongoing=bool(warm.index[-1] > pd.Timestamp(data.last) - pd.Timedelta(days=365)),
        waste={data.heat: evenly(data, warm, kwh, 0.25)},
        params=params,
        evidence=_heat_and_weather(data),
    )


def poor_control(data: SchoolData, model: HeatModel | None) -> Found | None:
    """The weather hardly explains the heat of school days."""
    if model is None or model.r2 >= BAD_R2 or model.days < _LEAST_SCHOOL_DAYS:
        return None
    return _found(
        InsightKind.HEAT_CONTROL_POOR,
        (data.first, data.last),
        params={"r2": round(max(model.r2, 0.0), 2), "good_r2": GOOD_R2},
        evidence=_heat_and_weather(data),
    )


def hot_water(data: SchoolData) -> Found | None:
    """Heat on warm closed days is nearly that of warm school days: circulation and losses."""
    if data.heat is None:
        return None
    warm = data.days[data.days["outdoor_c"] > WARM_DAY_C + 1].dropna(subset=["heat_kwh"])
    by_kind = warm.groupby("day_type")["heat_kwh"]
    counts, medians = by_kind.size(), by_kind.median()
    if min(counts.get(DayType.CLOSED, 0), counts.get(DayType.SCHOOL_DAY, 0)) < 8:
        return None
    closed, school = float(medians[DayType.CLOSED]), float(medians[DayType.SCHOOL_DAY])
    if school <= 0 or closed < _LOSSES_SHARE * school:
        return None
    wasted = (closed - 0.5 * school) * 365
    by_day = pd.Series((closed - 0.5 * school), index=data.days.index)
    return _found(
        InsightKind.HOT_WATER_ON_CLOSED_DAYS,
        (warm.index[0].date(), warm.index[-1].date()),
        waste={data.heat: evenly(data, by_day, wasted, _ROUGH)},
        params={"closed_kwh_d": round(closed), "school_kwh_d": round(school)},
        evidence=Evidence(lines=(line("heat", "kWh", warm["heat_kwh"], 0),)),
    )


def _heat_and_weather(data: SchoolData) -> Evidence:
    """Heat and outdoor temperature by day."""
    days = data.days
    return Evidence(
        lines=(
            line("heat", "kWh", days["heat_kwh"], 0),
            line("outdoor_temperature", "°C", days["outdoor_c"], 1),
        )
    )


def _found(
    kind: InsightKind,
    days: tuple[date, date],
    params: dict[str, float | str],
    evidence: Evidence,
    waste: dict[Carrier, Waste] | None = None,
    *,
    ongoing: bool = True,
) -> Found:
    """A finding seen from the first to the last of ``days``."""
    return Found(
        kind=kind,
        first=days[0],
        last=days[1],
        ongoing=ongoing,
        method=METHOD,
        waste=waste or {},
        params=params,
        evidence=evidence,
    )
