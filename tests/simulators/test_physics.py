import numpy as np
import pytest

from classroom.places import AgeGroup, Ventilation
from simulators.physics import co2_generation_m3_s, relax
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
    """Stored = breathed out - carried away; what is carried away integrated here, by the trapezoid rule."""
    school = town.schools[0]
    zones = school.zones
    rates = np.array([co2_generation_m3_s(room.age_group or AgeGroup.AGE_6_10) for room in school.rooms])
    volume = town.zones.volume_m3[zones]
    adult = co2_generation_m3_s(AgeGroup.ADULT)
    for day in week[:5]:
        pupils, adults, _ = town._people(day.start)
        breathed = 60 * (pupils[:, zones] * rates + adults[:, zones] * adult).sum(axis=0)
        levels = np.concatenate([day.course.start.co2_ppm[None], day.course.co2_ppm])[:, zones]
        excess = (levels[1:] + levels[:-1]) / 2 - day.weather.co2_ppm[:, None]
        carried = 60 * (day.course.flow_m3_s[:, zones] * excess).sum(axis=0) / 1e6
        # The outdoor level itself moves a little, and with it what "excess" means; that is in the levels.
        stored = volume * (levels[-1] - levels[0]) / 1e6
        used = breathed > 0
        assert used.sum() >= 6
        assert (np.abs(breathed - carried - stored) / np.maximum(breathed, 1e-9))[used].max() < 1e-3


def test_heat_is_neither_made_nor_lost(town: Town, week: list[TownDay]) -> None:
    zones = town.zones
    for day in week:
        start, course = day.course.start, day.course
        stored_j = zones.air_j_k * (course.air_c[-1] - start.air_c) + zones.mass_j_k * (
            course.mass_c[-1] - start.mass_c
        )
        into_j = 60 * (course.radiator_w + course.coil_w + day.gain_w).sum(axis=0)
        out_j = 60 * course.loss_w.sum(axis=0)
        for school in town.schools:
            part = school.zones
            error = into_j[part].sum() - out_j[part].sum() - stored_j[part].sum()
            assert abs(error) / into_j[part].sum() < 1e-3


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
