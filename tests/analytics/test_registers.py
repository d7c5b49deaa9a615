"""Energy from registers, by hand: time in hours since 1970, values in kWh."""

from __future__ import annotations

import numpy as np
import pytest

from analytics.glitches import good_points
from analytics.registers import Energy, energy_over, increments

H = 3_600_000_000


def over(points: list[tuple[float, float]], *periods: tuple[float, float], limit_s: float = 3_600) -> Energy:
    times = np.array([round(hour * H) for hour, _ in points], dtype=np.int64)
    values = np.array([value for _, value in points])
    starts, ends = (np.array([round(p[i] * H) for p in periods], dtype=np.int64) for i in (0, 1))
    return energy_over(times, values, starts, ends, limit_s)


def test_the_difference_of_boundary_values_linear_between_close_readings() -> None:
    # 0:50 → 100, 1:20 → 103: 0.1 kWh a minute, so 101 at 1:00. 1:50 → 109, 2:10 → 111: 110 at 2:00.
    found = over([(5 / 6, 100), (4 / 3, 103), (11 / 6, 109), (13 / 6, 111)], (1, 2))
    assert found.kwh.tolist() == pytest.approx([9.0])
    assert found.known_s.tolist() == pytest.approx([3_600.0])
    assert not found.gap.any()


def test_power_that_changes_at_a_boundary_is_told_by_the_readings_beside_it() -> None:
    # 40 kW until 2:00, then 90: of the 65 kWh between 1:30 and 2:30, 20 ran before the boundary.
    points = [(0.5, 0), (1.5, 40), (2.5, 105), (3.5, 195), (4.5, 285)]
    assert over(points, (1.5, 2), (2, 3)).kwh.tolist() == pytest.approx([20, 90])
    # Falling from 90 to 40 three quarters through; 1:30 to 2:00 is all at 90.
    points = [(0.5, 0), (1.5, 90), (2.5, 167.5), (3.5, 207.5)]
    assert over(points, (1.5, 2), (2, 2.5)).kwh.tolist() == pytest.approx([45, 32.5])
    # A peak that neither side explains is spread evenly.
    points = [(0.5, 0), (1.5, 40), (2.5, 180), (3.5, 230)]
    assert over(points, (1.5, 2)).kwh.tolist() == pytest.approx([70])


def test_a_gap_is_a_sum_for_the_long_period_and_nothing_for_its_hours() -> None:
    points = [(0, 10), (1, 12), (3.5, 30), (4, 31), (5, 33)]  # nothing between 1:00 and 3:30
    found = over(points, (0, 5), (0, 1), (1, 2), (2, 3), (3, 4), (4, 5))
    assert found.kwh.tolist() == pytest.approx([23, 2, 0, 0, 1, 2])  # 3:30-4:00 is known: 31 - 30
    assert found.known_s.tolist() == pytest.approx([18_000, 3_600, 0, 0, 1_800, 3_600])
    assert found.accounted_s.tolist() == pytest.approx([18_000, 3_600, 3_600, 3_600, 3_600, 3_600])
    assert found.gap.tolist() == [True, False, True, True, True, False]
    assert found.carried.tolist() == pytest.approx([0, 0, 18, 0, 0, 0])  # once, where the gap starts
    assert found.carried_to[2] == round(3.5 * H)
    assert found.gap_before.tolist() == pytest.approx([0, 0, 0, 18, 18, 0])


def test_a_reset_counts_up_to_the_drop_and_from_zero_after_it() -> None:
    # 500 → 502, reset, 1.5 after half an hour, then 3.5: 2 + 1.5 + 2; half a kWh may be lost.
    found = over([(0, 500), (0.5, 502), (1, 1.5), (1.5, 3.5)], (0, 1.5))
    assert found.kwh.tolist() == pytest.approx([5.5])
    assert found.reset.tolist() == [True]
    assert not found.jump.any()


