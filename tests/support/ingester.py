"""An ingester as a process of its own, to be killed: ``python ingester.py FOLDER PORT CLIENT_ID FILTER
[HOW]``.

It writes ``subscribed`` when it is, and ends once its input is closed and nothing comes any more, or in an
orderly way at once at SIGTERM. ``INGESTER_MQTT`` (JSON) changes its ``[mqtt]``, ``INGESTER_WRITER`` names one
of several that store into a bucket. HOW
``die=N`` makes it kill itself at the worst moment, when N messages or more are committed but not yet
acknowledged; ``automatic`` is the
control: the same decoding and store behind paho's automatic acknowledgement.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry

from classroom.settings import IngestSettings, Settings
from classroom.site import Site
from ingest.check import check
from ingest.decoders import decode
from ingest.message import Message
from ingest.mqtt import Delivery, Link
from ingest.pipeline import Pipeline
from store.base import Store, StoreError
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore


def open_store(folder: Path) -> Store:
    """A file in the folder, or the bucket that the environment names."""
    if "INGESTER_BUCKET" in os.environ:
        address = Address(**json.loads(os.environ["INGESTER_BUCKET"]))
        return InfluxStore(address, writer=os.environ.get("INGESTER_WRITER", ""))
    return DuckDBStore(folder / "store.duckdb")


def now() -> datetime:
    return datetime.now(UTC)


def die_unacknowledged(after: int) -> None:
    """Kill this process when it wants to acknowledge message number ``after``, committed by then."""
    acknowledge, seen = Link.acknowledge, 0

    def dying(self: Link, deliveries: Sequence[Delivery]) -> int:
        nonlocal seen
        seen += len(deliveries)
        if seen >= after:
            os.kill(os.getpid(), signal.SIGKILL)
        return acknowledge(self, deliveries)

    Link.acknowledge = dying  # type: ignore[method-assign, assignment]


def run(folder: Path, port: int, client_id: str, topic: str) -> None:
    mqtt = {"port": port, "client_id": client_id, "topics": [topic]}
    mqtt |= json.loads(os.environ.get("INGESTER_MQTT", "{}"))
    settings = Settings.model_validate({"mqtt": mqtt})
    store = open_store(folder)
    registry = CollectorRegistry()
    pipeline = Pipeline(settings, lambda: Site(settings), store, folder, now, lambda _: None, registry)
    pipeline.start()
    while not all(check.ok for check in pipeline.health()):
        time.sleep(0.05)
    asked, at_once = threading.Event(), threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), asked.set()), daemon=True).start()
    signal.signal(signal.SIGTERM, lambda *_: (at_once.set(), asked.set()))
    print("subscribed", flush=True)  # noqa: T201
    asked.wait()
    if not at_once.is_set():
        until_quiet(
            lambda: registry.get_sample_value("classroom_messages_received_total"),
            lambda: all(check.ok for check in pipeline.health()) and not pipeline.backlog(),
        )
    pipeline.stop()
    store.close()


def run_automatic(folder: Path, port: int, client_id: str, topic: str) -> None:
    """Collect readings in memory and store them twice a second, as most scripts do."""
    store = DuckDBStore(folder / "store.duckdb")
    waiting: list[Message] = []
    client = paho.Client(CallbackAPIVersion.VERSION2, client_id=client_id, clean_session=False)
    client.on_message = lambda _, __, m: waiting.append(Message(m.topic, m.payload, now()))
    client.on_connect = lambda c, *_: c.subscribe(topic, 1)
    client.on_subscribe = lambda *_: print("subscribed", flush=True)  # noqa: T201
    client.connect("127.0.0.1", port)
    client.loop_start()
    stored = 0

    def store_all() -> None:
        nonlocal stored
        while True:
            time.sleep(0.5)
            batch = waiting[:]
            readings = [r for m in batch for r in check(m, decode(m), IngestSettings()).readings]
            with suppress(StoreError):  # tried again: it loses nothing by an outage, only by its death
                store.write_readings(readings)
                del waiting[: len(batch)]
                stored += len(batch)

    threading.Thread(target=store_all, daemon=True).start()
    sys.stdin.read()
    until_quiet(lambda: stored, lambda: not waiting)


def until_quiet(count: Callable[[], float | None], well: Callable[[], bool]) -> None:
    """Wait until all is well and a count has stood still for two seconds."""
    seen, since = count(), time.monotonic()
    while time.monotonic() - since < 2:
        time.sleep(0.05)
        if count() != seen or not well():
            seen, since = count(), time.monotonic()


if __name__ == "__main__":
    arguments = (Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
    how = sys.argv[5] if len(sys.argv) > 5 else ""
    if how.startswith("die="):
        die_unacknowledged(int(how.removeprefix("die=")))
    (run_automatic if how == "automatic" else run)(*arguments)
