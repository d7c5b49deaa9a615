"""Dated lessons to weekly ones: the fewest rows that say the same on every school day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from classroom.places import Lesson

Weeks = Literal["all", "odd", "even"]
Run = tuple[Weeks, date, date]
"""Weeks, first and last day on which a weekly lesson is held."""


class Dated(NamedTuple):
    """A lesson on a day: room key, local day, start and end as ``08:10``, persons (None: not told)."""

    room: str
    day: date
    start: str
    end: str
    group_size: int | None = None


class Weekly(NamedTuple):
    """Weekly lessons, and the days that were left out because they are no school days."""

    rows: list[Lesson]
    no_school: list[date]


def weekly(
    school: str,
    dated: Iterable[Dated],
    first: date,
    last: date,
    is_school_day: Callable[[date], bool],
    source: str | None = None,
) -> Weekly:
    """Weekly rows, in force from ``first`` to ``last`` at most, that hold exactly ``dated`` on school days.

    A lesson that does not follow a pattern (moved, once only, cancelled for a day) gets a row of its own
    days, or ends one row and begins another. Lessons at the same time in the same room are one; their groups
    are added up where all are told.
    """
    together: dict[tuple[str, date, str, str], list[int | None]] = defaultdict(list)
    for one in dated:
        together[one.room, one.day, one.start, one.end].append(one.group_size)
    slots: dict[tuple[str, int, str, str, int | None], set[date]] = defaultdict(set)
    no_school: set[date] = set()
    for (room, day, start, end), sizes in together.items():
        if not is_school_day(day):
            no_school.add(day)
            continue
        told = [size for size in sizes if size is not None]
        size = sum(told) if len(told) == len(sizes) else None
        slots[room, day.isoweekday(), start, end, size].add(day)
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    candidates: dict[int, list[date]] = defaultdict(list)
    for day in days:
        if is_school_day(day):
            candidates[day.isoweekday()].append(day)
    rows = [
        Lesson(
            school=school,
            room=room,
            weekday=weekday,
            start=start,
            end=end,
            group_size=size,
            weeks=weeks,
            valid_from=begin,
            valid_to=finish,
            source=source,
        )
        for (room, weekday, start, end, size), held in slots.items()
        for weeks, begin, finish in _runs(held, candidates[weekday], first, last)
    ]
    return Weekly(sorted(rows, key=_order), sorted(no_school))


def _order(row: Lesson) -> tuple[object, ...]:
    return (
        row.room,
        row.weekday,
        row.start,
        row.end,
        row.valid_from or date.min,
        row.weeks,
        row.group_size or 0,
    )


def _runs(held: set[date], days: Sequence[date], first: date, last: date) -> list[Run]:
    """The days ``held`` as unbroken runs through ``days``: of every week, or of odd and even weeks apart,
    whichever takes fewer."""
    every = _unbroken("all", held, days, first, last)
    odd = [day for day in days if day.isocalendar().week % 2]
    even = [day for day in days if not day.isocalendar().week % 2]
    apart = _unbroken("odd", held, odd, first, last) + _unbroken("even", held, even, first, last)
    return every if len(every) <= len(apart) else apart


def _unbroken(weeks: Weeks, held: set[date], days: Sequence[date], first: date, last: date) -> list[Run]:
    """Runs of ``days`` that are all held; at the first and last of ``days`` they reach to the bounds."""
    found: list[Run] = []
    begin: date | None = None
    for at, day in enumerate(days):
        if day not in held:
            begin = None
            continue
        finish = last if at == len(days) - 1 else day
        if begin is None:
            begin = first if at == 0 else day
            found.append((weeks, begin, finish))
        else:
            found[-1] = (weeks, begin, finish)
    return found
