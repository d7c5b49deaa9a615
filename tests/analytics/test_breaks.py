"""Breaks of registers on tiny hand-made series."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.breaks import breaks

HOUR = 3_600_000_000


@pytest.mark.parametrize(
    ("values", "kinds"),
    [
        ([1, 2, 3, 4], []),
        ([5.05, 5.0, 5.1], []),  # rounding
        ([9_998, 9_999, 2, 3], ["rollover"]),
        ([500, 501, 0.4, 1.4], ["reset"]),
        ([500, 501, 90_000, 90_001], ["swap"]),
        ([90_000, 90_001, 7_000, 7_001], ["swap"]),
        ([500, 501, 12, 13], ["swap"]),  # nobody used eleven times as much in that hour
        ([500, 501, 0, 502, 503], []),  # a glitch
        ([500, 501, 3, 4, 1, 2], ["reset", "reset"]),
    ],
)
def test_kinds_of_breaks(values: list[float], kinds: list[str]) -> None:
    time = np.arange(len(values), dtype=np.int64) * HOUR
    assert [one.verdict for one in breaks(time, np.array(values, dtype=float), 3_600)] == kinds


def test_a_break_is_told_at_the_first_reading_after_it() -> None:
    time = np.array([0, 1, 9, 10], dtype=np.int64) * HOUR
    (found,) = breaks(time, np.array([50.0, 51.0, 2.0, 3.0]), 600)
    assert (found.start_us, found.end_us) == (9 * HOUR, 9 * HOUR + 600_000_000)
    assert found.detail == "51 to 2"


def test_pulses_are_judged_as_energy() -> None:
    time = np.arange(3, dtype=np.int64) * HOUR
    pulses = np.array([500_000.0, 501_000.0, 900_000.0])  # 1000 pulses a kWh: 399 kWh in an hour
    assert breaks(time, pulses, 3_600, kwh_per_unit=0.001) == []
    assert [one.verdict for one in breaks(time, pulses, 3_600)] == ["swap"]


def test_what_runs_far_away_does_not_change_what_a_break_was() -> None:
    quiet = [99_852.0, 99_853.0, 0.5, 1.5, *np.arange(2.5, 40.0)]
    busy = [*quiet, *(40.0 + 200.0 * np.arange(1, 9))]  # with as much an hour the fall could be a rollover
    found = []
    for values in (quiet, busy):
        time = np.arange(len(values), dtype=np.int64) * HOUR
        found.append([(one.start_us, one.verdict) for one in breaks(time, np.array(values), 3_600)])
    assert found == [[(2 * HOUR, "reset")]] * 2


def test_a_long_glitch_is_no_break() -> None:
    values = np.array([*np.arange(500.0, 510.0), *([7.0] * 8), *np.arange(511.0, 525.0)])
    assert breaks(np.arange(len(values), dtype=np.int64) * HOUR, values, 3_600) == []
