"""Timetables in CSV and XLSX: weekly lessons (also odd, even and numbered weeks) or dated ones."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import NamedTuple

from classroom.places import Lesson
from classroom.site import Site
from ingest.imports.refusal import FileFault, FileRefused
from ingest.tables.columns import Found, find_table
from ingest.tables.dates import date_of, text_of, time_of, weekday_of
from ingest.tables.lessons import Dated, Weeks
from ingest.tables.mapping import CalendarMapping
from ingest.tables.names import shape
from ingest.tables.rooms import RoomNames
from ingest.tables.sheets import Cell, Sheet

COLUMNS = {
    "room": ("sal", "lokal", "rum", "klassrum", "location"),
    "weekday": ("veckodag", "dag", "day"),
    "date": ("datum", "startdatum"),
    "start": ("starttid", "börjar", "från", "start time"),
    "end": ("slut", "sluttid", "slutar", "till", "end time"),
    "group_size": ("antal", "antal elever", "elever", "gruppstorlek", "storlek"),
    "group": ("grupp", "klass", "grupper"),
    "weeks": ("veckor", "vecka", "week"),
    "valid_from": ("giltig från", "gäller från", "fr.o.m.", "fr.o.m"),
    "valid_to": ("giltig till", "gäller till", "t.o.m.", "t.o.m"),
}
"""Our columns and what others call them; all others are not read."""

_WEEKS: dict[str, Weeks] = {
    **dict.fromkeys(("", "all", "alla", "varje", "alla veckor"), "all"),
    **dict.fromkeys(("odd", "udda", "udda veckor", "u"), "odd"),
    **dict.fromkeys(("even", "jämn", "jämna", "jämna veckor", "j"), "even"),
}
_NUMBERED = re.compile(r"(?:v\.? ?)?\d\d?(?: ?- ?\d\d?)?(?: ?, ?\d\d?(?: ?- ?\d\d?)?)*")


class Asked(NamedTuple):
    """What a timetable is read with; ``span`` is the time that was asked for, open where nothing was said."""

    site: Site
    school: str
    mapping: CalendarMapping
    names: RoomNames
    span: tuple[date | None, date | None]
    source: str


@dataclass
class Lessons:
    """Lessons of a sheet: weekly rows as they stand, dated lessons, and all days that dated ones name."""

    rows: list[Lesson] = field(default_factory=list)
    dated: list[Dated] = field(default_factory=list)
    days: set[date] = field(default_factory=set)
    notes: list[str] = field(default_factory=list)


def read_lessons(sheet: Sheet, asked: Asked) -> Lessons:
    """The lessons of a sheet.

    Raises:
        FileRefused: with the faults of its rows, none of which quotes a cell.
    """
    names = {text_of(cell).casefold() for _, row in sheet.rows[:20] for cell in row}
    has_dates = bool(names & {"date", *COLUMNS["date"]})
    table = find_table(sheet, COLUMNS, ["room", "start", "end", "date" if has_dates else "weekday"])
    found = Lessons()
    if table.passed_over:
        found.notes.append(f"{sheet.where}: {table.passed_over} other columns are not read")
    faults: list[FileFault] = []
    for number, cells in table.rows:
        row = _Row(sheet.where, number, table, faults, asked, cells)
        if has_dates:
            _take_dated(row, found)
        else:
            _take_weekly(row, found)
    if faults:
        raise FileRefused(faults[:20], max(0, len(faults) - 20))
    return found


def size_told(text: str, groups: Mapping[str, int]) -> int | None:
    """Persons in the groups that ``text`` names, if it names any that the mapping knows."""
    lower = text.casefold()
    named = [
        size
        for group, size in groups.items()
        if re.search(rf"(?<!\w){re.escape(group.casefold())}(?!\w)", lower)
    ]
    return sum(named) if named else None


def _take_dated(row: _Row, found: Lessons) -> None:
    day = row.day("date", needed=True)
    start, end = row.times()
    size, rooms = row.size(), row.rooms()
    if day is not None:
        found.days.add(day)
        found.dated += [Dated(room, day, start, end, size if len(rooms) == 1 else None) for room in rooms]


def _take_weekly(row: _Row, found: Lessons) -> None:
    weekday, weeks, days = row.weekday(), row.weeks(), row.numbered_days()
    start, end = row.times()
    size, rooms = row.size(), row.rooms()
    if len(rooms) != 1:
        size = None  # how a group is split over rooms is not told
    span = row.validity()
    if weekday is None or row.faulty:
        return
    if days is not None:
        found.days.update(days)
        found.dated += [Dated(room, day, start, end, size) for room in rooms for day in days]
        return
    for room in rooms:
        told = {
            "room": room,
            "weekday": weekday,
            "start": start,
            "end": end,
            "group_size": size,
            "weeks": weeks,
        }
        found.rows.append(row.lesson(told, span))


class _Row:
    """Reads the cells of a row; what is wrong is noted by how it is built."""

    def __init__(
        self,
        where: str,
        number: int,
        table: Found,
        faults: list[FileFault],
        asked: Asked,
        cells: Mapping[str, Cell],
    ) -> None:
        self._where, self._number, self._table, self._faults = where, number, table, faults
        self._asked, self._cells = asked, cells
        self.faulty = False

    def _fault(self, column: str, cure: str) -> None:
        built = f"(built as {shape(text_of(self._cells.get(column)))!r})"
        self._faults.append(FileFault(self._where, self._number, column, built, cure))
        self.faulty = True

    def times(self) -> tuple[str, str]:
        """Start and end as ``08:10``."""
        start, end = (self._time(column) for column in ("start", "end"))
        if start and end and end <= start:
            self._fault("end", "the lesson ends before it starts")
        return f"{start or time():%H:%M}", f"{end or time():%H:%M}"

    def _time(self, column: str) -> time | None:
        value = time_of(self._cells.get(column, ""))
        if value is None:
            self._fault(column, "write a time of day as 08:10")
        return value

    def day(self, column: str, *, needed: bool = False) -> date | None:
        """A date; None where the cell is empty or wrong."""
        if column not in self._cells and not needed:
            return None
        value = date_of(self._cells.get(column, ""), self._asked.mapping.date_format)
        if value is None:
            self._fault(column, "write a date as 2026-08-18, or give date_format in calendars.toml")
        return value

    def weekday(self) -> int | None:
        """1 for Monday."""
        value = weekday_of(self._cells.get("weekday", ""))
        if value is None:
            self._fault("weekday", "write 1 to 7 (1 is Monday) or måndag to söndag")
        return value

    def weeks(self) -> Weeks:
        """Which weeks, if not by number."""
        told = text_of(self._cells.get("weeks")).casefold()
        if told not in _WEEKS and not _NUMBERED.fullmatch(told):
            self._fault("weeks", "write all, odd (udda), even (jämna), or numbers as 34-43, 45-51")
        return _WEEKS.get(told, "all")

    def numbered_days(self) -> list[date] | None:
        """The days of the weeks that are named by number; None where they are not."""
        told = text_of(self._cells.get("weeks")).casefold()
        if not _NUMBERED.fullmatch(told):
            return None
        first, last = self.validity()
        if first is None or last is None or (last - first).days > 400:
            self._fault("weeks", "weeks by number need a time of a school year: give --from and --to")
            return None
        numbers: set[int] = set()
        for begin, end in re.findall(r"(\d+)(?: ?- ?(\d+))?", told):
            stop = int(end or begin)
            numbers.update(
                range(int(begin), stop + 1)
                if int(begin) <= stop
                else [*range(int(begin), 54), *range(1, stop + 1)]
            )
        days = (first + timedelta(days=n) for n in range((last - first).days + 1))
        weekday = weekday_of(self._cells.get("weekday", ""))
        return [day for day in days if day.isoweekday() == weekday and day.isocalendar().week in numbers]

    def validity(self) -> tuple[date | None, date | None]:
        """First and last day of the row, within what the user asked for."""
        first, last = self.day("valid_from"), self.day("valid_to")
        begin, end = self._asked.span
        return max(filter(None, (first, begin)), default=None), min(filter(None, (last, end)), default=None)

    def size(self) -> int | None:
        """Persons: a number, or the sum of the groups that the mapping knows."""
        if "group_size" in self._cells:
            told = text_of(self._cells["group_size"])
            if re.fullmatch(r"\d{1,4}", told) and int(told) <= 2_000:
                return int(told)
            self._fault("group_size", "write a number of persons, 0 to 2000")
        return size_told(text_of(self._cells.get("group")), self._asked.mapping.groups)

    def rooms(self) -> list[str]:
        """Keys of its rooms; unknown ones are counted."""
        return self._asked.names.keys(text_of(self._cells.get("room")), f"{self._where}, row {self._number}")

    def lesson(self, told: Mapping[str, object], span: tuple[date | None, date | None]) -> Lesson:
        """A weekly row."""
        whose = {"school": self._asked.school, "source": self._asked.source}
        return Lesson.model_validate({**whose, **told, "valid_from": span[0], "valid_to": span[1]})
