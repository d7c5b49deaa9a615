"""A report in one language, ready to be printed: sections of paragraphs, tables and charts.

The PDF, the workbook and the test read the same :class:`Document`, so that they cannot disagree. Cells keep
their numbers; how they are written is the language's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from reports.figures import Figure
from reports.language import Language

Kind = Literal["text", "number", "share", "date"]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: heading, what its cells are, their unit and decimals; ``width`` as a share of the table."""

    title: str
    kind: Kind = "text"
    unit: str = ""
    decimals: int = 0
    sign: bool = False
    width: float = 1.0

    @property
    def is_number(self) -> bool:
        """Whether its cells are amounts, which stand at the right."""
        return self.kind in ("number", "share")

    @property
    def heading(self) -> str:
        """Title with unit."""
        return f"{self.title} [{self.unit}]" if self.unit else self.title


Cell = str | float | date | None


@dataclass(frozen=True, slots=True)
class Table:
    """A table; a cell is text, a number of its column, a date, or None where there is nothing to say.

    ``strong`` are the numbers of rows that sum up. ``appendix``: printed small, at the end.
    """

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    strong: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Series:
    """A row of values of a chart, None where there is nothing."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars by category, series side by side or on top of each other; the workbook draws it natively.

    ``alt`` says what the picture shows, for those who do not see it.
    """

    key: str
    title: str
    unit: str
    alt: str
    categories: tuple[str, ...]
    series: tuple[Series, ...]
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Steps:
    """A bridge: from ``start`` by steps to ``end``; each step with its interval (low, high) or None."""

    key: str
    title: str
    unit: str
    alt: str
    start: tuple[str, float]
    steps: tuple[tuple[str, float, float | None, float | None], ...]
    end: tuple[str, float]


Part = str | Table | Bars | Steps


@dataclass(frozen=True, slots=True)
class Section:
    """A topic: a heading and its parts in order; ``small`` is printed as an appendix."""

    key: str
    title: str
    parts: tuple[Part, ...]
    small: bool = False

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [part for part in self.parts if isinstance(part, Table)]


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the front page: what it is, its value in words, and a line below."""

    label: str
    value: str
    detail: str


@dataclass(frozen=True)
class Document:
    """A report in a language. ``missing`` is what the first page says of missing data; never empty."""

    lang: str
    title: str
    subtitle: str
    site: str
    made: str
    tiles: tuple[Tile, ...]
    summary: tuple[str, ...]
    complete: bool
    missing: tuple[str, ...]
    sections: tuple[Section, ...]
    words: dict[str, str]
    figures: tuple[Figure, ...]
    manifest: str = ""


def written(cell: Cell, column: Column, language: Language) -> str:
    """A cell as people read it."""
    if cell is None:
        return "–"
    if isinstance(cell, str):
        return cell
    if isinstance(cell, date):
        return cell.isoformat()
    if column.kind == "share":
        return language.share(cell, column.decimals, sign=column.sign)
    return language.number(cell, column.decimals, sign=column.sign)


def rows_of(rows: Sequence[Sequence[Cell]]) -> tuple[tuple[Cell, ...], ...]:
    """Rows as a table keeps them."""
    return tuple(tuple(row) for row in rows)
