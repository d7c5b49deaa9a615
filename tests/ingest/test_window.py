"""Against a real mosquitto: throughput is the window over the time of a commit, and a stall is told."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from window import acknowledged_per_s, disk_busy

from classroom.settings import MqttSettings
from ingest import pipeline

pytestmark = pytest.mark.server

LATENCY_S = 0.25


@pytest.mark.slow
def test_throughput_is_the_window_over_the_time_of_a_commit(
    start_mosquitto: Any, root: str, tmp_path: Path
) -> None:
    """mosquitto's default window allows 20 messages a commit; ours is a hundred times as wide."""
    broker = start_mosquitto("max_queued_messages 0")
    law = 20 / LATENCY_S
    rates = []
    for protocol, name in (("3.1.1", "three"), ("5", "five")):
        folder = tmp_path / name
        folder.mkdir()
        mqtt = MqttSettings(port=broker.port, protocol=protocol, client_id=f"{root}-{name}")
        rates.append(acknowledged_per_s(folder, mqtt, LATENCY_S, 3_000, seconds=3))
    assert 0 < rates[0] <= law * 1.1, rates  # the broker keeps to its window
    assert rates[1] > 2 * law, rates


def test_a_stall_is_told_once_and_its_end_too(
    run: Any,
    settings_for: Any,
    start_mosquitto: Any,
    publisher_at: Any,
    root: str,
    co2: Any,
    wait: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert pipeline.STALL_S < 29  # and a second for the watchdog
    monkeypatch.setattr(pipeline, "STALL_S", 2.0)
    broker = start_mosquitto()
    with caplog.at_level(logging.ERROR), run(settings_for(broker.port)) as rig:
        publisher = publisher_at(broker.port)
        with disk_busy(tmp_path):
            publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(5)])
            wait(lambda: not rig.health()["window"], "the stall is noticed")
            told = rig.pipeline.health()[2].message
            assert told.startswith("5 unacknowledged (window 2000), none acknowledged for ")
            assert rig.count("acknowledging_stalled_seconds") >= 2
            wait(lambda: "acknowledging stands still" in caplog.text, "the log says so")
        rig.settled(5)
        wait(lambda: "acknowledging goes on again" in caplog.text, "the log says that it is over")
        assert rig.health()["window"]
        assert rig.count("acknowledging_stalled_seconds") == 0
    assert caplog.text.count("acknowledging stands still") == 1
