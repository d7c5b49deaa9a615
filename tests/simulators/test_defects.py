from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pytest

from classroom.faults import ConfigurationError
from classroom.sitefiles import parse_site
from simulators.counterfactual import ALL, daily_energy
from simulators.defects import Defect, DefectKind
from simulators.demo import demo_site
from simulators.drive import rules
from simulators.scenario import SCENARIO_FILE, Scenario, Solar, parse_scenario
from simulators.schedule import in_holidays, schedule
from simulators.school import Town

MONDAY = date(2025, 11, 10)
THURSDAY, SUNDAY = MONDAY + timedelta(days=3), MONDAY + timedelta(days=6)


def planted(*defects: Defect, solar: tuple[Solar, ...] = (), schools: int = 1) -> Town:
    texts = demo_site(MONDAY, schools=schools)
    scenario = parse_scenario(texts[SCENARIO_FILE]).model_copy(update={"defects": defects, "solar": solar})
    return Town(parse_site(texts), scenario)


def one(kind: DefectKind, first: date = THURSDAY, **more: object) -> Defect:
    return Defect.model_validate({"school": "almgarden", "kind": kind, "first": first, **more})


def extra(
    town: Town, defect: int = 0, first: date = MONDAY + timedelta(days=1)
) -> dict[date, tuple[float, float]]:
    """Electricity and heat by day that ``defect`` adds, from the first whole local day to Sunday."""
    found = daily_energy([town], first, SUNDAY).extra
    rows = found[found.defect == defect]
    return {row.day: (row.electricity_kwh, row.district_heat_kwh) for row in rows.itertuples()}


def test_a_measure_saves_exactly_its_share() -> None:
    town = planted(one(DefectKind.HEAT_MEASURE))
    energy = daily_energy([town], MONDAY + timedelta(days=1), SUNDAY)
    bought = energy.bought.set_index("day").district_heat_kwh
    for day, (electricity, heat) in extra(town).items():
        without = bought[day] - heat
        share = 0.12 if day >= THURSDAY else 0.0
        assert bought[day] == pytest.approx((1 - share) * without, rel=1e-12)
        assert electricity == 0


def test_base_load_rises_by_its_share_and_warms_the_rooms() -> None:
    town = planted(one(DefectKind.BASE_LOAD_UP, share=0.5))
    school = town.schools[0]
    added = 0.5 * school.habits.base_w_m2 * school.area_m2 * 24 / 1000
    for day, (electricity, heat) in extra(town).items():
        if day >= THURSDAY:
            assert electricity == pytest.approx(added, rel=0.01)  # fans of VAV rooms may answer a little
            assert -added < heat < 0
        else:
            assert (electricity, heat) == (0, 0)


@pytest.mark.parametrize(
    ("defect", "electricity_sign", "heat_sign"),
    [
        (one(DefectKind.VENTILATION_ALL_NIGHT), 1, 1),
        (one(DefectKind.SETPOINT_HIGH), 0, 1),
        (one(DefectKind.UNDERVENTILATED_ROOM, room="1a"), -1, -1),
        (one(DefectKind.INSULATION), 0, -1),
    ],
)
def test_a_defect_costs_or_saves_what_it_should(
    defect: Defect, electricity_sign: int, heat_sign: int
) -> None:
    days = extra(planted(defect))
    assert {(0.0, 0.0)} == {days[day] for day in days if day < THURSDAY}
    friday_electricity, friday_heat = days[THURSDAY + timedelta(days=1)]
    assert np.sign(round(friday_electricity, 1)) == electricity_sign
    assert np.sign(round(friday_heat, 1)) == heat_sign


def test_heating_in_holidays_costs_in_holidays_only() -> None:
    christmas = date(2025, 12, 24)
    texts = demo_site(date(2025, 12, 15))
    scenario = parse_scenario(texts[SCENARIO_FILE])
    defect = one(DefectKind.HEATING_IN_HOLIDAYS, date(2025, 12, 15))
    town = Town(parse_site(texts), scenario.model_copy(update={"defects": (defect,)}))
    found = daily_energy([town], date(2025, 12, 16), date(2025, 12, 26)).extra.set_index("day")
    heat = found[found.defect == ALL].district_heat_kwh
    term = [day for day in heat.index if not in_holidays(town.schools[0].timetable, day) and day < christmas]
    assert term
    assert heat[term[:3]].abs().max() == 0
    assert heat[christmas] > 20
    assert heat[date(2025, 12, 25)] > 20


