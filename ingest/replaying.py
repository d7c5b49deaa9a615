"""Replaying letters: their messages are handed in again as they came, and what can be read now leaves them.

A letter stays until the store thread has read its message again. The spool holds message and number of the
letter in one commit; so a stop at any moment loses nothing, and a message that is handed in twice gives
readings equal to the stored ones, which are dropped."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from ingest.letter import Letter, Which
from ingest.letters import Letters
from ingest.message import Message
from ingest.spool import SpoolError

PAGE = 5_000
"""Letters of one call at most: a full batch of the store thread."""

_PAGE_BYTES = 8 * 2**20
_WAIT_S = 30.0
_LOOK_S = 0.02


class Ingest(Protocol):
    """As much of a pipeline as a replay needs."""

    def submit(self, messages: Sequence[Message], letter_ids: Sequence[int] = ()) -> Future[None]:
        """Hand in messages; the future ends when they are durable."""
        ...

    @property
    def stopping(self) -> bool:
        """Whether nothing is to be handed in any more."""
        ...

    @property
    def spooled(self) -> int:
        """Number of the last spooled message."""
        ...

    @property
    def stored(self) -> int:
        """Number of the last spooled message that is stored or a letter."""
        ...


@dataclass(frozen=True, slots=True)
class Replayed:
    """What one page of a replay came to, in letters.

    ``placed`` left the letters, ``failed`` stayed (by their present reason), ``cut`` cannot be replayed,
    ``waiting`` are spooled and will be read once the store serves. ``next_id`` is the ``after_id`` of the
    next page, None after the last; ``through_id`` is to be handed in again with it.
    """

    placed: int
    failed: Mapping[str, int]
    cut: int
    waiting: int
    next_id: int | None
    through_id: int


class Replays:
    """Replays letters into a running pipeline, a page at a time; to be called from any thread."""

    def __init__(self, letters: Letters, ingest: Ingest) -> None:
        self._letters = letters
        self._ingest = ingest
        self._one_at_a_time = threading.Lock()

    def page(
        self, which: Which, after_id: int = 0, through_id: int | None = None, limit: int = PAGE
    ) -> Replayed:
        """Replay the oldest letters meant after ``after_id``, and wait until they were read (30 s at most).

        ``through_id`` ends the replay at letters that were there when it began; None on the first page.

        Raises:
            sqlite3.Error: the letters cannot be read; nothing was handed in.
            SpoolError: the pipeline stopped; nothing was handed in.
            TimeoutError: the spool has no room; the letters stay, what was handed in is read when it has.
        """
        with self._one_at_a_time:
            if self._ingest.stopping:
                raise SpoolError("the service stops; replay when it runs again")
            through = self._letters.last_id() if through_id is None else through_id
            found = self._letters.oldest(which, after_id, through, limit, _PAGE_BYTES)
            whole = [letter for letter in found if letter.whole]
            if whole:
                self._hand_in(whole)
            now = self._letters.tries([letter.id for letter in whole])
        failed: Counter[str] = Counter()
        waiting = 0
        for letter in whole:
            tries, reason = now.get(letter.id, (0, ""))
            if tries > letter.tries:
                failed[reason] += 1
            elif tries:
                waiting += 1
        placed = len(whole) - sum(failed.values()) - waiting
        next_id = found[-1].id if found and found[-1].id < through else None
        return Replayed(placed, failed, len(found) - len(whole), waiting, next_id, through)

    def _hand_in(self, letters: Sequence[Letter]) -> None:
        deadline = time.monotonic() + _WAIT_S
        messages = [letter.message for letter in letters]
        self._ingest.submit(messages, [letter.id for letter in letters]).result(_WAIT_S)
        spooled = self._ingest.spooled
        while self._ingest.stored < spooled and time.monotonic() < deadline and not self._ingest.stopping:
            time.sleep(_LOOK_S)
