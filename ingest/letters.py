"""Letters and sightings: what gave no reading and why, and which devices were heard.

One SQLite file (WAL). The store thread writes; the readers open a connection a call, so they serve any thread
and other processes (``classroom-climate dead-letters`` while ingest runs). Beside dead letters the file keeps
messages that were stored without some of their values, under the reason ``value_refused``."""

from __future__ import annotations

import json
import logging
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Literal

from ingest.letter import VALUE_REFUSED, Group, Letter, NewLetter, Sighting, Which
from ingest.letters_file import (
    COLUMNS,
    LettersError,
    condition,
    connected,
    letter_row,
    prepare,
    read_letter,
    read_sighting,
    sighting_row,
)
from ingest.spool import from_microseconds

__all__ = ["Letter", "Letters", "LettersError", "NewLetter", "Sighting", "Which"]

log = logging.getLogger(__name__)

LIMIT_BYTES = 1_000_000_000
_DISCARD = 1_000  # oldest letters that go at once until there is room
_ROOM_AGAIN = 0.98  # of the limit: not every batch has to make room
_PURGE = 10_000  # letters deleted in one transaction: the store thread waits for no longer one
_VACUUM_PAGES = 2_000
_GROUPS = 10_000

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

# A letter that was replayed in vain keeps number, payload and receipt; the same row again changes nothing.
_KEEP = """
INSERT INTO letter (
    id, spool, spool_id, received_us, retain, topic, payload, size, reason, detail, device, family, tries
) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (spool, spool_id) DO NOTHING
ON CONFLICT (id) DO UPDATE SET
    spool = excluded.spool, spool_id = excluded.spool_id, reason = excluded.reason,
    detail = excluded.detail, device = excluded.device, family = excluded.family, tries = tries + 1
"""


