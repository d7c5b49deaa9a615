"""The spool keeps what it is given, in order, until it is acknowledged and stored; ids never come twice."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ingest.message import Message
from ingest.spool import Entry, Spool, SpoolError, SpoolReader, from_microseconds, renew, to_microseconds

AT = datetime(2026, 9, 1, 8, 0, 0, 123_456, tzinfo=UTC)


def entry(text: str, qos: int = 1, mid: int = 1) -> Entry:
    return kept_as(Message("t", text.encode(), AT), qos, mid)


def kept_as(message: Message, qos: int = 0, mid: int = 0) -> Entry:
    payload = message.payload
    received_us = to_microseconds(message.received)
    return Entry(received_us, qos, mid, message.retain, message.topic, payload, len(payload))


@pytest.fixture
def path(tmp_path: Path) -> Any:
    return tmp_path / "spool.sqlite"


@pytest.fixture
def spool(path: Path) -> Iterator[Any]:
    with closing(Spool(path)) as spool:
        yield spool


@pytest.fixture
def kept(path: Path) -> Any:
    def read(after: int = 0, limit: int = 100_000, limit_bytes: int = 10**9) -> list[tuple[int, str]]:
        with closing(SpoolReader(path)) as reader:
            return [(row.id, row.message.payload.decode()) for row in reader.read(after, limit, limit_bytes)]

    return read


def test_messages_come_back_in_order(spool: Spool, kept: Any) -> None:
    assert list(spool.append([entry("a"), entry("b")], 0, 0)) == [1, 2]
    assert list(spool.append([entry("c")], 0, 0)) == [3]
    assert kept() == [(1, "a"), (2, "b"), (3, "c")]
    assert kept(after=1, limit=1) == [(2, "b")]
    assert kept(limit_bytes=2) == [(1, "a"), (2, "b")]


def test_ids_never_come_twice_even_when_the_spool_was_empty(path: Path, kept: Any) -> None:
    with closing(Spool(path)) as spool:
        spool.append([entry("a"), entry("b")], 0, 0)
        spool.settle(2, 2)
        assert kept() == []
    with closing(Spool(path)) as spool:
        assert spool.last_id == 2
        assert list(spool.append([entry("c")], 2, 2)) == [3]


def test_only_what_is_acknowledged_and_stored_is_deleted(path: Path, spool: Spool, kept: Any) -> None:
    spool.append([entry("a"), entry("b", qos=0), entry("c"), entry("d")], 0, 0)
    spool.settle(1, 3)
    # b came with QoS 0, nobody will repeat it; c is stored, but the broker may not know that we have it
    assert kept() == [(3, "c"), (4, "d")]
    assert [row.id for row in spool.recent()] == [3, 4]
    spool.settle(4, 3)
    assert kept() == [(4, "d")]
    spool.settle(4, 4)
    assert kept() == []


def test_the_newest_stay_after_they_are_stored(path: Path, kept: Any) -> None:
    with closing(Spool(path, tail=3)) as spool:
        spool.append([entry(text) for text in "abcde"], 0, 0)
        spool.settle(5, 5)
        assert kept() == [(3, "c"), (4, "d"), (5, "e")]
        assert not spool.needs_settling(5, 5)
        spool.append([entry("f")], 5, 5)
        spool.settle(5, 6)
        assert kept() == [(4, "d"), (5, "e"), (6, "f")]
    with closing(Spool(path, tail=3)) as spool:
        assert [row.id for row in spool.recent()] == [4, 5, 6]
        assert spool.acknowledged_id == 5


def test_fewer_stay_where_they_are_large(path: Path, kept: Any) -> None:
    with closing(Spool(path, tail=1_000, tail_bytes=1_000_000)) as spool:
        for _ in range(30):
            spool.append([entry("x" * 5_000)] * 100, spool.last_id, spool.last_id)
            while spool.needs_settling(spool.last_id, spool.last_id):
                spool.settle(spool.last_id, spool.last_id)
        assert spool.used_bytes() < 1_500_000
        assert len(kept()) > 50


def test_a_long_backlog_is_deleted_in_stretches(path: Path, spool: Spool, kept: Any) -> None:
    for _ in range(45):
        spool.append([entry("x")] * 1_000, 0, 0)
    stretches = 0
    while spool.needs_settling(45_000, 45_000):
        spool.settle(45_000, 45_000)
        stretches += 1
    assert stretches == 3
    assert kept() == []


def test_space_is_given_back(path: Path, spool: Spool) -> None:
    empty = spool.used_bytes()
    spool.append([entry("x" * 1_000)] * 3_000, 0, 0)
    assert spool.used_bytes() > 3_000_000
    spool.settle(3_000, 3_000)
    assert spool.used_bytes() <= empty + 8_192
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA page_count").fetchone()[0] * 4_096 < 100_000


def test_uuid_and_state_survive(path: Path) -> None:
    with closing(Spool(path)) as spool:
        uuid = spool.uuid
        spool.append([entry("a", mid=7)], 0, 0)
        spool.set_filters(["a/#", "b/+"])
    with closing(Spool(path)) as spool:
        assert spool.uuid == uuid
        assert spool.filters() == ["a/#", "b/+"]
        assert [(row.id, row.mid, row.message.payload) for row in spool.recent()] == [(1, 7, b"a")]
        assert renew(path) != uuid
    with closing(Spool(path)) as spool:
        assert spool.uuid != uuid
        assert spool.last_id == 1


def test_a_commit_that_fails_keeps_nothing(path: Path, spool: Spool, kept: Any) -> None:
    spool.append([entry("a")], 0, 0)
    with closing(sqlite3.connect(path)) as other:
        spool._connection.execute("PRAGMA busy_timeout = 0")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            spool.append([entry("b")], 1, 1)
        assert (spool.last_id, spool.acknowledged_id) == (1, 0)
    assert list(spool.append([entry("b")], 1, 1)) == [2]
    assert kept() == [(2, "b")]


def test_a_file_that_is_not_ours_is_refused(path: Path) -> None:
    path.write_bytes(b"not a database at all, but long enough to be read as one" * 100)
    with pytest.raises(SpoolError, match=r"spool\.sqlite cannot be opened.*move it away"):
        Spool(path)


def test_a_newer_file_is_refused(path: Path) -> None:
    Spool(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(SpoolError, match="schema version 99, this program writes 1"):
        Spool(path)


messages = st.builds(
    Message,
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.binary(max_size=80),
    st.integers(0, 200 * 365 * 86_400 * 1_000_000).map(from_microseconds),
    st.booleans(),
)


@hypothesis_settings(
    max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(messages, max_size=5))
def test_any_topic_payload_and_time_comes_back_exactly(path: Path, batch: list[Message]) -> None:
    with closing(Spool(path)) as spool:
        start = spool.last_id
        spool.append([kept_as(message) for message in batch], 0, 0)
        with closing(SpoolReader(path)) as reader:
            assert [row.message for row in reader.read(start, 100, 10**9)] == batch


def test_times_are_exact_to_the_microsecond(spool: Spool, path: Path) -> None:
    spool.append([kept_as(Message("t", b"", AT + timedelta(microseconds=1)))], 0, 0)
    with closing(SpoolReader(path)) as reader:
        (row,) = reader.read(0, 1, 1)
    assert row.message.received == AT + timedelta(microseconds=1)
