"""Putting the rows of an import in place of those that its source brought before, and no others.

A file tells of a time (its first to its last day). Rows of the same source outside that time stay: a calendar
of the new year does not take the old one away.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Generic, TypeVar, cast

from classroom.places import CalendarRow, Lesson

RowT = TypeVar("RowT", bound=CalendarRow | Lesson)
Span = tuple[date | None, date | None]

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Replacement(Generic[RowT]):
    """What an import changes in a table. ``replaced`` are rows by their number that go or are cut to None or
    a row; ``by_hand`` counts rows that stand there already without a source."""

    replaced: dict[int, RowT | None]
    added: list[RowT]
    removed: list[RowT]
    unchanged: int
    outside: int
    by_hand: int

    @property
    def changes(self) -> bool:
        """Whether anything would be written."""
        return bool(self.replaced or self.added)


def replacement(
    rows: Sequence[RowT],
    fresh: Sequence[RowT],
    source: str,
    time: Span,
    concerns: Callable[[RowT], bool] = lambda _: True,
) -> Replacement[RowT]:
    """How ``fresh`` takes the place of ``rows`` of ``source`` within ``time`` that ``concerns`` holds for.

    The time reaches at least as far as the new rows themselves. Rows that reach over an end of it are cut
    there; a piece that only continues a new row joins it.
    """
    time = _widened(time, fresh)
    mine = {n: row for n, row in enumerate(rows) if row.source == source and concerns(row)}
    inside = {n: row for n, row in mine.items() if _overlaps(_span(row), time)}
    pieces: list[RowT] = [piece for row in inside.values() for piece in _outside(row, time)]
    by_hand: set[RowT] = {_with(row, source=source) for row in rows if row.source is None}
    wanted: Counter[RowT] = Counter(
        _joined([*pieces, *(row for row in dict.fromkeys(fresh) if row not in by_hand)])
    )
    replaced: dict[int, RowT | None] = {}
    removed, unchanged = [], 0
    for number, row in inside.items():
        if wanted[row]:
            wanted[row] -= 1
            unchanged += 1
        else:
            replaced[number] = None
            removed.append(row)
    added = [row for row, count in wanted.items() for _ in range(count)]
    known = len(set(fresh) & by_hand)
    return Replacement(replaced, added, removed, unchanged, len(mine) - len(inside), known)


def _span(row: RowT) -> Span:
    return (row.first, row.last) if isinstance(row, CalendarRow) else (row.valid_from, row.valid_to)


def _widened(time: Span, rows: Sequence[RowT]) -> Span:
    """``time``, reaching at least as far as ``rows``."""
    firsts, lasts = ([time[n], *(_span(row)[n] for row in rows)] for n in (0, 1))
    return (
        None if None in firsts else min(day for day in firsts if day is not None),
        None if None in lasts else max(day for day in lasts if day is not None),
    )


def _with_span(row: RowT, first: date | None, last: date | None) -> RowT:
    if isinstance(row, CalendarRow):
        return _with(row, first=first, last=last)
    return _with(row, valid_from=first, valid_to=last)


def _with(row: RowT, **values: object) -> RowT:
    return cast("RowT", row.model_copy(update=values))


def _overlaps(one: Span, other: Span) -> bool:
    return (one[0] is None or other[1] is None or one[0] <= other[1]) and (
        other[0] is None or one[1] is None or other[0] <= one[1]
    )


def _outside(row: RowT, time: Span) -> list[RowT]:
    """The parts of a row before and after ``time``."""
    first, last = _span(row)
    found = []
    if time[0] is not None and (first is None or first < time[0]):
        found.append(_with_span(row, first, time[0] - _DAY))
    if time[1] is not None and (last is None or last > time[1]):
        found.append(_with_span(row, time[1] + _DAY, last))
    return found


def _joined(rows: Sequence[RowT]) -> list[RowT]:
    """The rows; those that only continue an equal one are one with it."""
    found: dict[RowT, list[RowT]] = {}
    for row in sorted(rows, key=lambda row: _span(row)[0] or date.min):
        alike = found.setdefault(_with_span(row, None, None), [])
        end = _span(alike[-1])[1] if alike else None
        begin = _span(row)[0]
        if alike and end is not None and begin == end + _DAY:
            alike[-1] = _with_span(alike[-1], _span(alike[-1])[0], _span(row)[1])
        else:
            alike.append(row)
    order = {_with_span(row, None, None): n for n, row in enumerate(rows)}
    return [row for key in sorted(found, key=lambda key: order[key]) for row in found[key]]
