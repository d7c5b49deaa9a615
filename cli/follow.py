"""Live values of an API process that does not ingest: the store is asked for what is new."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime

from api.context import PartHealth
from api.live import LiveHub, readings_of
from store.base import Store, StoreError

EVERY_S = 5.0
_JUDGE_EVERY = 12
"""Verdicts change with an analysis only: they are read once a minute."""

log = logging.getLogger(__name__)


class Follower:
    """Publishes what is new in the store, in its own thread."""

    def __init__(self, store: Store, live: LiveHub, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._live = live
        self._clock = clock
        self._seeded = False
        self._failure = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="follow", daemon=True)

    def start(self) -> None:
        """Begin; the first look comes at once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the look under way."""
        self._stop.set()
        self._thread.join(timeout=10)

    def health(self) -> PartHealth:
        """Whether live values are the store's newest."""
        if self._failure:
            return PartHealth("live", False, "the store does not answer: live values are old")
        if not self._thread.is_alive():
            return PartHealth("live", False, "its thread has ended; restart the process and report the log")
        return PartHealth("live", True, f"looks at the store every {EVERY_S:g} s")

    def look(self, judge: bool) -> None:
        """Publish what is new.

        Raises:
            StoreError: the store cannot serve now.
        """
        if not self._seeded:
            self._live.seed(self._store, self._clock())
            self._seeded = True
            return
        self._live.publish(readings_of(self._store.latest()))
        if judge:
            self._live.judge(self._store)

    def _loop(self) -> None:
        count = 0
        while True:
            try:
                self.look(judge=count % _JUDGE_EVERY == 0)
            except StoreError as error:
                if not self._failure:
                    log.warning("live values stand still: %s", error)
                self._failure = str(error)
            else:
                if self._failure:
                    log.info("live values move again")
                self._failure = ""
            count += 1
            if self._stop.wait(EVERY_S):
                return