class Letters:
    """Letters and sightings of one site.

    Args:
        path: the file; created if absent.
        limit_bytes: size at which the oldest letters are deleted.

    Raises:
        LettersError: the file is not ours, is damaged or was written by a newer version.
    """

    def __init__(self, path: Path, limit_bytes: int = LIMIT_BYTES) -> None:
        self.path = path
        self._limit_bytes = limit_bytes
        self._told_full = False
        try:
            with self._connect() as connection:
                prepare(connection, path)
        except sqlite3.OperationalError as error:
            raise LettersError(
                f"{path} cannot be opened: {error}; make room on its disk, or see that it can be written"
            ) from error
        except sqlite3.Error as error:
            raise LettersError(
                f"{path} cannot be opened: {error}; move it away to begin a new one"
            ) from error

    def hold(self) -> sqlite3.Connection:
        """Keep the file open until what this gives is closed.

        Otherwise every call makes the log and its index anew, for which a full disk has no room: it could not
        even be read then.
        """
        held = sqlite3.connect(self.path, timeout=10, check_same_thread=False)
        held.execute("SELECT count(*) FROM counted").fetchone()
        return held

    def write(
        self,
        spool: str,
        last_id: int,
        letters: Sequence[NewLetter],
        sightings: Sequence[Sighting],
        answered_ids: Sequence[int] = (),
    ) -> int:
        """Keep what a batch of spool ``spool`` up to ``last_id`` showed; the same batch again changes
        nothing.

        Letters replayed with success (``answered_ids``) are deleted: their messages are in the spool until
        the store has them. Of a batch that is decoded anew after a crash, and perhaps differently, what fails
        only now is kept too. Gives the number of oldest letters deleted because the file reached its limit.

        Raises:
            sqlite3.Error: nothing of it is kept (disk full, I/O error); it may succeed later.
        """
        with self._connect() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            discarded = self._make_room(connection) if letters else 0
            row = connection.execute("SELECT id, kept FROM counted WHERE spool = ?", (spool,)).fetchone()
            counted_id, kept = (row[0], set(json.loads(row[1]))) if row else (0, set())
            fresh = [letter for letter in letters if letter.spool_id not in kept]  # others may be purged
            connection.executemany(_KEEP, [letter_row(spool, letter) for letter in fresh])
            connection.executemany("DELETE FROM letter WHERE id = ?", [(id_,) for id_ in answered_ids])
            if counted_id < last_id:
                connection.executemany(_SEEN, [sighting_row(sighting) for sighting in sightings])
                ids = json.dumps([letter.spool_id for letter in letters])
                connection.execute("INSERT OR REPLACE INTO counted VALUES (?, ?, ?)", (spool, last_id, ids))
        return discarded

    def keep(self, spool: str, letters: Sequence[NewLetter]) -> int:
        """Keep letters that turned out only when the batch was stored; the same again change nothing.

        They stand in place of what was kept of the same messages for another reason.
        Gives the number of oldest letters deleted for room.

        Raises:
            sqlite3.Error: nothing of it is kept; it may succeed later.
        """
        with self._connect() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            discarded = self._make_room(connection)
            connection.executemany(
                "DELETE FROM letter WHERE spool = ? AND spool_id = ? AND reason != ?",
                [(spool, letter.spool_id, letter.reason) for letter in letters],
            )
            connection.executemany(_KEEP, [letter_row(spool, letter) for letter in letters])
        return discarded

    def list(
        self,
        reason: str | None = None,
        before_id: int | None = None,
        limit: int = 100,
        family: str | None = None,
        topic: str | None = None,
    ) -> Sequence[Letter]:
        """Letters, newest first; ``before_id`` continues an earlier list, ``topic`` is an MQTT filter."""
        where, values = condition(Which(reason, family, topic))
        before = 2**63 - 1 if before_id is None else before_id
        with self._connect() as connection:
            rows = connection.execute(
                f"SELECT {COLUMNS} FROM letter WHERE {where} AND id < :before_id "  # noqa: S608
                "ORDER BY id DESC LIMIT :limit",
                {**values, "before_id": before, "limit": limit},
            ).fetchall()
        return [read_letter(row) for row in rows]

    def oldest(
        self, which: Which, after_id: int, through_id: int, limit: int, limit_bytes: int
    ) -> Sequence[Letter]:
        """The letters meant with ``after_id < id <= through_id``, oldest first.

        At most ``limit``, and no more once ``limit_bytes`` of payload are there.
        """
        where, values = condition(which)
        found: list[Letter] = []
        held = 0
        with self._connect() as connection:
            for row in connection.execute(
                f"SELECT {COLUMNS} FROM letter WHERE {where} AND id > :after_id AND id <= :through_id "  # noqa: S608
                "ORDER BY id LIMIT :limit",
                {**values, "after_id": after_id, "through_id": through_id, "limit": limit},
            ):
                found.append(read_letter(row))
                held += len(found[-1].message.payload)
                if held >= limit_bytes:
                    break
        return found

    def get(self, id: int) -> Letter | None:  # noqa: A002
        """One letter."""
        with self._connect() as connection:
            row = connection.execute(f"SELECT {COLUMNS} FROM letter WHERE id = ?", (id,)).fetchone()  # noqa: S608
        return read_letter(row) if row else None

    def last_id(self) -> int:
        """Number of the newest letter, 0 if there is none."""
        with self._connect() as connection:
            found: int = connection.execute("SELECT coalesce(max(id), 0) FROM letter").fetchone()[0]
        return found

    def count(self, which: Which) -> int:
        """How many letters are meant."""
        where, values = condition(which)
        with self._connect() as connection:
            found: int = connection.execute(
                f"SELECT count(*) FROM letter WHERE {where}",  # noqa: S608
                values,
            ).fetchone()[0]
        return found

    def count_by_reason(self) -> dict[str, int]:
        """Kept letters by reason, the most frequent first."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT reason, count(*) FROM letter GROUP BY reason ORDER BY 2 DESC, 1"
            )
            return dict(rows.fetchall())

    def groups(self, by: Literal["reason", "family", "topic", "device"], which: Which) -> Sequence[Group]:
        """The letters meant, counted by what they have in common, the most frequent first (10,000 at
        most)."""
        where, values = condition(which)
        with self._connect() as connection:
            rows = connection.execute(
                f"SELECT {by}, count(*), min(received_us), max(received_us) FROM letter WHERE {where} "  # noqa: S608
                f"GROUP BY {by} ORDER BY 2 DESC, 1 LIMIT {_GROUPS}",
                values,
            ).fetchall()
        return [
            Group(key, letters, from_microseconds(first_us), from_microseconds(last_us))
            for key, letters, first_us, last_us in rows
        ]

    def tries(self, ids: Sequence[int]) -> dict[int, tuple[int, str]]:
        """How often each of these letters was tried, and its present reason; those gone are left out."""
        where, values = condition(Which(ids=tuple(ids)))
        with self._connect() as connection:
            rows = connection.execute(f"SELECT id, tries, reason FROM letter WHERE {where}", values)  # noqa: S608
            return {id_: (tries, reason) for id_, tries, reason in rows}

    def purge(
        self,
        ids: Sequence[int] | None = None,
        reason: str | None = None,
        family: str | None = None,
        topic: str | None = None,
        received_before: datetime | None = None,
    ) -> int:
        """Delete the letters meant, all of them if nothing narrows; gives their number.

        Done in steps, so that nothing waits long; the disk gets its room back.
        """
        meant = None if ids is None else tuple(ids)
        where, values = condition(Which(reason, family, topic, meant, received_before))
        page = f"SELECT id FROM letter WHERE {where} AND id > :after_id ORDER BY id LIMIT {_PURGE}"  # noqa: S608
        purged = after_id = 0
        with self._connect() as connection:
            while rows := connection.execute(page, {**values, "after_id": after_id}).fetchall():
                with connection:
                    connection.execute("BEGIN IMMEDIATE")
                    before = connection.total_changes
                    connection.executemany("DELETE FROM letter WHERE id = ?", rows)
                    purged += connection.total_changes - before
                after_id = rows[-1][0]
            while connection.execute("PRAGMA freelist_count").fetchone()[0] and _gave_back(connection):
                pass
        return purged

    def heard(self) -> Sequence[str]:
        """The key of every device heard, in order: of a region's, a tenth of the time of its sightings."""
        with self._connect() as connection:
            return [device for (device,) in connection.execute("SELECT device FROM sighting ORDER BY device")]

    def sightings(self) -> Sequence[Sighting]:
        """Every device heard, in order of its key."""
        with self._connect() as connection:
            rows = connection.execute(
                "SELECT device, family, first_seen_us, last_seen_us, last_topic, messages, hints "
                "FROM sighting ORDER BY device"
            ).fetchall()
        return [read_sighting(row) for row in rows]

    def _make_room(self, connection: sqlite3.Connection) -> int:
        """Delete the oldest letters where the file is at its limit.

        Those that are not dead go first: the good values of their messages are stored.
        """
        discarded = 0
        limit_bytes: float = self._limit_bytes
        while _used_bytes(connection) >= limit_bytes:
            limit_bytes = self._limit_bytes * _ROOM_AGAIN
            gone = 0
            for which in (f"reason = '{VALUE_REFUSED}'", "1"):
                oldest = f"SELECT id FROM letter WHERE {which} ORDER BY id LIMIT {_DISCARD}"  # noqa: S608
                gone = connection.execute(f"DELETE FROM letter WHERE id IN ({oldest})").rowcount  # noqa: S608
                if gone:
                    break
            if not gone:
                break
            discarded += gone
        if discarded and not self._told_full:
            self._told_full = True
            log.warning(
                "%s is at its limit (ingest.dead_letters_limit_mb): the oldest are deleted and counted",
                self.path,
            )
        return discarded

    def _connect(self) -> AbstractContextManager[sqlite3.Connection]:
        return connected(self.path)


def _gave_back(connection: sqlite3.Connection) -> bool:
    """Give some free pages back to the disk; False where the file is an older one that cannot."""
    before = connection.execute("PRAGMA page_count").fetchone()[0]
    # execute() would take one step of this and give back one page
    connection.executescript(f"PRAGMA incremental_vacuum({_VACUUM_PAGES})")
    return bool(connection.execute("PRAGMA page_count").fetchone()[0] < before)


def _used_bytes(connection: sqlite3.Connection) -> int:
    pages, free, page_bytes = (
        connection.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("page_count", "freelist_count", "page_size")
    )
    used: int = (pages - free) * page_bytes
    return used
