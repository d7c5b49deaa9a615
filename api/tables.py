"""Answers as CSV, on request, as spreadsheets of any country read them."""

from __future__ import annotations

from collections.abc import Sequence

from fastapi import Request
from fastapi.responses import Response
from pydantic import BaseModel

from api.problems import wrong
from api.query import Shape
from classroom.metric import Metric
from reports.csv_text import csv_of

CSV_TYPE = "text/csv"
CSV_ANSWER: dict[str, object] = {"content": {CSV_TYPE: {"schema": {"type": "string"}}}}
"""For the OpenAPI document of a route that also answers in CSV."""

Row = dict[str, object]


def wants_csv(request: Request, shape: Shape) -> bool:
    """Whether to answer in CSV: ``format`` decides, else the Accept header prefers ``text/csv`` to JSON.

    Raises:
        ProblemError: 422; decimal comma and comma as delimiter.
    """
    if shape.format is not None:
        chosen = shape.format == "csv"
    else:
        accept = request.headers.get("accept", "")
        chosen = _preference(accept, CSV_TYPE) > max(
            _preference(accept, "application/json"), _preference(accept, "*/*")
        )
    if chosen and shape.decimal == shape.delimiter:
        raise wrong("decimal", shape.decimal, "needs delimiter=; beside it")
    return chosen


def csv_response(columns: Sequence[str], rows: Sequence[BaseModel | Row | Metric], shape: Shape) -> Response:
    """Rows as a CSV file with a header line, UTF-8."""
    text = csv_text(columns, rows, shape.delimiter, shape.decimal)
    return Response(text, media_type=f"{CSV_TYPE}; charset=utf-8; header=present")


def csv_text(
    columns: Sequence[str], rows: Sequence[BaseModel | Row | Metric], delimiter: str = ",", decimal: str = "."
) -> str:
    """CSV of the named columns (:func:`reports.csv_text.csv_of`)."""
    return csv_of(columns, (_cells(row, columns) for row in rows), delimiter, decimal)


def _cells(row: BaseModel | Row | Metric, columns: Sequence[str]) -> list[object]:
    get = row.get if isinstance(row, dict) else lambda name: getattr(row, name)
    return [get(name) for name in columns]


def _preference(accept: str, kind: str) -> float:
    """The quality (0-1) that an Accept header gives to exactly this media type."""
    for part in accept.lower().split(","):
        name, *parameters = (piece.strip() for piece in part.split(";"))
        if name == kind:
            quality = next((p[2:] for p in parameters if p.startswith("q=")), "1")
            try:
                return float(quality)
            except ValueError:
                return 0.0
    return 0.0
