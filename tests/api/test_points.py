"""Points are written without pydantic, and read as pydantic would have written them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from fastapi import Request
from pydantic import TypeAdapter

from api.models import MetricPoint
from api.points import points_response
from api.query import MetricsQuery
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier

DAY = datetime(2026, 11, 15, 23, tzinfo=UTC)
METRIC = Metric(
    time=DAY,
    period_end=DAY + timedelta(days=1),
    interval=Interval.DAY,
    school="tagaborg",
    scope=Scope.SCHOOL,
    id="tagaborg",
    metric="energy_kwh",
    carrier=Carrier.ELECTRICITY,
    basis=None,
    value=812.5,
    low=1e-9,
    high=1e22,
    unit="kWh",
    coverage=1.0,
    status=Status.OK,
    reason=None,
    method="energy.registers/1",
    factors=("a", "b"),
    fingerprint="not for others",
)
OTHER = METRIC._replace(carrier=None, value=None, low=None, high=None, reason='no "reading"', factors=())


def test_points_are_what_the_document_promises() -> None:
    request = Request({"type": "http", "headers": []})
    answer = points_response(request, [METRIC, OTHER], MetricsQuery())
    adapter = TypeAdapter(list[MetricPoint])
    points = adapter.validate_json(answer.body)
    assert points[0] == MetricPoint(**{name: getattr(METRIC, name) for name in MetricPoint.model_fields})
    assert adapter.dump_python(points, mode="json") == adapter.dump_python(
        adapter.validate_json(adapter.dump_json(points)), mode="json"
    )
    text = bytes(answer.body).decode()
    assert list(json.loads(text)[0]) == list(MetricPoint.model_fields)
    assert '"time":"2026-11-15T23:00:00Z"' in text
    assert "not for others" not in text


def test_as_csv() -> None:
    request = Request({"type": "http", "headers": [(b"accept", b"text/csv")]})
    answer = points_response(request, [METRIC], MetricsQuery(delimiter=";", decimal=","))
    header, row, _ = bytes(answer.body).decode().split("\r\n")
    assert header.startswith("time;period_end;scope;id;metric;carrier;basis;value")
    assert row.startswith(
        "2026-11-15T23:00:00Z;2026-11-16T23:00:00Z;school;tagaborg;energy_kwh;electricity;;812,5"
    )


def test_only_what_is_asked_for_and_by_time_where_wanted() -> None:
    request = Request({"type": "http", "headers": []})
    heat = METRIC._replace(carrier=Carrier.DISTRICT_HEAT, basis="location")
    later = METRIC._replace(time=DAY + timedelta(days=1))
    both = TypeAdapter(list[MetricPoint])

    def asked(**query: str) -> list[tuple[str | None, int]]:
        answer = points_response(request, [METRIC, later, heat], MetricsQuery.model_validate(query))
        return [(point.carrier, point.time.day) for point in both.validate_json(answer.body)]

    assert asked() == [("electricity", 15), ("electricity", 16), ("district_heat", 15)]
    assert asked(order="time") == [("electricity", 15), ("district_heat", 15), ("electricity", 16)]
    assert asked(carrier="district_heat") == [("district_heat", 15)]
    assert asked(basis="location", order="time") == [("district_heat", 15)]
    assert asked(basis="market") == []
