"""The file of letters and sightings: its tables, its versions, and rows to and from it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from ingest.letter import Letter, NewLetter, Sighting, Which
from ingest.message import Message
from ingest.spool import from_microseconds, to_microseconds

SCHEMA_VERSION = 2
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True)  # dumps would make one for each device
_JOURNAL_LIMIT_BYTES = 16_777_216

COLUMNS = "id, received_us, retain, topic, payload, size, reason, detail, device, family, tries"

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
    family TEXT,
    tries INTEGER NOT NULL DEFAULT 1,
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
    """
CREATE TABLE counted (
    spool TEXT PRIMARY KEY, id INTEGER NOT NULL, kept TEXT NOT NULL DEFAULT '[]'
) WITHOUT ROWID""",
)

_FROM_VERSION_1 = (
    "ALTER TABLE letter ADD COLUMN family TEXT",
    "ALTER TABLE letter ADD COLUMN tries INTEGER NOT NULL DEFAULT 1",
    "ALTER TABLE counted ADD COLUMN kept TEXT NOT NULL DEFAULT '[]'",
)


class LettersError(Exception):
    """The file of dead letters cannot be used; the message says why and what to do."""


@contextmanager
def connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection for one piece of work; what it commits is on disk."""
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT_BYTES}")
        connection.create_function("topic_fits", 2, topic_fits, deterministic=True)
        yield connection


def topic_fits(topic_filter: str, topic: str) -> bool:
    """Whether a topic fits an MQTT filter: ``+`` is one level, ``#`` at the end all the rest."""
    wanted, levels = topic_filter.split("/"), topic.split("/")
    if wanted[-1] == "#":
        wanted = wanted[:-1]
        levels = levels[: len(wanted)]
    return len(wanted) == len(levels) and all(
        want in ("+", level) for want, level in zip(wanted, levels, strict=True)
    )


def prepare(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables of a new file, or bring an older version's to this one.

    Raises:
        LettersError: the file is not ours or a newer version's.
    """
    if not _objects(connection):
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")  # before the first table or never
    connection.execute("PRAGMA journal_mode = WAL")
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        steps: tuple[str, ...]
        if version == 0 and not _objects(connection):
            steps = _TABLES
        elif version == 1:
            steps = _FROM_VERSION_1
        elif version == SCHEMA_VERSION:
            return
        else:
            raise LettersError(
                f"{path} has schema version {version}, this program writes {SCHEMA_VERSION}: use the program "
                "that wrote it, or move the file away to begin a new one"
            )
        for step in steps:
            connection.execute(step)
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _objects(connection: sqlite3.Connection) -> int:
    found: int = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return found


def condition(which: Which) -> tuple[str, dict[str, object]]:
    """SQL that holds for the letters meant, and its values."""
    parts = ["1"]
    values: dict[str, object] = {}
    if which.reason is not None:
        parts.append("reason = :reason")
        values["reason"] = which.reason
    if which.family is not None:
        parts.append("family = :family")
        values["family"] = which.family
    if which.topic is not None:
        parts.append("topic_fits(:topic, topic)")
        values["topic"] = which.topic
    if which.ids is not None:
        parts.append("id IN (SELECT value FROM json_each(:ids))")
        values["ids"] = json.dumps(which.ids)
    if which.received_before is not None:
        parts.append("received_us < :received_before")
        values["received_before"] = to_microseconds(which.received_before)
    return " AND ".join(parts), values


def letter_row(spool: str, letter: NewLetter) -> tuple[object, ...]:
    """Values of a new letter in the order of the table, ``id`` None where it is to be given."""
    message = letter.message
    return (
        letter.replayed_id or None,
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
        letter.family,
        2 if letter.replayed_id else 1,
    )


def read_letter(
    row: tuple[int, int, int, str, bytes, int, str, str, str | None, str | None, int],
) -> Letter:
    """The letter of a row of :data:`COLUMNS`."""
    id_, received_us, retain, topic, payload = row[:5]
    message = Message(topic, payload, from_microseconds(received_us), bool(retain))
    return Letter(id_, message, *row[5:])


def sighting_row(sighting: Sighting) -> tuple[object, ...]:
    """Values of a sighting in the order of the table."""
    return (
        sighting.device,
        sighting.family,
        to_microseconds(sighting.first_seen),
        to_microseconds(sighting.last_seen),
        sighting.last_topic,
        _ENCODER.encode(dict(sighting.hints)),
        sighting.messages,
    )


def read_sighting(row: tuple[str, str | None, int, int, str, int, str]) -> Sighting:
    """The sighting of a row of device, family, first and last time, topic, messages, hints."""
    device, family, first_us, last_us, topic, messages, hints = row
    first, last = from_microseconds(first_us), from_microseconds(last_us)
    return Sighting(device, family, first, last, topic, messages, json.loads(hints))
