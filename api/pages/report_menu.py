"""What a page offers of reports: periods to choose from, the newest first; the form needs no JavaScript."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

from api.pages.language import Language
from classroom.metric import Interval
from reports.period import Period, period_at

_COUNTS = {Interval.MONTH: 13, Interval.QUARTER: 4, Interval.SCHOOL_YEAR: 2, Interval.YEAR: 3}
_DAY = timedelta(days=1)


class PeriodGroup(NamedTuple):
    """Periods of one length: key, as the address names it, and what people call it."""

    name: str
    periods: list[tuple[str, str]]


class ReportMenu(NamedTuple):
    """The form: where it goes, what it offers, and which period stands chosen (the newest month that is
    over)."""

    action: str
    groups: list[PeriodGroup]
    chosen: str


def report_menu(action: str, today: date, say: Language) -> ReportMenu:
    """The menu on the local day ``today``; ``action`` is the address of the report."""
    names = {
        Interval.MONTH: say.text("Month"),
        Interval.QUARTER: say.text("Quarter"),
        Interval.SCHOOL_YEAR: say.text("School year"),
        Interval.YEAR: say.text("Calendar year"),
    }
    groups = [
        PeriodGroup(name, [(one.key, _called(one, today, say)) for one in _newest(today, interval)])
        for interval, name in names.items()
    ]
    return ReportMenu(action, groups, groups[0].periods[1][0])


def _newest(today: date, interval: Interval) -> list[Period]:
    """The running period and those before it."""
    found = [period_at(today, interval)]
    while len(found) < _COUNTS[interval]:
        found.append(period_at(found[-1].first - _DAY, interval))
    return found


def _called(period: Period, today: date, say: Language) -> str:
    year = period.first.year
    name = {
        Interval.MONTH: say.month(period.first),
        Interval.QUARTER: say.text("Quarter %(number)s %(year)s")
        % {"number": (period.first.month + 2) // 3, "year": year},
        Interval.SCHOOL_YEAR: f"{year}/{(year + 1) % 100:02d}",
        Interval.YEAR: str(year),
    }[period.interval]
    return say.text("%(period)s so far") % {"period": name} if today < period.end else name
