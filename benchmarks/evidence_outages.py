"""The store away, slow, refusing, full: what is accepted meanwhile, what is stored, what is said about it.

A whole site (``classroom-climate run``) between a real mosquitto and a real store, 200 messages/s from a
publisher of its own, every third without a time. Each fault begins and ends under this load. QUICK=1: every
third fault, for seconds.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

import httpx  # noqa: E402
import paho.mqtt.publish  # noqa: E402
from course import Course, Outcome, count_stored, run  # noqa: E402
from disk import SmallDisk, small_disk  # noqa: E402
from influx import Server, free_ports, influx1_process, influx2_process, programs, set_up  # noqa: E402
from lives import RunLife, Site, elsewhere, influx_settings  # noqa: E402
from mosquitto import Mosquitto  # noqa: E402
from proxy import Answer, Proxy, proxied, slow  # noqa: E402

from running import until  # noqa: E402
from store.duckdb_store import DuckDBStore  # noqa: E402
from store.influx_server import Address  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

QUICK = os.environ.get("QUICK") == "1"
RATE = 200
SHORT_S, LONG_S = (5.0, 10.0) if QUICK else (30.0, 600.0)
LEAD_S = 2.0 if QUICK else 10.0
TOPIC = "outage"
REFUSED = 100  # messages that the server will never take
FULL_MB = 256


@dataclass
class Place:
    """Everything a fault may need: the site, its store's server, the line to it, the disk under it."""

    folder: Path
    broker: Mosquitto
    stack: ExitStack
    site: Site | None = None
    life: RunLife | None = None
    proxy: Proxy | None = None
    disk: SmallDisk | None = None
    stop: Callable[[], None] = field(default=lambda: None)
    start: Callable[[], None] = field(default=lambda: None)
    stored: Callable[[], object] | None = None
    address: Address | None = None
    samples: list[dict[str, float]] = field(default_factory=list)
    said: str = ""

    def sample(self) -> None:
        """Note the site's counters, and what it says is wrong."""
        assert self.life is not None
        running = self.life.running
        self.samples.append(running.counts())
        answer = httpx.get(f"http://127.0.0.1:{running.port}/readyz", timeout=90).json()
        wrong = [
            part
            for part in answer["parts"]
            if not part["ok"] and part["name"] != "analytics" and "the log of" not in part["message"]
        ]
        if wrong and len(self.samples) > 1:
            self.said = "; ".join(f"{part['name']}: {part['message']}" for part in wrong)


Fault = Callable[[Place], Iterator[None]]


def away(place: Place) -> Iterator[None]:
    """The server is killed, and started again."""
    place.stop()
    yield
    place.start()


def away_at_start(place: Place) -> Iterator[None]:
    """The server was not there when the site started."""
    yield
    place.start()


def answering(answer: Answer, place: Place) -> Iterator[None]:
    """Every write is answered so."""
    assert place.proxy is not None
    place.proxy.fault = lambda request: answer if request.path == "/api/v2/write" else None
    yield
    place.proxy.fault = lambda _: None


def slowly(place: Place) -> Iterator[None]:
    """Every write takes five seconds."""
    assert place.proxy is not None
    place.proxy.fault = slow(5)
    yield
    place.proxy.fault = lambda _: None


def partial_write(place: Place) -> Iterator[None]:
    """Another program made motion an integer; messages with motion come among the others."""
    assert place.proxy is not None
    assert place.address is not None
    with closing(InfluxStore(place.address)) as store:
        store._server.write([f"indoor,device=x motion=1i {time.time_ns() // 1000}"])  # noqa: SLF001
    bad = [(f"classroom/{TOPIC}/1/m", json.dumps({"motion": 1}), 1, False)] * REFUSED
    paho.mqtt.publish.multiple(bad, port=place.broker.port)
    yield


def full(restart: bool, place: Place) -> Iterator[None]:
    """The disk under the store (or the spool) is full; InfluxDB has to be started again once it is not."""
    assert place.disk is not None
    place.disk.fill()
    yield
    place.disk.free()
    if restart:
        place.stop()
        place.start()


def influx(major: int, place: Place) -> str:
    """A server of our own behind a proxy, its data on a small disk; gives the ``[store]`` settings."""
    port = free_ports(2)
    place.disk = place.stack.enter_context(small_disk(place.folder / "influx", FULL_MB))
    lives = place.stack.enter_context(ExitStack())
    begin = influx1_process if major == 1 else influx2_process
    url, _ = lives.enter_context(begin(place.disk.folder, port))
    place.proxy = place.stack.enter_context(proxied(url, v1=major == 1))
    server = Server("influx1", place.proxy.url, target=url) if major == 1 else set_up(url, place.disk.folder)
    bucket = place.stack.enter_context(server.bucket())
    place.stop = lives.close
    place.start = lambda: lives.enter_context(begin(place.disk.folder, port)) and None  # type: ignore[union-attr]
    place.address = Address(place.proxy.url, bucket.org, bucket.bucket, bucket.write_token, bucket.read_token)

    def stored() -> object:
        with closing(InfluxStore(bucket)) as store:
            return count_stored(store, TOPIC)

    place.stored = stored
    return influx_settings(place.folder / "site", place.address)


