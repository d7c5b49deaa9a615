"""Every kind of finding: a school in which it must speak, and one beside it in which it must be silent.

``SCHOOLS`` makes both for each kind, and a kind without fails. What findings say is tried by their families.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

import numpy as np
import pandas as pd
import pytest
from heated_winter import lowered, put_rooms, weather

from analytics.insights.data import SchoolData, Sense
from analytics.insights.find import find
from analytics.insights.model import InsightKind

Make = Callable[..., SchoolData]
School = Callable[[Make, bool], SchoolData]
"""A school with what is to be found, or (False) with what only looks like it."""

SCHOOLS: dict[InsightKind, School] = {}


def school(kind: InsightKind) -> Callable[[School], School]:
    """Put down the school of a kind."""

    def put(made: School) -> School:
        assert kind not in SCHOOLS
        SCHOOLS[kind] = made
        return made

    return put


def on(data: SchoolData, first: str, last: str) -> pd.Series:
    return data.hours["day"].between(first, last)


def more(data: SchoolData, hours: pd.Series, kw: pd.Series | float) -> SchoolData:
    """So much more electricity in these hours."""
    data.hours["electricity_kwh"] += hours * kw
    return data


def is_closed(data: SchoolData) -> pd.Series:
    return data.hours["day_type"] == "closed"


def seasons(hours: pd.DataFrame) -> pd.Series:
    """18 °C in early September, 2 °C half a year later, a day in five three degrees warmer."""
    number = (hours["day"] - hours["day"].iloc[0]).dt.days
    return 10 + 8 * np.cos(2 * np.pi * (number - 5) / 365) + 3.0 * (number % 5 == 0)


@school(InsightKind.VENTILATION_AT_NIGHT)
def _(make: Make, speaks: bool) -> SchoolData:
    """The fans' 5 kW on all night, or something else of 5 kW that is there by day too."""
    data = make()
    still = 1 - data.hours["fans_h"] if speaks else pd.Series(1.0, index=data.hours.index)
    return more(data, on(data, "2025-11-03", "2025-11-30"), 5.0 * still)


@school(InsightKind.VENTILATION_ON_CLOSED_DAYS)
def _(make: Make, speaks: bool) -> SchoolData:
    """Fans from six to six on Saturdays too, or somebody who works there from nine."""
    data = make()
    saturday = is_closed(data) & (data.hours["day"].dt.day_of_week == 5)
    hours = data.hours["hour"].between(6, 17) if speaks else data.hours["hour"].between(9, 17)
    return more(data, saturday & hours, 5.0)


@school(InsightKind.BASE_LOAD_UP)
def _(make: Make, speaks: bool) -> SchoolData:
    """A fifth more since October, or 4 %."""
    data = make()
    return more(data, data.hours["day"] >= "2025-10-06", 2.0 if speaks else 0.4)


@school(InsightKind.BASE_LOAD_SEASONAL)
def _(make: Make, speaks: bool) -> SchoolData:
    """6 kW from November to March, or from November to June."""
    data = make(days=395)
    return more(data, on(data, "2025-11-03", "2026-03-22" if speaks else "2026-06-20"), 6.0)


@school(InsightKind.OUT_OF_HOURS)
def _(make: Make, speaks: bool) -> SchoolData:
    """By night and on closed days 30 of 50 kW, or 10."""
    data = make(days=395)
    data.hours["electricity_kwh"] = np.where(data.hours["open_h"] > 0, 50.0, 30.0 if speaks else 10.0)
    return data


@school(InsightKind.SETPOINT_HIGH)
def _(make: Make, speaks: bool) -> SchoolData:
    """Rooms 2 K warmer for six weeks, or half a kelvin."""
    data = make(days=270, outdoor_c=weather)
    return put_rooms(data, (2.0 if speaks else 0.5) * on(data, "2025-11-03", "2025-12-12"))


