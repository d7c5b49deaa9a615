"""The pipeline on a real broker: what goes in comes out once, and nothing stops it."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from classroom.places import Device
from classroom.reading import Flag, Reading
from classroom.site import Site
from ingest.message import Message


@pytest.fixture
def ago() -> Any:
    """A recent time, as text and as a datetime, both without microseconds."""
    now = datetime.now(UTC).replace(microsecond=0)
    return lambda **back: now - timedelta(**back)


def test_a_message_becomes_a_reading(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, ago: Any
) -> None:
    at = ago(minutes=5)
    with run(settings) as rig:
        publisher.publish([(f"classroom/{root}/101/s1", co2(812, time=at.isoformat()))])
        rig.settled(1)
        expected = Reading(f"{root}/s1", "co2_ppm", at, 812.0, 0)
        assert rig.readings(f"{root}/s1") == [expected]
        assert rig.live == [expected]
        assert all(rig.health().values()), rig.pipeline.health()


def test_every_message_ends_in_one_place_and_is_counted(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, ago: Any
) -> None:
    native = f"classroom/{root}/101"
    messages = [
        (f"{native}/good", co2(800, time=ago(hours=1).isoformat())),
        (f"{native}/no-time", co2(801)),
        (f"{native}/limits", co2(65_535)),
        (f"{native}/clock", co2(802, time=ago(days=3 * 365).isoformat())),
        (f"{native}/broken", '{"co2_ppm": 8'),
        (f"{native}/typed", '{"co2_ppm": "much"}'),
        (f"{native}/odd å '\"; DROP TABLE 😀/x", co2(803)),
        (f"{root}/nobody/knows", '{"hello": 1}'),
        (f"{root}/binary", bytes(range(256))),
        (f"{native}/too-large", "x" * 70_000),
        (f"{native}/empty", ""),
    ]
    with run(settings) as rig:
        publisher.publish(messages)
        rig.settled(len(messages))
        reasons = Counter(rig.pipeline.letters.count_by_reason())
        flags = {
            name: [r.flag for r in rig.readings(f"{root}/{name}")] for name in ("good", "limits", "clock")
        }
        (wrong,) = rig.readings(f"{root}/clock")
        stored = rig.count("messages_stored_total")
        counted = {reason: rig.count("dead_letters_total", reason=reason) for reason in reasons}

    assert flags == {"good": [0], "limits": [Flag.LIMITS], "clock": [Flag.CLOCK]}
    assert abs(wrong.time - datetime.now(UTC)) < timedelta(minutes=1)
    assert reasons["not_json"] >= 1
    assert reasons["wrong_type"] == 1
    assert reasons["too_large"] == 1
    assert counted == reasons
    assert stored + sum(reasons.values()) == len(messages) == rig.count("messages_spooled_total")
    assert rig.count("messages_acknowledged_total") == len(messages)
    assert rig.count("readings_flagged_total", flag="limits") == 1
    assert rig.count("readings_flagged_total", flag="clock") == 1
    assert rig.count("messages_decoded_total", family="native") >= 4


def test_letters_keep_topic_and_payload_as_they_came(
    run: Any, settings: Any, publisher: Any, root: str
) -> None:
    odd = f"{root}/å 😀 'x' \\ %_/\x07"
    with run(settings) as rig:
        publisher.publish([(odd, b"\x00\xff{"), (f"{root}/large", b"y" * 70_000)])
        rig.settled(2)
        large, kept = rig.pipeline.letters.list()
    assert kept.message.topic == odd
    assert kept.message.payload == b"\x00\xff{"
    assert (large.reason, large.size, large.message.payload, large.whole) == (
        "too_large",
        70_000,
        b"y" * 65_536,
        False,
    )


def test_a_retained_message_without_time_is_a_dead_letter(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, ago: Any
) -> None:
    at = ago(days=2)
    publisher.publish([(f"classroom/{root}/1/bare", co2(800))], retain=True)
    publisher.publish([(f"classroom/{root}/1/dated", co2(801, time=at.isoformat()))], retain=True)
    with run(settings) as rig:
        rig.settled(2)
        assert rig.pipeline.letters.count_by_reason() == {"retained_without_time": 1}
        assert rig.readings(f"{root}/bare") == []
        assert rig.readings(f"{root}/dated") == [Reading(f"{root}/dated", "co2_ppm", at, 801.0, 0)]


def test_a_fault_in_a_decoder_costs_one_message(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any
) -> None:
    from ingest.decoders import decode

    def faulty(message: Message) -> Any:
        if b"poison" in message.payload:
            return json.loads("{}")["missing"]
        return decode(message)

    with run(settings, decode=faulty) as rig:
        publisher.publish([(f"classroom/{root}/1/d", payload) for payload in ("poison", co2(800))])
        rig.settled(2)
        (letter,) = rig.pipeline.letters.list()
        assert (letter.reason, letter.detail) == ("decoder_fault", "KeyError: 'missing'")
        assert len(rig.readings(f"{root}/d")) == 1


def test_a_store_outage_loses_nothing_and_holds_nobody_up(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, absent: Any, wait: Any
) -> None:
    with run(settings, store=absent) as rig:
        absent.away = True
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(500)])
        wait(lambda: rig.count("messages_acknowledged_total") == 500, "acknowledged without the store")
        wait(lambda: not rig.health()["store"], "health says so")
        assert rig.count("spool_depth") == 500
        assert rig.count("spool_age_seconds") > 0
        assert {check.name for check in rig.pipeline.health() if not check.ok} == {"store"}
        absent.away = False
        rig.settled(500)
        assert sorted(r.value for r in rig.readings(f"{root}/d")) == list(range(400, 900))
        assert rig.health()["store"]
        assert rig.count("spool_depth") == 0


def test_what_is_spooled_at_a_stop_is_stored_at_the_next_start(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, absent: Any, wait: Any
) -> None:
    with run(settings, store=absent) as rig:
        absent.away = True
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(20)])
        wait(lambda: rig.count("messages_acknowledged_total") == 20, "acknowledged")
    assert rig.readings(f"{root}/d") == []
    absent.away = False
    with run(settings, store=absent) as rig:
        rig.settled(20)
        assert [r.value for r in rig.readings(f"{root}/d")] == list(range(400, 420))


def test_a_full_spool_stops_acknowledging_and_goes_on_when_there_is_room(
    run: Any, settings: Any, changed: Any, publisher: Any, root: str, co2: Any, absent: Any, wait: Any
) -> None:
    small = changed(settings, ingest={"spool_limit_mb": 1})
    padding = "x" * 5_000
    with run(small, store=absent) as rig:
        absent.away = True
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n, note=padding)) for n in range(600)])  # 3 MB
        wait(lambda: not rig.health()["spool"], "the spool is full")
        wait(lambda: rig.count("messages_unacknowledged") == 100, "the window is used up")
        spooled = rig.count("messages_spooled_total")
        assert 150 <= spooled < 500
        assert rig.count("messages_acknowledged_total") == spooled
        (why,) = [check.message for check in rig.pipeline.health() if check.name == "spool"]
        assert "ingest.spool_limit_mb" in why
        absent.away = False
        rig.settled(600)
        assert sorted(r.value for r in rig.readings(f"{root}/d")) == list(range(400, 1_000))
        wait(lambda: rig.health()["spool"], "there is room again")


def test_messages_and_readings_of_the_program_itself(
    run: Any, settings: Any, root: str, co2: Any, ago: Any
) -> None:
    at = ago(days=30)
    with run(settings) as rig:
        rig.pipeline.submit([Message(f"classroom/{root}/1/d", co2(700).encode(), at)]).result(10)
        rig.settled(1)
        written = rig.pipeline.write([Reading("meter", "energy_kwh", at, 5.0)]).result(10)
        assert (written.stored, written.duplicates) == (1, 0)
        assert rig.readings(f"{root}/d") == [Reading(f"{root}/d", "co2_ppm", at, 700.0, 0)]
        assert rig.readings("meter") == [Reading("meter", "energy_kwh", at, 5.0, 0)]


def test_unknown_devices_are_pending_and_their_readings_kept(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any
) -> None:
    placed = Device(key=f"{root}/known", school="s", room="101")
    site = Site(settings, devices=(placed,))
    with run(settings, site=lambda: site) as rig:
        publisher.publish([(f"classroom/{root}/101/{name}", co2(800)) for name in ("known", "new", "new")])
        rig.settled(3)
        assert rig.pipeline.pending() == [f"{root}/new"]
        _, pending = rig.pipeline.letters.sightings()
        assert (pending.device, pending.messages, pending.family) == (f"{root}/new", 2, "native")
        assert pending.last_topic == f"classroom/{root}/101/new"
        assert rig.count("pending_devices") == 1
        assert len(rig.readings(f"{root}/new")) == 2


def test_equal_readings_are_counted_as_duplicates(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, ago: Any
) -> None:
    payload = co2(800, time=ago(hours=1).isoformat())
    with run(settings) as rig:
        publisher.publish([(f"classroom/{root}/1/d", payload)] * 3)
        rig.settled(3)
        assert len(rig.readings(f"{root}/d")) == 1
        assert rig.count("readings_stored_total") == 1
        assert rig.count("readings_duplicate_total") == 2


@pytest.mark.server
@pytest.mark.parametrize("broker", ["mosquitto"], indirect=True)
def test_a_filter_taken_from_the_settings_is_unsubscribed(
    run: Any, settings: Any, changed: Any, publisher: Any, root: str, co2: Any
) -> None:
    with run(settings):
        pass
    fewer = changed(settings, mqtt={"topics": (f"classroom/{root}/#",)})
    with run(fewer) as rig:
        publisher.publish([(f"{root}/other", co2(1)), (f"classroom/{root}/1/d", co2(800))])
        rig.settled(1)
        assert rig.count("messages_received_total") == 1


def test_a_spool_older_than_the_store_is_taken_as_new(
    run: Any, settings: Any, publisher: Any, root: str, co2: Any, tmp_path: Path
) -> None:
    with run(settings) as rig:
        publisher.publish([(f"classroom/{root}/1/d", co2(400 + n)) for n in range(5)])
        rig.settled(5)
        uuid = rig.pipeline._storing._uuid
    with sqlite3.connect(tmp_path / "spool.sqlite") as connection:  # a backup from the beginning was put back
        connection.execute("DELETE FROM message")
        connection.execute("UPDATE sqlite_sequence SET seq = 0")
        connection.execute("UPDATE state SET value = '0' WHERE key = 'acknowledged_id'")
    with run(settings) as rig:
        assert rig.pipeline._storing._uuid != uuid
        publisher.publish([(f"classroom/{root}/1/d", co2(900))])
        rig.settled(1)
        assert [r.value for r in rig.readings(f"{root}/d")][-1] == 900
