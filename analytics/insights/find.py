"""All findings of a school, from its data alone: pure, and the same for the same data."""

from __future__ import annotations

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
from analytics.insights.sensors import sensor_findings

METHOD = "insights/1"
"""Name and version of all families together: another one finds anew."""


def find(data: SchoolData) -> list[Insight]:
    """Insights of ``data``, the most urgent first."""
    power_kw = night_power_kw(data.hours)
    nights = split(night_levels(data, power_kw))
    odd = [day for stretch in fan_stretches(nights) for day in days_of(stretch)]
    heat = fit_heat(data, odd)
    return finish(data, [*night_findings(data, nights, power_kw, heat), *sensor_findings(data)])
