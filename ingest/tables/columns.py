"""Finding the table in a sheet: its header may stand below other lines and have other names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ingest.imports.refusal import refused
from ingest.tables.dates import text_of
from ingest.tables.sheets import Cell, Sheet

_HEADER_WITHIN = 20


@dataclass(frozen=True)
class Found:
    """The rows below a header: each with its number and its cells by our name of the column, if not empty.

    ``headings`` are the file's own names of the columns; ``passed_over`` counts columns that are not read.
    """

    rows: tuple[tuple[int, Mapping[str, Cell]], ...]
    headings: Mapping[str, str]
    passed_over: int


def find_table(sheet: Sheet, known: Mapping[str, Sequence[str]], needed: Sequence[str]) -> Found:
    """The table whose header has a column for each of ``needed``; ``known`` are the names a column may have.

    Raises:
        FileRefused: no such header, or a column stands twice.
    """
    ours = {alias: name for name, several in known.items() for alias in (name, *several)}
    for at, (number, cells) in enumerate(sheet.rows[:_HEADER_WITHIN]):
        titles = [text_of(cell).casefold() for cell in cells]
        places = [(ours[title], column) for column, title in enumerate(titles) if title in ours]
        names = [name for name, _ in places]
        if not set(needed) <= set(names):
            continue
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise refused(
                sheet.where, "two columns would be this one; rename or delete one", row=number, column=twice
            )
        rows = tuple(
            (
                row,
                {
                    name: cells[column]
                    for name, column in places
                    if column < len(cells) and cells[column] not in (None, "")
                },
            )
            for row, cells in sheet.rows[at + 1 :]
        )
        headings = {name: text_of(cells[column]) for name, column in places}
        passed_over = sum(bool(title) and title not in ours for title in titles)
        return Found(tuple((row, cells) for row, cells in rows if cells), headings, passed_over)
    wanted = "; ".join(f"{name} ({', '.join(known.get(name, ()))})" for name in needed)
    raise refused(sheet.where, f"no header with the columns {wanted} in the first {_HEADER_WITHIN} rows")
