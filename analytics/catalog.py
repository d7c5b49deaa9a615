"""Every metric's name, unit, method and rule for longer intervals; ``docs/metrics.md`` explains each."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Rule(StrEnum):
    """How the values of days become the value of a longer interval."""

    SUM = "sum"  # added; what is known only as a sum over several days is added too
    MEAN = "mean"  # mean weighted by the occupied time that readings cover
    OF_DAYS = "of_days"  # added over the days that have it: those of a kind
    DAY_MEAN = "day_mean"  # mean of the days weighted by their coverage
    MAX = "max"  # highest of the days
    CARRIED = "carried"  # not shown for longer intervals: it completes the sum of another metric


class Entry(NamedTuple):
    """A metric's unit, the method that makes it (name and version) and its rule."""

    unit: str
    method: str
    rule: Rule


INDOOR = "indoor.room_day/1"
COMFORT = "comfort.room_day/1"
VENTILATION = "ventilation.room_day/2"
REGISTERS = "energy.registers/4"
INTERVALS = "energy.intervals/3"
"""Of energy that came as energy; metrics that both made say both, joined by +."""
EMISSIONS = "emissions.location_market/2"
PROFILE = "energy.profile/1"
SIGNATURE = "energy.signature/1"
SAVINGS = "energy.savings/3"
BRIDGE = "energy.bridge/1"
DEGREE_DAYS = "weather.degree_days/1"
NORMAL_YEAR = "energy.normal_year/1"

CATALOG: dict[str, Entry] = {
    "co2_mean_ppm": Entry("ppm", INDOOR, Rule.MEAN),
    "co2_above_limit_share": Entry("1", INDOOR, Rule.MEAN),
    "comfort_share": Entry("1", INDOOR, Rule.MEAN),
    "occupied_h": Entry("h", INDOOR, Rule.SUM),
    "co2_above_high_share": Entry("1", INDOOR, Rule.MEAN),
    "co2_p95_ppm": Entry("ppm", INDOOR, Rule.MEAN),
    "overheating_k_h": Entry("K·h", COMFORT, Rule.SUM),
    "underheating_k_h": Entry("K·h", COMFORT, Rule.SUM),
    "temperature_category_2_share": Entry("1", COMFORT, Rule.MEAN),
    "air_category_1_share": Entry("1", VENTILATION, Rule.MEAN),
    "air_category_2_share": Entry("1", VENTILATION, Rule.MEAN),
    "air_category_3_share": Entry("1", VENTILATION, Rule.MEAN),
    "air_category_4_share": Entry("1", VENTILATION, Rule.MEAN),
    "rebreathed_share": Entry("1", VENTILATION, Rule.MEAN),
    "air_change_rate_per_h": Entry("1/h", VENTILATION, Rule.MEAN),
    "airflow_l_s_person": Entry("L/s", VENTILATION, Rule.MEAN),
    "airflow_of_requirement": Entry("1", VENTILATION, Rule.MEAN),
    "night_air_change_rate_per_h": Entry("1/h", VENTILATION, Rule.MEAN),
    "occupied_detected_h": Entry("h", VENTILATION, Rule.SUM),
    "energy_kwh": Entry("kWh", REGISTERS, Rule.SUM),
    "energy_unresolved_kwh": Entry("kWh", REGISTERS, Rule.CARRIED),
    "exported_kwh": Entry("kWh", REGISTERS, Rule.SUM),
    "exported_unresolved_kwh": Entry("kWh", REGISTERS, Rule.CARRIED),
    "produced_kwh": Entry("kWh", REGISTERS, Rule.SUM),
    "produced_unresolved_kwh": Entry("kWh", REGISTERS, Rule.CARRIED),
    "energy_per_m2_kwh": Entry("kWh/m2", PROFILE, Rule.SUM),
    "energy_per_m2_unresolved_kwh": Entry("kWh/m2", PROFILE, Rule.CARRIED),
    "energy_per_pupil_kwh": Entry("kWh/pupil", PROFILE, Rule.SUM),
    "energy_per_pupil_unresolved_kwh": Entry("kWh/pupil", PROFILE, Rule.CARRIED),
    "out_of_hours_kwh": Entry("kWh", PROFILE, Rule.SUM),
    "weekend_kwh": Entry("kWh", PROFILE, Rule.OF_DAYS),
    "lov_kwh": Entry("kWh", PROFILE, Rule.OF_DAYS),
    "closed_day_kwh": Entry("kWh", PROFILE, Rule.OF_DAYS),
    "base_load_kw": Entry("kW", PROFILE, Rule.DAY_MEAN),
    "peak_kw": Entry("kW", PROFILE, Rule.MAX),
    "emissions_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.SUM),
    "emissions_unresolved_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.CARRIED),
    "emissions_upstream_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.SUM),
    "emissions_upstream_unresolved_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.CARRIED),
    "emissions_lifecycle_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.SUM),
    "emissions_lifecycle_unresolved_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.CARRIED),
    "emissions_biogenic_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.SUM),
    "emissions_biogenic_unresolved_kgco2e": Entry("kgCO2e", EMISSIONS, Rule.CARRIED),
}
"""Every metric that this package writes, by name."""

ROOM_METHODS = frozenset((INDOOR, COMFORT, VENTILATION))
"""Methods of metrics of a room's occupied time: a weekend without them is not missed."""

DERIVED: dict[str, Entry] = {
    "heating_degree_days": Entry("K·d", DEGREE_DAYS, Rule.SUM),
    "heating_degree_days_before_2015": Entry("K·d", DEGREE_DAYS, Rule.SUM),
    "energy_normal_year_kwh": Entry("kWh", NORMAL_YEAR, Rule.SUM),
    "energy_normal_year_per_m2_kwh": Entry("kWh/m2", NORMAL_YEAR, Rule.SUM),
}
"""Metrics of a school that are made from stored ones and the weather when they are asked for, by name
(:mod:`reports.weather_metrics`)."""

UNRESOLVED: dict[str, str] = {
    "energy_kwh": "energy_unresolved_kwh",
    "exported_kwh": "exported_unresolved_kwh",
    "produced_kwh": "produced_unresolved_kwh",
    "energy_per_m2_kwh": "energy_per_m2_unresolved_kwh",
    "energy_per_pupil_kwh": "energy_per_pupil_unresolved_kwh",
    "emissions_kgco2e": "emissions_unresolved_kgco2e",
    "emissions_upstream_kgco2e": "emissions_upstream_unresolved_kgco2e",
    "emissions_lifecycle_kgco2e": "emissions_lifecycle_unresolved_kgco2e",
    "emissions_biogenic_kgco2e": "emissions_biogenic_unresolved_kgco2e",
}
"""The metric that carries what a summed metric's day values leave out (see :mod:`analytics.energy`)."""

PROFILE_METRICS = frozenset(name for name, entry in CATALOG.items() if entry.method == PROFILE)
"""Metrics that are made from a school's energy, its calendar and its size."""
