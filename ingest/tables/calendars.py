"""Calendars of others to rows of ``calendar.csv``: holidays that are known already are passed over, what
cannot be understood is told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from pathlib import Path
from typing import NamedTuple

from classroom.places import CalendarRow
from classroom.site import Site
from classroom.timetable import public_holidays
from ingest.imports.refusal import FileFault, FileRefused
from ingest.tables.columns import Found, find_table
from ingest.tables.dates import date_of, hours_of, text_of
from ingest.tables.ical import Bounds, Event, read_ical
from ingest.tables.mapping import CalendarMapping, Kind
from ingest.tables.sheets import Sheet, decoded, read_sheets
from ingest.tables.words import kind_of

COLUMNS = {
    "first": ("från", "fr.o.m.", "fr.o.m", "from", "start", "startdatum", "datum", "date", "börjar"),
    "last": ("till", "t.o.m.", "t.o.m", "to", "slut", "slutdatum", "end", "slutar"),
    "day_type": ("typ", "type", "dagtyp"),
    "name": ("namn", "rubrik", "benämning", "händelse", "beskrivning", "summary", "aktivitet"),
    "municipality": ("kommun",),
    "school": ("skola", "skolenhet"),
    "hours": ("tid", "tider", "klockslag"),
}
"""Our columns and what others call them."""


class Whom(NamedTuple):
    """Whom an entry concerns; both None: every school of the site."""

    municipality: str | None = None
    school: str | None = None


class Entry(NamedTuple):
    """An entry of a calendar before it is understood; ``where`` names it for people."""

    where: str
    first: date
    last: date
    hours: str | None
    told: str
    name: str
    whom: Whom


@dataclass
class Calendar:
    """What a calendar's files became; ``unknown`` and ``passed_over`` are lines for people."""

    rows: list[CalendarRow] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    holidays: int = 0
    ignored: int = 0
    outside: int = 0
    first: date | None = None
    last: date | None = None


def read_calendar(
    paths: Sequence[Path],
    site: Site,
    mapping: CalendarMapping,
    whom: Whom,
    source: str,
    bounds: Bounds,
    kind: Kind | None = None,
) -> Calendar:
    """Rows from iCal, CSV and XLSX files, remembered as those of ``source``.

    ``whom`` holds where a file does not say it itself. ``kind`` makes every entry one of that kind, whatever
    it is called. Of recurring events those within ``bounds`` are taken.

    Raises:
        FileRefused: with the faults of a file; nothing of it should be taken.
    """
    found = Calendar()
    entries: list[Entry] = []
    for path in paths:
        for entry in _entries(path, site, mapping, whom, bounds, found):
            if entry.last < bounds.first or entry.first > bounds.last:
                found.outside += 1
            else:
                entries.append(entry)
    if entries:
        found.first, found.last = min(one.first for one in entries), max(one.last for one in entries)
    edges: list[tuple[Kind, Entry]] = []
    for entry in entries:
        its, why = (kind, "") if kind is not None else kind_of(entry.told, mapping.words)
        if its in ("term_start", "term_end"):
            edges.append((its, entry))
        else:
            _sort_in(entry, its, why, source, found)
    found.rows = joined([*found.rows, *_terms(edges, source, found)])
    return found


def _sort_in(entry: Entry, kind: Kind | None, why: str, source: str, found: Calendar) -> None:
    if kind is None and _is_holiday(entry):
        found.holidays += 1
    elif kind is None:
        found.unknown.append(_unknown(entry, why))
    elif kind == "ignore":
        found.ignored += 1
    elif kind == "hired_evening" and entry.hours is None:
        found.unknown.append(_unknown(entry, "it has no hours within one day"))
    else:
        found.rows.append(_row(entry, kind, source))


def _entries(
    path: Path, site: Site, mapping: CalendarMapping, whom: Whom, bounds: Bounds, found: Calendar
) -> Iterable[Entry]:
    if is_ical(path):
        read = read_ical(decoded(path.read_bytes(), path.name), path.name, site.zone, bounds)
        found.outside += read.outside
        found.ignored += read.cancelled
        return [_entry_of(event, path.name, whom) for event in read.events]
    return [entry for sheet in read_sheets(path) for entry in _sheet_entries(sheet, site, mapping, whom)]


def is_ical(path: Path) -> bool:
    """Whether a file begins as an iCalendar does."""
    with path.open("rb") as file:
        head = file.read(400)
    return b"BEGIN:VCALENDAR" in head.upper().replace(b"\0", b"")


def _entry_of(event: Event, name: str, whom: Whom) -> Entry:
    last = event.last_day
    hours = None
    if not event.all_day and last == event.start.date() and event.end > event.start:
        end = event.end.time() if event.end.date() == last else time(23, 59)
        hours = f"{event.start:%H:%M}-{end:%H:%M}"
    where = f"{name}, event {event.number}"
    return Entry(where, event.start.date(), last, hours, event.summary, event.summary, whom)