def test_another_register_is_no_energy_and_what_ran_meanwhile_is_told_by_both_sides() -> None:
    # 700 kWh half an hour after a reset would need 1.4 MW: another register. 4 kW on both sides, so 2 kWh.
    found = over([(0, 50_000), (0.5, 50_002), (1, 700), (1.5, 702)], (0, 1.5))
    assert found.kwh.tolist() == pytest.approx([6.0])
    assert found.reset.tolist() == [True]
    # With nothing on one side nobody knows.
    found = over([(0, 50_000), (0.5, 50_002), (1, 700)], (0, 1))
    assert found.kwh.tolist() == pytest.approx([2.0])
    assert found.known_s.tolist() == pytest.approx([1_800.0])
    assert found.jump.tolist() == [True]


def test_another_meter_that_has_counted_some_kwh_adds_none_of_them() -> None:
    # Unnoted swap: 2 kW before and after, the new meter comes with 12 kWh on it, of which 1 may have run.
    found = over([(0, 5_000), (0.5, 5_001), (1, 12.4), (1.5, 13.4)], (0, 1.5))
    assert found.kwh.tolist() == pytest.approx([3.0])
    assert found.known_s.tolist() == pytest.approx([5_400.0])
    assert found.reset.tolist() == [True]
    # Falling power: 10 kW before, 6 after, and 20 kWh on the new one (12 of them its own).
    found = over([(0, 1_165), (1, 1_175), (2, 20), (3, 26)], (0, 3))
    assert found.kwh.tolist() == pytest.approx([10 + 8 + 6])
    assert not found.jump.any()


def test_another_meter_near_zero_adds_what_the_hours_beside_it_used() -> None:
    # Unnoted swap at 12 kWh: 20 kW before and after, 30 stands there an hour later. 20 is likely.
    found = over([(0, 5_000), (1, 5_020), (2, 30), (3, 50)], (0, 3))
    assert found.kwh.tolist() == pytest.approx([60.0])
    assert found.known_s.tolist() == pytest.approx([10_800.0])
    assert found.reset.tolist() == [True]


def test_a_reset_inside_a_long_gap_is_not_guessed() -> None:
    found = over([(0, 500), (1, 502), (4, 3), (5, 5)], (0, 5))
    assert found.kwh.tolist() == pytest.approx([4.0])
    assert found.accounted_s.tolist() == pytest.approx([7_200.0])


def test_a_rollover_goes_on_from_zero() -> None:
    times = np.array([0, H], dtype=np.int64)
    steps = increments(times, np.array([99_995.0, 4.0]), 3_600)
    assert steps.kwh.tolist() == [9.0]  # 5 to the end of the display, 4 after it
    assert not steps.reset.any()


def test_a_rollover_in_a_silence_needs_not_look_like_the_night_before_it() -> None:
    # 1 kW by night; 100 hours of silence with school days in them, 900 kWh.
    found = over([(0, 999_500), (1, 999_501), (101, 401), (102, 402)], (0, 102))
    assert found.kwh.tolist() == pytest.approx([902.0])
    assert not found.reset.any()
    # Where the register stood far from its end it is a reset, and in a silence nobody knows.
    found = over([(0, 989_500), (1, 989_501), (101, 401), (102, 402)], (0, 102))
    assert found.kwh.tolist() == pytest.approx([2.0])
    assert found.reset.all()


