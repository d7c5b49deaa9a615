"""How the job has its pure parts run: here, in other processes, or on other machines."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeVar

A = TypeVar("A")
K = TypeVar("K")
R = TypeVar("R")


class Submit(Protocol):
    """How a pure part is run: ``concurrent.futures.Executor.submit`` fits."""

    def __call__(self, function: Callable[[A], R], argument: A, /) -> Future[R]:
        """Run ``function(argument)``, here or in another process."""
        ...


Progress = Callable[[str, int, int], None]
"""Told after each part of a step: the step, how many parts are done, of how many."""


def unseen(step: str, done: int, total: int) -> None:
    """Progress that nobody looks at."""


def here(function: Callable[[A], R], argument: A, /) -> Future[R]:
    """A :class:`Submit` that runs it at once, in the calling thread."""
    future: Future[R] = Future()
    future.set_result(function(argument))
    return future


def in_turn(
    parts: Iterable[tuple[K, Callable[[A], R], A]], submit: Submit, at_once: int
) -> Iterator[tuple[K, R]]:
    """What each part's function makes of its argument, in their order, with the part's key.

    ``at_once`` parts are computed elsewhere while one more is loaded, or another's result is used: no more of
    them are in memory, however many there are.
    """
    under_way: deque[tuple[K, Future[R]]] = deque()
    for key, function, argument in parts:
        under_way.append((key, submit(function, argument)))
        if len(under_way) > at_once:
            first, future = under_way.popleft()
            yield first, future.result()
    for key, future in under_way:
        yield key, future.result()


def loaded(keys: Iterable[K], load: Callable[[K], A], ahead: int = 1) -> Iterator[tuple[K, A]]:
    """Each key with what is loaded for it, in their order; the next ones, ``ahead`` of them, are loaded
    meanwhile, each in a thread."""
    with ThreadPoolExecutor(ahead, thread_name_prefix="load") as threads:
        yield from in_turn(((key, load, key) for key in keys), threads.submit, at_once=ahead)