def test_holidays_are_weekdays_without_school_and_the_weekends_beside_them() -> None:
    timetable = planted().schools[0].timetable
    expected = {
        date(2025, 10, 25): True,  # the Saturday before höstlov
        date(2025, 10, 27): True,
        date(2025, 11, 3): False,  # a studiedag
        date(2025, 11, 15): False,  # an ordinary Saturday
        date(2025, 11, 12): False,
        date(2025, 12, 25): True,
    }
    assert {day: in_holidays(timetable, day) for day in expected} == expected


def test_two_defects_are_told_apart_and_together() -> None:
    town = planted(
        one(DefectKind.SETPOINT_HIGH), one(DefectKind.HEAT_MEASURE), one(DefectKind.INSULATION, SUNDAY)
    )
    friday = THURSDAY + timedelta(days=1)
    first, second, both = (extra(town, number)[friday][1] for number in (0, 1, ALL))
    assert first > 0 > second
    assert abs(both - (first + second)) < 0.2 * abs(first)  # one acts on what the other left
    later = extra(town, 2)
    assert {value for day, value in later.items() if day < SUNDAY} == {(0.0, 0.0)}
    energy = daily_energy([town], MONDAY, SUNDAY - timedelta(days=1)).extra
    assert set(energy.defect) == {0, 1, ALL}  # the third begins later


def test_the_fast_path_is_the_town(make_town: Callable[..., Town]) -> None:
    """Day sums of a fleet of towns, each of its own seed, are the registers of each town alone."""
    towns = [make_town(seed=seed, schools=2) for seed in (1, 5)]
    energy = daily_energy(towns, MONDAY + timedelta(days=1), MONDAY + timedelta(days=2)).bought
    assert len(energy) == 2 * 2 * 2
    for town in towns:
        days = [day for _, day in zip(range(4), town.days(), strict=False)]
        for index, school in enumerate(town.schools):
            row = energy[(energy.seed == town.scenario.seed) & (energy.school == school.key)].iloc[0]
            border = 23 * 60  # local Tuesday begins at 23:00 UTC on Monday
            for carrier, register in (("electricity_kwh", "import_kwh"), ("district_heat_kwh", "heat_kwh")):
                begin, end = (getattr(day.registers, register)[border, index] for day in days[:2])
                assert row[carrier] == pytest.approx(end - begin, rel=1e-9)
    assert energy.groupby("seed").outdoor_c.first().nunique() == 2


def test_rules_follow_the_local_day() -> None:
    town = planted(one(DefectKind.SETPOINT_HIGH, setpoint_c=24.0))
    school = town.schools[0]
    clocks = schedule(school.timetable, school.ventilation_hours, town.start + timedelta(days=2))
    run = rules(school, clocks)
    assert clocks.local_minute[0] == 60
    assert run.setpoint_c[: 23 * 60].max() == school.habits.setpoint_c
    thursday = rules(
        school, schedule(school.timetable, school.ventilation_hours, town.start + timedelta(days=3))
    )
    assert thursday.setpoint_c.max() == 24.0


def local_day(town: Town, day: date) -> tuple[np.ndarray, np.ndarray]:
    """Which hours (0-23) of a local day begin with the day set point, and with fans at full speed."""
    school = town.schools[0]
    start = datetime.combine(day, time(), UTC)
    parts = [schedule(school.timetable, school.ventilation_hours, start + timedelta(days=n)) for n in (-1, 0)]
    minutes = np.concatenate([part.local_minute[part.local_day == day.toordinal()] for part in parts])
    made = [
        (run.setpoint_c[inside] >= school.habits.setpoint_c, run.fans[inside, 0] == 1)
        for part in parts
        for run, inside in ((rules(school, part), part.local_day == day.toordinal()),)
    ]
    warm, fans = (np.concatenate([one[column] for one in made]) for column in (0, 1))
    full = minutes % 60 == 0
    return minutes[full & warm] // 60, minutes[full & fans] // 60


SATURDAY = MONDAY + timedelta(days=5)


