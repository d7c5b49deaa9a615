"""A file as rows of cells: CSV in whatever encoding, gzip around it, or the sheet of a workbook. Bounded in
memory.

Rows come one at a time with their number. Cells are text; of a workbook also numbers, dates and times.
"""

from __future__ import annotations

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

import python_calamine

from ingest.imports.mapping import FilePart
from ingest.imports.refusal import refused
from ingest.imports.workbook import DAMAGED, UNREADABLE, column_number, sheet_parts, unpacking, untold_cells

Cell = str | float | datetime | date | time
Row = tuple[int, list[Cell]]

TEXT_LIMIT_BYTES = 4_000_000_000
"""Longest text read, unpacked. A year of quarters of 1,000 meters is 1.4 GB."""

WORKBOOK_LIMIT_BYTES = 150_000_000
"""Largest workbook, unpacked: its sheet is held in memory whole."""

_LINE_LIMIT = 100_000  # characters
_SNIFF_BYTES = 4_000_000
_RATIO = 200  # a file of digits packs 3 to 20 times; more than this beyond a few MB is a bomb
_RATIO_FROM_BYTES = 20_000_000


class Limits(NamedTuple):
    """What a file may come to, unpacked [bytes]."""

    text: int = TEXT_LIMIT_BYTES
    workbook: int = WORKBOOK_LIMIT_BYTES


def rows(path: Path, name: str, part: FilePart, limits: Limits = Limits()) -> Iterator[Row]:  # noqa: B008
    """The rows of ``path``, numbered from 1; ``name`` is the file's for people.

    Raises:
        FileRefused: it is not readable as what it should be, or larger than ``limits`` when unpacked.
    """
    with path.open("rb") as file:
        start = file.read(4)
    if not start:
        raise refused(name, "the file is empty; export it again")
    if start[:2] == b"PK":
        return _sheet(path, name, part, limits.workbook)
    if start == b"\xd0\xcf\x11\xe0":
        raise refused(
            name, "this is an old workbook (.xls) or a protected one; save it as .xlsx without password"
        )
    return _csv(path, name, part, limits.text, packed=start[:2] == b"\x1f\x8b")


# Text


def _csv(path: Path, name: str, part: FilePart, limit: int, *, packed: bool) -> Iterator[Row]:
    with _opened(path, name, limit, packed=packed) as sniffed:
        head = sniffed.read(_SNIFF_BYTES)
    encoding = part.encoding if part.encoding != "auto" else _encoding(head)
    delimiter = part.delimiter if part.delimiter != "auto" else _delimiter(head.decode(encoding, "replace"))
    with _opened(path, name, limit, packed=packed) as binary:
        if encoding == "utf-8":
            encoding = "utf-8-sig"
        text = io.TextIOWrapper(cast("BinaryIO", binary), encoding=encoding, newline="")
        reader = csv.reader(_lines(text, name), delimiter=delimiter)
        try:
            for cells in reader:
                yield reader.line_num, cast("list[Cell]", cells)
        except UnicodeDecodeError as error:
            cure = (
                f'these bytes are not {encoding}; write file.encoding = "cp1252" or "utf-16" in the mapping'
            )
            raise refused(
                name, cure, row=reader.line_num + 1, value=error.object[error.start : error.end]
            ) from error
        except csv.Error as error:
            raise refused(name, f"{error}; save the table anew as CSV", row=reader.line_num + 1) from error


def _lines(text: io.TextIOWrapper, name: str) -> Iterator[str]:
    number = 0
    while line := text.readline(_LINE_LIMIT):
        number += 1
        if len(line) == _LINE_LIMIT:
            raise refused(name, f"a line of more than {_LINE_LIMIT} characters; is this a table?", row=number)
        if "\0" in line:
            raise refused(
                name,
                "the line holds bytes that are no text; is this a table in another encoding?",
                row=number,
            )
        yield line


def _encoding(head: bytes) -> str:
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    try:
        head[: max(len(head) - 4, 0) or None].decode("utf-8")
    except UnicodeDecodeError as error:
        return "utf-8" if error.start >= len(head) - 8 else "cp1252"
    return "utf-8"


def _delimiter(head: str) -> str:
    """The sign that most lines hold equally often; a decimal comma loses against a semicolon."""
    lines = [line for line in head.splitlines()[:50] if line.strip()]
    counts = {sign: sum(sign in line for line in lines) for sign in ";\t|,"}
    best = max(counts.values(), default=0)
    return next((sign for sign, count in counts.items() if count and count >= 0.6 * best), ",")


