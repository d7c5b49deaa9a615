"""``classroom-climate import values``: meter values, bills and weather from files a city already has."""

from __future__ import annotations

import hashlib
import re
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Annotated

import httpx
import typer
from rich.console import Console
from rich.progress import SpinnerColumn, TextColumn, TimeElapsedColumn

from classroom.faults import ConfigurationError
from classroom.site import Site
from cli.clock import utc_now
from cli.imports import hands_alone, import_folder, known_places, watcher
from cli.progress import progress_bar
from cli.site import (
    SiteDir,
    at_site,
    console,
    control_key,
    data_folder,
    load_site_or_exit,
    service_url,
    tell_faults,
)
from ingest.imports.folder import BadNameError
from ingest.imports.job import Report, placeless
from ingest.imports.mapping import Mapping, parse_mapping, shipped, shipped_text
from ingest.imports.preview import Preview, lines, preview
from ingest.imports.reader import Given, Terms, read_file
from ingest.imports.refusal import FileRefused
from ingest.imports.stage import Stage
from ingest.letters import LettersError
from store.base import SchemaError, StoreError

_POLL_S = 0.5


Files = Annotated[
    list[Path], typer.Argument(help="CSV (also .gz) or XLSX files.", exists=True, dir_okay=False)
]
MappingName = Annotated[
    str, typer.Option("--mapping", "-m", help="A TOML file, or the name of a shipped mapping.")
]


def values(
    files: Files,
    mapping: MappingName,
    start: Annotated[datetime | None, typer.Option("--from", help="Only from then on (site's time).")] = None,
    end: Annotated[datetime | None, typer.Option("--to", help="Only what is before (site's time).")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Store without asking.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Only show what would be stored.")] = False,
    site_dir: SiteDir = Path(),
) -> None:
    """Import meter values, bills or weather; shows what they are before anything is stored.

    A file goes in whole or not at all. The same file again changes nothing; a corrected one changes its
    hours.

    Example: `classroom-climate import values Matvarden.csv --mapping eon-matvardesexport`
    """
    site = load_site_or_exit(site_dir)
    try:
        text, source = _mapping_text(mapping, start, end)
        chosen = parse_mapping(text, mapping)
    except ConfigurationError as error:
        tell_faults(f"The mapping {mapping}", error)
        raise typer.Exit(2) from error
    if check or not yes:
        for file in files:
            _show(file, chosen, site, site_dir, most=6)
        if check:
            return
        if not typer.confirm("Store this?"):
            console.print("Nothing was stored.")
            raise typer.Exit(1)
    try:
        reports = _over_http(site, site_dir, files, text, source) or _alone(
            site, site_dir, files, text, source
        )
    except (SchemaError, StoreError, LettersError, BadNameError, OSError, httpx.HTTPError) as error:
        console.print(f"[bold red]Not imported:[/] {error}")
        console.print("The same command again completes what was begun.")
        raise typer.Exit(1) from error
    _tell(reports, site_dir)
    if any(report.state != "stored" for report in reports):
        raise typer.Exit(1)


def mappings(
    name: Annotated[str | None, typer.Argument(help="Show this one, as a beginning for your own.")] = None,
) -> None:
    """List the shipped mappings, or show one.

    Example: `classroom-climate import mappings generic-hourly > ours.toml`
    """
    out = Console(highlight=False)
    if name is None:
        for one in shipped():
            out.print(f"{one:22} {parse_mapping(shipped_text(one) or '', one).title}", soft_wrap=True)
        return
    text = shipped_text(name)
    if text is None:
        console.print(f"There is no mapping {name!r}; there are {', '.join(shipped())}")
        raise typer.Exit(2)
    out.print(text, markup=False, soft_wrap=True, end="")


def _mapping_text(mapping: str, start: datetime | None, end: datetime | None) -> tuple[str, str]:
    """The mapping's text, and the name of the source it makes in the import folder."""
    text, name = shipped_text(mapping), mapping
    path = Path(mapping)
    if text is None:
        if not path.is_file():
            console.print(f"{mapping} is no file and no shipped mapping; those are {', '.join(shipped())}")
            raise typer.Exit(2)
        text, name = path.read_text(encoding="utf-8-sig"), path.stem
    if start or end:
        bounds = [f"{key} = {time.isoformat()}" for key, time in (("from", start), ("to", end)) if time]
        text = "\n".join([text, "[span]", *bounds, ""])
    slug = re.sub(r"[^a-z0-9._-]+", "-", name.lower()).strip("-._") or "mapping"
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    return text, slug if text == shipped_text(slug) else f"{slug[:50]}-{digest}"


def _show(file: Path, mapping: Mapping, site: Site, site_dir: Path, most: int) -> None:
    """Print the preview of a file, or its faults."""
    terms = Terms(site.zone, utc_now(), site.settings.ingest.clock_tolerance_s)
    out = Console(highlight=False)
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder) / "preview.stage") as stage:
        try:
            with _progress() as told:
                tally = read_file(Given(file, file.name), mapping, terms, stage, lambda n: told("reading", n))
                looked: Preview = preview(stage, tally, mapping, site.zone)
        except FileRefused as refusal:
            console.print(f"[bold red]{file.name} is refused, nothing of it is stored:[/]")
            for fault in refusal.faults:
                console.print(f"  {fault}", markup=False)
            if refusal.more:
                console.print(f"  … and {refusal.more} more faults")
            raise typer.Exit(1) from refusal
        out.print(f"[bold]{file.name}[/]")
        for line in lines(looked, site.zone, most):
            out.print(f"  {line}", markup=False, soft_wrap=True)
        known = known_places(site)
        absent = sorted({view.device for view in looked.series if not known(view.device)})
        for line in placeless(absent, at_site(site_dir)) if absent else []:
            out.print(f"  {line}", markup=False, soft_wrap=True)


