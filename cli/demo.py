"""``classroom-climate demo``: a whole town in one command, with nothing else installed."""

from __future__ import annotations

import multiprocessing
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from classroom.site import Site
from cli.clock import utc_now
from cli.logs import configure_logging
from cli.play import expected_messages, simulate_when_told
from cli.process import PortBusyError, listen, wait_for_signal
from cli.simulate import load_scenario_or_exit, write_demo
from cli.site import console, load_site_or_exit
from ingest.embedded import BrokerError, EmbeddedBroker
from ingest.letters import LettersError
from ingest.spool import SpoolError
from simulators.publish import BrokerAddress, BrokerAwayError
from simulators.scenario import Scenario
from store.base import SchemaError, Store, StoreError

if TYPE_CHECKING:
    from cli.service import Service

RESEND = timedelta(minutes=10)
"""The embedded broker forgets on restart: so much before the newest stored reading is sent again, and the
store drops what it has."""


def demo(
    days: Annotated[int, typer.Option(min=1, max=3_650, help="Days of history at the first start.")] = 60,
    port: Annotated[int, typer.Option(help="Port of the pages and the API.")] = 8000,
    mqtt_port: Annotated[
        int, typer.Option(help="Port of the embedded broker; the next one is used too.")
    ] = 1883,
    data_dir: Annotated[
        Path, typer.Option(help="Folder of the demo; the second start with it goes on where the first ended.")
    ] = Path("demo-data"),
    schools: Annotated[int, typer.Option(min=1, max=50, help="Schools at the first start.")] = 1,
    lang: Annotated[str, typer.Option(help="sv or en: language of the pages at the first start.")] = "sv",
) -> None:
    """Run broker, simulated school, ingest, store, analytics, API and pages. Stop with Ctrl-C.

    Example: `classroom-climate demo --days 60 --port 8000`
    """
    if lang not in ("sv", "en"):
        raise typer.BadParameter("write sv or en", param_hint="--lang")
    configure_logging()
    write_demo(data_dir, days, schools=schools, language=lang, mqtt_port=mqtt_port, api_port=port)
    site = _with_ports(load_site_or_exit(data_dir), mqtt_port + 1, port)
    scenario = load_scenario_or_exit(data_dir)
    stop = threading.Event()
    try:
        sock = listen(site.settings.api.host, port, "another with --port, for example --port 8001")
        broker = BrokerAddress(port=mqtt_port)
        with EmbeddedBroker(mqtt_port), _simulator(site, scenario, broker) as simulator:
            from cli.service import running  # takes seconds to import; broker and simulator start meanwhile

            with running(site, data_dir, sock) as service:
                _play(service, scenario, simulator, stop)
    except (
        PortBusyError,
        BrokerError,
        BrokerAwayError,
        SchemaError,
        StoreError,
        SpoolError,
        LettersError,
    ) as error:
        console.print(f"[bold red]Cannot run the demo:[/] {error}")
        raise typer.Exit(1) from error


@contextmanager
def _simulator(site: Site, scenario: Scenario, broker: BrokerAddress) -> Iterator[Connection]:
    """The simulator as a child process that waits to be told from when on to play."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=simulate_when_told, args=(site, scenario, broker, theirs), name="simulator", daemon=True
    )
    child.start()
    theirs.close()
    try:
        yield ours
    finally:
        child.terminate()
        child.join(timeout=5)


def _play(service: Service, scenario: Scenario, simulator: Connection, stop: threading.Event) -> None:
    start = _resume_from(service.store, scenario)
    console.print(f"[bold]{service.site.settings.site.name}[/]: {service.url}  (filling; stop with Ctrl-C)")
    watcher = threading.Thread(
        target=_follow, args=(service, start, simulator, stop), name="demo", daemon=True
    )
    watcher.start()
    try:
        wait_for_signal(stop)
    finally:
        console.print("Stopping …")
        watcher.join(timeout=5)


def _resume_from(store: Store, scenario: Scenario) -> datetime:
    first = datetime.combine(scenario.first_day, datetime.min.time(), UTC)
    latest = store.latest()
    return first if latest.empty else max(first, latest["time"].max().to_pydatetime() - RESEND)


def _follow(service: Service, start: datetime, receiving: Connection, stop: threading.Event) -> None:
    """Let the simulator begin, show people how far the history is, and say when the page is filled."""
    while not service.pipeline.connected and not stop.wait(0.05):
        pass  # what is published before we subscribe nobody keeps
    receiving.send(start)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    total = expected_messages(service.site, start, utc_now())
    with Progress(*columns, console=console, transient=True) as progress:
        sent = progress.add_task("Sending history", total=total)
        count = _receive(receiving, lambda done: progress.update(sent, completed=done), stop)
        progress.update(sent, completed=count, total=count)
        storing = progress.add_task("Storing", total=count)
        while service.pipeline.backlog() and not stop.wait(0.1):
            progress.update(storing, completed=count - service.pipeline.backlog())
        progress.update(storing, completed=count)
        if stop.is_set():
            return
        months = progress.add_task("Computing metrics", total=None)
        report = service.scheduler.run_now(lambda done, of: progress.update(months, completed=done, total=of))
    console.print(
        f"Filled: {count} messages of history, {report.metrics} metrics in {report.seconds:.1f} s. "
        f"Live now: {service.url}"
    )


def _receive(receiving: Connection, show: Callable[[int], None], stop: threading.Event) -> int:
    """Follow the simulator until its history is sent; the number of messages the broker took."""
    count = 0
    while not stop.is_set():
        if not receiving.poll(0.2):
            continue
        try:
            said: tuple[str, int] = receiving.recv()
            word, count = said
        except EOFError:
            console.print("[bold red]The simulator ended;[/] nothing new will come. Start the demo again.")
            return count
        show(count)
        if word == "live":
            return count
    return count


def _with_ports(site: Site, ingest_port: int, api_port: int) -> Site:
    """The site with this start's ports: the folder may have been made with others."""
    settings = site.settings
    mqtt = settings.mqtt.model_copy(update={"host": "127.0.0.1", "port": ingest_port})
    api = settings.api.model_copy(update={"host": "127.0.0.1", "port": api_port})
    return replace(site, settings=settings.model_copy(update={"mqtt": mqtt, "api": api}))
