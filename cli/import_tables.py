"""What the imports of tables share: options, showing a difference, asking, writing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, NamedTuple, cast
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from classroom.faults import ConfigurationError
from classroom.places import Row
from classroom.sitefiles import parse_site
from classroom.tabletext import cell, read_lines
from classroom.words import counted
from cli.clock import utc_now
from cli.site import console, tell_faults
from cli.site_write import write_tables
from ingest.imports.refusal import FileRefused
from ingest.tables.ical import Bounds
from ingest.tables.mapping import CALENDARS_FILE, CalendarMapping, parse_calendar_mapping
from ingest.tables.sources import RowT, replacement

Files = Annotated[list[Path], typer.Argument(help="The files of one source.", exists=True, dir_okay=False)]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", "-m", help=f"What words and rooms mean; {CALENDARS_FILE} of the site."),
]
First = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="First day that is taken.")
]
Last = Annotated[datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Last day that is taken.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Write without asking.")]
Check = Annotated[bool, typer.Option("--check", help="Only show what would change.")]

SHOWN = 40
"""Lines of a difference that are shown at a prompt; all of them with --check and where rows go."""


class Target(NamedTuple):
    """The table that an import goes into, and the texts of the site as they stand."""

    file: str
    model: type[Row]
    texts: Mapping[str, str]
    zone: ZoneInfo
    site_dir: Path


def bounds(first: datetime | None, last: datetime | None) -> Bounds:
    """The days asked for; without them from the school year before this one to the end of the next."""
    today = utc_now().date()
    year = today.year if today.month >= 7 else today.year - 1
    return Bounds(
        first.date() if first else date(year - 1, 7, 1), last.date() if last else date(year + 2, 6, 30)
    )


def load_mapping(site_dir: Path, given: Path | None) -> CalendarMapping:
    """The mapping that was named, or the site's, or an empty one; leaves with code 2 where it has faults."""
    path = given or site_dir / CALENDARS_FILE
    try:
        text = path.read_text(encoding="utf-8-sig") if given or path.exists() else ""
        return parse_calendar_mapping(text, str(path))
    except ConfigurationError as error:
        tell_faults(str(path), error)
        raise typer.Exit(2) from error
    except (OSError, UnicodeDecodeError) as error:
        console.print(f"{path} cannot be read; is it a UTF-8 text?")
        raise typer.Exit(2) from error


def refuse(error: FileRefused) -> typer.Exit:
    """Tell why a file is refused; the exit to raise."""
    console.print("[bold red]Refused, nothing was changed:[/]")
    for fault in error.faults:
        console.print(f"  {fault}", markup=False, soft_wrap=True)
    if error.more:
        console.print(f"  … and {error.more} more faults")
    return typer.Exit(1)


def row_line(row: Row, zone: ZoneInfo) -> str:
    """A row in a line, without columns that hold their default."""
    parts = []
    for name, column in type(row).model_fields.items():
        value = getattr(row, name)
        if value != column.default:
            parts.append(f"{name} {cell(value, zone)}")
    return ", ".join(parts)


def show(title: str, sign: str, lines: Sequence[str], *, every: bool) -> None:
    """Print a part of a difference: all of it, or its beginning and how much more there is."""
    if not lines:
        return
    out = Console(highlight=False)
    out.print(f"{title} ({len(lines)}):")
    for line in lines if every else lines[:SHOWN]:
        out.print(f"  {sign} {line}", markup=False, soft_wrap=True)
    if not every and len(lines) > SHOWN:
        out.print(f"  … and {len(lines) - SHOWN} more; --check shows all")


def take_in(
    target: Target,
    fresh: Sequence[RowT],
    source: str,
    time: tuple[date | None, date | None],
    concerns: Callable[[RowT], bool] = lambda _: True,
    *,
    yes: bool,
    check: bool,
) -> None:
    """Put ``fresh`` in place of the rows of ``source`` in a table: show the difference, ask, write."""
    out = Console(highlight=False)
    table = read_lines(target.texts.get(target.file, ""), target.model, target.zone)
    rows = cast("Sequence[RowT]", table.rows)
    change = replacement(rows, fresh, source, time, concerns)
    show("New", "+", [row_line(row, target.zone) for row in change.added], every=check)
    show("Go", "-", [row_line(row, target.zone) for row in change.removed], every=True)
    unchanged = counted(change.unchanged, "row")
    kept = f"{unchanged} of the source {source!r} stay as they are, {change.outside} lie outside."
    out.print(kept, soft_wrap=True)
    if change.by_hand:
        out.print(f"{change.by_hand} stand in {target.file} already, written by hand.")
    if not change.changes:
        out.print("No changes.")
        return
    after = {**target.texts, target.file: table.edited(target.zone, change.replaced, change.added)}
    apply(target.site_dir, target.texts, after, yes=yes, check=check)


def apply(
    site_dir: Path, before: Mapping[str, str], after: Mapping[str, str], *, yes: bool, check: bool
) -> None:
    """Check the result as a site, ask unless ``yes``, and write; leaves where something stands against it."""
    out = Console(highlight=False)
    try:
        parse_site(after)
    except ConfigurationError as error:
        tell_faults("Nothing was changed. The result", error)
        raise typer.Exit(1) from error
    if check:
        out.print("Nothing was changed (--check).")
        return
    if not yes and not typer.confirm("Write this?"):
        out.print("Nothing was changed.")
        raise typer.Exit(1)
    try:
        backup = write_tables(site_dir, before, after, utc_now())
    except ConfigurationError as error:
        tell_faults("Nothing was changed. The site", error)
        raise typer.Exit(1) from error
    except OSError as error:
        console.print(f"[bold red]Nothing was changed:[/] {error.strerror}: {error.filename}")
        raise typer.Exit(1) from error
    out.print(f"Written. The tables as they were: {backup}", soft_wrap=True)
    out.print("A running service has it within seconds and computes what it touches again.")