class _Bounded(io.RawIOBase):
    """A binary stream that ends with a refusal where it would grow beyond what is allowed."""

    def __init__(self, inner: BinaryIO, name: str, limit: int, packed_bytes: int) -> None:
        self._inner, self._name, self._limit, self._packed_bytes = inner, name, limit, packed_bytes
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._take(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def read(self, size: int = -1) -> bytes:
        return self._take(size)

    def _take(self, size: int) -> bytes:
        try:
            data = self._inner.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise refused(self._name, f"the gzip file is damaged ({error}); send it again") from error
        self._read += len(data)
        if self._read > self._limit:
            raise refused(
                self._name, f"more than {self._limit / 1e6:.0f} MB unpacked; split it by meter or year"
            )
        if self._packed_bytes and _bomb(self._read, self._packed_bytes):
            raise refused(
                self._name, "it unpacks to hundreds of times its size, which no table does; is it damaged?"
            )
        return data


def _bomb(unpacked: int, packed: int) -> bool:
    return unpacked > _RATIO_FROM_BYTES and unpacked > _RATIO * packed


@contextmanager
def _opened(path: Path, name: str, limit: int, *, packed: bool) -> Iterator[_Bounded]:
    with path.open("rb") as file:
        inner = cast("BinaryIO", gzip.GzipFile(fileobj=file)) if packed else file
        yield _Bounded(inner, name, limit, path.stat().st_size if packed else 0)


# Workbooks


def _sheet(path: Path, name: str, part: FilePart, limit: int) -> Iterator[Row]:
    _check_zip(path, name, limit)
    try:
        book = python_calamine.CalamineWorkbook.from_path(path)
        sheet = _chosen(book, name, part.sheet)
        untold = _untold(path, book.sheet_names.index(sheet.name))
        spans = sheet.merged_cell_ranges or []
        merged: dict[tuple[int, int], Cell] = {}
        for number, cells in enumerate(sheet.iter_rows()):  # from the first row, also where it is empty
            row = [str(cell) if isinstance(cell, timedelta) else cell for cell in cells]
            for (top, left), (bottom, right) in spans:
                if top <= number <= bottom:
                    for column in range(left, min(right, len(row) - 1) + 1):
                        if number == top and column == left:
                            merged[top, left] = row[column]
                        row[column] = merged.get((top, left), "")
            for column, shown in untold.get(number + 1, ()):  # whoever needs the cell refuses what it shows
                if column < len(row):
                    row[column] = shown
            yield number + 1, row
    except UNREADABLE as error:
        raise refused(
            name, f"the workbook cannot be read ({error}); save it anew as .xlsx, or as CSV"
        ) from error


def _untold(path: Path, sheet: int) -> dict[int, list[tuple[int, str]]]:
    """By row, the column and look of cells with an error or a formula without a value: else they read as
    empty, and an empty cell is a missing value."""
    found: dict[int, list[tuple[int, str]]] = {}
    with zipfile.ZipFile(path) as archive:
        parts = sheet_parts(archive)
        for cell in untold_cells(archive, parts[sheet]) if sheet < len(parts) else ():
            found.setdefault(cell.row, []).append((column_number(cell.column), cell.shown))
    return found


def _chosen(
    book: python_calamine.CalamineWorkbook, name: str, sheet: str | None
) -> python_calamine.CalamineSheet:
    if sheet is None:
        if len(book.sheet_names) != 1:
            names = ", ".join(book.sheet_names)
            raise refused(name, f"it has the sheets {names}: name one as file.sheet in the mapping")
        return book.get_sheet_by_index(0)
    if sheet not in book.sheet_names:
        raise refused(name, f"no sheet {sheet!r}; it has {', '.join(book.sheet_names)}")
    return book.get_sheet_by_name(sheet)


def _check_zip(path: Path, name: str, limit: int) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            if "[Content_Types].xml" not in archive.namelist():
                raise refused(name, "this is a zip archive, no workbook; unpack it and send the files")
            for total in unpacking(archive):
                if total > limit or _bomb(total, path.stat().st_size):
                    cure = f"the workbook is more than {limit / 1e6:.0f} MB unpacked; save it as CSV"
                    raise refused(name, cure)
    except DAMAGED as error:
        raise refused(name, f"the workbook is damaged or protected ({error}); save it anew") from error
