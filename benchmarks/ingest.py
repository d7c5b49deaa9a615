"""What a message costs from the broker to the store: our whole ingest beside a bare paho receiver.

A mosquitto, a publisher that costs next to nothing, and one receiver at a time, all on this machine. Ours
takes a message (QoS 1), makes it durable, acknowledges it, decodes, checks and stores it in DuckDB; the bare
one is paho with MQTT 5, a callback that only counts and automatic acknowledgement, on the same packets. Every
reading of every message is asserted to be stored, once. CPU is the receiver's own process, from the first
message to the last one stored.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from _ingester import Process  # noqa: E402
from _messages import FORMATS, ROOMS  # noqa: E402
from flood import write_packets  # noqa: E402
from mosquitto import QUEUE_LINES, Mosquitto  # noqa: E402

from store.duckdb_store import DuckDBStore  # noqa: E402

QUICK = bool(os.environ.get("QUICK"))
MESSAGES = 40_000 if QUICK else 150_000
ROUNDS = 1 if QUICK else 3
INTERVAL_S = 10
LONGEST_S = 120
HERE = Path(__file__).parent

Figures = dict[str, float]


def messages(make: Callable[[int, int, datetime], tuple[str, bytes]]) -> Iterator[tuple[str, bytes]]:
    """All rooms in turn, every ten seconds, up to now."""
    first = datetime.now(UTC) - timedelta(seconds=MESSAGES / ROOMS * INTERVAL_S)
    for number in range(MESSAGES):
        step, room = divmod(number, ROOMS)
        yield make(room, step, first + timedelta(seconds=step * INTERVAL_S, milliseconds=room))


def measure(receiver: Process, mosquitto: Mosquitto, packets: Path) -> Figures:
    """Flood one receiver; messages/s and CPU seconds per 100,000 messages, its own and the broker's."""
    flood = [sys.executable, str(HERE.parent / "tests" / "support" / "flood.py"), str(mosquitto.port)]
    broker = psutil.Process(mosquitto.pid)
    cpu_s, broker_s = receiver.cpu_s(), sum(broker.cpu_times()[:2])
    with subprocess.Popen([*flood, str(packets)], stdout=subprocess.PIPE, text=True) as publisher:
        began = float(publisher.stdout.readline() if publisher.stdout else "nan")
        ended = receiver.wait_for(MESSAGES, LONGEST_S)
    if publisher.returncode:
        raise RuntimeError("the publisher failed")
    per = 100_000 / MESSAGES
    return {
        "messages_per_s": MESSAGES / (ended - began),
        "cpu_s_per_100k": (receiver.cpu_s() - cpu_s) * per,
        "broker_cpu_s_per_100k": (sum(broker.cpu_times()[:2]) - broker_s) * per,
    }


def measure_bare(folder: Path, packets: Path) -> Figures:
    """The bare paho receiver."""
    with (
        Mosquitto(folder, QUEUE_LINES) as mosquitto,
        Process(HERE / "_bare.py", str(mosquitto.port)) as receiver,
    ):
        return measure(receiver, mosquitto, packets)


def measure_ours(folder: Path, packets: Path, readings: int) -> Figures:
    """The whole ingest; afterwards the store holds ``readings`` of each message."""
    with (
        Mosquitto(folder, QUEUE_LINES) as mosquitto,
        Process(HERE / "_ingester.py", folder, str(mosquitto.port)) as receiver,
    ):
        figures = measure(receiver, mosquitto, packets)
        figures["rss_mb"] = receiver.rss_mb()
    with closing(DuckDBStore(folder / "store.duckdb")) as store:
        counts = store.compute_hours(store.changed("benchmark").hours, {})["count"].sum()
    assert counts == MESSAGES * readings, (counts, MESSAGES * readings)
    figures["stored_readings"] = int(counts)
    return figures


def run_format(name: str) -> dict[str, Figures]:
    """Medians of the rounds for one format: ours and the bare receiver's, in turn on the same packets."""
    make, readings = FORMATS[name]
    ours: list[Figures] = []
    bare: list[Figures] = []
    with tempfile.TemporaryDirectory() as temporary:
        packets = Path(temporary) / "packets"
        write_packets(packets, messages(make))
        for number in range(ROUNDS):
            folder = Path(temporary) / str(number)
            folder.mkdir()
            bare.append(measure_bare(folder, packets))
            ours.append(measure_ours(folder, packets, readings))
    middle = _medians(ours)
    middle["times_bare"] = statistics.median(
        figures["cpu_s_per_100k"] / beside["cpu_s_per_100k"]
        for figures, beside in zip(ours, bare, strict=True)
    )
    return {name: middle, f"bare paho, {name}": _medians(bare)}


def _medians(rounds: list[Figures]) -> Figures:
    return {key: statistics.median(figures[key] for figures in rounds) for key in rounds[0]}


COLUMNS = {
    "messages/s": "messages_per_s",
    "CPU s/100k": "cpu_s_per_100k",
    "× bare": "times_bare",
    "broker CPU": "broker_cpu_s_per_100k",
    "RSS MB": "rss_mb",
    "readings": "stored_readings",
}


def main() -> None:
    """Measure and print; the last line is JSON."""
    print(
        f"{MESSAGES} messages of {ROOMS} devices, QoS 1, medians of {ROUNDS}; {os.cpu_count()} cores for all"
    )
    print(f"{'':30}" + "".join(f"{name:>13}" for name in COLUMNS))
    results: dict[str, Figures] = {}
    for name in FORMATS:
        found = run_format(name)
        for label, row in found.items():
            cells = [f"{row[key]:,.2f}" if key in row else "–" for key in COLUMNS.values()]
            print(f"{label:30}" + "".join(f"{cell:>13}" for cell in cells))
        results |= found
    print(json.dumps({"messages": MESSAGES, **results}))


if __name__ == "__main__":
    main()
