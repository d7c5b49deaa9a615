"""All findings of a school, from its data alone: pure, and the same for the same data."""

from __future__ import annotations

import pandas as pd

from analytics.insights.breaks import breaks, holiday_findings
from analytics.insights.closed_days import closed_day_findings, ventilated_days
from analytics.insights.data import SchoolData
from analytics.insights.electricity import electricity_findings
from analytics.insights.finish import finish
from analytics.insights.heat import fit_heat
from analytics.insights.heat_loss import fit_heat_loss
from analytics.insights.heating import heating_findings
from analytics.insights.model import Insight
from analytics.insights.night_levels import night_levels, night_power_kw, split
from analytics.insights.nights import days_of, fan_stretches, night_findings
from analytics.insights.power import power_findings
from analytics.insights.rooms import room_findings
from analytics.insights.sensors import sensor_findings
from analytics.insights.setbacks import (
    days_never_lowered,
    is_no_setback,
    setback_findings,
    stretches,
    told_cooler,
    warm_weekends,
)
from analytics.insights.setpoints import all_days_beside, setpoint_findings, warm_stretches

METHOD = "insights/7"
"""Name and version of all families together: another one finds anew."""


def find(data: SchoolData) -> list[Insight]:
    """Insights of ``data``, the most urgent first."""
    power_kw = night_power_kw(data.hours)
    nights = split(night_levels(data, power_kw))
    fans = pd.DatetimeIndex([day for stretch in fan_stretches(nights) for day in days_of(stretch)])
    cooler = told_cooler(data)
    flat = stretches(data, cooler)
    told = warm_stretches(data, fans, warm_weekends(data, flat))
    warm = [one for one in told if not is_no_setback(one.first, one.last, flat)]
    too_warm = [day for one in warm for day in one.days]
    vacations = breaks(data, warm, fans, days_never_lowered(data, flat))
    others = pd.DatetimeIndex([*too_warm, *vacations.heated_days()])
    closed = ventilated_days(data, fans)
    # A school that is too warm all year has no other days: its curve has the same slope.
    heat = fit_heat(data, [*fans, *others, *closed]) or fit_heat(data)
    fans_h = data.hours["fans_h"].where(~data.hours["day"].isin(fans), 1.0)
    loss = fit_heat_loss(data, data.indoor_c, fans_h)
    beside = all_days_beside(warm, data.days)
    return finish(
        data,
        [
            *night_findings(data, nights, power_kw, others),
            *closed_day_findings(data, closed, heat, pd.DatetimeIndex([*fans, *others])),
            *setpoint_findings(data, warm, loss, fans_h, fans),
            *holiday_findings(data, vacations, loss, fans_h),
            *setback_findings(data, cooler, flat, loss, fans_h, pd.DatetimeIndex([*fans, *others, *beside])),
            *heating_findings(data, heat),
            *electricity_findings(data),
            *power_findings(data),
            *room_findings(data),
            *sensor_findings(data),
        ],
    )
