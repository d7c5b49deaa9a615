"""Which deliveries are the broker's repetition of a message that is already in the spool.

A broker repeats what it has not seen acknowledged when a connection of the same session begins. A repeated
payload without a time would become a second reading, so it has to be recognised. Measured (mosquitto 2.0.21;
iotcore 0.4.0, which is rumqttd 0.20): mosquitto repeats with the same packet identifier and DUP, also what
was acknowledged just before it was killed; rumqttd numbers from 1 again and never sets DUP, so the flag is
not used. Both keep the order within a topic, as MQTT demands [MQTT-4.6.0].

* A broker that keeps identifiers: topic, identifier and payload must be equal.
* A broker whose numbering began again: topic and payload must be equal, only messages whose acknowledgement
  surely left are excluded, and the first message of a topic that is no repetition ends the repetitions of
  that topic.

So an equal payload that a sensor sends again is kept: one spooled message absorbs at most one delivery of a
connection, and only of a later one than it came by."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

TAIL = 20_000
"""Messages remembered after their acknowledgement; more than any window, and a mosquitto's
``autosave_interval`` of 5 s at 4,000 messages/s. The spool keeps as many, so that a restart forgets none."""


class Arrival(NamedTuple):
    """A QoS 1 delivery as far as it can be compared: ``digest`` stands for the payload."""

    generation: int
    mid: int
    topic: str
    digest: int


@dataclass(slots=True)
class _Entry:
    id: int
    generation: int
    mid: int
    topic: str
    digest: int


class Redeliveries:
    """Memory of spooled QoS 1 messages; used by the spool thread only."""

    def __init__(self, tail: int = TAIL) -> None:
        self._tail = tail
        # By spool id, oldest first; a dict would pass over all that were dropped to find the oldest.
        self._entries: OrderedDict[int, _Entry] = OrderedDict()
        self._identities: dict[tuple[str, int, int], _Entry] = {}  # by topic, packet identifier, digest
        self._unsure: dict[str, dict[int, _Entry]] = {}  # by topic, in order of delivery
        self._generation = -1
        self._renumbered = False

    def __len__(self) -> int:
        return len(self._entries)

    def remember(self, id: int, arrival: Arrival) -> None:  # noqa: A002
        """Keep a message that was just spooled under ``id`` (or read back from the spool after a crash)."""
        entry = _Entry(id, *arrival)
        self._entries[id] = entry
        self._delivered(entry)
        if len(self._entries) > self._tail:
            self._drop(next(iter(self._entries.values())))

    def find(self, arrival: Arrival) -> int | None:
        """Spool id of the message that ``arrival`` repeats, which then counts as delivered by it.

        None: it is new.
        """
        if arrival.generation != self._generation:
            self._generation = arrival.generation
            self._renumbered = arrival.mid == 1 and self._same(arrival) is None
        entry = self._equal(arrival) if self._renumbered else self._same(arrival)
        if entry is None:
            return None
        self._set_sure(entry)
        self._identities.pop((entry.topic, entry.mid, entry.digest), None)
        entry.generation, entry.mid = arrival.generation, arrival.mid
        self._delivered(entry)
        return entry.id

    def acknowledged(self, ids: Iterable[int]) -> None:
        """The acknowledgements of ``ids`` have left this machine."""
        for id_ in ids:
            if id_ in self._entries:
                self._set_sure(self._entries[id_])

    def forget(self) -> None:
        """The broker keeps no session: it will repeat nothing."""
        self._entries.clear()
        self._identities.clear()
        self._unsure.clear()

    def _same(self, arrival: Arrival) -> _Entry | None:
        entry = self._identities.get((arrival.topic, arrival.mid, arrival.digest))
        return entry if entry is not None and entry.generation < arrival.generation else None

    def _equal(self, arrival: Arrival) -> _Entry | None:
        for entry in list(self._unsure.get(arrival.topic, {}).values()):
            if entry.generation >= arrival.generation:
                break
            if entry.digest == arrival.digest:
                return entry
            self._drop(entry)  # within a topic the order is kept: it will not come any more
        return None

    def _delivered(self, entry: _Entry) -> None:
        self._identities[entry.topic, entry.mid, entry.digest] = entry
        self._unsure.setdefault(entry.topic, {})[entry.id] = entry

    def _set_sure(self, entry: _Entry) -> None:
        unsure = self._unsure.get(entry.topic, {})
        if unsure.pop(entry.id, None) is not None and not unsure:
            del self._unsure[entry.topic]

    def _drop(self, entry: _Entry) -> None:
        self._set_sure(entry)
        del self._entries[entry.id]
        key = (entry.topic, entry.mid, entry.digest)
        if self._identities.get(key) is entry:
            del self._identities[key]
