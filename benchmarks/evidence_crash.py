"""Killed, killed and cut off: what a publisher got acknowledged is stored once.

A whole site (``classroom-climate run``) between a real mosquitto and a real store. Under one numbered
publisher, a third of whose messages carry no time, the site is killed eight times at random, then the broker
twice, then the store is away for a minute. Beside it the control: the same decoding and store behind paho's
automatic acknowledgement. QUICK=1: a tenth.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "support")]

from course import Course, Life, Outcome, count_stored, run  # noqa: E402
from disk import SmallDisk, small_disk  # noqa: E402
from influx import (  # noqa: E402
    Server,
    free_ports,
    influx1_process,
    influx2_process,
    programs,
    set_up,
)
from lives import PipelineLife, Site, elsewhere, influx_settings  # noqa: E402
from mosquitto import DURABLE, Mosquitto  # noqa: E402
from proxy import Answer, proxied  # noqa: E402

from store.duckdb_store import DuckDBStore  # noqa: E402
from store.influx_server import Address  # noqa: E402
from store.influx_store import InfluxStore  # noqa: E402

QUICK = os.environ.get("QUICK") == "1"
COURSE = (
    Course(messages=6_000, rate=400, kills=2, broker_kills=1, outage_s=5, life_s=(2, 5))
    if QUICK
    else Course(messages=60_000, rate=400, kills=8, broker_kills=2, outage_s=60, life_s=(2, 9))
)
TOPIC = "crash"
Outage = Callable[[], AbstractContextManager[object]]


@contextmanager
def full(disk: SmallDisk) -> Iterator[None]:
    """The store's disk is full."""
    disk.fill()
    yield
    disk.free()


def on_duckdb(folder: Path, broker: Mosquitto, stack: ExitStack, automatic: bool) -> Outcome:
    """The embedded store, on a disk of its own that is filled."""
    site = Site(folder / "site", broker.port, f"classroom/{TOPIC}/#")
    stack.callback(site.end)
    disk = stack.enter_context(small_disk(site.folder / "data", 256))
    elsewhere(disk.folder, folder / "spool")

    def control() -> Life:
        life = PipelineLife(disk.folder, broker.port, TOPIC, "automatic")
        stack.callback(life.kill)
        return life

    def stored() -> Counter[int]:
        name = "store.duckdb" if automatic else "classroom.duckdb"
        with closing(DuckDBStore(disk.folder / name)) as store:
            return count_stored(store, TOPIC)

    return run(COURSE, TOPIC, broker, control if automatic else site.start, stored, lambda: full(disk))


def on_influx(folder: Path, broker: Mosquitto, stack: ExitStack, major: int) -> Outcome:
    """A server of our own: 2.x is killed and started again, before 1.x the line is cut."""
    port, engine = free_ports(2), folder / "influx"
    engine.mkdir()
    if major == 1:
        url, _ = stack.enter_context(influx1_process(engine, port))
        proxy = stack.enter_context(proxied(url, v1=True))
        server = Server("influx1", proxy.url, target=url)

        @contextmanager
        def away() -> Iterator[None]:
            proxy.fault = lambda _: Answer(0)
            yield
            proxy.fault = lambda _: None

    else:
        lives = stack.enter_context(ExitStack())
        url, process = lives.enter_context(influx2_process(engine, port))
        server = set_up(url, engine)

        @contextmanager
        def away() -> Iterator[None]:
            process.kill()
            process.wait()
            yield
            lives.enter_context(influx2_process(engine, port))

    address: Address = stack.enter_context(server.bucket())
    site = Site(
        folder / "site",
        broker.port,
        f"classroom/{TOPIC}/#",
        influx_settings(folder / "site", address),
    )
    stack.callback(site.end)

    def stored() -> Counter[int]:
        with closing(InfluxStore(address)) as store:
            return count_stored(store, TOPIC)

    return run(COURSE, TOPIC, broker, site.start, stored, away)


def measure(name: str, course: Callable[[Path, Mosquitto, ExitStack], Outcome]) -> None:
    """Run one course in a folder of its own and print its row."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary)
        (folder / "mosquitto").mkdir()
        broker = stack.enter_context(Mosquitto(folder / "mosquitto", DURABLE))
        began = time.monotonic()
        outcome = course(folder, broker, stack)
        took_s = time.monotonic() - began
    print(
        f"| {name} | {outcome.messages} | {outcome.without_time} | **{len(outcome.lost)}** "
        f"| **{len(outcome.doubled)}** | {outcome.republished} | {outcome.republished_doubled} "
        f"| {took_s:.0f} s |"
    )


def main() -> None:
    """Run every course and print the table."""
    print(
        f"Killed {COURSE.kills} times at random moments while messages come: the site, with SIGKILL; then "
        f"{COURSE.broker_kills} times\nthe broker; then the store is away for {COURSE.outage_s:.0f} s. "
        f"{COURSE.rate:.0f} messages/s from a process of its own, every third without\na time, each with a "
        "number as its value. Random seed "
        f"{COURSE.seed}.\n"
    )
    print(
        "| store and its outage | acknowledged to the publisher | without a time | lost | doubled "
        "| sent again by the publisher | of these stored twice | took |\n|---|---|---|---|---|---|---|---|"
    )
    measure("DuckDB, disk full", lambda *room: on_duckdb(*room, automatic=False))
    for major, words in ((2, "killed"), (1, "line cut; through the shim of the tests")):
        if major in programs():
            version = programs()[major][1]
            measure(f"InfluxDB {version}, {words}", lambda *room, major=major: on_influx(*room, major))
        else:
            print(f"\nInfluxDB {major}.x: not measured, there is no influxd {major}.x on PATH\n")
    measure("control: automatic acknowledgement, DuckDB", lambda *room: on_duckdb(*room, automatic=True))
    print(
        "\n*Lost*: the publisher got a PUBACK, and the number is not stored. *Doubled*: the number is stored "
        "more than once.\nWhat was under way when the broker was killed the publisher sends again, as MQTT "
        "demands; such a message, if it\ncarries no time, may rightly be stored twice, once for each time it "
        "was sent. It is counted apart.\n\n"
        f"mosquitto: `{'`, `'.join(DURABLE)}`.\n"
        "It is killed while all it holds is under way to the site: mosquitto acknowledges a message before "
        "it saves it,\nso that what it has neither sent on nor saved (up to `autosave_interval` seconds of "
        "messages while the site is\ndown) dies with it, whatever stands behind it."
    )


if __name__ == "__main__":
    main()
