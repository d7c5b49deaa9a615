"""The ingest pipeline.

Network thread, spool thread, store thread, and a watchdog on their life and progress.
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

from prometheus_client import CollectorRegistry

from classroom.reading import Reading
from classroom.settings import Settings
from classroom.site import Site
from ingest.counters import Counters
from ingest.decoders import decode as decode_any
from ingest.letter import in_words
from ingest.letters import Letters
from ingest.message import Decoded, Message
from ingest.mqtt import Inbox, Link
from ingest.redelivery import TAIL
from ingest.spool import TAIL_BYTES, Spool, SpoolError
from ingest.spooling import SpoolThread, Submission
from ingest.storing import StoreThread
from store.base import Store, Written

log = logging.getLogger(__name__)

STALL_S = 20.0
"""Unacknowledged messages without one acknowledgement for so long [s]: nothing moves any more.

With the watchdog's second it is reported well within 30 s."""

_WATCH_S = 1.0
_RESTART_S = 5.0


class Check(NamedTuple):
    """One line of health, for people."""

    name: str
    ok: bool
    message: str


class Progress:
    """Notices that acknowledgements stand still."""

    def __init__(self) -> None:
        self._seen = (0, 0)
        self._since = 0.0
        self.stalled_s = 0.0

    def watch(self, now_s: float, generation: int, unacknowledged: int, acknowledged: int) -> float:
        """Seconds without an acknowledgement although some are owed; 0 while all is well."""
        if not unacknowledged or (generation, acknowledged) != self._seen:
            self._seen = (generation, acknowledged)
            self._since = now_s
        self.stalled_s = now_s - self._since
        return self.stalled_s


