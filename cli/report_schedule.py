"""``classroom-climate report due`` and ``send``: reports that are made by themselves."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classroom.faults import ConfigurationError
from classroom.site import Site
from cli.report_source import Served, Source, SourceError, source_of
from cli.report_tell import bars
from cli.site import SiteDir, console, load_site_or_exit, tell_faults


def due(
    every: Annotated[bool, typer.Option("--all", help="Show those that were delivered too.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """List scheduled reports (`[[reports.schedule]]`) that are due, wait for another try or failed.

    Leaves with code 1 if one failed.

    Example: `classroom-climate report due --site helsingborg`
    """
    site = load_site_or_exit(site_dir)
    _refuse_none(site)
    with _source(site, site_dir) as source:
        found = _asked(source.deliveries)
    shown = [one for one in found if every or one["state"] != "delivered"]
    table = Table("schedule", "school", "period", "state", "tries", "last", "what", box=None)
    for one in shown:
        what = one["trouble"] or ", ".join(one["files"])
        last = _moment(one["at"], site)
        cells = (one["schedule"], one["school"], one["period"], one["state"], str(one["tries"]), last, what)
        table.add_row(*map(escape, cells))
    out = Console(highlight=False)
    if shown:
        out.print(table)
    delivered = sum(one["state"] == "delivered" for one in found)
    out.print(
        f"{delivered} delivered, {len(found) - delivered} not. To deliver: classroom-climate report send"
    )
    if any(one["state"] == "failed" for one in found):
        raise typer.Exit(1)


def send(
    schedule: Annotated[
        str | None, typer.Argument(help="Key of a schedule; all that is due where missing.")
    ] = None,
    period: Annotated[
        str, typer.Option("--period", "-p", help="Another period than those that are due.")
    ] = "",
    again: Annotated[
        bool, typer.Option("--again", help="With SCHEDULE and --period: also what was delivered.")
    ] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Deliver scheduled reports that are due, also those that failed. A report is delivered once.

    `classroom-climate run` does it by itself; this is for cron, for other periods and for trying again.

    Example: `classroom-climate report send board --period 2026-10 --again`
    """
    site = load_site_or_exit(site_dir)
    _refuse_none(site)
    if (period or again) and not (schedule and period):
        console.print("--period and --again need each a SCHEDULE, and --again a --period")
        raise typer.Exit(2)
    failed = done = 0
    with _source(site, site_dir) as source, bars() as progress:
        orders = _orders(site, source, schedule, period)
        task = progress.add_task("reports", total=len(orders))
        for key, school, span in orders:
            found = _asked(source.deliver, key, school, span, again)
            progress.advance(task)
            about = f"{key} {school} {span}"
            done += found["state"] == "delivered"
            if found["state"] != "delivered":
                failed += 1
                console.print(f"[bold red]{escape(about)}:[/] {escape(found['trouble'])}", soft_wrap=True)
            elif found["trouble"]:
                console.print(f"{escape(about)}: {escape(found['trouble'])}", soft_wrap=True)
    Console(highlight=False).print(f"{done} reports stand delivered, {failed} failed.")
    if failed:
        raise typer.Exit(1)


def _orders(
    site: Site, source: Source | Served, schedule: str | None, period: str
) -> list[tuple[str, str, str]]:
    """Schedule, school and period of what is to be delivered."""
    from reports.deliveries import subjects

    known = {one.key: one for one in site.settings.reports.schedule}
    if schedule is not None and schedule not in known:
        console.print(f"There is no schedule {escape(schedule)!r}. There are: {escape(', '.join(known))}")
        raise typer.Exit(2)
    if schedule is not None and period:
        return [(schedule, school, period) for school in subjects(known[schedule], site)]
    return [
        (one["schedule"], one["school"], one["period"])
        for one in reversed(_asked(source.deliveries))
        if one["state"] != "delivered" and schedule in (None, one["schedule"])
    ]


def _asked(ask: Any, *arguments: Any) -> Any:  # noqa: ANN401 - what the API gives
    try:
        return ask(*arguments)
    except SourceError as error:
        console.print(f"[bold red]Not done:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error


def _refuse_none(site: Site) -> None:
    if not site.settings.reports.schedule:
        console.print("classroom.toml schedules no report; docs/reports.md shows \\[\\[reports.schedule]].")
        raise typer.Exit(2)


def _source(site: Site, site_dir: Path) -> Source | Served:
    try:
        return source_of(site, site_dir)
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error
    except SourceError as error:
        console.print(f"[bold red]Not done:[/] {escape(str(error))}", soft_wrap=True)
        raise typer.Exit(1) from error


def _moment(text: str | None, site: Site) -> str:
    return f"{datetime.fromisoformat(text).astimezone(site.zone):%Y-%m-%d %H:%M}" if text else ""
