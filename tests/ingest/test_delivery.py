"""Acknowledged means durable.

The order of commit and acknowledgement, the fence, repetitions, a dying network thread.
"""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import window

from ingest.pipeline import Progress


@pytest.fixture
def disk_busy(tmp_path: Path) -> Any:
    """Hold the spool's write lock: no commit can come through."""
    return lambda: window.disk_busy(tmp_path)


def spooled(rig: Any) -> float:
    return rig.count("messages_spooled_total")


def test_acknowledgement_comes_after_the_commit_and_in_order(
    connected: Any, wire: Any, disk_busy: Any, wait: Any, co2: Any
) -> None:
    with connected() as rig:
        with disk_busy():
            for mid in (7, 3, 9):
                wire.publish(mid, b"classroom/a/1/d", co2(mid).encode())
            wait(lambda: rig.pipeline.health()[2].message.startswith("3 unack"), "three messages arrived")
            assert wire.acknowledged == []
            assert spooled(rig) == 0
        wait(lambda: len(wire.acknowledged) == 3, "acknowledged once the commit came through")
        assert wire.acknowledged == [7, 3, 9]
        assert spooled(rig) == rig.count("messages_acknowledged_total") == 3


def test_an_acknowledgement_of_an_older_connection_is_never_sent(
    connected: Any, wire: Any, disk_busy: Any, wait: Any, co2: Any
) -> None:
    with connected() as rig:
        with disk_busy():
            wire.publish(1, b"classroom/a/1/d", co2(400).encode())
            wait(lambda: rig.pipeline.health()[2].message.startswith("1 unack"), "the message arrived")
            wire.drop()
            wire.accept(session=False)  # the broker lost its session; 1 will name another message
        wait(lambda: spooled(rig) == 1, "the message is spooled")
        wire.publish(2, b"classroom/a/1/d", co2(500).encode())
        rig.settled(2)
        wait(lambda: len(wire.acknowledged) >= 1, "the broker has our acknowledgements")
        assert wire.acknowledged == [2]


@pytest.mark.parametrize("again", [(5, 6), (1, 2)], ids=["same identifiers", "numbered from one"])
def test_a_repetition_without_time_is_one_reading(
    connected: Any, wire: Any, disk_busy: Any, wait: Any, co2: Any, again: tuple[int, int]
) -> None:
    with connected() as rig:
        with disk_busy():
            wire.publish(5, b"classroom/a/1/d", co2(400).encode())
            wire.publish(6, b"classroom/a/1/d", co2(401).encode())
            wait(lambda: rig.pipeline.health()[2].message.startswith("2 unack"), "the messages arrived")
            wire.drop()
            wire.accept(session=True)
            wire.publish(again[0], b"classroom/a/1/d", co2(400).encode())
            wire.publish(again[1], b"classroom/a/1/d", co2(401).encode())
            wire.publish(again[1] + 1, b"classroom/a/1/d", co2(401).encode())  # the sensor says it again
        rig.settled(3)
        assert [r.value for r in rig.readings("a/d")] == [400, 401, 401]
        wait(lambda: len(wire.acknowledged) >= len(again) + 1, "the broker has our acknowledgements")
        assert wire.acknowledged == [*again, again[1] + 1]
        assert rig.count("messages_redelivered_total") == 2
        assert rig.count("messages_received_total") == 5


def test_repetitions_are_known_after_a_restart(connected: Any, wire: Any, wait: Any, co2: Any) -> None:
    with connected() as rig:
        wire.publish(5, b"classroom/a/1/d", co2(400).encode())
        rig.settled(1)
        # As after a crash: the acknowledgement was not remembered as sent.
        rig.pipeline._spooling._look_for_flushed = lambda: None
    with connected(session=True) as rig:
        wire.publish(1, b"classroom/a/1/d", co2(400).encode())
        wire.publish(2, b"classroom/a/1/d", co2(500).encode())
        rig.settled(1)
        assert [r.value for r in rig.readings("a/d")] == [400, 500]
        assert rig.count("messages_redelivered_total") == 1


