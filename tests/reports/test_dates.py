"""Periods as people write them."""

from __future__ import annotations

from datetime import date

import pytest

from reports.dates import Dates, month_end, parse_dates, twelve_months, year_before

YESTERDAY = date(2026, 1, 9)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2023", date(2023, 1, 1), date(2023, 12, 31)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2023-01..2023-12", date(2023, 1, 1), date(2023, 12, 31)),
        (" 2025-08-15 .. 2025-10 ", date(2025, 8, 15), date(2025, 10, 31)),
        ("2025-09..", date(2025, 9, 1), YESTERDAY),
        ("2025-08-15", date(2025, 8, 15), date(2025, 8, 15)),
    ],
)
def test_both_ends_are_included(text: str, first: date, last: date) -> None:
    assert parse_dates(text, YESTERDAY) == Dates(first, last)


@pytest.mark.parametrize(
    "text", ["", "..", "..2023", "2023-13", "2023-02-30", "1989", "2024..2023", "x", "23"]
)
def test_what_is_no_period(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_dates(text, YESTERDAY)


def test_an_open_end_needs_a_start_that_has_been() -> None:
    with pytest.raises(ValueError, match="before"):
        parse_dates("2026-02..", YESTERDAY)


def test_years_back() -> None:
    assert month_end(date(2024, 2, 3)) == date(2024, 2, 29)
    assert twelve_months(date(2024, 2, 29)) == Dates(date(2023, 3, 1), date(2024, 2, 29))
    assert twelve_months(date(2023, 12, 31)).days == 365
    assert year_before(date(2025, 8, 15)) == Dates(date(2024, 8, 15), date(2025, 8, 14))
