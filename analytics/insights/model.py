"""What a finding says: where, since when, what it costs, the evidence, and how surely.

An :class:`Insight` is kept as a document (kind :data:`KIND`) and told by the API; its words are made from
``kind`` and ``params`` by :mod:`reports.insight_texts`. Figures are those of the accounts: kWh bought, kgCO2e
with the accounts' factors, SEK without VAT by the site's tariffs.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from classroom.factors import Basis, Cover
from classroom.quantity import Carrier

KIND = "insight"
"""Kind of the documents that hold insights."""


class Concern(StrEnum):
    """What a finding is about."""

    AIR = "air"
    ENERGY = "energy"
    COMFORT = "comfort"
    MEASURING = "measuring"


class InsightKind(StrEnum):
    """Every finding there is; ``docs/insights.md`` explains each."""

    VENTILATION_AT_NIGHT = "ventilation_at_night"
    VENTILATION_ON_CLOSED_DAYS = "ventilation_on_closed_days"
    BASE_LOAD_UP = "base_load_up"
    BASE_LOAD_SEASONAL = "base_load_seasonal"
    OUT_OF_HOURS = "out_of_hours"
    SETPOINT_HIGH = "setpoint_high"
    HEATING_IN_HOLIDAYS = "heating_in_holidays"
    HEATING_AT_NIGHT = "heating_at_night"
    HEATING_ON_WEEKENDS = "heating_on_weekends"
    HEATING_STARTS_EARLY = "heating_starts_early"
    HEATING_IN_WARM_WEATHER = "heating_in_warm_weather"
    HEAT_CONTROL_POOR = "heat_control_poor"
    HOT_WATER_ON_CLOSED_DAYS = "hot_water_on_closed_days"
    USE_RISING = "use_rising"
    PEAK_POWER = "peak_power"
    SOLAR_UNUSED = "solar_unused"
    UNDERVENTILATED_ROOM = "underventilated_room"
    OVERHEATED_ROOM = "overheated_room"
    COLD_ROOM = "cold_room"
    SENSOR_SILENT = "sensor_silent"
    SENSOR_UNTRUSTED = "sensor_untrusted"
    METER_SILENT = "meter_silent"


CONCERNS: dict[InsightKind, Concern] = {
    **dict.fromkeys(InsightKind, Concern.ENERGY),
    InsightKind.UNDERVENTILATED_ROOM: Concern.AIR,
    InsightKind.OVERHEATED_ROOM: Concern.COMFORT,
    InsightKind.COLD_ROOM: Concern.COMFORT,
    InsightKind.SENSOR_SILENT: Concern.MEASURING,
    InsightKind.SENSOR_UNTRUSTED: Concern.MEASURING,
    InsightKind.METER_SILENT: Concern.MEASURING,
}
"""What each finding is about."""


NoEnergy = Literal["two_at_once", "unsure", "ways_differ"]
"""Why a finding about energy has no figure of it: what it uses stands beside what another finding uses, and
nobody can tell them apart; or its span would be too wide to help. ``ways_differ`` stands in findings made
before ``insights/6``: the ways to tell it disagreed."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class Range(_Part):
    """A figure with the span in which the truth is taken to lie."""

    value: float
    low: float
    high: float

    def __mul__(self, factor: float) -> Range:
        ends = sorted((self.low * factor, self.high * factor))
        return Range(value=self.value * factor, low=ends[0], high=ends[1])

    def __add__(self, other: Range) -> Range:
        """Both together; the spans are added, since what makes one wrong often makes the other wrong too."""
        return Range(value=self.value + other.value, low=self.low + other.low, high=self.high + other.high)


class EnergyPart(_Part):
    """What a finding costs of one carrier."""

    carrier: Carrier
    seen_kwh: Range = Field(description="Energy in the days on which it was seen [kWh]")
    year_kwh: Range = Field(description="Energy in a year if it goes on, or comes back, like this [kWh]")


class EmissionPart(_Part):
    """The year's energy of one carrier in the accounts, by one factor; never 'avoided' emissions."""

    carrier: Carrier
    basis: Basis
    covers: Cover
    factor: str = Field(description="Id of the factor")
    year_kgco2e: Range = Field(description="In our accounts, a year [kgCO2e]")


class EvidenceLine(_Part):
    """A line of the chart: (local day, or hour of the day as 05:00, and value; null is a gap)."""

    name: str = Field(description="Key of its name", examples=["night_power"])
    unit: str = Field(examples=["kW"])
    points: tuple[tuple[str, float | None], ...]


class Evidence(_Part):
    """What shows it: lines for a chart, days to mark in it, and a table."""

    lines: tuple[EvidenceLine, ...] = ()
    marked: tuple[tuple[date, date], ...] = Field((), description="Local days, both included")
    columns: tuple[str, ...] = Field((), description="Keys of the table's columns; units stand in them")
    rows: tuple[tuple[str | float | None, ...], ...] = ()


class Insight(_Part):
    """A finding of a school. ``first`` and ``last`` are the local days on which it was seen."""

    key: str = Field(description="Unique in the school", examples=["ventilation_at_night.2026-01-12"])
    kind: InsightKind
    concern: Concern
    school: str
    room: str | None = None
    meter: str | None = None
    device: str | None = None
    rank: Annotated[int, Field(ge=1, description="1 comes first in the school")] = 1
    first: date
    last: date
    ongoing: bool = Field(description="Whether it was still so on the last days there are readings of")
    energy: tuple[EnergyPart, ...] = ()
    year_kwh: Range | None = Field(None, description="All carriers, a year [kWh]; null: it costs no energy")
    emissions: tuple[EmissionPart, ...] = ()
    year_kgco2e: Range | None = Field(
        None,
        description="Location basis, in our accounts, a year [kgCO2e]; null where the carriers' factors "
        "cover unlike things or there is none",
    )
    year_sek: Range | None = Field(None, description="Without VAT, a year [SEK]; null without a tariff")
    no_sek: Literal["no_tariff", "no_energy"] | None = Field(None, description="Why there is no SEK figure")
    no_energy: NoEnergy | None = Field(None, description="Why a finding about energy has no figure of it")
    params: dict[str, float | str] = Field({}, description="Figures of its text; units stand in the keys")
    evidence: Evidence = Evidence()
    method: str = Field(examples=["insights.nights/1"])
    until: date = Field(description="Last local day that was looked at")


ANY_KIND: tuple[InsightKind, ...] = tuple(InsightKind)
