"""Verdicts on tiny hand-made series."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import quality
from analytics.quality import Verdict
from classroom.reading import Flag

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def every(minutes: int, count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) * minutes * MINUTE


def test_a_value_that_does_not_move_is_stale_from_its_first_reading() -> None:
    value = np.array([600.0, 610.0, *[640.0] * 73, 600.0])  # 72 intervals of 10 min: 12 h
    (found,) = quality.stale(every(10, len(value)), value, "co2_ppm", 600)
    assert found == Verdict(20 * MINUTE, (20 + 72 * 10 + 10) * MINUTE, "stale", "640 for 12 h")


def test_a_moment_less_is_not_stale() -> None:
    value = np.array([600.0, *[640.0] * 72, 600.0])
    assert quality.stale(every(10, len(value)), value, "co2_ppm", 600) == []


@pytest.mark.parametrize("quantity", ["energy_kwh", "power_w", "motion"])
def test_what_may_stand_still_is_never_stale(quantity: str) -> None:
    assert quality.stale(every(60, 100), np.zeros(100), quantity, 3600) == []


def test_a_gap_ends_a_stretch() -> None:
    time = np.concatenate([every(10, 40), every(10, 40) + 20 * HOUR])
    assert quality.stale(time, np.full(80, 640.0), "co2_ppm", 600) == []


def test_a_breath_on_the_sensor_is_a_spike() -> None:
    value = np.array([600.0, 605.0, 2100.0, 1500.0, 620.0, 600.0])
    (found,) = quality.spikes(every(5, 6), value, "co2_ppm")
    assert found == Verdict(10 * MINUTE, 20 * MINUTE, "spike", "605 to 2100 and back to 620")


def test_a_full_class_is_no_spike() -> None:
    # 47 ppm a minute over 10 minutes, then a window.
    value = np.array([600.0, 1070.0, 650.0, 600.0])
    assert quality.spikes(every(10, 4), value, "co2_ppm") == []


def test_an_opened_window_is_no_spike() -> None:
    value = np.array([1800.0, 700.0, 1700.0])
    assert quality.spikes(every(10, 3), value, "co2_ppm") == []


def test_a_rise_that_stays_is_no_spike() -> None:
    value = np.array([600.0, 1100.0, 1110.0, 1105.0, 1100.0, 1098.0, 1090.0])
    assert quality.spikes(every(5, 7), value, "co2_ppm") == []


def test_a_temperature_may_spike_either_way() -> None:
    value = np.array([21.0, 14.0, 21.1])
    (found,) = quality.spikes(every(5, 3), value, "temperature_c")
    assert (found.start_us, found.end_us) == (5 * MINUTE, 10 * MINUTE)


def test_gaps_between_readings_and_since_the_last() -> None:
    time = np.array([0, 10, 20, 80, 90], dtype=np.int64) * MINUTE
    assert quality.gaps(time, 600) == [Verdict(30 * MINUTE, 80 * MINUTE, "gap", "60 min without a reading")]
    silent = quality.gaps(time, 600, until_us=130 * MINUTE)[-1]
    assert (silent.start_us, silent.end_us) == (100 * MINUTE, 130 * MINUTE)
    assert quality.gaps(time[:3], 600, until_us=45 * MINUTE) == []


def test_readings_by_receive_time_are_one_stretch() -> None:
    flag = np.array([0, Flag.CLOCK, Flag.CLOCK | Flag.LIMITS, 0, Flag.CLOCK])
    assert quality.clock(every(10, 5), flag, 600) == [
        Verdict(10 * MINUTE, 30 * MINUTE, "clock", "2 readings by receive time"),
        Verdict(40 * MINUTE, 50 * MINUTE, "clock", "1 readings by receive time"),
    ]


@given(st.lists(st.floats(350, 5000), max_size=60), st.integers(1, 30))
def test_verdicts_lie_in_order_and_never_overlap(values: list[float], minutes: int) -> None:
    time, value = every(minutes, len(values)), np.array(values)
    for found in (
        quality.stale(time, value, "co2_ppm", minutes * 60),
        quality.spikes(time, value, "co2_ppm"),
        quality.gaps(time, minutes * 60),
    ):
        assert all(one.start_us < one.end_us for one in found)
        assert all(a.end_us <= b.start_us for a, b in pairwise(found))
