"""How fast the simulator computes, writes and publishes, beside a bare paho publisher in the same run.

    python benchmarks/simulator.py            # QUICK=1 for a short run

Publishing is QoS 1 to mosquitto (the embedded broker where there is none), the best of some rounds taken in
turns, since the machine's other work only ever takes away. Processor time is this process's. Prints a table
and, as the last line, one JSON object; ends with 1 where the simulator misses its limits (not with QUICK=1).
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "tests" / "support")]

import paho.mqtt.client as mqtt  # noqa: E402
from mosquitto import QUEUE_LINES, Mosquitto, missing  # noqa: E402
from paho.mqtt.enums import CallbackAPIVersion  # noqa: E402

from classroom.sitefiles import parse_site  # noqa: E402
from running import free_ports  # noqa: E402
from simulators.city import city_site  # noqa: E402
from simulators.messages import Message, Stream  # noqa: E402
from simulators.publish import BrokerAddress, publish  # noqa: E402
from simulators.scenario import SCENARIO_FILE, parse_scenario  # noqa: E402
from simulators.school import Town  # noqa: E402

QUICK = os.environ.get("QUICK") == "1"
PUBLISHED_PER_S, YEAR_S = 10_000, 20.0
"""Limits: messages a second of one process; a year of a school of 25 rooms."""

FIRST_DAY = date(2025, 8, 18)
ROUNDS, MESSAGES = (2, 20_000) if QUICK else (4, 50_000)
IN_FLIGHT = 1000


@dataclass
class Took:
    """Wall and processor seconds."""

    wall_s: float
    cpu_s: float


@contextmanager
def timed() -> Iterator[Took]:
    """Time what is done inside."""
    took, wall, cpu = Took(0, 0), time.perf_counter(), time.process_time()
    yield took
    took.wall_s, took.cpu_s = time.perf_counter() - wall, time.process_time() - cpu


def city(schools: int, classrooms: int) -> Town:
    """A city whose schools have ``classrooms`` and two further rooms each."""
    texts = city_site(FIRST_DAY, schools=schools, rooms=(classrooms, classrooms))
    return Town(parse_site(texts), parse_scenario(texts[SCENARIO_FILE]))


@contextmanager
def broker() -> Iterator[tuple[str, BrokerAddress]]:
    """Name and address of a broker of our own."""
    if missing():
        import iotcore

        port = free_ports(1)
        with iotcore.Broker(port=port, listen="127.0.0.1"):
            yield "iotcore", BrokerAddress(port=port)
        return
    with TemporaryDirectory() as folder, Mosquitto(Path(folder), QUEUE_LINES) as started:
        yield "mosquitto", BrokerAddress(port=started.port)


def with_simulator(address: BrokerAddress, messages: list[Message]) -> None:
    """Publish as ``classroom-climate simulate`` does."""
    assert publish(messages, address, in_flight=IN_FLIGHT).acknowledged == len(messages)


def with_paho(address: BrokerAddress, messages: list[Message]) -> None:
    """Publish as paho's documentation shows, with its network thread, and a window of our own before it.

    Without that paho queues everything and looks through its queue at every acknowledgement: 100,000 messages
    took it more than five minutes.
    """
    window = threading.Semaphore(IN_FLIGHT)
    client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id="bare")
    client.max_inflight_messages_set(0)
    client.on_publish = lambda *_: window.release()
    client.connect(address.host, address.port)
    client.loop_start()
    for message in messages:
        window.acquire()
        client.publish(message.topic, message.payload, qos=1)
    for _ in range(IN_FLIGHT):
        assert window.acquire(timeout=60)
    client.disconnect()
    client.loop_stop()


def published(messages: list[Message]) -> dict[str, object]:
    """Messages a second and µs of processor a message of both publishers, the best of each."""
    figures: dict[str, object] = {}
    publishers: dict[str, Callable[[BrokerAddress, list[Message]], None]] = {
        "simulator": with_simulator,
        "paho": with_paho,
    }
    best: dict[str, Took] = {}
    with broker() as (name, address):
        for _ in range(ROUNDS):
            for who, send in publishers.items():
                with timed() as took:
                    send(address, messages)
                if who not in best or took.wall_s < best[who].wall_s:
                    best[who] = took
    for who, took in best.items():
        rate, cpu_us = len(messages) / took.wall_s, took.cpu_s / len(messages) * 1e6
        print(f"{'publish, ' + who:<34}{rate:>12,.0f} messages/s{cpu_us:>10.1f} µs of processor a message")
        figures[f"{who}_messages_per_s"] = round(rate)
        figures[f"{who}_cpu_us"] = round(cpu_us, 1)
    return {"broker": name, **figures}


def year() -> dict[str, object]:
    """The physics of a school of 25 rooms."""
    town, days = city(1, 23), 60 if QUICK else 365
    with timed() as took:
        assert len(list(islice((day.start for day in town.days()), days))) == days
    year_s = took.cpu_s * 365 / days
    print(f"{'physics, a year of 25 rooms':<34}{year_s:>12.1f} s of processor ({days} days computed)")
    return {"year_cpu_s": round(year_s, 1), "year_rooms": len(town.site.rooms), "year_days_computed": days}


def written(town: Town) -> tuple[dict[str, object], list[Message]]:
    """A day of a city: what physics and messages take; some of the messages."""
    end = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=1)
    with timed() as physics:
        next(town.days())
    kept: list[Message] = []
    count = 0
    with timed() as both:
        for message in Stream(town, end=end):
            count += 1
            if len(kept) < MESSAGES:
                kept.append(message)
    each_us = (both.cpu_s - physics.cpu_s) / count * 1e6
    rooms = len(town.site.rooms)
    print(
        f"{f'messages, a day of {rooms} rooms':<34}{1e6 / each_us:>12,.0f} messages/s{each_us:>10.1f} µs"
        f" ({count} messages; physics with 4 days before it {physics.cpu_s:.1f} s)"
    )
    figures = {"rooms": rooms, "messages": count, "write_us": round(each_us, 2)}
    return {**figures, "write_messages_per_s": round(1e6 / each_us)}, kept


def main() -> None:
    """Measure and print; fail where a limit is missed."""
    writing, messages = written(city(2 if QUICK else 10, 23))
    while len(messages) < MESSAGES:
        messages += messages[: MESSAGES - len(messages)]
    sending, physics = published(messages), year()
    rate, year_s = float(str(sending["simulator_messages_per_s"])), float(str(physics["year_cpu_s"]))
    missed = [
        name
        for name, bad in (("publish", rate < PUBLISHED_PER_S), ("year", year_s > YEAR_S))
        if bad and not QUICK
    ]
    limits = {"limit_messages_per_s": PUBLISHED_PER_S, "limit_year_s": YEAR_S, "missed": missed}
    print(json.dumps({"benchmark": "simulator", **writing, **sending, **physics, **limits}))
    sys.exit(1 if missed else 0)


if __name__ == "__main__":
    main()
