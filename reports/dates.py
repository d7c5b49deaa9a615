"""Periods as people write them: ``2023``, ``2023-01..2023-12``, ``2025-08-15..2025-10-31``, ``2025-09..``."""

from __future__ import annotations

import re
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from classroom.timetable import Span, day_span

_DAY = timedelta(days=1)
_PART = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d))?)?")
_YEARS = range(1990, 2101)

PERIOD_CURE = (
    "write a year, month or day, or two of them: 2023, 2023-01..2023-12, 2025-08-15..2025-10-31; both ends "
    "are included, and an open end (2025-09..) is the last whole day"
)


class Dates(NamedTuple):
    """Local days from ``first`` to ``last``, both included."""

    first: date
    last: date

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"

    @property
    def days(self) -> int:
        """How many days."""
        return (self.last - self.first).days + 1

    def span(self, zone: ZoneInfo) -> Span:
        """UTC start and end in a time zone."""
        return day_span(self.first, zone)[0], day_span(self.last, zone)[1]


def parse_dates(text: str, yesterday: date) -> Dates:
    """The period that ``text`` means; ``yesterday`` is the last whole day.

    Raises:
        ValueError: not a period, or its end lies before its start; :data:`PERIOD_CURE` says how to write it.
    """
    start, divider, end = text.strip().partition("..")
    first, last = _part(start), _part(end if divider and end else start)
    if divider and not end:
        last = Dates(yesterday, yesterday)
    if last.last < first.first:
        raise ValueError("the end lies before the start")
    return Dates(first.first, last.last)


def _part(text: str) -> Dates:
    match = _PART.fullmatch(text.strip())
    if match is None or int(match[1]) not in _YEARS:
        raise ValueError("not a year, month or day")
    year, month, day = (int(part) if part else None for part in match.groups())
    assert year is not None  # noqa: S101  the pattern wants it
    if month is None:
        return Dates(date(year, 1, 1), date(year, 12, 31))
    if day is None:
        first = date(year, month, 1)
        return Dates(first, month_end(first))
    return Dates(date(year, month, day), date(year, month, day))


def month_end(day: date) -> date:
    """Last day of the month that ``day`` is in."""
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1) - _DAY


def twelve_months(last: date) -> Dates:
    """The twelve calendar months up to the one that ends with ``last``."""
    return Dates((last + _DAY).replace(year=(last + _DAY).year - 1), last)


def year_before(day: date) -> Dates:
    """The 365 days before ``day``."""
    return Dates(day - timedelta(days=365), day - _DAY)
