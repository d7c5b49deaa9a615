"""Every metric is documented, and moves as its documentation says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import window
from prometheus_client import CollectorRegistry

from api.live import LiveHub
from cli.deliveries import DeliveryCounters
from cli.scheduler import JobCounters
from ingest.counters import Counters

OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"


def test_the_documentation_names_every_metric_and_no_other() -> None:
    registry = CollectorRegistry()
    Counters(registry)
    LiveHub(lambda: None, registry)
    JobCounters(registry)
    DeliveryCounters(registry)
    names = {
        metric.name + ("_total" if metric.type == "counter" else "") + labels(metric.name)
        for metric in registry.collect()
    }
    rows = re.findall(r"^\| `(classroom_\w+(?:\{\w+\})?)` \|", OPERATIONS.read_text(), re.MULTILINE)
    assert sorted(rows) == sorted(names)


def labels(name: str) -> str:
    """As the documentation writes them."""
    by = {
        "decoded": "family",
        "flagged": "flag",
        "refused": "reason",
        "letters": "reason",
        "restarts": "thread",
        "runs": "result",
        "deliveries": "result",
        "standing": "state",
    }
    last = name.rpartition("_")[2]
    return f"{{{by[last]}}}" if last in by else ""


def test_messages_are_counted_from_receipt_to_the_store(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, wait: Any
) -> None:
    native = f"classroom/{root}/1/d"
    at = "2026-11-01T08:00:00Z"
    with run(settings) as rig:
        messages = [
            (native, co2(800, time=at)),
            (native, co2(800, time=at)),  # equal: a duplicate
            (native, co2(801, time=at)),  # another value: a conflict
            (native, co2(65_535)),  # beyond the limits
            (native, json.dumps({"co2_ppm": 500, "temperature_c": "warm"})),
            (native, "{"),
        ]
        for number, message in enumerate(messages, 1):
            publisher.publish([message])
            rig.settled(
                number
            )  # one by one: within a batch a value that is replaced at once is a conflict too
        wait(lambda: rig.count("message_delay_seconds_count") == 6, "the delays are noted last")
        moved = {
            name: rig.count(name)
            for name in (
                *("messages_received_total", "messages_spooled_total", "messages_acknowledged_total"),
                *("messages_stored_total", "messages_partial_total"),
                *("message_delay_seconds_count", "mqtt_connections_total"),
                *("readings_stored_total", "readings_duplicate_total", "readings_conflict_total"),
                *("pending_devices", "messages_redelivered_total", "messages_dropped_total"),
            )
        }
        by_label = (
            rig.count("messages_decoded_total", family="native"),
            rig.count("readings_flagged_total", flag="limits"),
            rig.count("values_refused_total", reason="wrong_type"),
            rig.count("dead_letters_total", reason="not_json"),
        )
        assert rig.count("spool_bytes") > 0
        assert rig.count("message_delay_seconds_sum") > 0
    assert moved == {
        "messages_received_total": 6,
        "messages_spooled_total": 6,
        "messages_acknowledged_total": 6,
        "messages_stored_total": 5,
        "messages_partial_total": 1,
        "message_delay_seconds_count": 6,
        "mqtt_connections_total": 1,
        "readings_stored_total": 3,
        "readings_duplicate_total": 1,
        "readings_conflict_total": 1,
        "pending_devices": 1,
        "messages_redelivered_total": 0,
        "messages_dropped_total": 0,
    }
    assert by_label == (5, 1, 1, 1)


def test_dead_letters_deleted_for_room_are_counted(
    run: Any, settings: Any, publisher: Any, root: str, wait: Any
) -> None:
    with run(settings) as rig:
        publisher.publish([(f"{root}/x", "{")])
        rig.settled(1)
        rig.pipeline.letters._limit_bytes = 1
        publisher.publish([(f"{root}/x", "{")])
        wait(lambda: rig.count("dead_letters_discarded_total") == 1, "the oldest is deleted for room")


def test_what_waits_is_shown(
    connected: Callable[..., Any], wire: Any, wait: Any, co2: Any, tmp_path: Path
) -> None:
    """Unacknowledged, stalled and repeated deliveries; QoS 0 without room."""
    payload = co2(400).encode()
    with connected() as rig:
        with window.disk_busy(tmp_path):
            wire.publish(5, b"classroom/a/1/d", payload)
            wait(lambda: rig.count("messages_unacknowledged") == 1, "it waits")
            wait(lambda: rig.count("acknowledging_stalled_seconds") > 0, "time passes")
            rig.pipeline._link.full = True  # as the spool thread says once a commit has failed
            topic = b"classroom/a/1/e"
            wire.send(bytes([0x30, 3 + len(topic) + len(payload), 0, len(topic)]) + topic + b"\0" + payload)
            wait(lambda: rig.count("messages_dropped_total") == 1, "dropped")
            wire.drop()
            wire.accept(session=True)
            wire.publish(5, b"classroom/a/1/d", payload)
        wait(lambda: rig.count("messages_redelivered_total") == 1, "known as a repetition")
        wait(lambda: rig.count("messages_unacknowledged") == 0, "acknowledged")
        wait(lambda: rig.count("acknowledging_stalled_seconds") == 0, "it goes on")
        assert rig.count("mqtt_connections_total") == 2
        assert rig.count("messages_received_total") == 2
        assert rig.count("messages_spooled_total") == 1
