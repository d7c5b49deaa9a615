"""Tariffs, phases, shares, sub-meters, export: one energy of a school; registers at 6 kW, 144 kWh a day."""

from __future__ import annotations

import pytest
from metered_day import EL, HOURS, M1, MIDNIGHT, Compute, MakeRegister, around, hours, pick

from classroom.metric import Scope, Status
from classroom.places import Device, Meter, MeterRole
from classroom.quantity import Carrier


def test_tariffs_are_added_and_a_total_is_preferred(compute: Compute, make_register: MakeRegister) -> None:
    t1 = around(make_register, quantity="energy_import_t1_kwh", kw=4.5)
    t2 = around(make_register, quantity="energy_import_t2_kwh", kw=1.5)
    assert pick(compute([*t1, *t2])).value == pytest.approx(144)
    assert pick(compute([*t1, *t2, *around(make_register)])).value == pytest.approx(144)
    assert pick(compute(t1)).value is None  # one tariff alone is not the meter


def test_phases_are_added_all_three_or_none_and_a_total_is_preferred(
    compute: Compute, make_register: MakeRegister
) -> None:
    two = [r for n in (1, 2) for r in around(make_register, quantity=f"energy_l{n}_kwh", kw=1.5)]
    third = around(make_register, quantity="energy_l3_kwh", kw=3)
    total = around(make_register)
    assert pick(compute([*two, *third])).value == pytest.approx(144)  # 36 + 36 + 72
    assert pick(compute([*two, *third, *total])).value == pytest.approx(144)
    assert pick(compute([*two, *total])).value == pytest.approx(144)  # never 144 + 72
    assert pick(compute(two)).value is None


def test_tariffs_phases_and_a_total_at_once_are_one_energy(
    compute: Compute, make_register: MakeRegister
) -> None:
    kw = {"energy_kwh": 6, "energy_import_t1_kwh": 4.5, "energy_import_t2_kwh": 1.5}
    kw |= {"energy_l1_kwh": 2, "energy_l2_kwh": 2, "energy_l3_kwh": 2}
    metrics = compute(
        [r for name, power in kw.items() for r in around(make_register, quantity=name, kw=power)]
    )
    assert pick(metrics).value == pick(metrics, Scope.SCHOOL).value == pytest.approx(144)
    assert hours(metrics) == pytest.approx([6.0] * 24)


def test_a_total_that_is_told_for_an_hour_does_not_hide_the_tariffs(
    compute: Compute, make_register: MakeRegister
) -> None:
    t1 = around(make_register, quantity="energy_import_t1_kwh", kw=4.5)
    t2 = around(make_register, quantity="energy_import_t2_kwh", kw=1.5)
    total = make_register("m1", "energy_kwh", MIDNIGHT + 23 * HOURS, 2)
    day = pick(compute([*t1, *t2, *total]))
    assert (day.value, day.status) == (pytest.approx(144), Status.OK)


def test_a_shared_building_is_parted_between_its_schools(
    compute: Compute, make_register: MakeRegister
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


def test_export_is_netted_nowhere(compute: Compute, make_register: MakeRegister) -> None:
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


def test_a_pulse_meter_behind_a_transformer(compute: Compute, make_register: MakeRegister) -> None:
    # 300 pulses a kWh behind a factor of 2: 900 pulses an hour are 3 × 2 = 6 kWh.
    device = Device(key="m1", school="berga", meter="el", pulses_per_kwh=300, scale=2)
    readings = around(make_register, quantity="pulse_count", kw=900)
    assert pick(compute(readings, devices=[device])).value == pytest.approx(144)


def test_the_school_is_its_main_meters_by_share_and_never_a_sub_meter(
    compute: Compute, make_register: MakeRegister
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
    compute: Compute, make_register: MakeRegister
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
