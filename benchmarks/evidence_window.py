"""Throughput with acknowledgement after the commit: window over latency, on a real mosquitto."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

from flood import Flood, packet  # noqa: E402
from mosquitto import Mosquitto  # noqa: E402
from prometheus_client import CollectorRegistry  # noqa: E402
from window import acknowledged_per_s, disk_busy  # noqa: E402

from classroom.settings import MqttSettings, Settings  # noqa: E402
from classroom.site import Site  # noqa: E402
from ingest.pipeline import Pipeline  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402

QUICK = bool(os.environ.get("QUICK"))
LATENCIES_S = (0.05, 0.5) if QUICK else (0.005, 0.05, 1.0, 10.0)
WINDOWS = (
    ("3.1.1", 20, "20: MQTT 3.1.1, mosquitto's default"),
    ("5", 200, "200: MQTT 5, Receive Maximum 200"),
    ("5", 2_000, "2000: MQTT 5, our default"),
)
MOST = 60_000
COMMITS = 4


def cell(protocol: str, window: int, latency_s: float) -> str:
    """Messages/s and their share of the law."""
    seconds = max(2.0, COMMITS * latency_s)
    law = window / latency_s
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with Mosquitto(folder, ("max_queued_messages 0",)) as broker:
            mqtt = MqttSettings(
                port=broker.port, protocol=protocol, receive_maximum=window, client_id="window"
            )
            messages = int(min(MOST, law * seconds + 3 * window))
            rate = acknowledged_per_s(folder, mqtt, latency_s, messages, seconds)
    return f"{rate:,.0f} ({rate / law:.0%})" if law < MOST / 4 else f"{rate:,.0f}"


def stall_s() -> tuple[float, str]:
    """Seconds from the last moment all was well to the report, and its words."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with Mosquitto(folder) as broker:
            settings = Settings.model_validate({"mqtt": {"port": broker.port}})
            store = DuckDBStore(folder / "store.duckdb")
            pipeline = Pipeline(
                settings,
                lambda: Site(settings),
                store,
                folder,
                lambda: datetime.now(UTC),
                lambda _: None,
                CollectorRegistry(),
            )
            pipeline.start()
            while not all(check.ok for check in pipeline.health()):
                time.sleep(0.05)
            publisher = Flood(broker.port)
            with disk_busy(folder):
                publisher.send(packet("classroom/a/1/d", b'{"co2_ppm":800}', 0), 1)
                began = time.monotonic()
                while pipeline.health()[2].ok:
                    time.sleep(0.05)
                told = time.monotonic() - began, pipeline.health()[2].message
            publisher.close()
            pipeline.stop()
            store.close()
    return told


def main() -> None:
    """Print the table and the stall."""
    print(
        "Messages/s acknowledged (share of window / latency) while each commit takes longer by the latency,"
    )
    print("one run a cell; the publisher is ahead all the time. Without a share: the machine is the limit.\n")
    print("| window | " + " | ".join(f"{latency_s:g} s" for latency_s in LATENCIES_S) + " |")
    print("|---|" + "---|" * len(LATENCIES_S))
    for protocol, window, label in WINDOWS:
        cells = [
            cell(protocol, window, latency_s) if window == 20 or latency_s < 5 else ""
            for latency_s in LATENCIES_S
        ]
        print(f"| {label} | " + " | ".join(cells) + " |", flush=True)
    if not QUICK:
        seconds, words = stall_s()
        print(f"\nA spool that cannot be written: `/readyz` says after {seconds:.0f} s: “{words}”.")


if __name__ == "__main__":
    main()
