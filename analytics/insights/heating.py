"""How a school is heated: too early, on warm days, at night, how steadily, and its hot water."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.evidence import by_hour, line
from analytics.insights.finish import Found, Waste, evenly, spread
from analytics.insights.heat import HeatModel, day_groups, in_last_year
from analytics.insights.model import Evidence, InsightKind
from classroom.places import DayType
from classroom.quantity import Carrier

METHOD = "insights.heating/1"

EARLY_H = 4.5
"""A start of the heating so many hours before school opens is too early on a day above freezing: Energy
Sparks rates a start at six well and one at three badly."""

WARM_DAY_C, WARM_SHARE = 15.0, 0.05
"""Heat above hot water on days warmer than this is told from this share of the year's on."""

GOOD_R2, BAD_R2 = 0.75, 0.50
"""Share of school days' heat that the weather explains where control works, and below which it is told."""

_LEAST_DAYS = 20
_LEAST_SCHOOL_DAYS = 165
_MILD_C, _COLD_C = 0.0, 5.0
_ROUGH = 0.5  # half the span of what is an estimate of habit, not a measurement

_LOST_SHARE = 0.3
"""Of heat that comes too early so much is lost before anyone is there; the rest is stored in the walls and
saved later (field knowledge: time constants of schools are 40 to 100 hours)."""

_FLAT_K, _LOWERED_K, _SETBACK_K = 0.15, 0.5, 1.5
"""Nights that are less than the first cooler than mornings were not lowered, from the second on they surely
were; a set point two to three degrees lower makes rooms the third cooler on average: they cool slowly."""

_LOSSES_SHARE = 0.8
"""A well insulated circulation loses about half of what a school day's hot water needs; this is far more."""


def heating_findings(data: SchoolData, model: HeatModel | None) -> list[Found]:
    """Findings about how and when it is heated."""
    found = [
        starts_early(data),
        warm_weather(data, model),
        no_setback(data, model),
        poor_control(data, model),
        hot_water(data),
    ]
    return [one for one in found if one is not None]


def starts_early(data: SchoolData) -> Found | None:
    """The heating starts long before school on school days that do not freeze."""
    if data.heat is None:
        return None
    hours = data.hours
    days = data.days
    wanted = days.index[(days["day_type"] == DayType.SCHOOL_DAY) & days["outdoor_c"].between(_MILD_C, 10.0)]
    table = (
        hours[hours["day"].isin(wanted)].pivot_table(index="day", columns="hour", values="heat_kwh").dropna()
    )
    opened = hours[(hours["day_type"] == DayType.SCHOOL_DAY) & (hours["open_h"] > 0)]
    if len(table) < _LEAST_DAYS or opened.empty:
        return None
    opens = int(opened.groupby("day")["hour"].min().median())
    profile = table.median()
    night, top = float(profile[:4].min()), float(profile[:opens].max())
    if top - night < 0.5 * top:  # no start to be seen
        return None
    half = night + 0.5 * (top - night)
    start = int(profile.index[(profile >= half).to_numpy()][0])
    if opens - start < EARLY_H:
        return None
    latest = opens - 3
    inside = hours["day"].isin(wanted) & (hours["hour"] >= start) & (hours["hour"] < latest)
    wasted = (hours["heat_kwh"][inside] - night).clip(lower=0).dropna() * _LOST_SHARE
    seen = spread(float(wasted.sum()), _ROUGH)
    last_year = wasted[data.last_year[wasted.index]]
    params: dict[str, float | str] = {
        "starts": f"{start:02d}:00",
        "opens": f"{opens:02d}:00",
        "spare_h": float(latest - start),
    }
    return _found(
        InsightKind.HEATING_STARTS_EARLY,
        (table.index[0].date(), table.index[-1].date()),
        waste={data.heat: Waste(wasted, seen, spread(float(last_year.sum()), _ROUGH))},
        params=params,
        evidence=Evidence(lines=(by_hour("heat_power", "kW", profile),)),
    )


