"""When a room is occupied by timetable, and what kind of day it is."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays

from classroom.places import CalendarRow, DayType, Lesson, School

Span = tuple[datetime, datetime]
"""A half-open interval of aware UTC times."""

_DAY = timedelta(days=1)

_Validity = tuple[str, date | None, date | None]
"""Weeks, first and last day of a lesson."""


def parse_hours(hours: str) -> tuple[time, time]:
    """``"08:00-15:00"`` as two local times.

    Raises:
        ValueError: the text is not two times of day, or the end is not after the start.
    """
    start, end = (time.fromisoformat(part) for part in hours.split("-"))
    if end <= start:
        raise ValueError(f"the end {end:%H:%M} must be after the start {start:%H:%M}")
    return start, end


def public_holidays(years: Iterable[int]) -> dict[date, str]:
    """Swedish public holidays and the eves that are free in practice (Midsummer, Christmas, New Year)."""
    found: dict[date, str] = {}
    for year in years:
        for day, name in holidays.country_holidays(
            "SE", years=year, language="sv", categories=("public", "de_facto")
        ).items():
            found[day] = name
    return found


class Timetable:
    """Lessons and calendar of one school in its site's time zone.

    The most particular calendar row wins: school before municipality before all; among equals the shorter.
    Only a ``school_day`` row wins against a weekend or a public holiday.
    """

    def __init__(
        self, school: School, zone: ZoneInfo, lessons: Sequence[Lesson], calendar: Sequence[CalendarRow]
    ) -> None:
        self.zone = zone
        self._hours = parse_hours(school.school_hours)
        self._lessons: dict[str, list[Lesson]] = {}
        self._on_weekday: dict[tuple[str, int], _Weekday] = {}
        self._weekdays: dict[int, dict[_Validity, tuple[Lesson, str, str]]] = {}
        for lesson in lessons:
            if lesson.school == school.key:
                self._lessons.setdefault(lesson.room, []).append(lesson)
                self._on_weekday.setdefault((lesson.room, lesson.weekday), _Weekday()).add(lesson)
                self._widen(lesson)
        mine = [
            row
            for row in calendar
            if (row.school is None or row.school == school.key)
            and (row.municipality is None or row.municipality == school.municipality)
        ]
        self._terms = [row for row in mine if row.day_type == "term"]
        self._evenings: dict[date, list[tuple[time, time]]] = {}
        for row in mine:
            if row.day_type == "hired_evening" and row.hours:
                hired = parse_hours(row.hours)
                for number in range((row.last - row.first).days + 1):
                    evening = row.first + timedelta(days=number)
                    self._evenings.setdefault(evening, []).append(hired)
        self._days = sorted(
            (row for row in mine if row.day_type not in ("term", "hired_evening")),
            key=lambda row: (row.school is None, row.municipality is None, row.last - row.first),
        )
        self._holidays: dict[int, dict[date, str]] = {}
        self._types: dict[date, tuple[DayType, str | None]] = {}
        self._told: dict[date, bool] = {}

    def _widen(self, lesson: Lesson) -> None:
        """Note the first start and the last end of the lessons that are given on the same days."""
        alike = self._weekdays.setdefault(lesson.weekday, {})
        validity = lesson.weeks, lesson.valid_from, lesson.valid_to
        one, start, end = alike.get(validity, (lesson, lesson.start, lesson.end))
        alike[validity] = one, min(start, lesson.start), max(end, lesson.end)

    def day_type(self, day: date) -> DayType:
        """What kind of day ``day`` (local) is."""
        return self._day(day)[0]

    def day_name(self, day: date) -> str | None:
        """Name of the day's calendar row or public holiday, if it has one."""
        return self._day(day)[1]

    def _day(self, day: date) -> tuple[DayType, str | None]:
        if day not in self._types:
            self._types[day] = self._find_day(day)
        return self._types[day]

    def _find_day(self, day: date) -> tuple[DayType, str | None]:
        if day.year not in self._holidays:
            self._holidays[day.year] = public_holidays([day.year])
        holiday = self._holidays[day.year].get(day)
        free = holiday is not None or day.weekday() >= 5  # fritids is closed too, also in the middle of a lov
        for row in self._days:
            if row.first <= day <= row.last and (row.day_type == "school_day" or not free):
                return DayType(row.day_type), row.name
        if free:
            return DayType.CLOSED, holiday
        if self._terms and not any(row.first <= day <= row.last for row in self._terms):
            return DayType.LOV, None
        return DayType.SCHOOL_DAY, None

    def lessons(self, room: str, day: date) -> list[tuple[datetime, datetime, int | None]]:
        """Lessons of ``room`` on ``day``: UTC start, UTC end, group size (None: not told), in time order.

        A room without lessons in the timetable is taken as in use during the school's hours, and so is every
        room on a day for which the school has no timetable at all (no lesson's validity reaches it): what is
        not told is not the same as an empty room.
        """
        if self.day_type(day) is not DayType.SCHOOL_DAY:
            return []
        if room not in self._lessons or not self._is_told(day):
            start, end = self._hours
            return [(self._utc(day, start), self._utc(day, end), None)]
        weekday = self._on_weekday.get((room, day.isoweekday()))
        given = [] if weekday is None else weekday.given_on(day)
        midnight, next_midnight = day_span(day, self.zone)
        if next_midnight - midnight == _DAY:  # a third of the time that the zone takes to say the same
            return [(midnight + slot.start, midnight + slot.end, slot.lesson.group_size) for slot in given]
        found = [
            (
                self._utc(day, time.fromisoformat(slot.lesson.start)),
                self._utc(day, time.fromisoformat(slot.lesson.end)),
                slot.lesson.group_size,
            )
            for slot in given
        ]
        return sorted(found, key=lambda lesson: lesson[:2])

    def _is_told(self, day: date) -> bool:
        """Whether some lesson of the school is in force on ``day``."""
        if day not in self._told:
            lessons = (lesson for several in self._lessons.values() for lesson in several)
            self._told[day] = any(lesson.holds_on(day) for lesson in lessons)
        return self._told[day]

    def occupied(self, room: str, day: date) -> list[Span]:
        """Occupied spans of ``room`` on local ``day``: lessons, overlaps merged; breaks are not in it."""
        merged: list[Span] = []
        for start, end, _ in self.lessons(room, day):
            if merged and start <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def hired_evenings(self, day: date) -> list[Span]:
        """Spans of local ``day`` in which others hire the building."""
        return [(self._utc(day, start), self._utc(day, end)) for start, end in self._evenings.get(day, ())]

    def open_spans(self, day: date) -> list[Span]:
        """When the school is open on local ``day``, breaks included; spans do not overlap.

        A school day from the first lesson or the start of the school's hours, whichever is earlier, to the
        last lesson or their end; lov (fritids) and study days during the school's hours; closed days not at
        all. Hired evenings are open too.
        """
        spans = self.hired_evenings(day)
        if self.day_type(day) is not DayType.CLOSED:
            opens, closes = self._hours
            if self.day_type(day) is DayType.SCHOOL_DAY:
                for lesson, start, end in self._weekdays.get(day.isoweekday(), {}).values():
                    if _given(lesson, day):
                        opens = min(opens, time.fromisoformat(start))
                        closes = max(closes, time.fromisoformat(end))
            spans.append((self._utc(day, opens), self._utc(day, closes)))
        merged: list[Span] = []
        for begin, until in sorted(spans):
            if merged and begin <= merged[-1][1]:
                merged[-1] = (merged[-1][0], max(until, merged[-1][1]))
            else:
                merged.append((begin, until))
        return merged

    def _utc(self, day: date, at: time) -> datetime:
        start, end = day_span(day, self.zone)
        if end - start == _DAY:
            return start + _after_midnight(at)
        return datetime.combine(day, at, self.zone).astimezone(UTC)


