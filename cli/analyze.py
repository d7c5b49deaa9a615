"""``classroom-climate analyze``: the analytics job, once or as a process of its own."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from classroom.faults import ConfigurationError
from cli.site import SiteDir, console, load_site_or_exit, tell_faults

SchoolOption = Annotated[str | None, typer.Option("--school", help="Only this school.")]
FromOption = Annotated[
    datetime | None, typer.Option("--from", help="Only local days from then on (site's time).")
]
ToOption = Annotated[datetime | None, typer.Option("--to", help="Only local days before then (site's time).")]
FullOption = Annotated[bool, typer.Option("--full", help="All of it anew, not only what changed.")]
OnceOption = Annotated[bool, typer.Option("--once", help="One run, then end.")]
EveryOption = Annotated[
    float | None, typer.Option("--every", min=1, help="Seconds between runs [analytics.every_s].")
]
ListenOption = Annotated[
    int | None,
    typer.Option("--listen", min=1, max=65_535, help="Port on 127.0.0.1 for /healthz, /readyz and /metrics."),
]
DaskOption = Annotated[
    str | None, typer.Option("--dask", help="Compute on this Dask cluster, e.g. tcp://10.0.0.5:8786.")
]


def analyze(
    site_dir: SiteDir = Path(),
    school: SchoolOption = None,
    start: FromOption = None,
    end: ToOption = None,
    full: FullOption = False,
    once: OnceOption = False,
    every: EveryOption = None,
    port: ListenOption = None,
    dask: DaskOption = None,
) -> None:
    """Bring rollups, verdicts and metrics up to date: what changed, or with `--full` all of it.

    On InfluxDB it goes on, a run every `--every` seconds, beside a `run` that then leaves the work to it;
    `--once`, `--full`, `--school`, `--from` and `--to` make a single run. On the embedded store it is always
    a single run, done by the running service if there is one. It may be stopped or killed at any time: the
    next run does again what was not finished. With `--dask` the workers of a cluster compute; this process
    alone reads and writes the store (docs/scaling.md).

    Example: `classroom-climate analyze --site helsingborg --full --school parkskolan --from 2026-01-01`
    """
    from cli import analysis  # takes seconds to import, which `--help` should not pay

    site = load_site_or_exit(site_dir)
    first, last = (
        None if t is None else t.replace(tzinfo=t.tzinfo or site.zone).astimezone(UTC) for t in (start, end)
    )
    if school is not None and school not in site.school_by_key:
        known = ", ".join(sorted(site.school_by_key)[:20])
        raise typer.BadParameter(f"there is no school {school!r} in schools.csv; there are {known}")
    if first is not None and last is not None and first >= last:
        raise typer.BadParameter("--to must be later than --from")
    span = analysis.Span(school, first, last, full)
    once = once or span != analysis.Span()
    embedded = site.settings.store.kind == "duckdb"
    if embedded and (every is not None or port is not None):
        raise typer.BadParameter(
            "--every and --listen are for InfluxDB; the embedded store belongs to one process, and "
            "`classroom-climate run` keeps its metrics up to date"
        )
    if once and (every is not None or port is not None):
        raise typer.BadParameter("--every and --listen go with no single run: leave out the other options")
    try:
        if embedded or once:
            analysis.once(site, site_dir, span, dask)
        else:
            analysis.keep(site, site_dir, every or site.settings.analytics.every_s, port, dask)
    except ConfigurationError as error:
        tell_faults(f"The site in {site_dir}", error)
        raise typer.Exit(2) from error
    except analysis.TROUBLES as error:
        console.print(f"[bold red]Not analysed to the end:[/] {escape(str(error))}", soft_wrap=True)
        console.print("The same command again completes what was begun.")
        raise typer.Exit(1) from error
