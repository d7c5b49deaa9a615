"""How a school uses electricity: out of hours, and more than a year ago."""

from __future__ import annotations

import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.evidence import by_hour, line
from analytics.insights.finish import Found, Waste, evenly, spread
from analytics.insights.model import Evidence, InsightKind
from classroom.places import DayType
from classroom.quantity import Carrier

METHOD = "insights.electricity/1"

GOOD_SHARE, BAD_SHARE = 0.50, 0.65
"""Electricity out of hours: within reach, and told from here on (Energy Sparks: 50 % exemplar, 60 usual)."""

RISEN_SHARE = 0.10
"""Electricity of the last four weeks above that of the same kinds of day before, from here on."""

_YEAR_DAYS = 330  # so many days make a year's figure
_WEEKS_DAYS = 28
_LEAST_SCHOOL_DAYS = 10
_ROUGH = 0.5  # half the span of what is an estimate of habit, not a measurement


def electricity_findings(data: SchoolData) -> list[Found]:
    """Findings about when electricity is used, and whether it grows."""
    found = [out_of_hours(data), rising(data)]
    return [one for one in found if one is not None]


def out_of_hours(data: SchoolData) -> Found | None:
    """Most of the year's electricity is used while the school is closed."""
    known = data.hours[data.last_year].dropna(subset=["electricity_kwh"])
    if known["day"].nunique() < _YEAR_DAYS:
        return None
    used = data.use_kwh.reindex(known.index)
    closed = used * (1 - known["open_h"])
    share = float(closed.sum() / used.sum()) if used.sum() > 0 else 0.0
    if share < BAD_SHARE:
        return None
    part = (share - GOOD_SHARE) / share
    wasted = (known["electricity_kwh"] * (1 - known["open_h"]) * part).rename("kwh")
    year = float(wasted.sum()) * 365 / known["day"].nunique()
    return Found(
        kind=InsightKind.OUT_OF_HOURS,
        first=known["day"].iloc[0].date(),
        last=data.last,
        ongoing=True,
        method=METHOD,
        waste={Carrier.ELECTRICITY: Waste(wasted, spread(float(wasted.sum()), _ROUGH), spread(year, _ROUGH))},
        params={"share": round(share, 2), "good_share": GOOD_SHARE},
        evidence=Evidence(
            lines=(
                by_hour("school_days", "kWh", _mean_by_hour(known, DayType.SCHOOL_DAY)),
                by_hour("closed_days", "kWh", _mean_by_hour(known, DayType.CLOSED)),
            )
        ),
    )


def rising(data: SchoolData) -> Found | None:
    """School days' electricity of the last four weeks above that of the eight weeks before."""
    days = data.days[data.days["day_type"] == DayType.SCHOOL_DAY]["electricity_kwh"].dropna()
    last = pd.Timestamp(data.last)
    now = days[days.index > last - pd.Timedelta(days=_WEEKS_DAYS)]
    year_ago = days[
        (days.index > last - pd.Timedelta(days=_WEEKS_DAYS + 371))
        & (days.index <= last - pd.Timedelta(days=364 - 7))
    ]
    if min(len(now), len(year_ago)) < _LEAST_SCHOOL_DAYS:
        return None
    before = float(year_ago.median())
    more = float(now.median()) / before - 1 if before > 0 else 0.0
    if more < RISEN_SHARE:
        return None
    extra = (now - before).clip(lower=0)
    year = (float(now.median()) - before) * 178  # school days a year at least
    return Found(
        kind=InsightKind.USE_RISING,
        first=now.index[0].date(),
        last=now.index[-1].date(),
        ongoing=True,
        method=METHOD,
        waste={Carrier.ELECTRICITY: evenly(data, extra, year, _ROUGH)},
        params={"more_share": round(more, 2)},
        evidence=Evidence(lines=(line("electricity", "kWh", days, 0),)),
    )


def _mean_by_hour(hours: pd.DataFrame, kind: DayType) -> pd.Series:
    return hours[hours["day_type"] == kind].groupby("hour")["electricity_kwh"].mean()
