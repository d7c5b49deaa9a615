from datetime import date, timedelta

import pytest

from classroom.factors import Cover, choose_factor
from classroom.faults import ConfigurationError
from classroom.places import DayType, Ventilation
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import TABLES, parse_site
from simulators.demo import demo_site
from simulators.instruments import instruments
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town


@pytest.mark.parametrize("first_day", [date(2024, 2, 29), date(2025, 12, 31), date(2026, 6, 30)])
@pytest.mark.parametrize("schools", [1, 9])
def test_the_demo_site_has_no_fault_and_every_device_plays(first_day: date, schools: int) -> None:
    texts = demo_site(first_day, schools=schools, seed=4)
    not_played = {"factors.csv"}
    assert set(texts) == {"classroom.toml", SCENARIO_FILE, *TABLES} - not_played
    site = parse_site(texts)
    assert len(site.schools) == schools
    played, silent = instruments(Town(site, parse_scenario(texts[SCENARIO_FILE])))
    assert silent == []
    assert len(site.devices) == len(site.rooms) + 2 * schools
    assert len(played) == len(site.devices) + 1
    assert played[-1].placed.key == site.stations[0].key == "almgarden/ute-1"
    assert {(d.school, d.room) for d in site.devices if d.room} == set(site.room_by_key)
    assert {(d.school, d.meter) for d in site.devices if d.meter} == {(m.school, m.key) for m in site.meters}


def test_the_first_school_is_six_rooms_of_different_character(site: Site) -> None:
    rooms = site.rooms_of("almgarden")
    assert {room.ventilation for room in rooms} == set(Ventilation)
    bad = site.room_by_key["almgarden", "4b"]
    assert (bad.ovk_flow_l_s, bad.design_flow_l_s) == (70, 200)
    topics = [device.key for device in site.devices if device.school == "almgarden"]
    assert sum(key.startswith("almgarden/") for key in topics) == 5
    assert sum(key.startswith("a81758fffe") for key in topics) == 3


def test_schools_differ() -> None:
    site = parse_site(demo_site(date(2026, 1, 1), schools=6))
    assert len({len(site.rooms_of(school.key)) for school in site.schools}) > 1
    assert len({row.atemp_m2 for row in site.attributes}) == 6


def test_every_carrier_that_is_bought_has_a_location_factor(site: Site) -> None:
    for carrier in (Carrier.ELECTRICITY, Carrier.DISTRICT_HEAT):
        chosen = site.settings.factors.chosen
        covers: tuple[Cover, ...] = ("direct", "lifecycle")
        assert any(choose_factor(site.factors, carrier, "location", 2026, chosen, line) for line in covers)


@pytest.mark.parametrize("year", range(2024, 2031))
def test_the_school_year_of_any_year(year: int) -> None:
    """A Swedish pupil has 178 to 190 school days a year; lov is lov, Christmas is closed."""
    timetable = parse_site(demo_site(date(year, 9, 1))).timetable("almgarden")
    days = [date(year, 8, 1) + timedelta(days=number) for number in range(365)]
    taught = sum(timetable.day_type(day) is DayType.SCHOOL_DAY for day in days)
    assert 174 <= taught <= 190
    assert timetable.day_type(date.fromisocalendar(year, 44, 3)) is DayType.LOV
    assert timetable.day_type(date.fromisocalendar(year + 1, 8, 3)) is DayType.LOV
    assert timetable.day_type(date(year, 12, 25)) is DayType.CLOSED
    assert timetable.day_type(date.fromisocalendar(year, 28, 2)) is DayType.LOV
    assert timetable.day_type(date.fromisocalendar(year, 45, 1)) is DayType.STUDIEDAG
    assert any(timetable.hired_evenings(day) for day in days)


def test_a_site_without_a_school_is_refused() -> None:
    texts = demo_site(date(2026, 1, 1))
    with pytest.raises(ConfigurationError, match=r"schools\.csv.*add a school"):
        Town(parse_site({"classroom.toml": texts["classroom.toml"]}), parse_scenario(texts[SCENARIO_FILE]))


def test_ports_and_language_are_taken_over() -> None:
    settings = parse_site(demo_site(date(2026, 1, 1), language="en", mqtt_port=2883, api_port=9000)).settings
    assert (settings.site.language, settings.mqtt.port, settings.api.port) == ("en", 2883, 9000)


def test_no_school_is_no_site() -> None:
    with pytest.raises(ValueError, match="schools = 0"):
        demo_site(date(2026, 1, 1), schools=0)
