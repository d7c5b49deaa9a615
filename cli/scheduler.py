"""When the analytics job runs: every so often, when something has changed, and when somebody asks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Future
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from prometheus_client import CollectorRegistry, Counter, Gauge

from analytics import jobs
from analytics.jobs import JobReport
from analytics.submitting import A, Progress, R
from api.context import NotNowError, PartHealth
from classroom.quantity import Domain
from classroom.site import Site
from cli.children import ChildCompute
from cli.clock import utc_now
from cli.cluster import ClusterError
from cli.job_files import WORK, HeldError, held, keeper, write_last_run
from store import retention
from store.base import Store, StoreError

log = logging.getLogger(__name__)

FAILURES = (StoreError, BrokenExecutor, CancelledError, ClusterError)
"""What may end a run of the job; the next one does the same again."""


_FEW_PARTS = 6  # a school's month is a part
_TRIES = 3  # of a part whose process was killed; a neighbour's death costs one too


class Compute(Protocol):
    """Where the pure parts are computed: children of ours, or a cluster's workers."""

    @property
    def workers(self) -> int:
        """How many parts at once."""
        ...

    def submit(self, function: Callable[[A], R], argument: A, /) -> Future[R]:
        """``function(argument)`` computed there."""
        ...

    def close(self) -> None:
        """End it; what is under way is given up."""
        ...


class Span(NamedTuple):
    """What a run is narrowed to; ``full`` computes all of it anew."""

    school: str | None = None
    start: datetime | None = None
    end: datetime | None = None
    full: bool = False


class JobCounters:
    """What Prometheus is told of the job."""

    def __init__(self, registry: CollectorRegistry) -> None:
        name = "classroom_analytics"
        self._runs = Counter(f"{name}_runs", "Runs of the analytics job", ["result"], registry=registry)
        self._hours = Counter(f"{name}_hours", "Hours rolled up", registry=registry)
        self._metrics = Counter(f"{name}_metrics", "Metrics written", registry=registry)
        self._seconds = Gauge(f"{name}_run_seconds", "Length of the last good run", registry=registry)
        self._last = Gauge(
            f"{name}_last_success_timestamp_seconds", "End of the last good run", registry=registry
        )
        for result in ("ok", "failed"):
            self._runs.labels(result)

    def ran(self, report: JobReport, ended: datetime) -> None:
        """A run ended well."""
        self._runs.labels("ok").inc()
        self._hours.inc(report.hours)
        self._metrics.inc(report.metrics + report.withdrawn)
        self._seconds.set(report.seconds)
        self._last.set(ended.timestamp())

    def failed(self) -> None:
        """A run did not end well."""
        self._runs.labels("failed").inc()


