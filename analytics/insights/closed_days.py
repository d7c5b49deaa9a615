"""Ventilation that runs by day on closed days: weekends and days without anybody, as the clock is set.

On such a day power jumps in the morning hour in which ventilation is due on school days, by three tenths of
what it jumps then, or more. What ran is what the day draws above its own night, at most that jump: by day
nothing else starts in a closed school.
"""

from __future__ import annotations

import pandas as pd

from analytics.insights.added_heat import added_heat
from analytics.insights.data import SchoolData
from analytics.insights.evidence import by_hour, line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.heat import LEAST_DAYS, HeatModel
from analytics.insights.model import Evidence, InsightKind
from analytics.insights.night_levels import NIGHT_HOURS, morning_jump_kw, ventilation_start
from classroom.places import DayType
from classroom.quantity import Carrier

METHOD = "insights.closed_days/3"

LEAST_CLOSED_DAYS = 5
"""Fewer closed days with ventilation within a year are not told: somebody worked there."""

_LIKE = 0.3  # of a school day's jump (lamps and kitchens too): a closed day's that is higher is the fans'
_LEAST_JUMP = 0.10  # of night power: a smaller jump on school days is no ventilation
_STILL_NOW = pd.Timedelta(days=14)
_SURE = 0.15  # half the span of what is measured by the hour


def ventilated_days(data: SchoolData, all_night: pd.DatetimeIndex) -> pd.DatetimeIndex:
    """Closed local days on which the fans ran by day, of the last year; ``all_night`` they ran anyway.

    Days with a hired evening are left out: then they should.
    """
    jumps = morning_jump_kw(data)
    kinds = data.days["day_type"].reindex(jumps.index)
    usual_kw = _usual_kw(data, jumps[kinds == DayType.SCHOOL_DAY], all_night)
    if usual_kw is None:
        return pd.DatetimeIndex([])
    hired = data.hours.groupby("day")["fans_h"].sum().reindex(jumps.index) > 0
    closed = (kinds == DayType.CLOSED) & ~hired & ~jumps.index.isin(all_night)
    found = pd.DatetimeIndex(jumps.index[closed & (jumps >= _LIKE * usual_kw)])
    return found if len(found) >= LEAST_CLOSED_DAYS else found[:0]


def _usual_kw(data: SchoolData, of_school_days: pd.Series, all_night: pd.DatetimeIndex) -> float | None:
    """The jump on school days [kW]; None where there is none to speak of."""
    known = of_school_days[~of_school_days.index.isin(all_night)]
    if len(known) < LEAST_DAYS:
        return None
    usual_kw = float(known.median())
    night_kw = float(data.use_kwh[data.hours["hour"].isin(NIGHT_HOURS)].median())
    return usual_kw if usual_kw > _LEAST_JUMP * night_kw else None


def closed_day_findings(
    data: SchoolData, days: pd.DatetimeIndex, heat: HeatModel | None, left_out: pd.DatetimeIndex
) -> list[Found]:
    """One finding of :func:`ventilated_days`; ``left_out`` are the days of other findings about heat."""
    if days.empty:
        return []
    above, power_kw = _above_night_kw(data, days)
    bought = data.hours["electricity_kwh"].reindex(above.index)
    wasted = bought.clip(upper=above).dropna()
    total = spread(float(wasted.sum()), _SURE)
    waste = {Carrier.ELECTRICITY: Waste(wasted, total, total)}
    if heat is not None and data.heat is not None and _comparable(data, days, heat):
        ran_h = (above > 0).astype(float).reindex(data.hours.index).fillna(0.0)
        more = added_heat(data, days, ran_h, left_out)
        if more is not None:
            waste[data.heat] = more._replace(year_kwh=more.seen_kwh)
    first, last = days[0].date(), days[-1].date()
    return [
        Found(
            kind=InsightKind.VENTILATION_ON_CLOSED_DAYS,
            first=first,
            last=last,
            ongoing=bool(days[-1] > pd.Timestamp(data.last) - _STILL_NOW),
            method=METHOD,
            waste=waste,
            params={"days": float(len(days)), "fans_kw": round(power_kw, 1)},
            evidence=Evidence(
                lines=(
                    by_hour("closed_days", "kW", _profile(data, days)),
                    line("morning_jump", "kW", morning_jump_kw(data)),
                ),
            ),
        )
    ]


def _comparable(data: SchoolData, days: pd.DatetimeIndex, heat: HeatModel) -> bool:
    """Whether enough other closed days, as cold as half of these, tell what these would have used."""
    felt_c = heat.felt_c[heat.felt_c < heat.heats()]
    closed = felt_c.index[data.days["day_type"].reindex(felt_c.index) == DayType.CLOSED]
    asked, others = closed[closed.isin(days)], closed[~closed.isin(days)]
    return int((felt_c[others] <= felt_c[asked].median()).sum()) >= LEAST_DAYS


def _above_night_kw(data: SchoolData, days: pd.DatetimeIndex) -> tuple[pd.Series, float]:
    """Use above the day's own night while ventilation may run [kWh], by UTC hour of ``days``, and the fans'
    power [kW]."""
    power_kw = float(morning_jump_kw(data)[days].median())
    inside = data.hours["day"].isin(days)
    day, at, used = (values[inside] for values in (data.hours["day"], data.hours["hour"], data.use_kwh))
    night_kw = day.map(used[at.isin(NIGHT_HOURS)].groupby(day).mean())
    start = ventilation_start(data) or 0.0
    above = (used - night_kw).clip(lower=0.0, upper=power_kw)
    return above[at >= int(start)], power_kw


def _profile(data: SchoolData, days: pd.DatetimeIndex) -> pd.Series:
    inside = data.hours["day"].isin(days)
    return data.use_kwh[inside].groupby(data.hours["hour"][inside]).mean()
