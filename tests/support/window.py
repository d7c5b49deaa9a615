"""How many messages a second get through when a commit takes its time: the law of the window.

The real connection and the real spool thread on a real mosquitto; only the spool is one on a slow disk.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from queue import SimpleQueue

from flood import Flood, packet
from prometheus_client import CollectorRegistry

from classroom.settings import MqttSettings
from ingest.counters import Counters
from ingest.mqtt import Inbox, Link
from ingest.spool import Entry, Spool
from ingest.spooling import SpoolThread

_LONGEST_S = 60.0


@contextmanager
def disk_busy(folder: Path) -> Iterator[None]:
    """Hold the write lock of the spool in ``folder``: no commit can come through."""
    with closing(sqlite3.connect(folder / "spool.sqlite", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


class SlowSpool(Spool):
    """A spool on a disk that needs ``latency_s`` more for each commit."""

    def __init__(self, path: Path, latency_s: float) -> None:
        super().__init__(path)
        self.latency_s = latency_s

    def append(self, entries: Sequence[Entry], acknowledged_id: int, stored_id: int) -> range:
        """As the real one, later."""
        time.sleep(self.latency_s)
        return super().append(entries, acknowledged_id, stored_id)


def acknowledged_per_s(
    folder: Path, settings: MqttSettings, latency_s: float, most: int, seconds: float
) -> float:
    """Acknowledged messages a second, of ``most`` published at once or of what came in ``seconds``."""
    inbox: Inbox = SimpleQueue()
    counters = Counters(CollectorRegistry())
    link = Link(settings, inbox, lambda: datetime.now(UTC))
    with closing(SlowSpool(folder / "spool.sqlite", latency_s)) as spool:
        thread = SpoolThread(
            spool, inbox, link, counters, limit_bytes=10**9, reserve_bytes=0, payload_limit_bytes=65_536
        )
        thread.start()
        link.start()
        try:
            _wait(lambda: link.connected)
            publisher = Flood(settings.port)
            with closing(publisher):
                for number in range(most):
                    publisher.send(packet("a/b", b"x" * 100, number), 1)
                publisher.wait()
                _wait(lambda: link.acknowledged > 0)
                return _rate(link, most, seconds)
        finally:
            spool.latency_s = 0
            thread.stop()
            link.stop()


def _rate(link: Link, most: int, seconds: float) -> float:
    """From one commit's acknowledgements to the last seen."""
    first = last = link.acknowledged
    began = ended = time.monotonic()
    while last < most and time.monotonic() - began < seconds:
        time.sleep(0.001)
        if link.acknowledged != last:
            last, ended = link.acknowledged, time.monotonic()
    return (last - first) / (ended - began) if last > first else 0.0


def _wait(true: Callable[[], object]) -> None:
    deadline = time.monotonic() + _LONGEST_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError("the broker did not deliver")
        time.sleep(0.001)
