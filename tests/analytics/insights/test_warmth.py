"""A school of 100 kWh per degree and day (below 17 °C) whose rooms are 20 °C by day and 18 when lowered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]

KINDS = (InsightKind.SETPOINT_HIGH, InsightKind.HEATING_IN_HOLIDAYS, InsightKind.HEATING_AT_NIGHT)
SLOPE_KWH_K_D = 100.0


def weather(hours: pd.DataFrame) -> pd.Series:
    """From 15 °C in September to -1 °C in January and back, a day in five three degrees warmer."""
    number = (hours["day"] - hours["day"].iloc[0]).dt.days
    return 7 + 8 * np.cos(2 * np.pi * (number - 5) / 365) + 3.0 * (number % 5 == 0)


def winter(make_data: Make, days: int = 270) -> SchoolData:
    data = make_data(days=days, outdoor_c=weather)
    hours = data.hours
    outdoor_c = hours.groupby("day")["outdoor_c"].mean()
    daily = (17 - outdoor_c).clip(lower=0) * SLOPE_KWH_K_D + 50
    hours["heat_kwh"] = hours["day"].map(daily) / hours.groupby("day")["day"].transform("size")
    lowered = (hours["day_type"] == "closed") | (hours["hour"] >= 17) | (hours["hour"] < 5)
    indoor = np.where(lowered, 18.0, 20.0)
    rooms = pd.concat(
        [
            pd.DataFrame(
                {
                    "room": room,
                    "hour": hours.index,
                    "co2_ppm": 600.0,
                    "temperature_c": indoor,
                    "coverage": 1.0,
                }
            )
            for room in ("a1", "a2")
        ],
        ignore_index=True,
    )
    object.__setattr__(data, "rooms", rooms)
    return data


def told(data: SchoolData) -> list[Insight]:
    return [one for one in find(data) if one.kind in KINDS]


def warmer(data: SchoolData, at: pd.Series, kelvin: float) -> None:
    rooms = data.rooms
    rooms.loc[rooms["hour"].map(at), "temperature_c"] += kelvin


def test_an_ordinary_winter_is_silent(make_data: Make) -> None:
    assert told(winter(make_data)) == []


def test_a_set_point_raised_and_lowered_again(make_data: Make) -> None:
    """2.5 K from 3 November to 12 December, every day below 17 °C: 40 days · 2.5 K · 100 kWh."""
    data = winter(make_data)
    warmer(data, (data.hours["day"] >= "2025-11-03") & (data.hours["day"] <= "2025-12-12"), 2.5)
    (found,) = told(data)
    assert found.kind is InsightKind.SETPOINT_HIGH
    assert (found.first, found.last, found.ongoing) == (date(2025, 11, 3), date(2025, 12, 12), False)
    assert found.params["indoor_c"] == 22.5
    assert found.params["reference_c"] == 20.0
    (heat,) = found.energy
    assert heat.carrier is Carrier.DISTRICT_HEAT
    assert heat.seen_kwh.value == pytest.approx(40 * 2.5 * SLOPE_KWH_K_D, rel=0.01)
    assert heat.seen_kwh.low < 10_000 < heat.seen_kwh.high


def test_warm_from_the_first_day_is_told_against_what_is_enough(make_data: Make) -> None:
    data = winter(make_data)
    warmer(data, data.hours["day"] >= "2025-01-01", 3.0)
    (found,) = told(data)
    assert (found.kind, found.params["reference_c"]) == (InsightKind.SETPOINT_HIGH, 21.0)
    assert found.ongoing


@pytest.mark.parametrize("kelvin", [0.4, -2.0])
def test_a_little_warmer_or_colder_is_silent(make_data: Make, kelvin: float) -> None:
    data = winter(make_data)
    warmer(data, (data.hours["day"] >= "2025-11-03") & (data.hours["day"] <= "2025-12-12"), kelvin)
    assert told(data) == []


def test_breaks_that_are_not_lowered(make_data: Make) -> None:
    """20 °C night and day in höstlov, at Christmas and in sportlov: 2 K in every lowered hour."""
    data = winter(make_data)
    hours = data.hours
    lowered = (hours["day_type"] == "closed") | (hours["hour"] >= 17) | (hours["hour"] < 5)
    wrong = hours["holiday"].astype(bool) & lowered
    warmer(data, wrong, 2.0)
    (found,) = told(data)
    assert found.kind is InsightKind.HEATING_IN_HOLIDAYS
    assert found.ongoing
    assert found.params["warmer_k"] == 2.0
    felt = hours["day"].map(data.days["outdoor_c"])
    expected = 2.0 * SLOPE_KWH_K_D / 24 * int((wrong & (felt < 17)).sum())
    assert found.energy[0].seen_kwh.value == pytest.approx(expected, rel=0.05)


def test_one_break_left_on(make_data: Make) -> None:
    data = winter(make_data)
    hours = data.hours
    christmas = hours["day"].between("2025-12-20", "2026-01-07")
    lowered = (hours["day_type"] == "closed") | (hours["hour"] >= 17) | (hours["hour"] < 5)
    warmer(data, christmas & lowered, 2.0)
    (found,) = told(data)
    assert (found.first, found.last, found.ongoing) == (date(2025, 12, 20), date(2026, 1, 7), False)


def test_fritids_in_lov_by_day_is_no_finding(make_data: Make) -> None:
    data = winter(make_data)
    hours = data.hours
    warmer(data, (hours["day_type"] == "lov") & hours["hour"].between(8, 16), 2.0)
    assert told(data) == []


def test_never_lowered_at_night(make_data: Make) -> None:
    data = winter(make_data)
    data.rooms["temperature_c"] = 20.0
    (found,) = told(data)
    assert found.kind is InsightKind.HEATING_AT_NIGHT
    assert (found.params["night_c"], found.params["day_c"]) == (20.0, 20.0)
    assert found.energy[0].year_kwh.value > 1_000


def test_without_weather_or_heat_nothing_is_claimed(make_data: Make) -> None:
    data = winter(make_data)
    data.rooms["temperature_c"] = 24.0
    data.hours["outdoor_c"] = np.nan
    assert told(data) == []
