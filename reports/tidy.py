"""Figures as tidy CSV and JSON: one row a figure, with unit, coverage, method and factor ids."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from reports.figures import Figure, parse_figure_id

COLUMNS = (
    "school",
    "room",
    "period",
    "first_day",
    "last_day",
    "metric",
    "carrier",
    "basis",
    "value",
    "low",
    "high",
    "unit",
    "coverage",
    "status",
    "reason",
    "method",
    "factors",
    "fingerprint",
    "id",
)
"""Columns of a figure's row; days are the site's local ones, both included."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def row_of(figure: Figure, zone: ZoneInfo) -> dict[str, object]:
    """A figure as a row of COLUMNS."""
    key = parse_figure_id(figure.id)
    last = datetime.fromtimestamp(figure.end.timestamp() - 1, zone).date()
    return {
        "school": key.school,
        "room": key.room,
        "period": key.period,
        "first_day": figure.start.astimezone(zone).date().isoformat(),
        "last_day": last.isoformat(),
        "metric": figure.metric,
        "carrier": None if figure.carrier is None else figure.carrier.value,
        "basis": figure.basis,
        "value": figure.value,
        "low": figure.low,
        "high": figure.high,
        "unit": figure.unit,
        "coverage": round(figure.coverage, 6),
        "status": figure.status.value,
        "reason": figure.reason,
        "method": figure.method,
        "factors": list(figure.factors),
        "fingerprint": figure.fingerprint,
        "id": figure.id,
    }


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


def figures_csv(figures: Iterable[Figure], zone: ZoneInfo, delimiter: str = ",", decimal: str = ".") -> bytes:
    """Figures as CSV, UTF-8 with a byte order mark, which Excel needs to read å, ä and ö."""
    rows = (list(row_of(figure, zone).values()) for figure in figures)
    return ("\ufeff" + csv_of(COLUMNS, rows, delimiter, decimal)).encode()


def figures_json(figures: Iterable[Figure], zone: ZoneInfo, manifest: str) -> bytes:
    """Figures as JSON, with the manifest that ``report verify`` reads."""
    content = {"manifest": json.loads(manifest), "figures": [row_of(figure, zone) for figure in figures]}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
