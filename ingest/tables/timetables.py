"""Timetables to rows of ``lessons.csv``: room, start, end and group size; nothing else leaves this module.

Files are full of teachers and pupils. What is not needed is dropped when it is read, and messages show where
something is wrong and how it is built, never what it says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

from classroom.places import DayType, Lesson
from classroom.site import Site
from ingest.tables.calendars import is_ical
from ingest.tables.ical import Bounds, Event, read_ical
from ingest.tables.lessons import Dated, weekly
from ingest.tables.mapping import CalendarMapping
from ingest.tables.rooms import RoomNames
from ingest.tables.sheets import decoded, read_sheets
from ingest.tables.ss12000 import Ss12000, is_json, read_collections
from ingest.tables.timetable_sheets import Asked, read_lessons, size_told


@dataclass
class Timetable:
    """What a timetable's files became. ``first`` and ``last`` bound the time they tell of (None: always)."""

    rows: list[Lesson] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    first: date | None = None
    last: date | None = None


def read_timetable(
    paths: Sequence[Path],
    site: Site,
    school: str,
    mapping: CalendarMapping,
    source: str,
    bounds: Bounds,
    span: tuple[date | None, date | None] = (None, None),
) -> Timetable:
    """Lessons of ``school`` from iCal, CSV, XLSX or SS 12000 files, remembered as those of ``source``.

    ``span`` cuts the time that is taken; ``bounds`` end recurring events. Dated lessons become weekly ones
    that hold the same on the school days of the site's calendar.

    Raises:
        FileRefused: with the faults of a file, none of which quotes it.
    """
    names = RoomNames(site, school, mapping.rooms.get(school, {}))
    asked = Asked(site, school, mapping, names, span, source)
    found = Timetable()
    dated: list[Dated] = []
    seen: set[date] = set()
    jsons = [path for path in paths if is_json(path)]
    if jsons:
        collections = read_collections(jsons)
        found.notes += collections.notes()
        dated += _of_standard(collections, asked, seen)
    for path in paths:
        if path in jsons:
            continue
        if is_ical(path):
            read = read_ical(decoded(path.read_bytes(), path.name), path.name, site.zone, bounds)
            dated += _of_events(read.events, path.name, asked, seen)
            if read.cancelled:
                found.notes.append(f"{path.name}: {read.cancelled} cancelled lessons are left out")
        else:
            for sheet in read_sheets(path, by_number=True):
                lessons = read_lessons(sheet, asked)
                dated += lessons.dated
                seen |= lessons.days
                found.rows += lessons.rows
                found.notes += lessons.notes
    _fold(dated, seen, asked, found)
    found.notes += _about_rooms(names)
    return found


def _fold(dated: list[Dated], seen: set[date], asked: Asked, found: Timetable) -> None:
    """Make weekly lessons of dated ones, and tell the time they are of."""
    begins = [*(row.valid_from for row in found.rows), *([min(seen)] if seen else [])]
    ends = [*(row.valid_to for row in found.rows), *([max(seen)] if seen else [])]
    found.first = asked.span[0] or (None if None in begins else min(filter(None, begins), default=None))
    found.last = asked.span[1] or (None if None in ends else max(filter(None, ends), default=None))
    if not seen:
        return
    first, last = asked.span[0] or min(seen), asked.span[1] or max(seen)
    times = asked.site.timetable(asked.school)
    kept = [one for one in dated if first <= one.day <= last]
    made = weekly(
        asked.school,
        kept,
        first,
        last,
        lambda day: times.day_type(day) is DayType.SCHOOL_DAY,
        asked.source,
    )
    found.rows += made.rows
    if len(kept) < len(dated):
        found.notes.append(f"{len(dated) - len(kept)} lessons outside {first} to {last} are left out")
    if made.no_school:
        days = ", ".join(f"{day}" for day in made.no_school[:5]) + (" …" if len(made.no_school) > 5 else "")
        found.notes.append(
            f"lessons on {len(made.no_school)} days that are no school days are left out: {days}"
        )
    held = {one.day for one in kept}
    empty = [
        day
        for day in (first + timedelta(days=n) for n in range((last - first).days + 1))
        if day not in held and times.day_type(day) is DayType.SCHOOL_DAY
    ]
    if kept and empty:
        days = ", ".join(f"{day}" for day in empty[:5]) + (" …" if len(empty) > 5 else "")
        found.notes.append(
            f"{len(empty)} school days without any lesson: {days}; is a lov or studiedag missing?"
        )


def _about_rooms(names: RoomNames) -> list[str]:
    notes = [
        f"{count} lessons in an unknown room {shown!r} are left out (first: {names.wheres[shown]}); "
        "name it under [rooms] in calendars.toml"
        for shown, count in names.unknown.most_common()
    ]
    if names.nowhere:
        notes.append(f"{names.nowhere} lessons without a room are left out")
    if names.ignored:
        notes.append(f"{names.ignored} lessons in rooms that are to be ignored")
    return notes


# iCal


def _of_events(events: Iterable[Event], name: str, asked: Asked, seen: set[date]) -> list[Dated]:
    found = []
    for event in events:
        if event.all_day or event.end.date() != event.start.date() or event.end <= event.start:
            continue  # no lesson lasts a day or passes midnight
        seen.add(event.start.date())
        rooms = asked.names.keys(event.location, f"{name}, event {event.number}")
        size = size_told(event.summary, asked.mapping.groups) if len(rooms) == 1 else None
        times = (f"{event.start:%H:%M}", f"{event.end:%H:%M}")
        found += [Dated(room, event.start.date(), *times, size) for room in rooms]
    return found


# SS 12000


def _of_standard(collections: Ss12000, asked: Asked, seen: set[date]) -> list[Dated]:
    found = []
    for number, event in enumerate(collections.events(asked.site.zone), start=1):
        if event.end.date() != event.start.date():
            continue
        seen.add(event.start.date())
        rooms = [
            key
            for called in event.rooms or [""]
            for key in asked.names.keys(called, f"calendarEvents, event {number}")
        ]
        size = event.persons if len(rooms) == 1 else None  # how it is split over rooms is not told
        times = (f"{event.start:%H:%M}", f"{event.end:%H:%M}")
        found += [Dated(room, event.start.date(), *times, size) for room in rooms]
    return found
