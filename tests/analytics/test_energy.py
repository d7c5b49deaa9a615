"""A school's day from its meter tree; registers at 6 kW, so 1 kWh every 10 minutes and 144 kWh a day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest

from analytics.energy import school_day, to_us
from analytics.points import register_series
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import Device, Meter, MeterRole
from classroom.quantity import Carrier
from classroom.reading import Reading

DAY = date(2026, 3, 3)
MIDNIGHT = datetime(2026, 3, 2, 23, tzinfo=UTC)  # 00:00 in Stockholm
DAYS = timedelta(days=1)
HOURS = timedelta(hours=1)

Rolled = Callable[..., tuple[pd.DataFrame, pd.DataFrame]]
MakeRegister = Callable[..., list[Reading]]

EL = Meter(school="berga", key="el", name="El", carrier=Carrier.ELECTRICITY)
M1 = Device(key="m1", school="berga", meter="el")


@pytest.fixture
def compute(rolled: Rolled, zone: ZoneInfo) -> Callable[..., list[Metric]]:
    def run(
        readings: Sequence[Reading],
        meters: Sequence[Meter] = (EL,),
        devices: Sequence[Device] = (M1,),
        *,
        day: date = DAY,
        now: datetime = MIDNIGHT + 20 * DAYS,
        interval_s: int = 600,
    ) -> list[Metric]:
        rows = [*meters, *devices]
        cuts = {to_us(t) for row in rows for t in (row.valid_from, row.valid_to) if t is not None}
        series = register_series(*rolled(readings, interval_s), np.array(sorted(cuts), dtype=np.int64))
        return school_day(meters, devices, series, day, zone, now, "f" * 16)

    return run


def pick(
    metrics: Sequence[Metric],
    scope: Scope = Scope.METER,
    name: str = "energy_kwh",
    key: str | None = None,
    carrier: Carrier = Carrier.ELECTRICITY,
) -> Metric:
    (found,) = (
        m
        for m in metrics
        if (m.scope, m.metric, m.interval, m.carrier) == (scope, name, Interval.DAY, carrier)
        and key in (None, m.id)
    )
    return found


def hours(metrics: Sequence[Metric], scope: Scope = Scope.METER) -> list[float | None]:
    return [m.value for m in metrics if m.interval is Interval.HOUR and m.scope is scope]


def around(
    make: MakeRegister, device: str = "m1", quantity: str = "energy_kwh", **more: float
) -> list[Reading]:
    """Readings from an hour before the day to an hour after it."""
    return make(device, quantity, MIDNIGHT - HOURS, 26, **more)


def test_a_whole_day(compute: Callable[..., list[Metric]], make_register: MakeRegister) -> None:
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
    compute: Callable[..., list[Metric]], make_register: MakeRegister
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
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    # Read at half past. 6 kW, but 30 kWh from 23:30 to 00:30: a peak of up to 54 kW for half of that hour.
    half, hour = timedelta(minutes=30), 3_600
    before = make_register("m1", "energy_kwh", MIDNIGHT - 5 * HOURS - half, 6, step_s=hour)
    after = make_register("m1", "energy_kwh", MIDNIGHT + half, 25, first=1_060.037, step_s=hour)
    day = pick(compute([*before, *after], interval_s=hour))
    # 15 of the 30 kWh, 23.5 hours at 6 kW; the peak may be all before midnight or all after it.
    assert day.value == pytest.approx(15 + 23 * 6 + 3)
    assert (day.status, day.reason) == (Status.ESTIMATED, "resolution")
    assert (day.low, day.high) == pytest.approx((day.value - 12, day.value + 12), abs=0.01)


def test_two_hours_without_readings_are_null_and_the_day_keeps_the_difference(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
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
    compute: Callable[..., list[Metric]], make_register: MakeRegister
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
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    readings = make_register("m1", "energy_kwh", MIDNIGHT - DAYS, 72)
    readings = [r for r in readings if not MIDNIGHT <= r.time < MIDNIGHT + DAYS]
    silent = pick(compute(readings))
    assert (silent.value, silent.coverage, silent.status) == (None, 0.0, Status.NO_DATA)
    before = pick(compute(readings, day=DAY - DAYS), name="energy_unresolved_kwh")
    assert before.value == pytest.approx(145)  # 23:50 of the day before to 00:00 of the day after
    assert before.period_end == MIDNIGHT + DAYS


def test_a_few_readings_say_nothing_of_a_day_but_are_not_lost(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    metrics = compute(make_register("m1", "energy_kwh", MIDNIGHT + 2 * HOURS, 8))
    day, carried = pick(metrics), pick(metrics, name="energy_unresolved_kwh")
    assert (day.value, day.status) == (None, Status.INSUFFICIENT)
    assert day.coverage == pytest.approx(8 / 24)
    assert carried.value == pytest.approx(47)  # 2:00 to 9:50
    assert carried.status is Status.PARTIAL


def test_days_of_23_and_25_hours(
    compute: Callable[..., list[Metric]], make_register: MakeRegister, at: Callable[[str], datetime]
) -> None:
    for text, length in (("2026-03-29 00:00", 23), ("2026-10-25 00:00", 25)):
        start = at(text)
        readings = make_register("m1", "energy_kwh", start - HOURS, length + 2)
        metrics = compute(readings, day=date.fromisoformat(text[:10]), now=start + 9 * DAYS)
        assert pick(metrics).value == pytest.approx(6 * length)
        assert (pick(metrics).coverage, pick(metrics).status) == (1.0, Status.OK)
        assert hours(metrics) == pytest.approx([6.0] * length)
        assert pick(metrics).period_end - start == length * HOURS


def test_a_running_day_says_what_it_has_so_far(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    now = MIDNIGHT + timedelta(hours=8, minutes=30)
    readings = [r for r in around(make_register) if r.time <= now]
    metrics = compute(readings, now=now)
    day = pick(metrics)
    assert day.value == pytest.approx(51)
    assert (day.coverage, day.status, day.reason) == (1.0, Status.PRELIMINARY, "running")
    assert day.period_end == MIDNIGHT + DAYS
    assert hours(metrics) == pytest.approx([6.0] * 8 + [3.0])
    assert compute(readings, now=MIDNIGHT - HOURS) == []


def test_a_reset_in_the_day_is_estimated_and_named(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    # 23:00-11:50 from 1000 (77 kWh up to the drop, 71 of them in the day), then from 0.5 at 12:00.
    before = make_register("m1", "energy_kwh", MIDNIGHT - HOURS, 13)
    after = make_register("m1", "energy_kwh", MIDNIGHT + 12 * HOURS, 13, first=0.5)
    day = pick(compute([*before, *after]))
    assert day.value == pytest.approx(71 + 0.5 + 72)
    assert (day.status, day.reason) == (Status.ESTIMATED, "register_reset")


def test_one_message_of_zero_changes_nothing(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    readings = around(make_register)
    readings[50] = readings[50]._replace(value=0.0)
    assert pick(compute(readings)).value == pytest.approx(144)


def test_a_swapped_meter_by_placements(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
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


def test_two_devices_at_one_meter_are_not_added(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    both = [*around(make_register), *around(make_register, "m2")]
    devices = [M1, Device(key="m2", school="berga", meter="el")]
    assert pick(compute(both, devices=devices)).value == pytest.approx(144)


def test_tariffs_are_added_and_a_total_is_preferred(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    t1 = around(make_register, quantity="energy_import_t1_kwh", kw=4.5)
    t2 = around(make_register, quantity="energy_import_t2_kwh", kw=1.5)
    assert pick(compute([*t1, *t2])).value == pytest.approx(144)
    assert pick(compute([*t1, *t2, *around(make_register)])).value == pytest.approx(144)
    assert pick(compute(t1)).value is None  # one tariff alone is not the meter


def test_phases_are_added_all_three_or_none_and_a_total_is_preferred(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    two = [r for n in (1, 2) for r in around(make_register, quantity=f"energy_l{n}_kwh", kw=1.5)]
    third = around(make_register, quantity="energy_l3_kwh", kw=3)
    total = around(make_register)
    assert pick(compute([*two, *third])).value == pytest.approx(144)  # 36 + 36 + 72
    assert pick(compute([*two, *third, *total])).value == pytest.approx(144)
    assert pick(compute([*two, *total])).value == pytest.approx(144)  # never 144 + 72
    assert pick(compute(two)).value is None


def test_tariffs_phases_and_a_total_at_once_are_one_energy(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    kw = {"energy_kwh": 6, "energy_import_t1_kwh": 4.5, "energy_import_t2_kwh": 1.5}
    kw |= {"energy_l1_kwh": 2, "energy_l2_kwh": 2, "energy_l3_kwh": 2}
    metrics = compute(
        [r for name, power in kw.items() for r in around(make_register, quantity=name, kw=power)]
    )
    assert pick(metrics).value == pick(metrics, Scope.SCHOOL).value == pytest.approx(144)
    assert hours(metrics) == pytest.approx([6.0] * 24)


def test_a_total_that_is_told_for_an_hour_does_not_hide_the_tariffs(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    t1 = around(make_register, quantity="energy_import_t1_kwh", kw=4.5)
    t2 = around(make_register, quantity="energy_import_t2_kwh", kw=1.5)
    total = make_register("m1", "energy_kwh", MIDNIGHT + 23 * HOURS, 2)
    day = pick(compute([*t1, *t2, *total]))
    assert (day.value, day.status) == (pytest.approx(144), Status.OK)


def test_a_shared_building_is_parted_between_its_schools(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    parts = []
    for school, share in (("berga", 0.4), ("norra", 0.6)):
        meter = Meter(school=school, key="hall", name="Hall", carrier=Carrier.ELECTRICITY, share=share)
        device = Device(key="m1", school=school, meter="hall")
        metrics = compute(around(make_register), [meter], [device])
        assert pick(metrics, key="hall").value == pytest.approx(144)  # the meter itself is whole
        parts.append(pick(metrics, Scope.SCHOOL).value)
        by_hour = hours(metrics, Scope.SCHOOL)
        assert by_hour == pytest.approx([6 * share] * 24)
    assert parts == pytest.approx([57.6, 86.4])  # together the meter's 144


def test_export_is_netted_nowhere(compute: Callable[..., list[Metric]], make_register: MakeRegister) -> None:
    sub = Meter(
        school="berga", key="kok", name="Kök", carrier=Carrier.ELECTRICITY, role=MeterRole.SUB, parent="el"
    )
    sun = Meter(school="berga", key="sol", name="Sol", carrier=Carrier.SOLAR, role=MeterRole.PRODUCTION)
    devices = [M1, *(Device(key=f"d-{m.key}", school="berga", meter=m.key) for m in (sub, sun))]
    readings = [
        *around(make_register),
        *around(make_register, quantity="energy_export_t1_kwh", kw=2),
        *around(make_register, quantity="energy_export_t2_kwh", kw=1),
        *around(make_register, "d-kok", kw=4),
        *around(make_register, "d-sol", "solar_kwh", kw=5),
    ]
    metrics = compute(readings, [EL, sub, sun], devices)
    assert pick(metrics, Scope.SCHOOL).value == pytest.approx(144)  # bought, whatever was sold or made
    assert pick(metrics, Scope.SCHOOL, "exported_kwh").value == pytest.approx(72)
    assert pick(metrics, Scope.SCHOOL, "produced_kwh", carrier=Carrier.SOLAR).value == pytest.approx(120)
    assert [m.id for m in metrics if m.scope is Scope.SCHOOL and m.metric == "energy_kwh"] == ["berga"] * 25


def test_a_pulse_meter_behind_a_transformer(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    # 300 pulses a kWh behind a factor of 2: 900 pulses an hour are 3 × 2 = 6 kWh.
    device = Device(key="m1", school="berga", meter="el", pulses_per_kwh=300, scale=2)
    readings = around(make_register, quantity="pulse_count", kw=900)
    assert pick(compute(readings, devices=[device])).value == pytest.approx(144)


def test_the_school_is_its_main_meters_by_share_and_never_a_sub_meter(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    meters = [
        EL,
        Meter(school="berga", key="hall", name="Sporthall", carrier=Carrier.ELECTRICITY, share=0.25),
        Meter(
            school="berga",
            key="kitchen",
            name="Kök",
            carrier=Carrier.ELECTRICITY,
            role=MeterRole.SUB,
            parent="el",
        ),
        Meter(school="berga", key="sun", name="Sol", carrier=Carrier.SOLAR, role=MeterRole.PRODUCTION),
        Meter(school="berga", key="out", name="Ut", carrier=Carrier.ELECTRICITY, role=MeterRole.EXPORT),
    ]
    devices = [Device(key=f"d-{m.key}", school="berga", meter=m.key) for m in meters]
    readings = [
        *around(make_register, "d-el"),
        *around(make_register, "d-el", "energy_export_kwh", kw=0.5),
        *around(make_register, "d-hall", kw=12),
        *around(make_register, "d-kitchen", kw=3),
        *around(make_register, "d-sun", "solar_kwh", kw=2),
        *around(make_register, "d-out", "energy_export_kwh", kw=1),
    ]
    metrics = compute(readings, meters, devices)
    assert pick(metrics, key="hall").value == pytest.approx(288)
    assert pick(metrics, key="kitchen").value == pytest.approx(72)
    assert pick(metrics, name="exported_kwh", key="el").value == pytest.approx(12)
    assert pick(metrics, Scope.SCHOOL).value == pytest.approx(144 + 288 / 4)
    assert pick(metrics, Scope.SCHOOL, "exported_kwh").value == pytest.approx(24)  # the export meter's own
    assert pick(metrics, Scope.SCHOOL, "produced_kwh", carrier=Carrier.SOLAR).value == pytest.approx(48)


def test_a_silent_main_meter_silences_the_school_but_nothing_is_lost(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    meters = [EL, Meter(school="berga", key="gym", name="Gympa", carrier=Carrier.ELECTRICITY)]
    devices = [M1, Device(key="m2", school="berga", meter="gym")]
    metrics = compute(around(make_register), meters, devices)
    school = pick(metrics, Scope.SCHOOL)
    assert school.value is None
    assert school.status is Status.INSUFFICIENT
    assert (school.reason or "").startswith("meter_missing:gym")
    assert school.coverage == pytest.approx(0.5)
    carried = pick(metrics, Scope.SCHOOL, "energy_unresolved_kwh")
    assert carried.value is None  # the gym's part is not known at all, so no sum is offered
    assert pick(metrics, key="el").value == pytest.approx(144)


def test_a_meter_that_ends_within_the_day(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
) -> None:
    meter = EL.model_copy(update={"valid_to": MIDNIGHT + 6 * HOURS})
    metrics = compute(around(make_register), [meter])
    assert pick(metrics).value == pytest.approx(35)  # the last reading before the end is at 5:50
    assert pick(metrics).coverage == pytest.approx(1.0)
    assert len(hours(metrics)) == 6
    assert pick(metrics).status is Status.ESTIMATED


def test_a_meter_read_once_an_hour_has_hours_and_one_read_once_a_day_has_days(
    compute: Callable[..., list[Metric]], make_register: MakeRegister
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
