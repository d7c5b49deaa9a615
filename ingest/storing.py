"""The store thread: spooled messages to readings and dead letters, in order; the only writer of the store.

What the program writes itself (an import, an assignment) goes through the same thread. A store that cannot
serve is asked again until it can; meanwhile the spool grows and nothing else waits."""

from __future__ import annotations

import logging
import math
import sqlite3
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue

from classroom.reading import Flag, Reading
from classroom.settings import IngestSettings
from ingest.check import check, describe
from ingest.counters import Counters
from ingest.letter import VALUE_REFUSED, NewLetter, Sighting
from ingest.letters import Letters
from ingest.message import Decoded, Message, Undecodable
from ingest.spool import Spooled, SpoolReader, renew
from ingest.spooling import SpoolThread
from store.base import ReadingsRefused, Store, StoreError, Watermark, Written

log = logging.getLogger(__name__)

BATCH = 5_000
_BATCH_BYTES = 32 * 2**20
_WAIT_S = 0.5
_GATHER_S = (
    0.25  # from batch to batch: a batch of a few hundred costs the store 35 us a reading, of thousands 5
)
_BACKOFF_S = (0.5, 30.0)
_LONGEST_ASKED_S = 300.0  # of a store's Retry-After
_STOP_S = 5.0  # longest drain of a backlog at a stop; the rest waits in the spool

DECODER_FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    RecursionError,
    TypeError,
    ValueError,
    struct.error,
)
"""What a fault in a decoder looks like.

Such a message becomes a dead letter, the ones behind it are not held up.
"""


@dataclass(slots=True)
class Outcome:
    """What a batch of messages came to."""

    readings: list[Reading] = field(default_factory=list)
    sources: list[Spooled] = field(default_factory=list)  # the message of each reading
    letters: list[NewLetter] = field(default_factory=list)
    answered: list[int] = field(default_factory=list)  # letters replayed with success
    sightings: dict[str, Sighting] = field(default_factory=dict)
    families: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    stored: int = 0

    def bury(self, refused: ReadingsRefused) -> list[NewLetter]:
        """Take out what the store will never take; their messages become dead letters."""
        keys = {reading[:3] for reading in refused.readings}
        rows = {}
        kept = []
        for reading, row in zip(self.readings, self.sources, strict=True):
            if reading[:3] in keys:
                why = Undecodable("store_refused", refused.why, reading.device)
                rows[row.id] = _letter(row, why)
            else:
                kept.append((reading, row))
        self.readings, self.sources = [reading for reading, _ in kept], [row for _, row in kept]
        self.letters = [letter for letter in self.letters if letter.spool_id not in rows]
        self.letters += rows.values()
        self.stored -= len(rows)
        return list(rows.values())