class _Slot(NamedTuple):
    """When a lesson begins and ends after midnight on a day of 24 hours."""

    start: timedelta
    end: timedelta
    lesson: Lesson

    @classmethod
    def of(cls, lesson: Lesson) -> _Slot:
        start, end = (_after_midnight(time.fromisoformat(at)) for at in (lesson.start, lesson.end))
        return cls(start, end, lesson)


class _Weekday:
    """A room's lessons on one weekday. Which of them are given changes at some days, and perhaps with the
    week; each answer is kept."""

    def __init__(self) -> None:
        self._slots: list[_Slot] = []
        self._changes: list[date] = []
        self._weekly = True
        self._given: dict[tuple[int, int], list[_Slot]] = {}

    def add(self, lesson: Lesson) -> None:
        self._slots.append(_Slot.of(lesson))
        self._slots.sort(key=lambda slot: slot[:2])
        self._changes += [] if lesson.valid_from is None else [lesson.valid_from]
        self._changes += [] if lesson.valid_to is None else [lesson.valid_to + _DAY]
        self._changes.sort()
        self._weekly &= lesson.weeks == "all"

    def given_on(self, day: date) -> list[_Slot]:
        """The lessons given on ``day``, a school day, in time order."""
        key = bisect(self._changes, day), 0 if self._weekly else day.isocalendar().week % 2
        if key not in self._given:
            self._given[key] = [slot for slot in self._slots if _given(slot.lesson, day)]
        return self._given[key]


def _after_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute, seconds=at.second)


def _given(lesson: Lesson, day: date) -> bool:
    """Whether the lesson is given on ``day``, a school day of its weekday."""
    if lesson.weeks != "all" and lesson.weeks != ("odd" if day.isocalendar().week % 2 else "even"):
        return False
    return lesson.holds_on(day)


@lru_cache(maxsize=10_000)
def day_span(day: date, zone: ZoneInfo) -> Span:
    """UTC start and end of a local day: 23, 24 or 25 hours."""
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return start, end