def test_an_impossible_rise_is_unknown_and_a_megawatt_hour_step_is_not() -> None:
    times = np.array([0, H // 6], dtype=np.int64)
    assert increments(times, np.array([12.0, 48_211.0]), 3_600).known.tolist() == [False]
    assert increments(times, np.array([7_000.0, 8_000.0]), 3_600).kwh.tolist() == [1_000.0]
    assert increments(times, np.array([0.0, 800.0]), 3_600).known.tolist() == [False]


@pytest.mark.parametrize("glitch", [0.0, 5_000.0])
def test_one_foreign_value_between_two_good_ones_is_not_energy(glitch: float) -> None:
    times = np.array([0, H // 6, H // 3, H // 2], dtype=np.int64)
    good = good_points(times, np.array([100.0, glitch, 101.0, 102.0]))
    assert good.tolist() == [True, False, True, True]


def test_every_second_value_a_glitch() -> None:
    times = np.arange(7, dtype=np.int64) * H // 6
    good = good_points(times, np.array([100.0, 0, 101, 0, 102, 0, 103]))
    assert good.tolist() == [True, False, True, False, True, False, True]


@pytest.mark.parametrize(
    ("values", "wrong"),
    [
        ([429.55, 429.55, 0, 0, 429.55, 429.55], [2, 3]),  # solar cells by night
        ([9_169, 9_170, 0, 0, 0, 9_173, 9_174], [2, 3, 4]),  # and no rollover at 10 000
        ([500, 501, 7_501, 7_502, 502, 503], [2, 3]),
        ([500, 501, 0, 7_502, 502, 503], [2, 3]),
        # Zeros of a meter that adds to what it says: foreign, high, and always the same.
        ([36_103, 36_168, 952_254, 36_332, 952_254, 36_478, 36_548], [2, 4]),
        ([952_254, 36_019, 36_059, 952_254, 36_103, 36_150], [3]),  # the first cannot be judged
        ([36_019, 36_059, 952_254, 36_103, 952_254], [2]),  # nor the last
        ([84, 85, 0, 0, 86, 87, 0, 0, 88, 89], [2, 3, 6, 7]),  # one way back does not excuse the other
    ],
)
def test_several_foreign_values_in_a_row_are_not_energy(values: list[float], wrong: list[int]) -> None:
    times = np.arange(len(values), dtype=np.int64) * H // 4
    good = good_points(times, np.array(values, dtype=float))
    assert np.flatnonzero(~good).tolist() == wrong


def test_a_register_that_begins_anew_near_its_old_level_is_not_taken_for_a_glitch() -> None:
    # Reset at 3 kWh, 2 kW all the time: back above 3 after an hour and a half.
    times = np.arange(7, dtype=np.int64) * H // 2
    values = np.array([1.0, 2.0, 3.0, 0.5, 1.5, 2.5, 3.5])
    assert good_points(times, values).all()


def test_zeros_that_nothing_explains_are_neither_rollover_nor_energy() -> None:
    # The day ends with zeros: what came after is not here. 830 kWh to 10 000 nobody used in an hour.
    found = over([(0, 9_168), (1, 9_169), (2, 9_170), (3, 0), (4, 0)], (0, 4))
    assert found.kwh.tolist() == pytest.approx([2.0])
    # It begins with them: 9 173 was on the register before.
    found = over([(0, 0), (1, 0), (1.75, 429), (2, 429.5), (3, 431)], (0, 3))
    assert found.kwh.tolist() == pytest.approx([2.0])
    assert found.jump.tolist() == [True]


def test_a_true_reset_is_not_taken_for_a_glitch() -> None:
    times = np.array([0, H // 6, H // 3, H // 2], dtype=np.int64)
    assert good_points(times, np.array([100.0, 0.0, 1.0, 2.0])).all()


def test_rounding_backwards_is_neither_reset_nor_loss() -> None:
    times = np.arange(3, dtype=np.int64) * H // 6
    steps = increments(times, np.array([100.0, 99.96, 101.0]), 3_600)
    assert steps.kwh.sum() == pytest.approx(1.0)
    assert not steps.reset.any()


def test_pulses_and_transformers_come_in_through_the_unit() -> None:
    times = np.array([0, H], dtype=np.int64)
    starts, ends = np.array([0], dtype=np.int64), np.array([H], dtype=np.int64)
    found = energy_over(times, np.array([20_000.0, 26_000.0]), starts, ends, 3_600, kwh_per_unit=1 / 1_000)
    assert found.kwh.tolist() == pytest.approx([6.0])


def test_one_reading_is_no_energy() -> None:
    found = over([(0.5, 100)], (0, 1))
    assert found.known_s.tolist() == [0.0]
