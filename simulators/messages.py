"""The town's messages in time order, a day at a time in memory."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import NamedTuple

from simulators.devices import Instrument, Post, ms
from simulators.fault_log import FaultLog
from simulators.faults import FaultRow, check_faults
from simulators.instruments import instruments
from simulators.keys import Speaks, spoken
from simulators.scenario import SCENARIO_FILE
from simulators.school import Town, TownDay
from simulators.wrong_delivery import Way, longest_delay_ms, ways

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)


class Message(NamedTuple):
    """One message as it reaches the broker: when (UTC), where, what."""

    time: datetime
    topic: str
    payload: bytes
    retain: bool = False


class Stream:
    """Messages with ``start <= time < end`` in time order; from the first day and without end where None.

    Devices that speak a format of ``without`` stay silent; ``stopped`` is asked after every day before the
    first message and ends the stream. The same town gives the same bytes, wherever
    ``start`` is: a second run goes on exactly where the first ended, because the days before are computed
    again (about 30 ms a day) and kept silent.

    Raises:
        ConfigurationError: a planted fault names what the site does not have.
    """

    def __init__(
        self,
        town: Town,
        start: datetime | None = None,
        end: datetime | None = None,
        *,
        without: Collection[Speaks] = (),
        stopped: Callable[[], bool] = lambda: False,
    ) -> None:
        self._stopped = stopped
        check_faults(town.site, town.scenario.faults, SCENARIO_FILE)
        self._town = town
        self._begin_ms = ms(max(start or town.start, town.start))
        self._end_ms = None if end is None else ms(end)
        self._log = FaultLog(town.scenario.faults, self._begin_ms, self._end_ms)
        played, self.silent = instruments(town, self._log)
        faults, zone = town.scenario.faults, town.site.zone
        self._sources = [
            (each, ways(each.placed, faults, each.seed, zone, self._log))
            for each in played
            if spoken(each.placed) not in without
        ]
        self._delay_ms = longest_delay_ms(faults)

    def __iter__(self) -> Iterator[Message]:
        held: list[tuple[int, int, Post]] = []  # what arrives in later days
        sent = 0
        for day in self._town.days():
            day_end_ms = ms(day.end)
            if self._end_ms is not None and ms(day.start) >= self._end_ms:
                return
            if day_end_ms + self._delay_ms <= self._begin_ms:
                if self._stopped():
                    return
                for instrument, _ in self._sources:
                    if instrument.spoilt:
                        instrument.posts(day)  # faults that remember have to see every day
                continue
            posts = self._posts(day)
            for number, post in enumerate(posts, sent):
                if post[0] >= day_end_ms:
                    heapq.heappush(held, (post[0], number, post))
            due = [post for post in posts if post[0] < day_end_ms]
            while held and held[0][0] < day_end_ms:
                due.append(heapq.heappop(held)[2])
            sent += len(posts)
            due.sort(key=_time_of)
            yield from self._messages(due)

    def faults(self, until: datetime | None = None) -> list[FaultRow]:
        """What planted faults did to the messages so far (that left before ``until``), for the truth."""
        return self._log.rows(self._town.site, None if until is None else ms(until))

    def _posts(self, day: TownDay) -> list[Post]:
        posts: list[Post] = []
        for instrument, on_the_way in self._sources:
            posts += _arriving(instrument, on_the_way, day)
        return posts

    def _messages(self, posts: list[Post]) -> Iterator[Message]:
        begin_ms, end_ms = self._begin_ms, self._end_ms
        if end_ms is not None:
            posts = list(takewhile(lambda post: post[0] < end_ms, posts))
        for time_ms, topic, payload, retain in posts:
            if time_ms >= begin_ms:
                yield Message(_EPOCH + time_ms * _MS, topic, payload, retain)


def messages(
    town: Town,
    start: datetime | None = None,
    end: datetime | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[Message]:
    """As :class:`Stream`, for those who do not ask what the planted faults did."""
    return iter(Stream(town, start, end, stopped=stopped))


def _arriving(instrument: Instrument, on_the_way: tuple[Way, ...], day: TownDay) -> list[Post]:
    posts = instrument.posts(day)
    for way in on_the_way:
        posts = way(posts)
    if instrument.announced:
        begin_ms, end_ms = ms(day.start), ms(day.end)
        posts = [*posts, *(post for post in instrument.announced if begin_ms <= post[0] < end_ms)]
    return posts


def _time_of(post: Post) -> int:
    return post[0]
