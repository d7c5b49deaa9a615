"""The town's messages in time order, a day at a time in memory."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from simulators.devices import Instrument, instruments
from simulators.school import Town, TownDay

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Message(NamedTuple):
    """One message as a device publishes it: when (UTC), where, what."""

    time: datetime
    topic: str
    payload: bytes


def messages(town: Town, start: datetime | None = None, end: datetime | None = None) -> Iterator[Message]:
    """Messages with ``start <= time < end`` in time order; from the first day and without end where None.

    The same town gives the same bytes, wherever ``start`` is: a second run goes on exactly where the first
    ended, because the days before are computed again (about 30 ms a day) and kept silent.
    """
    played, _ = instruments(town)
    begin = max(start or town.start, town.start)
    for day in town.days():
        if end is not None and day.start >= end:
            return
        if day.end <= begin:
            continue
        yield from _day_messages(town, played, day, begin, end or day.end)


def _day_messages(
    town: Town, played: list[Instrument], day: TownDay, begin: datetime, end: datetime
) -> Iterator[Message]:
    due = sorted(
        (time_ms, number, payload)
        for number, instrument in enumerate(played)
        for time_ms, payload in instrument.reports(day)
    )
    for time_ms, number, payload in due:
        time = _EPOCH + time_ms * _MS
        placed = played[number].placed
        if (
            begin <= time < end
            and placed.holds_at(time)
            and not any(pause.covers(placed.key, placed.school, time) for pause in town.scenario.pauses)
        ):
            yield Message(time, played[number].topic, payload)
