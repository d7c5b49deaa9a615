"""Dead letters and sightings: kept once, readable from anywhere."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.letter import VALUE_REFUSED, Group
from ingest.letters import Letters, LettersError, NewLetter, Sighting, Which
from ingest.message import Message

AT = datetime(2026, 9, 1, 8, tzinfo=UTC)


def letter(spool_id: int, reason: str = "not_json", payload: bytes = b"{", **more: Any) -> NewLetter:
    return NewLetter(spool_id, Message("a/b", payload, AT), more.pop("size", len(payload)), reason, **more)


def seen(device: str, minutes: int, messages: int = 1, topic: str = "a/b", **more: Any) -> Sighting:
    at = AT + timedelta(minutes=minutes)
    return Sighting(device, more.pop("family", "native"), at, at, topic, messages, more.pop("hints", {}))


@pytest.fixture
def letters(tmp_path: Path) -> Any:
    return Letters(tmp_path / "letters.sqlite")


def test_a_letter_keeps_everything(letters: Letters) -> None:
    letters.write("s", 1, [letter(1, "wrong_type", b"\x00\xff", detail="co2_ppm is text", device="a/b")], [])
    (kept,) = letters.list()
    assert kept.message == Message("a/b", b"\x00\xff", AT)
    assert (kept.reason, kept.detail, kept.device, kept.whole) == (
        "wrong_type",
        "co2_ppm is text",
        "a/b",
        True,
    )
    assert letters.get(kept.id) == kept
    assert letters.get(kept.id + 1) is None


def test_the_same_batch_again_changes_nothing(letters: Letters) -> None:
    for _ in range(2):
        letters.write("s", 2, [letter(1), letter(2)], [seen("d", 0)])
    assert letters.count_by_reason() == {"not_json": 2}
    assert letters.sightings()[0].messages == 1
    letters.write("another spool", 2, [letter(1)], [])
    assert letters.count_by_reason() == {"not_json": 3}


def test_lists_newest_first_by_reason_and_in_pages(letters: Letters) -> None:
    letters.write("s", 4, [letter(1), letter(2, "no_codec"), letter(3), letter(4)], [])
    newest = letters.list(limit=2)
    assert [kept.id for kept in newest] == [4, 3]
    assert [kept.id for kept in letters.list(before_id=newest[-1].id)] == [2, 1]
    assert [kept.id for kept in letters.list(reason="not_json")] == [4, 3, 1]
    assert letters.count_by_reason() == {"not_json": 3, "no_codec": 1}


def test_purge(letters: Letters) -> None:
    letters.write(
        "s", 5, [letter(1), letter(2, "no_codec"), letter(3), letter(4, "no_reading"), letter(5)], []
    )
    assert letters.purge(ids=[1, 77]) == 1
    assert letters.purge(reason="no_codec") == 1
    assert [kept.id for kept in letters.list()] == [5, 4, 3]
    assert letters.purge() == 3
    assert letters.count_by_reason() == {}


def test_a_purged_letter_does_not_come_back_with_its_batch(letters: Letters) -> None:
    letters.write("s", 1, [letter(1)], [])
    letters.purge()
    letters.write("s", 1, [letter(1)], [])
    assert letters.list() == []


def test_what_fails_only_when_decoded_anew_is_kept(letters: Letters) -> None:
    letters.write("s", 3, [letter(1)], [])
    letters.purge()
    for _ in range(2):  # after a crash, by decoders that have changed
        letters.write("s", 3, [letter(1), letter(2)], [])
    assert [kept.reason for kept in letters.list()] == ["not_json"]


def test_a_letter_replayed_in_vain_keeps_number_payload_and_receipt(letters: Letters) -> None:
    letters.write("s", 1, [letter(1, "no_codec", b"\x01\x02", device="d")], [])
    (before,) = letters.list()
    for _ in range(2):  # the same batch again changes nothing
        again = letter(7, "codec_failed", b"\x01", size=2, detail="why", replayed_id=before.id, family="x")
        letters.write("s", 7, [again], [])
        letters.keep("s", [again])
    (after,) = letters.list()
    assert after.message == before.message
    assert (after.id, after.reason, after.detail, after.family) == (before.id, "codec_failed", "why", "x")
    assert (before.tries, after.tries, letters.tries([after.id, 99])) == (1, 2, {1: (2, "codec_failed")})


def test_a_replayed_letter_that_goes_comes_back_if_it_fails_after_a_crash(
    letters: Letters,
) -> None:
    letters.write("s", 1, [letter(1)], [])
    (kept,) = letters.list()
    letters.write("s", 2, [], [], answered_ids=[kept.id])
    assert letters.list() == []
    letters.write("s", 2, [letter(2, replayed_id=kept.id)], [])
    assert [(one.id, one.message, one.tries) for one in letters.list()] == [(kept.id, kept.message, 2)]


def test_what_the_store_refuses_stands_instead_of_what_was_kept_before(letters: Letters) -> None:
    letters.write("s", 1, [letter(1, VALUE_REFUSED)], [])
    letters.keep("s", [letter(1, "store_refused")])
    assert letters.count_by_reason() == {"store_refused": 1}


def test_groups_and_counts(letters: Letters) -> None:
    def heard(n: int, topic: str, minutes: int, family: str | None) -> NewLetter:
        message = Message(topic, b"", AT + timedelta(minutes=minutes))
        return NewLetter(n, message, 0, "no_codec", family=family)

    letters.write("s", 3, [heard(1, "a/x", 5, "p1"), heard(2, "a/x", 1, None), heard(3, "b", 9, "p1")], [])
    first, last = (AT + timedelta(minutes=minutes) for minutes in (1, 5))
    assert letters.groups("topic", Which(topic="a/#")) == [Group("a/x", 2, first, last)]
    assert [(group.key, group.letters) for group in letters.groups("family", Which())] == [
        ("p1", 2),
        (None, 1),
    ]
    assert letters.count(Which(family="p1", topic="+")) == 1
    assert letters.count(Which(received_before=last)) == 1
    assert letters.count(Which(ids=(1, 3, 8))) == 2
    assert [one.id for one in letters.list(topic="+/x", family="p1")] == [1]


def test_pages_from_the_oldest(letters: Letters) -> None:
    letters.write("s", 6, [letter(n, payload=b"x" * 100) for n in range(1, 7)], [])

    def page(after: int, limit: int = 100, limit_bytes: int = 10**6) -> list[int]:
        return [one.id for one in letters.oldest(Which(), after, 5, limit, limit_bytes)]

    assert letters.last_id() == 6
    assert page(0) == [1, 2, 3, 4, 5]
    assert page(2, limit=2) == [3, 4]
    assert page(0, limit_bytes=150) == [1, 2]


def test_purging_gives_the_disk_its_room_back(letters: Letters) -> None:
    many = [letter(n, payload=b"x" * 2_000) for n in range(1, 1_001)]
    letters.write("s", 1_000, many, [])
    with sqlite3.connect(letters.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = letters.path.stat().st_size
    assert letters.purge(received_before=AT) == 0
    assert letters.purge(received_before=AT + timedelta(microseconds=1), topic="+/b") == 1_000
    with sqlite3.connect(letters.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    assert before > 2_000_000
    assert letters.path.stat().st_size < 100_000


def test_a_cut_payload_is_not_whole(letters: Letters) -> None:
    letters.write("s", 1, [letter(1, "too_large", b"abc", size=70_000)], [])
    assert (letters.list()[0].whole, letters.list()[0].size) == (False, 70_000)


def test_sightings_are_merged(letters: Letters) -> None:
    letters.write("s", 1, [], [seen("d", 10, 2, "late", hints={"room": "101"}), seen("c", 0)])
    letters.write("s", 2, [], [seen("d", 5, 3, "early", family=None)])
    c, d = letters.sightings()
    assert c.device == "c"
    assert d == Sighting(
        "d", "native", AT + timedelta(minutes=5), AT + timedelta(minutes=10), "late", 5, {"room": "101"}
    )


def test_the_oldest_go_when_the_file_is_full(tmp_path: Path) -> None:
    letters = Letters(tmp_path / "letters.sqlite", limit_bytes=500_000)
    discarded = sum(
        letters.write("s", last, [letter(n, payload=b"x" * 1_000) for n in range(last - 99, last + 1)], [])
        for last in range(100, 2_001, 100)
    )
    kept = letters.list(limit=10_000)
    assert discarded > 0
    assert discarded + len(kept) == 2_000
    assert [one.id for one in kept] == list(range(2_000, 2_000 - len(kept), -1))


def test_letters_whose_message_is_stored_go_before_dead_ones(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    letters = Letters(tmp_path / "letters.sqlite", limit_bytes=500_000)
    with caplog.at_level(logging.WARNING):
        for last in range(100, 2_001, 100):
            reason = "not_json" if last == 100 else VALUE_REFUSED
            batch = [letter(n, reason, payload=b"x" * 1_000) for n in range(last - 99, last + 1)]
            letters.write("s", last, batch, [])
    counts = letters.count_by_reason()
    assert counts["not_json"] == 100
    assert 0 < counts[VALUE_REFUSED] < 500
    assert caplog.text.count("ingest.dead_letters_limit_mb") == 1


def test_another_process_reads_while_this_one_writes(letters: Letters) -> None:
    letters.write("s", 1, [letter(1)], [])
    code = (
        "import json, sys; from pathlib import Path; from ingest.letters import Letters; "
        "print(json.dumps(Letters(Path(sys.argv[1])).count_by_reason()))"
    )
    root = str(Path(__file__).parents[2])
    told = subprocess.run(
        [sys.executable, "-c", code, str(letters.path)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": root},
    )
    assert json.loads(told.stdout) == {"not_json": 1}


def test_a_file_that_is_not_ours_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letters.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE something (a)")
    with pytest.raises(LettersError, match="schema version 0, this program writes 2"):
        Letters(path)


def test_a_file_of_the_first_version_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "letters.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(
            """
            CREATE TABLE letter (
                id INTEGER PRIMARY KEY AUTOINCREMENT, spool TEXT NOT NULL, spool_id INTEGER NOT NULL,
                received_us INTEGER NOT NULL, retain INTEGER NOT NULL, topic TEXT NOT NULL,
                payload BLOB NOT NULL, size INTEGER NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
                device TEXT, UNIQUE (spool, spool_id));
            CREATE INDEX letter_reason ON letter (reason);
            CREATE TABLE sighting (
                device TEXT PRIMARY KEY, family TEXT, first_seen_us INTEGER NOT NULL,
                last_seen_us INTEGER NOT NULL, last_topic TEXT NOT NULL, hints TEXT NOT NULL,
                messages INTEGER NOT NULL) WITHOUT ROWID;
            CREATE TABLE counted (spool TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID;
            INSERT INTO letter VALUES (4, 's', 9, 0, 1, 't', x'7b', 1, 'not_json', '', NULL);
            INSERT INTO counted VALUES ('s', 9);
            PRAGMA user_version = 1;
            """
        )
    letters = Letters(path)
    (kept,) = letters.list()
    assert (kept.id, kept.message.retain, kept.family, kept.tries) == (4, True, None, 1)
    letters.write("s", 10, [letter(10), letter(10)], [seen("d", 0)])
    assert letters.count_by_reason() == {"not_json": 2}
    assert Letters(path).count(Which()) == 2
