"""Editing a table in place: rows change, comments and everything else stay."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.places import Device, Room, Row
from classroom.tables import read_table
from classroom.tabletext import cell, local_time, read_lines

ZONE = ZoneInfo("Europe/Stockholm")
ROOMS = (
    '# our rooms\n\nschool;key;name;area_m2\n# north wing\nnorra;a1;Sal A1;60,5\n\nnorra;a2;"Sal; A2";58\n'
)


def room(**values: object) -> Room:
    return Room.model_validate({"school": "norra", "key": "a1", "name": "Sal A1", **values})


def test_rows_are_replaced_added_and_taken_out_and_the_rest_stays() -> None:
    table = read_lines(ROOMS, Room, ZONE)
    assert [row.name for row in table.rows if isinstance(row, Room)] == ["Sal A1", "Sal; A2"]
    assert table.edited(ZONE, {}) == ROOMS
    new = table.edited(ZONE, {0: room(area_m2=61.25), 1: None}, [room(key="b1", name="B 1")])
    assert new == (
        "# our rooms\n\nschool;key;name;area_m2\n# north wing\nnorra;a1;Sal A1;61,25\n\nnorra;b1;B 1;\n"
    )


def test_a_column_is_added_where_a_value_needs_it() -> None:
    table = read_lines("school,key,name\nnorra,a1,Sal A1\nnorra,a2,Sal A2\n", Room, ZONE)
    new = table.edited(ZONE, {1: room(key="a2", openable_windows=True)})
    assert new == "school,key,name,openable_windows\nnorra,a1,Sal A1\nnorra,a2,Sal A1,yes\n"
    assert not read_table(new, "rooms.csv", Room, ZONE).faults


@pytest.mark.parametrize("text", ["", "\ufeff", "# only a comment\n"])
def test_an_empty_table_gets_its_header(text: str) -> None:
    new = read_lines(text, Room, ZONE).edited(ZONE, {}, [room()])
    assert read_table(new, "rooms.csv", Room, ZONE).rows == [room()]
    assert ("# only a comment" in new) == ("#" in text)


def test_times_are_local_but_in_the_hour_that_comes_twice() -> None:
    summer, winter = (datetime(2026, 10, 25, hour, 30, tzinfo=UTC) for hour in (0, 1))
    assert local_time(summer, ZONE) is not None
    assert local_time(winter, ZONE) is None
    assert cell(winter, ZONE) == "2026-10-25T01:30:00+00:00"
    assert cell(datetime(2025, 12, 31, 23, tzinfo=UTC), ZONE) == "2026-01-01"


@settings(deadline=None)
@given(
    area=st.none() | st.floats(0.001, 10_000),
    name=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20).filter(
        lambda text: not text.lstrip(' ";,').startswith("#")
    ),
    semicolons=st.booleans(),
)
def test_what_is_written_is_read_again(area: float | None, name: str, semicolons: bool) -> None:
    head = "school;key;name;area_m2\n" if semicolons else "school,key,name,area_m2\n"
    row = room(name=name, area_m2=area)
    text = read_lines(head, Room, ZONE).edited(ZONE, {}, [row])
    assert read_table(text, "rooms.csv", Room, ZONE).rows == [row]


@settings(deadline=None)
@given(at=st.datetimes(datetime(2000, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_every_instant_survives(at: datetime) -> None:
    row: Row = Device(key="d", school="norra", room="a1", valid_from=at)
    text = read_lines("", Device, ZONE).edited(ZONE, {}, [row])
    assert read_table(text, "devices.csv", Device, ZONE).rows == [row]