def test_acknowledgements_that_left_may_not_have_arrived(
    connected: Any, wire: Any, wait: Any, co2: Any
) -> None:
    """They lie in the network's buffers when the machine dies; a broker that is busy reads them later."""
    with connected() as rig:
        wire.publish(5, b"classroom/a/1/d", co2(400).encode())
        rig.settled(1)
        wait(lambda: wire.acknowledged == [5], "the acknowledgement left")
        wait(lambda: rig.pipeline._spool.acknowledged_id == 1, "and we know that it did")
    with connected(session=True) as rig:
        wire.publish(5, b"classroom/a/1/d", co2(400).encode())
        wire.publish(6, b"classroom/a/1/d", co2(401).encode())
        rig.settled(1)
        assert [r.value for r in rig.readings("a/d")] == [400, 401]
        assert rig.count("messages_redelivered_total") == 1


def test_what_a_broker_sent_before_it_died_is_read_to_the_end(
    connected: Any, wire: Any, wait: Any, co2: Any
) -> None:
    """It has told their publishers that it has them, and, killed, it knows nothing of them any more."""
    with connected(listen=False) as rig:
        packets = [wire.packet(n, b"classroom/a/1/d", co2(n).encode()) for n in range(1, 1_001)]
        wire.send(b"".join(packets))
        wire.die()
        rig.settled(1_000)
        assert [r.value for r in rig.readings("a/d")] == list(range(1, 1_001))


def test_a_topic_that_is_not_utf8_stops_nothing(connected: Any, wire: Any, co2: Any, wait: Any) -> None:
    with connected() as rig:
        wire.publish(1, b"classroom/\xff\xfe/d", b"{}")
        wire.publish(2, b"classroom/a/1/d", co2(400).encode())
        rig.settled(2)
        assert [letter.message.topic for letter in rig.pipeline.letters.list()] == ["(topic is not UTF-8)"]
        assert len(rig.readings("a/d")) == 1
        wait(lambda: len(wire.acknowledged) >= 2, "the broker has our acknowledgements")
        assert wire.acknowledged == [1, 2]


def test_a_broker_without_mqtt_5_is_asked_again_with_3_1_1(
    run: Any, wire: Any, one_filter: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def broker() -> None:
        wire.refuse_version()
        wire.accept(version=4)

    accepting = threading.Thread(target=broker)
    accepting.start()
    with run(one_filter) as rig:
        accepting.join()
        assert rig.health()["broker"]
        assert "the broker's window" in rig.pipeline.health()[2].message
    assert sum("20 messages a commit" in record.getMessage() for record in caplog.records) == 1


def test_a_malformed_packet_costs_one_connection(connected: Any, wire: Any, co2: Any) -> None:
    with connected() as rig:
        wire.send(bytes([0x32, 7, 0, 1, 65, 0, 1, 9, 0x7F]))  # a PUBLISH whose properties lead beyond it
        wire.accept(session=True)
        wire.publish(1, b"classroom/a/1/d", co2(400).encode())
        rig.settled(1)
        assert rig.count("mqtt_connections_total") == 2


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_the_watchdog_starts_a_dead_network_thread_again(
    connected: Any, wire: Any, wait: Any, co2: Any
) -> None:
    broken = threading.Event()

    def clock() -> datetime:
        if broken.is_set():
            raise OverflowError("a fault nobody thought of")
        return datetime.now(UTC)

    with connected(clock=clock) as rig:
        broken.set()
        wire.publish(1, b"classroom/a/1/d", co2(400).encode())
        wait(lambda: not rig.health()["threads"], "the network thread died")
        broken.clear()
        wire.drop()
        wire.accept(session=True)
        wire.publish(1, b"classroom/a/1/d", co2(400).encode())
        rig.settled(1)
        assert rig.count("ingest_thread_restarts_total", thread="network") == 1
        assert rig.health()["threads"]


def test_a_window_that_stands_still_is_noticed() -> None:
    progress = Progress()
    assert progress.watch(99, 1, 0, 0) == 0
    assert progress.watch(100, 1, 20, 0) <= 1
    assert progress.watch(119, 1, 20, 0) == 20
    assert progress.watch(130, 1, 20, 0) == 31
    assert progress.watch(132, 1, 20, 1) == 0  # one was acknowledged
    assert progress.watch(140, 2, 5, 1) == 0  # a new connection
