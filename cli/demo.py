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
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn

from api.access.file import AccessError
from classroom.site import Site
from cli.clock import utc_now
from cli.logs import configure_logging
from cli.play import CHUNK, earlier_when_told, expected_messages, live_when_told
from cli.process import PortBusyError, listen, wait_for_signal
from cli.progress import progress_bar
from cli.site import console, data_folder, load_site_or_exit
from cli.town import load_scenario_or_exit, write_demo
from ingest.embedded import BrokerError, EmbeddedBroker
from ingest.letters import LettersError
from ingest.spool import SpoolError
from simulators.publish import BrokerAddress, BrokerAwayError
from simulators.scenario import Scenario
from store.base import SchemaError, StoreError

if TYPE_CHECKING:
    from cli.service import Service

COMPLETE = "history-complete"
"""A file beside the store: the whole history has been sent and stored."""

RECENT = timedelta(days=8)
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
    scenario = load_scenario_or_exit(data_dir, site)
    stop = threading.Event()
    try:
        sock = listen(site.settings.api.host, port, "another with --port, for example --port 8001")
        broker = BrokerAddress(port=mqtt_port)
        with (
            EmbeddedBroker(mqtt_port),
            _child(live_when_told, site, scenario, broker) as live,
            _child(earlier_when_told, site, scenario, broker) as earlier,
        ):
            from cli.service import running  # takes seconds to import; broker and simulators start meanwhile

            with running(site, data_dir, sock) as service:
                filling = _Filling(service, scenario, data_folder(data_dir) / COMPLETE, live, earlier, stop)
                _play(service, filling, stop)
        console.print("Stopped.")
    except (
        PortBusyError,
        BrokerError,
        BrokerAwayError,
        SchemaError,
        StoreError,
        SpoolError,
        LettersError,
        AccessError,
    ) as error:
        console.print(f"[bold red]Cannot run the demo:[/] {error}")
        raise typer.Exit(1) from error


Child = Callable[[Site, Scenario, BrokerAddress, Connection], None]


@contextmanager
def _child(target: Child, site: Site, scenario: Scenario, broker: BrokerAddress) -> Iterator[Connection]:
    """A simulator as a child process that waits to be told what to play."""
    ours, theirs = multiprocessing.Pipe()
    child = multiprocessing.get_context("spawn").Process(
        target=target, args=(site, scenario, broker, theirs), daemon=True
    )
    child.start()
    theirs.close()
    try:
        yield ours
    finally:
        child.terminate()
        child.join(timeout=5)


def _play(service: Service, filling: _Filling, stop: threading.Event) -> None:
    console.print(f"[bold]{service.site.settings.site.name}[/]: {service.url}  (filling; stop with Ctrl-C)")
    watcher = threading.Thread(target=filling.run, name="demo", daemon=True)
    watcher.start()
    try:
        wait_for_signal(stop)
    finally:
        console.print("Stopping …")
        watcher.join(timeout=5)


class _Filling:
    """Fills the demo and tells people how far it is: the last days first, so that one sees something."""

    def __init__(
        self,
        service: Service,
        scenario: Scenario,
        complete: Path,
        live: Connection,
        earlier: Connection,
        stop: threading.Event,
    ) -> None:
        self._service = service
        self._first = datetime.combine(scenario.first_day, datetime.min.time(), UTC)
        self._complete = complete
        self._live = live
        self._earlier = earlier
        self._stop = stop

    def run(self) -> None:
        """Play recent days and go live, then what lies before; ends early when told to stop."""
        while not self._service.pipeline.connected and not self._stop.wait(0.05):
            pass  # what is published before we subscribe nobody keeps
        recent = self._recent_from()
        self._live.send(recent)
        count = self._follow("The last days", self._live, recent, utc_now())
        if count is None:
            return
        console.print(f"Page filled: {count} messages. Live now: {self._service.url}")
        if not self._complete.exists() and recent > self._first:
            self._earlier.send((self._first, recent))
            admit = _Admission(self._earlier, lambda: self._service.pipeline.spooled)
            before = self._follow("The weeks before", self._earlier, self._first, recent, admit)
            if before is None:
                return
            count += before
        self._complete.touch()
        console.print(f"Filled: {count} messages of history are stored and computed.")

    def _recent_from(self) -> datetime:
        """Where to begin: after a complete start shortly before the newest reading, else some days back."""
        latest = self._service.store.latest()
        if self._complete.exists() and not latest.empty:
            newest: datetime = latest["time"].max().to_pydatetime()
            return max(self._first, newest - RESEND)
        return max(self._first, utc_now() - RECENT)

    def _follow(
        self,
        text: str,
        simulator: Connection,
        start: datetime,
        end: datetime,
        admit: Callable[[], None] = lambda: None,
    ) -> int | None:
        """Show a simulator's history being sent, stored and computed; its messages, None if stopped."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        pipeline = self._service.pipeline
        with progress_bar(*columns) as progress:
            sent = progress.add_task(
                f"{text}: sending", total=expected_messages(self._service.site, start, end)
            )
            count = self._receive(simulator, lambda done: progress.update(sent, completed=done), admit)
            if count is None:
                return None
            progress.update(sent, completed=count, total=count)
            storing = progress.add_task(f"{text}: storing", total=None)
            while pipeline.backlog() and not self._stop.wait(0.1):
                progress.update(storing, completed=count - pipeline.backlog(), total=count)
            if self._stop.is_set():
                return None
            computing = progress.add_task(f"{text}: computing", total=None)
            self._service.scheduler.run_now(
                lambda step, done, of: progress.update(
                    computing, description=f"{text}: {step}", completed=done, total=of
                )
            )
        return count

    def _receive(
        self, simulator: Connection, show: Callable[[int], None], admit: Callable[[], None]
    ) -> int | None:
        while not self._stop.is_set():
            admit()
            if not simulator.poll(0.05):
                continue
            try:
                said: tuple[str, int] = simulator.recv()
            except EOFError:
                console.print("[bold red]The simulator ended;[/] nothing new comes. Start the demo again.")
                return None
            show(said[1])
            if said[0] == "done":
                return said[1]
        return None


class _Admission:
    """Lets a simulator send its next chunk while no more than a few wait before the spool."""

    AHEAD = 8

    def __init__(self, simulator: Connection, spooled: Callable[[], int]) -> None:
        self._simulator = simulator
        self._spooled = spooled
        self._began = spooled()
        self._admitted = 0

    def __call__(self) -> None:
        while self._admitted * CHUNK - (self._spooled() - self._began) < self.AHEAD * CHUNK:
            try:
                self._simulator.send(None)
            except OSError:  # it has sent everything and ended; its last word waits to be read
                return
            self._admitted += 1


def _with_ports(site: Site, ingest_port: int, api_port: int) -> Site:
    """The site with this start's ports: the folder may have been made with others."""
    settings = site.settings
    mqtt = settings.mqtt.model_copy(update={"host": "127.0.0.1", "port": ingest_port})
    api = settings.api.model_copy(update={"host": "127.0.0.1", "port": api_port})
    return replace(site, settings=settings.model_copy(update={"mqtt": mqtt, "api": api}))
