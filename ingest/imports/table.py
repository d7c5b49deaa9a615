"""Where in a file its table stands, and its rows in chunks of columns.

Lines above the header are the preamble: names over values, or a name and its value side by side. A second
block of preamble and header further down (several facilities in one export) starts anew. Sum rows are left
out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field

from ingest.imports.mapping import Mapping
from ingest.imports.refusal import FileFault, FileRefused, refused
from ingest.imports.source import Cell, Row

CHUNK = 20_000

_HEADER_WITHIN = 200  # rows


@dataclass
class Chunk:
    """Rows of one block as columns of equal length; ``roles`` gives each by what the mapping calls it."""

    layout: Layout
    preamble: Dict[str, str]
    rows: list[int] = field(default_factory=list)
    cells: list[list[Cell]] = field(default_factory=list)

    def column(self, role: str) -> list[Cell] | None:
        """The cells of a role; None where the file has no such column."""
        at = self.layout.at.get(role)
        if at is None:
            return None
        return [row[at] if at < len(row) else "" for row in self.cells]


@dataclass(frozen=True)
class Layout:
    """Where each role's column stands, and its name in this file."""

    at: Dict[str, int]
    name: Dict[str, str]
    first: str  # first cell of the header row
    only: Sequence[tuple[int, frozenset[str]]] = ()


@dataclass
class Skipped:
    """Rows that are no values, by kind."""

    sums: int = 0
    filtered: int = 0
    blank: int = 0


def text_of(cell: Cell) -> str:
    """A cell as people see it, without blanks around it."""
    return cell.strip() if isinstance(cell, str) else f"{cell:g}" if isinstance(cell, float) else str(cell)


def roles(mapping: Mapping) -> dict[str, tuple[tuple[str, ...], bool]]:
    """Names that a role's column may bear, and whether the file must have it."""
    time, found = mapping.time, {}
    found["time"] = (time.column, True)
    for role, names in (
        ("clock", time.clock_column),
        ("end", time.end_column),
        ("device", mapping.device.column),
        ("direction", mapping.direction.column if mapping.direction else ()),
        ("quality", mapping.quality.column if mapping.quality else ()),
        ("bill", mapping.bill.column),
    ):
        if names:
            found[role] = (names, True)
    for number, value in enumerate(mapping.value):
        found[f"value {number}"] = (value.column, not value.optional)
        if value.unit_column:
            found[f"unit {number}"] = (value.unit_column, not value.optional)
    for column in mapping.only:
        found[f"only {column}"] = ((column,), True)
    return found


def chunks(rows: Iterable[Row], mapping: Mapping, name: str, skipped: Skipped) -> Iterator[Chunk]:
    """The rows of values, block by block.

    Raises:
        FileRefused: there is no header with the mapping's columns, or no row below it.
    """
    sorter = _Sorter(mapping, name, skipped)
    for number, cells in rows:
        full = sorter.take(number, cells)
        if full is not None:
            yield full
    yield from sorter.rest()


class _Sorter:
    """Puts each row where it belongs: preamble, header, values, or what is left out."""

    def __init__(self, mapping: Mapping, name: str, skipped: Skipped) -> None:
        self._mapping, self._name, self._skipped = mapping, name, skipped
        self._wanted = roles(mapping)
        self._sums = tuple(word.casefold() for word in mapping.file.skip_rows)
        self._search = _Search(mapping, self._wanted, name)
        self._found_any = False
        self._chunk: Chunk | None = None
        if mapping.file.no_header:
            layout = _layout([*mapping.file.no_header], self._wanted, mapping)
            if layout is None:
                cure = "file.no_header does not name the columns that the mapping reads; correct the mapping"
                raise refused(name, f"{mapping.name}: {cure}")
            self._chunk = Chunk(layout, {})

    def take(self, number: int, cells: list[Cell]) -> Chunk | None:
        """Take in a row; gives a chunk that is full or ended."""
        if self._chunk is None:
            layout = self._search.look(number, cells)
            self._chunk = Chunk(layout, dict(self._search.preamble)) if layout is not None else None
            return None
        start = text_of(cells[0]) if cells else ""
        if not start and not any(text_of(cell) for cell in cells):
            self._skipped.blank += 1
            return None
        if start == self._chunk.layout.first:
            again = _layout([text_of(cell) for cell in cells], self._wanted, self._mapping)
            if again is not None:
                return self._next(Chunk(again, self._chunk.preamble))
        if self._search.begins_block(start, cells):
            ended = self._next(None)
            self._search.look(number, cells)
            return ended
        if self._left_out(start, cells, self._chunk.layout):
            return None
        self._found_any = True
        self._chunk.rows.append(number)
        self._chunk.cells.append(cells)
        if len(self._chunk.rows) < CHUNK:
            return None
        return self._next(Chunk(self._chunk.layout, self._chunk.preamble))

    def rest(self) -> Iterator[Chunk]:
        """The last chunk."""
        if self._chunk is None:
            raise self._search.not_found()
        if self._chunk.rows:
            yield self._chunk
        if not self._found_any:
            raise refused(self._name, "there are no rows of values below the header; is the period empty?")

    def _next(self, chunk: Chunk | None) -> Chunk | None:
        ended, self._chunk = self._chunk, chunk
        return ended if ended is not None and ended.rows else None

    def _left_out(self, start: str, cells: list[Cell], layout: Layout) -> bool:
        word = start or next(text for text in map(text_of, cells) if text)
        if self._sums and word.casefold().startswith(self._sums):
            self._skipped.sums += 1
            return True
        if layout.only and any(
            at >= len(cells) or text_of(cells[at]) not in words for at, words in layout.only
        ):
            self._skipped.filtered += 1
            return True
        return False


