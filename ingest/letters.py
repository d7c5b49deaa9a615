"""Dead letters and sightings: what gave no reading and why, and which devices were heard.

One SQLite file (WAL). The store thread writes; the readers open a connection a call, so they serve any thread
and other processes (``classroom-climate dead-letters`` while ingest runs)."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ingest.message import Message
from ingest.spool import from_microseconds, to_microseconds

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
LIMIT_BYTES = 1_000_000_000
_DISCARD = 10_000  # oldest letters that go at once when the limit is reached

_TABLES = (
    """
CREATE TABLE letter (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    spool TEXT NOT NULL,
    spool_id INTEGER NOT NULL,
    received_us INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    size INTEGER NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL,
    device TEXT,
    UNIQUE (spool, spool_id)
)""",
    "CREATE INDEX letter_reason ON letter (reason)",
    """
CREATE TABLE sighting (
    device TEXT PRIMARY KEY,
    family TEXT,
    first_seen_us INTEGER NOT NULL,
    last_seen_us INTEGER NOT NULL,
    last_topic TEXT NOT NULL,
    hints TEXT NOT NULL,
    messages INTEGER NOT NULL
) WITHOUT ROWID""",
    "CREATE TABLE counted (spool TEXT PRIMARY KEY, id INTEGER NOT NULL) WITHOUT ROWID",
)

_SEEN = """
INSERT INTO sighting VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (device) DO UPDATE SET
    family = coalesce(excluded.family, family),
    first_seen_us = min(first_seen_us, excluded.first_seen_us),
    last_topic = CASE WHEN excluded.last_seen_us >= last_seen_us THEN excluded.last_topic ELSE last_topic END,
    hints = CASE WHEN excluded.hints != '{}' THEN excluded.hints ELSE hints END,
    last_seen_us = max(last_seen_us, excluded.last_seen_us),
    messages = messages + excluded.messages
"""

_COLUMNS = "id, received_us, retain, topic, payload, size, reason, detail, device"
_KEEP = (
    f"INSERT OR IGNORE INTO letter (spool, spool_id, {_COLUMNS[4:]}) "  # noqa: S608
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)


class LettersError(Exception):
    """The file of dead letters cannot be used; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class NewLetter:
    """A message that gave no reading. ``size`` [bytes] is what was received, the payload may be cut."""

    spool_id: int
    message: Message
    size: int
    reason: str
    detail: str = ""
    device: str | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """A dead letter as kept.

    ``whole`` is False where the payload was cut; such a letter cannot be replayed.
    """

    id: int
    message: Message
    size: int
    reason: str
    detail: str
    device: str | None

    @property
    def whole(self) -> bool:
        """Whether the payload is complete."""
        return self.size == len(self.message.payload)


@dataclass(frozen=True, slots=True)
class Sighting:
    """A device that was heard, placed or not. Times are aware UTC, ``hints`` only suggest a place."""

    device: str
    family: str | None
    first_seen: datetime
    last_seen: datetime
    last_topic: str
    messages: int
    hints: Mapping[str, str] = field(default_factory=dict)