class Scheduler:
    """Runs the analytics job every ``every_s`` seconds and when asked, in its own thread.

    The computing itself is done in child processes, or by ``compute``, which is closed with it. ``then`` is
    called after each run. Unless it is the ``keeper`` itself, it leaves the job to an ``analyze`` process
    while one lives.
    """

    def __init__(
        self,
        store: Store,
        site: Callable[[], Site],
        every_s: float,
        rules: Mapping[Domain, retention.Rule],
        data: Path,
        registry: CollectorRegistry,
        *,
        then: Callable[[], None] = lambda: None,
        program: str = "run",
        is_keeper: bool = False,
        compute: Compute | None = None,
    ) -> None:
        self._store = store
        self._site = site
        self._every_s = every_s
        self._rules = rules
        self._data = data
        self._then = then
        self._program = program
        self._is_keeper = is_keeper
        self._counters = JobCounters(registry)
        self._forgotten: date | None = None
        few = 0 if program == "run" else _FEW_PARTS
        processes = site().settings.analytics.processes
        self._compute: Compute = compute or ChildCompute(processes, here=few, tries=_TRIES)
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._running = threading.Lock()
        self._failure = ""
        self._left_to: str | None = None
        self._last: datetime | None = None
        self.asked = Asked()
        self._thread = threading.Thread(target=self._loop, name="analytics", daemon=True)

    def start(self) -> None:
        """Begin; the first run comes at once."""
        self._wake.set()
        self._thread.start()

    def wake(self) -> None:
        """Run soon: something other than readings has changed."""
        self._wake.set()

    def ask(self, school: str | None, start: datetime | None, end: datetime | None, *, full: bool) -> int:
        """Run soon, narrowed as said; gives the number to ask :meth:`state` for.

        Raises:
            NotNowError: another such run waits or is under way.
        """
        number = self.asked.put(Span(school, start, end, full))
        self._wake.set()
        return number

    def state(self, number: int) -> Mapping[str, object] | None:
        """How far an asked run is; None if it is not known (any more)."""
        return self.asked.state(number)

    def stop(self) -> None:
        """End after the current step; what was not finished is done again at the next start."""
        self._stop.set()
        self._wake.set()
        self._compute.close()
        if self._thread.is_alive():
            self._thread.join(timeout=30)

    def run_now(
        self,
        progress: Progress | None = None,
        span: Span | None = None,
        wait: Callable[[str], bool] | None = None,
    ) -> JobReport:
        """Run the job in the calling thread (never two at a time).

        Raises:
            HeldError: another process runs it at this moment; unless ``wait`` says to wait for its end.
            StoreError: the store cannot serve; the next run does the same again.
        """
        span = span or Span()
        with self._running, held(self._data, WORK, wait):
            report = jobs.run(
                self._store,
                self._site(),
                utc_now(),
                full=span.full,
                school=span.school,
                start=span.start,
                end=span.end,
                compute=self._compute.submit,
                at_once=self._compute.workers,
                progress=progress,
            )
            self._then()
            self._last = utc_now()
            if self._forgotten != self._last.date():  # once a day, when every hour is rolled up
                retention.run(self._store, self._rules, self._last)
                self._forgotten = self._last.date()
        self._note(report)
        return report

    def health(self) -> PartHealth:
        """Whether metrics are kept up to date."""
        if self._failure:
            return PartHealth("analytics", False, self._failure)
        if not self._thread.is_alive():
            return PartHealth(
                "analytics", False, "its thread has ended; restart the service and report the log"
            )
        if self._left_to:
            return PartHealth("analytics", True, f"left to {self._left_to} (classroom-climate analyze)")
        when = f"last run {self._last:%Y-%m-%d %H:%M:%S} UTC" if self._last else "first run under way"
        return PartHealth("analytics", True, when)

    def _note(self, outcome: JobReport | str) -> None:
        now = utc_now()
        if isinstance(outcome, str):
            self._counters.failed()
        else:
            self._counters.ran(outcome, now)
        told = outcome if isinstance(outcome, str) else outcome._asdict()
        write_last_run(self._data, self._program, now, self._every_s or None, told)

    def _loop(self) -> None:
        while not self._stop.is_set():
            self._wake.wait(self._every_s)
            self._wake.clear()
            if self._stop.is_set():
                return
            try:
                self._turn()
            except FAILURES as error:
                if self._stop.is_set():
                    return
                if not self._failure:
                    log.warning("analytics cannot run, trying again every %s s: %s", self._every_s, error)
                self._failure = f"metrics are not up to date: {error}"
                self._note(self._failure)
            else:
                if self._failure:
                    log.info("analytics runs again")
                self._failure = ""

    def _turn(self) -> None:
        """What was asked for, then the usual run, unless another process does that."""
        span = self.asked.take()
        if span is not None:
            try:
                self.asked.done(self.run_now(self.asked.told, span))
            except HeldError as error:
                self.asked.failed(f"{error} runs the job at this moment; ask again")
            except FAILURES as error:
                self.asked.failed(str(error))
                raise
        before, self._left_to = self._left_to, None if self._is_keeper else keeper(self._data)
        if self._left_to != before:
            log.info("the analytics job is %s", f"left to {self._left_to}" if self._left_to else "done here")
        if self._left_to is None:
            try:
                self.run_now()
            except HeldError:
                return  # it is being done


class Asked:
    """The run that somebody has asked for: one at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._number = 0
        self._waiting: Span | None = None
        self._state: dict[str, object] = {}

    def put(self, span: Span) -> int:
        """Note what is wanted.

        Raises:
            NotNowError: another one is not done yet.
        """
        with self._lock:
            if self._state.get("state") in ("waiting", "running"):
                raise NotNowError("Another analysis that was asked for is not done yet; ask again then.")
            self._number += 1
            self._waiting = span
            self._state = {"id": self._number, "state": "waiting"}
            return self._number

    def take(self) -> Span | None:
        """What is wanted, to be done now."""
        with self._lock:
            span, self._waiting = self._waiting, None
            if span is not None:
                self._state = {**self._state, "state": "running"}
            return span

    def told(self, step: str, done: int, total: int) -> None:
        """How far it is."""
        self._state = {**self._state, "step": step, "done": done, "total": total}

    def done(self, report: JobReport) -> None:
        """It ended well."""
        self._state = {**self._state, "state": "done", "report": report._asdict()}

    def failed(self, trouble: str) -> None:
        """It did not."""
        self._state = {**self._state, "state": "failed", "trouble": trouble}

    def state(self, number: int) -> Mapping[str, object] | None:
        """How far it is; None if it is another's number."""
        return self._state if self._state.get("id") == number else None
