"""The site's access file: an SQLite database that commands and every API process of the site share."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

_VERSION = 1
_TABLES = """
CREATE TABLE tokens (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL, kind TEXT NOT NULL, role TEXT NOT NULL, schools TEXT NOT NULL,
    room TEXT, note TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER, revoked INTEGER
) WITHOUT ROWID;
CREATE TABLE sessions (
    hash TEXT PRIMARY KEY, state TEXT NOT NULL, created INTEGER NOT NULL, expires INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX sessions_by_expiry ON sessions (expires);
"""


class AccessError(Exception):
    """The access file cannot be used; the message says why. Then nobody is let in by it."""


class AccessFile:
    """Statements on the file at ``path``, from any thread. It holds hashes only, and is its owner's alone.

    Raises:
        AccessError: it cannot be opened, or a newer version of this program wrote it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's own files take its mode
            self._connection = sqlite3.connect(path, timeout=5, check_same_thread=False, isolation_level=None)
            self._connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;")
            self._prepare()
        except (OSError, sqlite3.Error) as error:
            raise AccessError(f"{path} cannot be opened: {error}") from error

    def _prepare(self) -> None:
        with self._writing() as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise AccessError(f"{self._path} was written by a newer version of classroom-climate")
            if version < _VERSION:
                for statement in filter(str.strip, _TABLES.split(";")):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {_VERSION}")

    def rows(self, query: str, values: Iterable[object] = ()) -> list[tuple[object, ...]]:
        """What a query finds.

        Raises:
            AccessError: the file cannot be read now.
        """
        try:
            with self._lock:
                return self._connection.execute(query, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise AccessError(f"{self._path} cannot be read: {error}") from error

    def write(self, statement: str, values: Iterable[object] = ()) -> int:
        """Run a statement, durable when this returns; gives the number of rows it changed.

        Raises:
            AccessError: the file cannot be written now.
        """
        try:
            with self._writing() as connection:
                return connection.execute(statement, tuple(values)).rowcount
        except sqlite3.Error as error:
            raise AccessError(f"{self._path} cannot be written: {error}") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._connection:  # which commits, or rolls back
            self._connection.execute("BEGIN IMMEDIATE")
            yield self._connection


EPOCH = datetime.fromtimestamp(0, UTC)


def seconds(time: datetime) -> int:
    """An instant as the file keeps it [s since 1970]."""
    return int(time.timestamp())


def instant(kept: object) -> datetime | None:
    """An instant of the file, aware UTC."""
    return datetime.fromtimestamp(kept, UTC) if isinstance(kept, int) else None