def warm_weather(data: SchoolData, model: HeatModel | None) -> Found | None:
    """Heating above hot water on warm days."""
    if model is None or data.heat is None:
        return None
    days = data.days
    base = day_groups(data).map({name: curve.base_kwh_d for name, curve in model.curves.items()})
    lowest = _hot_water_kwh(data)
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


def _hot_water_kwh(data: SchoolData) -> float:
    """What a summer's open day needs without heating: the lowest tenth of warm days with heat [kWh]."""
    days = data.days[(data.days["outdoor_c"] > WARM_DAY_C) & (data.days["heat_kwh"] > 0)]
    return float(days["heat_kwh"].quantile(0.1)) if len(days) else 0.0


def no_setback(data: SchoolData, model: HeatModel | None) -> Found | None:
    """On cold days the rooms are as warm on weekends, and at night too, as on a school day's morning."""
    if model is None or data.heat is None or data.room_temperature_c.empty:
        return None
    hours = data.hours.assign(indoor_c=data.indoor_c)
    hours = hours[hours["day"].map(data.days["outdoor_c"] < _COLD_C).astype(bool)].dropna(subset=["indoor_c"])
    school = hours[hours["day_type"] == DayType.SCHOOL_DAY]
    night = school[school["hour"].isin((3, 4))].groupby("day")["indoor_c"].mean()
    morning = school[(school["hour"] >= 6) & (school["open_h"] == 0) & (school["hour"] < 9)]
    by_morning = morning.groupby("day")["indoor_c"].mean()
    ordinary = (hours["day_type"] == DayType.CLOSED) & ~hours["holiday"].astype(bool)
    weekend = hours[ordinary & hours["hour"].between(10, 20)]
    if min(len(night), len(by_morning)) < _LEAST_DAYS or weekend["day"].nunique() < 8:
        return None
    night_c, day_c = float(night.median()), float(by_morning.median())
    weekend_c = float(weekend.groupby("day")["indoor_c"].mean().median())
    kind = _not_lowered(day_c - night_c, day_c - weekend_c)
    if kind is None:
        return None
    at_night = (data.hours["open_h"] == 0) & ((data.hours["hour"] >= 18) | (data.hours["hour"] < 5))
    weekends = (data.hours["day_type"] == DayType.CLOSED) & ~data.hours["holiday"].astype(bool)
    lowered = data.hours[at_night if kind is InsightKind.HEATING_AT_NIGHT else weekends]
    share = len(lowered) / len(data.hours)
    per_k = (model.predict(day_groups(data), colder_k=1.0) - model.predict(day_groups(data))).dropna()
    kwh = in_last_year(data, per_k).sum() * share * _SETBACK_K
    hours_kwh = (data.hours["day"].map(per_k) / 24).reindex(lowered.index).dropna() * _SETBACK_K
    seen = spread(float(hours_kwh.sum()), _ROUGH)
    return _found(
        kind,
        (night.index[0].date(), night.index[-1].date()),
        waste={data.heat: Waste(hours_kwh, seen, spread(float(kwh), _ROUGH))},
        params={
            "night_c": round(night_c, 1),
            "day_c": round(day_c, 1),
            "weekend_c": round(weekend_c, 1),
        },
        evidence=Evidence(
            lines=(by_hour("indoor_temperature", "°C", school.groupby("hour")["indoor_c"].mean()),)
        ),
    )


def _not_lowered(night_k: float, weekend_k: float) -> InsightKind | None:
    """Which finding nights and weekends are that are so many K cooler than mornings."""
    if min(night_k, weekend_k) <= _FLAT_K and max(night_k, weekend_k) <= 2 * _FLAT_K:
        return InsightKind.HEATING_AT_NIGHT
    return InsightKind.HEATING_ON_WEEKENDS if weekend_k <= _FLAT_K and night_k >= _LOWERED_K else None


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
