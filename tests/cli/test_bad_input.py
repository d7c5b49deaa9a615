"""Bad input ends where the design says, with a counter, and never disturbs the good."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from subprocess import CompletedProcess

from running import Start, until

Replay = Callable[[str], CompletedProcess[str]]


def test_each_kind_ends_where_the_design_says(start: Start, replay: Replay) -> None:
    running = start()
    now = datetime.now(UTC)

    def line(topic: str, payload: object, retain: bool = False) -> str:
        text = payload if isinstance(payload, str) else json.dumps(payload)
        return json.dumps({"topic": topic, "payload": text, "retain": retain})

    air = "classroom/lindhaga/101/air"
    off = (now - timedelta(days=3 * 365)).isoformat()
    lines = [
        line(air, {"co2_ppm": 700, "time": now.isoformat()}),
        line(air, '{"co2_ppm": 7'),
        line(air, {"co2_ppm": "many", "time": now.isoformat()}),
        line("classroom/lindhaga/101/stranger", {"co2_ppm": 640, "time": now.isoformat()}),
        line(air, {"co2_ppm": 99999, "time": (now - timedelta(minutes=1)).isoformat()}),
        line(air, {"temperature_c": 21.5, "time": off}),
        line('odd/" OR 1=1 --/åäö/\u2028', {"co2_ppm": 600}),
        line(air, "x" * 100_000),
        line(air, {"co2_ppm": 555}, retain=True),
    ]

    outcome = replay("\n".join(lines))
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    # The retained one was published while we were subscribed: it is live, so it counts as a reading.
    until(lambda: running.stored_all(len(lines)), "every message is stored or a dead letter")

    counts = running.counts()
    dead = running.dead()
    assert dead == {"not_json": 1, "wrong_type": 1, "no_decoder": 1, "too_large": 1}
    assert counts["classroom_messages_stored_total"] == 5
    assert counts["classroom_readings_flagged_total{limits}"] == 1
    assert counts["classroom_readings_flagged_total{clock}"] == 1
    assert counts["classroom_pending_devices"] == 1
    pending = running.get("/api/v1/devices/pending")["items"]
    assert [item["key"] for item in pending] == ["lindhaga/stranger"]
    letters = running.get("/api/v1/dead-letters")["items"]
    assert {letter["topic"] for letter in letters} == {air, 'odd/" OR 1=1 --/åäö/\u2028'}
    latest = running.get("/api/v1/schools/lindhaga/rooms/101/now")
    temperature = next(value for value in latest["values"] if value["quantity"] == "temperature_c")
    assert temperature["value"] == 21.5
    assert temperature["flag"] != 0, "a clock three years off is told, and the time of receipt counts"
    assert datetime.fromisoformat(temperature["time"]) > now - timedelta(minutes=5)


def test_a_message_the_embedded_broker_refuses_does_not_stop_the_rest(start: Start, replay: Replay) -> None:
    running = start()
    now = datetime.now(UTC)
    lines = [
        {
            "topic": "classroom/lindhaga/101/air",
            "payload": json.dumps({"co2_ppm": 700, "time": now.isoformat()}),
        },
        {"topic": "classroom/lindhaga/101/air", "payload": "x" * 3_000_000},
        {"topic": "classroom/lindhaga/101/air", "payload": json.dumps({"co2_ppm": 710})},
    ]
    outcome = replay("\n".join(json.dumps(line) for line in lines))
    assert outcome.returncode == 1
    assert "2 of 3 messages published and acknowledged, 1 refused" in outcome.stdout
    until(lambda: running.counts()["classroom_messages_stored_total"] == 2, "both good messages are stored")
