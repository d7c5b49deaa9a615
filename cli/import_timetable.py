"""``classroom-climate import timetable``: lessons from files, without anybody's name."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from classroom.places import Lesson
from classroom.site import Site
from cli.import_calendar import checked_source
from cli.import_tables import (
    Check,
    Files,
    First,
    Last,
    MappingFile,
    Target,
    Yes,
    bounds,
    load_mapping,
    refuse,
    show,
    take_in,
)
from cli.site import SiteDir, console, load_site_or_exit, read_texts
from ingest.imports.refusal import FileRefused
from ingest.tables.mapping import CalendarMapping
from ingest.tables.rooms import IGNORE

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
        with console.status("reading"):
            read = read_timetable(files, site, school, words, source, bounds(first, last), span)
    except FileRefused as error:
        raise refuse(error) from error
    show("To know", "!", read.notes, every=True)
    if not read.rows:
        console.print("No lesson is left to take in; nothing was changed.")
        raise typer.Exit(1)
    target = Target(FILE, Lesson, before, site.zone, site_dir)
    time = (read.first, read.last)
    take_in(target, read.rows, source, time, lambda row: row.school == school, yes=yes, check=check)


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
