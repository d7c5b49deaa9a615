"""What the files of a report say: text of a PDF, cells of a workbook, rows of a CSV file."""

from __future__ import annotations

import csv
import io
import re
from typing import Any

from pypdf import PdfReader
from python_calamine import CalamineWorkbook


def squeezed(text: str) -> str:
    """Text without white space, marks that allow a break, and ligatures."""
    return re.sub(r"[\s\u200b\u00ad\ufb00-\ufb06]+", "", text)


def pdf_text(content: bytes) -> str:
    """Text of all pages, squeezed."""
    return squeezed("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages))


def first_page(content: bytes) -> str:
    """Text of the first page, squeezed."""
    return squeezed(PdfReader(io.BytesIO(content)).pages[0].extract_text())


def csv_rows(content: bytes) -> dict[str, dict[str, str]]:
    """Rows of figures by their id."""
    rows = csv.DictReader(io.StringIO(content.decode("utf-8-sig")))
    return {row["id"]: row for row in rows}


def sheet(content: bytes, name: str) -> list[list[Any]]:
    """All cells of a sheet."""
    return CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(name).to_python()


def sheet_rows(content: bytes, name: str) -> dict[str, dict[str, Any]]:
    """Rows of the sheet of figures by their id."""
    head, *rows = sheet(content, name)
    found = [dict(zip(head, row, strict=True)) for row in rows]
    return {str(row["id"]): row for row in found}


def all_cells(content: bytes) -> set[str]:
    """Every cell of every sheet as text."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {
        str(cell)
        for name in book.sheet_names
        for row in book.get_sheet_by_name(name).to_python()
        for cell in row
    }
