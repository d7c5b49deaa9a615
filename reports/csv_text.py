"""Rows as CSV, as spreadsheets of any country read it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def csv_of(
    columns: Sequence[str], rows: Iterable[Sequence[object]], delimiter: str = ",", decimal: str = "."
) -> str:
    """CSV of rows in the order of ``columns``. Null is an empty cell, times are RFC 3339 UTC, lists are
    joined by spaces.

    A text that a spreadsheet would take for a formula gets an apostrophe before it; numbers never do.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([cell(value, decimal) for value in row])
    return out.getvalue()


def cell(value: object, decimal: str = ".") -> str:
    """One cell as text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, int | float):
        return repr(value).replace(".", decimal)
    text = value.value if isinstance(value, StrEnum) else str(value)
    if isinstance(value, list | tuple):
        text = " ".join(str(item) for item in value)
    text = text.replace("\x00", "")
    return f"'{text}" if text.startswith(_FORMULA) else text
