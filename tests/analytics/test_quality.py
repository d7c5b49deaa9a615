"""Verdicts on tiny hand-made series."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics import quality
from analytics.quality import Hours, Verdict
from classroom.reading import Flag

MINUTE = 60_000_000
HOUR = 60 * MINUTE


def every(minutes: int, count: int) -> np.ndarray:
    return np.arange(count, dtype=np.int64) * minutes * MINUTE


def rolled(time_us: np.ndarray, value: np.ndarray, flag: np.ndarray | None = None) -> Hours:
    """Hourly rollups as the store makes them."""
    flag = np.zeros(len(value), dtype=np.int64) if flag is None else flag
    frame = pd.DataFrame({"hour": time_us // HOUR * HOUR, "time": time_us, "value": value, "flag": flag})
    rows = []
    for hour, readings in frame.groupby("hour"):
        good = readings[readings["flag"] == 0]
        some = len(good) > 0
        rows.append(
            (
                hour,
                good["time"].iloc[0] if some else hour,
                good["time"].iloc[-1] if some else hour,
                good["value"].iloc[0] if some else np.nan,
                good["value"].iloc[-1] if some else np.nan,
                good["value"].min(),
                good["value"].max(),
                len(good),
                len(readings) - len(good),
            )
        )
    columns = [np.array(column) for column in zip(*rows, strict=True)] or [np.array([])] * 9
    return Hours(*columns)


def test_a_value_that_does_not_move_is_stale_from_its_first_reading() -> None:
    value = np.array([600.0, 610.0, 620.0, *[640.0] * 75, 600.0])
    (found,) = quality.stale(rolled(every(10, len(value)), value), "co2_ppm", 600)
    # Readings 3 to 77 are equal, 00:30 to 12:50. Of the first hour the last reading is told, 00:50: 12 h.
    assert found == Verdict(50 * MINUTE, (770 + 10) * MINUTE, "stale", "stuck at 640")


def test_a_moment_less_is_not_stale() -> None:
    value = np.array([600.0, 610.0, 620.0, *[640.0] * 74, 600.0])
    assert quality.stale(rolled(every(10, len(value)), value), "co2_ppm", 600) == []


def test_a_device_that_reports_by_the_hour_is_stale_too() -> None:
    value = np.array([600.0, *[640.0] * 13, 600.0])
    (found,) = quality.stale(rolled(every(60, 15), value), "co2_ppm", 3_600)
    assert (found.start_us, found.end_us) == (HOUR, 14 * HOUR)


@pytest.mark.parametrize("quantity", ["energy_kwh", "power_w", "motion"])
def test_what_may_stand_still_is_never_stale(quantity: str) -> None:
    assert quality.stale(rolled(every(60, 100), np.zeros(100)), quantity, 3600) == []


def test_a_gap_ends_a_stretch() -> None:
    time = np.concatenate([every(10, 40), every(10, 40) + 20 * HOUR])
    assert quality.stale(rolled(time, np.full(80, 640.0)), "co2_ppm", 600) == []


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


def test_gaps_between_readings() -> None:
    time = np.array([0, 10, 20, 190, 200, 310], dtype=np.int64) * MINUTE
    hours = rolled(time, np.arange(6.0))
    assert quality.gaps(hours, 600) == [Verdict(30 * MINUTE, 190 * MINUTE, "gap", "no reading")]
    assert quality.gaps(hours, 3_600) == []  # three intervals are three hours


def test_a_flagged_reading_ends_a_gap_and_a_month_is_no_gap() -> None:
    time = np.array([0, 200, 400, 32 * 24 * 60], dtype=np.int64) * MINUTE
    hours = rolled(time, np.arange(4.0), np.array([0, Flag.LIMITS, 0, 0]))
    # The flagged reading's hour, 03:00 to 04:00, is all that is known of it.
    assert [(one.start_us, one.end_us) for one in quality.gaps(hours, 600)] == [
        (10 * MINUTE, 180 * MINUTE),
        (240 * MINUTE, 400 * MINUTE),
    ]


def test_hours_that_may_hold_a_spike_are_told_by_their_extremes() -> None:
    value = np.array([600.0] * 24)
    value[11], value[12] = 2_100, 900  # 01:50 and 02:00
    hours = rolled(every(10, 24), value)
    assert quality.may_spike(hours, "co2_ppm").tolist() == [True, True, True, False]
    assert quality.may_spike(rolled(every(10, 24), np.full(24, 600.0)), "co2_ppm").tolist() == [False] * 4
    assert not quality.may_spike(hours, "energy_kwh").any()


def test_readings_by_receive_time_are_one_stretch() -> None:
    flag = np.array([0, Flag.CLOCK, Flag.CLOCK | Flag.LIMITS, 0, Flag.CLOCK, Flag.CLOCK])
    time = every(10, 6)
    time[5] += 5 * HOUR
    assert quality.clock(time, flag, 600) == [
        Verdict(10 * MINUTE, 30 * MINUTE, "clock", "by receive time"),
        Verdict(40 * MINUTE, 50 * MINUTE, "clock", "by receive time"),
        Verdict(50 * MINUTE + 5 * HOUR, 60 * MINUTE + 5 * HOUR, "clock", "by receive time"),
    ]


@given(st.lists(st.floats(350, 5000), max_size=60), st.integers(1, 30))
def test_verdicts_lie_in_order_and_never_overlap(values: list[float], minutes: int) -> None:
    time, value = every(minutes, len(values)), np.array(values)
    for found in (
        quality.stale(rolled(time, value), "co2_ppm", minutes * 60),
        quality.spikes(time, value, "co2_ppm"),
        quality.gaps(rolled(time, value), minutes * 60),
    ):
        assert all(one.start_us < one.end_us for one in found)
        assert all(a.end_us <= b.start_us for a, b in pairwise(found))
