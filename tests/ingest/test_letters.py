"""Dead letters and sightings: kept once, readable from anywhere."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ingest.letters import Letters, LettersError, NewLetter, Sighting
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
