"""``classroom-climate simulate``: a simulated town speaks over MQTT, or into files."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Annotated, NamedTuple

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from classroom.faults import ConfigurationError
from classroom.site import Site
from classroom.words import counted
from cli.broker_meant import (
    CaOption,
    HostOption,
    PasswordOption,
    PortOption,
    TlsOption,
    UsernameOption,
    address,
    broker_meant,
)
from cli.clock import utc_now
from cli.play import (
    CHUNK,
    History,
    expected_messages,
    play_history,
    play_live,
    record_history,
    without_own_time,
)
from cli.progress import progress_bar
from cli.site import SiteDir, console, load_site_or_exit, tell_faults
from cli.town import complete_town_or_exit, days_back, load_scenario_or_exit, write_city, write_demo
from simulators.publish import BrokerAddress, BrokerAwayError
from simulators.scenario import SCENARIO_FILE, Scenario
from simulators.school import Town
from simulators.truth_files import write_truth

MESSAGES_FILE, TRUTH_FOLDER = "messages.jsonl", "truth"
_HOUR = timedelta(hours=1)


def _day(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError as error:
        raise typer.BadParameter("write a day as 2025-08-18") from error


Days = Annotated[int | None, typer.Option(min=0, max=3_650, help="Days of history (with --out 7, else 0).")]
Until = Annotated[
    datetime | None,
    typer.Option(parser=_day, metavar="DAY", help="With --no-live: the history ends as this UTC day begins."),
]
Live = Annotated[bool, typer.Option(help="Go on by the clock after the history.")]
Speed = Annotated[
    float | None,
    typer.Option(
        min=0.01,
        help="Play the history so many times as fast as it happened; as fast as it goes if not given.",
    ),
]
Rate = Annotated[
    float | None, typer.Option(min=0.01, help="At most so many messages of history a second: a steady load.")
]
Every = Annotated[
    int | None,
    typer.Option(min=1, help="Let every device report at least each so many seconds while live."),
]
StopAfter = Annotated[int | None, typer.Option(min=1, help="End after so many live messages.")]
Write = Annotated[
    bool,
    typer.Option(
        "--write", help=f"Write a demo site with its {SCENARIO_FILE} into an empty --site folder first."
    ),
]
Schools = Annotated[
    int | None,
    typer.Option(min=1, max=500, help="With --write or --out: a city of so many schools instead."),
]
Seed = Annotated[int, typer.Option(min=0, max=2**32 - 1, help="Of the city: same seed, same bytes.")]
FirstDay = Annotated[
    datetime | None,
    typer.Option(parser=_day, metavar="DAY", help="Of the city; so many --days ago if not given."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help=f"Into this folder instead of a broker: the site (if it is not there), {MESSAGES_FILE} of its "
        f"first --days for replay, and {TRUTH_FOLDER}/."
    ),
]
Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="With --out: write over messages and truth that are there.")
]
Truth = Annotated[
    Path | None,
    typer.Option(help="Write the truth of the history: a name.jsonl, or a folder for Parquet files."),
]


def simulate(
    site_dir: SiteDir = Path(),
    host: HostOption = None,
    port: PortOption = None,
    username: UsernameOption = None,
    password_file: PasswordOption = None,
    tls: TlsOption = None,
    ca_file: CaOption = None,
    days: Days = None,
    until: Until = None,
    live: Live = True,
    speed: Speed = None,
    rate: Rate = None,
    every: Every = None,
    stop_after: StopAfter = None,
    write: Write = False,
    schools: Schools = None,
    seed: Seed = 1,
    first_day: FirstDay = None,
    out: Out = None,
    overwrite: Overwrite = False,
    truth: Truth = None,
) -> None:
    """Publish what the sensors and meters of a simulated town say, in the formats real devices speak.

    The folder needs a simulation.toml (seed, first day, planted defects and faults); the same file gives the
    same bytes. docs/simulate.md tells it all.

    Example: `classroom-climate simulate --site town --write --days 7`

    A city in files: `classroom-climate simulate --schools 10 --seed 4 --days 14 --out city`
    """
    length = (7 if out else 0) if days is None else days
    folder = out or site_dir
    if out and not overwrite:
        _refuse_to_overwrite(out / MESSAGES_FILE, truth or out / TRUTH_FOLDER)
    if schools is not None and not (write or out):
        raise typer.BadParameter("add --write or --out: a city is written before it is played")
    if until is not None:
        _refuse_until(until, is_there=not (write or out), live=live)
    complete_town_or_exit(folder)
    if write or out:
        _write_town(folder, length, schools, seed, first_day)
    site = load_site_or_exit(folder)
    scenario = load_scenario_or_exit(folder, site)
    if out:
        _into_files(site, scenario, folder, length, truth)
        return
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        wish = _Wish(length, until, live, speed, rate, every, stop_after, truth)
        meant = broker_meant(site.settings.mqtt, host, port, username, password_file, tls, ca_file)
        _play(site, scenario, address(meant), wish, stop)
    except ConfigurationError as error:
        tell_faults("The way to the broker", error)
        raise typer.Exit(2) from error
    except BrokerAwayError as error:
        console.print(f"[bold red]Cannot simulate:[/] {error}")
        raise typer.Exit(1) from error


_LONG_BEFORE_DAYS = 30  # computing so many days takes people's time


class _Wish(NamedTuple):
    """How a town is played to a broker."""

    days: int
    until: datetime | None
    live: bool
    speed: float | None
    rate: float | None
    every_s: int | None
    stop_after: int | None
    truth: Path | None


def _write_town(folder: Path, days: int, schools: int | None, seed: int, first_day: datetime | None) -> None:
    if schools is None:
        write_demo(folder, days)
    else:
        write_city(folder, first_day.date() if first_day else days_back(days), schools, seed)


def _refuse_until(until: datetime, *, is_there: bool, live: bool) -> None:
    if live or not is_there or until > utc_now():
        raise typer.BadParameter(
            "--until ends the history of a town that is there: give --no-live, a day that has begun, and "
            "neither --write nor --out"
        )


def _refuse_to_overwrite(*paths: Path) -> None:
    there = [str(path) for path in paths if path.exists()]
    if there:
        console.print(
            f"{' and '.join(there)} exist{'s' if len(there) == 1 else ''} already. Nothing was written; "
            "name another folder, or add --overwrite.",
            soft_wrap=True,
        )
        raise typer.Exit(2)


def _into_files(site: Site, scenario: Scenario, folder: Path, days: int, truth: Path | None) -> None:
    start = datetime.combine(scenario.first_day, datetime.min.time(), UTC)
    end = start + timedelta(days=max(days, 1))
    target = folder / MESSAGES_FILE
    with _bar("Messages", expected_messages(site, start, end)) as show:
        history = record_history(site, scenario, start, end, target, show)
    _write_truth(site, scenario, truth or folder / TRUTH_FOLDER, start, end, history)
    Console(highlight=False).print(
        f"{counted(history.sent, 'message')} of {counted(max(days, 1), 'day')} written to {target}; "
        f"play them with: classroom-climate replay {target}"
    )


def _play(site: Site, scenario: Scenario, broker: BrokerAddress, wish: _Wish, stop: Event) -> None:
    reached = wish.until or utc_now()
    if wish.days:
        start = reached - timedelta(days=wish.days)
        history = _history(site, scenario, broker, start, wish, stop)
        reached = history.reached
        Console().print(f"{counted(history.sent, 'message')} of history published and acknowledged.")
        if wish.truth is not None:
            _write_truth(site, scenario, wish.truth, start, reached, history)
    if not wish.live or stop.is_set():
        return
    console.print(f"Live to {broker}; stop with Ctrl-C.")
    published = play_live(
        site,
        scenario,
        reached,
        broker,
        utc_now,
        every_s=wish.every_s,
        stop=stop,
        stop_after=wish.stop_after,
    )
    Console().print(f"{published.acknowledged} live messages published and acknowledged.")


def _history(
    site: Site, scenario: Scenario, broker: BrokerAddress, start: datetime, wish: _Wish, stop: Event
) -> History:
    silent = without_own_time(site)
    if silent:
        names = ", ".join(silent[:3]) + (", …" if len(silent) > 3 else "")
        console.print(
            f"{len(silent)} device(s) ({names}) send no time of their own and stay silent in the history: "
            "it would be stored as of now. They speak while live, and in the files of --out."
        )
    first = datetime.combine(scenario.first_day, datetime.min.time(), UTC)
    begin = max(start, first)
    if (begin - first).days > _LONG_BEFORE_DAYS:
        console.print(
            f"The town begins on {scenario.first_day} (first_day in simulation.toml): "
            f"{(begin - first).days} days of {len(site.schools)} school(s) are computed before the first "
            "message. A later first_day, or more --days, starts sooner; Ctrl-C stops."
        )
    with _bar("History", expected_messages(site, begin, wish.until or utc_now())) as show:
        return play_history(
            site,
            scenario,
            start,
            broker,
            utc_now,
            end=wish.until,
            speed=wish.speed,
            stop=stop,
            on_progress=show,
            before_chunk=_steady(wish.rate, stop),
        )


def _steady(rate: float | None, stop: Event) -> Callable[[], None]:
    """Waits, before each CHUNK messages but the first, until they are due at ``rate`` a second."""
    began, chunks = time.monotonic(), 0

    def wait() -> None:
        nonlocal chunks
        if rate is not None:
            stop.wait(max(0.0, began + chunks * CHUNK / rate - time.monotonic()))
        chunks += 1

    return wait


def _write_truth(
    site: Site, scenario: Scenario, target: Path, start: datetime, end: datetime, history: History
) -> None:
    """The truth of the full hours in ``[start, end)``, beside what planted faults did."""
    town = Town(site, scenario)
    begin = max(start + (-(start - town.start) % _HOUR), town.start)
    until = end - (end - town.start) % _HOUR
    if begin >= until:
        console.print("No truth is written: it is told by full hours, and none has passed.")
        return
    with _bar("Truth, days", (until - town.start).days + 1) as show:
        write_truth(town, target, begin, until, faults=history.faults, on_day=show)
    console.print(f"The truth of it is in {target}.")


@contextmanager
def _bar(text: str, total: int) -> Iterator[Callable[[int], None]]:
    """A progress bar; hands over what tells it how much is done."""
    columns = (TextColumn(text), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with progress_bar(*columns) as progress:
        task = progress.add_task(text, total=total)
        yield lambda done: progress.update(task, completed=done)
