"""``classroom-climate simulate``: a simulated town speaks over MQTT."""

from __future__ import annotations

import signal
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from classroom.faults import ConfigurationError
from classroom.site import Site
from cli.clock import utc_now
from cli.play import expected_messages, play_history, play_live
from cli.site import SiteDir, console, load_site_or_exit
from simulators.demo import demo_site
from simulators.publish import BrokerAddress, BrokerAwayError
from simulators.scenario import SCENARIO_FILE, Scenario, parse_scenario

Days = Annotated[
    int, typer.Option(min=0, max=3_650, help="Days of history to send first, as fast as it goes.")
]


def simulate(
    site_dir: SiteDir = Path(),
    host: Annotated[str | None, typer.Option(help="Broker's host; the site's if not given.")] = None,
    port: Annotated[
        int | None, typer.Option(help="Broker's port (MQTT 3.1.1); the site's if not given.")
    ] = None,
    days: Days = 0,
    live: Annotated[bool, typer.Option(help="Go on by the clock after the history.")] = True,
    speed: Annotated[
        float,
        typer.Option(
            min=0.01, help="Pace of the live part; above 1 the town's clock runs ahead of the world's."
        ),
    ] = 1.0,
    every: Annotated[
        int | None,
        typer.Option(min=1, help="Let every device report at least each so many seconds while live."),
    ] = None,
    stop_after: Annotated[int | None, typer.Option(min=1, help="End after so many live messages.")] = None,
    write: Annotated[
        bool,
        typer.Option(
            "--write", help=f"Write a demo site with its {SCENARIO_FILE} into an empty --site folder first."
        ),
    ] = False,
) -> None:
    """Publish what the sensors and meters of a simulated town say, in the formats real devices speak.

    The folder needs a simulation.toml (seed, first day, planted pauses); the same file gives the same bytes.

    Example: `classroom-climate simulate --site town --write --days 7`
    """
    if write:
        write_demo(site_dir, days)
    site = load_site_or_exit(site_dir)
    scenario = load_scenario_or_exit(site_dir)
    mqtt = site.settings.mqtt
    broker = BrokerAddress(host or mqtt.host, port or mqtt.port)
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    pace = _Pace(live, speed, every, stop_after)
    try:
        _play(site, scenario, broker, days, pace, stop)
    except BrokerAwayError as error:
        console.print(f"[bold red]Cannot simulate:[/] {error}")
        raise typer.Exit(1) from error


class _Pace(NamedTuple):
    """How the live part goes."""

    live: bool
    speed: float
    every_s: int | None
    stop_after: int | None


def _play(site: Site, scenario: Scenario, broker: BrokerAddress, days: int, pace: _Pace, stop: Event) -> None:
    reached = utc_now()
    if days:
        sent, reached = _history(site, scenario, broker, days, stop)
        Console().print(f"{sent} messages of history published and acknowledged.")
    if not pace.live or stop.is_set():
        return
    console.print(f"Live to {broker}; stop with Ctrl-C.")
    published = play_live(
        site,
        scenario,
        reached,
        broker,
        utc_now,
        speed=pace.speed,
        every_s=pace.every_s,
        stop=stop,
        stop_after=pace.stop_after,
    )
    Console().print(f"{published.acknowledged} live messages published and acknowledged.")


def _history(
    site: Site, scenario: Scenario, broker: BrokerAddress, days: int, stop: Event
) -> tuple[int, datetime]:
    start = utc_now() - timedelta(days=days)
    columns = (TextColumn("History"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("history", total=expected_messages(site, start, utc_now()))
        return play_history(
            site,
            scenario,
            start,
            broker,
            utc_now,
            stop=stop,
            on_progress=lambda done: progress.update(task, completed=done),
        )


def write_demo(
    folder: Path,
    days: int,
    *,
    schools: int = 1,
    language: str = "sv",
    mqtt_port: int = 1883,
    api_port: int = 8000,
) -> None:
    """Write a demo site whose first day lies ``days`` back; what exists is left alone."""
    folder.mkdir(parents=True, exist_ok=True)
    first_day = (utc_now() - timedelta(days=days)).date()
    texts = demo_site(
        first_day,
        schools=schools,
        language="en" if language == "en" else "sv",
        mqtt_port=mqtt_port,
        api_port=api_port,
    )
    if any((folder / name).exists() for name in texts):
        return
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")


def load_scenario_or_exit(folder: Path) -> Scenario:
    """The simulation of a site's folder; tells people what is wrong and leaves with code 2."""
    try:
        return parse_scenario((folder / SCENARIO_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        console.print(
            f"{folder / SCENARIO_FILE} is missing; write a demo site with --write into an empty folder."
        )
        raise typer.Exit(2) from error
    except ConfigurationError as error:
        for fault in error.faults:
            console.print(f"  {fault}", markup=False)
        raise typer.Exit(2) from error
