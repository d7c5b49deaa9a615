from itertools import pairwise

import numpy as np
import pytest

from balances import co2_balance, heat_balance
from classroom.places import AgeGroup, Ventilation
from simulators.physics import co2_generation_m3_s, relax
from simulators.place import lagged
from simulators.school import Town, TownDay


def test_relax_is_the_solution_of_the_equation() -> None:
    start = np.array([1000.0])
    equilibrium = np.full((5, 1), 430.0)
    rate = np.full((5, 1), 0.075)  # 4.5 air changes per hour, a minute a step
    ends, means = relax(start, equilibrium, rate)
    steps = np.arange(1, 6)
    assert ends[:, 0] == pytest.approx(430 + 570 * np.exp(-0.075 * steps), rel=1e-12)
    fine = 430 + 570 * np.exp(-0.075 * np.linspace(0, 1, 100_001))
    assert means[0, 0] == pytest.approx(np.trapezoid(fine, dx=1e-5), rel=1e-9)


@pytest.mark.parametrize(
    ("group", "low", "high"), [(AgeGroup.AGE_6_10, 408, 475), (AgeGroup.AGE_11_15, 534, 621)]
)
def test_a_compliant_class_ends_where_the_facts_say(group: AgeGroup, low: float, high: float) -> None:
    """25 pupils and a teacher at 203 L/s (7 L/s a person and 0.35 L/s m² of 60 m²): climate.md, section 6."""
    generated = 25 * co2_generation_m3_s(group) + co2_generation_m3_s(AgeGroup.ADULT)
    assert low <= 1e6 * generated / 0.203 <= high


def test_co2_is_neither_made_nor_lost(town: Town, week: list[TownDay]) -> None:
    for day in week[:5]:
        schools, zones = co2_balance(town, day)
        assert np.abs(schools).max() < 1e-3
        assert zones.size >= 10
        assert np.abs(zones).max() < 1e-3


def test_heat_is_neither_made_nor_lost(town: Town, week: list[TownDay]) -> None:
    for day in week:
        assert np.abs(heat_balance(town, day)).max() < 1e-9


def test_doors_move_and_make_nothing(town: Town, week: list[TownDay]) -> None:
    moved = 0.0
    for day in week[:2]:
        for school in town.schools:
            for through in (day.course.door_w, day.course.door_co2_m3_s * 1e6):
                assert np.abs(through[:, school.zones].sum(axis=1)).max() < 1e-6
                moved = max(moved, np.abs(through).max())
    assert moved > 1


def test_losses_follow_from_temperatures_and_flows(town: Town, week: list[TownDay]) -> None:
    """The loss that closes the balance is the one that the walls and the air really carry."""
    zones, day = town.zones, week[0]
    course, outdoor = day.course, day.weather.temperature_c[:, None]
    plain = zones.recovery == 0  # no recovery: all air leaves at room temperature and comes at outdoor's
    air_w = (1206 * course.flow_m3_s + zones.air_out_w_k) * (course.air_mean_c - outdoor)
    mass_w = zones.mass_out_w_k * (course.mass_c - outdoor)
    expected = (air_w + mass_w).sum(axis=0)[plain]
    assert plain.sum() >= 3
    assert course.loss_w.sum(axis=0)[plain] == pytest.approx(expected, rel=2e-3)


def test_the_sensor_is_late_and_not_the_mean(town: Town, week: list[TownDay]) -> None:
    """The spot of 4b follows a step of the room by its own lag and scale, and is there at every border."""
    tuesday = week[1]
    assert tuesday.place.co2_ppm.shape == (1441, town.zones.volume_m3.size)
    for before, after in pairwise(week):
        assert (before.place.co2_ppm[-1] == after.place.co2_ppm[0]).all()
    start, lag = np.array([430.0]), np.array([4.0])
    response = lagged(start, np.full((20, 1), 1430.0), lag)[:, 0]
    assert response == pytest.approx(1430 - 1000 * np.exp(-np.arange(21) / 4), rel=1e-12)
    zone = town.zone_index("almgarden", "4b")
    room, spot = tuesday.course.co2_ppm[:, zone], tuesday.place.co2_ppm[1:, zone]
    assert 1 < np.abs(spot - room).mean() < 60


def test_the_evening_decay_gives_back_the_air_change(town: Town, week: list[TownDay]) -> None:
    """Tracer decay (ASTM E741) in the emptied room without fans: minus the slope of ln(C - outdoor)."""
    zone = town.zone_index("almgarden", "8c")
    room = town.schools[0].rooms[zone]
    assert room.ventilation is Ventilation.S
    day, first = next(
        (day, minute)
        for day in week[:5]
        for minute in range(14 * 60, 17 * 60)  # afternoon, UTC: windows are shut
        if day.people[minute - 1 : minute + 45, zone].max() == 0
    )
    course, empty = day.course, slice(first, first + 45)
    excess = course.co2_ppm[empty, zone] - day.weather.co2_ppm[empty]
    assert excess[-1] > 20
    slope_1_h = np.polyfit(np.arange(45) / 60, np.log(excess), 1)[0]
    true_1_h = course.flow_m3_s[empty, zone].mean() / town.zones.volume_m3[zone] * 3600
    assert -slope_1_h == pytest.approx(true_1_h, rel=0.03)