@pytest.mark.parametrize(
    ("kind", "friday", "saturday"),
    [
        (None, range(5, 17), ()),
        (DefectKind.HEATING_AT_NIGHT, range(24), range(24)),
        (DefectKind.HEATING_ON_WEEKENDS, range(5, 17), range(24)),
        (DefectKind.HEATING_STARTS_EARLY, range(1, 17), ()),
        (DefectKind.HEATING_IN_HOLIDAYS, range(5, 17), ()),
    ],
)
def test_when_rooms_are_kept_warm(
    kind: DefectKind | None, friday: Iterable[int], saturday: Iterable[int]
) -> None:
    town = planted(*([] if kind is None else [one(kind)]))
    assert local_day(town, SATURDAY - timedelta(days=1))[0].tolist() == [*friday]
    assert local_day(town, SATURDAY)[0].tolist() == [*saturday]


def test_when_fans_run() -> None:
    town, friday = planted(), SATURDAY - timedelta(days=1)
    usual = local_day(town, friday)[1].tolist()
    assert 6 < len(usual) < 14
    assert local_day(town, SATURDAY)[1].tolist() == []
    on_closed_days = planted(one(DefectKind.VENTILATION_ON_CLOSED_DAYS))
    assert [local_day(on_closed_days, day)[1].tolist() for day in (friday, SATURDAY)] == [usual, usual]
    all_night = planted(one(DefectKind.VENTILATION_ALL_NIGHT))
    assert local_day(all_night, SATURDAY)[1].tolist() == [*range(24)]


def test_solar_cells_spare_and_feed_out() -> None:
    plant = Solar(school="almgarden", peak_kw=80)
    texts = demo_site(date(2026, 6, 10))
    scenario = parse_scenario(texts[SCENARIO_FILE]).model_copy(update={"solar": (plant,)})
    day = next(Town(parse_site(texts), scenario).days())
    made, out = day.power.solar_w[:, 0], day.power.export_w[:, 0]
    assert made.max() <= 80_000
    assert 150 < made.sum() / 60e3 < 650  # kWh on a June day
    assert made[: 2 * 60].max() == 0
    assert (out <= made).all()
    assert (np.minimum(day.power.import_w, day.power.export_w) == 0).all()
    assert (day.registers.phase_export_kwh[-1] >= 0).all()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('kind = "heating"', "defects.0.kind = 'heating'.*heating_in_holidays"),
        ('kind = "base_load_up"\nshare = 1.5', "defects.0.share = 1.5.*less than 1"),
        ('kind = "base_load_up"\nroom = "4b"', "room belongs to underventilated_room"),
        ('kind = "underventilated_room"', "room belongs to underventilated_room"),
        ('kind = "setpoint_high"\nshare = 0.1', "share belongs to base_load_up"),
        ('kind = "base_load_up"\nsetpoint_c = 23', "setpoint_c belongs to setpoint_high"),
        ('kind = "base_load_up"\nlast = 2025-01-01', "last must not lie before first, 2026-01-01"),
    ],
)
def test_a_bad_defect_is_refused(text: str, said: str) -> None:
    table = f'first_day = 2026-01-01\n[[defects]]\nschool = "a"\nfirst = 2026-01-01\n{text}\n'
    with pytest.raises(ConfigurationError, match=rf"(?s)simulation\.toml: .*{said}"):
        parse_scenario(table)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"defects": (one(DefectKind.INSULATION, school="x"),)}, "defects.0.school = 'x'.*almgarden"),
        (
            {"defects": (one(DefectKind.UNDERVENTILATED_ROOM, room="9z"),)},
            "defects.0.room = '9z': no room of almgarden.*4b",
        ),
        ({"solar": (Solar(school="y", peak_kw=5),)}, "solar.0.school = 'y'"),
    ],
)
def test_places_that_are_not_there_are_refused(change: dict[str, object], said: str) -> None:
    texts = demo_site(MONDAY)
    scenario: Scenario = parse_scenario(texts[SCENARIO_FILE]).model_copy(update=change)
    with pytest.raises(ConfigurationError, match=said):
        Town(parse_site(texts), scenario)


def test_two_solar_plants_of_a_school_are_refused() -> None:
    plant = '[[solar]]\nschool = "a"\npeak_kw = 3\n'
    with pytest.raises(ConfigurationError, match=r"simulation\.toml: solar = .*a has two solar plants"):
        parse_scenario(f"first_day = 2026-01-01\n{plant}{plant}")
