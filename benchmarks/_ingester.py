"""The ingest pipeline on a DuckDB store as a process of its own, and its handle in the measuring process.

The child (``python _ingester.py FOLDER PORT``) prints ``ready`` once it is subscribed and answers each line
of its input with its state as one line of JSON; it stops when its input ends.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from array import array
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from prometheus_client import CollectorRegistry  # noqa: E402

from classroom.reading import Reading  # noqa: E402
from classroom.settings import Settings  # noqa: E402
from classroom.site import Site  # noqa: E402
from cli.process import collect_seldom  # noqa: E402
from ingest.pipeline import Pipeline  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402


class Process:
    """A child that prints ``ready`` and then answers questions; used as a context manager."""

    def __init__(self, *command: str | Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, *map(str, command)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._process = psutil.Process(self._child.pid)
        if self._child.stdout is None or self._child.stdout.readline() != "ready\n":
            raise RuntimeError(f"{command[0]} did not start")

    def ask(self) -> dict[str, Any]:
        """Its state."""
        if self._child.stdin is None or self._child.stdout is None:
            raise BrokenPipeError
        self._child.stdin.write("\n")
        self._child.stdin.flush()
        found: dict[str, Any] = json.loads(self._child.stdout.readline())
        return found

    def wait_for(self, messages: int, seconds: float) -> float:
        """Wait until it has done ``messages``; when that was (``time.monotonic``)."""
        deadline = time.monotonic() + seconds
        while (done := self.ask()["done"]) < messages:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{done} of {messages} messages after {seconds:.0f} s")
            time.sleep(0.02)
        return time.monotonic()

    def cpu_s(self) -> float:
        """CPU seconds it has used, its threads and the kernel's work for it included."""
        times = self._process.cpu_times()
        return float(times.user + times.system)

    def rss_mb(self) -> float:
        """Resident memory [MB]."""
        return float(self._process.memory_info().rss / 1e6)

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.stdin is not None:
            self._child.stdin.close()
        self._child.wait(60)


_LONGEST_MS = 120_000


class Delays:
    """Seconds from the time a message says to the moment it could be read from the store."""

    def __init__(self) -> None:
        self._seen = array("d")
        self._all = np.zeros(_LONGEST_MS, dtype=np.int64)  # of the whole run, by millisecond

    def take(self, readings: Sequence[Reading]) -> None:
        """Note the messages of one batch, just stored: each has one CO2 reading."""
        now = time.time()
        self._seen.extend(now - each.time.timestamp() for each in readings if each.quantity == "co2_ppm")

    def figures(self) -> dict[str, float]:
        """Median, 99th percentile and greatest since the last call, 99th percentile of all [s]."""
        seen, self._seen = self._seen, array("d")
        if not seen:
            return {}
        median, p99 = np.percentile(seen, (50, 99))
        milliseconds = np.clip(np.ceil(np.asarray(seen) * 1_000), 0, _LONGEST_MS - 1).astype(np.int64)
        self._all += np.bincount(milliseconds, minlength=_LONGEST_MS)
        count = self._all.cumsum()
        all_ms = int(np.searchsorted(count, 0.99 * count[-1]))
        return {"p50_s": float(median), "p99_s": float(p99), "max_s": max(seen), "p99_all_s": all_ms / 1_000}


def cache_mb(store: DuckDBStore) -> float:
    """What DuckDB holds of its file in memory; it grows with the data up to its limit of 1,000 MB."""
    with store._reading() as con:  # noqa: SLF001
        (found,) = con.execute("SELECT sum(memory_usage_bytes) / 1e6 FROM duckdb_memory()").fetchall()[0]
    return float(found)


def now() -> datetime:
    """The pipeline's clock."""
    return datetime.now(UTC)


def main() -> None:
    """Run the pipeline until the input ends."""
    folder, port, measured = Path(sys.argv[1]), int(sys.argv[2]), "delays" in sys.argv[3:]
    settings = Settings.model_validate({"mqtt": {"port": port, "client_id": "measured"}})
    delays = Delays()
    on_stored = delays.take if measured else lambda _: None
    registry = CollectorRegistry()
    with closing(DuckDBStore(folder / "store.duckdb")) as store:
        pipeline = Pipeline(settings, lambda: Site(settings), store, folder, now, on_stored, registry)
        collect_seldom()  # as the service does
        pipeline.start()
        while not all(check.ok for check in pipeline.health()):
            time.sleep(0.05)
        print("ready", flush=True)
        for _ in sys.stdin:
            state: dict[str, float] = {"done": pipeline.spooled - pipeline.backlog()}
            if measured:
                state |= {"cache_mb": cache_mb(store), **delays.figures()}
            print(json.dumps(state), flush=True)
        pipeline.stop()


if __name__ == "__main__":
    main()
