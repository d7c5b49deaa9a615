from datetime import date
from itertools import islice

import numpy as np
import pytest

from balances import co2_balance, heat_balance
from classroom.places import AgeGroup, DayType, Ventilation
from classroom.sitefiles import TABLES, parse_site
from simulators.city import DRAWN, city_name, city_site
from simulators.instruments import instruments
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

FIRST_DAY = date(2026, 1, 12)


def city(seed: int = 1, schools: int = 16, rooms: tuple[int, int] = (2, 5)) -> Town:
    texts = city_site(FIRST_DAY, schools=schools, seed=seed, rooms=rooms)
    not_played = {"factors.csv", "stations.csv", "normal_years.csv"}
    assert set(texts) == {"classroom.toml", SCENARIO_FILE, *TABLES} - not_played
    return Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))


@pytest.fixture(scope="module")
def town() -> Town:
    return city()


def test_schools_differ_in_all_that_schools_differ_in(town: Town) -> None:
    assert len(town.schools) == 16
    assert len({school.built.count for school in town.schools}) >= 3
    kinds = {room.ventilation for school in town.schools for room in school.rooms}
    assert kinds >= {Ventilation.F, Ventilation.FTX, Ventilation.VAV}
    ages = {tuple(sorted({r.age_group for r in school.rooms if r.age_group})) for school in town.schools}
    assert len(ages) >= 3
    assert AgeGroup.AGE_16_20 in {age for found in ages for age in found}
    slots = {tuple(sorted({(row.start, row.end) for row in town.site.lessons if row.school == school.key}))
             for school in town.schools}  # fmt: skip
    assert len(slots) == 16
    assert len({school.habits for school in town.schools}) == 16
    assert len({school.ventilation_hours for school in town.schools}) >= 4
    assert min(s.area_m2 / s.pupils for s in town.schools) > 11
    assert any(school.solar for school in town.schools)
    assert not all(school.solar for school in town.schools)


def test_every_kind_of_defect_is_planted_and_some_schools_have_none(town: Town) -> None:
    assert {defect.kind for defect in town.scenario.defects} == set(DRAWN)
    with_none = [school for school in town.schools if not school.defects]
    assert len(with_none) == 2
    texts = city_site(FIRST_DAY, schools=3, planted=False)
    assert parse_scenario(texts[SCENARIO_FILE]).defects == ()


def test_every_device_plays(town: Town) -> None:
    played, silent = instruments(town)
    assert silent == []
    assert len(played) == len(town.site.devices)
    assert len({device.key for device in town.site.devices}) == len(town.site.devices)


def test_timetables_of_a_city_are_school_days(town: Town) -> None:
    for school in town.schools[:4]:
        for room in school.rooms[:2]:
            spans = [
                span
                for day in range(12, 17)
                for span in school.timetable.occupied(room.key, date(2026, 1, day))
            ]
            hours = sum((end - start).total_seconds() for start, end in spans) / 3600
            assert 10 < hours < 35
        assert school.timetable.day_type(date(2026, 2, 18)) is DayType.LOV


def test_the_balances_close_for_every_school_of_a_city(town: Town) -> None:
    for day in islice(town.days(), 2):
        assert np.abs(heat_balance(town, day)).max() < 1e-9
        breathing = [index for index, s in enumerate(town.schools) if day.co2_m3_s[:, s.zones].sum() > 0]
        assert len(breathing) == 16
        schools, zones = co2_balance(town, day)
        assert np.abs(schools).max() < 1e-3
        assert np.abs(zones).max() < 1e-3


def test_the_same_seed_gives_the_same_city_and_another_one_another() -> None:
    one, again, other = (city_site(FIRST_DAY, schools=3, seed=seed) for seed in (1, 1, 2))
    assert one == again
    different = {name for name in one if one[name] != other[name]}
    assert different >= {"rooms.csv", "lessons.csv", "school_attributes.csv", SCENARIO_FILE}


def test_a_school_of_the_city_does_not_change_with_its_number() -> None:
    few, many = (parse_site(city_site(FIRST_DAY, schools=n)) for n in (2, 5))
    assert few.rooms_of("bjorkbacka") == many.rooms_of("bjorkbacka")


def test_names_do_not_run_out() -> None:
    names = [city_name(index) for index in range(500)]
    assert len(set(names)) == 500
    assert names[0] == ("almbacka", "Almbackaskolan")
    assert names[4 + 5 * 13] == ("lindang", "Lindängskolan")
    assert names[91] == ("almbacka-2", "Almbackaskolan 2")


@pytest.mark.parametrize(
    ("arguments", "said"), [({"schools": 0}, "schools = 0"), ({"rooms": (5, 2)}, "rooms")]
)
def test_no_city_without_schools_or_rooms(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        city_site(FIRST_DAY, **arguments)
