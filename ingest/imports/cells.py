"""Cells to numbers and words. A number is read only as the mapping says it is written: ``1.234`` with a
decimal comma is refused, not guessed."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence

from ingest.imports.mapping import SEPARATORS, FilePart, ValuePart
from ingest.imports.source import Cell
from ingest.imports.table import text_of


class NumberReader:
    """Reads numbers as a file writes them."""

    def __init__(self, part: FilePart) -> None:
        self._missing = frozenset(part.missing)
        groups, mark = SEPARATORS[part.thousands], re.escape(part.decimal)
        whole = r"[0-9]+" if not groups else rf"(?:[0-9]{{1,3}}(?:[{re.escape(groups)}][0-9]{{3}})+|[0-9]+)"
        self._plain = re.compile(rf"[-+−]?(?:{whole}(?:{mark}[0-9]*)?|{mark}[0-9]+)(?:[eE][-+]?[0-9]+)?")
        self._table = str.maketrans({**dict.fromkeys(groups), ",": ".", "−": "-"})
        if part.decimal == "." and "," in groups:
            self._table = str.maketrans({**dict.fromkeys(groups), "−": "-"})
        self.cure = (
            f'no number with the decimal mark "{part.decimal}"'
            + (f" and thousands by {part.thousands}" if groups else "")
            + "; correct the cell, or file.decimal and file.thousands in the mapping"
        )

    def read(self, cell: Cell) -> float | None:
        """The number; NaN where the cell is empty, None where it is no number."""
        if isinstance(cell, str):
            text = cell.strip()
            if text in self._missing:
                return math.nan
            if self._plain.fullmatch(text) is None:
                return None
            return float(text.translate(self._table))
        if isinstance(cell, bool) or not isinstance(cell, float | int):
            return None
        return float(cell) if math.isfinite(cell) else None


def unit_reader(value: ValuePart) -> Callable[[str], tuple[float, float] | None]:
    """Factor and offset by a unit's name, large or small letters; None for a unit that does not fit."""
    units = value.units()
    lower = {name.casefold(): pair for name, pair in units.items()}

    def read(name: str) -> tuple[float, float] | None:
        return units.get(name) or lower.get(name.casefold())

    return read


def words(cells: Sequence[Cell], meaning: dict[str, str]) -> list[str | None]:
    """What the word in each cell means; None for one that is not known."""
    return [meaning.get(text_of(cell).casefold()) for cell in cells]
