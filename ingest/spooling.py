"""The spool thread: group commit, then acknowledgement in the order of receipt.

What waits in the inbox is committed together and acknowledged after the commit. A full spool or a failing
disk stops acknowledging, so that the broker keeps QoS 1 messages; QoS 0 is dropped at the door and counted.
Room comes back when the store catches up or somebody frees the disk."""

from __future__ import annotations

import logging
import math
import shutil
import sqlite3
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty
from typing import NamedTuple

from ingest.counters import Counters
from ingest.message import Message
from ingest.mqtt import Connected, Delivery, Inbox, Link
from ingest.redelivery import Arrival, Redeliveries
from ingest.spool import Entry, Spool, SpoolError, to_microseconds

log = logging.getLogger(__name__)

BATCH = (
    10_000  # above any sensible window: a whole window in a commit is what the law of the window counts on
)
_GATHER = 0.1  # of what the last commit took
_GATHER_MOST_S = 0.1
_BATCH_BYTES = 8 * 2**20
_IDLE_S = 0.25
_RETRY_S = 0.5
_STOP_S = 5.0  # longest time given to a busy inbox at a stop
_ROOM_AGAIN = 0.9  # of the limit: no flapping at the edge
_ROOM_AGAIN_BYTES = 1_000_000  # likewise, where the disk itself was full


class Submission(NamedTuple):
    """Messages handed in by the program itself (replay, import); ``done`` is set once they are durable.

    ``letter_ids`` are the dead letters they were, one a message, where they are replayed.
    """

    messages: Sequence[Message]
    done: Future[None]
    letter_ids: Sequence[int] = ()


class _Handed(NamedTuple):
    """Acknowledgements handed to the connection ``generation`` (None: there were none to hand)."""

    generation: int | None
    last_id: int
    ids: Sequence[int]


@dataclass(slots=True)
class _Batch:
    """A group to be committed: what is new, and all that is to be acknowledged afterwards."""

    deliveries: list[Delivery] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    arrivals: list[Arrival | None] = field(default_factory=list)  # one an entry; None: QoS 0
    acknowledged_ids: list[int] = field(default_factory=list)  # spool ids its acknowledgements speak of
    submissions: list[Submission] = field(default_factory=list)


