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

_NICE = 5  # children that take several cores leave them to those who answer people

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


def step_back(nice: int) -> None:
    """Run first in a child that may wait: as :func:`die_with_parent`, and others go before it."""
    die_with_parent()
    os.nice(nice)


class ChildCompute:
    """Spawned children for computing (``workers``, one if not said), so that pandas never holds the
    interpreter of the API.

    A child that ended (killed, out of memory) fails the calls it had with ``BrokenProcessPool``; the next
    call gets a new child. The first ``here`` calls are computed in the calling thread: for a little work, in
    a process that serves nobody, a child would begin for longer than it computes.
    """

    def __init__(self, workers: int = 1, here: int = 0) -> None:
        self._workers = workers
        self._here = here
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """``function(*args, **kwargs)`` computed in the child."""
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
        """End the child; a running call is given up."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way to end a running call
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self._workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=step_back,
            initargs=(_NICE if self._workers > 1 else 0,),
        )
