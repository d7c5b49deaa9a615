"""Playing a simulated town to a broker: history as fast as it goes, then live by the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Event
from typing import NamedTuple

from classroom.site import Site
from cli.children import die_with_parent
from cli.clock import utc_now
from simulators.faults import FaultRow
from simulators.keys import Speaks, spoken
from simulators.messages import Message, Stream, messages
from simulators.outdoor import outdoor_devices
from simulators.publish import BrokerAddress, Pace, Published, publish
from simulators.record import line
from simulators.scenario import Scenario
from simulators.school import Town

LIVE_EVERY_S = 10
CHUNK = 1_000
_NO_TIME = (Speaks.P1,)  # the time of receipt is all there is of a telegram's
_A_REPORT = {Speaks.SHELLY: 2, None: 0}  # messages a report; what speaks nothing we know stays silent


def expected_messages(site: Site, start: datetime, end: datetime) -> int:
    """About how many messages the site's devices send between two times."""
    seconds = max(0.0, (end - start).total_seconds())
    of_devices = sum(_A_REPORT.get(spoken(d), 1) * seconds / d.interval_s for d in site.devices)
    return round(of_devices + sum(seconds / d.interval_s for d in outdoor_devices(site)))


def without_own_time(site: Site) -> list[str]:
    """Devices whose messages say no time: their history would be taken for news."""
    return sorted({device.key for device in site.devices if spoken(device) in _NO_TIME})


class History(NamedTuple):
    """What was played of the past: messages acknowledged, until when, what planted faults did.

    ``reached`` is the time of the last message, or the end that was asked for.
    """

    sent: int
    reached: datetime
    faults: list[FaultRow]


def play_history(
    site: Site,
    scenario: Scenario,
    start: datetime,
    broker: BrokerAddress,
    clock: Callable[[], datetime],
    *,
    end: datetime | None = None,
    speed: float | None = None,
    stop: Event | None = None,
    on_progress: Callable[[int], None] = lambda _: None,
    before_chunk: Callable[[], None] = lambda: None,
) -> History:
    """Publish what the town's devices said from ``start`` until ``end`` or, without it, until now is reached.

    As fast as the broker takes it, or ``speed`` times as fast as it happened. Devices without a time of their
    own stay silent. ``before_chunk`` is called before every CHUNK messages and may wait.

    Raises:
        simulators.publish.BrokerAwayError: the broker is not there or went away.
    """
    town = Town(site, scenario)
    reached = max(start, town.start)
    stopped = (lambda: False) if stop is None else stop.is_set
    stream = Stream(town, reached, end, without=_NO_TIME, stopped=stopped)

    def past() -> Iterator[Message]:
        nonlocal reached
        # One pass that ends when it has caught up: a second would compute every day again, and never would.
        for number, message in enumerate(stream):
            if message.time >= (end or clock()):
                return
            if number % CHUNK == 0:
                before_chunk()
            reached = message.time
            yield message
        if end is not None and (stop is None or not stop.is_set()):
            reached = end

    published = publish(
        past(),
        broker,
        pace=None if speed is None else Pace(reached, speed, clock),
        stop=stop,
        on_progress=lambda so_far: on_progress(so_far.acknowledged),
    )
    return History(published.acknowledged, reached, stream.faults(reached + timedelta(milliseconds=1)))


def record_history(
    site: Site,
    scenario: Scenario,
    start: datetime,
    end: datetime,
    target: Path,
    on_progress: Callable[[int], None] = lambda _: None,
) -> History:
    """Write what the town's devices say from ``start`` to ``end`` into a file for ``replay``."""
    stream = Stream(Town(site, scenario), start, end)
    written, reached = 0, start
    with target.open("wb") as file:
        for message in stream:
            file.write(line(message))
            written, reached = written + 1, message.time
            if written % CHUNK == 0:
                on_progress(written)
    return History(written, reached, stream.faults())


def play_live(
    site: Site,
    scenario: Scenario,
    since: datetime,
    broker: BrokerAddress,
    clock: Callable[[], datetime],
    *,
    every_s: int | None = None,
    stop: Event | None = None,
    stop_after: int | None = None,
    on_progress: Callable[[Published], None] = lambda _: None,
) -> Published:
    """Publish what the town's devices say from ``since`` on, paced by the clock, until ``stop``.

    ``every_s`` makes all devices report at least that often, so that somebody who looks on sees something
    move; the times and values of the history do not change by it.

    Raises:
        simulators.publish.BrokerAwayError: the broker is not there or went away.
    """
    if every_s is not None:
        brisk = [d.model_copy(update={"interval_s": min(d.interval_s, every_s)}) for d in site.devices]
        site = replace(site, devices=brisk)
    town = Town(site, scenario)
    return publish(
        messages(town, since, stopped=(lambda: False) if stop is None else stop.is_set),
        broker,
        # What lies before now is due at once, else all would come late by as much as history ended early.
        pace=Pace(clock(), 1.0, clock),
        stop=stop,
        stop_after=stop_after,
        on_progress=on_progress,
    )


def live_when_told(site: Site, scenario: Scenario, broker: BrokerAddress, parent: Connection) -> None:
    """A child process: is told a time, plays from there until now, then live.

    It says ``("sent", messages)`` as it goes and ``("done", messages)`` when it goes live.
    """
    die_with_parent()
    start: datetime = parent.recv()
    history = play_history(site, scenario, start, broker, utc_now, on_progress=_Teller(parent))
    parent.send(("done", history.sent))
    play_live(site, scenario, history.reached, broker, utc_now, every_s=LIVE_EVERY_S)


def earlier_when_told(site: Site, scenario: Scenario, broker: BrokerAddress, parent: Connection) -> None:
    """A child process: is told two times, plays what lies between, and ends.

    It speaks as :func:`live_when_told`, and waits before every CHUNK messages for a word of the parent: a
    broker takes all that comes, and live messages would stand behind it.
    """
    die_with_parent()
    start, end = parent.recv()
    history = play_history(
        site,
        scenario,
        start,
        broker,
        utc_now,
        end=end,
        on_progress=_Teller(parent),
        before_chunk=parent.recv,
    )
    parent.send(("done", history.sent))


class _Teller:
    """Tells the parent how many messages are acknowledged, at every few hundred."""

    def __init__(self, parent: Connection) -> None:
        self._parent = parent
        self._said = 0

    def __call__(self, acknowledged: int) -> None:
        if acknowledged - self._said >= 500:
            self._said = acknowledged
            self._parent.send(("sent", acknowledged))
