"""Hours of work in minutes: 2,000 messages/s through mosquitto, ingest and DuckDB, memory and delay watched.

MINUTES in the environment makes it shorter or longer than 20. Every message says when it was published; its
delay ends when the store has its readings. What is asserted: nothing lost or doubled, p99 of all messages
below a second, memory flat after the first stretch (but for DuckDB's bounded cache), a spool that holds no
more than it keeps to know repetitions.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from _ingester import Process  # noqa: E402
from _messages import ROOMS, native  # noqa: E402
from flood import Flood, packet  # noqa: E402
from mosquitto import QUEUE_LINES, Mosquitto  # noqa: E402

from ingest.redelivery import TAIL  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402

MINUTES = float(os.environ.get("MINUTES") or (0.4 if os.environ.get("QUICK") else 20))
RATE = 2_000  # messages/s
TURNS = 50  # a second
STRETCHES = 10
P99_LIMIT_S = 1.0
GROWTH_LIMIT_MB = 50.0
READINGS = 3


class Publisher:
    """Sends RATE messages a second, evenly, each with its own time."""

    def __init__(self, port: int) -> None:
        self.flood = Flood(port)
        self.sent = 0
        self.latest_s = 0.0
        self._began = time.monotonic()

    def run_until(self, end_s: float) -> None:
        """Publish up to ``end_s`` seconds after the beginning."""
        while (elapsed := time.monotonic() - self._began) < end_s:
            due = int(elapsed * RATE) - self.sent
            self.latest_s = max(self.latest_s, due / RATE)
            data = [packet(*self._message(self.sent + n), self.sent + n) for n in range(due)]
            self.flood.send(b"".join(data), due)
            self.flood.read()
            self.sent += due
            time.sleep(1 / TURNS)

    @staticmethod
    def _message(number: int) -> tuple[str, bytes]:
        step, room = divmod(number, ROOMS)
        return native(room, step, datetime.now(UTC))


def size_mb(folder: Path, name: str) -> float:
    """Size of a SQLite file with its journal [MB]."""
    return sum(path.stat().st_size for path in folder.glob(f"{name}.sqlite*")) / 1e6


def main() -> None:
    """Run it, print a row a stretch, then what came of it."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with (
            Mosquitto(folder, QUEUE_LINES) as broker,
            Process(Path(__file__).with_name("_ingester.py"), folder, str(broker.port), "delays") as ingester,
        ):
            print("| minute | messages | p50 | p99 | longest | memory | cache | spool | dead letters | CPU |")
            print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
            publisher = Publisher(broker.port)
            rows = [_stretch(ingester, publisher, folder, n) for n in range(1, STRETCHES + 1)]
            publisher.flood.wait()
            ingester.wait_for(publisher.sent, 60)
        with closing(DuckDBStore(folder / "store.duckdb")) as store:
            stored = int(store.compute_hours(store.changed("soak").hours, {})["count"].sum())
        with closing(sqlite3.connect(folder / "spool.sqlite")) as spool:
            left = spool.execute("SELECT count(*) FROM message").fetchone()[0]
    lost = publisher.sent * READINGS - stored
    growth_mb = rows[-1]["own_mb"] - rows[0]["own_mb"]
    p99_s, worst_s = rows[-1]["p99_all_s"], max(row["p99_s"] for row in rows)
    print(f"\n{publisher.sent:,} messages published at {RATE:,}/s, {stored:,} readings stored, {lost} lost.")
    print(f"99 of 100 messages could be read from the store within {p99_s:.2f} s (limit {P99_LIMIT_S:g} s),")
    print(f"in the worst stretch within {worst_s:.2f} s. From the first row to the last")
    print(f"memory less DuckDB's cache grew by {growth_mb:.0f} MB (limit {GROWTH_LIMIT_MB:g} MB). The cache")
    print(f"follows the data up to its limit of 1,000 MB. The spool keeps the newest {left:,} messages,")
    load = os.getloadavg()[0]
    print(f"all stored, to know what is sent again. Load of the machine at the end: {load:.1f}.")
    print(f"The publisher was at most {publisher.latest_s:.2f} s late.")
    assert lost == 0
    assert left <= TAIL
    assert p99_s < P99_LIMIT_S
    assert growth_mb < GROWTH_LIMIT_MB
    assert rows[-1]["spool_mb"] < 100


def _stretch(ingester: Process, publisher: Publisher, folder: Path, number: int) -> dict[str, float]:
    cpu_s = ingester.cpu_s()
    minute = MINUTES * number / STRETCHES
    publisher.run_until(minute * 60)
    row = {**ingester.ask(), "rss_mb": ingester.rss_mb(), "spool_mb": size_mb(folder, "spool")}
    row["own_mb"] = row["rss_mb"] - row["cache_mb"]
    share = (ingester.cpu_s() - cpu_s) / (MINUTES / STRETCHES * 60)
    cells = (
        *(f"{minute:.3g}", f"{row['done']:,}"),
        *(f"{row[key]:.2f} s" for key in ("p50_s", "p99_s", "max_s")),
        *(f"{mb:.1f} MB" for mb in (row["rss_mb"], row["cache_mb"], row["spool_mb"])),
        f"{size_mb(folder, 'letters'):.1f} MB",
        f"{share:.0%}",
    )
    print(f"| {' | '.join(cells)} |", flush=True)
    return row


if __name__ == "__main__":
    main()
