"""A large town is computed some schools at a time: the same bytes, and no more in memory than they need."""

import weakref
from datetime import date, timedelta

import pytest

from classroom.sitefiles import parse_site
from simulators.city import city_site
from simulators.messages import Message, Stream
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

FIRST_DAY = date(2026, 10, 10)
_FAULTS = """
[[faults]]
kind = "reordered"
start = 2026-10-10T03:00:00Z
end = 2026-10-12T05:00:00Z
[[faults]]
kind = "late"
school = "bjorkbacka"
start = 2026-10-10T20:00:00Z
end = 2026-10-11T05:00:00Z
"""


@pytest.fixture(scope="module")
def town() -> Town:
    """Five schools, with defects, solar cells and outdoor sensors, whose messages come late over midnight."""
    texts = city_site(FIRST_DAY, schools=5, seed=4, rooms=(2, 3))
    texts["stations.csv"] = "key,name,school\nalmbacka/ute-1,Ute,almbacka\nekbacka/ute-1,Ute,ekbacka\n"
    return Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE] + _FAULTS))


@pytest.fixture(scope="module")
def whole(town: Town) -> tuple[list[Message], Stream]:
    """Two days of all schools at once."""
    stream = Stream(town, end=town.start + timedelta(days=2), together=5)
    return list(stream), stream


@pytest.mark.parametrize("together", [1, 2])
def test_some_schools_at_a_time_say_the_same(
    town: Town, whole: tuple[list[Message], Stream], together: int
) -> None:
    messages, at_once = whole
    stream = Stream(town, end=town.start + timedelta(days=2), together=together)
    assert list(stream) == messages
    assert stream.faults() == at_once.faults()
    assert {row.kind: row.messages > 0 for row in stream.faults()}["late"]
    assert sorted(stream.silent) == sorted(at_once.silent)


def test_a_second_run_goes_on_where_the_first_ended(town: Town, whole: tuple[list[Message], Stream]) -> None:
    begin = town.start + timedelta(hours=30)
    later = Stream(town, begin, town.start + timedelta(days=2), together=2)
    assert list(later) == [message for message in whole[0] if message.time >= begin]


def test_a_part_holds_what_is_its_own(town: Town) -> None:
    parts = town.parts(2)
    assert [len(part.schools) for part in parts] == [2, 2, 1]
    for name in ("schools", "rooms", "meters", "devices", "lessons"):
        assert [row for part in parts for row in getattr(part.site, name)] == list(getattr(town.site, name))
    assert [len(part.site.stations) for part in parts] == [1, 1, 0]
    for name in ("defects", "solar"):
        found = [row for part in parts for row in getattr(part.scenario, name)]
        assert sorted(found, key=repr) == sorted(getattr(town.scenario, name), key=repr)
    assert town.parts(5) == [town]


def test_a_day_that_was_handed_out_is_kept_by_nobody(town: Town) -> None:
    """Else every part would hold its last day while the others are computed."""
    days = town.days()
    day = next(days)
    kept = [weakref.ref(each) for each in (day, day.course, day.power, day.place, day.registers)]
    del day
    assert [each() for each in kept] == [None] * 5
    assert next(days).start == town.start + timedelta(days=1)
