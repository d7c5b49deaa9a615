"""``classroom-climate devices assign``: say where a device hangs."""

from __future__ import annotations

import csv
import io
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from classroom.faults import ConfigurationError
from classroom.places import Device
from classroom.site import Site
from classroom.sitefiles import parse_site
from cli.clock import utc_now
from cli.site import SiteDir, console, load_site_or_exit, read_texts

FILE = "devices.csv"


def assign(
    key: Annotated[str, typer.Argument(help="Device key, as devices/pending shows it.")],
    school: Annotated[str, typer.Option(help="Key of the school.")],
    room: Annotated[str | None, typer.Option(help="Key of the room it hangs in.")] = None,
    meter: Annotated[str | None, typer.Option(help="Key of the meter it reads.")] = None,
    since: Annotated[
        datetime | None,
        typer.Option(
            "--from",
            help="Since when (site's local time); the beginning for a new device, now for a moved one.",
        ),
    ] = None,
    interval_s: Annotated[int | None, typer.Option(min=10, help="Reporting interval [s].")] = None,
    site_dir: SiteDir = Path(),
) -> None:
    """Give a pending device its place, or move one.

    The interval of the old place is closed and its history stays where it was. A running service sees the
    change within seconds and places the readings it has kept.

    Example: `classroom-climate devices assign a81758fffe0312ab --school tagaborg --room a101`
    """
    site = load_site_or_exit(site_dir)
    texts = read_texts(site_dir)
    try:
        text = assigned(site, texts.get(FILE, ""), key, school, room, meter, since, interval_s, utc_now())
        parse_site({**texts, FILE: text})
    except ConfigurationError as error:
        console.print("[bold red]Nothing was changed:[/]")
        for fault in error.faults:
            console.print(f"  {fault}", markup=False)
        raise typer.Exit(2) from error
    written = site_dir / f"{FILE}.new"
    written.write_text(text, encoding="utf-8")
    os.replace(written, site_dir / FILE)  # noqa: PTH105 - atomic: a running service never reads half a file
    Console(highlight=False).print(f"{key} hangs in {school}/{room or meter}.")


def assigned(
    site: Site,
    text: str,
    key: str,
    school: str,
    room: str | None,
    meter: str | None,
    since: datetime | None,
    interval_s: int | None,
    now: datetime,
) -> str:
    """The text of ``devices.csv`` with the device's new row and its open one closed; comments stay."""
    text = text.lstrip("\ufeff")
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    columns = next(csv.reader([header], delimiter=delimiter), []) or ["key", "school", "room", "meter"]
    needed = [
        name for name in ("room", "meter", "interval_s", "valid_from", "valid_to") if name not in columns
    ]
    before = site.placements.get(key, [])
    start = _start(site, before, since, now)
    lines = text.splitlines() if text.strip() else [delimiter.join(columns)]
    slot = interval_s or (before[-1].interval_s if before else 600)
    row = {
        "key": key,
        "school": school,
        "room": room or "",
        "meter": meter or "",
        "interval_s": str(slot),
        "valid_from": start.isoformat() if start else "",
    }
    every = [*columns, *needed]
    rows = [_closed(line, every, key, start, delimiter) for line in lines[1:]]
    head = delimiter.join(every)
    return "\n".join([head, *rows, _line([row.get(name, "") for name in every], delimiter)]) + "\n"


def _start(site: Site, before: list[Device], since: datetime | None, now: datetime) -> datetime | None:
    if since is not None:
        return (since if since.tzinfo else since.replace(tzinfo=site.zone)).astimezone(UTC)
    return now.replace(microsecond=0) if before else None


def _closed(line: str, columns: list[str], key: str, start: datetime | None, delimiter: str) -> str:
    """A row of the file, ended at ``start`` if it is the device's open one."""
    if line.startswith("#") or not line.strip() or start is None:
        return line
    cells = next(csv.reader([line], delimiter=delimiter))
    row = dict(zip(columns, cells, strict=False))
    if row.get("key", "").strip() != key or row.get("valid_to", "").strip():
        return line
    row["valid_to"] = start.isoformat()
    return _line([row.get(name, "") for name in columns], delimiter)


def _line(cells: list[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(cells)
    return out.getvalue()
