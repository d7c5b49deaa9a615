"""Occupied or empty: hand-made rooms, and a real one that was watched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.occupancy import added_ppm_h, alone, detected, hourly_quantile, moved, occupied, slope_ppm_h

MINUTE = 60_000_000
UCI = Path(__file__).parents[3] / "shared" / "data" / "occupancy" / "uci_datatest.csv"


def room_day(rate_1_h: float, added: float, step_min: int = 5) -> tuple:
    """A day in which people add ``added`` [ppm/h] from 08:00 to 12:00 to a room of one air change rate."""
    minutes = np.arange(0, 24 * 60)
    people = ((minutes >= 480) & (minutes < 720)).astype(float) * added
    excess = np.zeros(len(minutes))
    for at in range(1, len(minutes)):
        excess[at] = excess[at - 1] + (people[at - 1] - rate_1_h * excess[at - 1]) / 60
    kept = slice(0, None, step_min)
    return minutes[kept].astype(np.int64) * MINUTE, 430 + excess[kept], people[kept] > 0


def balanced(truth: np.ndarray, said: np.ndarray) -> float:
    return float((said[truth].mean() + (~said[~truth]).mean()) / 2)


def test_the_slope_of_a_straight_line() -> None:
    time_us = np.arange(0, 13, dtype=np.int64) * 5 * MINUTE
    slope, mean, error = slope_ppm_h(time_us, 500 + 120 * time_us / 3.6e9)
    assert slope == pytest.approx(np.full(13, 120.0))
    assert mean[6] == pytest.approx(560)
    # Seven readings five minutes apart: Σ(t - mean)² = 28 / 144 h².
    assert error[6] == pytest.approx((144 / 28) ** 0.5)


def test_what_people_add_in_a_steady_room_is_rate_times_excess() -> None:
    time_us = np.arange(0, 13, dtype=np.int64) * 5 * MINUTE
    assert added_ppm_h(time_us, np.full(13, 930.0), 430.0, 4.0) == pytest.approx(np.full(13, 2_000.0))


def test_one_adult_in_170_cubic_metres() -> None:
    # 0.0061 L/s at 0 °C is 6.6e-6 m³/s at 22 °C: 6.6e-6 * 3600 * 1e6 / 170 = 140 ppm an hour.
    assert alone(170.0) == pytest.approx(0.0061e-3 * 295 / 273 * 3_600 * 1e6 / 170, rel=0.01)
    assert alone(340.0) == pytest.approx(70)


@pytest.mark.parametrize("rate_1_h", [0.2, 1.0, 4.0])
@pytest.mark.parametrize("step_min", [1, 5, 10, 15])
def test_a_room_whose_rate_is_known(rate_1_h: float, step_min: int) -> None:
    time_us, co2, truth = room_day(rate_1_h, 1_500.0, step_min)
    assert balanced(truth, occupied(time_us, co2, 430.0, rate_1_h)) > 0.95


@pytest.mark.parametrize("rate_1_h", [0.2, 1.0, 4.0])
def test_a_room_of_which_nothing_is_known(rate_1_h: float) -> None:
    time_us, co2, truth = room_day(rate_1_h, 1_500.0)
    assert balanced(truth, detected(time_us, co2, 300)) > 0.93


def test_a_falling_level_is_empty_however_high() -> None:
    time_us = np.arange(0, 61, 5).astype(np.int64) * MINUTE
    assert not occupied(time_us, 430 + 900 * np.exp(-2.0 * time_us / 3.6e9), 430.0, 2.0).any()


def test_movement_proves_presence_in_its_interval_and_stillness_nothing() -> None:
    time_us = np.arange(0, 31, 5).astype(np.int64) * MINUTE
    at = np.array([10, 20, 30], dtype=np.int64) * MINUTE  # each tells of the ten minutes before it
    seen = moved(time_us, [(600, at, np.array([0.0, 3.0, 0.0]), 1.0)])
    assert seen.tolist() == [False, False, False, True, True, False, False]
    pending = np.array([1.0, 1.0, 2.0])
    assert moved(time_us, [(600, at, pending, 2.0)]).tolist() == [False] * 5 + [True, True]
    assert not moved(time_us, [(600, at, np.zeros(3), 1.0), (600, at[:0], np.zeros(0), 1.0)]).any()


def test_a_noisy_sensor_sees_nobody_where_nobody_is() -> None:
    """20 ppm of noise every ten minutes: the slope alone is off by 85 ppm/h, more than half an adult."""
    time_us = np.arange(0, 1_440, 10).astype(np.int64) * MINUTE
    noise = np.random.default_rng(4).normal(0, 20, len(time_us))
    assert occupied(time_us, 430 + noise, 430.0).mean() < 0.05
    assert occupied(time_us, 430 + 2_000 * time_us / 3.6e9 + noise, 430.0).all()


def test_silence_says_nothing() -> None:
    time_us = np.array([0, 5, 10, 200, 205], dtype=np.int64) * MINUTE
    slope, _, _ = slope_ppm_h(time_us, np.array([500.0, 600, 700, 2_000, 2_100]))
    assert slope[1] == pytest.approx(1_200)
    assert slope[4] == pytest.approx(1_200)
    lonely = np.array([0, 200, 400], dtype=np.int64) * MINUTE
    assert np.isnan(slope_ppm_h(lonely, np.array([500.0, 900, 500])).ppm_h).all()
    assert not occupied(lonely, np.array([500.0, 900, 500]), 430.0).any()
    assert not detected(lonely[:1], np.array([900.0]), 300).any()


def test_the_quantile_is_of_hours_not_of_noise() -> None:
    time_us = np.arange(0, 48 * 60, 5).astype(np.int64) * MINUTE
    noisy = 450 + np.random.default_rng(2).normal(0, 25, len(time_us))
    assert hourly_quantile(time_us, noisy) == pytest.approx(450, abs=15)
    assert np.quantile(noisy, 0.05) < 420


@pytest.mark.parametrize("step_min", [1, 5, 10, 15])
def test_a_real_room_from_its_co2_alone(step_min: int) -> None:
    if not UCI.exists():
        pytest.skip(f"{UCI} is not here")
    frame = pd.read_csv(UCI, parse_dates=["date"]).set_index("date")
    room = frame.resample(f"{step_min}min").agg({"CO2": "first", "Occupancy": "mean"}).dropna()
    time_us = room.index.as_unit("us").astype("int64").to_numpy()
    said = detected(time_us, room["CO2"].to_numpy(), step_min * 60)
    assert balanced(room["Occupancy"].to_numpy() >= 0.5, said) >= 0.92
