"""SIGKILL under load: everything the broker has acknowledged is stored once after the restart."""

from __future__ import annotations

import json
import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.embedded import EmbeddedBroker
from running import Start, until
from store.duckdb_store import DuckDBStore

MESSAGES = 4_000


def test_everything_acknowledged_is_stored_once(start: Start, broker: EmbeddedBroker) -> None:
    running = start()
    begin = datetime.now(UTC).replace(microsecond=0) - timedelta(days=1)
    publisher = paho.Client(CallbackAPIVersion.VERSION2)
    publisher.max_inflight_messages_set(200)
    publisher.connect("127.0.0.1", broker.port)
    publisher.loop_start()
    sent = []
    kills = {MESSAGES // 3, 2 * MESSAGES // 3}
    for number in range(MESSAGES):
        at = (begin + timedelta(seconds=number)).isoformat()
        payload = json.dumps({"time": at, "co2_ppm": 400 + number})
        sent.append(publisher.publish("classroom/lindhaga/101/air", payload, qos=1))
        if number in kills:
            running.kill()
            running = start()
        time.sleep(0.0002)
    for info in sent:
        info.wait_for_publish(60)
    publisher.disconnect()
    publisher.loop_stop()
    until(lambda: running.get("/api/v1/devices")["items"] != [], "the device is known")
    until(lambda: _depth(running.counts()) == 0, "the spool is empty")
    time.sleep(1)
    assert running.stop() == 0

    store = DuckDBStore(running.folder / "data" / "classroom.duckdb")
    frame = store.read_readings(["lindhaga/air"], ["co2_ppm"], begin, begin + timedelta(days=1))
    store.close()
    counted = Counter(frame["value"].astype(int))
    assert set(counted) == set(range(400, 400 + MESSAGES)), "nothing lost"
    assert set(counted.values()) == {1}, "nothing doubled"


def _depth(counts: dict[str, float]) -> float:
    return counts["classroom_spool_depth"] + counts["classroom_messages_unacknowledged"]
