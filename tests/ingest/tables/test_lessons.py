"""Dated lessons to weekly rows: few rows, and exactly the same lessons on every school day."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from classroom.places import CalendarRow, DayType, School
from classroom.timetable import Timetable
from ingest.tables.lessons import Dated, weekly

ZONE = ZoneInfo("Europe/Stockholm")
FIRST, LAST = date(2026, 8, 17), date(2027, 1, 31)  # with week 53, and an odd week after another
NORRA = School(key="norra", name="Norra")
LOV = CalendarRow(first=date(2026, 10, 26), last=date(2026, 10, 30), day_type="lov")
BARE = Timetable(NORRA, ZONE, [], [LOV])


def is_school_day(day: date) -> bool:
    return BARE.day_type(day) is DayType.SCHOOL_DAY


def mondays(*, parity: int | None = None) -> list[date]:
    days = [FIRST + timedelta(weeks=n) for n in range(24)]
    return [day for day in days if parity is None or day.isocalendar().week % 2 == parity]


def rows_of(days: list[date], *others: Dated) -> list[tuple[str, str, str]]:
    dated = [Dated("a1", day, "08:10", "09:10") for day in days]
    made = weekly("norra", [*dated, *others], FIRST, LAST, is_school_day)
    return [(row.weeks, f"{row.valid_from}", f"{row.valid_to}") for row in made.rows]


def test_a_weekly_lesson_is_one_row_over_lov_and_holidays() -> None:
    assert rows_of(mondays()) == [("all", "2026-08-17", "2027-01-31")]


def test_odd_and_even_weeks_are_seen_also_over_week_53() -> None:
    assert rows_of(mondays(parity=1)) == [("odd", "2026-08-17", "2027-01-31")]
    assert rows_of(mondays(parity=0)) == [("even", "2026-08-17", "2027-01-31")]


def test_a_cancelled_lesson_parts_the_row_and_a_moved_one_gets_its_own() -> None:
    off = date(2026, 9, 14)
    moved = Dated("a1", date(2026, 9, 15), "10:00", "11:00")
    assert sorted(rows_of([day for day in mondays() if day != off], moved)) == [
        ("all", "2026-08-17", "2026-09-07"),
        ("all", "2026-09-15", "2026-09-15"),
        ("all", "2026-09-21", "2027-01-31"),
    ]


def test_a_lesson_that_begins_later_holds_from_then() -> None:
    assert rows_of(mondays()[10:])[0][1] == "2026-11-02"  # the Monday after the lov


def test_groups_at_the_same_time_in_a_room_are_added_up() -> None:
    day = date(2026, 9, 1)
    pair = [Dated("a1", day, "08:10", "09:10", 12), Dated("a1", day, "08:10", "09:10", 14)]
    assert [row.group_size for row in weekly("norra", pair, day, day, is_school_day).rows] == [26]
    unknown = [*pair, Dated("a1", day, "08:10", "09:10")]
    assert [row.group_size for row in weekly("norra", unknown, day, day, is_school_day).rows] == [None]


def test_lessons_on_days_off_are_told() -> None:
    made = weekly("norra", [Dated("a1", date(2026, 10, 27), "08:10", "09:10")], FIRST, LAST, is_school_day)
    assert (made.rows, made.no_school) == ([], [date(2026, 10, 27)])


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_the_rows_hold_the_same_lessons_on_every_school_day(seed: int) -> None:
    random = Random(seed)
    days = [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    dated = set()
    for _ in range(random.randrange(1, 6)):
        room, start = random.choice(["a1", "a2"]), random.choice(["08:10", "09:20", "10:30"])
        weekday, parity = random.randrange(1, 7), random.choice([0, 1, 2, 2])
        begin, end = sorted(random.choices(days, k=2))
        dated |= {
            Dated(room, day, start, "11:30", random.choice([20, 20, 20, None]))
            for day in days
            if begin <= day <= end
            and day.isoweekday() == weekday
            and parity in (2, day.isocalendar().week % 2)
            and random.random() < 0.95
        }
    dated |= {Dated("a1", random.choice(days), "13:00", "14:00") for _ in range(random.randrange(3))}
    made = weekly("norra", sorted(dated, key=str), FIRST, LAST, is_school_day)
    table = Timetable(NORRA, ZONE, made.rows, [LOV])
    for room in {one.room for one in dated}:
        for day in days:
            wanted = [one for one in dated if (one.room, one.day) == (room, day)]
            if not is_school_day(day) or not made.rows:
                continue
            found = [
                (f"{start.astimezone(ZONE):%H:%M}", f"{end.astimezone(ZONE):%H:%M}", size)
                for start, end, size in table.lessons(room, day)
            ]
            if not any(row.room == room for row in made.rows):
                continue  # all of its lessons were on days off
            if any(row.holds_on(day) for row in made.rows):
                assert len(found) == len({(one.start, one.end) for one in wanted})
            else:
                assert not wanted
                assert [one[:2] for one in found] == [("08:00", "15:00")]
