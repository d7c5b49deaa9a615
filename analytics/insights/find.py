"""All findings of a school, from its data alone: pure, and the same for the same data."""

from __future__ import annotations

import pandas as pd

from analytics.insights.data import SchoolData
from analytics.insights.finish import finish
from analytics.insights.heat import fit_heat
from analytics.insights.model import Insight
from analytics.insights.nights import (
    days_of,
    fan_stretches,
    night_findings,
    night_levels,
    night_power_kw,
    split,
)
from analytics.insights.power import power_findings
from analytics.insights.rooms import room_findings
from analytics.insights.running import running_findings
from analytics.insights.sensors import sensor_findings
from analytics.insights.warmth import (
    MILD_C,
    breaks,
    holiday_findings,
    mornings_c,
    school_c,
    setpoint_findings,
    warm_breaks,
    warm_stretches,
    widened,
)

METHOD = "insights/1"
"""Name and version of all families together: another one finds anew."""


def find(data: SchoolData) -> list[Insight]:
    """Insights of ``data``, the most urgent first."""
    power_kw = night_power_kw(data.hours)
    nights = split(night_levels(data, power_kw))
    indoor_c = school_c(data)
    mornings = mornings_c(data, indoor_c)
    warm = widened(warm_stretches(mornings), mornings_c(data, indoor_c, MILD_C))
    too_warm = [day for one in warm for day in pd.date_range(one.first, one.last)]
    vacations = breaks(data, indoor_c, pd.DatetimeIndex(too_warm))
    fans = [day for stretch in fan_stretches(nights) for day in days_of(stretch)]
    heated = [day for one in warm_breaks(vacations) for day in pd.date_range(one.first, one.last)]
    others = pd.DatetimeIndex([*too_warm, *heated])
    # A school that is too warm all year has no other days: its curve has the same slope.
    heat = fit_heat(data, [*fans, *others]) or fit_heat(data)
    return finish(
        data,
        [
            *night_findings(data, nights, power_kw, heat, others),
            *setpoint_findings(data, warm, mornings, heat),
            *holiday_findings(data, vacations, indoor_c, heat),
            *running_findings(data, heat),
            *power_findings(data),
            *room_findings(data),
            *sensor_findings(data),
        ],
    )
