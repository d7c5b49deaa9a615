"""Odd tokens, cookies, users and addresses at a guarded site: refused in words of ours, without an inside."""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from fastapi.routing import RouteContext
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from visitors import Somebody

from api.access.rules import routes
from api.app import create_app
from api.context import ApiContext

FUZZ = settings(
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "60")),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
INSIDE = ("Traceback", "site-packages", "/work", "/home", "/tmp", ".sqlite", ".duckdb", ".py")

TEXTS = ("text/", "application/json", "application/problem+json", "image/svg")

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80)
BYTES = st.binary(max_size=80).map(lambda raw: raw.translate(None, b"\r\n\x00"))
OWN = {"school": "oppen", "room": "rum1", "meter": "el", "building": "hus", "device": "air", "number": "1"}
ODD = st.one_of(
    PRINTABLE,
    st.text(max_size=40),
    st.integers().map(str),
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.sampled_from(("0001-01-01", "9999-12-31T23:59:59-23:59", "1e400", "nan", "\x00", "²", "%00", "../..")),
    st.sampled_from(("2024-01..2024-12", "0001..9999", "2025-02..", "csv", "pdf", "en", "day", "co2_ppm")),
)


@pytest.fixture
def client(open_app: Any) -> TestClient:
    opened: TestClient = open_app()
    return opened


def check(answer: Any, *given: str) -> None:
    assert answer.status_code in (200, 303, 307, 400, 401, 403, 404, 405, 422, 429, 502), answer.text
    said = answer.text
    for text in given:
        said = said.replace(text, "")
    assert [word for word in INSIDE if word in said] == []


@FUZZ
@given(
    st.sampled_from(["authorization", "cookie", "x-grafana-user", "host", "if-none-match", "last-event-id"]),
    BYTES,
    st.sampled_from([b"", b"Bearer ", b"Bearer cc_", b"classroom-session=", b"Basic "]),
)
def test_headers(client: TestClient, name: str, value: bytes, prefix: bytes) -> None:
    headers = [(name.encode(), prefix + value)]
    check(client.get("/api/v1/schools/oppen/rooms/rum1/stream", headers=headers))


@FUZZ
@given(PRINTABLE | st.text(max_size=40))
def test_paths_and_links(client: TestClient, text: str) -> None:
    whole = quote(text, safe="")
    for path in (f"/{quote(text)}", f"/skarm/{whole}", f"/api/v1/schools/{whole}"):
        check(client.get(path, follow_redirects=False), text, quote(text), whole)


@FUZZ
@given(PRINTABLE, PRINTABLE)
def test_sign_in(client: TestClient, code: str, state: str) -> None:
    answer = client.get("/sign-in/callback", params={"code": code, "state": state}, follow_redirects=False)
    check(answer, code, state)


def query_names(all_routes: list[RouteContext]) -> list[str]:
    """Every name that may stand behind some route's question mark."""
    found = {"x"}
    for route in all_routes:
        for parameter in route.dependant.query_params:
            fields = getattr(parameter.field_info.annotation, "model_fields", {})  # of a whole query
            found |= {field.alias or name for name, field in fields.items()} or {parameter.alias}
    return sorted(found)


def test_every_route_whatever_stands_in_path_query_and_headers(
    context: ApiContext, everybody: dict[str, Somebody]
) -> None:
    all_routes = list(routes(create_app(context)))
    names = query_names(all_routes)
    assert {"interval", "quantity", "period", "limit"} <= set(names)
    asked = set()

    @FUZZ
    @given(
        st.sampled_from(all_routes),
        st.sampled_from(["control", "local", "admin", "teacher", "public"]),
        st.dictionaries(st.sampled_from(sorted(OWN)), ODD, max_size=1),
        st.lists(st.tuples(st.sampled_from(names), ODD), max_size=4),
        st.dictionaries(st.sampled_from(["accept", "accept-language", "if-none-match", "origin"]), PRINTABLE),
    )
    def ask(
        route: RouteContext,
        who: str,
        odd: dict[str, str],
        query: list[tuple[str, str]],
        headers: dict[str, str],
    ) -> None:
        values = OWN | odd
        filled = {name: quote(values.get(name, "x"), safe="") for name in route.param_convertors}
        path = (route.path or "").format(**filled) + "?" + urlencode(query)
        for method in sorted((route.methods or set()) - {"HEAD"}):
            answer = everybody[who].ask(method, path, headers=headers)
            asked.add((route.path, method))
            assert answer.status_code < 500 or answer.status_code == 502, (method, path, answer.text)
            if not answer.headers.get("content-type", "").startswith(
                ("application/json", "application/p", "text")
            ):
                continue  # a workbook or a picture
            said = answer.text
            for text in (*odd.values(), *(text for _, text in query), *headers.values()):
                said = said.replace(text, "") if text else said
            assert [word for word in INSIDE if word in said] == [], (method, path)

    ask()
    assert asked
