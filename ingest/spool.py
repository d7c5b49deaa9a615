"""The spool: messages on disk before they are acknowledged, until they are stored.

One SQLite file in WAL mode with ``synchronous=FULL``, so that a commit is on disk when it returns. Ids are
AUTOINCREMENT: a plain rowid starts again once the table is empty, and the watermark kept with the data would
then skip new messages. Only the spool thread writes; the store thread reads over a connection of its own.

The newest messages stay for a while after they are stored: a broker may repeat them after both sides died,
because an acknowledgement that left here was not read by it, or was read and not saved."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ingest.message import Message

SCHEMA_VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_DELETE_IDS = 20_000  # ids freed in one transaction: a few milliseconds
_VACUUM_PAGES = 2_000
_SHRINK_PAGES, _SHRINK_STEPS = 200, 50

TAIL_BYTES = 32 * 2**20
"""Size of the spool up to which stored messages may stay in it."""

_TABLES = (
    """
CREATE TABLE message (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    received_us INTEGER NOT NULL,
    qos INTEGER NOT NULL,
    mid INTEGER NOT NULL,
    retain INTEGER NOT NULL,
    topic TEXT NOT NULL,
    payload BLOB NOT NULL,
    size INTEGER NOT NULL
)""",
    "CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
)


class SpoolError(Exception):
    """The spool file cannot be used; the message says why and what to do."""


class Spooled(NamedTuple):
    """A message as it is kept.

    ``payload`` is cut at the payload limit, ``size`` [bytes] is what was received.
    """

    id: int
    message: Message
    size: int
    qos: int = 0
    mid: int = 0

    @property
    def replayed_id(self) -> int:
        """The dead letter that was handed in again as this message; 0 for a message of the broker."""
        return 0 if self.qos else self.mid


class Entry(NamedTuple):
    """A message to be kept, column by column; ``mid`` is the packet identifier it came under (QoS 1).

    Without QoS there is no such identifier: there ``mid`` is the dead letter that is replayed, else 0.
    """

    received_us: int
    qos: int
    mid: int
    retain: bool
    topic: str
    payload: bytes
    size: int


def to_microseconds(time: datetime) -> int:
    """Microseconds since 1970 of an aware time, exact."""
    return (time - _EPOCH) // _MICROSECOND


def from_microseconds(time_us: int) -> datetime:
    """Inverse of :func:`to_microseconds`."""
    return _EPOCH + timedelta(microseconds=time_us)


class Spool:
    """The spool file.

    Args:
        path: the file; created if absent.
        tail: how many of the newest messages stay, though they are stored.
        tail_bytes: size of the file above which fewer stay.

    Raises:
        SpoolError: the file is not ours, is damaged or was written by a newer version.
    """

    def __init__(self, path: Path, tail: int = 0, tail_bytes: int = TAIL_BYTES) -> None:
        self.path = path
        self._tail = tail
        self._tail_bytes = tail_bytes
        self._log = Path(f"{path.resolve()}-wal")
        try:
            self._connection = _open(path)
            self.uuid = self._state("uuid")
            self.acknowledged_id = int(self._state("acknowledged_id"))
            sequence = self._connection.execute(
                "SELECT seq FROM sqlite_sequence WHERE name = 'message'"
            ).fetchone()
        except sqlite3.OperationalError as error:
            raise SpoolError(
                f"{path} cannot be opened: {error}; make room on its disk, or see that it can be written"
            ) from error
        except sqlite3.Error as error:
            raise SpoolError(
                f"{path} cannot be opened: {error}; move it away and start again to have a new one"
            ) from error
        self.last_id: int = sequence[0] if sequence else 0
        first = self._connection.execute("SELECT min(id) FROM message").fetchone()[0]
        self._swept_id: int = (
            self.last_id if first is None else first - 1
        )  # rows up to here were deleted or kept back
        self._page_bytes: int = self._connection.execute("PRAGMA page_size").fetchone()[0]

    def append(self, entries: Sequence[Entry], acknowledged_id: int, stored_id: int) -> range:
        """Make ``entries`` durable and give their ids; in the same transaction forget what is no longer
        needed.

        ``acknowledged_id`` is remembered for the next start; rows up to it and ``stored_id`` are deleted.

        Raises:
            sqlite3.Error: nothing of it is kept (disk full, I/O error); it may succeed later.
        """
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany(
                "INSERT INTO message (received_us, qos, mid, retain, topic, payload, size) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                entries,
            )
            last = (self._number("SELECT last_insert_rowid()") or 0) if entries else self.last_id
            swept_id = self._settle(acknowledged_id, stored_id)
        self.last_id, self.acknowledged_id, self._swept_id = last, acknowledged_id, swept_id
        return range(last - len(entries) + 1, last + 1)

    def settle(self, acknowledged_id: int, stored_id: int) -> None:
        """Remember ``acknowledged_id``, delete a stretch of what is acknowledged and stored, give pages back.

        Raises:
            sqlite3.Error: nothing of it is done; it may succeed later.
        """
        self._forget(acknowledged_id, stored_id)
        self._give_back(_VACUUM_PAGES)

    def shrink(self, acknowledged_id: int, stored_id: int) -> None:
        """As :meth:`settle`, but keeping no tail, giving back all it can, and with little room for doing so.

        Raises:
            sqlite3.Error: something of it is not done; it may succeed later.
        """
        self._truncate_log()  # first: to delete takes room too
        tail, self._tail = self._tail, 0
        try:
            self._forget(acknowledged_id, stored_id)
        finally:
            self._tail = tail
        self._truncate_log()
        for _ in range(_SHRINK_STEPS):
            if not self._number("PRAGMA freelist_count"):
                return
            self._give_back(_SHRINK_PAGES)
            self._truncate_log()

    def _forget(self, acknowledged_id: int, stored_id: int) -> None:
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            swept_id = self._settle(acknowledged_id, stored_id)
        self.acknowledged_id, self._swept_id = acknowledged_id, swept_id

    def _give_back(self, pages: int) -> None:
        # execute() would take one step of this and give back one page
        self._connection.executescript(f"PRAGMA incremental_vacuum({pages})")

    def log_bytes(self) -> int:
        """Bytes of the write-ahead log: as many the file may grow by when it is taken in."""
        return self._log.stat().st_size if self._log.exists() else 0

    def _truncate_log(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def used_bytes(self) -> int:
        """Bytes of the file in use; what was freed inside it does not count."""
        pages = self._number("PRAGMA page_count") or 0
        free = self._number("PRAGMA freelist_count") or 0
        return (pages - free) * self._page_bytes

    def recent(self) -> list[Spooled]:
        """QoS 1 messages the broker may repeat: those it surely was not told of before the last stop have an
        id above ``acknowledged_id``."""
        after = min(self.acknowledged_id, self.last_id - self._tail)
        return list(_select(self._connection, "id > ? AND qos > 0", (after,)))

    def filters(self) -> list[str]:
        """Topic filters the broker's session was last subscribed to."""
        return [text for text in self._state("filters").split("\n") if text]

    def set_filters(self, filters: Iterable[str]) -> None:
        """Remember the topic filters of the broker's session.

        Raises:
            SpoolError: they are not remembered (disk full, I/O error).
        """
        text = "\n".join(filters)
        if text == self._state("filters"):
            return
        try:
            self._set_state("filters", text)
        except sqlite3.OperationalError as error:
            raise SpoolError(f"{self.path} cannot be written: {error}; make room on its disk") from error

    def close(self) -> None:
        """Release the file."""
        self._connection.close()

    def needs_settling(self, acknowledged_id: int, stored_id: int) -> bool:
        """Whether :meth:`settle` would change anything."""
        return acknowledged_id != self.acknowledged_id or self._swept_id < self._deletable_id(stored_id)

    def _deletable_id(self, stored_id: int) -> int:
        """Rows up to here need not be kept for the store nor for a repetition."""
        used, kept = self.used_bytes(), self.last_id - self._swept_id
        tail = self._tail if used <= self._tail_bytes else min(self._tail, kept * self._tail_bytes // used)
        return min(stored_id, self.last_id - tail)

    def _settle(self, acknowledged_id: int, stored_id: int) -> int:
        """Delete stored rows up to the id it gives.

        QoS 1 rows whose acknowledgement is in doubt stay, so that their repetition is known after a crash.
        """
        if acknowledged_id != self.acknowledged_id:
            self._set_state("acknowledged_id", str(acknowledged_id))
        limit = min(self._deletable_id(stored_id), self._swept_id + _DELETE_IDS)
        execute = self._connection.execute
        execute("DELETE FROM message WHERE id <= ?", (min(limit, acknowledged_id),))
        if limit > acknowledged_id:
            after = max(self._swept_id, acknowledged_id)
            execute("DELETE FROM message WHERE id > ? AND id <= ? AND qos = 0", (after, limit))
        return max(limit, self._swept_id)

    def _number(self, query: str) -> int | None:
        found: int | None = self._connection.execute(query).fetchone()[0]
        return found

    def _state(self, key: str) -> str:
        row = self._connection.execute("SELECT value FROM state WHERE key = ?", (key,)).fetchone()
        return row[0] if row else ""

    def _set_state(self, key: str, value: str) -> None:
        self._connection.execute("INSERT OR REPLACE INTO state VALUES (?, ?)", (key, value))


class SpoolReader:
    """A second, reading connection to the spool; to be used by the thread that made it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=10, isolation_level=None)

    def read(self, after: int, limit: int, limit_bytes: int) -> list[Spooled]:
        """Messages with an id above ``after`` in order.

        At most ``limit``, and no more once ``limit_bytes`` are there.
        """
        found: list[Spooled] = []
        held = 0
        for row in _select(self._connection, "id > ? ORDER BY id LIMIT ?", (after, limit)):
            found.append(row)
            held += len(row.message.payload)
            if held >= limit_bytes:
                break
        return found

    def close(self) -> None:
        """Release the connection."""
        self._connection.close()


def _select(connection: sqlite3.Connection, where: str, values: tuple[int, ...]) -> Iterable[Spooled]:
    rows = connection.execute(
        f"SELECT id, received_us, qos, mid, retain, topic, payload, size FROM message WHERE {where}",  # noqa: S608
        values,
    )
    for id_, received_us, qos, mid, retain, topic, payload, size in rows:
        message = Message(topic, payload, from_microseconds(received_us), bool(retain))
        yield Spooled(id_, message, size, qos, mid)


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version == 0 and connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0] == 0:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        with connection:  # all or nothing: a crash here leaves an empty file, which is taken as new
            connection.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                connection.execute(table)
            state = {"uuid": str(uuid.uuid4()), "acknowledged_id": "0", "filters": ""}
            connection.executemany("INSERT INTO state VALUES (?, ?)", state.items())
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    elif version != SCHEMA_VERSION:
        connection.close()
        raise SpoolError(
            f"{path} has schema version {version}, this program writes {SCHEMA_VERSION}: use the program "
            "that wrote it until its messages are stored, then move the file away"
        )
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA journal_size_limit = 16777216")
    # Debian's SQLite overwrites what it deletes with zeros: twice the writing, and on a full disk no room.
    connection.execute("PRAGMA secure_delete = OFF")
    return connection


def renew(path: Path) -> str:
    """Give a spool file a new identity, on a connection of its own, and say which.

    The store's watermark for the old one speaks of messages this file never held.
    """
    name = str(uuid.uuid4())
    with closing(_open(path)) as connection:
        connection.execute("INSERT OR REPLACE INTO state VALUES ('uuid', ?)", (name,))
    return name
