"""Killed again and again: what a publisher got an acknowledgement for is in the store, once.

The full length is ``make evidence NAME=crash``; here the same course runs short.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from course import Course, count_stored, judge, run
from disk import NoDiskError, SmallDisk, small_disk
from lives import PipelineLife, elsewhere
from mosquitto import DURABLE, Mosquitto
from numbered import message
from proxy import Answer, proxied

from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

SHORT = Course(messages=5_000, rate=700, kills=3, broker_kills=1, outage_s=2, life_s=(0.8, 1.6))


class Lives:
    """Starts pipelines of a test in their own processes, and ends what is left of them."""

    def __init__(self, folder: Path, root: str) -> None:
        self.folder = folder
        self.root = root
        self._started: list[PipelineLife] = []

    def start(self, port: int, how: str = "", bucket: Address | None = None) -> PipelineLife:
        self._started.append(PipelineLife(self.folder, port, self.root, how, bucket))
        return self._started[-1]

    def stored(self) -> Counter[int]:
        with closing(DuckDBStore(self.folder / "store.duckdb")) as store:
            return count_stored(store, self.root)

    def end(self) -> None:
        for life in self._started:
            life.kill()


@pytest.fixture
def lives(tmp_path: Path, root: str) -> Iterator[Lives]:
    (tmp_path / "lives").mkdir()
    lives = Lives(tmp_path / "lives", root)
    yield lives
    lives.end()


@pytest.fixture
def durable(start_mosquitto: Callable[..., Mosquitto]) -> Mosquitto:
    """A mosquitto that goes on where it stood when it is killed."""
    return start_mosquitto(*DURABLE)


@pytest.fixture
def disk(lives: Lives, tmp_path: Path) -> Iterator[SmallDisk]:
    """The store's file lies on a disk of its own, the spool does not."""
    try:
        with small_disk(lives.folder, 64) as disk:
            elsewhere(lives.folder, tmp_path / "spool")
            yield disk
            lives.end()
    except NoDiskError as refused:
        pytest.skip(str(refused))


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_the_embedded_broker(
    lives: Lives, embedded: Any, publisher_at: Any, root: str
) -> None:
    """Killed at the worst moment: 300 messages are committed and none of them is acknowledged."""
    base = datetime.now(UTC) - timedelta(days=2)
    first = lives.start(embedded.ingest_port, "die=300")
    first.wait_ready()
    publisher = publisher_at(embedded.port)
    messages = [message(root, n, base) for n in range(900)]
    sending = threading.Thread(target=publisher.publish, args=(messages,))
    sending.start()
    first.wait_dead()
    second = lives.start(embedded.ingest_port)
    sending.join()
    second.finish()
    stored = lives.stored()
    assert sorted(stored) == list(range(900))
    assert set(stored.values()) == {1}


@pytest.mark.server
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_in_duckdb(
    lives: Lives, durable: Mosquitto, disk: SmallDisk, root: str
) -> None:
    """Ingester killed, broker killed, then the store's disk is full."""

    @contextmanager
    def full() -> Iterator[None]:
        disk.fill()
        yield
        disk.free()

    outcome = run(SHORT, root, durable, lambda: lives.start(durable.port), lives.stored, full)
    assert (outcome.lost, outcome.doubled) == ((), ())


@pytest.mark.server
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_in_influxdb(
    lives: Lives, durable: Mosquitto, root: str, bucket: Address
) -> None:
    """Ingester killed, broker killed, then the server away."""
    with proxied(bucket.url) as proxy, closing(InfluxStore(bucket)) as store:
        line = Address(proxy.url, bucket.org, bucket.bucket, bucket.write_token, bucket.read_token)

        @contextmanager
        def away() -> Iterator[None]:
            proxy.fault = lambda _: Answer(0)
            yield
            proxy.fault = lambda _: None

        outcome = run(
            SHORT,
            root,
            durable,
            lambda: lives.start(durable.port, bucket=line),
            lambda: count_stored(store, root),
            away,
        )
    assert (outcome.lost, outcome.doubled) == ((), ())


@pytest.mark.server
@pytest.mark.slow
def test_the_course_can_be_failed_automatic_acknowledgement_loses(
    lives: Lives, durable: Mosquitto, root: str
) -> None:
    course = Course(messages=2_000, rate=1_000, kills=2, life_s=(0.6, 1.4), from_ready=True)
    outcome = run(course, root, durable, lambda: lives.start(durable.port, "automatic"), lives.stored)
    assert outcome.lost


def test_what_is_lost_and_doubled_is_seen() -> None:
    """Of what was sent again, only a message without a time may be there twice."""
    stored = Counter({0: 2, 1: 2, 2: 1, 3: 3, 5: 1, 6: 2, 7: 1})
    outcome = judge(8, [0, 1, 3, 4], stored, 1.0)
    assert outcome.lost == (4,)
    assert outcome.doubled == (1, 3, 6)
    assert (outcome.republished, outcome.republished_doubled) == (4, 1)