@school(InsightKind.HEATING_IN_HOLIDAYS)
def _(make: Make, speaks: bool) -> SchoolData:
    """Not lowered in breaks, or only by day, where fritids is."""
    data = make(days=270, outdoor_c=weather)
    hours = lowered(data) if speaks else data.hours["hour"].between(8, 16)
    breaks = data.hours["holiday"].astype(bool) & (speaks | (data.hours["day_type"] == "lov"))
    return put_rooms(data, 2.0 * (breaks & hours))


@school(InsightKind.HEATING_AT_NIGHT)
def _(make: Make, speaks: bool) -> SchoolData:
    """Neither nights nor weekends are lowered, or the nights are a little."""
    data = make(days=270, outdoor_c=weather)
    return put_rooms(data, (2.0 if speaks else 1.5) * lowered(data))


@school(InsightKind.HEATING_ON_WEEKENDS)
def _(make: Make, speaks: bool) -> SchoolData:
    """Nights are lowered and weekends are not, or weekends a little."""
    data = make(days=270, outdoor_c=weather)
    return put_rooms(data, (2.0 if speaks else 1.5) * (is_closed(data) & ~data.hours["holiday"].astype(bool)))


@school(InsightKind.HEATING_STARTS_EARLY)
def _(make: Make, speaks: bool) -> SchoolData:
    """Five hours before school opens, or four."""
    data = make()
    data.hours["heat_kwh"] = np.where(data.hours["hour"].between(3 if speaks else 4, 16), 40.0, 5.0)
    return data


@school(InsightKind.HEATING_IN_WARM_WEATHER)
def _(make: Make, speaks: bool) -> SchoolData:
    """Heated up to 25 °C outdoors, or to 16."""
    data = make(days=395, outdoor_c=seasons)
    limit_c = 25.0 if speaks else 16.0
    data.hours["heat_kwh"] = 2.0 + 5.0 * (limit_c - data.hours["outdoor_c"]).clip(lower=0)
    return data


@school(InsightKind.HEAT_CONTROL_POOR)
def _(make: Make, speaks: bool) -> SchoolData:
    """Heat by chance, or by the weather with a little chance."""
    data = make(days=395, outdoor_c=seasons)
    rng = np.random.default_rng(3)
    chance = data.hours["day"].map({day: rng.uniform(0, 60) for day in data.hours["day"].unique()})
    part = 1.0 if speaks else 0.3
    follows = 5.0 * (17 - data.hours["outdoor_c"]).clip(lower=0)
    data.hours["heat_kwh"] = part * chance + (1 - part) * follows
    return data


@school(InsightKind.HOT_WATER_ON_CLOSED_DAYS)
def _(make: Make, speaks: bool) -> SchoolData:
    """On warm closed days 90 % of what a school day takes, or 70 %."""
    data = make(outdoor_c=18.0)
    data.hours["heat_kwh"] = np.where(is_closed(data), 9.0 if speaks else 7.0, 10.0)
    return data


@school(InsightKind.USE_RISING)
def _(make: Make, speaks: bool) -> SchoolData:
    """In September half as much again as in the September before, or a twentieth."""
    data = make(days=395)
    return more(
        data,
        (data.hours["day"] >= "2026-08-30") & (data.hours["open_h"] > 0),
        data.hours["electricity_kwh"] * (0.5 if speaks else 0.05),
    )


@school(InsightKind.PEAK_POWER)
def _(make: Make, speaks: bool) -> SchoolData:
    """One hour of 40 kW where 23 is usual, or of 28."""
    data = make()
    hour = (data.hours["day"] == "2025-10-07") & (data.hours["hour"] == 9)
    data.hours.loc[hour, "electricity_kwh"] = 40.0 if speaks else 28.0
    return data


@school(InsightKind.SOLAR_UNUSED)
def _(make: Make, speaks: bool) -> SchoolData:
    """Half of what is made leaves, or a quarter."""
    data = make(days=100)
    noon = data.hours["hour"].between(9, 16)
    data.hours["produced_kwh"] = noon * 20.0
    data.hours["exported_kwh"] = noon * (10.0 if speaks else 5.0)
    return data


