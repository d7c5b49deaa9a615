"""How far a figure may be off because nobody reads a register at midnight: by hand."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.registers import energy_over
from analytics.resolution import display_step, split_unsure_kwh

H = 3_600_000_000


def unsure(power_kw: list[float], part: float, told: float) -> float:
    """Of a boundary the share ``part`` into the second of three hours of such powers."""
    one = np.ones(1)
    found = split_unsure_kwh(
        np.array(power_kw), np.ones(3), np.array([1], dtype=np.int64), part * one, told * one
    )
    return float(found[0])


def test_power_that_does_not_change_leaves_nothing_open() -> None:
    assert unsure([6.0, 6.0, 6.0], 0.5, 0.5) == pytest.approx(0.0)


def test_a_burst_may_lie_anywhere_in_its_hour() -> None:
    # 0.7 kW beside 2.1: 1.4 kWh more, all of it in the last fifth, told are 0.8 · 2.1. In that fifth
    # 0.7 · 0.2 + 1.4 = 1.54 kWh ran instead of 0.42.
    assert unsure([0.7, 2.1, 0.7], 0.8, 0.8) == pytest.approx(1.12, abs=1e-3)


def test_a_standstill_may_lie_anywhere_in_its_hour() -> None:
    # 6 kW beside 3: still for half of the hour. Before a boundary in its middle ran 0 or 3 kWh, told are 1.5.
    assert unsure([6.0, 3.0, 6.0], 0.5, 0.5) == pytest.approx(1.5)


def test_a_start_between_two_powers_may_overshoot() -> None:
    # 30 kW, then 47, and 46.5 kWh in the hour between: 0.5/17 of it at 30 kW, the rest at 47, if nothing
    # else is known: 15.2 kWh in the first third. But it may be 30 kW all the time and a burst of 16.5 kWh
    # at its beginning or its end: 10 or 26.5.
    told = (30 * 0.5 / 17 + 47 * (1 / 3 - 0.5 / 17)) / 46.5
    assert unsure([30.0, 46.5, 47.0], 1 / 3, told) == pytest.approx(26.5 - 46.5 * told)
    # A stop that undershoots: 47 kW, then 30, 30.5 between; a lull of 16.5 kWh in the first third or later.
    assert unsure([47.0, 30.5, 30.0], 1 / 3, 1 / 3) == pytest.approx(30.5 / 3)
    assert 46.5 * told == pytest.approx(15.167, abs=1e-3)


def test_a_start_at_midnight_is_inside_what_is_said_to_be_open() -> None:
    # Readings at twenty to. Until 23:00 30 kW, then 54 for 40 minutes: 10 and 36 kWh. Told are 15.2 before.
    times = np.array([round((hour - 1 / 3) * H) for hour in range(5)], dtype=np.int64)
    values = np.array([0.01, 30.02, 60.02, 106.52, 153.53])
    ends = (np.zeros(1, dtype=np.int64), np.array([2 * H], dtype=np.int64))
    found = energy_over(times, values, *ends, 3_600)
    true = 60.02 + 10 - (0.01 + 10)
    assert found.kwh[0] - true == pytest.approx(5.17, abs=0.02)
    assert found.unsure_kwh[0] > found.kwh[0] - true


@pytest.mark.parametrize(
    ("values", "step"),
    [
        ([7_000, 8_000], 1_000),
        ([12.5, 13.7], 0.1),
        ([1, 3], 1),
        ([100_000_000.0001, 100_000_000.0003], 0.0001),
        ([0.01, 0.04], 0.01),  # a register that has begun anew is not one of whole MWh
        ([3_000.01, 3_000.04], 0.01),  # nor one that stands near a whole one
        ([0.0, 0.0], 0),
        ([0.00003, 0.00101], 0),
        ([5 / 3.6, 7 / 3.6, 8 / 3.6], 1 / 3.6),
    ],
)
def test_the_step_of_a_display(values: list[float], step: float) -> None:
    assert display_step(np.array(values)) == pytest.approx(step)
