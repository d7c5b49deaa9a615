from collections.abc import Callable
from datetime import date, datetime, timedelta
from itertools import islice, pairwise

import numpy as np
import pytest

from simulators.energy import Registers
from simulators.school import Town, TownDay


def test_registers_are_the_integral_of_power(week: list[TownDay]) -> None:
    """Each register against the sum of its power's minutes, and it goes on from day to day."""
    for name in Registers.__dataclass_fields__:
        if name == "volume_m3" or name.startswith("phase_"):
            continue
        drawn = sum(getattr(day.power, name.replace("_kwh", "_w")).sum(axis=0) for day in week) / 60e3
        first, last = getattr(week[0].registers, name), getattr(week[-1].registers, name)
        assert first[0].tolist() == [0, 0]
        assert last[-1] == pytest.approx(drawn, rel=1e-9)
        for before, after in pairwise(week):
            assert (getattr(before.registers, name)[-1] == getattr(after.registers, name)[0]).all()
            assert (np.diff(getattr(after.registers, name), axis=0) >= 0).all()


def test_parts_are_parts(week: list[TownDay]) -> None:
    for day in week:
        power = day.power
        arriving = power.radiator_w + power.coil_w + power.hot_water_w
        assert power.heat_w == pytest.approx(arriving + power.culvert_w)
        lamps_outside = power.use_w - (
            power.base_w + power.light_w + power.appliance_w + power.fan_w + power.kitchen_w
        )
        assert lamps_outside.min() > -1e-6
        assert power.import_w - power.export_w == pytest.approx(power.use_w - power.solar_w)
        assert power.phase_w.sum(axis=2) == pytest.approx(power.import_w - power.export_w, abs=1e-6)


def test_the_heat_meter_carries_what_it_counts(week: list[TownDay]) -> None:
    """Energy = volume x 1.16 kWh/m³K x (flow - return), at temperatures a network has."""
    for day in week:
        water = day.substation
        lift_k = water.flow_temperature_c - water.return_temperature_c
        assert 1000 * 1.16 * water.flow_m3_h * lift_k == pytest.approx(day.power.heat_w, rel=1e-9)
        assert water.flow_temperature_c.min() >= 65
        assert water.return_temperature_c.min() >= 25
        assert lift_k.min() > 0
    volume = sum(day.substation.flow_m3_h.sum(axis=0) for day in week) / 60
    assert week[-1].registers.volume_m3[-1] == pytest.approx(volume)


def test_the_shape_of_a_school_day(town: Town, week: list[TownDay]) -> None:
    monday = week[0]
    good, bad = (town.zone_index("almgarden", room) for room in ("1a", "4b"))
    occupied = (monday.people[:, good] > 15) & (monday.people[:, bad] > 15)
    assert occupied.sum() > 120
    co2 = monday.course.co2_ppm
    assert co2[:, bad].max() > 1300 > co2[:, good].max()
    assert co2[occupied, bad].mean() > co2[occupied, good].mean() + 200
    assert (co2[:240] < 480).all()  # the night is outdoor air
    # A sawtooth: at the first long break the level falls behind what it was at the end of the lesson.
    first_break = slice(8 * 60 + 2, 8 * 60 + 17)  # 09:02-09:17 local
    assert co2[first_break, good][-1] < co2[first_break, good][0] - 50
    saturday = week[5]
    assert saturday.people.sum() == 0
    assert saturday.power.import_w.mean() < 0.6 * monday.power.import_w.mean()


def test_setback_cools_nights_and_fans_stand_still(town: Town, week: list[TownDay]) -> None:
    tuesday = week[1]
    night, day = slice(0, 180), slice(8 * 60, 13 * 60)
    assert tuesday.power.fan_w[night].max() == 0
    assert tuesday.power.fan_w[day].min() > 0
    first = town.schools[0].zones
    assert tuesday.course.air_c[night, first].mean() < tuesday.course.air_c[day, first].mean()
    assert tuesday.course.air_c[day].min() > 18
    assert tuesday.course.air_c[day].max() < 26


def test_a_town_is_a_function_of_its_seed(make_town: Callable[..., Town]) -> None:
    def first_day(seed: int) -> TownDay:
        return next(make_town(seed=seed).days())

    one, again, other = first_day(1), first_day(1), first_day(2)
    assert (one.course.co2_ppm == again.course.co2_ppm).all()
    assert (one.registers.heat_kwh == again.registers.heat_kwh).all()
    assert not np.allclose(one.weather.temperature_c, other.weather.temperature_c)
    assert not np.allclose(one.people, other.people)


def test_a_school_does_not_change_with_its_neighbours(
    make_town: Callable[..., Town], week: list[TownDay]
) -> None:
    alone = next(make_town(schools=1).days())
    zones = alone.people.shape[1]
    assert (week[0].course.air_c[:, :zones] == alone.course.air_c).all()
    assert (week[0].power.import_w[:, 0] == alone.power.import_w[:, 0]).all()


@pytest.mark.parametrize("change", [date(2025, 10, 26), date(2026, 3, 29)])
def test_lessons_keep_local_time_across_the_change_of_clocks(
    make_town: Callable[..., Town], change: date
) -> None:
    before = change - timedelta(days=2)  # a Friday
    town = make_town(before)
    friday, monday = (day for day in islice(town.days(), 4) if day.start.weekday() in (4, 0))
    zone = town.zone_index("almgarden", "4b")

    def first_person(day: TownDay) -> datetime:
        minute = int(np.argmax(day.people[:, zone] > 5))
        return (day.start + timedelta(minutes=minute)).astimezone(town.site.zone)

    assert first_person(friday).hour == first_person(monday).hour == 8
