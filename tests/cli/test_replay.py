"""Recorded messages through a running instance: published = spooled = stored + counted."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from classroom.settings import MqttSettings
from cli.replay import Outcome, Recorded, Sender, read_recorded
from ingest.embedded import EmbeddedBroker
from running import SHARED, Start, until
from store.duckdb_store import DuckDBStore

Replay = Callable[[str], CompletedProcess[str]]
_ALL_TIME = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))

_BINARY = {
    "elsys", "milesight-am", "milesight-em", "milesight-ws", "milesight-vs", "milesight-ct",
    "milesight-gateway", "elvaco-heat",
}  # fmt: skip

# What the sample calls a value, where our quantity has another name.
_HEAT = {"energy_kwh": "heat_kwh", "power_w": "heat_power_w"}


def test_published_is_spooled_is_stored_or_counted(start: Start, replay: Replay) -> None:
    file = SHARED / "payloads.jsonl"
    if not file.exists():
        pytest.skip(f"{file} is not there: the recorded payloads are shared data, not part of the project")
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    running = start()

    outcome = replay(file.read_text(encoding="utf-8"))

    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    assert f"{len(rows)} of {len(rows)} messages published" in outcome.stdout
    until(lambda: running.stored_all(len(rows)), "every message is stored or a dead letter")
    items = running.get("/api/v1/dead-letters", limit=1000)["items"]
    dead = {(letter["topic"], letter["payload"]): letter["reason"] for letter in items}
    assert sum(running.dead().values()) == len(dead)
    running.stop()
    with_store = DuckDBStore(running.folder / "data" / "classroom.duckdb")
    checked = 0
    for row in rows:
        reason = dead.get((row["topic"], row["payload"].encode()[:1000].decode()))
        decoded = row["transport"] in ("ttn_v3_decoded", "chirpstack_v4_object")
        if decoded or (row["family"] in _BINARY and row["transport"] != "native"):
            assert reason is None, f"{row['id']} {row['family']} {row['transport']}: {reason}"
            checked += _check_stored(with_store, row)
        if row["expect"] == {}:
            assert reason is not None
        if row["transport"] in ("ttn_v3_raw", "chirpstack_v4_raw") and row["family"] not in _BINARY:
            assert reason == "no_codec", f"{row['id']} {row['family']}"
    with_store.close()
    assert checked > 150


def _check_stored(store: DuckDBStore, row: dict[str, dict[str, object]]) -> int:
    """Every numeric expectation stands in the store, within 1e-3; how many were checked."""
    expect = row["expect"]
    device = str(expect["device_eui"])
    keys = [device, *(f"{device}-ch{n}{phase}" for n in range(4) for phase in ("", "a", "b", "c"))]
    frame = store.read_readings(keys, None, *_ALL_TIME)
    stored = dict(zip(frame["quantity"], frame["value"], strict=True))
    checked = 0
    for name, wanted in expect.items():
        if name in ("meter_serial", "series", "history") or not isinstance(wanted, int | float):
            continue
        quantity = _HEAT.get(name, name) if expect.get("medium") == "heat" else name
        assert quantity in stored, f"{row['id']} {row['family']}: {quantity} missing in {sorted(stored)}"
        assert math.isclose(stored[quantity], float(wanted), rel_tol=1e-3), f"{row['id']}: {quantity}"
        checked += 1
    return checked


def test_lines_that_are_no_messages_are_named(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    file.write_text(
        '{"topic": "a", "payload": "1"}\n\nnonsense\n{"topic": 3, "payload": ""}\n{"topic": "b"}\n'
    )
    messages, unreadable = read_recorded(file)
    assert [message.topic for message in messages] == ["a"]
    assert [line.split(":")[0] for line in unreadable] == ["line 3", "line 4", "line 5"]


def test_other_bytes_come_as_base64_and_retain_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "recorded.jsonl"
    file.write_text('{"topic": "a", "payload_b64": "/wA=", "retain": true}\n')
    messages, unreadable = read_recorded(file)
    assert unreadable == []
    assert messages[0].payload == b"\xff\x00"
    assert messages[0].retain


def test_a_connection_lost_unnoticed_is_made_anew(broker: EmbeddedBroker) -> None:
    sender = Sender(MqttSettings(port=broker.port))
    client = sender._connected()
    client.disconnect()
    until(lambda: not client.is_connected(), "the connection is gone")
    sender._lost.clear()  # as if the network thread had not said so yet
    outcome = sender.send([Recorded("t/1", b"x", False), Recorded("t/2", b"y", False)], None, lambda: None)
    assert outcome == Outcome(2, [], [])


def test_a_topic_no_broker_takes_is_refused_and_the_rest_gets_through(replay: Replay) -> None:
    lines = [json.dumps({"topic": topic, "payload": "x"}) for topic in ("t/1", "t/#", "t/2")]
    outcome = replay("\n".join(lines))
    assert outcome.returncode == 1
    assert "2 of 3 messages published and acknowledged, 1 refused" in outcome.stdout
