"""``classroom-climate import timetable``: lessons from files, without anybody's name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.places import Lesson
from classroom.site import Site
from classroom.tabletext import read_lines
from cli.import_calendar import checked_source
from cli.import_tables import (
    Check,
    Files,
    First,
    Last,
    MappingFile,
    Yes,
    apply,
    bounds,
    load_mapping,
    refuse,
    row_line,
    show,
)
from cli.site import SiteDir, console, load_site_or_exit, read_texts
from ingest.imports.refusal import FileRefused
from ingest.tables.mapping import CalendarMapping
from ingest.tables.rooms import IGNORE
from ingest.tables.sources import replacement

FILE = "lessons.csv"


def timetable(
    files: Files,
    school: Annotated[str, typer.Option(help="Key of the school whose timetable it is.")],
    source: Annotated[str, typer.Option(help="Name of this source.")] = "timetable",
    first: First = None,
    last: Last = None,
    mapping: MappingFile = None,
    yes: Yes = False,
    check: Check = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Take a timetable (iCal, CSV, XLSX, SS 12000 JSON) into lessons.csv; shows the difference first.

    Only room, start, end and group size are kept; names and personal numbers are dropped while reading. Dated
    lessons become weekly ones of all, odd or even weeks. Give all files of a source at once: the same source
    again replaces its own rows of the school within the time that the files tell of.

    Example: `classroom-climate import timetable schema-*.ics --school norra`
    """
    from ingest.tables.timetables import read_timetable  # only this needs icalendar

    site = load_site_or_exit(site_dir)
    before = read_texts(site_dir)
    if school not in site.school_by_key:
        console.print(f"No school {school!r}; there are {', '.join(sorted(site.school_by_key))}")
        raise typer.Exit(2)
    checked_source(source)
    words = load_mapping(site_dir, mapping)
    _check_rooms(site, school, words)
    span = (first.date() if first else None, last.date() if last else None)
    try:
        read = read_timetable(files, site, school, words, source, bounds(first, last), span)
    except FileRefused as error:
        raise refuse(error) from error
    out = Console(highlight=False)
    show("To know", "!", read.notes, every=True)
    if not read.rows:
        console.print("No lesson is left to take in; nothing was changed.")
        raise typer.Exit(1)
    table = read_lines(before.get(FILE, ""), Lesson, site.zone)
    rows = [row for row in table.rows if isinstance(row, Lesson)]
    change = replacement(rows, read.rows, source, (read.first, read.last), lambda row: row.school == school)
    show("New", "+", [row_line(row) for row in change.added], every=check)
    show("Go", "-", [row_line(row) for row in change.removed], every=True)
    out.print(
        f"{change.unchanged} rows of the source {source!r} stay as they are, {change.outside} lie outside."
    )
    if change.by_hand:
        out.print(f"{change.by_hand} stand in the timetable already, written by hand.")
    if not change.changes:
        out.print("No changes.")
        return
    after = {**before, FILE: table.edited(site.zone, change.replaced, change.added)}
    apply(site_dir, before, after, yes=yes, check=check)


def _check_rooms(site: Site, school: str, words: CalendarMapping) -> None:
    """Leave with code 2 where the mapping names a room that the school does not have."""
    wrong = [
        key
        for key in words.rooms.get(school, {}).values()
        if key != IGNORE and (school, key) not in site.room_by_key
    ]
    if wrong:
        console.print(
            f"The mapping's [rooms.{school}] names rooms that {school} does not have: {', '.join(wrong)}"
        )
        raise typer.Exit(2)
