"""Answers that are lists of metrics: a year of a school's days is ten thousand points."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import orjson
from fastapi import Request
from fastapi.responses import Response

from api.models import MetricPoint
from api.query import MetricsQuery
from api.tables import csv_response, wants_csv
from classroom.metric import Metric

_COLUMNS = tuple(MetricPoint.model_fields)


def points_response(request: Request, metrics: Sequence[Metric], query: MetricsQuery) -> Response:
    """Those of the metrics that the query chooses as MetricPoints, in its order, in JSON or CSV.

    What is inside the house (school, interval, fingerprint) stays there.
    """
    if query.carrier is not None:
        metrics = [metric for metric in metrics if metric.carrier == query.carrier]
    if query.basis is not None:
        metrics = [metric for metric in metrics if metric.basis == query.basis]
    if query.order == "time":
        metrics = sorted(metrics, key=attrgetter("time"))
    if wants_csv(request, query):
        return csv_response(_COLUMNS, metrics, query)
    return Response(orjson.dumps(_points(metrics), option=orjson.OPT_UTC_Z), media_type="application/json")


def _points(metrics: Sequence[Metric]) -> list[dict[str, object]]:
    """The fields of MetricPoint by name.

    Without pydantic, which would check and copy what the store has just given (five times the time), and
    written out, which halves what is left.
    """
    return [
        {
            "time": time,
            "period_end": period_end,
            "scope": scope,
            "id": id_,
            "metric": metric,
            "carrier": carrier,
            "basis": basis,
            "value": value,
            "low": low,
            "high": high,
            "unit": unit,
            "coverage": coverage,
            "status": status,
            "reason": reason,
            "method": method,
            "factors": factors,
        }
        for (
            time,
            period_end,
            _interval,
            _school,
            scope,
            id_,
            metric,
            carrier,
            basis,
            value,
            low,
            high,
            unit,
            coverage,
            status,
            reason,
            method,
            factors,
            _fingerprint,
        ) in metrics
    ]
