"""Timetables from iCal, CSV and SS 12000: rooms, times and group sizes."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from classroom.site import Site
from ingest.imports.refusal import FileRefused
from ingest.tables.ical import Bounds
from ingest.tables.mapping import CalendarMapping
from ingest.tables.timetables import Timetable, read_timetable

Read = Callable[..., Timetable]
WORDS = {"rooms": {"norra": {"NO-salen": "a2", "Digitalt": "ignore"}}, "groups": {"8A": 24, "8B": 22}}


@pytest.fixture
def read(site: Site, bounds: Bounds) -> Read:
    def go(*paths: Path, span: tuple[date | None, date | None] = (None, None)) -> Timetable:
        words = CalendarMapping.model_validate(WORDS)
        return read_timetable(paths, site, "norra", words, "timetable", bounds, span)

    return go


def told(found: Timetable) -> list[tuple[object, ...]]:
    return [(r.room, r.weekday, r.start, r.end, r.group_size, r.weeks, str(r.valid_from)) for r in found.rows]


def event(start: str, room: str, rule: str = "", summary: str = "Ma 8A") -> str:
    when = f"DTSTART;TZID=Europe/Stockholm:{start}\nDURATION:PT1H"
    return f"UID:{start}{room}\n{when}\nLOCATION:{room}\nSUMMARY:{summary}\n{rule}"


def test_ical_becomes_weekly_rows(ics: Callable[..., Path], read: Read) -> None:
    path = ics(
        event("20260818T081000", "Sal A1", "RRULE:FREQ=WEEKLY;UNTIL=20261218T230000Z"),
        event(
            "20260819T100000",
            "no-salen",
            "RRULE:FREQ=WEEKLY;INTERVAL=2;UNTIL=20261218T230000Z",
            "NO 8A\\, 8B",
        ),
        event("20260820T100000", "Sal 99 Anna Svensson"),
        event("20260820T110000", "Digitalt"),
        event("20260820T110000", ""),
    )
    found = read(path)
    assert told(found) == [
        ("a1", 2, "08:10", "09:10", 24, "all", "2026-08-18"),
        ("a2", 3, "10:00", "11:00", 46, "even", "2026-08-18"),
    ]
    notes = "\n".join(found.notes)
    assert "1 lessons in an unknown room 'Sal 99 …' are left out (first: calendar.ics, event 3)" in notes
    assert "1 lessons without a room" in notes
    assert "1 lessons in rooms that are to be ignored" in notes
    assert "lessons on 2 days that are no school days are left out: 2026-10-27, 2026-10-28" in notes
    assert (found.first, found.last) == (date(2026, 8, 18), date(2026, 12, 15))


def test_a_weekly_csv(file: Callable[[str, str], Path], read: Read) -> None:
    path = file(
        "schema.csv",
        "Sal;Dag;Start;Slut;Antal;Veckor;Lärare;Klass\n"
        "Sal A1;Måndag;8.10;9.10;27;;AnSv;8A\nA2;ti;10:00;11:00;;udda;;8B\n"
        "a1, a2;ons;13:00;14:00;30;jämna;;\n",
    )
    found = read(path, span=(date(2026, 8, 18), None))
    assert told(found) == [
        ("a1", 1, "08:10", "09:10", 27, "all", "2026-08-18"),
        ("a2", 2, "10:00", "11:00", 22, "odd", "2026-08-18"),
        ("a1", 3, "13:00", "14:00", None, "even", "2026-08-18"),
        ("a2", 3, "13:00", "14:00", None, "even", "2026-08-18"),
    ]
    assert found.notes == ["schema.csv: 1 other columns are not read"]


def test_weeks_by_number_need_a_school_year(file: Callable[[str, str], Path], read: Read) -> None:
    rows = "a1;må;08:10;09:10;34-43, 45-51\na1;ti;08:10;09:10;50-2\n"
    path = file("schema.csv", f"sal;dag;start;slut;veckor\n{rows}")
    with pytest.raises(FileRefused, match="give --from and --to"):
        read(path)
    found = read(path, span=(date(2026, 8, 17), date(2027, 1, 17)))
    monday = [row for row in found.rows if row.weekday == 1]
    assert [(str(row.valid_from), str(row.valid_to), row.weeks) for row in monday] == [
        ("2026-08-17", "2027-01-17", "all")  # week 44 is lov, and outside the term there is no school day
    ]


def test_a_csv_of_dated_lessons(file: Callable[[str, str], Path], read: Read) -> None:
    days = "".join(f"2026-09-{day:02};08:10;09:10;A1\n" for day in (1, 8, 22, 29))
    found = read(file("schema.csv", f"datum;start;slut;sal\n{days}"))
    assert [(str(row.valid_from), str(row.valid_to)) for row in found.rows] == [
        ("2026-09-01", "2026-09-08"),
        ("2026-09-22", "2026-09-29"),
    ]


def test_faults_say_how_a_cell_is_built_and_not_what_it_says(
    file: Callable[[str, str], Path], read: Read
) -> None:
    path = file("schema.csv", "sal;dag;start;slut;antal\na1;Anna;20100101-1234;9.10;Svensson\n")
    with pytest.raises(FileRefused) as caught:
        read(path)
    assert [(fault.row, fault.column, fault.value) for fault in caught.value.faults] == [
        (2, "weekday", "(built as 'aaaa')"),
        (2, "start", "(built as '99999999-9999')"),
        (2, "group_size", "(built as 'aaaaaaaa')"),
    ]


STANDARD = {
    "calendarEvents": [
        {
            "id": f"e{day}",
            "activity": {"id": "ma"},
            "startTime": f"2026-09-{day:02}T06:10:00Z",
            "endTime": f"2026-09-{day:02}T07:10:00Z",
            "rooms": [{"id": "r1"}],
            "studentExceptions": [{"student": {"id": "p9"}, "participates": True}],
        }
        for day in (1, 8)
    ],
    "activities": [
        {"id": "ma", "displayName": "Ma", "groups": [{"id": "g"}], "calendarEventsRequired": True}
    ],
    "groups": [
        {
            "id": "g",
            "displayName": "8A",
            "groupType": "Undervisning",
            "groupMemberships": [
                {"person": {"id": "p1"}},
                {"person": {"id": "p2"}, "startDate": "2026-09-05"},
                {"person": {"id": "p3"}, "endDate": "2026-08-31"},
            ],
        }
    ],
    "rooms": [{"id": "r1", "displayName": "Sal A1", "owner": {"id": "o"}}],
}


def test_ss12000_in_one_file_or_as_the_answers_of_its_endpoints(
    file: Callable[[str, str], Path], read: Read
) -> None:
    whole = read(file("all.json", json.dumps(STANDARD)))
    assert told(whole) == [
        ("a1", 2, "08:10", "09:10", 2, "all", "2026-09-01"),
        ("a1", 2, "08:10", "09:10", 3, "all", "2026-09-08"),
    ]
    parts = [
        file(f"{name}.json", json.dumps({"data": items, "pageToken": "next" if name == "rooms" else None}))
        for name, items in STANDARD.items()
    ]
    apart = read(*parts)
    assert told(apart) == told(whole)
    assert "rooms.json: more pages follow (pageToken); give all of them" in apart.notes


def test_ss12000_with_expanded_references_and_without_groups(
    file: Callable[[str, str], Path], read: Read
) -> None:
    events = [
        {**event, "rooms": [{"id": "x", "displayName": "A1"}], "cancelled": n == 1}
        for n, event in enumerate(STANDARD["calendarEvents"])
    ]
    found = read(file("events.json", json.dumps({"data": events})))
    assert told(found) == [("a1", 2, "08:10", "09:10", None, "all", "2026-09-01")]
    assert "1 cancelled lessons are left out" in found.notes
    assert any("group sizes are not known" in note for note in found.notes)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"data": [', "damaged JSON"),
        ('{"persons": []}', "no calendarEvents, activities"),
        ('{"data": []}', "only they say when"),
        ('[{"id":"1","activity":{},"startTime":"Anna","endTime":"x"}]', "startTime and endTime"),
        ("[" * 100_000, "damaged JSON"),
    ],
)
def test_bad_json_is_refused_and_not_quoted(
    file: Callable[[str, str], Path], read: Read, text: str, why: str
) -> None:
    with pytest.raises(FileRefused, match=why) as caught:
        read(file("x.json", text))
    assert "Anna" not in str(caught.value)
