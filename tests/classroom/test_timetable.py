"""Day types, lessons and daylight saving."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from classroom.places import CalendarRow, DayType, Lesson, School
from classroom.timetable import Timetable, day_span, parse_hours, public_holidays

STOCKHOLM = ZoneInfo("Europe/Stockholm")
SCHOOL = School(key="norra", name="Norra", municipality="Helsingborg", school_hours="08:00-15:00")


def calendar(*rows: tuple[str, str, str], **place: str) -> list[CalendarRow]:
    return [
        CalendarRow.model_validate({"first": first, "last": last, "day_type": kind, **place})
        for first, last, kind in rows
    ]


def lesson(weekday: int, start: str, end: str, **more: object) -> Lesson:
    row = {"school": "norra", "room": "a1", "weekday": weekday, "start": start, "end": end, **more}
    return Lesson.model_validate(row)


def timetable(*lessons: Lesson, days: list[CalendarRow] | None = None) -> Timetable:
    return Timetable(SCHOOL, STOCKHOLM, lessons, days or [])


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "kind", "name"),
    [
        ("2026-11-02", DayType.SCHOOL_DAY, None),  # a Monday in term
        ("2026-11-07", DayType.CLOSED, None),  # Saturday
        ("2026-07-01", DayType.LOV, None),  # a weekday outside every term
        ("2026-06-19", DayType.CLOSED, "Midsommarafton"),
        ("2026-12-24", DayType.CLOSED, "Julafton"),
        ("2026-12-31", DayType.CLOSED, "Nyårsafton"),
        ("2026-05-01", DayType.CLOSED, "Första maj"),
        ("2026-04-01", DayType.LOV, "Påsklov"),
        ("2026-04-03", DayType.CLOSED, "Långfredagen"),  # in the middle of the lov: fritids is closed too
        ("2026-04-04", DayType.CLOSED, None),  # a Saturday in the lov
        ("2026-10-26", DayType.LOV, "Höstlov"),
        (
            "2026-10-30",
            DayType.STUDIEDAG,
            "Norras studiedag",
        ),  # one school's own row wins against the municipality's
        ("2026-09-12", DayType.SCHOOL_DAY, "Öppet hus"),  # a Saturday that was made a school day
    ],
)
def test_day_types(day: str, kind: DayType, name: str | None) -> None:
    rows = [
        *calendar(("2026-01-12", "2026-06-12", "term"), ("2026-08-18", "2026-12-18", "term")),
        CalendarRow.model_validate(
            {
                "municipality": "Helsingborg",
                "first": "2026-03-30",
                "last": "2026-04-10",
                "day_type": "lov",
                "name": "Påsklov",
            }
        ),
        CalendarRow.model_validate(
            {
                "municipality": "Helsingborg",
                "first": "2026-10-26",
                "last": "2026-10-30",
                "day_type": "lov",
                "name": "Höstlov",
            }
        ),
        CalendarRow.model_validate(
            {
                "school": "norra",
                "first": "2026-10-30",
                "last": "2026-10-30",
                "day_type": "studiedag",
                "name": "Norras studiedag",
            }
        ),
        CalendarRow.model_validate(
            {"first": "2026-09-12", "last": "2026-09-12", "day_type": "school_day", "name": "Öppet hus"}
        ),
    ]
    table = timetable(days=rows)
    assert table.day_type(date.fromisoformat(day)) is kind
    assert table.day_name(date.fromisoformat(day)) == name


def test_another_municipality_or_school_does_not_concern_this_one() -> None:
    rows = [
        *calendar(("2026-11-02", "2026-11-06", "lov"), municipality="Lund"),
        *calendar(("2026-11-02", "2026-11-06", "lov"), school="sodra"),
    ]
    assert timetable(days=rows).day_type(date(2026, 11, 2)) is DayType.SCHOOL_DAY


def test_without_terms_every_free_weekday_is_a_school_day() -> None:
    assert timetable().day_type(date(2026, 7, 1)) is DayType.SCHOOL_DAY


def test_the_shorter_row_wins_among_equals() -> None:
    rows = calendar(("2026-11-02", "2026-11-06", "lov"), ("2026-11-04", "2026-11-04", "closed"))
    table = timetable(days=rows)
    assert [table.day_type(date(2026, 11, day)) for day in (3, 4, 5)] == [
        DayType.LOV,
        DayType.CLOSED,
        DayType.LOV,
    ]


def test_public_holidays_move_with_easter() -> None:
    days = public_holidays([2024, 2025])
    assert days[date(2024, 3, 29)] == days[date(2025, 4, 18)] == "Långfredagen"


def test_lessons_are_local_and_sorted() -> None:
    table = timetable(lesson(1, "10:00", "11:00"), lesson(1, "08:10", "09:10", group_size=27))
    assert table.lessons("a1", date(2026, 11, 2)) == [
        (utc("2026-11-02T07:10"), utc("2026-11-02T08:10"), 27),
        (utc("2026-11-02T09:00"), utc("2026-11-02T10:00"), None),
    ]
    assert table.lessons("a1", date(2026, 11, 3)) == []  # the room has lessons, but none on Tuesdays


def test_a_room_without_lessons_is_used_in_school_hours() -> None:
    assert timetable().lessons("b2", date(2026, 11, 2)) == [
        (utc("2026-11-02T07:00"), utc("2026-11-02T14:00"), None)
    ]
    assert timetable().lessons("b2", date(2026, 11, 8)) == []


@pytest.mark.parametrize(
    ("weeks", "days"),
    [("odd", [date(2026, 11, 2), date(2026, 11, 16)]), ("even", [date(2026, 11, 9), date(2026, 11, 23)])],
)
def test_odd_and_even_weeks_are_iso_weeks(weeks: str, days: list[date]) -> None:
    table = timetable(lesson(1, "08:00", "09:00", weeks=weeks))  # 2 November 2026 lies in ISO week 45
    mondays = [date(2026, 11, 2) + timedelta(weeks=week) for week in range(4)]
    assert [day for day in mondays if table.lessons("a1", day)] == days


def test_a_lesson_holds_from_its_first_to_its_last_day() -> None:
    table = timetable(
        lesson(1, "08:00", "09:00", valid_from="2026-11-09", valid_to="2026-11-16"),
        lesson(2, "08:00", "09:00", room="b1"),
    )
    mondays = [date(2026, 11, 2) + timedelta(weeks=week) for week in range(4)]
    assert [bool(table.lessons("a1", day)) for day in mondays] == [False, True, True, False]


def test_each_day_has_the_lessons_of_its_week_that_hold_on_it() -> None:
    """Timetables that follow one another, overlap and alternate: every Monday by itself."""
    rows = [
        lesson(1, "08:00", "09:00", weeks="odd", valid_to="2026-10-04"),
        lesson(1, "08:30", "09:30", weeks="even", valid_from="2026-09-07"),
        lesson(1, "10:00", "11:00", valid_from="2026-09-14", valid_to="2026-11-16"),
        lesson(1, "12:00", "13:00", valid_from="2026-10-05", valid_to="2026-10-05"),
        lesson(1, "14:00", "14:30"),
    ]
    table = timetable(*rows)
    mondays = [date(2026, 8, 24) + timedelta(weeks=week) for week in range(16)]
    seen = set()
    for monday in mondays:
        parity = "odd" if monday.isocalendar().week % 2 else "even"
        expected = [row.start for row in rows if row.weeks in ("all", parity) and row.holds_on(monday)]
        found = table.lessons("a1", monday)
        assert [start.astimezone(STOCKHOLM).strftime("%H:%M") for start, _, _ in found] == expected
        seen.add(tuple(expected))
    assert len(seen) == 7


def test_days_for_which_no_timetable_was_given_are_used_in_school_hours() -> None:
    table = timetable(lesson(1, "08:10", "09:10", valid_from="2026-08-18", valid_to="2026-12-18"))
    assert table.lessons("a1", date(2026, 5, 4)) == [(utc("2026-05-04T06:00"), utc("2026-05-04T13:00"), None)]
    assert table.lessons("a1", date(2026, 11, 3)) == []  # a Tuesday of the timetable without a lesson


def test_occupied_merges_what_overlaps_and_leaves_breaks_out() -> None:
    table = timetable(
        lesson(1, "08:00", "09:00"),
        lesson(1, "08:30", "09:30"),
        lesson(1, "09:30", "10:00"),
        lesson(1, "10:20", "11:00"),
    )
    assert table.occupied("a1", date(2026, 11, 2)) == [
        (utc("2026-11-02T07:00"), utc("2026-11-02T09:00")),
        (utc("2026-11-02T09:20"), utc("2026-11-02T10:00")),
    ]


def test_the_same_lesson_is_an_hour_earlier_in_summer_time() -> None:
    table = timetable(lesson(5, "08:00", "09:00"), lesson(1, "08:00", "09:00"))
    assert table.lessons("a1", date(2026, 10, 23))[0][0] == utc("2026-10-23T06:00")
    assert table.lessons("a1", date(2026, 10, 26))[0][0] == utc("2026-10-26T07:00")


@pytest.mark.parametrize(("day", "hours"), [("2026-03-29", 23), ("2026-10-25", 25), ("2026-11-02", 24)])
def test_a_day_has_23_24_or_25_hours(day: str, hours: int) -> None:
    start, end = day_span(date.fromisoformat(day), STOCKHOLM)
    assert end - start == timedelta(hours=hours)
    assert (
        start.astimezone(STOCKHOLM).time().isoformat()
        == end.astimezone(STOCKHOLM).time().isoformat()
        == "00:00:00"
    )


def test_a_hired_evening_leaves_the_day_as_it_is() -> None:
    row = {"first": "2026-11-02", "last": "2026-11-03", "day_type": "hired_evening", "hours": "18:00-21:00"}
    table = timetable(days=[CalendarRow.model_validate(row)])
    assert table.day_type(date(2026, 11, 2)) is DayType.SCHOOL_DAY
    assert table.hired_evenings(date(2026, 11, 2)) == [(utc("2026-11-02T17:00"), utc("2026-11-02T20:00"))]
    assert table.hired_evenings(date(2026, 11, 4)) == []


@pytest.mark.parametrize("text", ["15:00-08:00", "08:00-08:00", "08:00-24:30"])
def test_impossible_hours_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_hours(text)
