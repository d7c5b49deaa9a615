"""``classroom-climate import places``: schools, rooms, meters and devices from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer
from rich.console import Console

from classroom.faults import ConfigurationError, Fault
from classroom.places import Row
from classroom.sitefiles import TABLES, parse_site
from classroom.tabletext import cell, read_lines
from cli.import_tables import Check, Yes, apply, refuse, row_line, show
from cli.site import SiteDir, console, load_site_or_exit, read_texts, tell_faults
from ingest.imports.refusal import FileFault, FileRefused
from ingest.tables.place_changes import Changed, TableChanges, Wanted, changes, known_keys
from ingest.tables.place_files import GivenTable, read_tables

Source = Annotated[Path, typer.Argument(help="FILE.xlsx, TABLE.csv, or a folder of those.", exists=True)]
_SINCE_HELP = (
    "Since when changed values hold (meters, devices, school attributes); older rows are closed there."
)
_DELETE_HELP = "Rows that the file does not have are deleted; without it they stay."


def places(
    source: Source,
    since: Annotated[datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help=_SINCE_HELP)] = None,
    delete_missing: Annotated[bool, typer.Option("--delete-missing", help=_DELETE_HELP)] = False,
    yes: Yes = False,
    check: Check = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Take edited tables into the site: shows the difference, checks the result, then writes all or nothing.

    Columns and tables that the file does not have stay as they are; an emptied cell empties the value. A new
    row of a meter or device with a valid_from ends the one before it.

    Example: `classroom-climate export places.xlsx`, edit, `classroom-climate import places places.xlsx`
    """
    site = load_site_or_exit(site_dir)
    before = read_texts(site_dir)
    tables = {file: read_lines(before.get(file, ""), model, site.zone) for file, model in TABLES.items()}
    wanted = Wanted(site.zone, since.date() if since else None, delete_missing)
    try:
        with console.status("comparing"):
            given = read_tables(source, TABLES)
            found = _all_changes(given, {file: table.rows for file, table in tables.items()}, wanted)
    except FileRefused as error:
        raise refuse(error) from error
    out = Console(highlight=False)
    for file, its in found.items():
        _show(file.removesuffix(".csv"), its, site.zone, every=check)
    if not any(its.added or its.replaced for its in found.values()):
        out.print("No changes.")
        return
    after = dict(before)
    for file, its in found.items():
        if its.added or its.replaced:
            after[file] = tables[file].edited(site.zone, its.replaced, its.added)
    try:
        parse_site(after)
    except ConfigurationError as error:
        tell_faults("Nothing was changed. The result", _with_places(error, given, found))
        raise typer.Exit(1) from error
    apply(site_dir, before, after, yes=yes, check=check)


def _all_changes(
    given: Mapping[str, GivenTable], rows: Mapping[str, Sequence[Row]], wanted: Wanted
) -> dict[str, TableChanges]:
    """Changes of every table; the faults of all of them at once."""
    known = known_keys(rows.values())
    found: dict[str, TableChanges] = {}
    faults: list[FileFault] = []
    more = 0
    for file, table in given.items():
        try:
            found[file] = changes(table, TABLES[file], rows[file], known, wanted)
        except FileRefused as error:
            faults += error.faults
            more += error.more
    if faults:
        raise FileRefused(faults, more)
    return found


def _show(table: str, its: TableChanges, zone: ZoneInfo, *, every: bool) -> None:
    show(f"{table}: new", "+", [row_line(row, zone) for row in its.added], every=every)
    show(f"{table}: changed", "~", [_difference(one, zone) for one in its.changed], every=every)
    show(f"{table}: ended", "|", [_difference(one, zone) for one in its.closed], every=every)
    show(f"{table}: deleted", "-", [row_line(row, zone) for row in its.deleted], every=True)
    show(
        f"{table}: not in the file, stay as they are",
        "=",
        [row_line(row, zone) for row in its.missing],
        every=every,
    )


def _difference(one: Changed, zone: ZoneInfo) -> str:
    names = type(one.old).identity or tuple(type(one.old).model_fields)[:3]
    who = " ".join(cell(getattr(one.old, name), zone) for name in names if getattr(one.old, name) is not None)
    what = ", ".join(
        f"{name}: {_shown(getattr(one.old, name), zone)} → {_shown(getattr(one.new, name), zone)}"
        for name in one.columns
    )
    return f"{who}: {what}"


def _shown(value: object, zone: ZoneInfo) -> str:
    return cell(value, zone) if value is not None else "(empty)"


def _with_places(
    error: ConfigurationError, given: Mapping[str, GivenTable], found: Mapping[str, TableChanges]
) -> ConfigurationError:
    """The faults of the result, with the row of the file where it can be told."""
    return ConfigurationError(_with_place(fault, given, found) for fault in error.faults)


def _with_place(fault: Fault, given: Mapping[str, GivenTable], found: Mapping[str, TableChanges]) -> Fault:
    if fault.file not in found:
        return fault
    owner, _, column = fault.key.rpartition(".") if "." in fault.key else (fault.key, "", "")
    rows = [
        at
        for row, at in found[fault.file].at.items()
        if owner in (getattr(row, "key", None), getattr(row, "room", None), getattr(row, "school", None))
        and (not column or not hasattr(row, column) or repr(getattr(row, column)) == fault.value)
    ]
    if not rows:
        return fault
    where = ", ".join(f"row {at}" for at in sorted(rows)[:3])
    return replace(fault, file=f"{given[fault.file].where}, {where}")
