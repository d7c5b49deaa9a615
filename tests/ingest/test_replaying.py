"""Letters read again: what can be read now is placed as if it had been read when it came."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from absent import AbsentStore

from classroom.reading import Flag, Reading
from ingest.decoders import decode
from ingest.letter import VALUE_REFUSED, Which
from ingest.message import Decoded, Message, Undecodable, Value
from ingest.replaying import Replays
from ingest.spool import SpoolError


class Decoders:
    """Decoders that learn the payload ``b"v<number>"`` when somebody writes a mapping."""

    mended = False

    def decode(self, message: Message) -> Decoded:
        if not message.payload.startswith(b"v"):
            return decode(message)
        if not self.mended:
            raise Undecodable("no_decoder", "no family recognises this payload and topic")
        return Decoded("mapping", message.topic, (Value("co2_ppm", float(message.payload[1:])),))


@pytest.fixture
def decoders() -> Decoders:
    return Decoders()


@pytest.fixture
def came() -> datetime:
    """A time of receipt in the past."""
    return datetime.now(UTC).replace(microsecond=1234) - timedelta(days=3)


def reasons(rig: Any) -> dict[str, int]:
    counts: dict[str, int] = rig.pipeline.letters.count_by_reason()
    return counts


def test_a_mended_decoder_places_them_at_their_time_of_receipt(
    run: Any, settings: Any, decoders: Decoders, came: datetime, wait: Any
) -> None:
    known = ("no_decoder", "not_json", "retained_without_time")
    with run(settings, decode=decoders.decode) as rig:
        kept = [Message(f"d{n}", b"v%d" % (400 + n), came + timedelta(minutes=n)) for n in range(5)]
        retained = Message("d9", b"v409", came, retain=True)
        rig.pipeline.submit([*kept, retained, Message("bad", b"{", came)]).result(10)
        rig.settled(7)
        assert reasons(rig) == {"no_decoder": 6, "not_json": 1}
        replays = Replays(rig.pipeline.letters, rig.pipeline)
        wait(lambda: rig.count("message_delay_seconds_count") == 7, "the first reading is counted")

        decoders.mended = True
        done = replays.page(Which(), limit=4)
        assert (done.placed, done.failed, done.cut, done.waiting) == (4, {}, 0, 0)
        done = replays.page(Which(), done.next_id, done.through_id)
        assert (done.placed, done.next_id) == (1, None)
        assert done.failed == {"not_json": 1, "retained_without_time": 1}  # of unknown age, as when it came

        for n, message in enumerate(kept):
            assert rig.readings(f"d{n}") == [Reading(f"d{n}", "co2_ppm", message.received, 400.0 + n, 0)]
        assert [(one.reason, one.tries, one.message.retain) for one in rig.pipeline.letters.list()] == [
            ("not_json", 2, False),
            ("retained_without_time", 2, True),
        ]
        assert done.through_id == 7
        wait(lambda: rig.count("messages_stored_total") == 5, "each replay counts as a message of its own")
        wait(
            lambda: sum(rig.count("dead_letters_total", reason=r) for r in known) == 9, "so do those in vain"
        )
        assert rig.count("messages_spooled_total") == 14
        assert rig.count("message_delay_seconds_count") == 7  # days of waiting for a mapping are no delay


def test_twice_is_once(run: Any, settings: Any, decoders: Decoders, came: datetime) -> None:
    with run(settings, decode=decoders.decode) as rig:
        rig.pipeline.submit([Message("d", b"v800", came)]).result(10)
        rig.settled(1)
        (letter,) = rig.pipeline.letters.list()
        decoders.mended = True
        for _ in range(2):  # handed in again after a crash, before anybody knew
            rig.pipeline.submit([letter.message], [letter.id]).result(10)
        rig.settled(2)
        assert rig.readings("d") == [Reading("d", "co2_ppm", came, 800.0, 0)]
        assert reasons(rig) == {}


def test_only_what_is_meant(run: Any, settings: Any, decoders: Decoders, came: datetime) -> None:
    with run(settings, decode=decoders.decode) as rig:
        messages = [Message(topic, b"v1", came) for topic in ("a/x", "a/y", "b/x")]
        rig.pipeline.submit([*messages, Message("classroom/s/1/d", b"[]", came)]).result(10)
        rig.settled(4)
        decoders.mended = True
        replays = Replays(rig.pipeline.letters, rig.pipeline)
        assert replays.page(Which(topic="a/+", ids=(2, 3, 4))).placed == 1
        assert replays.page(Which(family="native")).failed == {"wrong_type": 1}
        assert sorted(letter.message.topic for letter in rig.pipeline.letters.list()) == [
            "a/x",
            "b/x",
            "classroom/s/1/d",
        ]


def test_what_was_cut_is_not_replayed(run: Any, settings: Any, changed: Any, came: datetime) -> None:
    small = changed(settings, ingest={"payload_limit_bytes": 300})
    with run(small) as rig:
        rig.pipeline.submit([Message("classroom/s/1/d", b'{"co2_ppm": 1}' + b" " * 400, came)]).result(10)
        rig.settled(1)
        done = Replays(rig.pipeline.letters, rig.pipeline).page(Which())
        assert (done.placed, done.failed, done.cut) == (0, {}, 1)
        assert rig.count("messages_spooled_total") == 1
        assert [letter.tries for letter in rig.pipeline.letters.list()] == [1]


def test_a_limit_lowered_meanwhile_cuts_no_letter(
    run: Any, settings: Any, changed: Any, came: datetime
) -> None:
    payload = b"{" + b" " * 400
    with run(settings) as rig:
        rig.pipeline.submit([Message("t", payload, came)]).result(10)
        rig.settled(1)
    with run(changed(settings, ingest={"payload_limit_bytes": 300})) as rig:
        assert Replays(rig.pipeline.letters, rig.pipeline).page(Which()).failed == {"too_large": 1}
    with run(settings) as rig:
        assert Replays(rig.pipeline.letters, rig.pipeline).page(Which()).failed == {"not_json": 1}
        (letter,) = rig.pipeline.letters.list()
    assert (letter.message.payload, letter.whole, letter.tries) == (payload, True, 3)


@pytest.fixture
def away(tmp_path: Path) -> Iterator[AbsentStore]:
    away = AbsentStore(tmp_path / "store.duckdb")
    yield away
    away.store.close()


def test_a_stop_before_the_store_has_them_loses_and_doubles_nothing(
    run: Any, settings: Any, decoders: Decoders, away: Any, came: datetime, wait: Any
) -> None:
    with run(settings, store=away, decode=decoders.decode) as rig:
        messages = [Message("d", b"v%d" % n, came + timedelta(hours=n)) for n in range(9)]
        rig.pipeline.submit(messages).result(10)
        rig.settled(9)
        decoders.mended = True
        away.away = True
        ids = [letter.id for letter in rig.pipeline.letters.list()]
        rig.pipeline.submit(messages, ids[::-1]).result(10)
        wait(lambda: not rig.health()["store"], "the store is away")
        assert rig.readings("d") == []
    decoders.mended = False  # and the mapping is taken back while nothing runs
    away.away = False
    with run(settings, store=away, decode=decoders.decode) as rig:
        wait(lambda: rig.pipeline.backlog() == 0, "the rest is done")
        assert rig.readings("d") == []
        assert reasons(rig) == {"no_decoder": 9}
        decoders.mended = True
        assert Replays(rig.pipeline.letters, rig.pipeline).page(Which()).placed == 9
        assert [reading.value for reading in rig.readings("d")] == list(range(9))
        assert reasons(rig) == {}


def test_a_refused_value_is_kept_beside_the_good_ones(
    run: Any, settings: Any, root: str, publisher: Any, came: datetime
) -> None:
    payload = json.dumps({"co2_ppm": "812", "temperature_c": 21, "note": 1, "time": came.isoformat()})

    def lenient(message: Message) -> Decoded:
        return decode(Message(message.topic, message.payload.replace(b'"812"', b"812"), message.received))

    with run(settings) as rig:
        publisher.publish([(f"classroom/{root}/1/d", payload)])
        rig.settled(1)
        (letter,) = rig.pipeline.letters.list()
        assert (letter.reason, letter.family, letter.device) == (VALUE_REFUSED, "native", f"{root}/d")
        assert letter.detail == 'co2_ppm: text "812" is not a number'
        assert (rig.count("messages_stored_total"), rig.count("messages_partial_total")) == (1, 1)
        assert rig.count("dead_letters_total", reason=VALUE_REFUSED) == 0
        assert rig.count("values_refused_total", reason="unknown_key") == 1
        done = Replays(rig.pipeline.letters, rig.pipeline).page(Which())
        assert done.failed == {VALUE_REFUSED: 1}
        assert len(rig.readings(f"{root}/d")) == 1
    with run(settings, decode=lenient) as rig:
        assert Replays(rig.pipeline.letters, rig.pipeline).page(Which(reason=VALUE_REFUSED)).placed == 1
        assert rig.readings(f"{root}/d") == [
            Reading(f"{root}/d", "co2_ppm", came, 812.0, 0),
            Reading(f"{root}/d", "temperature_c", came, 21.0, 0),
        ]
        assert reasons(rig) == {}


def test_a_message_that_only_warns_is_no_letter(run: Any, settings: Any, root: str, co2: Any) -> None:
    with run(settings) as rig:
        topic, now = f"classroom/{root}/1/d", datetime.now(UTC)
        payloads = [co2(65_535).encode(), co2(800, colour="red").encode()]
        messages = [Message(topic, payload, now + timedelta(seconds=n)) for n, payload in enumerate(payloads)]
        rig.pipeline.submit(messages).result(10)
        rig.settled(2)
        assert [reading.flag for reading in rig.readings(f"{root}/d")] == [Flag.LIMITS, 0]
        assert reasons(rig) == {}


def test_a_pipeline_that_stops_is_handed_nothing(run: Any, settings: Any, came: datetime) -> None:
    with run(settings) as rig:
        rig.pipeline.submit([Message("t", b"{", came)]).result(10)
        rig.settled(1)
    with pytest.raises(SpoolError, match="replay when it runs again"):
        Replays(rig.pipeline.letters, rig.pipeline).page(Which())
    assert [letter.tries for letter in rig.pipeline.letters.list()] == [1]
