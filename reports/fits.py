"""Fits of signatures and savings, each made once: the same days give the same answer from memory."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import NamedTuple, TypeVar

import pandas as pd

from analytics.catalog import SAVINGS, SIGNATURE
from analytics.changepoint import HEATING
from analytics.fingerprint import fingerprint
from analytics.savings import Savings, savings
from analytics.signature import Signature, fit_signature
from analytics.submitting import Submit
from analytics.sufficiency import counted
from classroom.places import DayType
from classroom.quantity import Carrier
from reports.dates import Dates

A = TypeVar("A")
R = TypeVar("R")

USED_DAYS = (str(DayType.SCHOOL_DAY), str(DayType.STUDIEDAG), str(DayType.LOV))
"""Kinds of day in the order of how much a school is used; a signature may cut after each of them."""

_COOLING = ("1P", "3PC")
_EITHER = ("1P", "3P", "3PC")

SHAPES: dict[Carrier, tuple[str, ...]] = {
    Carrier.ELECTRICITY: _EITHER,
    Carrier.DISTRICT_COOLING: _COOLING,
}
"""Shapes of a carrier's curves (:mod:`analytics.changepoint`); the others only heat."""


def shapes_of(carrier: Carrier) -> tuple[str, ...]:
    """Shapes that a curve of ``carrier`` may have."""
    return SHAPES.get(carrier, HEATING)


class ToFit(NamedTuple):
    """A signature to be fitted: days of one carrier (:class:`reports.daily.SchoolDays`), and its shapes."""

    days: pd.DataFrame
    shapes: tuple[str, ...]


class ToCompare(NamedTuple):
    """Savings to be found: days of one carrier that hold both periods."""

    days: pd.DataFrame
    baseline: Dates
    reporting: Dates
    shapes: tuple[str, ...]


def here(function: Callable[[A], R], argument: A, /) -> Future[R]:
    """Compute in the calling thread: the plain :class:`analytics.judging.Submit`."""
    future: Future[R] = Future()
    future.set_result(function(argument))
    return future


class Fits:
    """Remembers the last ``kept`` fits by a fingerprint of their inputs. Methods may be called from any
    thread; the fitting is done by ``compute``, for example in a child process.
    """

    def __init__(self, compute: Submit = here, kept: int = 4_000) -> None:
        self._compute = compute
        self._kept = kept
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Future[object]] = OrderedDict()

    def signature(self, days: pd.DataFrame, shapes: tuple[str, ...]) -> Signature | None:
        """The signature of the ``days`` that count; None where they are too few."""
        asked = ToFit(days, shapes)
        found = self._once(_fit, asked, fingerprint(SIGNATURE, _content(days), shapes))
        assert found is None or isinstance(found, Signature)  # noqa: S101
        return found

    def savings(
        self, days: pd.DataFrame, baseline: Dates, reporting: Dates, shapes: tuple[str, ...]
    ) -> Savings:
        """:func:`analytics.savings.savings` of ``days``."""
        inside = [days.loc[str(dates.first) : str(dates.last)] for dates in (baseline, reporting)]
        days = pd.concat(inside)
        days = days[~days.index.duplicated()].sort_index()
        asked = ToCompare(days, baseline, reporting, shapes)
        key = fingerprint(SAVINGS, _content(days), str(baseline), str(reporting), shapes)
        found = self._once(_compare, asked, key)
        assert isinstance(found, Savings)  # noqa: S101
        return found

    def _once(self, function: Callable[[A], R], argument: A, key: str) -> object:
        with self._lock:
            future = self._known.get(key)
            mine = future is None
            if future is None:
                future = Future()
                self._known[key] = future
            self._known.move_to_end(key)
            while len(self._known) > self._kept:
                self._known.popitem(last=False)
        if mine:
            try:
                future.set_result(self._result(function, argument))
            except BaseException as error:
                with self._lock:
                    self._known.pop(key, None)
                future.set_exception(error)
                raise
        return future.result()

    def _result(self, function: Callable[[A], R], argument: A) -> R:
        try:
            return self._compute(function, argument).result()
        except BrokenExecutor:  # the child was killed: the answer is worth a moment of our own
            return function(argument)


def _fit(asked: ToFit) -> Signature | None:
    return fit_signature(counted(asked.days), USED_DAYS, asked.shapes)


def _compare(asked: ToCompare) -> Savings:
    return savings(asked.days, asked.baseline, asked.reporting, USED_DAYS, asked.shapes)


def _content(days: pd.DataFrame) -> str:
    """Hash of a frame's columns, index and values."""
    rows = pd.util.hash_pandas_object(days, index=True).to_numpy()
    return hashlib.sha256(" ".join(days.columns).encode() + rows.tobytes()).hexdigest()
