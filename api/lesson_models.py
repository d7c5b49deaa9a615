"""The shapes in which lessons, airings and a day's ventilation are answered."""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from pydantic import Field

from api.models import Answer, Coverage, Utc
from classroom.air import Air
from classroom.places import DayType

NoFigure = Literal["not_yet", "no_readings", "few_readings", "stuck", "drift"]

NoAirings = Literal[
    "no_windows", "no_breaks", "no_volume", "no_readings", "no_baseline", "no_air_change_rate"
]


class LessonOut(Answer):
    """A lesson as measured; null where there is nothing to say.

    `low` and `high` are 90 % intervals. A stuck or drifted sensor has no level and no figures.
    """

    start: Utc
    end: Utc
    group_size: int | None = Field(description="People by timetable, without the teacher")
    people_estimated: float | None = Field(
        description="People that CO2 tells of, ±20 to 40 %; only where the room's flow was measured (OVK)"
    )
    occupied_share: float | None = Field(
        description="Share of the lesson with somebody there, by CO2 or movement, 0-1"
    )
    level: Air | None = Field(description="By the mean: good below 1000 ppm, soon to 1400, now above")
    reason: NoFigure | None = Field(description="Why there is no level")
    co2_mean_ppm: float | None
    co2_p95_ppm: float | None
    co2_max_ppm: float | None
    co2_above_limit_share: float | None = Field(description="Above `analytics.co2_limit_ppm`, 0-1")
    co2_coverage: Coverage
    temperature_mean_c: float | None
    comfort_share: float | None = Field(description="Within the comfort band, 0-1")
    overheating_k_h: float | None = Field(description="Above the comfort band [K·h]")
    underheating_k_h: float | None = Field(description="Below the comfort band [K·h]")
    temperature_category: int | None = Field(
        description="EN 16798-1 category of the mean, 1 to 4; 5 is outside all"
    )
    temperature_coverage: Coverage
    temperature_reason: NoFigure | None
    air_change_rate_per_h: float | None = Field(description="By mass balance [1/h]")
    air_change_rate_low_per_h: float | None
    air_change_rate_high_per_h: float | None
    airflow_l_s_person: float | None = Field(description="Outdoor air for each person [L/s]")
    airflow_low_l_s_person: float | None
    airflow_high_l_s_person: float | None
    air_reason: str | None = Field(description="Why there is no air change rate", examples=["no_people"])
    pmv: float | None = Field(description="ISO 7730, adults; only with `thermal=true`")
    ppd_pct: float | None = Field(description="Dissatisfied by ISO 7730 [%]; only with `thermal=true`")


class AirAndHeat(Answer):
    """Air gained against heat to be bought."""

    start: Utc
    end: Utc
    extra_m3: float = Field(description="Outdoor air [m³]")
    l_s_person: float | None = Field(description="The same for each person and second [L/s]")
    heat_kwh: float | None = Field(
        description="Heat to be bought for it, after recovery [kWh]; null: no outdoor temperature"
    )
    free: Literal["overheated", "no_heating"] | None = Field(description="Why it costs no heat")
    kgco2e: float | None = Field(
        description="Of that heat in our accounts [kgCO2e]: direct, or life cycle where that is not parted"
    )
    factor: str | None = Field(description="Id of the emission factor", examples=["helsingborg-dh-2020"])


class AdaptiveOut(Answer):
    """The adaptive model of EN 16798-1: rooms without cooling, running mean outdoors 10 to 30 °C."""

    running_mean_c: float
    comfort_c: float | None
    low_c: float | None = Field(description="Category II [°C]; null outside 10 to 30 °C outdoors")
    high_c: float | None


class LessonsDay(Answer):
    """A local day in a room: its lessons, its airings, and what its ventilation cost."""

    school: str
    room: str
    date: date
    day_type: DayType
    name: str | None = Field(description="Name of the day in the calendar")
    until: datetime = Field(description="Readings up to here; a running day is told so far")
    baseline_ppm: float | None = Field(description="What the sensor shows in outdoor air; null: not known")
    lessons: list[LessonOut]
    airings: list[AirAndHeat] = Field(description="Windows opened in breaks, beyond the ventilation")
    airings_reason: NoAirings | None = Field(
        description="Why nothing can be said of airings; null with an empty list: none was seen"
    )
    ventilation: AirAndHeat | None = Field(
        description="The ventilation as it is set, while the fans run; l_s_person by the day's lessons"
    )
    adaptive: AdaptiveOut | None = Field(description="Only with `thermal=true` and a weather station")
