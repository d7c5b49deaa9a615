"""``classroom-climate doctor``: one page that says what is wrong and what to do."""

from __future__ import annotations

import shutil
import socket
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import httpx
import typer
from prometheus_client.parser import text_string_to_metric_families
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from classroom.faults import ConfigurationError
from classroom.site import Site
from classroom.words import counted
from cli.clock import utc_now
from cli.codecs import load_codecs
from cli.job_files import read_last_run
from cli.site import (
    SiteDir,
    at_site,
    control_headers,
    data_folder,
    letters_file,
    load_site_or_exit,
    service_url,
)
from ingest.codecs.runner import Codecs
from ingest.letter import in_words
from ingest.letters import Letters, LettersError
from ingest.probe import look

FREE_BYTES_WANTED = 1_000_000_000
CERTIFICATE_DAYS_WANTED = 21
_LATE_S = 900


class Finding(NamedTuple):
    """One line of the page; ``cure`` is empty where nothing has to be done."""

    ok: bool
    part: str
    message: str
    cure: str = ""


def doctor(site_dir: SiteDir = Path()) -> None:
    """Say on one page whether the site is well: files, disk, broker, service, devices, dead letters.

    Leaves with code 1 if something is wrong.

    Example: `classroom-climate doctor --site helsingborg`
    """
    site = load_site_or_exit(site_dir)
    findings = [
        *_files(site, site_dir),
        *_codecs(site_dir),
        *_broker(site),
        *_service(site, site_dir),
        *_dead_letters(site, site_dir),
        *_analytics(site, site_dir),
    ]
    table = Table(show_header=False, box=None, pad_edge=False)
    for finding in findings:
        mark = "[green]ok[/]" if finding.ok else "[bold red]wrong[/]"
        table.add_row(
            mark,
            f"[bold]{finding.part}[/]",
            escape(finding.message + (f"\n→ {finding.cure}" if finding.cure else "")),
        )
    Console(highlight=False).print(table)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(1)


def _codecs(folder: Path) -> Iterable[Finding]:
    """The site's own codecs, if it has any."""
    try:
        codecs = load_codecs(folder)
        Codecs(codecs).close()
    except ConfigurationError as error:
        for fault in error.faults:
            yield Finding(False, "codec", f"{fault.file}: {fault.key} = {fault.value}", fault.cure)
        return
    if codecs:
        yield Finding(True, "codecs", ", ".join(codec.name for codec in codecs))


def _files(site: Site, folder: Path) -> Iterable[Finding]:
    yield Finding(
        True,
        "site",
        f"{site.settings.site.name}: {counted(len(site.schools), 'school')}, "
        f"{counted(len(site.rooms), 'room')}, {counted(len(site.meters), 'meter')}, "
        f"{counted(len(site.placements), 'device')}",
    )
    for school in site.schools:
        if not any(lesson.school == school.key for lesson in site.lessons):
            hours = f"rooms count as occupied {school.school_hours} on school days"
            yield Finding(True, "timetable", f"{school.key} has no lessons in lessons.csv: {hours}")
    data = data_folder(folder)
    free = shutil.disk_usage(data if data.exists() else folder).free
    enough = free > FREE_BYTES_WANTED
    yield Finding(
        enough,
        "disk",
        f"{free / 1e9:.1f} GB free",
        "" if enough else "make room: ingest stops when the disk is full",
    )


def _broker(site: Site) -> Iterable[Finding]:
    mqtt = site.settings.mqtt
    place = f"{mqtt.host}:{mqtt.port}"
    try:
        socket.create_connection((mqtt.host, mqtt.port), timeout=3).close()
        found = look(mqtt)
    except OSError as error:
        cure = "start the broker, or correct mqtt.host and mqtt.port in classroom.toml"
        yield Finding(False, "broker", f"{place} does not answer ({error.strerror or error})", cure)
        return
    except ConfigurationError as error:
        for fault in error.faults:
            yield Finding(False, "broker", f"{fault.file}: {fault.key} = {fault.value}", fault.cure)
        return
    if found.trouble:
        cure = "correct [mqtt] in classroom.toml, or the broker"
        yield Finding(False, "broker", f"{place} answers, but does not let us read: {found.trouble}", cure)
    else:
        yield Finding(True, "broker", f"{place} answers and lets us read {', '.join(mqtt.topics)}")
    if found.certificate_until is not None:
        days = (found.certificate_until - utc_now()).days
        cure = "" if days >= CERTIFICATE_DAYS_WANTED else "renew it: init --broker DIR --renew server"
        yield Finding(not cure, "certificate", f"the broker's is valid for {days} more days", cure)


