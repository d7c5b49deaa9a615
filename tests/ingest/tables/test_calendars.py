"""Calendars to rows: what is understood, what is told, and that a second time changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from classroom.places import CalendarRow
from classroom.site import Site
from ingest.imports.refusal import FileRefused
from ingest.tables.calendars import Calendar, Whom, joined, read_calendar
from ingest.tables.ical import Bounds
from ingest.tables.mapping import CalendarMapping, Kind
from ingest.tables.sources import replacement

CITY = Whom(municipality="Helsingborg")
Read = Callable[..., Calendar]


@pytest.fixture
def read(site: Site, bounds: Bounds) -> Read:
    def go(path: Path, whom: Whom = CITY, kind: Kind | None = None, **mapping: object) -> Calendar:
        words = CalendarMapping.model_validate(mapping)
        return read_calendar([path], site, words, whom, "src", bounds, kind)

    return go


def told(rows: list[CalendarRow]) -> list[tuple[str, str, str, str | None]]:
    return [(row.day_type, f"{row.first}", f"{row.last}", row.hours or row.name) for row in rows]


def day(first: str, summary: str, last: str | None = None) -> str:
    end = f"\nDTEND;VALUE=DATE:{last}" if last else ""
    return f"UID:{first}{summary}\nDTSTART;VALUE=DATE:{first}{end}\nSUMMARY:{summary}"


def test_a_municipalitys_ical(ics: Callable[..., Path], read: Read) -> None:
    found = read(
        ics(
            day("20260818", "Höstterminen börjar"),
            day("20261218", "Skolavslutning"),
            day("20261026", "Höstlov", "20261031"),
            day("20261224", "Julafton"),
            day("20261106", "Friluftsdag"),
            day("20261116", "Studiedag"),
            day("20270118", "Vårterminen börjar"),
        )
    )
    assert told(found.rows) == [
        ("term", "2026-08-18", "2026-12-18", "Höstterminen 2026"),
        ("lov", "2026-10-26", "2026-10-30", "Höstlov"),
        ("studiedag", "2026-11-16", "2026-11-16", "Studiedag"),
    ]
    assert found.holidays == 1
    assert [line.split(": ", 1)[1] for line in found.unknown] == [
        "2026-11-06 'Friluftsdag': no word in it is known",
        "2027-01-18 'Vårterminen börjar': a term begins, and no end of it follows",
    ]
    assert (found.first, found.last) == (date(2026, 8, 18), date(2027, 1, 18))
    assert {(row.municipality, row.school, row.source) for row in found.rows} == {
        ("Helsingborg", None, "src")
    }


def test_days_listed_one_by_one_are_one_row(ics: Callable[..., Path], read: Read) -> None:
    days = [day(f"202610{n}", "Höstlov") for n in (26, 27, 28, 29, 30)]
    assert told(read(ics(*days, *days[:2])).rows) == [("lov", "2026-10-26", "2026-10-30", "Höstlov")]


def test_hired_evenings_have_hours_and_no_name_of_who_hires(ics: Callable[..., Path], read: Read) -> None:
    weekly = (
        "UID:1\nDTSTART;TZID=Europe/Stockholm:20261020T180000\nDTEND;TZID=Europe/Stockholm:20261020T210000\n"
        "RRULE:FREQ=WEEKLY;COUNT=3\nSUMMARY:Anna Svensson 070-123"
    )
    midnight = "UID:2\nDTSTART:20261021T210000Z\nDTEND:20261021T220000Z\nSUMMARY:Uthyrd"
    past = "UID:3\nDTSTART:20261022T210000Z\nDTEND:20261023T000000Z\nSUMMARY:Uthyrd"
    found = read(ics(weekly, midnight, past), Whom(school="norra"), "hired_evening")
    assert told(found.rows) == [
        ("hired_evening", "2026-10-20", "2026-10-20", "18:00-21:00"),
        ("hired_evening", "2026-10-21", "2026-10-21", "23:00-23:59"),
        ("hired_evening", "2026-10-27", "2026-10-27", "18:00-21:00"),
        ("hired_evening", "2026-11-03", "2026-11-03", "18:00-21:00"),
    ]
    assert {row.name for row in found.rows} == {None}
    assert len(found.unknown) == 1


def test_a_csv_from_swedish_excel(file: Callable[[str, str], Path], read: Read) -> None:
    path = file(
        "lov.csv",
        "\ufeffLäsåret 2026/27;;;;\n\nFrån;Till;Typ;Benämning;Skola\n"
        "2026-10-26;2026-10-30;lov;Höstlov;\n16 november 2026;;;Studiedag;Norra skolan\n"
        "2026-11-17;;Lovdag;Fri;norra\n",
    )
    found = read(path)
    assert told(found.rows) == [
        ("lov", "2026-10-26", "2026-10-30", "Höstlov"),
        ("studiedag", "2026-11-16", "2026-11-16", "Studiedag"),
        ("lov", "2026-11-17", "2026-11-17", "Fri"),
    ]
    assert [(row.municipality, row.school) for row in found.rows] == [
        ("Helsingborg", None),
        (None, "norra"),
        (None, "norra"),
    ]


def test_every_fault_of_a_csv_with_row_column_value_and_cure(
    file: Callable[[str, str], Path], read: Read
) -> None:
    path = file(
        "lov.csv",
        "från;till;typ;skola;tid\n26/10 2026;;lov;;\n2026-10-26;2026-10-01;lov;;\n"
        "2026-10-26;;lov;Östra;\n2026-10-26;;Uthyrd;;kväll\n",
    )
    with pytest.raises(FileRefused) as caught:
        read(path)
    assert [(fault.row, fault.column, fault.value) for fault in caught.value.faults] == [
        (2, "från", "'26/10 2026'"),
        (2, "till", "''"),
        (3, "till", "'2026-10-01'"),
        (4, "skola", "'Östra'"),
        (5, "tid", "'kväll'"),
    ]
    assert read(file("ok.csv", "från;typ\n26/10/2026;lov\n"), date_format="%d/%m/%Y").rows


def test_a_file_without_the_columns_names_them(file: Callable[[str, str], Path], read: Read) -> None:
    with pytest.raises(FileRefused, match=r"no header with the columns first \(från, .*datum"):
        read(file("x.csv", "a;b\n1;2\n"))


def test_the_same_source_again_changes_nothing_and_a_new_one_only_what_differs(
    ics: Callable[..., Path], read: Read
) -> None:
    rows = read(ics(day("20261026", "Höstlov", "20261031"), day("20261116", "Studiedag"))).rows
    time = (date(2026, 10, 26), date(2026, 11, 16))
    again = replacement(rows, rows, "src", time)
    assert (again.changes, again.unchanged) == (False, 2)
    moved = read(ics(day("20261026", "Höstlov", "20261031"), day("20261115", "Studiedag"))).rows
    change = replacement(rows, moved, "src", time)
    assert [row.first for row in change.added] == [date(2026, 11, 15)]
    assert [row.first for row in change.removed] == [date(2026, 11, 16)]


def test_rows_by_hand_of_other_sources_and_of_other_times_stay(ics: Callable[..., Path], read: Read) -> None:
    mine = read(ics(day("20261116", "Studiedag"))).rows[0]
    rows = [
        mine.model_copy(update={"first": date(2025, 11, 3), "last": date(2025, 11, 3)}),
        mine.model_copy(update={"source": "other"}),
        mine.model_copy(update={"source": None, "name": "by hand"}),
        mine.model_copy(update={"source": None}),
    ]
    change = replacement(rows, [mine], "src", (mine.first, mine.last))
    assert (change.replaced, change.outside, change.by_hand) == ({}, 1, 1)
    assert not change.added  # it stands there by hand already


def test_a_row_that_reaches_over_the_time_of_the_file_is_cut() -> None:
    term = CalendarRow(first=date(2026, 8, 18), last=date(2027, 6, 11), day_type="term", source="src")
    new = CalendarRow(first=date(2027, 1, 11), last=date(2027, 6, 4), day_type="term", source="src")
    change = replacement([term], [new], "src", (date(2027, 1, 1), date(2027, 7, 1)))
    assert change.removed == [term]
    assert [(row.first, row.last) for row in change.added] == [
        (date(2026, 8, 18), date(2026, 12, 31)),
        (date(2027, 1, 11), date(2027, 6, 4)),
    ]


def test_a_new_row_that_reaches_over_the_time_asked_for_is_not_doubled() -> None:
    term = CalendarRow(first=date(2026, 8, 18), last=date(2026, 12, 18), day_type="term", source="src")
    assert not replacement([term], [term], "src", (date(2026, 10, 1), date(2026, 11, 1))).changes


def test_joining_keeps_what_is_apart() -> None:
    one, two = (CalendarRow(first=date(2026, 11, n), last=date(2026, 11, n), day_type="lov") for n in (2, 4))
    assert joined([two, one, one]) == [one, two]
