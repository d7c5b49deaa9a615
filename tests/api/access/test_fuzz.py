"""Odd tokens, cookies, users and addresses at a guarded site: refused in words of ours, without an inside."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
INSIDE = ("Traceback", "site-packages", "/work", "/home", "/tmp", ".sqlite", ".duckdb", ".py")

PRINTABLE = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=80)
BYTES = st.binary(max_size=80).map(lambda raw: raw.translate(None, b"\r\n\x00"))


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
