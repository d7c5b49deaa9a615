"""What calamine does not tell of a workbook: how large it is unpacked, and which cells hold no value.

It reads errors and formulas without a value as empty cells.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

import python_calamine

DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What ``zipfile`` raises for an archive that is damaged, protected or packed in some other way."""

UNREADABLE = (
    python_calamine.CalamineError,
    python_calamine.PasswordError,
    python_calamine.XmlError,
    python_calamine.ZipError,
)
"""What calamine raises for an archive that is no workbook."""

_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?(?:v|is)\b")
_ERROR = re.compile(rb"<(?:\w+:)?v>(#[A-Z0-9/!?_]+)<")


class Untold(NamedTuple):
    """A cell whose value is not in the file; ``row`` from 1, ``column`` in letters."""

    row: int
    column: str
    shown: str
    cure: str


def unpacking(archive: zipfile.ZipFile) -> Iterator[int]:
    """Bytes unpacked so far, a block at a time: what an archive says about its size may be a lie."""
    total = 0
    for part in archive.infolist():
        with archive.open(part) as stream:
            while block := stream.read(1 << 20):
                total += len(block)
                yield total


def sheet_parts(archive: zipfile.ZipFile) -> list[str]:
    """Names of the worksheets' parts in the order of the sheets."""
    relations = dict(
        re.findall(r'Id="([^"]+)"[^>]*?Target="([^"]+)"', _text(archive, "xl/_rels/workbook.xml.rels"))
    ) | {
        identity: target
        for target, identity in re.findall(
            r'Target="([^"]+)"[^>]*?Id="([^"]+)"', _text(archive, "xl/_rels/workbook.xml.rels")
        )
    }
    ids = re.findall(r'<(?:\w+:)?sheet\b[^>]*?\b\w+:id="([^"]+)"', _text(archive, "xl/workbook.xml"))
    targets = [relations.get(one, "") for one in ids]
    return [target.lstrip("/") if target.startswith("/") else f"xl/{target}" for target in targets]


def untold_cells(archive: zipfile.ZipFile, part: str) -> Iterator[Untold]:
    """Cells that hold an error, or a formula whose value the program that wrote the file did not store."""
    if part not in archive.namelist():
        return
    for cell in _CELL.finditer(archive.read(part)):
        attributes, content = cell[1], cell[2] or b""
        error = re.search(rb'\bt="e"', attributes)
        if not error and not (_FORMULA.search(content) and not _VALUE.search(content)):
            continue
        place = re.search(rb'\br="([A-Z]+)(\d+)"', attributes)
        if place is None:
            continue
        column, row = place[1].decode(), int(place[2])
        if error:
            shown = _ERROR.search(content)
            cure = "the cell shows an error; correct its formula, or write the value itself"
            yield Untold(row, column, shown[1].decode("utf-8", "replace") if shown else "an error", cure)
        else:
            cure = "open the file in Excel and save it, so that values are stored; or write the value itself"
            yield Untold(row, column, "a formula without a value", cure)


def column_number(letters: str) -> int:
    """0 for ``A``, 26 for ``AA``."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


def _text(archive: zipfile.ZipFile, part: str) -> str:
    return archive.read(part).decode("utf-8", "replace") if part in archive.namelist() else ""
