"""The town's messages in time order, a day of some schools at a time in memory."""

from __future__ import annotations

import heapq
import marshal
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import chain
from tempfile import TemporaryFile
from typing import BinaryIO, NamedTuple

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
_DAY_MS = 86_400_000
_BLOCK = 500


class Message(NamedTuple):
    """One message as it reaches the broker: when (UTC), where, what."""

    time: datetime
    topic: str
    payload: bytes
    retain: bool = False


SCHOOLS_TOGETHER = 10
"""Schools whose day is in memory at a time, some 40 MB each; a larger town's messages wait on disk."""


class Stream:
    """Messages with ``start <= time < end`` in time order; from the first day and without end where None.

    Devices that speak a format of ``without`` stay silent; ``stopped`` is asked after every day before the
    first message and ends the stream. The same town gives the same bytes, wherever
    ``start`` is: a second run goes on exactly where the first ended, because the days before are computed
    again (about 30 ms a day) and kept silent. A town of more than ``together`` schools is computed by so
    many at a time, each day's messages in an unnamed temporary file (4 MB a school) until they are due.

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
        together: int = SCHOOLS_TOGETHER,
    ) -> None:
        self._stopped = stopped
        check_faults(town.site, town.scenario.faults, SCENARIO_FILE)
        self._town = town
        self._begin_ms = ms(max(start or town.start, town.start))
        self._end_ms = None if end is None else ms(end)
        self._log = FaultLog(town.scenario.faults, self._begin_ms, self._end_ms)
        self._delay_ms = longest_delay_ms(town.scenario.faults)
        self.silent: list[tuple[str, str]] = []
        self._parts = [(part, self._sources(part, without)) for part in town.parts(together)]

    def __iter__(self) -> Iterator[Message]:
        courses = [_Course(part, sources) for part, sources in self._parts]
        day_ms = ms(self._town.start)
        while self._end_ms is None or day_ms < self._end_ms:
            day_ms += _DAY_MS
            if day_ms + self._delay_ms <= self._begin_ms:
                if self._stopped() or not all(course.pass_over() for course in courses):
                    return
                continue
            with ExitStack() as stack:
                due: list[Iterable[Post]] = []
                for course in courses:
                    posts = course.day()
                    if posts is None:  # the weather's last day is over
                        return
                    alone = len(courses) == 1
                    due.append(posts if alone else _written(posts, stack.enter_context(TemporaryFile())))
                    del posts
                yield from self._messages(heapq.merge(*due, key=_time_of) if len(due) > 1 else due[0])

    def faults(self, until: datetime | None = None) -> list[FaultRow]:
        """What planted faults did to the messages so far (that left before ``until``), for the truth."""
        return self._log.rows(self._town.site, None if until is None else ms(until))

    def _sources(self, part: Town, without: Collection[Speaks]) -> list[_Source]:
        """The devices of a part that are played, each with its way to the broker."""
        played, silent = instruments(part, self._log)
        self.silent += silent
        faults, zone = part.scenario.faults, part.site.zone
        return [
            (each, ways(each.placed, faults, each.seed, zone, self._log))
            for each in played
            if spoken(each.placed) not in without
        ]

    def _messages(self, posts: Iterable[Post]) -> Iterator[Message]:
        begin_ms, end_ms = self._begin_ms, self._end_ms
        for time_ms, topic, payload, retain in posts:
            if end_ms is not None and time_ms >= end_ms:
                return
            if time_ms >= begin_ms:
                yield Message(_EPOCH + time_ms * _MS, topic, payload, retain)


_Source = tuple[Instrument, tuple[Way, ...]]


class _Course:
    """The days of some schools, one after the other. Nothing of a day is kept but what arrives later."""

    def __init__(self, town: Town, sources: Sequence[_Source]) -> None:
        self._days = town.days()
        self._sources = sources
        self._held: list[tuple[int, int, Post]] = []  # what arrives in later days
        self._sent = 0

    def pass_over(self) -> bool:
        """Let a day pass in silence; whether there was one."""
        day = next(self._days, None)
        if day is not None:
            for instrument, _ in self._sources:
                if instrument.spoilt:
                    instrument.posts(day)  # faults that remember have to see every day
        return day is not None

    def day(self) -> list[Post] | None:
        """What arrives on the next day, in time order; None: there is none."""
        day = next(self._days, None)
        if day is None:
            return None
        day_end_ms = ms(day.end)
        posts = [post for source in self._sources for post in _arriving(*source, day)]
        for number, post in enumerate(posts, self._sent):
            if post[0] >= day_end_ms:
                heapq.heappush(self._held, (post[0], number, post))
        self._sent += len(posts)
        due = [post for post in posts if post[0] < day_end_ms]
        while self._held and self._held[0][0] < day_end_ms:
            due.append(heapq.heappop(self._held)[2])
        due.sort(key=_time_of)
        return due


def _written(posts: list[Post], file: BinaryIO) -> Iterator[Post]:
    """The same posts out of a file, _BLOCK of them in memory at a time."""
    begins = range(0, len(posts), _BLOCK)
    for first in begins:
        marshal.dump(posts[first : first + _BLOCK], file)
    file.seek(0)
    return chain.from_iterable(marshal.load(file) for _ in begins)  # noqa: S302 written above


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