class SpoolThread:
    """Moves the inbox to the spool; the only writer of the spool while it runs.

    Args:
        spool: opened by the caller, closed by the caller after :meth:`stop`.
        limit_bytes: size at which acknowledging stops.
        reserve_bytes: free room on the disk at which it stops too: without room for what is stored and for
            dead letters the spool could never be emptied.
        payload_limit_bytes: longer payloads are cut to this (they become dead letters later).
    """

    def __init__(
        self,
        spool: Spool,
        inbox: Inbox,
        link: Link,
        counters: Counters,
        limit_bytes: int,
        reserve_bytes: int,
        payload_limit_bytes: int,
    ) -> None:
        self._spool = spool
        self._inbox = inbox
        self._link = link
        self._counters = counters
        self._limit_bytes = limit_bytes
        self._reserve_bytes = reserve_bytes
        self._disk = spool.path.resolve().parent
        self._payload_limit_bytes = payload_limit_bytes
        self._memory = Redeliveries()
        self._batch: _Batch | None = None
        self._handed: list[_Handed] = []
        self._acknowledged_id = spool.acknowledged_id
        self._stopping = threading.Event()
        self._stop_by = math.inf
        self._gather_s = 0.0
        self._thread: threading.Thread | None = None
        self.spooled = threading.Event()  # set after every commit: the store thread waits for it
        self.stored_id = 0  # set by the store thread: rows up to here may go
        self.full: str | None = None
        self._next: object = None  # taken from the inbox, belongs to the next batch
        # Connection whose acknowledgements end the doubt about what the broker knows; None: no doubt.
        self._generation: int | None = None
        for kept in spool.recent():
            message = kept.message
            digest = _digest(message.payload, kept.size)
            self._memory.remember(kept.id, Arrival(0, kept.mid, message.topic, digest))
            if kept.id <= spool.acknowledged_id:
                self._memory.acknowledged([kept.id])
            else:
                self._generation = 0

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread (again, if it died: it goes on with the batch it had)."""
        self._stop_by = math.inf
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="ingest-spool", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Commit and acknowledge what is in the inbox, then end; without room it ends at once."""
        self._stop_by = time.monotonic() + _STOP_S
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(30)

    def _run(self) -> None:
        while True:
            if self._batch is None:
                stopping = self._stopping.is_set()
                self._batch = self._take(0 if stopping else _IDLE_S)
                if stopping and (self._batch is None or time.monotonic() > self._stop_by):
                    return  # what is not committed is not acknowledged either
            if self._batch is None:
                self._settle()
            elif not self._keep(self._batch):
                return  # stopping without room: nothing of the batch is acknowledged, the broker still has it
            self._batch = None

    def _take(self, timeout_s: float) -> _Batch | None:
        """What waits in the inbox, up to a batch; None if nothing comes in ``timeout_s``.

        What the broker sends on the last acknowledgements comes one by one: without waiting a little for the
        rest of the window, a commit would take half of it.
        """
        batch = _Batch()
        held = taken = 0
        item, self._next = self._next, None
        gather_by = 0.0
        try:
            while taken < BATCH and held < _BATCH_BYTES:
                if item is None:
                    item = self._inbox.get(timeout=self._gather_until(gather_by) if taken else timeout_s)
                if not taken:
                    gather_by = time.monotonic() + self._gather_s
                if isinstance(item, Connected) and taken:
                    self._next = item  # repetitions are found only once what they repeat has its id
                    break
                held += self._sort(item, batch)
                taken += len(item) if isinstance(item, list) else 1
                item = None
        except Empty:
            pass
        return batch if taken else None

    def _gather_until(self, gather_by: float) -> float:
        """Seconds worth waiting for more; none where the broker may not send any."""
        window, waiting = self._link.window, self._link.unacknowledged
        return 0.0 if window and waiting >= window else max(0.0, gather_by - time.monotonic())

    def _sort(self, item: object, batch: _Batch) -> int:
        """Add one item of the inbox to ``batch``; gives the bytes it adds."""
        if isinstance(item, list):
            self._link.taken += len(item)
            return sum(self._sort_delivery(delivery, batch) for delivery in item)
        if isinstance(item, Submission):
            batch.submissions.append(item)
            numbers = item.letter_ids or [0] * len(item.messages)
            batch.entries += map(self._entry, item.messages, numbers)
            batch.arrivals += [None] * len(item.messages)
            return sum(len(message.payload) for message in item.messages)
        if isinstance(item, Connected):
            self._counters.connections.inc()
            if not item.session:
                self._memory.forget()
                self._handed.clear()
                self._generation = None
                self._acknowledged_id = self._spool.last_id
        return 0

    def _sort_delivery(self, delivery: Delivery, batch: _Batch) -> int:
        generation, mid, qos, topic, payload, retain, received_us = delivery
        size = len(payload)
        payload = payload[: self._payload_limit_bytes]
        batch.deliveries.append(delivery)
        arrival = None
        if qos:
            self._generation = generation
            arrival = Arrival(generation, mid, topic, _digest(payload, size))
            repeated_id = self._memory.find(arrival)
            if repeated_id is not None:
                batch.acknowledged_ids.append(repeated_id)
                return 0
        batch.entries.append(Entry(received_us, qos, mid, retain, topic, payload, size))
        batch.arrivals.append(arrival)
        return len(payload)

    def _entry(self, message: Message, replayed_id: int) -> Entry:
        topic, payload, received, retain = message.topic, message.payload, message.received, message.retain
        cut = payload[: self._payload_limit_bytes]
        return Entry(to_microseconds(received), 0, replayed_id, retain, topic, cut, len(payload))

    def _keep(self, batch: _Batch) -> bool:
        """Commit and acknowledge ``batch``, however long it takes; False if stopped before there was room."""
        while True:
            try:
                kept = self._commit(batch)
            except sqlite3.Error as error:
                kept = False
                self._set_full(f"{self._spool.path} cannot be written: {error}")
                with suppress(sqlite3.Error):
                    self._spool.shrink(self._acknowledged_id, self.stored_id)
            if kept:
                self._set_full(None)
                return True
            if self._stopping.wait(_RETRY_S):
                self._abandon(batch)
                return False

    def _commit(self, batch: _Batch) -> bool:
        if batch.entries:
            self._look_for_flushed()
            no_room = self._no_room()
            if no_room:
                self._spool.shrink(self._acknowledged_id, self.stored_id)
                self._set_full(no_room)
                return False
            began = time.monotonic()
            ids = self._spool.append(batch.entries, self._acknowledged_id, self.stored_id)
            self._gather_s = min(_GATHER_MOST_S, (time.monotonic() - began) * _GATHER)
            for id_, arrival in zip(ids, batch.arrivals, strict=True):
                if arrival is not None:
                    self._memory.remember(id_, arrival)
                    batch.acknowledged_ids.append(id_)
            batch.arrivals.clear()
            self.spooled.set()
        acknowledged = self._link.acknowledge(batch.deliveries)
        self._handed.append(_Handed(self._generation, self._spool.last_id, batch.acknowledged_ids))
        self._count(batch, acknowledged)
        for submission in batch.submissions:
            submission.done.set_result(None)
        return True

    def _no_room(self) -> str:
        """Why nothing more may be spooled now; empty if it may."""
        share = _ROOM_AGAIN if self.full else 1
        used = self._spool.used_bytes()
        self._counters.spool_bytes.set(used)
        if used >= self._limit_bytes * share:
            return f"the spool holds {used / 1e6:.1f} MB, its limit (ingest.spool_limit_mb)"
        free = shutil.disk_usage(self._disk).free - self._spool.log_bytes()
        wanted = max(self._reserve_bytes / share, _ROOM_AGAIN_BYTES) if self.full else self._reserve_bytes
        if wanted and free < wanted:
            return (
                f"the disk of {self._spool.path} has {max(0, free) / 1e6:.1f} MB free; it takes nothing of "
                f"the last {self._reserve_bytes / 1e6:.0f} MB (ingest.spool_reserve_mb)"
            )
        return ""

    def _settle(self) -> None:
        """Nothing to do: remember what is acknowledged, delete what is stored."""
        self._look_for_flushed()
        try:
            if self._spool.needs_settling(self._acknowledged_id, self.stored_id):
                self._spool.settle(self._acknowledged_id, self.stored_id)
                self._counters.spool_bytes.set(self._spool.used_bytes())
        except sqlite3.Error as error:
            self._set_full(f"{self._spool.path} cannot be written: {error}")
        else:
            self._set_full(None)

    def _look_for_flushed(self) -> None:
        waiting = []
        for handed in self._handed:
            if handed.generation is None or self._link.flushed(handed.generation):
                self._memory.acknowledged(handed.ids)
                self._acknowledged_id = max(self._acknowledged_id, handed.last_id)
            elif handed.generation >= self._link.generation:
                waiting.append(handed)  # older ones will never leave: the broker will repeat them
        self._handed = waiting

    def _count(self, batch: _Batch, acknowledged: int) -> None:
        submitted = sum(len(submission.messages) for submission in batch.submissions)
        received = len(batch.deliveries) + submitted
        self._counters.received.inc(received)
        self._counters.spooled.inc(len(batch.entries))
        self._counters.redelivered.inc(received - len(batch.entries))
        self._counters.acknowledged.inc(acknowledged)

    def _abandon(self, batch: _Batch) -> None:
        lost = sum(1 for delivery in batch.deliveries if not delivery.qos)
        if lost:
            log.warning("%d QoS 0 messages were dropped: stopped while the spool had no room", lost)
            self._counters.dropped.inc(lost)
        for submission in batch.submissions:
            submission.done.set_exception(SpoolError("stopped without room; hand the messages in again"))

    def _set_full(self, why: str | None) -> None:
        if (why is None) != (self.full is None):
            if why is None:
                log.warning("spool: there is room again, acknowledging goes on")
            else:
                log.error("spool: %s; acknowledging stops, the broker keeps QoS 1 messages", why)
        self.full = why
        self._link.full = why is not None


def _digest(payload: bytes, size: int) -> int:
    return hash((payload, size))
