"""How a school is heated; each finding where it must speak and where it must be silent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd
import pytest

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.heating import start_hours
from analytics.insights.model import Insight, InsightKind
from classroom.quantity import Carrier

Make = Callable[..., SchoolData]


def told(data: SchoolData, kind: InsightKind) -> list[Insight]:
    return [one for one in find(data) if one.kind is kind]


def heated_by_day(data: SchoolData, kw: Callable[[pd.DataFrame], np.ndarray]) -> SchoolData:
    data.hours["heat_kwh"] = kw(data.hours)
    return data


def seasons(hours: pd.DataFrame) -> pd.Series:
    """18 °C in early September, 2 °C half a year later, a day in five three degrees warmer."""
    number = (hours["day"] - hours["day"].iloc[0]).dt.days
    return 10 + 8 * np.cos(2 * np.pi * (number - 5) / 365) + 3.0 * (number % 5 == 0)


@pytest.mark.parametrize(("start", "speaks"), [(2, True), (3, True), (4, False), (5, False), (6, False)])
def test_the_heating_starts_early(make_data: Make, start: int, speaks: bool) -> None:
    """School opens at eight: a start at three is five hours before, one at four is four."""
    data = heated_by_day(make_data(), lambda h: np.where((h["hour"] >= start) & (h["hour"] < 17), 40.0, 5.0))
    found = told(data, InsightKind.HEATING_STARTS_EARLY)
    assert len(found) == speaks
    for one in found:
        assert one.params == {"starts": f"0{start}:00", "opens": "08:00", "spare_h": 5.0 - start}
        school_days = int((data.days["day_type"] == "school_day").sum())
        assert one.energy[0].seen_kwh.value == pytest.approx(0.30 * 35 * (5 - start) * school_days, abs=0.1)


def test_a_start_that_became_too_early_is_told_from_that_day_on(make_data: Make) -> None:
    """From five to three, on a Monday; and back again after six weeks."""
    data = make_data()
    early = data.hours["day"].between("2025-10-06", "2025-11-16")
    start = np.where(early, 3, 5)
    kw = np.where((data.hours["hour"] >= start) & (data.hours["hour"] < 17), 40.0, 5.0)
    (found,) = told(heated_by_day(data, lambda _: kw), InsightKind.HEATING_STARTS_EARLY)
    assert (found.first, found.last, found.ongoing) == (date(2025, 10, 6), date(2025, 11, 14), False)
    school_days = int((data.days["day_type"] == "school_day")["2025-10-06":"2025-11-16"].sum())
    assert found.energy[0].seen_kwh.value == pytest.approx(0.30 * 35 * 2 * school_days)


def test_days_that_freeze_tell_no_start_but_cost(make_data: Make) -> None:
    """7 °C, but a first week of 18 °C, on which nothing should be heated, and a November of -5 °C."""
    data = make_data(days=120)
    outdoor = data.hours["outdoor_c"]
    outdoor[:] = 7.0
    freezing = data.hours["day"].between("2025-11-03", "2025-11-28")
    outdoor[freezing] = -5.0
    outdoor[data.hours["day"] < "2025-09-08"] = 18.0
    hour = data.hours["hour"]
    data.hours["heat_kwh"] = np.where((hour >= 2) & (hour < 17), 40.0, 5.0)
    (found,) = told(data, InsightKind.HEATING_STARTS_EARLY)
    days = data.days[(data.days["day_type"] == "school_day") & (data.days["outdoor_c"] < 17)]
    assert found.energy[0].seen_kwh.value == pytest.approx(0.30 * 35 * 3 * len(days))


def test_when_the_heating_starts_by_day() -> None:
    """A night of 4 kWh, a start, and 22 kWh at most: a third of the way is 10; an even day has no start."""
    hours = [4.0] * 24
    days = {"even": hours, "at three": [*hours[:3], 9.9, 10.0, 22.0, *hours[6:]]}
    days["at five"] = [*hours[:5], 22.0, *hours[6:]]
    assert start_hours(pd.DataFrame(days).T, opens=8).to_dict() == {"at three": 4, "at five": 5}


def test_an_even_heating_has_no_start(make_data: Make) -> None:
    assert told(heated_by_day(make_data(), lambda _: np.array(20.0)), InsightKind.HEATING_STARTS_EARLY) == []


@pytest.mark.parametrize(("limit_c", "speaks"), [(16.0, False), (25.0, True)])
def test_heating_on_warm_days(make_data: Make, limit_c: float, speaks: bool) -> None:
    """5 kWh a kelvin and hour below the limit, 2 kWh of hot water: with 25 °C it heats at 18 °C too."""
    data = make_data(days=395, outdoor_c=seasons)
    data.hours["heat_kwh"] = 2.0 + 5.0 * (limit_c - data.hours["outdoor_c"]).clip(lower=0)
    found = told(data, InsightKind.HEATING_IN_WARM_WEATHER)
    assert len(found) == speaks
    for one in found:
        assert one.energy[0].carrier is Carrier.DISTRICT_HEAT
        assert one.params["limit_c"] == 15.0
        assert one.params["days"] > 40


@pytest.mark.parametrize(("follows", "speaks"), [(1.0, False), (0.0, True)])
def test_heat_that_does_not_follow_the_weather(make_data: Make, follows: float, speaks: bool) -> None:
    rng = np.random.default_rng(3)
    data = make_data(days=395, outdoor_c=seasons)
    chance = rng.uniform(0, 60, data.hours["day"].nunique())
    by_day = dict(zip(data.hours["day"].unique(), chance, strict=True))
    weather = 5.0 * (17 - data.hours["outdoor_c"]).clip(lower=0)
    data.hours["heat_kwh"] = follows * weather + (1 - follows) * data.hours["day"].map(by_day)
    found = told(data, InsightKind.HEAT_CONTROL_POOR)
    assert len(found) == speaks
    assert all(one.params["r2"] < 0.5 and one.no_sek == "no_energy" for one in found)


@pytest.mark.parametrize(("closed_kw", "speaks"), [(3.0, False), (9.0, True)])
def test_hot_water_when_nobody_is_there(make_data: Make, closed_kw: float, speaks: bool) -> None:
    """10 kW on warm school days: 240 kWh a day; losses of half of it are usual."""
    data = make_data(days=120, outdoor_c=18.0)
    data.hours["heat_kwh"] = np.where(data.hours["day_type"] == "school_day", 10.0, closed_kw)
    found = told(data, InsightKind.HOT_WATER_ON_CLOSED_DAYS)
    assert len(found) == speaks
    for one in found:
        assert one.energy[0].year_kwh.value == pytest.approx((9 * 24 - 0.5 * 240) * 365)


def test_nothing_is_said_of_a_few_weeks(make_data: Make) -> None:
    data = heated_by_day(make_data(days=25), lambda h: np.where(h["hour"] < 17, 40.0, 5.0))
    assert find(data) == []
