"""Child processes that never outlive us."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def die_with_parent() -> None:
    """Run first in a child: ignore Ctrl-C (the parent decides) and end when the parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = multiprocessing.parent_process()

    def watch() -> None:
        if parent is not None:
            parent.join()
            os._exit(0)

    threading.Thread(target=watch, name="parent-watch", daemon=True).start()


class ChildPool:
    """Spawned children for computing, so that pandas never holds the interpreter of the API.

    A child that ended (killed, out of memory) fails the calls there were with ``BrokenProcessPool``; the next
    call gets new children. The first ``here`` calls are computed in the calling thread: for a little work, in
    a process that serves nobody, a child would begin for longer than it computes.
    """

    def __init__(self, children: int, here: int = 0) -> None:
        self._children = children
        self._here = here
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """``function(*args, **kwargs)`` computed in a child."""
        if self._here > 0:
            self._here -= 1
            done: Future[T] = Future()
            done.set_result(function(*args, **kwargs))
            return done
        with self._lock:
            if self._pool is None:
                self._pool = self._new_pool()
            try:
                return self._pool.submit(function, *args, **kwargs)
            except BrokenProcessPool:
                self._pool = self._new_pool()
                return self._pool.submit(function, *args, **kwargs)

    def close(self) -> None:
        """End the children; running calls are given up."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way to end a running call
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")
        return ProcessPoolExecutor(self._children, mp_context=context, initializer=die_with_parent)


class ChildCompute(ChildPool):
    """One child."""

    def __init__(self, here: int = 0) -> None:
        super().__init__(1, here)