def _over_http(site: Site, site_dir: Path, files: list[Path], text: str, source: str) -> list[Report]:
    """Hand the files to the running service, which owns the store; nothing if this site's does not run."""
    base = service_url(site, site_dir)
    with httpx.Client(base_url=base, timeout=60) as client:
        try:
            if client.get("/readyz").json().get("site") != site.settings.site.key:
                return []
            key = control_key(site_dir, site.settings.ingest.name).read_text(encoding="ascii")
        except (httpx.TransportError, ValueError, FileNotFoundError):
            return []
        client.headers["Authorization"] = f"Bearer {key}"
        if text != shipped_text(source):
            put(client, f"/api/v1/imports/{source}/mapping.toml", text.encode())
        reports = []
        for file in files:
            with file.open("rb") as content:
                id_ = put(client, f"/api/v1/imports/{source}/{file.name}", _blocks(content.read))["id"]
            reports.append(_followed(client, id_))
        return reports


def put(client: httpx.Client, path: str, content: bytes | Iterator[bytes]) -> dict[str, str]:
    """PUT, and the answer.

    Raises:
        StoreError: it was refused, with the service's words.
    """
    answer = client.put(path, content=content)
    if answer.status_code != 202:
        detail = answer.json().get("detail")
        raise StoreError(f"the running service refuses it ({answer.status_code}): {detail}")
    found: dict[str, str] = answer.json()
    return found


def _blocks(read: Callable[[int], bytes]) -> Iterator[bytes]:
    while block := read(1 << 20):
        yield block


def _followed(client: httpx.Client, id_: str) -> Report:
    """The report of a file once it is dealt with."""
    with _progress() as told:
        while True:
            answer = client.get(f"/api/v1/imports/{id_}")
            answer.raise_for_status()
            report = Report(**answer.json())
            if report.state in ("stored", "refused"):
                return report
            told(report.state, report.done)
            time.sleep(_POLL_S)


def _alone(site: Site, site_dir: Path, files: list[Path], text: str, source: str) -> list[Report]:
    """Nothing runs: open the store and deal with the files here, through the import folder all the same."""
    data_folder(site_dir).mkdir(parents=True, exist_ok=True)
    folder = import_folder(site, site_dir)
    with hands_alone(site, site_dir) as hands:
        if text != shipped_text(source):
            folder.set_mapping(source, text)
        for file in files:
            upload = folder.receive(source, file.name)
            with file.open("rb") as content:
                for block in _blocks(content.read):
                    upload.write(block)
            upload.finish()
        with _progress() as told:
            worker = watcher(site, site_dir, folder, hands, lambda: None)
            return worker.work_off(lambda report: told(report.state, report.done))


@contextmanager
def _progress() -> Iterator[Callable[[str, int], None]]:
    words = (TextColumn("{task.description}"), TextColumn("{task.completed:,.0f}"))
    columns = (SpinnerColumn(), *words, TimeElapsedColumn())
    with progress_bar(*columns) as progress:
        task = progress.add_task("waiting", total=None)
        yield lambda state, done: progress.update(task, description=state, completed=done)


def _tell(reports: list[Report], folder: Path) -> None:
    out = Console(highlight=False)
    for report in reports:
        out.print(report.summary, markup=False, soft_wrap=True)
        for fault in report.faults[1:]:
            out.print(f"  {fault}", markup=False, soft_wrap=True)
        for line in placeless(report.without_place, at_site(folder)) if report.without_place else []:
            out.print(f"  {line}", markup=False, soft_wrap=True)
