"""From when to when a school was warmer, and by how much; the school of ``heated_winter``."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from heated_winter import SLOPE_KWH_K_D, lowered, put_rooms, weather

from analytics.insights.data import SchoolData
from analytics.insights.find import find
from analytics.insights.model import InsightKind
from analytics.insights.warmer import day_errors, warm_steps

Make = Callable[..., SchoolData]

NOBODY = pd.DatetimeIndex([])
WINTER = pd.date_range("2025-11-24", "2026-01-25")


def season_k(data: SchoolData) -> pd.Series:
    """Rooms that the sun of the season warms by up to a kelvin."""
    number = (data.hours["day"] - data.hours["day"].iloc[0]).dt.days
    return 0.5 - 0.5 * np.cos(2 * np.pi * (number - 110) / 365)


@pytest.fixture
def data(make_data: Make) -> SchoolData:
    """1.5 K warmer over two winter months."""
    data = make_data(days=270, outdoor_c=weather)
    return put_rooms(data, 1.5 * data.hours["day"].isin(WINTER) + season_k(data))


def test_a_step_by_hand(make_data: Make) -> None:
    """1.5 K on 63 days: its days to the day, and every one of them surely within."""
    data = make_data(days=270, outdoor_c=weather)
    (step,) = warm_steps(put_rooms(data, 1.5 * data.hours["day"].isin(WINTER)), NOBODY, NOBODY)
    assert (step.first, step.last) == (WINTER[0], WINTER[-1])
    assert step.kelvin == pytest.approx(1.5, abs=0.03)
    assert step.inside[WINTER].to_numpy() == pytest.approx(1.0, abs=0.01)
    assert step.inside.sum() == pytest.approx(63, abs=0.5)
    assert step.days_error < 0.01
    assert step.error_k < 0.1


def test_a_step_beside_the_sun_of_the_season(data: SchoolData) -> None:
    (step,) = warm_steps(data, NOBODY, NOBODY)
    assert (step.first, step.last) == (WINTER[0], WINTER[-1])
    assert step.kelvin == pytest.approx(1.5, rel=0.06)


def test_a_day_on_which_rooms_warm_up_is_no_error_of_the_kelvin(make_data: Make) -> None:
    """They take two days to become warmer, and two to cool."""
    data = make_data(days=270, outdoor_c=weather)
    day = data.hours["day"]
    by_half = day.isin(
        [WINTER[0], WINTER[1], WINTER[-1] + pd.Timedelta(days=1), WINTER[-1] + pd.Timedelta(days=2)]
    )
    put_rooms(data, 1.5 * (day.isin(WINTER[2:]) + 0.5 * by_half))
    (step,) = warm_steps(data, NOBODY, NOBODY)
    assert step.kelvin == pytest.approx(1.5, abs=0.03)


def test_two_steps_are_told_beside_each_other(make_data: Make) -> None:
    data = make_data(days=270, outdoor_c=weather)
    day = data.hours["day"]
    put_rooms(
        data, 2.0 * day.between("2025-10-13", "2025-11-30") + 1.2 * day.between("2026-02-02", "2026-03-15")
    )
    found = [
        (f"{one.first:%m-%d}", f"{one.last:%m-%d}", round(one.kelvin, 1))
        for one in warm_steps(data, NOBODY, NOBODY)
    ]
    assert found == [("10-13", "11-30", 2.0), ("02-02", "03-15", 1.2)]


def test_a_step_is_told_against_cold_days_without_one(make_data: Make) -> None:
    """1 K from October on, 2 more from the end of December on: of the first, no cold day is without it."""
    data = make_data(days=270, outdoor_c=weather)
    day = data.hours["day"]
    put_rooms(data, 1.0 * (day >= "2025-10-03") + 2.0 * (day >= "2025-12-29"))
    (step,) = warm_steps(data, NOBODY, NOBODY)
    assert (f"{step.first:%m-%d}", step.kelvin) == ("12-29", pytest.approx(2.0, abs=0.1))


def test_open_days_alone(make_data: Make) -> None:
    """2 K from five to five on open days: 1 K of their mean, and nothing of closed days."""
    data = make_data(days=270, outdoor_c=weather)
    put_rooms(data, 2.0 * (data.hours["day"].isin(WINTER) & ~lowered(data)))
    (step,) = warm_steps(data, NOBODY, NOBODY)
    closed = data.days["day_type"] == "closed"
    assert step.kelvin == pytest.approx(1.0, abs=0.05)
    assert step.inside[closed].max() == 0.0
    assert step.inside[WINTER[~closed[WINTER]]].to_numpy() == pytest.approx(1.0, abs=0.05)


def test_mild_days_of_which_nobody_knows_count_in_part(make_data: Make) -> None:
    """Raised in a September whose sun makes rooms by turns 2 K warmer or not: it began on one of its days."""
    data = make_data(days=270, outdoor_c=lambda hours: weather(hours) + 2.0)
    day = data.hours["day"]
    by_turns = 2.0 * (day < "2025-10-06") * (day.dt.day % 3 == 0)
    put_rooms(data, 1.5 * day.between("2025-09-15", "2025-12-12") + by_turns)
    (step,) = warm_steps(data, NOBODY, NOBODY)
    september = step.inside["2025-09-01":"2025-09-30"]
    assert ((september > 0.05) & (september < 0.95)).any()
    assert step.inside["2025-10-10":"2025-12-12"].min() > 0.8
    assert step.days_error > 0.01


@pytest.mark.parametrize("kelvin", [0.0, 0.4, -2.0])
def test_little_or_colder_is_no_step(make_data: Make, kelvin: float) -> None:
    data = make_data(days=270, outdoor_c=weather)
    assert warm_steps(put_rooms(data, kelvin * data.hours["day"].isin(WINTER)), NOBODY, NOBODY) == []


def test_without_rooms_or_cold_days_nothing_is_told(make_data: Make) -> None:
    data = make_data(days=270, outdoor_c=weather)
    assert warm_steps(data, NOBODY, NOBODY) == []
    data = make_data(days=270, outdoor_c=16.0)
    assert warm_steps(put_rooms(data, 2.0 * data.hours["day"].isin(WINTER)), NOBODY, NOBODY) == []


def test_errors_of_days_by_hand() -> None:
    """±0.3 K below 8 °C, ±1.2 K at 14 °C, a ramp's end: σ² = 0.3² + (1.2² - 0.3²)·1², and half-way
    0.3² + 1.35·0.5²."""
    felt = np.repeat([2.0, 14.0], 40)
    errors = np.where(np.arange(80) % 2, 1.0, -1.0) * np.repeat([0.3, 1.2], 40)
    sigma = day_errors(felt, 20.0 + errors, np.ones((80, 1)))
    assert sigma == pytest.approx(np.repeat([0.3, 1.2], 40), rel=1e-3)
    errors[60:] = 0.0
    felt[60:] = 11.0
    middle = day_errors(felt, 20.0 + errors, np.ones((80, 1)))
    more = (20 * (1.44 - 0.09) + 20 * (0.0 - 0.09)) / (20 * 1.0 + 20 * 0.25)
    assert middle[-1] == pytest.approx(np.sqrt(0.09 + more * 0.25), rel=1e-2)


def test_a_stretch_costs_its_kelvin_in_every_heated_hour(data: SchoolData) -> None:
    """63 days of 1.5 K, whatever the sun of the year's other days."""
    (found,) = [one for one in find(data) if one.kind is InsightKind.SETPOINT_HIGH]
    (heat,) = found.energy
    assert (found.first, found.last) == (WINTER[0].date(), WINTER[-1].date())
    assert heat.seen_kwh.value == pytest.approx(63 * 1.5 * SLOPE_KWH_K_D, rel=0.06)
    assert heat.seen_kwh.low < 63 * 150 < heat.seen_kwh.high
