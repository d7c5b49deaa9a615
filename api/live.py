"""Live values: the last reading of every series, and streams of what arrives, by room."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

import pandas as pd
from prometheus_client import CollectorRegistry, Counter, Gauge

from api.verdicts import CurrentVerdicts
from classroom.air import Air, Light, air_level, settle, stale_after_s
from classroom.reading import Reading
from classroom.site import Site
from store.base import Store

Place = tuple[str, str]
"""(school, room)."""

_SEED_HOURS = 24  # how far back a level is followed at start to know since when it holds


@dataclass(frozen=True, slots=True)
class Arrival:
    """Readings of one room that arrived together; ``id`` grows within the life of a hub."""

    id: int
    readings: tuple[Reading, ...]


@dataclass(frozen=True, slots=True)
class _Level:
    light: Light | None  # None: there was no good value
    since: datetime | None  # None: it was so already at the first reading we know
    last: datetime


class Subscription:
    """A bounded queue of one reader's arrivals. Filled from any thread, read in the loop that made it."""

    def __init__(self, place: Place, size: int, missed: Sequence[Arrival]) -> None:
        self.place = place
        self.closed = False
        self._size = size + len(missed)
        self._waiting: deque[Arrival] = deque(missed)
        self._wake = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def put(self, arrival: Arrival) -> bool:
        """Queue an arrival; False where the reader is too slow (or gone) and is closed instead."""
        if self.closed or len(self._waiting) >= self._size:
            self.close()
            return False
        self._waiting.append(arrival)
        self._notify()
        return not self.closed

    def close(self) -> None:
        """End the stream; what waits is thrown away."""
        self.closed = True
        self._waiting.clear()
        self._notify()

    async def next(self, timeout_s: float) -> list[Arrival]:
        """What has arrived since the last call.

        Empty when nothing did within ``timeout_s`` or the stream closed.
        """
        if not self._waiting and not self.closed:
            try:
                await asyncio.wait_for(self._wake.wait(), timeout_s)
            except TimeoutError:
                return []
        self._wake.clear()
        arrived = []
        while self._waiting:
            arrived.append(self._waiting.popleft())
        return arrived

    def _notify(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:  # the loop is closed: the server is gone, and its readers with it
            self.closed = True


class LiveHub:
    """Keeps the newest reading of every (device, quantity) and hands arrivals to the readers of a room.

    ``publish`` is called from the ingest's store thread after the readings are durable; it never waits for a
    reader. ``queue_size`` is how many arrivals a reader may lag behind before it is dropped, ``history`` how
    many arrivals of a room are kept for readers that come back.
    """

    def __init__(
        self,
        site: Callable[[], Site],
        registry: CollectorRegistry,
        *,
        queue_size: int = 100,
        history: int = 100,
    ) -> None:
        self.epoch = secrets.token_hex(4)  # tells ids of this hub from those before a restart
        self._site = site
        self._queue_size = queue_size
        self._history = history
        self._lock = Lock()
        self._last: dict[str, dict[str, Reading]] = {}
        self._levels: dict[str, _Level] = {}
        self.verdicts = CurrentVerdicts()
        self._readers: dict[Place, set[Subscription]] = {}
        self._recent: dict[Place, deque[Arrival]] = {}
        self._next_id = 1
        self._closed = False
        self._connected = Gauge("classroom_live_readers", "Open live streams", registry=registry)
        self._dropped = Counter(
            "classroom_live_readers_dropped_total", "Streams ended: too slow", registry=registry
        )

    def seed(self, store: Store, now: datetime) -> None:
        """Take the last values from the store, once, before anything is published.

        Raises:
            StoreError: the store cannot serve now.
        """
        self._remember(readings_of(store.latest()))
        placed = [d.key for d in self._site().devices if d.room is not None and d.holds_at(now)]
        start, end = now - timedelta(hours=_SEED_HOURS), now + timedelta(hours=1)
        with self._lock:
            self._levels.clear()  # the last reading alone does not know since when
            for reading in readings_of(store.read_readings(placed, ["co2_ppm"], start, end)):
                self._follow_level(reading)

        self.judge(store)

    def judge(self, store: Store) -> None:
        """Take the verdicts on the newest readings from the store; after every analysis.

        Raises:
            StoreError: the store cannot serve now; what was known stands.
        """
        with self._lock:
            newest = [reading for series in self._last.values() for reading in series.values()]
        self.verdicts.take(store, newest)

    def publish(self, readings: Sequence[Reading]) -> None:
        """Take readings that are now stored. Only those newer than the last of their series are live."""
        newer = self._remember(readings)
        if not self._history and not self._readers:
            return  # a process that only ingests: nobody is there, and nobody will ask what was missed
        by_place: dict[Place, list[Reading]] = {}
        site = self._site()
        for reading in newer:
            placed = site.placement(reading.device, reading.time)
            if placed is not None and placed.room is not None:
                by_place.setdefault((placed.school, placed.room), []).append(reading)
        for place, arrived in by_place.items():
            self._deliver(place, tuple(arrived))

    def latest(self, device: str) -> list[Reading]:
        """The newest reading of each quantity of ``device``, by quantity."""
        with self._lock:
            return [reading for _, reading in sorted(self._last.get(device, {}).items())]

    def level_of(self, device: str) -> tuple[Air, datetime | None] | None:
        """The light that ``device`` gives, settled (:func:`classroom.air.settle`), and since when.

        A run is broken by silence as by another level. At start it is followed 24 hours back; since is None
        where it began before that. None: its newest value has no level.
        """
        with self._lock:
            found = self._levels.get(device)
            if found is None or found.light is None:
                return None
            return found.light.level, found.since

    def subscribe(self, school: str, room: str, last_event_id: str | None = None) -> Subscription:
        """A stream of what arrives in a room from now on; call it in an event loop and ``unsubscribe`` after.

        ``last_event_id`` (as made by :meth:`event_id`) brings back what was missed, as far as it is still
        kept.
        """
        place = (school, room)
        seen = self._seen(last_event_id)
        with self._lock:
            missed = [] if seen is None else [a for a in self._recent.get(place, ()) if a.id > seen]
            subscription = Subscription(place, self._queue_size, missed)
            if self._closed:
                subscription.close()
            self._readers.setdefault(place, set()).add(subscription)
        self._connected.inc()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Forget a reader."""
        with self._lock:
            readers = self._readers.get(subscription.place, set())
            readers.discard(subscription)
            if not readers:
                self._readers.pop(subscription.place, None)
        self._connected.dec()

    def event_id(self, arrival: Arrival) -> str:
        """The id a client sends back as ``Last-Event-ID``."""
        return f"{self.epoch}-{arrival.id}"

    def close(self) -> None:
        """End all streams; later ones end at once. Call it before the server waits for its connections."""
        with self._lock:
            self._closed = True
            open_now = [reader for readers in self._readers.values() for reader in readers]
        for subscription in open_now:
            subscription.close()

    def _remember(self, readings: Iterable[Reading]) -> list[Reading]:
        newer = []
        with self._lock:
            for reading in readings:
                series = self._last.setdefault(reading.device, {})
                known = series.get(reading.quantity)
                if known is not None and (reading.time < known.time or reading == known):
                    continue
                series[reading.quantity] = reading
                newer.append(reading)
                if reading.quantity == "co2_ppm":
                    self._follow_level(reading)
        return newer

    def _follow_level(self, reading: Reading) -> None:
        measured = air_level(reading.value, flag=reading.flag)
        known = self._levels.get(reading.device)
        quiet = timedelta(seconds=stale_after_s(self._site().interval_s(reading.device)))
        unbroken = known is not None and reading.time - known.last <= quiet
        light = None
        if measured is not None:
            before = known.light if known is not None and unbroken else None
            light = settle(before, measured, reading.value, reading.time)
        since = None if known is None else reading.time
        if known is not None and unbroken and _shown(known.light) is _shown(light):
            since = known.since
        self._levels[reading.device] = _Level(light, since, reading.time)

    def _deliver(self, place: Place, readings: tuple[Reading, ...]) -> None:
        with self._lock:
            arrival = Arrival(self._next_id, readings)
            self._next_id += 1
            self._recent.setdefault(place, deque(maxlen=self._history)).append(arrival)
            readers = list(self._readers.get(place, ()))
        for subscription in readers:
            if not subscription.closed and not subscription.put(arrival):
                self._dropped.inc()

    def _seen(self, last_event_id: str | None) -> int | None:
        epoch, _, number = (last_event_id or "").partition("-")
        ours = epoch == self.epoch and number.isascii() and number.isdigit() and len(number) < 20
        return int(number) if ours else None


def _shown(light: Light | None) -> Air | None:
    return None if light is None else light.level


def readings_of(frame: pd.DataFrame) -> list[Reading]:
    """Readings of a frame with the store's READING_COLUMNS, in its order."""
    return [
        Reading(str(device), str(quantity), time.to_pydatetime(), float(value), int(flag))
        for device, quantity, time, value, flag in zip(
            frame["device"],
            frame["quantity"],
            frame["time"],
            frame["value"],
            frame["flag"],
            strict=True,
        )
    ]