class Letters:
    """Dead letters and sightings of one site.

    Args:
        path: the file; created if absent.
        limit_bytes: size at which the oldest letters are deleted.

    Raises:
        LettersError: the file is not ours, is damaged or was written by a newer version.
    """

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        try:
            with self._connect() as connection:
                _prepare(connection, path)
        except sqlite3.Error as error:
            raise LettersError(
                f"{path} cannot be opened: {error}; move it away to begin a new one"
            ) from error

    def write(
        self, spool: str, last_id: int, letters: Sequence[NewLetter], sightings: Sequence[Sighting]
    ) -> int:
        """Keep what a batch of spool ``spool`` up to ``last_id`` showed; the same batch again changes
        nothing.

        Gives the number of oldest letters deleted because the file reached its limit.

        Raises:
            sqlite3.Error: nothing of it is kept (disk full, I/O error); it may succeed later.
        """
        with self._connect() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            discarded = self._make_room(connection) if letters else 0
            counted = connection.execute("SELECT id FROM counted WHERE spool = ?", (spool,)).fetchone()
            if counted is None or counted[0] < last_id:
                connection.executemany(_KEEP, [_letter_row(spool, letter) for letter in letters])
                connection.executemany(_SEEN, [_sighting_row(sighting) for sighting in sightings])
                connection.execute("INSERT OR REPLACE INTO counted VALUES (?, ?)", (spool, last_id))
        return discarded

    def keep(self, spool: str, letters: Sequence[NewLetter]) -> int:
        """Keep letters that turned out only when the batch was stored; the same again change nothing.

        Gives the number of oldest letters deleted for room.

        Raises:
            sqlite3.Error: nothing of it is kept; it may succeed later.
        """
        with self._connect() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            discarded = self._make_room(connection)
            connection.executemany(_KEEP, [_letter_row(spool, letter) for letter in letters])
        return discarded

    def list(
        self, reason: str | None = None, before_id: int | None = None, limit: int = 100
    ) -> Sequence[Letter]:
        """Dead letters, newest first; ``before_id`` continues an earlier list."""
        with self._connect() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM letter WHERE (?1 IS NULL OR reason = ?1) AND id < ?2 "  # noqa: S608
                "ORDER BY id DESC LIMIT ?3",
                (reason, 2**63 - 1 if before_id is None else before_id, limit),
            ).fetchall()
        return [_letter(row) for row in rows]

    def get(self, id: int) -> Letter | None:  # noqa: A002
        """One dead letter."""
        with self._connect() as connection:
            row = connection.execute(f"SELECT {_COLUMNS} FROM letter WHERE id = ?", (id,)).fetchone()  # noqa: S608
        return _letter(row) if row else None

    def count_by_reason(self) -> dict[str, int]:
        """Kept letters by reason, the most frequent first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT reason, count(*) FROM letter GROUP BY reason ORDER BY 2 DESC, 1"
            )
            return dict(rows.fetchall())

    def purge(self, ids: Sequence[int] | None = None, reason: str | None = None) -> int:
        """Delete letters by id, by reason, or (neither given) all of them; gives their number."""
        with self._connect() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            if ids is not None:
                before = connection.total_changes
                connection.executemany("DELETE FROM letter WHERE id = ?", [(id_,) for id_ in ids])
                return connection.total_changes - before
            if reason is not None:
                return connection.execute("DELETE FROM letter WHERE reason = ?", (reason,)).rowcount
            return connection.execute("DELETE FROM letter").rowcount

    def sightings(self) -> Sequence[Sighting]:
        """Every device heard, in order of its key."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT device, family, first_seen_us, last_seen_us, last_topic, messages, hints "
                "FROM sighting ORDER BY device"
            ).fetchall()
        return [
            Sighting(
                device,
                family,
                from_microseconds(first_us),
                from_microseconds(last_us),
                topic,
                messages,
                json.loads(hints),
            )
            for device, family, first_us, last_us, topic, messages, hints in rows
        ]

    def _make_room(self, connection: sqlite3.Connection) -> int:
        pages, free, page_bytes = (
            connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_count", "freelist_count", "page_size")
        )
        if (pages - free) * page_bytes < self._limit_bytes:
            return 0
        return connection.execute(
            "DELETE FROM letter WHERE id IN (SELECT id FROM letter ORDER BY id LIMIT ?)", (_DISCARD,)
        ).rowcount

    @contextmanager
    def _connect(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self.path, timeout=10, isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            yield connection


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if version == 0 and tables == 0:
            for table in _TABLES:
                connection.execute(table)
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
        elif version != SCHEMA_VERSION:
            raise LettersError(
                f"{path} has schema version {version}, this program writes {SCHEMA_VERSION}: use the program "
                "that wrote it, or move the file away to begin a new one"
            )


def _letter_row(spool: str, letter: NewLetter) -> tuple[object, ...]:
    message = letter.message
    return (
        spool,
        letter.spool_id,
        to_microseconds(message.received),
        message.retain,
        message.topic,
        message.payload,
        letter.size,
        letter.reason,
        letter.detail[:500],
        letter.device,
    )


def _sighting_row(sighting: Sighting) -> tuple[object, ...]:
    return (
        sighting.device,
        sighting.family,
        to_microseconds(sighting.first_seen),
        to_microseconds(sighting.last_seen),
        sighting.last_topic,
        json.dumps(dict(sighting.hints), ensure_ascii=False, sort_keys=True),
        sighting.messages,
    )


def _letter(row: tuple[int, int, int, str, bytes, int, str, str, str | None]) -> Letter:
    id_, received_us, retain, topic, payload, size, reason, detail, device = row
    message = Message(topic, payload, from_microseconds(received_us), bool(retain))
    return Letter(id_, message, size, reason, detail, device)
