"""Planted faults on the way from a device to the broker: what is lost, copied, held up or garbled."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo

import numpy as np
from numpy.typing import NDArray

from classroom.places import Device
from simulators.devices import Post, ms, unit
from simulators.fault_log import FaultLog
from simulators.faults import (
    Delivery,
    Duplicates,
    Garbage,
    Late,
    LocalTime,
    Outage,
    PlantedFault,
    Reordered,
)

_LATE_SPREAD_MS = 1000  # a server empties its queue within a second
_TIME = re.compile(rb'"time":"([^"]+)Z"')

Way = Callable[[list[Post]], list[Post]]
"""What becomes of a device's messages of a day, given in time order; times may then lie in later days."""


def ways(
    placed: Device, faults: Sequence[PlantedFault], seed: int, zone: tzinfo, log: FaultLog
) -> tuple[Way, ...]:
    """The faults on the way of a device's messages, in the order in which they strike."""
    order = (LocalTime, Outage, Garbage, Duplicates, Late, Reordered)
    found: list[tuple[int, Way]] = []
    for index, fault in enumerate(faults):
        if isinstance(fault, LocalTime) and fault.device == placed.key:
            found.append((0, _Local(fault, index, zone, log)))
        elif isinstance(fault, Delivery) and fault.concerns(placed):
            found.append((order.index(type(fault)), _Struck(fault, index, seed, log)))
    return tuple(way for _, way in sorted(found, key=lambda pair: pair[0]))


def longest_delay_ms(faults: Sequence[PlantedFault]) -> int:
    """How long after it left its device a message may arrive."""
    delays = [0]
    for fault in faults:
        match fault:
            case Late():
                delays.append(ms(fault.end) - ms(fault.start) + _LATE_SPREAD_MS)
            case Reordered():
                delays.append(round(fault.up_to_s * 1000))
            case Duplicates():
                delays.append(round(fault.delay_s * 1000))
    return sum(delays)


class _Struck:
    """Messages of one device under one fault."""

    def __init__(self, fault: Delivery, index: int, seed: int, log: FaultLog) -> None:
        self._fault = fault
        self._index = index
        self._seed = seed + 1000 + index
        self._begin_ms, self._end_ms = ms(fault.start), ms(fault.end)
        self._log = log

    def __call__(self, posts: list[Post]) -> list[Post]:
        if not posts or posts[0][0] >= self._end_ms or posts[-1][0] < self._begin_ms:
            return posts
        times_ms = np.array([post[0] for post in posts], dtype=np.int64)
        touched = (self._begin_ms <= times_ms) & (times_ms < self._end_ms)
        chance = unit(times_ms, self._seed)
        share = getattr(self._fault, "share", None)
        if share is not None:
            touched &= chance < share
        self._log.count(self._index, times_ms[touched])
        return _become(self._fault, posts, touched, chance, self._end_ms)


def _become(
    fault: Delivery, posts: list[Post], touched: NDArray[np.bool_], chance: NDArray[np.float64], end_ms: int
) -> list[Post]:
    """What becomes of ``posts``; ``chance`` is a number in [0, 1) for each."""
    marked = list(zip(posts, touched.tolist(), chance.tolist(), strict=True))
    match fault:
        case Outage():
            return [post for post, struck, _ in marked if not struck]
        case Garbage():
            return [
                (*post[:2], _garbled(post[2], luck), post[3]) if struck else post
                for post, struck, luck in marked
            ]
        case Duplicates():
            copies = [_moved(post, round(fault.delay_s * 1000)) for post, struck, _ in marked if struck]
            return [*posts, *copies]
        case Late():
            return [_late(post, end_ms, luck) if struck else post for post, struck, luck in marked]
        case Reordered():
            # The share drew its number below ``share``: what is left of it is uniform again.
            return [
                _moved(post, round(fault.up_to_s * 1000 * luck / fault.share)) if struck else post
                for post, struck, luck in marked
            ]
        case _:
            return posts


def _moved(post: Post, by_ms: int) -> Post:
    return (post[0] + by_ms, *post[1:])


def _late(post: Post, end_ms: int, luck: float) -> Post:
    return (end_ms + int(_LATE_SPREAD_MS * luck), *post[1:])


def _garbled(payload: bytes, luck: float) -> bytes:
    """Cut off, empty, a word, or bytes that are no text."""
    kinds = (payload[: len(payload) // 2], b"", b"unavailable", b"\xff\xfe\x00" + payload[:20])
    return kinds[int(luck * 1e6) % len(kinds)]


class _Local:
    """A native device that writes local time instead of UTC."""

    def __init__(self, fault: LocalTime, index: int, zone: tzinfo, log: FaultLog) -> None:
        self._fault = fault
        self._index = index
        self._zone = zone
        self._log = log

    def __call__(self, posts: list[Post]) -> list[Post]:
        begin_ms, end_ms = ms(self._fault.start), ms(self._fault.end)
        found = []
        touched = []
        for post in posts:
            if begin_ms <= post[0] < end_ms:
                touched.append(post[0])
                found.append((*post[:2], _TIME.sub(self._local, post[2]), post[3]))
            else:
                found.append(post)
        self._log.count(self._index, np.array(touched, dtype=np.int64))
        return found

    def _local(self, found: re.Match[bytes]) -> bytes:
        local = datetime.fromisoformat(f"{found[1].decode()}+00:00").astimezone(self._zone)
        text = local if self._fault.with_offset else local.replace(tzinfo=None)
        return f'"time":"{text.isoformat(timespec="milliseconds")}"'.encode()
