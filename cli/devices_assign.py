"""``classroom-climate devices assign``: say where a device hangs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.console import Console

from classroom.faults import ConfigurationError, faults_of
from classroom.places import Device
from classroom.site import Site
from classroom.sitefiles import parse_site
from classroom.tabletext import read_lines
from cli.clock import utc_now
from cli.site import SiteDir, console, load_site_or_exit, read_texts
from cli.site_write import write_tables

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
    if since is None and _hangs_there(site, key, school, room, meter, interval_s):
        Console(highlight=False).print(f"{key} hangs in {school}/{room or meter} already; nothing to change.")
        return
    texts = read_texts(site_dir)
    try:
        text = assigned(site, texts.get(FILE, ""), key, school, room, meter, since, interval_s, utc_now())
        parse_site({**texts, FILE: text})
        write_tables(site_dir, texts, {**texts, FILE: text}, utc_now())
    except ConfigurationError as error:
        console.print("[bold red]Nothing was changed:[/]")
        for fault in error.faults:
            console.print(f"  {fault}", markup=False)
        raise typer.Exit(2) from error
    except OSError as error:
        console.print(f"[bold red]Nothing was changed:[/] {error.strerror}: {error.filename}")
        raise typer.Exit(1) from error
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
    """The text of ``devices.csv`` with the device's new row and its open one closed; comments stay.

    Raises:
        ConfigurationError: what was given cannot stand in the table.
    """
    table = read_lines(text, Device, site.zone)
    before = site.placements.get(key, [])
    start = _start(site, before, since, now)
    told = {"key": key, "school": school, "room": room, "meter": meter, "valid_from": start}
    slot = interval_s or (before[-1].interval_s if before else 600)
    try:
        row = Device.model_validate({**told, "interval_s": slot})
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, FILE)) from error
    closed = {
        number: other.model_copy(update={"valid_to": start})
        for number, other in enumerate(table.rows)
        if isinstance(other, Device) and other.key == row.key and other.valid_to is None and start is not None
    }
    return table.edited(site.zone, closed, [row])


def _hangs_there(
    site: Site, key: str, school: str, room: str | None, meter: str | None, interval_s: int | None
) -> bool:
    """Whether the open placement is the one that is asked for: a move to there would be a false one."""
    return any(
        (one.school, one.room, one.meter) == (school, room, meter) and interval_s in (None, one.interval_s)
        for one in site.placements.get(key, [])
        if one.valid_to is None
    )


def _start(site: Site, before: list[Device], since: datetime | None, now: datetime) -> datetime | None:
    if since is not None:
        return (since if since.tzinfo else since.replace(tzinfo=site.zone)).astimezone(UTC)
    return now.replace(microsecond=0) if before else None
