"""The period of a report: a month, a quarter, a school year or a calendar year, as people write it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from analytics.periods import period_of
from classroom.metric import Interval
from classroom.timetable import Span, day_span

_MONTH = re.compile(r"^(\d{4})-(\d{2})$")
_QUARTER = re.compile(r"^(\d{4})-?[Qq]([1-4])$")
_SCHOOL_YEAR = re.compile(r"^(\d{4})(?:/(\d{2}|\d{4})|-(\d{4}))$")
_YEAR = re.compile(r"^(\d{4})$")

CURE = "write a month 2026-10, a quarter 2026-Q4, a school year 2025/26 or a year 2026"


class PeriodError(ValueError):
    """A text is no period; the message says how one is written."""


@dataclass(frozen=True, slots=True)
class Period:
    """Local days from ``first`` up to ``end`` (not included). ``key`` stands in file names and figure ids."""

    key: str
    interval: Interval
    first: date
    end: date

    @property
    def days(self) -> list[date]:
        """Its local days."""
        return [self.first + timedelta(days=n) for n in range((self.end - self.first).days)]

    @property
    def last(self) -> date:
        """Its last local day."""
        return self.end - timedelta(days=1)

    @property
    def months(self) -> list[Period]:
        """The months that it is made of."""
        found, first = [], self.first
        while first < self.end:
            found.append(period_at(first, Interval.MONTH))
            first = found[-1].end
        return found

    @property
    def before(self) -> Period:
        """The same period a year earlier."""
        return period_at(self.first.replace(year=self.first.year - 1), self.interval)

    def span(self, zone: ZoneInfo) -> Span:
        """UTC start and end."""
        return day_span(self.first, zone)[0], day_span(self.last, zone)[1]

    def running_at(self, now: datetime, zone: ZoneInfo) -> bool:
        """Whether it has not ended at ``now`` (aware)."""
        return now < self.span(zone)[1]


def period_at(day: date, interval: Interval) -> Period:
    """The period of a length that holds ``day``."""
    first, end = period_of(day, interval)
    key = {
        Interval.MONTH: f"{first:%Y-%m}",
        Interval.QUARTER: f"{first.year}-Q{(first.month + 2) // 3}",
        Interval.SCHOOL_YEAR: f"{first.year}-{first.year + 1}",
        Interval.YEAR: f"{first.year}",
    }[interval]
    return Period(key, interval, first, end)


def parse_period(text: str) -> Period:
    """``2026-10``, ``2026-Q4``, ``2025/26`` (also ``2025-2026``) or ``2026``.

    Raises:
        PeriodError: it is none of these, or outside 1990 to 2100.
    """
    text = text.strip()
    day, interval = _read(text)
    if not 1990 <= day.year <= 2100:
        raise PeriodError(f"{text!r} lies outside 1990 to 2100; {CURE}")
    return period_at(day, interval)


def _read(text: str) -> tuple[date, Interval]:
    if (found := _MONTH.match(text)) and 1 <= int(found[2]) <= 12 and int(found[1]):
        return date(int(found[1]), int(found[2]), 1), Interval.MONTH
    if (found := _QUARTER.match(text)) and int(found[1]):
        return date(int(found[1]), 3 * int(found[2]) - 2, 1), Interval.QUARTER
    if (found := _YEAR.match(text)) and int(found[1]):
        return date(int(found[1]), 1, 1), Interval.YEAR
    if found := _SCHOOL_YEAR.match(text):
        first, second = int(found[1]), found[2] or found[3]
        if 1990 <= first <= 2100 and second in (f"{(first + 1) % 100:02d}", f"{first + 1}"):
            return date(first, 7, 1), Interval.SCHOOL_YEAR
    raise PeriodError(f"{text[:40]!r} is no period; {CURE}")


def last_ended(now: datetime, zone: ZoneInfo, interval: Interval = Interval.MONTH) -> Period:
    """The newest period of a length that has ended at ``now`` (aware)."""
    running = period_at(now.astimezone(zone).date(), interval)
    return period_at(running.first - timedelta(days=1), interval)