class _Search:
    """Looks for the header row; keeps the preamble above it."""

    def __init__(self, mapping: Mapping, wanted: dict[str, tuple[tuple[str, ...], bool]], name: str) -> None:
        self._mapping, self._wanted, self._name = mapping, wanted, name
        self._before: list[str] = []
        self._block: list[str] | None = None
        self._seen = 0
        self._best: tuple[int, int, list[str]] = (0, 0, [])
        self.preamble: dict[str, str] = {}

    def look(self, number: int, cells: Sequence[Cell]) -> Layout | None:
        """Whether this row is the header; else it belongs to the preamble."""
        texts = [text_of(cell) for cell in cells]
        if not any(texts):
            self._before = []
            return None
        layout = _layout(texts, self._wanted, self._mapping)
        if layout is not None:
            self._before, self._seen = [], 0
            return layout
        self._seen += 1
        if self._block is None:
            self._block = texts
        known = {name.casefold() for names, _ in self._wanted.values() for name in names}
        score = sum(text.casefold() in known for text in texts)
        if score > self._best[0] or not self._best[2]:
            self._best = (score, number, texts)
        self.preamble.update(zip((name for name in self._before), texts, strict=False))
        if len(texts) > 1 and texts[1]:
            self.preamble.setdefault(texts[0].rstrip(": "), texts[1])
        self._before = texts
        if self._seen > _HEADER_WITHIN:
            raise self.not_found()
        return None

    def begins_block(self, start: str, cells: Sequence[Cell]) -> bool:
        """Whether a row among the values repeats the first row of the preamble."""
        if self._block is None or start != self._block[0]:
            return False
        return [text_of(cell) for cell in cells] == self._block

    def not_found(self) -> FileRefused:
        """What is missing, beside the row that came nearest."""
        score, number, texts = self._best
        here = {text.casefold() for text in texts}
        faults = []
        for names, needed in self._wanted.values():
            if not needed or any(name.casefold() in here for name in names):
                continue
            near = difflib.get_close_matches(names[0], [text for text in texts if text], 1, 0.5)
            hint = f"is it {near[0]!r} now? " if near else ""
            shown = ", ".join(repr(text) for text in texts if text)[:200] or "nothing"
            cure = f"no such column; {hint}the row holds {shown}: correct the mapping {self._mapping.name!r}"
            faults.append(FileFault(self._name, number if score else 0, names[0], "", cure))
        if not faults:
            cure = f"none of the value columns of {self._mapping.name!r} is there"
            faults.append(FileFault(self._name, number if score else 0, "", "", cure))
        return FileRefused(faults)


def _layout(
    texts: Sequence[str], wanted: dict[str, tuple[tuple[str, ...], bool]], mapping: Mapping
) -> Layout | None:
    """The layout if the row is the header: every needed column is there, and at least one of values."""
    place: dict[str, int] = {}
    for number, text in enumerate(texts):
        place.setdefault(text.casefold(), number)
    at: dict[str, int] = {}
    names: dict[str, str] = {}
    for role, (alternatives, needed) in wanted.items():
        found = next((place[one.casefold()] for one in alternatives if one.casefold() in place), None)
        if found is not None:
            at[role], names[role] = found, texts[found]
        elif needed:
            return None
    if not any(role.startswith("value ") for role in at):
        return None
    only = [(at[f"only {column}"], frozenset(words)) for column, words in mapping.only.items()]
    return Layout(at, names, texts[0], only)
