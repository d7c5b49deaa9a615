"""Dates and times as Swedish files write them."""

from datetime import date, datetime, time, timedelta

import pytest

from ingest.tables.dates import date_of, hours_of, text_of, time_of, weekday_of
from ingest.tables.sheets import Cell

DAY = date(2026, 8, 18)


@pytest.mark.parametrize(
    "cell",
    [
        *(
            "2026-08-18",
            "20260818",
            "2026/08/18",
            "2026.8.18",
            " 18 augusti 2026",
            "18 aug 2026",
            "2026-08-18 00:00",
        ),
        *("tisdag den 18 augusti 2026", "18:e augusti 2026", DAY, datetime(2026, 8, 18)),  # noqa: DTZ001
    ],
)
def test_dates(cell: Cell) -> None:
    assert date_of(cell) == DAY


@pytest.mark.parametrize(
    "cell", ["18/8 2026", "08/18/2026", "2026-13-01", "2026-02-30", "v. 34", "", 46252.0]
)
def test_no_dates(cell: Cell) -> None:
    assert date_of(cell) is None


def test_a_format_that_was_given_is_the_only_one() -> None:
    assert date_of("18/08/2026", "%d/%m/%Y") == DAY
    assert date_of("2026-08-18", "%d/%m/%Y") is None


@pytest.mark.parametrize(
    "cell", ["08:10", "8.10", "0810", "08:10:00", time(8, 10), timedelta(hours=8, minutes=10), 8.1666666 / 24]
)
def test_times(cell: Cell) -> None:
    assert time_of(cell) == time(8, 10)


@pytest.mark.parametrize("cell", ["24:00", "8", "08:60", "Anna", 25.0, timedelta(days=1)])
def test_no_times(cell: Cell) -> None:
    assert time_of(cell) is None


@pytest.mark.parametrize("cell", ["18:00-21:00", "18-21", "kl. 18.00–21.00", "18.00 - 21.00"])
def test_hours(cell: str) -> None:
    assert hours_of(cell) == "18:00-21:00"


def test_no_hours() -> None:
    assert [hours_of(cell) for cell in ("18:00", "21-18", "kväll")] == [None, None, None]


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("1", 1),
        (7.0, 7),
        ("Måndag", 1),
        ("tis", 2),
        ("on", 3),
        ("torsdagar", 4),
        ("Friday", 5),
        ("0", None),
        ("må-fr", None),
    ],
)
def test_weekdays(cell: Cell, number: int | None) -> None:
    assert weekday_of(cell) == number


def test_text() -> None:
    assert [text_of(cell) for cell in (101.0, 1.5, " a\u00a0 b ", None)] == ["101", "1.5", "a b", ""]
