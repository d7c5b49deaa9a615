"""``classroom-climate import calendar``: terms, lov, studiedagar and hired evenings from files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from classroom.places import CalendarRow
from classroom.site import Site
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
from ingest.tables.mapping import KINDS, Kind

if TYPE_CHECKING:
    from ingest.tables.calendars import Calendar

FILE = "calendar.csv"
_AS_HELP = f"Every entry is of this kind, whatever it is called: {', '.join(KINDS)}."


def calendar(
    files: Files,
    municipality: Annotated[str | None, typer.Option(help="Whom it concerns: a municipality.")] = None,
    school: Annotated[str | None, typer.Option(help="Whom it concerns: key of a school.")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="It concerns all schools of the site.")] = False,
    kind: Annotated[str | None, typer.Option("--as", help=_AS_HELP)] = None,
    source: Annotated[
        str | None, typer.Option(help="Name of this source; the first file's name without ending.")
    ] = None,
    first: First = None,
    last: Last = None,
    mapping: MappingFile = None,
    yes: Yes = False,
    check: Check = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Take a calendar (iCal, CSV, XLSX) into calendar.csv; shows the difference first.

    The same source again replaces its own rows within the time that the file tells of, and no others. Public
    holidays are known already. Entries that are not understood are told and left out.

    Example: `classroom-climate import calendar lasarstider.ics --municipality Helsingborg`

    Example: `classroom-climate import calendar bokningar.ics --school norra --as hired_evening`
    """
    from ingest.tables.calendars import Whom, read_calendar  # only this needs icalendar

    site = load_site_or_exit(site_dir)
    before = read_texts(site_dir)
    words = load_mapping(site_dir, mapping)
    whom = Whom(municipality, school)
    _check_whom(site, whom, everyone)
    its = checked_source(source or slug(files[0].stem))
    try:
        with console.status("reading"):
            read = read_calendar(files, site, words, whom, its, bounds(first, last), _kind(kind))
    except FileRefused as error:
        raise refuse(error) from error
    if not everyone and whom == Whom() and any(Whom(r.municipality, r.school) == Whom() for r in read.rows):
        console.print("Say whom it concerns: --municipality NAME, --school KEY, or --all.")
        raise typer.Exit(2)
    _tell(read)
    if read.first is None:
        console.print("The files hold nothing within that time; nothing was changed.")
        raise typer.Exit(1)
    time = (first.date() if first else read.first, last.date() if last else read.last)
    target = Target(FILE, CalendarRow, before, site.zone, site_dir)
    take_in(target, read.rows, its, time, yes=yes, check=check)


def _tell(read: Calendar) -> None:
    out = Console(highlight=False)
    show("Not understood, left out", "?", read.unknown, every=True)
    for count, what in (
        (read.holidays, "public holidays, known already"),
        (read.outside, "outside the time"),
        (read.ignored, "cancelled or to be ignored"),
    ):
        if count:
            out.print(f"{count} entries are {what}")


def slug(name: str) -> str:
    """A file's name as the name of a source: ``Läsår (1)`` is ``lasar``."""
    plain = re.sub(r"[ _-]*\(\d+\)$", "", name).lower().translate(str.maketrans("åäöéü", "aaoeu"))
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("-._")[:64] or "calendar"


def checked_source(name: str) -> str:
    """The name of a source; leaves with code 2 where it cannot stand in a table."""
    if name != slug(name):
        console.print(f"--source {name}: write it with a-z, 0-9, dot, dash and underscore, as {slug(name)}")
        raise typer.Exit(2)
    return name


def _kind(told: str | None) -> Kind | None:
    kind = next((one for one in KINDS if one == told), None)
    if told is not None and kind is None:
        console.print(f"--as {told}: known are {', '.join(KINDS)}")
        raise typer.Exit(2)
    return kind


def _check_whom(site: Site, whom: tuple[str | None, str | None], everyone: bool) -> None:
    municipality, school = whom
    given = [one for one in (municipality, school, everyone) if one]
    if len(given) > 1:
        console.print("Give one of --municipality, --school and --all.")
        raise typer.Exit(2)
    if school is not None and school not in site.school_by_key:
        console.print(f"No school {school!r}; there are {', '.join(sorted(site.school_by_key))}")
        raise typer.Exit(2)