def duckdb(full_disk: tuple[str, ...], place: Place) -> str:
    """The embedded store; the files ``full_disk`` lie on a small disk, all others on the machine's own."""
    data = place.folder / "site" / "data"
    names = ("spool.sqlite", "letters.sqlite", "classroom.duckdb")
    if "classroom.duckdb" in full_disk:  # its log lies where it is found, those of SQLite where they are led
        place.disk = place.stack.enter_context(small_disk(data, FULL_MB))
        elsewhere(data, place.folder / "roomy", [name for name in names if name not in full_disk])
    else:
        data.mkdir()
        place.disk = place.stack.enter_context(small_disk(place.folder / "small", FULL_MB))
        elsewhere(data, place.disk.folder, full_disk)

    def stored() -> object:
        with closing(DuckDBStore(data / "classroom.duckdb")) as store:
            return count_stored(store, TOPIC)

    place.stored = stored
    return "[ingest]\nspool_reserve_mb = 0\n"


class Beginning(RunLife):
    """A life that begins without its store."""

    def wait_ready(self) -> None:
        """Wait until the broker serves it."""
        until(self._connected, "the site is connected to its broker", 120)

    def _connected(self) -> bool:
        try:
            parts = httpx.get(f"http://127.0.0.1:{self.running.port}/readyz", timeout=30).json()["parts"]
        except httpx.TransportError:
            return False
        return all(part["ok"] for part in parts if part["name"] in ("broker", "threads"))


def measure(name: str, lasts_s: float, store: Callable[[Place], str], fault: Fault) -> None:
    """One fault in a folder of its own; prints its row."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        for part in ("mosquitto", "site"):
            (folder / part).mkdir()
        broker = stack.enter_context(
            Mosquitto(folder / "mosquitto", ("max_queued_messages 1000000", "max_inflight_messages 2000"))
        )
        place = Place(folder, broker, stack)
        site = place.site = Site(folder / "site", broker.port, f"classroom/{TOPIC}/#", store(place))
        stack.callback(site.end)
        late = fault is away_at_start
        if late:
            place.stop()

        def start() -> RunLife:
            began = site.start()
            place.life = Beginning(began.running) if late else began
            return place.life

        @contextmanager
        def outage() -> Iterator[None]:
            time.sleep(LEAD_S)
            place.sample()
            with contextmanager(fault)(place):
                yield
                place.sample()

        course = Course(messages=0, rate=RATE, kills=0, outage_s=lasts_s)
        assert place.stored is not None
        outcome = run(course, TOPIC, broker, start, place.stored, outage)  # type: ignore[arg-type]
        print(row(name, lasts_s, place, outcome), flush=True)


def row(name: str, lasts_s: float, place: Place, outcome: Outcome) -> str:
    """What the table says of one fault."""
    began, ended = place.samples
    accepted, stored = "classroom_messages_acknowledged_total", "classroom_messages_stored_total"
    dead = "classroom_dead_letters_total{store_refused}"
    assert place.site is not None
    changes = [line for line in place.site.log() if " store: " in line or " spool: " in line]
    said = place.said.replace(str(place.folder), "…").replace("|", "\\|")
    numbers = f"{began[accepted]:.0f} → {ended[accepted]:.0f} | {began[stored]:.0f} → {ended[stored]:.0f}"
    return (
        f"| {name} | {lasts_s:.0f} s | {numbers} | {outcome.messages} | **{len(outcome.lost)}** "
        f"| **{len(outcome.doubled)}** | {ended.get(dead, 0):.0f} | {len(changes)} | {said or '(all well)'} |"
    )


FAULTS: tuple[tuple[str, float, Fault], ...] = (
    ("away", LONG_S, away),
    ("away at the start", SHORT_S, away_at_start),
    ("5 s a write", SHORT_S, slowly),
    ("401", SHORT_S, partial(answering, Answer(401, b'{"message":"unauthorized access"}'))),
    (
        "503, Retry-After 10",
        SHORT_S,
        partial(answering, Answer(503, b'{"message":"overloaded"}', {"Retry-After": "10"})),
    ),
    (f"partial write ({REFUSED} messages it will never take)", SHORT_S, partial_write),
    ("its disk full, then started again", SHORT_S, partial(full, True)),
)

DISKS = (
    ("DuckDB: its disk full", ("classroom.duckdb",)),
    ("spool: its disk full", ("spool.sqlite",)),
    ("dead letters: their disk full", ("letters.sqlite",)),
    ("one disk for all of them full", ("spool.sqlite", "letters.sqlite", "classroom.duckdb")),
)
"""Which files lie on the full disk."""


def main() -> None:
    """Run every fault on every store and print the table."""
    print(
        f"{RATE} messages/s, every third without a time; before → at the end of the fault. *Accepted*: "
        "acknowledged to the broker,\nso ours to keep. *Stored*: as the site counts it. The messages, and "
        "what is lost or doubled of them, are counted in the\nstore when all is over. *Changes logged*: "
        "lines about store and spool, which should be one when it went and one when it\ncame back.\n"
    )
    print(
        "| fault | lasted | accepted | stored | messages in the end | lost | doubled | dead letters "
        "| changes logged | `/readyz` in the meantime |\n|---|---|---|---|---|---|---|---|---|---|"
    )
    for major in (2, 1):
        if major not in programs():
            print(f"| InfluxDB {major}.x: there is no influxd {major}.x on PATH |")
            continue
        for name, lasts_s, fault in FAULTS[:: 3 if QUICK else 1]:
            lasts_s = min(lasts_s, SHORT_S) if major == 1 else lasts_s
            measure(f"InfluxDB {programs()[major][1]}: {name}", lasts_s, partial(influx, major), fault)
    for name, files in DISKS[:: 3 if QUICK else 1]:
        measure(name, SHORT_S, partial(duckdb, files), partial(full, False))


if __name__ == "__main__":
    main()
