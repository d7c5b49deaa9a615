"""Files as sheets of rows and cells: CSV in the encodings that Excel writes, and workbooks.

A workbook's traps are met here: merged cells, formulas whose value was never stored and error cells (calamine
reads both as empty), zip bombs. What cells mean is left to their readers.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path

import python_calamine

from ingest.imports.refusal import FileFault, FileRefused, refused
from ingest.imports.workbook import DAMAGED, UNREADABLE, sheet_parts, unpacking, untold_cells

Cell = str | float | bool | datetime | date | time | timedelta

FILE_LIMIT_BYTES = 50_000_000
"""Largest file read; tables of places and timetables are far smaller."""

UNPACKED_LIMIT_BYTES = 150_000_000

_MOST_FAULTS = 20


@dataclass(frozen=True)
class Sheet:
    """A table of a file: ``where`` names it for people, ``title`` is its sheet's or file's name.

    ``rows`` are numbered as the program that shows the file numbers them, from 1.
    """

    where: str
    title: str
    rows: tuple[tuple[int, Sequence[Cell]], ...]


def read_sheets(path: Path, *, by_number: bool = False) -> list[Sheet]:
    """The sheets of a workbook, or the one of a CSV file.

    ``by_number`` keeps the titles of sheets out of messages, where they may be people's.

    Raises:
        FileRefused: it is too large, damaged, protected, or holds cells whose value is not in the file.
    """
    name = path.name
    try:
        size = path.stat().st_size
        start = path.read_bytes()[:4] if size <= FILE_LIMIT_BYTES else b""
    except OSError as error:
        raise refused(name, f"the file cannot be read: {error.strerror}") from error
    if size > FILE_LIMIT_BYTES:
        raise refused(name, f"larger than {FILE_LIMIT_BYTES / 1e6:.0f} MB; is this the right file?")
    if not start:
        raise refused(name, "the file is empty; save it again")
    if start[:2] == b"PK":
        return _workbook(path, by_number=by_number)
    if start == b"\xd0\xcf\x11\xe0":
        raise refused(name, "an old workbook (.xls) or a protected one; save it as .xlsx without password")
    return [_csv(path)]


def decoded(content: bytes, name: str) -> str:
    """Text in UTF-8 (with or without BOM), UTF-16 with BOM, or the code page of Windows in Sweden.

    Raises:
        FileRefused: it is no text.
    """
    try:
        if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
            return content.decode("utf-16")
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        pass
    text = content.decode("cp1252", "replace")
    if "\0" in text:
        raise refused(name, "this is no text; save the table as CSV UTF-8 or as .xlsx")
    return text


def _csv(path: Path) -> Sheet:
    text = decoded(path.read_bytes(), path.name)
    lines = text.splitlines(keepends=True)
    head = next((line for line in lines if line.strip() and not line.startswith("#")), "")
    delimiter = max(";,\t", key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    rows: list[tuple[int, Sequence[Cell]]] = []
    begin = 1
    try:
        for cells in reader:
            if not (cells and cells[0].lstrip(' ";,').startswith("#")):
                rows.append((begin, cells))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise refused(path.name, "save the table anew as CSV UTF-8", row=begin) from error
    return Sheet(path.name, path.stem, tuple(rows))


def _workbook(path: Path, *, by_number: bool) -> list[Sheet]:
    name = path.name
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, name)
            book = python_calamine.CalamineWorkbook.from_path(path)
            faults: list[FileFault] = []
            sheets = []
            for number, (title, part) in enumerate(zip(book.sheet_names, sheet_parts(archive), strict=False)):
                sheet = book.get_sheet_by_index(number)
                where = f"{name}, sheet {number + 1 if by_number else title}"
                faults += [
                    FileFault(where, cell.row, cell.column, cell.shown, cell.cure)
                    for cell in untold_cells(archive, part)
                ]
                faults += [
                    FileFault(where, top + 1, _letters(left), _area(top, left, bottom, right), _MERGED)
                    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ()
                ]
                rows = enumerate(sheet.iter_rows(), start=1)  # from the first row, also where it is empty
                sheets.append(Sheet(where, title, tuple(rows)))
    except DAMAGED as error:
        raise refused(name, "the workbook is damaged or protected; save it anew") from error
    except UNREADABLE as error:
        raise refused(name, "the workbook cannot be read; save it anew as .xlsx, or as CSV") from error
    if faults:
        raise FileRefused(faults[:_MOST_FAULTS], max(0, len(faults) - _MOST_FAULTS))
    return sheets


_MERGED = "merged cells hold one value for many; unmerge them and fill in each cell"


def _check_size(archive: zipfile.ZipFile, name: str) -> None:
    if "[Content_Types].xml" not in archive.namelist():
        raise refused(name, "a zip archive, no workbook; unpack it and give the files in it")
    if any(total > UNPACKED_LIMIT_BYTES for total in unpacking(archive)):
        raise refused(name, f"more than {UNPACKED_LIMIT_BYTES / 1e6:.0f} MB unpacked")


def _letters(column: int) -> str:
    """``A`` for column 0, ``AA`` for 26."""
    text = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(ord("A") + rest) + text
    return text


def _area(top: int, left: int, bottom: int, right: int) -> str:
    return f"{_letters(left)}{top + 1}:{_letters(right)}{bottom + 1}"
