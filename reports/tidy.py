"""Figures as tidy CSV and JSON: one row a figure, with unit, coverage, method and factor ids."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from reports.csv_text import csv_of
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


def figures_csv(figures: Iterable[Figure], zone: ZoneInfo, delimiter: str = ",", decimal: str = ".") -> bytes:
    """Figures as CSV, UTF-8 with a byte order mark, which Excel needs to read å, ä and ö."""
    rows = (list(row_of(figure, zone).values()) for figure in figures)
    return ("\ufeff" + csv_of(COLUMNS, rows, delimiter, decimal)).encode()


def figures_json(figures: Iterable[Figure], zone: ZoneInfo, manifest: str) -> bytes:
    """Figures as JSON, with the manifest that ``report verify`` reads."""
    content = {"manifest": json.loads(manifest), "figures": [row_of(figure, zone) for figure in figures]}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()
