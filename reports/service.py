"""Making reports over a site and its store: loads here, computes wherever ``compute`` says.

One object serves the API, the commands and the schedule. Its methods may be called from any thread; at most
``at_once`` reports are in memory at a time, however many are asked for.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple, TypeVar

from analytics.submitting import Submit
from classroom.site import Site
from reports.city import Portfolio, portfolio
from reports.city_line import Line
from reports.closing import Accounts, Books, Closed, accounts_of, close_year
from reports.explain import Node, explain
from reports.explain_city import explain_city
from reports.figures import SITE, parse_figure_id
from reports.fits import Fits
from reports.make import CityOrder, File, Order, Shape, line, make, make_city
from reports.manifest import Manifest, manifest_of_city
from reports.material import Material, load
from reports.pdf import PdfError
from reports.period import Period, parse_period
from reports.verify import Verification, compare, verify, waiting
from store.base import Store, StoreError

T = TypeVar("T")

FAILURES = (StoreError, KeyError, ValueError, ArithmeticError, PdfError, BrokenExecutor)
"""What may befall one school's report without ending the others."""


class Made(NamedTuple):
    """What became of a school's report: its files, or why there are none."""

    school: str
    files: tuple[File, ...]
    failure: str = ""


class Reports:
    """Reports of a site.

    Args:
        store: is asked for each report.
        site: the site as it is now.
        clock: the present time (aware).
        compute: runs the pure part, for example in a child process.
        versions: of the programs, for the manifest.
        at_once: how many reports may be in the making at a time.
        fits: remembers what was fitted; one of its own where None.
        loads: how many schools are read at a time. One, where the store is in this process: two would want
            twice the memory and share one interpreter.
    """

    def __init__(
        self,
        store: Store,
        site: Callable[[], Site],
        clock: Callable[[], datetime],
        compute: Submit,
        versions: dict[str, str],
        at_once: int = 2,
        fits: Fits | None = None,
        loads: int = 1,
    ) -> None:
        self._store = store
        self._site = site
        self._clock = clock
        self._compute = compute
        self._versions = versions
        self._at_once = at_once
        self._fits = Fits(compute) if fits is None else fits
        self._room = threading.BoundedSemaphore(at_once)
        self._loads = threading.BoundedSemaphore(loads)

    def school(self, school: str, period: Period, shape: Shape) -> list[File]:
        """A school's report.

        Raises:
            KeyError: no such school.
            store.base.StoreError: the store cannot serve now.
            concurrent.futures.BrokenExecutor: the child was killed; asking again starts another.
        """
        with self._room:
            return self._compute(make, Order(self._load(school, period), shape, self._versions)).result()

    def schools(self, schools: Sequence[str], period: Period, shape: Shape) -> Iterator[Made]:
        """Reports of several schools, in their order, each as soon as it is there; a failure ends none of
        the others."""

        def work(school: str) -> list[File]:
            return self._compute(make, Order(self._load(school, period), shape, self._versions)).result()

        for school, found, failure in self._each(schools, work):
            yield Made(school, tuple(found or ()), failure)

    def city(
        self,
        schools: Sequence[str],
        period: Period,
        shape: Shape,
        on_school: Callable[[str], None] = lambda _: None,
    ) -> tuple[list[File], Portfolio]:
        """The report of all ``schools`` together, and what it was made from."""
        found = self._portfolio(schools, period, self._clock(), on_school)
        return self._compute(make_city, CityOrder(found, shape, self._versions)).result(), found

    def explain(self, figure: str, schools: Sequence[str] | None = None) -> Node:
        """The walk from a figure to its readings; errors of :func:`reports.explain.explain`.

        From one of all schools together to theirs, which takes as long as their report; ``schools`` are
        those it is the sum of, all where None.
        """
        key = parse_figure_id(figure)
        if key.school == SITE:
            of = list(self._site().school_by_key) if schools is None else schools
            found = self._portfolio(of, parse_period(key.period), self._clock(), lambda _: None)
            return explain_city(found, figure)
        with self._room:
            return explain(self._store, self._site(), figure, self._clock(), self._fits)

    def verify(self, manifest: Manifest) -> Verification:
        """Whether the store still says what a report said; errors of :func:`reports.verify.verify`."""
        if manifest.school != SITE:
            with self._room:
                return verify(self._store, self._site(), manifest, self._versions, self._fits)
        spoken_of = schools_of(manifest)
        schools = [key for key in self._site().school_by_key if key in spoken_of]
        period = parse_period(manifest.period)
        present = self._portfolio(schools, period, manifest.made, lambda _: None)
        again = manifest_of_city(present, manifest.lang, self._versions)
        pending = sum(line.quality.pending_hours for line in present.lines)
        return Verification(manifest, (*compare(manifest, again), *waiting(pending)))

    def close(self, school: str, year: int) -> Closed:
        """Close a year of a school; errors of :func:`reports.closing.close_year`."""
        with self._room:
            return close_year(self._books(), school, year)

    def accounts(self, school: str, year: int) -> Accounts:
        """A year's climate accounts; errors of :func:`reports.closing.accounts_of`."""
        with self._room:
            return accounts_of(self._books(), school, year)

    def _books(self) -> Books:
        return Books(self._store, self._site(), self._fits, self._clock(), self._versions)

    def _portfolio(
        self, schools: Sequence[str], period: Period, made: datetime, on_school: Callable[[str], None]
    ) -> Portfolio:
        site = self._site()
        lines: list[Line] = []
        failed: list[tuple[str, str]] = []

        def work(school: str) -> Line:
            return self._compute(line, self._load(school, period, made)).result()

        for school, found, failure in self._each(schools, work):
            if found is None:
                failed.append((site.school_by_key[school].name, failure))
            else:
                lines.append(found)
            on_school(school)
        settings = site.settings.site
        running = period.running_at(made, site.zone)
        return portfolio(settings.name, settings.time_zone, period, made, lines, failed, running=running)

    def _each(self, schools: Iterable[str], work: Callable[[str], T]) -> Iterator[tuple[str, T | None, str]]:
        """The work of each school, as many as ``at_once`` at a time, in the order of ``schools``."""
        waiting: deque[tuple[str, Future[T]]] = deque()
        rest = iter(schools)
        with ThreadPoolExecutor(self._at_once, thread_name_prefix="report") as threads:
            while True:
                while len(waiting) < self._at_once and (school := next(rest, None)) is not None:
                    waiting.append((school, threads.submit(work, school)))
                if not waiting:
                    return
                school, future = waiting.popleft()
                try:
                    yield school, future.result(), ""
                except FAILURES as error:
                    yield school, None, f"{type(error).__name__}: {error}"

    def _load(self, school: str, period: Period, now: datetime | None = None) -> Material:
        with self._loads:
            return load(self._store, self._site(), school, period, now or self._clock(), self._fits)


def schools_of(manifest: Manifest) -> set[str]:
    """Schools whose figures stand in a portfolio's report."""
    return {key.partition(":")[0].partition("/")[0] for key in manifest.figures} - {SITE}