def in_lessons(data: SchoolData, ppm: float, l_s: float, temperature_c: float) -> SchoolData:
    """A room's CO2 while the school is open, its air for a person and its temperature."""
    hours = data.hours
    is_open = (hours["day_type"] == "school_day") & hours["hour"].between(8, 14)
    co2_ppm = pd.DataFrame({"a1": np.where(is_open, ppm, 430.0)}, index=hours.index)
    object.__setattr__(data, "room_co2_ppm", co2_ppm)
    object.__setattr__(data, "room_temperature_c", pd.DataFrame({"a1": temperature_c}, index=hours.index))
    days = hours["day"][is_open].unique()
    flow = pd.DataFrame({"room": "a1", "day": days, "airflow_l_s_person": l_s})
    object.__setattr__(data, "room_days", flow)
    return data


@school(InsightKind.UNDERVENTILATED_ROOM)
def _(make: Make, speaks: bool) -> SchoolData:
    """4.5 L/s a person and 1300 ppm, or 1050."""
    return in_lessons(make(), 1_300.0 if speaks else 1_050.0, 4.5, 21.0)


@school(InsightKind.OVERHEATED_ROOM)
def _(make: Make, speaks: bool) -> SchoolData:
    return in_lessons(make(), 700.0, 8.0, 25.0 if speaks else 23.5)


@school(InsightKind.COLD_ROOM)
def _(make: Make, speaks: bool) -> SchoolData:
    return in_lessons(make(), 700.0, 8.0, 18.0 if speaks else 19.5)


def heard(data: SchoolData, days: float, *, meter: bool = False, verdict: str | None = None) -> Sense:
    """A device whose last good reading is so many days old at the end of ``data``."""
    end = datetime.combine(data.last + timedelta(days=1), time(), data.site.zone).astimezone(UTC)
    return Sense(
        device="d",
        room=None if meter else "a1",
        meter="el" if meter else None,
        interval_s=600,
        last_good=end - timedelta(days=days),
        since=end - timedelta(days=9),
        verdict=verdict,
    )


@school(InsightKind.SENSOR_SILENT)
def _(make: Make, speaks: bool) -> SchoolData:
    return make(senses=(heard(make(), 2.5 if speaks else 1.5),))


@school(InsightKind.SENSOR_UNTRUSTED)
def _(make: Make, speaks: bool) -> SchoolData:
    return make(senses=(heard(make(), 0.1, verdict="drift" if speaks else None),))


@school(InsightKind.METER_SILENT)
def _(make: Make, speaks: bool) -> SchoolData:
    """Silent for three and a half days, or since Friday's file."""
    return make(senses=(heard(make(), 3.5 if speaks else 2.5, meter=True),))


@pytest.mark.parametrize("kind", InsightKind)
def test_it_speaks_where_it_must_and_is_silent_where_it_must(make_data: Make, kind: InsightKind) -> None:
    assert kind in SCHOOLS, f"{kind}: no school in which it must speak, and none in which it must be silent"
    assert kind in {one.kind for one in find(SCHOOLS[kind](make_data, True))}
    assert kind not in {one.kind for one in find(SCHOOLS[kind](make_data, False))}


GAPS = ("outdoor_c", "heat_kwh", "electricity_kwh", "rooms")


@pytest.mark.parametrize("missing", [*GAPS, "some of all"])
@pytest.mark.parametrize("kind", InsightKind)
def test_what_is_not_known_is_no_error(make_data: Make, kind: InsightKind, missing: str) -> None:
    """A year without a station, without meters, without rooms; and one with days missing here and there."""
    data = SCHOOLS[kind](make_data, True)
    random = np.random.default_rng(5)
    for name in GAPS:
        here_and_there = data.days.index[random.random(len(data.days)) < 0.15]
        some = data.hours["day"].isin(here_and_there).to_numpy()
        gone = some if missing == "some of all" else np.full(len(some), missing == name)
        if name == "rooms":
            data.room_co2_ppm[gone] = data.room_temperature_c[gone] = np.nan
        else:
            data.hours.loc[gone, name] = np.nan
    for name in ("days", "indoor_c", "use_kwh"):
        data.__dict__.pop(name, None)
    assert all(one.school == data.school for one in find(data))
