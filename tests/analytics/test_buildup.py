"""Build-ups: curves of a known rate, and what must not be read as one."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.buildup import build_up

HOUR = 3_600_000_000


def rise(rate_1_h: float, step_s: int = 120, level_ppm: float = 900.0, noise_ppm: float = 0.0) -> tuple:
    time_us = np.arange(0, 4_801, step_s, dtype=np.int64) * 1_000_000
    noise = np.random.default_rng(3).normal(0, noise_ppm, len(time_us)) if noise_ppm else 0.0
    return time_us, level_ppm * (1 - np.exp(-rate_1_h * time_us / HOUR)) + noise


@pytest.mark.parametrize("rate_1_h", [1.5, 3.0, 5.0])
def test_the_rate_of_a_curve_comes_out(rate_1_h: float) -> None:
    found = build_up(*rise(rate_1_h, noise_ppm=4.0), 0, 80 * 60_000_000)
    assert found is not None
    assert found.rate_1_h == pytest.approx(rate_1_h, rel=0.15)
    assert found.low_1_h < rate_1_h < found.high_1_h


def test_a_straight_rise_tells_nothing() -> None:
    time_us, _ = rise(1.0)
    straight = 100 + 400 * time_us / (80 * 60e6)
    assert build_up(time_us, straight, 0, 80 * 60_000_000) is None


def test_a_fall_a_level_and_few_readings_tell_nothing() -> None:
    time_us, ppm = rise(3.0)
    assert build_up(time_us, ppm[::-1].copy(), 0, 80 * 60_000_000) is None
    assert build_up(time_us, np.full(len(time_us), 500.0), 0, 80 * 60_000_000) is None
    assert build_up(*rise(3.0, 900), 0, 80 * 60_000_000) is None
