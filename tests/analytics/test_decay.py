"""Decays: straight ones give their rate, everything that only looks like one is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from analytics.decay import Decay, Refused, When, decay, find_decays, when
from analytics.occupancy import hourly_quantile

MINUTE = 60_000_000
UCI = Path(__file__).parents[3] / "shared" / "data" / "occupancy" / "uci_datatest.csv"


def fall(rate_1_h: float, step_min: int = 5, start_ppm: float = 600.0, minutes: int = 180) -> tuple:
    at = np.arange(0, minutes + 1, step_min)
    return at.astype(np.int64) * MINUTE, start_ppm * np.exp(-rate_1_h * at / 60)


@pytest.mark.parametrize(("rate_1_h", "step_min"), [(0.3, 15), (1.0, 10), (2.0, 5), (5.0, 2)])
def test_an_empty_room_gives_its_rate(rate_1_h: float, step_min: int) -> None:
    time_us, excess = fall(rate_1_h, step_min)
    good, bad = find_decays(time_us, excess + 430, 430.0, step_min * 60)
    assert bad == []
    assert [one.rate_1_h for one in good] == [pytest.approx(rate_1_h, rel=1e-6)]
    assert good[0].low_1_h < rate_1_h < good[0].high_1_h
    assert good[0].r2 == pytest.approx(1)


def test_two_points_by_hand() -> None:
    # 800 to 200 above outdoors in an hour: ln 4 = 1.386 an hour.
    time_us, excess = fall(np.log(4), 10, 800, 60)
    found = decay(time_us, excess, 0, 6)
    assert isinstance(found, Decay)
    assert (found.rate_1_h, found.start_ppm, found.end_ppm) == pytest.approx((1.3863, 800, 200), rel=1e-4)


def test_it_begins_where_the_fall_is_at_its_pace() -> None:
    time_us, excess = fall(3.0, 5, 600, 60)
    leaving = np.array([640.0, 632.0, 622.0])  # they pack up for a quarter of an hour
    time_us = np.concatenate([np.arange(-3, 0) * 5 * MINUTE, time_us])
    found = decay(time_us, np.concatenate([leaving, excess]), 0, len(time_us) - 1)
    assert isinstance(found, Decay)
    assert found.start_us in (-5 * MINUTE, 0)
    assert found.rate_1_h == pytest.approx(3.0, rel=0.08)


def test_four_points_are_too_few() -> None:
    time_us, excess = fall(4.0, 10, 600, 30)
    assert decay(time_us, excess, 0, 3) == Refused(0, 3, "few_points")


def test_a_fall_that_ends_high_is_refused() -> None:
    time_us, excess = fall(0.4, 10, 600, 60)  # a third gone
    assert decay(time_us, excess, 0, 6) == Refused(0, 6, "small_fall")


def test_a_fall_towards_people_who_stayed_is_refused() -> None:
    # Towards 250 ppm above outdoors: half the class is still there.
    time_us, excess = fall(4.0, 5, 500, 60)
    good, bad = find_decays(time_us, excess + 250 + 430, 430.0, 300)
    assert good == []
    assert {one.reason for one in bad} <= {"bent", "small_fall", "not_straight"}
    assert bad


def test_a_slow_fall_in_school_hours_is_refused_and_believed_at_night() -> None:
    time_us, excess = fall(0.5, 10)
    busy = np.ones(len(time_us), dtype=bool)
    good, bad = find_decays(time_us, excess + 430, 430.0, 600, busy)
    assert good == []
    assert [one.reason for one in bad] == ["slow_in_school_hours"]
    assert len(find_decays(time_us, excess + 430, 430.0, 600, ~busy)[0]) == 1


def test_noise_around_outdoor_air_is_no_fall() -> None:
    rng = np.random.default_rng(1)
    time_us = np.arange(288, dtype=np.int64) * 5 * MINUTE
    assert find_decays(time_us, 430 + rng.normal(0, 20, 288), 430.0, 300) == ([], [])


def test_silence_ends_a_fall() -> None:
    time_us, excess = fall(2.0, 5)
    kept = (time_us <= 15 * MINUTE) | (time_us >= 60 * MINUTE)
    good, bad = find_decays(time_us[kept], excess[kept] + 430, 430.0, 300)
    assert good == []
    assert bad[0].reason == "few_points"


def test_a_tail_that_another_air_bends_is_cut_off() -> None:
    # The last hours rest 60 ppm above the baseline: the building's air, not the outdoors'.
    time_us, excess = fall(1.0, 10, 900, 360)
    found = find_decays(time_us, np.maximum(excess, 60) + 430, 430.0, 600)[0]
    assert [one.rate_1_h for one in found] == [pytest.approx(1.0, rel=0.05)]


def test_where_a_decay_stands() -> None:
    time_us, excess = fall(3.0, 5, 600, 40)
    one = decay(time_us, excess, 0, len(time_us) - 1)
    assert isinstance(one, Decay)
    hour = 60 * MINUTE
    assert when(one, [(-hour, 0), (hour, 2 * hour)], []) is When.BREAK
    assert when(one, [(-hour, 0)], [(-4 * hour, 3 * hour)]) is When.AFTER_SCHOOL
    assert when(one, [(-hour, 0)], [(-4 * hour, 0)]) is When.EVENING
    assert when(one, [], []) is When.UNKNOWN
    # The fans stop within it: what it tells is mostly the one, or neither.
    assert when(one, [(-hour, 0)], [(-4 * hour, 30 * MINUTE)]) is When.AFTER_SCHOOL
    assert when(one, [(-hour, 0)], [(-4 * hour, 10 * MINUTE)]) is When.UNKNOWN


@pytest.mark.parametrize("step_min", [1, 5, 10, 15])
def test_both_evenings_of_a_real_room_and_nothing_else(step_min: int) -> None:
    if not UCI.exists():
        pytest.skip(f"{UCI} is not here")
    frame = pd.read_csv(UCI, parse_dates=["date"]).set_index("date")
    room = frame.resample(f"{step_min}min").mean().dropna()
    time_us = room.index.as_unit("us").astype("int64").to_numpy()
    co2 = room["CO2"].to_numpy()
    good, _ = find_decays(time_us, co2, hourly_quantile(time_us, co2), step_min * 60)
    assert len(good) == 2
    for one in good:
        assert one.r2 >= 0.95
        assert 0.3 < one.rate_1_h < 0.8
        assert room["Occupancy"].iloc[one.first : one.last + 1].mean() < 0.2
