"""Peaks of power, and what solar cells feed out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from analytics.costs import power_sek, price_sek_kwh
from analytics.insights.data import SchoolData
from analytics.insights.evidence import by_hour, line
from analytics.insights.finish import Found, Waste, spread
from analytics.insights.model import Evidence, InsightKind, Range
from classroom.places import DayType
from classroom.quantity import Carrier
from classroom.tariffs import Component, tariff_of

METHOD = "insights.power/1"

PEAK_SHARE = 1.25
"""A month's highest hour is a peak where it passes the usual day's (nine of ten) by a quarter."""

FED_OUT_SHARE, FED_OUT_KWH = 0.35, 2_000.0
"""Solar electricity fed out is told from this share of what is made and this much a year on."""

_USUAL = 0.9
_LEAST_DAYS = 60
_COULD_BE_USED = 0.3  # of what is fed out, by moving what can wait: hot water, charging, dishes


def power_findings(data: SchoolData) -> list[Found]:
    """Findings about power and solar cells."""
    found = [peaks(data), solar(data)]
    return [one for one in found if one is not None]


def peaks(data: SchoolData) -> Found | None:
    """Months whose highest hour passes what is usual: they decide a power charge, not the energy."""
    hours = data.hours[data.last_year]
    by_day = hours.groupby("day")["electricity_kwh"].max()
    school = by_day[data.days["day_type"].reindex(by_day.index) == DayType.SCHOOL_DAY].dropna()
    if len(school) < _LEAST_DAYS:
        return None
    usual = float(school.quantile(_USUAL))
    above = hours[hours["electricity_kwh"] > usual * PEAK_SHARE]
    if above.empty or usual <= 0:
        return None
    top = above.nlargest(10, "electricity_kwh")
    top = top.sort_index()
    rows = tuple(
        (f"{day:%Y-%m-%d}", f"{hour:02d}:00", round(kwh, 1))
        for day, hour, kwh in zip(
            top["day"], top["hour"].tolist(), top["electricity_kwh"].tolist(), strict=True
        )
    )
    shaved = hours["electricity_kwh"].clip(upper=usual)
    return Found(
        kind=InsightKind.PEAK_POWER,
        first=above["day"].iloc[0].date(),
        last=above["day"].iloc[-1].date(),
        ongoing=bool(above["day"].iloc[-1] > pd.Timestamp(data.last) - pd.Timedelta(days=92)),
        method=METHOD,
        params={"peak_kw": round(float(above["electricity_kwh"].max()), 1), "usual_kw": round(usual, 1)},
        evidence=Evidence(
            lines=(line("highest_hour", "kW", by_day, 1),), columns=("day", "hour", "power_kw"), rows=rows
        ),
        severity=float(above["electricity_kwh"].max()) - usual,
        year_sek=_power_sek(data, hours["electricity_kwh"], shaved),
    )


def _power_sek(data: SchoolData, used: pd.Series, shaved: pd.Series) -> Range | None:
    """What a year's power charges would be lower without the peaks [SEK]; None without a charge."""
    rows = tariff_of(data.site.tariffs, data.school, Carrier.ELECTRICITY)
    before, after = (power_sek(rows, kwh, data.site.zone) for kwh in (used, shaved))
    if all(row.component is not Component.POWER for row in rows) or not before:
        return None
    return spread(sum(before[month] - after[month] for month in before) * 12 / len(before), 0.25)


def solar(data: SchoolData) -> Found | None:
    """Much of what the cells make is fed out."""
    hours = data.hours[data.last_year]
    known = hours.dropna(subset=["produced_kwh", "exported_kwh"])
    made, out = float(known["produced_kwh"].sum()), float(known["exported_kwh"].sum())
    if made <= 0 or out < FED_OUT_KWH or out / made < FED_OUT_SHARE:
        return None
    closed = known["day_type"] != DayType.SCHOOL_DAY
    mostly = "weekends" if float(known["exported_kwh"][closed].sum()) > 0.5 * out else "school_days"
    usable = known["exported_kwh"] * _COULD_BE_USED
    usable = usable[usable > 0]
    total = spread(float(usable.sum()), 0.5)
    return Found(
        kind=InsightKind.SOLAR_UNUSED,
        first=known["day"].iloc[0].date(),
        last=data.last,
        ongoing=True,
        method=METHOD,
        waste={Carrier.ELECTRICITY: Waste(usable, total, total)},
        params={"share": round(out / made, 2), "kwh": round(out), "when_most": mostly},
        year_sek=_worth_sek(data, usable),
        evidence=Evidence(
            lines=(
                by_hour("fed_out", "kWh", known.groupby("hour")["exported_kwh"].mean()),
                by_hour("made", "kWh", known.groupby("hour")["produced_kwh"].mean()),
            )
        ),
    )


def _worth_sek(data: SchoolData, usable: pd.Series) -> Range | None:
    """What using electricity oneself is worth more than feeding it out [SEK]: bought less paid for; None
    without a price of what is bought."""
    rows = tariff_of(data.site.tariffs, data.school, Carrier.ELECTRICITY)
    hours = pd.DatetimeIndex(usable.index)
    bought = price_sek_kwh(rows, hours, data.site.zone)
    paid = np.nan_to_num(price_sek_kwh(rows, hours, data.site.zone, (Component.EXPORT,)))
    sek = float((usable.to_numpy(np.float64) * (bought - paid)).sum())
    return None if np.isnan(sek) else spread(sek, 0.5)
