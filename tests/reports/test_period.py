"""Periods as people write them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from classroom.metric import Interval
from reports.period import PeriodError, last_ended, parse_period

ZONE = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("text", "key", "interval", "first", "end"),
    [
        ("2026-10", "2026-10", Interval.MONTH, date(2026, 10, 1), date(2026, 11, 1)),
        ("2010-11", "2010-11", Interval.MONTH, date(2010, 11, 1), date(2010, 12, 1)),
        ("2026-Q4", "2026-Q4", Interval.QUARTER, date(2026, 10, 1), date(2027, 1, 1)),
        ("2026q1", "2026-Q1", Interval.QUARTER, date(2026, 1, 1), date(2026, 4, 1)),
        ("2025/26", "2025-2026", Interval.SCHOOL_YEAR, date(2025, 7, 1), date(2026, 7, 1)),
        ("2099-2100", "2099-2100", Interval.SCHOOL_YEAR, date(2099, 7, 1), date(2100, 7, 1)),
        (" 2026 ", "2026", Interval.YEAR, date(2026, 1, 1), date(2027, 1, 1)),
    ],
)
def test_a_period_is_read(text: str, key: str, interval: Interval, first: date, end: date) -> None:
    found = parse_period(text)
    assert (found.key, found.interval, found.first, found.end) == (key, interval, first, end)
    assert parse_period(found.key) == found


@pytest.mark.parametrize(
    "text", ["", "2026-13", "2026-Q5", "2025/27", "0000", "0000-01", "1989", "okt", "2026-1"]
)
def test_what_is_no_period_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(PeriodError, match="write a month 2026-10"):
        parse_period(text)


def test_months_and_the_year_before() -> None:
    assert [month.key for month in parse_period("2026-Q1").months] == ["2026-01", "2026-02", "2026-03"]
    assert len(parse_period("2025/26").months) == 12
    assert parse_period("2025/26").before.key == "2024-2025"
    assert parse_period("2026-02").before.key == "2025-02"


def test_a_month_ends_at_local_midnight() -> None:
    month = parse_period("2026-10")
    end = datetime(2026, 10, 31, 23, tzinfo=UTC)  # winter time since the 25th
    assert month.span(ZONE) == (datetime(2026, 9, 30, 22, tzinfo=UTC), end)
    assert month.running_at(datetime(2026, 10, 31, 22, 59, tzinfo=UTC), ZONE)
    assert not month.running_at(end, ZONE)
    assert last_ended(end, ZONE) == month
    assert last_ended(datetime(2026, 10, 31, 22, 59, tzinfo=UTC), ZONE).key == "2026-09"