def _service(site: Site, folder: Path) -> Iterable[Finding]:
    base = service_url(site, folder)
    try:
        with httpx.Client(base_url=base, timeout=5) as client:
            other = client.get("/readyz").json().get("site")
            if other != site.settings.site.key:
                run = f"classroom-climate run{at_site(folder)}"
                cure = f"start this site's with {run}, or give it another api.port"
                yield Finding(
                    False, "service", f"what answers at {base} serves site {other!r}, not this one", cure
                )
                return
            client.headers.update(control_headers(folder, site.settings.ingest.name))
            ready = client.get("/readyz").json()
            pending = client.get("/api/v1/devices/pending").raise_for_status().json()
            counts = _counts(client.get("/metrics").raise_for_status().text)
    except httpx.HTTPStatusError as error:
        cure = "run this as the user the service runs as: its folder holds the key"
        yield Finding(False, "service", f"{base} does not tell us ({error.response.status_code})", cure)
        return
    except (httpx.HTTPError, ValueError) as error:
        cure = f"start it with: classroom-climate run{at_site(folder)}"
        yield Finding(
            False, "service", f"nothing useful answers at {base} ({error or type(error).__name__})", cure
        )
        return
    for check in ready.get("parts", []):
        if check["name"] == "dead letters" and check["ok"]:
            continue  # told below, with the site's folder
        yield Finding(bool(check["ok"]), f"service: {check['name']}", str(check["message"]))
    yield _pending(pending["items"])
    spooled, stored = (
        counts.get("classroom_messages_spooled_total", 0),
        counts.get("classroom_messages_stored_total", 0),
    )
    yield Finding(
        True, "messages", f"{spooled:.0f} spooled and {stored:.0f} stored since the service started"
    )


def _dead_letters(site: Site, folder: Path) -> Iterable[Finding]:
    """What is kept, read from the file, so that it is told without the service too."""
    path = letters_file(folder, site.settings.ingest.name)
    try:
        counts = Letters(path).count_by_reason() if path.exists() else {}
    except (LettersError, sqlite3.Error) as error:
        yield Finding(False, "dead letters", str(error), "let the service's user read it")
        return
    limit_mb = site.settings.ingest.dead_letters_limit_mb
    size_mb = path.stat().st_size / 1e6 if path.exists() else 0
    room = f" ({size_mb:.0f} of {limit_mb} MB)" if size_mb > limit_mb / 10 else ""
    cure = f"see why with: classroom-climate dead-letters list --site {folder}" if counts else ""
    yield Finding(True, "dead letters", f"{in_words(counts)}{room}", cure)


def _analytics(site: Site, folder: Path) -> Iterable[Finding]:
    """The last run of the analytics job; of an age it must not have on a server, where it has its own
    process."""
    last = read_last_run(data_folder(folder))
    if last is None:
        return
    age_s = (utc_now() - last.ended).total_seconds()
    when = f"last run {last.ended:%Y-%m-%d %H:%M:%S} UTC by {last.program} (process {last.pid})"
    if last.trouble:
        yield Finding(False, "analytics", f"{when}: {last.trouble}", "the log of that process says more")
        return
    late = last.every_s is not None and age_s > max(3 * last.every_s, _LATE_S)
    late = late and site.settings.store.kind == "influxdb"
    cure = f"start it again: classroom-climate analyze{at_site(folder)} (or run)" if late else ""
    yield Finding(not late, "analytics", when, cure)


def _pending(items: list[dict[str, object]]) -> Finding:
    if not items:
        return Finding(True, "devices", "every device that was heard has a place")
    keys = ", ".join(str(item["key"]) for item in items[:5]) + (" …" if len(items) > 5 else "")
    return Finding(
        False,
        "devices",
        f"{len(items)} pending: {keys}",
        "give them a row in devices.csv; their readings are kept",
    )


def _counts(text: str) -> dict[str, float]:
    """Prometheus samples by name, with ``=reason`` where they carry one."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            reason = sample.labels.get("reason")
            found[sample.name + (f"={reason}" if reason else "")] = sample.value
    return found
