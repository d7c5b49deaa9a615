"""The door: what it believes, counts and notes."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fastapi.testclient import TestClient
from visitors import TABLES, URL, Somebody

from api.access.file import AccessFile
from api.access.limits import Limit, network
from api.access.tokens import Tokens
from api.app import create_app
from api.context import ApiContext
from classroom.access import Grant, Role
from classroom.sitefiles import parse_site

SCHOOLS = "/api/v1/schools"
ROOMS = "/api/v1/schools/oppen/rooms"


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


@pytest.fixture
def token(tokens: Tokens, now: datetime) -> tuple[str, str]:
    return tokens.create(Grant(role=Role.READ, schools=("oppen",)), "", now, now + timedelta(days=1))


@pytest.fixture
def client(open_app: Callable[..., TestClient]) -> TestClient:
    return open_app()


@pytest.mark.parametrize(
    "pattern",
    [
        *("{0}x", "{0},{0}", "{0} {0}", "x{0}", "cc__", "", "cc_{1}_", "cc_{1}_{1}", "{2}", "{3}", "{4}"),
    ],
)
def test_a_tampered_token_is_refused(client: TestClient, token: tuple[str, str], pattern: str) -> None:
    key, text = token
    bad = pattern.format(text, key, text.upper(), text[:-1], text.removeprefix("cc_"))
    assert client.get(ROOMS, headers=bearer(text)).status_code == 200
    answer = client.get(ROOMS, headers=bearer(bad))
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"] == "application/problem+json"


def test_expired_and_revoked(
    context: ApiContext, client: TestClient, tokens: Tokens, token: tuple[str, str], now: datetime
) -> None:
    later = create_app(replace(context, clock=lambda: now + timedelta(days=1)))
    with TestClient(later, base_url=URL) as opened:
        assert opened.get(ROOMS, headers=bearer(token[1])).status_code == 401
    assert client.get(ROOMS, headers=bearer(token[1])).status_code == 200
    tokens.revoke(token[0], now)
    assert client.get(ROOMS, headers=bearer(token[1])).status_code == 401


def test_doubled_headers_are_refused(client: TestClient, token: tuple[str, str]) -> None:
    good = f"Bearer {token[1]}"
    for values in ((good, good), (good, "Bearer x"), ("Bearer x", good)):
        answer = client.get(ROOMS, headers=[("Authorization", value) for value in values])
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


def test_other_schemes_are_nobodys(client: TestClient) -> None:
    assert client.get(ROOMS, headers={"Authorization": "Basic eDp5"}).status_code == 401


def test_a_browser_without_a_provider_is_told_in_words(context: ApiContext) -> None:
    site = parse_site({"classroom.toml": f'[access]\nurl = "{URL}"\n', **TABLES})
    with TestClient(create_app(replace(context, site=lambda: site)), base_url=URL) as client:
        answer = client.get("/schools/oppen", headers={"Accept": "text/html"})
    assert answer.status_code == 401
    assert "Inte för alla" in answer.text


def test_a_page_is_refused_in_words(everybody: dict[str, Somebody]) -> None:
    answer = everybody["teacher"].ask("GET", "/schools/hemlig", headers={"Accept": "text/html"})
    assert answer.status_code == 403
    assert answer.headers["content-type"].startswith("text/html")
    assert "Inte för alla" in answer.text
    assert "Hemliga" not in answer.text


GRAFANA = """
[access]
url = "http://127.0.0.1:8000"
[access.grafana]
token = "{id}"
users = [
    {{ login = "anna", schools = ["oppen", "hemlig"] }},
    {{ login = "boss", schools = ["*"] }},
    {{ login = "cecilia", schools = ["hemlig"] }},
]
"""


@pytest.mark.parametrize(
    ("users", "status"),
    [
        (["anna"], 200),
        (["boss"], 200),
        (["cecilia"], 403),
        (["nobody"], 403),
        (["Anna"], 403),
        ([""], 403),
        ([], 403),
        (["anna", "boss"], 403),
        (["anna", "anna"], 403),
        (["anna, boss"], 403),
        (["${__user.login}"], 403),
    ],
)
def test_grafana_names_its_users(
    open_app: Callable[..., TestClient], token: tuple[str, str], users: list[str], status: int
) -> None:
    client = open_app(GRAFANA.format(id=token[0]))
    headers = [("Authorization", f"Bearer {token[1]}"), *(("X-Grafana-User", user) for user in users)]
    assert client.get(ROOMS, headers=headers).status_code == status
    assert client.get("/api/v1/schools/hemlig/rooms", headers=headers).status_code == 403  # not its token's


def test_nobody_else_may_say_who_he_is(
    open_app: Callable[..., TestClient], tokens: Tokens, token: tuple[str, str], now: datetime
) -> None:
    client = open_app(GRAFANA.format(id=token[0]))
    user = {"X-Grafana-User": "boss"}
    assert client.get(ROOMS, headers=user).status_code == 401
    _, other = tokens.create(Grant(role=Role.READ, schools=("hemlig",)), "", now, None)
    assert client.get(ROOMS, headers=user | bearer(other)).status_code == 403


def test_who_asks_too_often_waits(open_app: Callable[..., TestClient], token: tuple[str, str]) -> None:
    client = open_app(f'[access]\nurl = "{URL}"\nrequests_per_minute = 10\n')
    statuses = [client.get(ROOMS, headers=bearer(token[1])).status_code for _ in range(12)]
    assert statuses[:10] == [200] * 10
    answer = client.get(ROOMS, headers=bearer(token[1]))
    assert answer.status_code == 429
    assert 1 <= int(answer.headers["retry-after"]) <= 6
    assert client.get("/healthz").status_code == 200  # others are not held up


def test_who_guesses_tokens_waits(client: TestClient, token: tuple[str, str]) -> None:
    statuses = [client.get(ROOMS, headers=bearer(f"cc_{n}")).status_code for n in range(40)]
    assert statuses[:30] == [401] * 30
    assert set(statuses[31:]) == {429}
    assert client.get(ROOMS, headers=bearer(token[1])).status_code == 429


def test_on_this_machine_alone_nobody_is_counted(open_app: Callable[..., TestClient]) -> None:
    client = open_app("[access]\nrequests_per_minute = 10\n")
    assert {client.get(SCHOOLS).status_code for _ in range(30)} == {200}


def test_a_bucket_fills_steadily_and_forgets_the_silent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.access.limits._MOST_CLIENTS", 2)
    clock = [0.0]
    limit = Limit(60, 2, lambda: clock[0])
    assert [limit.take("a") for _ in range(3)] == [None, None, 1]
    clock[0] = 1.0
    assert [limit.take("a"), limit.take("a")] == [None, 1]
    assert [limit.take("b"), limit.take("c")] == [None, None]
    assert limit.take("a") is None  # forgotten


@pytest.mark.parametrize(
    ("host", "stands_for"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_whom_an_address_stands_for(host: str, stands_for: str) -> None:
    assert network(host) == stands_for


def test_changes_leave_a_line(everybody: dict[str, Somebody], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "api.audit")
    purge = "/api/v1/dead-letters/purge"
    everybody["control"].ask("POST", purge, json={})
    everybody["reader"].ask("POST", purge, json={})
    everybody["control"].ask("PUT", "/api/v1/imports/a%0Ab/x.csv", content=b"")
    everybody["control"].ask("GET", SCHOOLS)
    lines = [record.getMessage() for record in caplog.records if record.name == "api.audit"]
    assert lines[0] == f"control key from testclient: POST {purge}: 200"
    assert lines[1].startswith("token ")
    assert lines[1].endswith(f"POST {purge}: 403")
    assert "PUT /api/v1/imports/a%0Ab/x.csv" in lines[2]
    assert len(lines) == 3


def test_an_access_file_that_is_away_lets_nobody_in(
    context: ApiContext, file: AccessFile, token: tuple[str, str]
) -> None:
    with TestClient(create_app(context), base_url=URL) as client:
        file.close()
        answers = [client.get(ROOMS, headers=bearer(token[1])) for _ in range(2)]
        assert [answer.status_code for answer in answers] == [503, 503]
        assert "sqlite" not in answers[0].text
        assert client.get("/healthz").status_code == 200


def test_large_bodies_are_cut_off(everybody: dict[str, Somebody]) -> None:
    answer = everybody["control"].ask("POST", "/api/v1/dead-letters/purge", content=b" " * 1_100_000)
    assert answer.status_code == 413
    assert answer.headers["content-type"] == "application/problem+json"
