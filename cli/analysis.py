"""The analytics job for a command: one run, here or by the running service, or a process that keeps on."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry, disable_created_metrics
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from analytics.jobs import JobReport
from analytics.submitting import Progress as Told
from api.context import PartHealth
from classroom.site import Site
from classroom.words import counted
from cli.cluster import DaskCompute
from cli.job_files import KEEPER, HeldError, held
from cli.job_status import serving
from cli.logs import configure_logging
from cli.process import PortBusyError, collect_seldom, listen, wait_for_signal
from cli.progress import progress_bar
from cli.scheduler import FAILURES, Scheduler, Span
from cli.site import console, control_key, data_folder, load_mappings, service_url
from cli.stores import open_store, retention_rules
from cli.watch import SiteWatch
from store.base import SchemaError, Store, StoreError

__all__ = ["TROUBLES", "Span", "keep", "once"]

TROUBLES = (HeldError, PortBusyError, SchemaError, httpx.HTTPError, *FAILURES)
"""What may end the work; the same again completes it."""

_POLL_S = 0.3


def once(site: Site, folder: Path, span: Span, dask: str | None = None) -> None:
    """One run of the job, told of; the running service's where that owns the store. ``dask`` is the address
    of a cluster that computes.

    Raises:
        ConfigurationError, or one of :data:`TROUBLES`.
    """
    embedded = site.settings.store.kind == "duckdb"
    report = _by_service(site, folder, span) if embedded and dask is None else None
    _tell(report or _alone(site, folder, span, dask))


def _alone(site: Site, folder: Path, span: Span, dask: str | None) -> JobReport:
    """One run in this process."""
    said = False

    def wait(holder: str) -> bool:
        nonlocal said
        if not said:
            console.print(f"Process {holder} runs the job at this moment; waiting …")
        said = True
        return True

    data = data_folder(folder)
    data.mkdir(parents=True, exist_ok=True)
    with closing(_open(site, folder)) as store:
        rules = retention_rules(site.settings.store)
        scheduler = Scheduler(
            store,
            lambda: site,
            0,
            rules,
            data,
            CollectorRegistry(),
            program="analyze",
            compute=DaskCompute(dask) if dask else None,
        )
        try:
            with _bar() as told:
                return scheduler.run_now(told, span, wait=wait)
        finally:
            scheduler.stop()


def _open(site: Site, folder: Path) -> Store:
    """The store, for one that writes no readings."""
    return open_store(site.settings.store, folder, beside=site.settings.store.kind == "influxdb")


def _by_service(site: Site, folder: Path, span: Span) -> JobReport | None:
    """Let the running service, which owns the store, do it; None if this site's does not run."""
    base = service_url(site, folder)
    with httpx.Client(base_url=base, timeout=60) as client:
        try:
            if client.get("/readyz").json().get("site") != site.settings.site.key:
                return None
            key = control_key(folder, site.settings.ingest.name).read_text(encoding="ascii")
        except (httpx.TransportError, ValueError, FileNotFoundError):
            return None
        client.headers["Authorization"] = f"Bearer {key}"
        bounds = {"from": span.start, "to": span.end}
        asked = {"school": span.school, "full": span.full} | {
            name: None if time is None else time.isoformat() for name, time in bounds.items()
        }
        number = _answer(client.post("/api/v1/analysis", json=asked))["id"]
        with _bar() as told:
            while True:
                state = _answer(client.get(f"/api/v1/analysis/{number}"))
                if state["state"] == "failed":
                    raise StoreError(f"the running service could not: {state['trouble']}")
                if state["state"] == "done":
                    return JobReport(**state["report"])
                if state["total"]:
                    told(state["step"], state["done"], state["total"])
                time.sleep(_POLL_S)


def _answer(answer: httpx.Response) -> dict[str, Any]:
    found: dict[str, Any] = answer.json()
    if answer.is_error:
        raise StoreError(f"the running service refuses it ({answer.status_code}): {found.get('detail')}")
    return found


@contextmanager
def _bar() -> Iterator[Told]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with progress_bar(*columns) as progress:
        task = progress.add_task("looking for changes", total=None)
        yield lambda step, done, total: progress.update(task, description=step, completed=done, total=total)


def _tell(report: JobReport) -> None:
    days = f"{counted(report.room_days, 'room day')} and {counted(report.school_days, 'school day')}"
    Console(highlight=False, soft_wrap=True).print(
        f"{counted(report.hours, 'hour')} rolled up, {days} computed: "
        f"{counted(report.metrics, 'metric')} written, "
        f"{report.withdrawn} withdrawn, in {report.seconds:.1f} s."
    )


# As a process of its own


def keep(site: Site, folder: Path, every_s: float, port: int | None, dask: str | None = None) -> None:
    """A run of the job every ``every_s`` seconds until a signal; on ``port`` it says how it is. ``dask`` is
    the address of a cluster that computes.

    Raises:
        ConfigurationError, or one of :data:`TROUBLES`.
    """
    configure_logging()
    collect_seldom()
    data = data_folder(folder)
    patience = time.monotonic() + 5  # a `run` looks at the lock for a moment
    disable_created_metrics()  # type: ignore[no-untyped-call]
    registry, stop = CollectorRegistry(), threading.Event()
    sock = None if port is None else listen("127.0.0.1", port, "another --listen")
    with ExitStack() as stack:
        stack.enter_context(held(data, KEEPER, lambda _: time.monotonic() < patience))
        store = stack.enter_context(closing(_open(site, folder)))
        mappings = load_mappings(folder)
        watch = SiteWatch(folder, site, on_change=lambda: scheduler.wake(), mappings=mappings)
        rules = retention_rules(site.settings.store)
        compute = DaskCompute(dask) if dask else None
        scheduler = Scheduler(
            *(store, watch, every_s, rules, data, registry),
            program="analyze",
            is_keeper=True,
            compute=compute,
        )

        def health() -> list[PartHealth]:
            trouble = watch.trouble()
            return [scheduler.health(), PartHealth("tables", not trouble, trouble or "in force")]

        stack.enter_context(serving(sock, site.settings.site.key, health, registry))
        for part in (scheduler, watch):
            part.start()
            stack.callback(part.stop)
        every = f"a run every {every_s:g} s" + (f", http://127.0.0.1:{port}/readyz" if port else "")
        console.print(f"[bold]{site.settings.site.name}[/]: analytics, {every}  (stop with Ctrl-C)")
        wait_for_signal(stop)
        console.print("Stopping …")
    console.print("Stopped.")
