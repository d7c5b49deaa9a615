"""A school's day from its meter tree; registers at 6 kW, so 1 kWh every 10 minutes and 144 kWh a day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from metered_day import DAY, DAYS, EL, HOURS, M1, MIDNIGHT, Compute, MakeRegister, Rolled, around, hours, pick

from analytics.energy import school_day
from analytics.points import register_series
from classroom.metric import Scope, Status
from classroom.places import Device


def test_a_whole_day(compute: Compute, make_register: MakeRegister) -> None:
    metrics = compute(around(make_register))
    day = pick(metrics)
    assert day.value == pytest.approx(144)
    assert (day.coverage, day.status, day.reason) == (1.0, Status.OK, None)
    assert (day.time, day.period_end, day.unit) == (MIDNIGHT, MIDNIGHT + DAYS, "kWh")
    assert hours(metrics) == pytest.approx([6.0] * 24)
    left_out = pick(metrics, name="energy_unresolved_kwh")
    assert (left_out.value, left_out.coverage, left_out.status) == (0.0, 1.0, Status.OK)
    assert pick(metrics, Scope.SCHOOL).value == pytest.approx(144)


def test_a_day_of_a_display_of_whole_kwh_is_known_to_a_kwh(
    compute: Compute, make_register: MakeRegister
) -> None:
    day = pick(compute(around(make_register, first=1_000)))
    assert day.value == pytest.approx(144)
    assert (day.status, day.reason, day.coverage) == (Status.ESTIMATED, "resolution", 1.0)
    assert (day.low, day.high) == pytest.approx((143, 145))  # 0.7 %
    # Four times as much: a kWh is 0.17 % of it.
    day = pick(compute(around(make_register, first=1_000, kw=24)))
    assert (day.value, day.status, day.low, day.high) == (pytest.approx(576), Status.OK, None, None)
    # 14.4 kWh in steps of 0.1: nobody asks for more.
    day = pick(compute(around(make_register, first=1_000, kw=0.6)))
    assert (day.value, day.status) == (pytest.approx(14.4), Status.OK)


def test_a_day_whose_midnight_lies_between_readings_of_different_power_has_bounds(
    compute: Compute, make_register: MakeRegister
) -> None:
    # Read at half past. 6 kW, but 30 kWh from 23:30 to 00:30: 24 kWh more than that, at any time in the hour.
    half, hour = timedelta(minutes=30), 3_600
    before = make_register("m1", "energy_kwh", MIDNIGHT - 5 * HOURS - half, 6, step_s=hour)
    after = make_register("m1", "energy_kwh", MIDNIGHT + half, 25, first=1_060.037, step_s=hour)
    day = pick(compute([*before, *after], interval_s=hour))
    # 15 of the 30 kWh, 23 hours at 6 kW, 3 kWh; the 24 may be all before midnight or all after it.
    assert day.value == pytest.approx(15 + 23 * 6 + 3)
    assert (day.status, day.reason) == (Status.ESTIMATED, "resolution")
    assert (day.low, day.high) == pytest.approx((day.value - 12, day.value + 12), abs=0.01)


def test_two_hours_without_readings_are_null_and_the_day_keeps_the_difference(
    compute: Compute, make_register: MakeRegister
) -> None:
    gap = (MIDNIGHT + 10 * HOURS, MIDNIGHT + 12 * HOURS)
    metrics = compute([r for r in around(make_register) if not gap[0] <= r.time < gap[1]])
    day = pick(metrics)
    assert day.value == pytest.approx(144)
    assert day.coverage == pytest.approx(22 / 24)
    assert (day.status, day.reason) == (Status.PARTIAL, "gap")
    by_hour = hours(metrics)
    assert by_hour[10:12] == [None, None]
    # 10:00 is reached from the reading at 9:50 only across the gap: hour 9 knows 50 of its 60 minutes.
    assert by_hour[9] == pytest.approx(5.0)
    assert by_hour[:9] + by_hour[12:] == pytest.approx([6.0] * 21)


def test_a_gap_over_midnight_belongs_to_neither_day_but_to_both_together(
    compute: Compute, make_register: MakeRegister
) -> None:
    readings = make_register("m1", "energy_kwh", MIDNIGHT - HOURS, 50)
    gap = (MIDNIGHT + 22 * HOURS, MIDNIGHT + 28 * HOURS)
    readings = [r for r in readings if not gap[0] <= r.time < gap[1]]
    first, second = compute(readings), compute(readings, day=DAY + DAYS)
    # Known until 21:50 (131 kWh) and from 04:00 (120 kWh); 37 kWh between.
    assert pick(first).value == pytest.approx(131)
    assert (pick(first).low, pick(first).high) == (pytest.approx(131), pytest.approx(168))
    assert pick(first).coverage == pytest.approx(22 / 24)
    assert pick(second).value == pytest.approx(120)
    assert pick(second).coverage == pytest.approx(20 / 24)
    carried = pick(first, name="energy_unresolved_kwh")
    assert carried.value == pytest.approx(37)
    assert (carried.time, carried.period_end) == (MIDNIGHT, MIDNIGHT + 2 * DAYS)
    assert pick(second, name="energy_unresolved_kwh").value == pytest.approx(0)
    assert 131 + 120 + 37 == 2 * 144


def test_a_silent_day_is_null_and_its_energy_is_known_as_a_sum(
    compute: Compute, make_register: MakeRegister
) -> None:
    readings = make_register("m1", "energy_kwh", MIDNIGHT - DAYS, 72)
    readings = [r for r in readings if not MIDNIGHT <= r.time < MIDNIGHT + DAYS]
    silent = pick(compute(readings))
    assert (silent.value, silent.coverage, silent.status) == (None, 0.0, Status.NO_DATA)
    before = pick(compute(readings, day=DAY - DAYS), name="energy_unresolved_kwh")
    assert before.value == pytest.approx(145)  # 23:50 of the day before to 00:00 of the day after
    assert before.period_end == MIDNIGHT + DAYS


def test_a_few_readings_say_nothing_of_a_day_but_are_not_lost(
    compute: Compute, make_register: MakeRegister
) -> None:
    metrics = compute(make_register("m1", "energy_kwh", MIDNIGHT + 2 * HOURS, 8))
    day, carried = pick(metrics), pick(metrics, name="energy_unresolved_kwh")
    assert (day.value, day.status) == (None, Status.INSUFFICIENT)
    assert day.coverage == pytest.approx(8 / 24)
    assert carried.value == pytest.approx(47)  # 2:00 to 9:50
    assert carried.status is Status.PARTIAL


def test_days_of_23_and_25_hours(
    compute: Compute, make_register: MakeRegister, at: Callable[[str], datetime]
) -> None:
    for text, length in (("2026-03-29 00:00", 23), ("2026-10-25 00:00", 25)):
        start = at(text)
        readings = make_register("m1", "energy_kwh", start - HOURS, length + 2)
        metrics = compute(readings, day=date.fromisoformat(text[:10]), now=start + 9 * DAYS)
        assert pick(metrics).value == pytest.approx(6 * length)
        assert (pick(metrics).coverage, pick(metrics).status) == (1.0, Status.OK)
        assert hours(metrics) == pytest.approx([6.0] * length)
        assert pick(metrics).period_end - start == length * HOURS


def test_a_running_day_says_what_it_has_so_far(compute: Compute, make_register: MakeRegister) -> None:
    now = MIDNIGHT + timedelta(hours=8, minutes=30)
    readings = [r for r in around(make_register) if r.time <= now]
    metrics = compute(readings, now=now)
    day = pick(metrics)
    assert day.value == pytest.approx(51)
    assert (day.coverage, day.status, day.reason) == (1.0, Status.PRELIMINARY, "running")
    assert day.period_end == MIDNIGHT + DAYS
    assert hours(metrics) == pytest.approx([6.0] * 8 + [3.0])
    assert compute(readings, now=MIDNIGHT - HOURS) == []


def test_a_reset_in_the_day_is_estimated_and_named(compute: Compute, make_register: MakeRegister) -> None:
    # 23:00-11:50 from 1000 (77 kWh up to the drop, 71 of them in the day), then from 0.5 at 12:00.
    before = make_register("m1", "energy_kwh", MIDNIGHT - HOURS, 13)
    after = make_register("m1", "energy_kwh", MIDNIGHT + 12 * HOURS, 13, first=0.5)
    day = pick(compute([*before, *after]))
    assert day.value == pytest.approx(71 + 0.5 + 72)
    assert (day.status, day.reason) == (Status.ESTIMATED, "register_reset")


def test_one_message_of_zero_changes_nothing(compute: Compute, make_register: MakeRegister) -> None:
    readings = around(make_register)
    readings[50] = readings[50]._replace(value=0.0)
    assert pick(compute(readings)).value == pytest.approx(144)


def test_a_swapped_meter_by_placements(compute: Compute, make_register: MakeRegister) -> None:
    swap = MIDNIGHT + timedelta(hours=12, minutes=35)
    old = make_register(
        "m1", "energy_kwh", MIDNIGHT - HOURS, 40, first=90_000.037
    )  # goes on in another school
    new = make_register("m2", "energy_kwh", MIDNIGHT + timedelta(hours=12, minutes=40), 13, first=7.037)
    devices = [
        Device(key="m1", school="berga", meter="el", valid_to=swap),
        Device(key="m2", school="berga", meter="el", valid_from=swap),
    ]
    day = pick(compute([*old, *new], devices=devices))
    # 00:00-12:30 is 75 kWh, 12:40-24:00 is 68; the ten minutes between are lost, and the figure says so.
    assert day.value == pytest.approx(143)
    assert (day.status, day.reason) == (Status.ESTIMATED, "meter_swap")
    assert day.coverage == pytest.approx(
        1 - 5 / 1440
    )  # 35 minutes of the old one's hour, 20 of the new one's


def test_two_devices_at_one_meter_are_not_added(compute: Compute, make_register: MakeRegister) -> None:
    both = [*around(make_register), *around(make_register, "m2")]
    devices = [M1, Device(key="m2", school="berga", meter="el")]
    assert pick(compute(both, devices=devices)).value == pytest.approx(144)


def test_a_meter_that_ends_within_the_day(compute: Compute, make_register: MakeRegister) -> None:
    meter = EL.model_copy(update={"valid_to": MIDNIGHT + 6 * HOURS})
    metrics = compute(around(make_register), [meter])
    assert pick(metrics).value == pytest.approx(35)  # the last reading before the end is at 5:50
    assert pick(metrics).coverage == pytest.approx(1.0)
    assert len(hours(metrics)) == 6
    assert pick(metrics).status is Status.ESTIMATED


def test_a_meter_read_once_an_hour_has_hours_and_one_read_once_a_day_has_days(
    compute: Compute, make_register: MakeRegister
) -> None:
    hourly = make_register("m1", "energy_kwh", MIDNIGHT - timedelta(hours=2, minutes=-7), 28, step_s=3600)
    device = M1.model_copy(update={"interval_s": 3600})
    metrics = compute(hourly, devices=[device], interval_s=3600)
    assert pick(metrics).value == pytest.approx(144)
    assert hours(metrics) == pytest.approx([6.0] * 24)
    daily = make_register("m1", "energy_kwh", MIDNIGHT - 21 * HOURS, 96, step_s=86_400)
    device = M1.model_copy(update={"interval_s": 86_400})
    metrics = compute(daily, devices=[device], interval_s=86_400)
    assert pick(metrics).value == pytest.approx(144)
    assert pick(metrics).status is Status.OK
    assert hours(metrics) == [None] * 24


def test_raw_readings_that_are_gone_leave_first_and_last(
    rolled: Rolled, make_register: MakeRegister, zone: ZoneInfo
) -> None:
    readings = around(make_register)
    readings[50] = readings[50]._replace(value=0.0)
    computed, raw = rolled(readings)
    series = register_series(computed, raw.iloc[:0], np.array([], dtype=np.int64))
    metrics = school_day([EL], [M1], series, DAY, zone, MIDNIGHT + 9 * DAYS, "")
    assert pick(metrics).value == pytest.approx(144)
