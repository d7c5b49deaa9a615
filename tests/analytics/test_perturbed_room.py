"""A real room as other sensors would have told it: sampled otherwise, off, noisy, with gaps, its clock wrong.

``../shared/data/occupancy`` is an office watched for two days, CO2 every minute, with its true occupancy.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.decay import Decay, find_decays
from analytics.occupancy import detected, hourly_quantile

UCI = Path(__file__).parents[3] / "shared" / "data" / "occupancy" / "uci_datatest.csv"
STEPS_MIN = (1, 2, 5, 10, 15)

Perturb = Callable[[pd.DataFrame], pd.DataFrame]


def shown(change: Callable[[pd.Series], pd.Series]) -> Perturb:
    return lambda room: room.assign(CO2=change(room["CO2"]))


def noise(ppm: float) -> Perturb:
    return shown(lambda co2: co2 + np.random.default_rng(1).normal(0, ppm, len(co2)))


def without(hours: range) -> Perturb:
    return lambda room: room[~room.index.hour.isin(hours)]


def clock(minutes: int) -> Perturb:
    """The room's people by a clock that is so far ahead of the sensor's."""

    def late(room: pd.DataFrame) -> pd.DataFrame:
        people = room["Occupancy"].shift(freq=pd.Timedelta(minutes=minutes))
        return room.assign(Occupancy=people.reindex(room.index, method="nearest"))

    return late


PERTURBED: dict[str, Perturb] = {
    "as it is": lambda room: room,
    "50 ppm more": shown(lambda co2: co2 + 50),
    "50 ppm less": shown(lambda co2: co2 - 50),
    "3 % more": shown(lambda co2: co2 * 1.03),
    "3 % less": shown(lambda co2: co2 * 0.97),
    "steps of 10 ppm": shown(lambda co2: (co2 / 10).round() * 10),
    "noise of 10 ppm": noise(10.0),
    "silent over noon": without(range(11, 13)),
    "silent in the evening": without(range(21, 24)),
    "clock 5 minutes ahead": clock(5),
    "clock 5 minutes behind": clock(-5),
}


def room(step_min: int, begin_min: int = 0) -> pd.DataFrame:
    """A reading every ``step_min`` minutes and the share of the time in which somebody was there."""
    if not UCI.exists():
        pytest.skip(f"{UCI} is not here")
    frame = pd.read_csv(UCI, parse_dates=["date"]).set_index("date")
    sampled = frame.resample(f"{step_min}min", offset=f"{begin_min}min")
    return sampled.agg({"CO2": "first", "Occupancy": "mean"}).dropna()


def heard(told: pd.DataFrame, step_min: int) -> tuple[float, list[Decay]]:
    """Balanced accuracy of occupied or empty, and the accepted decays."""
    time_us = told.index.as_unit("us").astype("int64").to_numpy()
    co2 = told["CO2"].to_numpy(np.float64)
    truth, said = told["Occupancy"].to_numpy() >= 0.5, detected(time_us, co2, step_min * 60)
    good, _ = find_decays(time_us, co2, hourly_quantile(time_us, co2), step_min * 60)
    return float((said[truth].mean() + (~said[~truth]).mean()) / 2), good


def empty(told: pd.DataFrame, one: Decay) -> bool:
    """Whether hardly anybody was there: the last may leave while CO2 falls already."""
    return bool(told["Occupancy"].iloc[one.first : one.last + 1].mean() < 1 / 3)


@pytest.mark.parametrize("step_min", STEPS_MIN)
@pytest.mark.parametrize("how", PERTURBED)
def test_occupied_and_both_evenings_however_it_is_told(how: str, step_min: int) -> None:
    told = PERTURBED[how](room(step_min))
    accuracy, good = heard(told, step_min)
    assert accuracy >= 0.90
    assert {told.index[one.first].day for one in good} == {2, 3}
    assert all(one.r2 >= 0.95 and empty(told, one) and 0.3 < one.rate_1_h < 0.8 for one in good)


@pytest.mark.parametrize("step_min", STEPS_MIN)
@pytest.mark.parametrize("begin_min", [1, 3, 7])
def test_whatever_minute_it_reports_at(step_min: int, begin_min: int) -> None:
    told = room(step_min, begin_min)
    accuracy, good = heard(told, step_min)
    assert accuracy >= 0.90
    assert len(good) == 2
    assert all(empty(told, one) for one in good)


@pytest.mark.parametrize("step_min", STEPS_MIN)
@pytest.mark.parametrize("share", [0.2, 0.5])
def test_readings_that_are_lost_cost_decays_and_nothing_else(step_min: int, share: float) -> None:
    """A silence of more than two reports ends a fall; what is left of it may still be straight."""
    told = room(step_min)
    told = told[np.random.default_rng(2).random(len(told)) > share]
    accuracy, good = heard(told, step_min)
    assert accuracy >= 0.88
    assert all(one.r2 >= 0.95 and empty(told, one) for one in good)


@pytest.mark.parametrize("step_min", STEPS_MIN)
@pytest.mark.parametrize("seed", range(5))
def test_a_poor_sensor_is_believed_less_and_not_wrongly(step_min: int, seed: int) -> None:
    """Noise of 20 ppm: occupancy holds; a decay is refused, or its room was empty."""
    told = room(step_min)
    told["CO2"] += np.random.default_rng(seed).normal(0, 20, len(told))
    accuracy, good = heard(told, step_min)
    assert accuracy >= 0.85
    assert len(good) <= 2
    assert all(empty(told, one) for one in good)