class Pipeline:
    """Messages from the broker to the store, losing none.

    Args:
        settings: of the site; ``mqtt`` and ``ingest`` are used.
        site: the present site, for telling pending devices.
        store: written by the store thread only.
        folder: holds ``spool.sqlite`` and ``letters.sqlite``; must exist.
        clock: aware UTC time.
        on_stored: given the readings of each stored batch; must neither raise nor wait.
        registry: takes the metrics.
        decode: the decoders.

    Raises:
        ConfigurationError: a certificate or password file cannot be used.
        SpoolError, LettersError: a file in ``folder`` cannot be used.
    """

    def __init__(
        self,
        settings: Settings,
        site: Callable[[], Site],
        store: Store,
        folder: Path,
        clock: Callable[[], datetime],
        on_stored: Callable[[Sequence[Reading]], None],
        registry: CollectorRegistry,
        decode: Callable[[Message], Decoded] = decode_any,
    ) -> None:
        self._settings = settings
        self._site = site
        self._clock = clock
        self._counters = Counters(registry)
        self._inbox: Inbox = SimpleQueue()
        limits = settings.ingest
        limit_bytes = limits.spool_limit_mb * 1_000_000
        self._spool = Spool(folder / "spool.sqlite", TAIL, min(TAIL_BYTES, limit_bytes // 4))
        self.letters = Letters(folder / "letters.sqlite", limits.dead_letters_limit_mb * 1_000_000)
        self._held_letters = self.letters.hold()
        filters = {*self._spool.filters(), *settings.mqtt.filters}  # all the broker's session may hold
        self._link = Link(settings.mqtt, self._inbox, clock, sorted(filters), self._counters.dropped.inc)
        self._spool.set_filters(sorted(filters))
        self._spooling = SpoolThread(
            self._spool,
            self._inbox,
            self._link,
            self._counters,
            limit_bytes,
            settings.ingest.spool_reserve_mb * 1_000_000,
            settings.ingest.payload_limit_bytes,
        )
        self._storing = StoreThread(
            self._spool.path,
            self._spool.uuid,
            self._spool.last_id,
            self._spooling,
            self.letters,
            store,
            settings.ingest,
            decode,
            on_stored,
            clock,
            self._counters,
        )
        self._progress = Progress()
        self._stopping = threading.Event()
        self._watchdog: threading.Thread | None = None
        self._show()

    def start(self) -> None:
        """Start the threads; returns at once, the broker may come later."""
        self._stopping.clear()
        self._storing.start()
        self._spooling.start()
        self._link.start()
        self._watchdog = threading.Thread(target=self._watch, name="ingest-watchdog", daemon=True)
        self._watchdog.start()

    def stop(self) -> None:
        """Commit and acknowledge what arrived, leave the broker, store what is spooled, release the files."""
        self._stopping.set()
        if self._watchdog is not None:
            self._watchdog.join(10)
        was_connected = self._link.connected
        self._spooling.stop()
        self._link.stop()
        self._storing.stop()
        if was_connected and not self._link.refused:
            with suppress(SpoolError):  # then the next start unsubscribes what may be left once more
                self._spool.set_filters(self._settings.mqtt.filters)
        self._spool.close()
        self._held_letters.close()

    def submit(self, messages: Sequence[Message], letter_ids: Sequence[int] = ()) -> Future[None]:
        """Hand in messages as if they had arrived at their ``received`` time (replay of dead letters,
        imports).

        ``letter_ids`` are the letters the messages were, if they were: what can be read now leaves the
        letters, the others stay. The future ends when they are durable; wait for it before the next batch, so
        that memory stays bounded."""
        done: Future[None] = Future()
        self._inbox.put(Submission(tuple(messages), done, tuple(letter_ids)))
        return done

    def write(self, readings: Sequence[Reading]) -> Future[Written]:
        """Store readings that did not come as messages, through the store thread.

        The future ends when they are.
        """
        return self._storing.write(readings)

    def pending(self) -> list[str]:
        """Keys of the devices that were heard but hang nowhere at present; their readings are kept."""
        site, now = self._site(), self._clock()
        return [
            device
            for device in self.letters.heard()
            if device not in site.station_keys and site.placement(device, now) is None
        ]

    @property
    def connected(self) -> bool:
        """Whether the broker delivers to us: connected and subscribed."""
        return self._link.connected and self._link.refused is None

    @property
    def stopping(self) -> bool:
        """Whether nothing is to be handed in any more."""
        return self._stopping.is_set()

    @property
    def spooled(self) -> int:
        """Number of the last spooled message; it only grows."""
        return self._spool.last_id

    @property
    def stored(self) -> int:
        """Number of the last spooled message that is stored or a dead letter."""
        return self._storing.stored_id

    def backlog(self) -> int:
        """Spooled messages not yet stored."""
        return max(0, self._spool.last_id - self._storing.stored_id)

    def health(self) -> list[Check]:
        """What works and what does not, in words."""
        mqtt, link = self._settings.mqtt, self._link
        broker = f"{mqtt.host}:{mqtt.port}"
        alive = {"network": link.alive, "spool": self._spooling.alive, "store": self._storing.alive}
        dead = [name for name, lives in alive.items() if not lives]
        stalled_s = self._progress.stalled_s
        window = "the broker's window" if link.window is None else f"window {link.window}"
        waiting = f"{link.unacknowledged} unacknowledged ({window})"
        return [
            Check("threads", not dead, f"not running: {', '.join(dead)}" if dead else "all run"),
            Check(
                "broker",
                link.connected and link.refused is None,
                f"{broker}: {link.refused or ('connected' if link.connected else 'connecting')}",
            ),
            Check(
                "window",
                stalled_s < STALL_S,
                waiting if stalled_s < STALL_S else f"{waiting}, none acknowledged for {stalled_s:.0f} s",
            ),
            Check(
                "spool", self._spooling.full is None, self._spooling.full or f"{self.backlog()} messages wait"
            ),
            Check("store", self._storing.trouble is None, self._storing.trouble or "serves"),
            self._letters_check(),
        ]

    def _letters_check(self) -> Check:
        try:
            counts = self.letters.count_by_reason()
        except sqlite3.Error as error:
            return Check("dead letters", False, f"cannot be read: {error}")
        cure = "; see: classroom-climate dead-letters list" if counts else ""
        return Check("dead letters", True, f"{in_words(counts)}{cure}")

    def _watch(self) -> None:
        started = {"network": 0.0, "spool": 0.0, "store": 0.0}
        stalled = False
        while not self._stopping.wait(_WATCH_S):
            now_s = time.monotonic()
            for name, part in (("network", self._link), ("spool", self._spooling), ("store", self._storing)):
                if not part.alive and now_s - started[name] > _RESTART_S:
                    log.error("the %s thread died; it is started again", name)
                    self._counters.restarts.labels(name).inc()
                    started[name] = now_s
                    part.start()
            stalled_s = self._progress.watch(
                now_s, self._link.generation, self._link.unacknowledged, self._link.acknowledged
            )
            if (stalled_s >= STALL_S) != stalled:
                stalled = not stalled
                log.error("acknowledging %s", "stands still" if stalled else "goes on again")

    def _show(self) -> None:
        counters = self._counters
        counters.spool_depth.set_function(self.backlog)
        counters.unacknowledged.set_function(lambda: self._link.unacknowledged)
        counters.pending_devices.set_function(lambda: len(self.pending()))
        counters.spool_age.set_function(self._age_s)
        counters.stalled.set_function(lambda: self._progress.stalled_s)

    def _age_s(self) -> float:
        oldest = self._storing.oldest
        return 0.0 if oldest is None else max(0.0, (self._clock() - oldest).total_seconds())
