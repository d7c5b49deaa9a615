"""A publisher as a process of its own: ``python numbered.py PORT ROOT MESSAGES RATE``.

Message n carries the value n, so that a lost one is missed and a doubled one is seen, whatever time it is
stored under. Every third carries no time. It writes ``publishing``, publishes MESSAGES and goes on until its
input is closed. When every message is acknowledged it writes a line of JSON: how many ``messages``, in how
many ``seconds``, and ``republished``, the numbers that were under way when a connection ended. Of those, and
of no others, the broker may rightly have got two: MQTT delivers at least once.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from queue import Empty, SimpleQueue

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

DEVICES = 20
WITHOUT_TIME = 3  # every third message
_WINDOW = 100  # messages under way
_LOST = 0  # stands for a lost connection among packet identifiers


def message(root: str, number: int, base: datetime) -> tuple[str, str]:
    """Topic and payload of a message."""
    payload: dict[str, object] = {"energy_kwh": number}
    if number % WITHOUT_TIME:
        payload["time"] = (base + timedelta(seconds=number)).isoformat()
    return f"classroom/{root}/1/d{number % DEVICES}", json.dumps(payload)


def publish(port: int, messages: Iterator[tuple[str, str]], rate: float) -> tuple[int, list[int]]:
    """Publish at ``rate`` [1/s] until all are acknowledged.

    Gives how many, and the numbers that may have gone twice.
    """
    happened: SimpleQueue[int] = SimpleQueue()
    client = paho.Client(CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.max_inflight_messages_set(_WINDOW)
    client.reconnect_delay_set(1, 1)
    client.on_publish = lambda *told: happened.put(told[2])
    client.on_disconnect = lambda *_: happened.put(_LOST)
    client.connect("127.0.0.1", port)
    client.loop_start()
    under_way: dict[int, int] = {}  # number by packet identifier
    republished: set[int] = set()

    def look(wait_s: float) -> None:
        try:
            mid = happened.get(timeout=wait_s) if wait_s else happened.get_nowait()
            while True:
                if mid == _LOST:
                    republished.update(under_way.values())
                else:
                    del under_way[mid]
                mid = happened.get_nowait()
        except Empty:
            return

    print("publishing", flush=True)  # noqa: T201
    begin, number = time.monotonic(), -1
    for number, (topic, payload) in enumerate(messages):
        look(0)
        while len(under_way) >= _WINDOW:
            look(1)
        while (early_s := begin + number / rate - time.monotonic()) > 0:
            look(early_s)
        under_way[client.publish(topic, payload, 1).mid] = number
    while under_way:
        look(1)
    client.disconnect()
    client.loop_stop()
    return number + 1, sorted(republished)


def main() -> None:
    """Publish as the command line says."""
    port, root, least, rate = sys.argv[1:]
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()

    def messages() -> Iterator[tuple[str, str]]:
        base = datetime.now(UTC) - timedelta(days=2)
        for number in count():
            if number >= int(least) and ended.is_set():
                return
            yield message(root, number, base)

    begin = time.monotonic()
    published, republished = publish(int(port), messages(), float(rate))
    told = {"messages": published, "seconds": time.monotonic() - begin, "republished": republished}
    print(json.dumps(told), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