class StoreThread:
    """Moves spooled messages to the store.

    Args:
        spool_path: read over an own connection.
        spool_uuid: name under which the store keeps the watermark.
        spool_end: last id given out before this start; a watermark beyond it speaks of another file.
        freed: told, through ``SpoolThread.stored_id``, what may be deleted.
        on_stored: given the readings of each batch once they are stored; must not raise or wait.
    """

    def __init__(
        self,
        spool_path: Path,
        spool_uuid: str,
        spool_end: int,
        freed: SpoolThread,
        letters: Letters,
        store: Store,
        settings: IngestSettings,
        decode: Callable[[Message], Decoded],
        on_stored: Callable[[Sequence[Reading]], None],
        clock: Callable[[], datetime],
        counters: Counters,
    ) -> None:
        self._spool_path = spool_path
        self._spool_end = spool_end
        self._uuid = spool_uuid
        self._freed = freed
        self._letters = letters
        self._store = store
        self._settings = settings
        self._decode = decode
        self._on_stored = on_stored
        self._clock = clock
        self._counters = counters
        self._writes: SimpleQueue[tuple[Sequence[Reading], Future[Written]]] = SimpleQueue()
        self._stopping = threading.Event()
        self._stop_by = math.inf
        self._thread: threading.Thread | None = None
        self.stored_id = 0
        self._knows_watermark = False
        self._refused: set[tuple[str, str]] = set()  # devices and quantities of which a refusal was logged
        self.oldest: datetime | None = None  # receipt of the oldest message not stored yet
        self.trouble: str | None = None
        with suppress(StoreError):  # then the thread asks until it is told; the spool grows meanwhile
            self._learn_watermark()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread (again, if it died)."""
        self._stopping.clear()
        self._stop_by = math.inf
        self._thread = threading.Thread(target=self._run, name="ingest-store", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Store what is spooled and end; what does not get done stays in the spool for the next start."""
        self._stop_by = time.monotonic() + _STOP_S
        self._stopping.set()
        self._freed.spooled.set()
        if self._thread is not None:
            self._thread.join(60)

    def write(self, readings: Sequence[Reading]) -> Future[Written]:
        """Store readings that did not come as messages; the future ends when they are stored or refused."""
        done: Future[Written] = Future()
        self._writes.put((readings, done))
        self._freed.spooled.set()
        return done

    def _run(self) -> None:
        if not self._knows_watermark and self._persist(self._learn_watermark) is None:
            return
        reader = SpoolReader(self._spool_path)
        try:
            while True:
                stopping = self._stopping.is_set()
                self._freed.spooled.clear()
                self._write_submitted()
                rows = self._read(reader)
                if rows:
                    self.oldest = next((r.message.received for r in rows if not r.replayed_id), None)
                    began = time.monotonic()
                    if not self._store_rows(rows) or time.monotonic() > self._stop_by:
                        return
                    if len(rows) < BATCH:
                        self._stopping.wait(began + _GATHER_S - time.monotonic())
                else:
                    self.oldest = None
                    if stopping:
                        return
                    self._freed.spooled.wait(_WAIT_S)
        finally:
            reader.close()

    def _learn_watermark(self) -> Written:
        """Ask the store how far it came."""
        stored_id = self._store.watermark(self._uuid)
        if stored_id > self._spool_end:
            log.warning("%s is older than the store: it is taken as a new spool", self._spool_path)
            self._uuid = renew(self._spool_path)
            stored_id = 0
        self.stored_id = self._freed.stored_id = stored_id
        self._knows_watermark = True
        return Written()

    def _read(self, reader: SpoolReader) -> list[Spooled]:
        try:
            return reader.read(self.stored_id, BATCH, _BATCH_BYTES)
        except sqlite3.Error as error:
            self._report(f"the spool cannot be read: {error}")
            return []

    def _store_rows(self, rows: Sequence[Spooled]) -> bool:
        """Decode and store a batch, however long it takes; False if stopped before the store could serve."""
        outcome = self.decode_rows(rows)
        watermark = Watermark(self._uuid, rows[-1].id)
        discarded = 0

        def attempt() -> Written:
            nonlocal discarded
            seen = list(outcome.sightings.values())
            discarded += self._letters.write(
                self._uuid, watermark.id, outcome.letters, seen, outcome.answered
            )
            return self._write(outcome, watermark)

        written = self._persist(attempt)
        if written is None:
            return False
        self.stored_id = watermark.id
        self._freed.stored_id = watermark.id
        self._count(rows, outcome, written, discarded)
        if outcome.readings:
            self._on_stored(outcome.readings)
        return True

    def _write(self, outcome: Outcome, watermark: Watermark) -> Written:
        """Store what the store takes; what it will never take is a dead letter before the watermark moves."""
        try:
            return self._store.write_readings(outcome.readings, watermark)
        except ReadingsRefused as refusal:
            self._tell_refused(refusal)
            discarded = self._letters.keep(self._uuid, outcome.bury(refusal))
            self._counters.dead_letters_discarded.inc(discarded)
            taken = refusal.written
        again = self._write(outcome, watermark)
        return Written(taken.stored + again.stored, taken.duplicates, taken.conflicts + again.conflicts)

    def _tell_refused(self, refusal: ReadingsRefused) -> None:
        """Log a refusal, once for each device and quantity; the dead letters are counted."""
        series = {(reading.device, reading.quantity) for reading in refusal.readings}
        if not series <= self._refused:
            log.warning("store: %s; their messages are dead letters", refusal)
            self._refused |= series

    def _write_submitted(self) -> None:
        while True:
            try:
                readings, done = self._writes.get_nowait()
            except Empty:
                return
            written = self._persist(partial(self._write_some, readings, done))
            if done.done():
                continue
            if written is None:
                done.set_exception(
                    StoreError("stopped before the store could serve; hand the readings in again")
                )
            else:
                self._count_written(written)
                done.set_result(written)

    def _write_some(self, readings: Sequence[Reading], done: Future[Written]) -> Written:
        """As the store's own; what it refuses is told to whoever waits for ``done``, who has the source."""
        try:
            return self._store.write_readings(readings)
        except ReadingsRefused as refusal:
            done.set_exception(refusal)
            return refusal.written

    def _persist(self, attempt: Callable[[], Written]) -> Written | None:
        """Try until it succeeds; None if stopped meanwhile."""
        wait_s, longest_s = _BACKOFF_S
        while True:
            asked_s = 0.0
            try:
                written = attempt()
            except StoreError as error:
                self._report(f"the store cannot serve: {error}")
                asked_s = min(error.retry_after_s, _LONGEST_ASKED_S)
            except sqlite3.Error as error:
                self._report(f"dead letters cannot be kept: {error}")
            else:
                self._report(None)
                return written
            if self._stopping.wait(max(wait_s, asked_s)):
                return None
            wait_s = min(wait_s * 2, longest_s)

    def decode_rows(self, rows: Sequence[Spooled]) -> Outcome:
        """What the messages say; every one ends as readings or as a dead letter."""
        outcome = Outcome()
        for row in rows:
            try:
                decoded = self._decode_row(row, outcome)
            except Undecodable as why:
                outcome.letters.append(_letter(row, why))
                if why.device:
                    _see(outcome.sightings, why.device, None, row.message, {})
            else:
                outcome.stored += 1
                _see(outcome.sightings, decoded.device, decoded.family, row.message, decoded.hints)
        return outcome

    def _decode_row(self, row: Spooled, outcome: Outcome) -> Decoded:
        message = row.message
        limit = self._settings.payload_limit_bytes
        if row.size > min(limit, len(message.payload)):
            raise Undecodable("too_large", f"{row.size} bytes; ingest.payload_limit_bytes is {limit}")
        try:
            decoded = self._decode(message)
            outcome.families[decoded.family] += 1
            checked = check(message, decoded, self._settings)
        except DECODER_FAULTS as error:
            raise Undecodable("decoder_fault", f"{type(error).__name__}: {error}") from error
        if decoded.unknown:
            outcome.refused["unknown_key"] += len(decoded.unknown)
        if checked.refused or decoded.rejected:
            outcome.refused.update(checked.refused)
            outcome.refused.update(["wrong_type"] * len(decoded.rejected))
            faults = [describe(checked.refused)] if checked.refused else []
            detail = "; ".join((*decoded.rejected, *faults))
            outcome.letters.append(
                _letter(row, Undecodable(VALUE_REFUSED, detail, decoded.device, decoded.family))
            )
        elif row.replayed_id:
            outcome.answered.append(row.replayed_id)
        outcome.readings.extend(checked.readings)
        outcome.sources.extend([row] * len(checked.readings))
        return decoded

    def _count(self, rows: Sequence[Spooled], outcome: Outcome, written: Written, discarded: int) -> None:
        counters = self._counters
        counters.stored.inc(outcome.stored)
        counters.dead_letters_discarded.inc(discarded)
        for family, number in outcome.families.items():
            counters.decoded.labels(family).inc(number)
        for reason, number in Counter(letter.reason for letter in outcome.letters).items():
            counted = counters.partial if reason == VALUE_REFUSED else counters.dead_letters.labels(reason)
            counted.inc(number)
        for reason, number in outcome.refused.items():
            counters.values_refused.labels(reason).inc(number)
        for reading in outcome.readings:
            if reading.flag:
                for flag in Flag(reading.flag):
                    counters.readings_flagged.labels((flag.name or "").lower()).inc()
        self._count_written(written)
        now = self._clock()
        for row in rows:
            if not row.replayed_id:
                counters.delay.observe(max(0.0, (now - row.message.received).total_seconds()))

    def _count_written(self, written: Written) -> None:
        self._counters.readings_stored.inc(written.stored)
        self._counters.readings_duplicate.inc(written.duplicates)
        self._counters.readings_conflict.inc(written.conflicts)

    def _report(self, trouble: str | None) -> None:
        if (trouble is None) != (self.trouble is None):
            if trouble is None:
                log.warning("store: it serves again")
            else:
                log.error("store: %s; messages wait in the spool", trouble)
        self.trouble = trouble


def _letter(row: Spooled, why: Undecodable) -> NewLetter:
    return NewLetter(
        row.id, row.message, row.size, why.reason, why.detail, why.device, why.family, row.replayed_id
    )


def _see(
    seen: dict[str, Sighting], device: str, family: str | None, message: Message, hints: Mapping[str, str]
) -> None:
    earlier = seen.get(device)
    at = message.received
    if earlier is None:
        seen[device] = Sighting(device, family, at, at, message.topic, 1, dict(hints))
        return
    seen[device] = Sighting(
        device,
        family or earlier.family,
        min(earlier.first_seen, at),
        max(earlier.last_seen, at),
        message.topic if at >= earlier.last_seen else earlier.last_topic,
        earlier.messages + 1,
        hints or earlier.hints,
    )