def _sheet_entries(sheet: Sheet, site: Site, mapping: CalendarMapping, whom: Whom) -> list[Entry]:
    table = find_table(sheet, COLUMNS, ["first"])
    faults: list[FileFault] = []
    entries = []
    for row, cells in table.rows:
        problems = _Problems(sheet.where, row, table, faults)
        first = date_of(cells.get("first", ""), mapping.date_format)
        last = date_of(cells["last"], mapping.date_format) if "last" in cells else first
        hours = hours_of(cells["hours"]) if "hours" in cells else None
        cure = "write a date as 2026-08-18, or give date_format in calendars.toml"
        problems.check(first is not None, "first", cells.get("first", ""), cure)
        problems.check(last is not None, "last", cells.get("last", ""), cure)
        problems.check(
            hours is not None or "hours" not in cells, "hours", cells.get("hours"), "write 18:00-21:00"
        )
        if first is not None and last is not None:
            problems.check(last >= first, "last", last, "the last day must not be before the first")
        school = _school(text_of(cells.get("school")), site) if "school" in cells else whom.school
        problems.check(
            school is not None or "school" not in cells, "school", cells.get("school"), "no such school"
        )
        its = (
            Whom(text_of(cells.get("municipality")) or None, school)
            if {"municipality", "school"} & set(cells)
            else whom
        )
        told, name = text_of(cells.get("day_type")), text_of(cells.get("name"))
        if first is not None and last is not None:
            entries.append(
                Entry(f"{sheet.where}, row {row}", first, last, hours, told or name, name or told, its)
            )
    if faults:
        raise FileRefused(faults[:20], max(0, len(faults) - 20))
    return entries


class _Problems:
    """Notes what is wrong with the cells of a row."""

    def __init__(self, where: str, row: int, table: Found, faults: list[FileFault]) -> None:
        self._where, self._row, self._table, self._faults = where, row, table, faults

    def check(self, good: bool, column: str, value: object, cure: str) -> None:
        if not good:
            heading = self._table.headings.get(column, column)
            self._faults.append(FileFault(self._where, self._row, heading, repr(str(value))[:80], cure))


def _school(told: str, site: Site) -> str | None:
    return next(
        (s.key for s in site.schools if told in (s.key, s.name) or told.casefold() == s.name.casefold()), None
    )


def _is_holiday(entry: Entry) -> bool:
    days = [entry.first + timedelta(days=n) for n in range((entry.last - entry.first).days + 1)]
    known = public_holidays({day.year for day in days})
    return all(day in known for day in days)


def _unknown(entry: Entry, why: str) -> str:
    days = f"{entry.first}" if entry.first == entry.last else f"{entry.first} to {entry.last}"
    return f"{entry.where}: {days} {entry.told!r}: {why}"


def _row(entry: Entry, kind: Kind, source: str) -> CalendarRow:
    hired = kind == "hired_evening"
    name = "".join(sign for sign in entry.name if sign.isprintable()).strip()[:200]
    return CalendarRow.model_validate(
        {
            "municipality": entry.whom.municipality,
            "school": entry.whom.school,
            "first": entry.first,
            "last": entry.last,
            "day_type": kind,
            "hours": entry.hours if hired else None,
            "name": None if hired else name or None,  # who hires is nobody's business here
            "source": source,
        }
    )


def _terms(edges: list[tuple[Kind, Entry]], source: str, found: Calendar) -> list[CalendarRow]:
    """Terms from their first and last days; one without the other is told."""
    rows: list[CalendarRow] = []
    open_: dict[Whom, Entry] = {}
    for kind, entry in sorted(edges, key=lambda edge: edge[1].first):
        begun = open_.pop(entry.whom, None)
        if kind == "term_start":
            if begun is not None:
                found.unknown.append(_unknown(begun, "a term begins, and no end of it follows"))
            open_[entry.whom] = entry
        elif begun is None:
            found.unknown.append(_unknown(entry, "a term ends that has not begun"))
        else:
            name = f"{'Höst' if begun.first.month > 6 else 'Vår'}terminen {begun.first.year}"
            rows.append(_row(begun._replace(last=entry.last, name=name), "term", source))
    found.unknown += [_unknown(entry, "a term begins, and no end of it follows") for entry in open_.values()]
    return rows


def joined(rows: Sequence[CalendarRow]) -> list[CalendarRow]:
    """The rows in order of time; those that only repeat or continue an equal one are one with it."""
    found: dict[tuple[object, ...], list[CalendarRow]] = {}
    for row in sorted(rows, key=lambda row: (row.first, row.last)):
        alike = found.setdefault((row.municipality, row.school, row.day_type, row.hours, row.name), [])
        if alike and row.first <= alike[-1].last + timedelta(days=1):
            alike[-1] = alike[-1].model_copy(update={"last": max(alike[-1].last, row.last)})
        else:
            alike.append(row)
    every = (row for several in found.values() for row in several)
    return sorted(
        every, key=lambda row: (row.first, row.last, row.day_type, row.school or "", row.hours or "")
    )
