"""The school year of a Swedish municipality, from the year alone: terms, lov, studiedagar, hired evenings."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from classroom.timetable import public_holidays

_TUESDAY, _THURSDAY, _FRIDAY = 2, 4, 5


def calendar_rows(years: Iterable[int], municipality: str, schools: Iterable[str]) -> list[dict[str, object]]:
    """Rows of ``calendar.csv`` for the calendar ``years``: the municipality's, then each school's own.

    Dates follow what is usual in Scania (sportlov in ISO week 8, höstlov in week 44, påsklov in the week
    before Easter, the Friday after Ascension Day free); each municipality decides its own.
    """
    rows: list[dict[str, object]] = []
    keys = list(schools)
    for year in years:
        rows += [{"municipality": municipality, **row} for row in _municipality_rows(year)]
        for number, school in enumerate(keys):
            rows += [{"school": school, **row} for row in _school_rows(year, number)]
    return rows


def _municipality_rows(year: int) -> list[dict[str, object]]:
    day_of = {name: day for day, name in public_holidays([year]).items()}
    sunday = day_of["Påskdagen"]
    after_ascension = day_of["Kristi himmelsfärdsdag"] + timedelta(days=1)
    spring, autumn = terms(year)
    return [
        _row(*spring, "term", "Vårtermin"),
        _row(date.fromisocalendar(year, 8, 1), date.fromisocalendar(year, 8, _FRIDAY), "lov", "Sportlov"),
        _row(sunday - timedelta(days=6), sunday - timedelta(days=3), "lov", "Påsklov"),
        _row(after_ascension, after_ascension, "lov", "Lovdag efter Kristi himmelsfärdsdag"),
        _row(*autumn, "term", "Hösttermin"),
        _row(date.fromisocalendar(year, 44, 1), date.fromisocalendar(year, 44, _FRIDAY), "lov", "Höstlov"),
    ]


def terms(year: int) -> tuple[tuple[date, date], tuple[date, date]]:
    """First and last day of the spring and of the autumn term of ``year``."""
    spring = (date.fromisocalendar(year, 2, 2), date.fromisocalendar(year, 24, 3))
    christmas = date(year, 12, 24)
    last_friday = christmas - timedelta(days=(christmas.isoweekday() - _FRIDAY) % 7 or 7)
    return spring, (date.fromisocalendar(year, 33, _THURSDAY), last_friday)


def _school_rows(year: int, number: int) -> list[dict[str, object]]:
    """Studiedagar and hired evenings; ``number`` moves them so that not all schools share them."""
    shift = number % 4
    training = [
        date.fromisocalendar(year, 4 + shift, _FRIDAY),
        date.fromisocalendar(year, 18 + shift % 2, 1),
        date.fromisocalendar(year, 38 + shift, 1 + shift),
        date.fromisocalendar(year, 45, 1),
    ]
    rows = [_row(day, day, "studiedag", "Studiedag") for day in training]
    if number % 2 == 0:
        for first, last in terms(year):
            day = first + timedelta(days=(_TUESDAY - first.isoweekday()) % 7)
            while day <= last:
                rows.append({**_row(day, day, "hired_evening", "Föreningskväll"), "hours": "18:00-20:30"})
                day += timedelta(days=7)
    return rows


def _row(first: date, last: date, day_type: str, name: str) -> dict[str, object]:
    return {"first": first.isoformat(), "last": last.isoformat(), "day_type": day_type, "name": name}
