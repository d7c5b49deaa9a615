"""Every query of every dashboard and alert rule gets non-empty typed columns from the real API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from dashboard_city import NOW, ROOM, SCHOOL
from fastapi.testclient import TestClient
from grafana_eye import ContractError, answered, expanded, fields_of, framed, queries_of, renamed

from dashboards.alerts import rules
from dashboards.library import boards, dashboards
from dashboards.words import LANGS

Query = Mapping[str, Any]

VALUES = {"school": SCHOOL, "room": ROOM, "interval": "day"}

MAY_BE_EMPTY = {
    "reason": "only where something is not told",
    "low": "only of energy that is known in part",
    "high": "only of energy that is known in part",
    "airflow_l_s_person": "needs lessons with people and a volume",
    "carrier": "null: all carriers",
    "balance_c": "electricity that does not follow the weather",
}
"""Columns that may be null in every row of the city, and why."""

_SPANS = {"h": 1, "d": 24, "w": 168, "M": 720, "y": 8_760}


def since(text: str) -> datetime:
    """The start of a relative range as ``now-30d``."""
    amount = text.removeprefix("now-")
    return NOW - timedelta(hours=int(amount[:-1]) * _SPANS[amount[-1]])


def all_queries() -> list[tuple[str, Query, datetime]]:
    """Name, query, and start of the range of time, of everything that asks the API."""
    found = []
    for lang in LANGS:
        starts = {board.key: since(board.since) for board in boards(lang)}
        for key, dashboard in dashboards(lang).items():
            found += [(f"{lang}/{key}: {what}", query, starts[key]) for what, query in queries_of(dashboard)]
    found += [(f"alert {rule.key}", rule.query.to_json(), NOW) for rule in rules()]
    return found


QUERIES = all_queries()


@pytest.fixture(scope="session")
def ask(city_client: TestClient) -> Callable[[Query, datetime], Any]:
    """The API's answer to a query; the same question is asked once."""
    known: dict[str, Any] = {}

    def one(query: Query, start: datetime) -> Any:
        key = f"{query['url']} {query['url_options']['params']} {start}"
        if key not in known:
            known[key] = answered(city_client, query, lambda text: expanded(text, VALUES, start, NOW))
        return known[key]

    return one


@pytest.mark.parametrize(("name", "query", "start"), QUERIES, ids=[name for name, *_ in QUERIES])
def test_it_gets_rows_of_typed_columns(
    ask: Callable[[Query, datetime], Any], name: str, query: Query, start: datetime
) -> None:
    frame = framed(ask(query, start), query)
    selectors = {column["text"]: column["selector"].split(".")[-1] for column in query["columns"]}
    assert all(frame.values()), f"{name}: no rows"
    empty = {
        text
        for text, values in frame.items()
        if all(value is None for value in values) and selectors[text] not in MAY_BE_EMPTY
    }
    assert empty == set()


def test_a_renamed_field_of_the_api_is_found(ask: Callable[[Query, datetime], Any]) -> None:
    """A test of the test: each name that any query relies on, called otherwise in the answer, fails."""
    relied = {(name, field) for name, query, _ in QUERIES for field in fields_of(query)}
    by_name = {name: (query, start) for name, query, start in QUERIES}
    unnoticed = []
    for name, field in sorted(relied):
        query, start = by_name[name]
        try:
            framed(renamed(ask(query, start), field), query)
        except ContractError:
            continue
        unnoticed.append((name, field))
    assert unnoticed == []
    assert len(relied) > 300


def test_what_would_draw_all_series_as_one_is_found(ask: Callable[[Query, datetime], Any]) -> None:
    query, start = next((q, s) for _, q, s in QUERIES if q["format"] == "timeseries")
    points = ask(query, start)["points"]
    assert framed({"points": points}, query)
    with pytest.raises(ContractError, match="order=time"):
        framed({"points": points[::-1]}, query)


def test_an_alert_compares_one_number_and_names_its_instances() -> None:
    for rule in rules():
        kinds = [column.kind for column in rule.query.columns]
        assert kinds.count("number") == 1, rule.key
        assert set(kinds) <= {"number", "string"}, rule.key


def test_the_city_sets_off_the_alerts_it_should(ask: Callable[[Query, datetime], Any]) -> None:
    fired = {}
    for rule in rules():
        query = rule.query.to_json()
        frame = framed(ask(query, NOW), query)
        number = next(column.text for column in rule.query.columns if column.kind == "number")
        fired[rule.key] = sum(value is not None and value > rule.above for value in frame[number])
    # Silent are one school's room and the four meters, whose file ends three days ago.
    assert fired == {"room-air": 1, "device-silent": 5, "ingest-stalled": 0, "heating-in-holidays": 1}
