"""Drift of CO2 sensors over weeks of hand-made baselines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pytest

from analytics.drift import Day, drifting, low_ppm

MONDAY = date(2026, 9, 7)


def weeks(count: int, low: Callable[[int], float], held: float = 0.0) -> list[Day]:
    """Days of ``count`` weeks; Sunday is cleared, the others hold ``held`` ppm; ``low`` by day number."""
    return [
        Day(MONDAY + timedelta(days=n), low(n) + (0 if n % 7 == 6 else held), cleared=n % 7 == 6)
        for n in range(7 * count)
    ]


def test_a_good_sensor_never_drifts() -> None:
    noise = np.random.default_rng(1).normal(0, 8, 70)
    assert drifting(weeks(10, lambda n: 435 + noise[n])) == []


def test_a_room_that_keeps_its_air_overnight_has_not_drifted() -> None:
    noise = np.random.default_rng(2).normal(0, 15, 70)
    assert drifting(weeks(10, lambda n: 440 + noise[n], held=250)) == []


@pytest.mark.parametrize("held", [0.0, 180.0])
@pytest.mark.parametrize("step", [-90, 90])
def test_a_jump_is_seen_within_three_days_and_dated_to_its_first(step: float, held: float) -> None:
    start = 38  # a Thursday
    days = weeks(8, lambda n: 440 + (step if n >= start else 0), held)
    for seen in range(start + 1, start + 4):
        spans = drifting(days[: seen + 1])
        if spans:
            break
    assert seen <= start + 2
    assert spans[0][0] == MONDAY + timedelta(days=start)


def test_a_slow_drift_is_seen_by_the_time_it_leaves_outdoor_air() -> None:
    days = weeks(16, lambda n: 440 + 2.0 * max(0, n - 40))
    ((first, last, why),) = drifting(days)
    assert first <= MONDAY + timedelta(days=40 + 30 + 3)
    assert last == days[-1].day + timedelta(days=1)
    assert "baseline" in why


def test_a_sensor_set_low_by_its_own_correction_is_seen_without_any_history() -> None:
    spans = drifting([Day(MONDAY + timedelta(days=n), 360.0, cleared=False) for n in range(3)])
    assert [span[0] for span in spans] == [MONDAY + timedelta(days=1)]


def test_a_drift_ends_when_the_sensor_is_mended() -> None:
    days = weeks(8, lambda n: 640 if 28 <= n < 42 else 440)
    ((first, last, _),) = drifting(days)
    assert first == MONDAY + timedelta(days=28)
    assert MONDAY + timedelta(days=42) <= last <= MONDAY + timedelta(days=45)


def test_days_without_readings_say_nothing() -> None:
    assert drifting([Day(MONDAY, float("nan"), cleared=True)]) == []
    assert np.isnan(low_ppm(np.array([430.0] * 10), 144))
    assert low_ppm(np.arange(400.0, 500.0), 144) == pytest.approx(404.95)
