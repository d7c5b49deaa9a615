"""Odd paths, queries and headers: an answer of ours each time, never a fault."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote

from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classroom.metric import Interval

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "120")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],  # the store stays empty: nothing is written
)

TEXT = st.text(max_size=30)
SCHOOL = st.one_of(st.just("tagaborg"), TEXT)
ROOM = st.one_of(st.just("a101"), TEXT)
KEYS = st.sampled_from(
    (
        *("from", "to", "interval", "metric", "quantity", "points", "flagged"),
        *("format", "delimiter", "decimal", "after", "before", "limit", "reason", "x"),
        *("baseline", "reporting", "measure", "period"),
    )
)
VALUES = st.one_of(
    TEXT,
    st.integers().map(str),
    st.datetimes().map(str),
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.sampled_from(Interval),
    st.sampled_from(("raw", "csv", "json", ";", ",", "co2_ppm", "energy_kwh", "nan", "true")),
    st.sampled_from(("2024", "2024-01..2024-12", "2025-02..", "2024..2025-06-30", "0001..9999")),
    st.sampled_from(("9999-12-31T23:59:59-23:59", "0001-01-01", "1e400", "\x00", "²")),
)
ROOM_TAILS = ["", "/now", "/series", "/series?quantity=co2_ppm", "/metrics"]
TAILS = st.sampled_from(
    [
        "",
        "/metrics",
        "/savings",
        "/signature",
        "/rooms",
        "/meters",
        "/meters/{room}/metrics",
        "/buildings/{room}/metrics",
        *(f"/rooms/{{room}}{tail}" for tail in ROOM_TAILS),
    ]
)


def check(answer: Any) -> None:
    assert answer.status_code < 500, answer.text
    assert "Traceback" not in answer.text
    if answer.status_code >= 400 and "text/html" not in answer.headers["content-type"]:
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["status"] == answer.status_code
        assert problem["detail"]


@FUZZ
@given(SCHOOL, ROOM, TAILS, st.lists(st.tuples(KEYS, VALUES), max_size=4))
def test_places_and_queries(
    client: TestClient, school: str, room: str, tail: str, query: list[tuple[str, str]]
) -> None:
    path = f"/api/v1/schools/{quote(school, safe='')}{tail.format(room=quote(room, safe=''))}"
    check(client.get(path, params=query))


@FUZZ
@given(
    st.sampled_from(["devices", "devices/pending", "dead-letters", "schools"]),
    st.lists(st.tuples(KEYS, VALUES), max_size=4),
)
def test_lists(client: TestClient, path: str, query: list[tuple[str, str]]) -> None:
    check(client.get(f"/api/v1/{path}", params=query))


@FUZZ
@given(TEXT)
def test_paths(client: TestClient, path: str) -> None:
    check(client.get(f"/{quote(path)}"))


@FUZZ
@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=60))
def test_headers(client: TestClient, value: str) -> None:
    check(client.get("/api/v1/schools", headers={"accept": value, "accept-language": value}))
