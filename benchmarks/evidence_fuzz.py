"""A million messages of every family, nine in ten of them damaged, through the real pipeline.

One process: pipeline with spool, letters and DuckDB store, JavaScript codec child, real broker. Most messages
are handed in as a replay is (a broker would take most of the time); one in twenty comes through the broker
(mosquitto if it is on PATH, else the embedded one). QUICK=1: 40,000 messages.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import fuzz
import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from prometheus_client import CollectorRegistry

from classroom.settings import Settings
from classroom.site import Site
from ingest.codecs.runner import Codecs
from ingest.embedded import EmbeddedBroker
from ingest.letter import VALUE_REFUSED
from ingest.message import Message
from ingest.pipeline import Pipeline
from running import free_ports
from store.duckdb_store import DuckDBStore

QUICK = os.environ.get("QUICK") == "1"
MESSAGES = 40_000 if QUICK else 1_000_000
WARM = MESSAGES // 10
PAGE = 2_000
BY_BROKER = 20  # one page in so many
SEED = 20261122
ALLOWED_MB = 50
_LONGEST_S = 600.0


class Sizes(NamedTuple):
    """Resident memory [MB] of this process and of the codec's child."""

    own: float
    child: float


@contextmanager
def broker(folder: Path) -> Iterator[tuple[str, int, int]]:
    """A broker: its name, the port to publish at and the port to read at."""
    program = shutil.which("mosquitto", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        with EmbeddedBroker(free_ports(2)) as embedded:
            yield "the embedded broker", embedded.port, embedded.ingest_port
        return
    port = free_ports(1)
    lines = f"listener {port} 127.0.0.1\nallow_anonymous true\nuser root\nmax_queued_messages 100000\n"
    (folder / "mosquitto.conf").write_text(lines)
    process = subprocess.Popen([program, "-c", str(folder / "mosquitto.conf")], stderr=subprocess.DEVNULL)
    try:
        wait(lambda: _answers(port), "mosquitto answers")
        yield "mosquitto", port, port
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return True
    except OSError:
        return False


def wait(true: Callable[[], bool], what: str) -> None:
    """Wait until something is so.

    Raises:
        TimeoutError: it did not come to be.
    """
    deadline = time.monotonic() + _LONGEST_S
    while not true():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {_LONGEST_S:.0f} s: {what}")
        time.sleep(0.05)


def sizes() -> Sizes:
    """Memory now."""
    children = [int(pid) for task in Path("/proc/self/task").iterdir() for pid in _children(task)]
    codec = [pid for pid in children if b"codecs/child.py" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    return Sizes(_resident_mb(os.getpid()), sum(map(_resident_mb, codec)))


def _children(task: Path) -> list[str]:
    return (task / "children").read_text().split()


def _resident_mb(pid: int) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


class Run:
    """The pipeline under fire and what is seen of it."""

    def __init__(self, pipeline: Pipeline, registry: CollectorRegistry, publisher: paho.Client) -> None:
        self.pipeline = pipeline
        self.registry = registry
        self.publisher = publisher
        self.published = 0
        self.warm = self.most = Sizes(0, 0)

    def count(self, name: str, **labels: str) -> float:
        """A counter's value."""
        return self.registry.get_sample_value(f"classroom_{name}_total", labels) or 0.0

    def dead(self) -> dict[str, float]:
        """Dead letters counted, by reason, the most frequent first."""
        samples = (sample for family in self.registry.collect() for sample in family.samples)
        found = {s.labels["reason"]: s.value for s in samples if s.name == "classroom_dead_letters_total"}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    def fire(self) -> None:
        """Hand in and publish everything, a page at a time."""
        messages = (fuzzed.message for fuzzed in fuzz.stream(SEED, MESSAGES))
        for page in range(MESSAGES // PAGE):
            part = list(islice(messages, PAGE))
            if page % BY_BROKER == 0:
                part = self._publish(part)
            self.pipeline.submit(part).result(_LONGEST_S)
            wait(lambda: self.pipeline.backlog() < 20_000, "the store keeps up")
            done = (page + 1) * PAGE
            if done == WARM:
                wait(lambda: not self.pipeline.backlog(), "the warm-up is stored")
                self.warm = sizes()
            if done % (MESSAGES // 20) == 0:
                now = sizes()
                self.most = Sizes(max(self.most.own, now.own), max(self.most.child, now.child))
                print(f"{done:>9,}  {now.own:.0f} MB, codec child {now.child:.0f} MB", file=sys.stderr)
        wait(lambda: self.count("messages_spooled") >= MESSAGES, "everything is spooled")
        wait(lambda: not self.pipeline.backlog(), "everything is stored")

    def _publish(self, messages: list[Message]) -> list[Message]:
        """Publish what a broker takes; gives the rest."""
        sent = [m for m in messages if fuzz.publishable(m)]
        infos = [self.publisher.publish(message.topic, message.payload, qos=1) for message in sent]
        for info in infos:
            info.wait_for_publish(60)
        self.published += len(sent)
        wait(lambda: self.count("messages_acknowledged") >= self.published, "what was published has arrived")
        return [message for message in messages if not fuzz.publishable(message)]


def main() -> None:
    """Run once and print the table; 1 where something is not as it must be."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        name, publish_port, read_port = stack.enter_context(broker(folder))
        settings = Settings.model_validate({"mqtt": {"port": read_port, "client_id": "fuzz"}})
        store = stack.enter_context(closing(DuckDBStore(folder / "store.duckdb")))
        codecs = stack.enter_context(closing(Codecs(fuzz.codecs())))
        registry = CollectorRegistry()
        pipeline = Pipeline(
            settings,
            lambda: Site(settings),
            store,
            folder,
            lambda: datetime.now(UTC),
            lambda _: None,
            registry,
            codecs.decode,
        )
        pipeline.start()
        stack.callback(pipeline.stop)
        wait(lambda: pipeline.connected, "the broker accepts the pipeline")
        publisher = paho.Client(CallbackAPIVersion.VERSION2)
        publisher.max_inflight_messages_set(500)
        publisher.connect("127.0.0.1", publish_port)
        publisher.loop_start()
        stack.callback(publisher.loop_stop)
        run = Run(pipeline, registry, publisher)
        began, cpu = time.monotonic(), time.process_time()
        run.fire()
        took_s, cpu_s = time.monotonic() - began, time.process_time() - cpu
        failures = report(run, store, name, folder, took_s, cpu_s)
    for failure in failures:
        print(f"\n**Not as it must be:** {failure}")
    sys.exit(1 if failures else 0)


def report(
    run: Run, store: DuckDBStore, broker_name: str, folder: Path, took_s: float, cpu_s: float
) -> list[str]:
    """Print the table; gives what is not as it must be."""
    end, dead, stored = sizes(), run.dead(), run.count("messages_stored")
    good = len(range(0, MESSAGES, fuzz.EVERY))
    right, wrong = fuzz.wrong(store, MESSAGES)
    kept = Counter(run.pipeline.letters.count_by_reason())
    discarded = run.count("dead_letters_discarded")
    partial = kept.pop(VALUE_REFUSED, 0)
    threads = next(check for check in run.pipeline.health() if check.name == "threads")
    starts = sum(run.count("ingest_thread_restarts", thread=t) for t in ("network", "spool", "store"))
    grown = Sizes(end.own - run.warm.own, end.child - run.warm.child)
    rows = {
        "messages": f"{MESSAGES:,}, of which {run.published:,} through {broker_name}; seed {SEED}",
        "spooled": f"{run.count('messages_spooled'):,.0f}",
        "stored": f"{stored:,.0f}, of which {run.count('messages_partial'):,.0f} without some values",
        "dead letters": f"{sum(dead.values()):,.0f}",
        "stored + dead letters": f"{stored + sum(dead.values()):,.0f}",
        "letters kept": f"{kept.total():,} dead, {partial:,} `{VALUE_REFUSED}`; "
        f"{discarded:,.0f} discarded for room",
        "good messages between them": f"{good:,}; stored once with value and time: {right:,}; not: {wrong}",
        "devices, most of them made up by damage": f"{len(run.pipeline.letters.sightings()):,}",
        "threads": f"{threads.message}, started again: {starts:.0f}",
        f"memory after {WARM:,} messages": f"{run.warm.own:.0f} MB, codec child {run.warm.child:.0f} MB",
        "memory at the end": f"{end.own:.0f} MB ({grown.own:+.0f}), codec child {end.child:.0f} MB",
        "most memory at any look": f"{run.most.own:.0f} MB, codec child {run.most.child:.0f} MB",
        "letters on disk": f"{(folder / 'letters.sqlite').stat().st_size / 1e6:.0f} MB (limit 1,000)",
        "time": f"{took_s:.0f} s ({MESSAGES / took_s:,.0f} messages/s), of which "
        f"{cpu_s:.0f} CPU s, making the messages included",
    }
    print("| | |\n|---|---|")
    for row in rows.items():
        print("| {} | {} |".format(*row))
    print("\n| dead letter because | letters |\n|---|---|")
    for reason, number in dead.items():
        print(f"| `{reason}` | {number:,.0f} |")
    checks = {
        "spooled is not what was sent": run.count("messages_spooled") == MESSAGES,
        "stored and dead letters do not add up": stored + sum(dead.values()) == MESSAGES,
        "a good message is missing, doubled or wrong": (right, wrong) == (good, 0),
        "kept letters are not those counted": kept.total() + partial + discarded
        == sum(dead.values()) + run.count("messages_partial"),
        "a thread died": threads.ok and not starts,
        "the codec's child is gone": end.child > 0,
        f"memory grew by more than {ALLOWED_MB} MB": max(grown) < ALLOWED_MB,
        "a decoder has a fault": "decoder_fault" not in dead,
    }
    return [what for what, true in checks.items() if not true]


if __name__ == "__main__":
    main()
