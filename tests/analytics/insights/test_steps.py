from __future__ import annotations

import numpy as np
import pytest

from analytics.insights.steps import Level, levels


def test_a_step_is_found_where_it_is() -> None:
    values = np.array([10.0] * 20 + [12.0] * 15)
    assert levels(values, floor=0.1) == [Level(0, 20, 10.0), Level(20, 35, 12.0)]


def test_up_and_down_again() -> None:
    noise = np.tile([0.05, -0.05, 0.02, -0.02], 15)
    values = np.array([10.0] * 25 + [13.0] * 10 + [10.0] * 25) + noise
    found = levels(values)
    assert [(one.start, one.end) for one in found] == [(0, 25), (25, 35), (35, 60)]
    assert found[1].value == pytest.approx(13.0, abs=0.05)


def test_noise_odd_days_and_steps_below_the_floor_are_one_level() -> None:
    rng = np.random.default_rng(7)
    values = 10 + rng.normal(0, 0.3, 100)
    values[50] = 30.0
    assert len(levels(values)) == 1
    assert len(levels(np.array([10.0] * 30 + [10.2] * 30), floor=0.2)) == 1


def test_few_values() -> None:
    assert levels(np.array([])) == []
    assert levels(np.array([1.0, 2.0, 9.0])) == [Level(0, 3, 2.0)]
