"""Child processes that never outlive us."""

from __future__ import annotations

import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any, ParamSpec, TypeVar

from cli.process import collect_seldom, give_memory_back, keep_heap_small

log = logging.getLogger(__name__)

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
    collect_seldom()
    keep_heap_small()
    os.environ.setdefault("RAYON_NUM_THREADS", "1")  # Typst's: there is a child for each core


def _called(call: bytes) -> Any:  # noqa: ANN401 - whatever the pickled function returns
    try:
        return pickle.loads(call)()  # noqa: S301 - our own parent's
    finally:
        give_memory_back()


class ChildCompute:
    """Spawned children for computing (``workers``, one if not said), so that pandas never holds the
    interpreter of the API.

    A child that ended (killed, out of memory) fails the calls that its pool had with ``BrokenProcessPool``
    once each has been tried ``tries`` times; the next call gets new children. The first ``here`` calls are
    computed in the calling thread: for a little work, in a process that serves nobody, a child would begin
    for longer than it computes.
    """

    def __init__(self, workers: int = 1, here: int = 0, tries: int = 1) -> None:
        self.workers = workers
        self._here = here
        self._tries = tries
        self._pool: ProcessPoolExecutor | None = None
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """``function(*args, **kwargs)`` computed in the child.

        They are pickled here and let go: kept until the child is done they would be in memory twice.
        """
        if self._here > 0:
            self._here -= 1
            done: Future[T] = Future()
            done.set_result(function(*args, **kwargs))
            return done
        call = pickle.dumps(partial(function, *args, **kwargs), pickle.HIGHEST_PROTOCOL)
        del args, kwargs
        if self._tries == 1:
            return self._put(call)
        outcome: Future[T] = Future()
        self._try(call, outcome, self._tries)
        return outcome

    def _put(self, call: bytes) -> Future[T]:
        with self._lock:
            if self._pool is None:
                self._pool = self._new_pool()
            try:
                return self._pool.submit(_called, call)
            except BrokenProcessPool:
                self._pool = self._new_pool()
                return self._pool.submit(_called, call)

    def _try(self, call: bytes, outcome: Future[T], left: int) -> None:
        """Compute ``call`` for ``outcome``, again where a child dies of it, ``left`` times at most."""

        def settle(done: Future[T]) -> None:
            if done.cancelled():
                outcome.cancel()
                outcome.set_running_or_notify_cancel()
                return
            error = done.exception()
            if error is None:
                outcome.set_result(done.result())
            elif isinstance(error, BrokenProcessPool) and left > 1 and not self._closed:
                log.warning("a child process has ended (killed, or out of memory): its work is done again")
                # Not in this thread: it holds a lock of the broken pool that asking for a new one may want.
                threading.Thread(target=self._try, args=(call, outcome, left - 1), name="retry").start()
            else:
                outcome.set_exception(error)

        try:
            self._put(call).add_done_callback(settle)
        except BrokenProcessPool as error:
            outcome.set_exception(error)

    def close(self) -> None:
        """End the child; a running call is given up."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):  # noqa: SLF001 - no public way to end a running call
                process.terminate()
            pool.shutdown(wait=True, cancel_futures=True)

    def _new_pool(self) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            max_workers=self.workers,
            mp_context=multiprocessing.get_context("spawn"),
            initializer=step_back,
            initargs=(_NICE if self.workers > 1 else 0,),
        )
