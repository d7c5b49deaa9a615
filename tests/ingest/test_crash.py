"""Killed again and again: what a publisher got an acknowledgement for is in the store, once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from store.base import Store
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

DEVICES = 20


class Lives:
    """Ingesters that come and go at one store while a publisher goes on."""

    def __init__(self, folder: Path, root: str, publisher_at: Any) -> None:
        self.folder = folder
        self.root = root
        self.publisher_at = publisher_at
        self.bucket: Address | None = None  # else a DuckDB file in the folder
        self.processes: list[subprocess.Popen[bytes]] = []

    def run(self, broker: Any, messages: int, rate: int, *lives: str) -> Counter[int]:
        """Publish at ``rate`` [1/s]; gives how often each number is stored.

        One ingester for each of ``lives``: ``die=N``, ``kill`` (at random), ``automatic`` (killed at random);
        the last one ends by itself.
        """
        publisher = self.publisher_at(broker.port)
        sending = threading.Thread(target=self._publish, args=(publisher, messages, rate))
        random_ = random.Random(7)
        for number, life in enumerate(lives, 1):
            process = self._start(broker.ingest_port, "" if life in ("kill", "end") else life)
            if number == 1:
                sending.start()
            if number == len(lives):
                sending.join()
                assert process.stdin is not None
                process.stdin.close()  # it ends once nothing comes any more
                assert process.wait(60) == 0
            elif life.startswith("die="):
                assert process.wait(60) == -signal.SIGKILL
            else:
                time.sleep(random_.uniform(0.2, 0.6) * messages / rate / len(lives))
                process.kill()
                process.wait()
        return self._stored()

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()

    def _start(self, port: int, how: str) -> subprocess.Popen[bytes]:
        script = str(Path(__file__).with_name("ingester.py"))
        process = subprocess.Popen(
            [sys.executable, script, str(self.folder), str(port), self.root, f"classroom/{self.root}/#", how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **self._place()},
        )
        self.processes.append(process)
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said == b"subscribed\n" or how.startswith("die=")
        return process

    def _place(self) -> dict[str, str]:
        return {"INGESTER_BUCKET": json.dumps(asdict(self.bucket))} if self.bucket else {}

    def _open(self) -> Store:
        return InfluxStore(self.bucket) if self.bucket else DuckDBStore(self.folder / "store.duckdb")

    def _publish(self, publisher: Any, messages: int, rate: int) -> None:
        begin, base = time.monotonic(), datetime.now(UTC) - timedelta(days=2)
        for first in range(0, messages, 50):
            publisher.publish(self._message(n, base) for n in range(first, min(first + 50, messages)))
            time.sleep(max(0.0, begin + (first + 50) / rate - time.monotonic()))

    def _message(self, n: int, base: datetime) -> tuple[str, str]:
        payload: dict[str, Any] = {"energy_kwh": n}
        if n % 3:
            payload["time"] = (base + timedelta(seconds=n)).isoformat()
        return f"classroom/{self.root}/1/d{n % DEVICES}", json.dumps(payload)

    def _stored(self) -> Counter[int]:
        devices = [f"{self.root}/d{n}" for n in range(DEVICES)]
        always = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
        with closing(self._open()) as store:
            frame = store.read_readings(devices, None, *always)
        return Counter(int(value) for value in frame["value"])


@pytest.fixture
def lives(tmp_path: Path, root: str, publisher_at: Any) -> Iterator[Lives]:
    lives = Lives(tmp_path, root, publisher_at)
    yield lives
    lives.end()


def lost_and_doubled(stored: Counter[int], messages: int) -> tuple[list[int], list[int]]:
    return [n for n in range(messages) if not stored[n]], [n for n, times in stored.items() if times > 1]


@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_the_embedded_broker(lives: Lives, embedded: Any) -> None:
    assert lost_and_doubled(lives.run(embedded, 900, 600, "die=300", "end"), 900) == ([], [])


@pytest.mark.server
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_in_influxdb(lives: Lives, embedded: Any, bucket: Address) -> None:
    lives.bucket = bucket
    stored = lives.run(embedded, 900, 600, "kill", "die=300", "end")
    assert lost_and_doubled(stored, 900) == ([], [])


@pytest.mark.server
@pytest.mark.slow
def test_nothing_is_lost_or_doubled_on_mosquitto(lives: Lives, start_mosquitto: Any) -> None:
    broker = start_mosquitto("max_queued_messages 100000", "max_inflight_messages 2000")
    assert lost_and_doubled(lives.run(broker, 5_000, 800, "kill", "die=500", "end"), 5_000) == ([], [])


@pytest.mark.server
@pytest.mark.slow
def test_the_test_can_fail_automatic_acknowledgement_loses(lives: Lives, start_mosquitto: Any) -> None:
    broker = start_mosquitto("max_queued_messages 100000", "max_inflight_messages 2000")
    lost, _ = lost_and_doubled(lives.run(broker, 5_000, 800, "automatic", "automatic", "automatic"), 5_000)
    assert lost
