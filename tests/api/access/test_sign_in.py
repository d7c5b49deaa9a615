"""Sign-in against a real provider, and what must not work."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from fastapi import APIRouter, Depends
from fastapi.testclient import TestClient
from provider import CLIENT_SECRET, Provider, new_key, providing
from visitors import TABLES, URL

from api.access.file import AccessFile
from api.access.rules import STAFF
from api.access.signin import local
from api.app import create_app
from api.context import Access, ApiContext
from classroom.sitefiles import parse_site

SETTINGS = """
[access]
url = "{url}"
[access.oidc]
issuer = "{issuer}"
client_id = "klimat"
client_secret_file = "unused"
groups_claim = "roles"
session_hours = 2
groups = [{{ group = "teachers", schools = ["oppen"] }}, {{ group = "it", role = "admin", schools = ["*"] }}]
"""
PAGE = {"Accept": "text/html"}


@pytest.fixture(scope="module")
def server() -> Iterator[Provider]:
    with providing() as started:
        yield started


@pytest.fixture
def provider(server: Provider) -> Provider:
    fresh = Provider(issuer=server.issuer, keys=server.keys)
    vars(server).update(vars(fresh))
    server.claims = {"sub": "17", "preferred_username": "anna@example.se", "roles": ["teachers", "choir"]}
    return server


@pytest.fixture
def time_now(context: ApiContext) -> list[datetime]:
    return [context.clock()]


@pytest.fixture
def browser(
    context: ApiContext, provider: Provider, file: AccessFile, time_now: list[datetime]
) -> Iterator[TestClient]:
    with _client(context, provider, file, time_now, URL) as client:
        yield client


def _client(
    context: ApiContext, provider: Provider, file: AccessFile, times: list[datetime], url: str
) -> TestClient:
    settings = SETTINGS.format(issuer=provider.issuer, url=url)
    site = parse_site({"classroom.toml": settings, **TABLES})
    access = Access(file, CLIENT_SECRET)
    app = create_app(replace(context, site=lambda: site, access=access, clock=lambda: times[-1]))
    return TestClient(app, base_url=url, raise_server_exceptions=False, follow_redirects=False)


def sign_in(browser: TestClient, then: str = "/") -> httpx.Response:
    """To the provider and back, as a browser goes."""
    begun = browser.get("/sign-in", params={"then": then})
    assert begun.status_code == 303, begun.text
    with httpx.Client() as outside:
        back = outside.get(begun.headers["location"]).headers["location"]
    return browser.get(urlsplit(back).path + "?" + urlsplit(back).query)


def rooms(browser: TestClient) -> int:
    return browser.get("/api/v1/schools/oppen/rooms").status_code


def test_a_teacher_signs_in_and_out(browser: TestClient, provider: Provider) -> None:
    refused = browser.get("/schools/oppen?week=2026-W46", headers=PAGE)
    assert refused.status_code == 303
    assert refused.headers["location"] == "/sign-in?then=%2Fschools%2Foppen%3Fweek%3D2026-W46"
    assert rooms(browser) == 401

    answer = sign_in(browser, "/schools/oppen?week=2026-W46")

    assert (answer.status_code, answer.headers["location"]) == (303, "/schools/oppen?week=2026-W46")
    assert browser.get("/schools/oppen", headers=PAGE).status_code == 200
    assert rooms(browser) == 200
    assert browser.get("/api/v1/schools/hemlig/rooms").status_code == 403
    assert [row["key"] for row in browser.get("/api/v1/schools").json()] == ["oppen"]
    (asked,) = provider.asked
    assert (asked["code_challenge_method"], asked["response_type"]) == ("S256", "code")

    stolen = browser.cookies["classroom-session"]
    assert browser.post("/sign-out", headers={"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert rooms(browser) == 401
    assert (
        browser.get("/api/v1/schools", headers={"Cookie": f"classroom-session={stolen}"}).status_code == 401
    )


def test_the_cookie_is_for_this_host_over_https_and_not_for_scripts(
    context: ApiContext, provider: Provider, file: AccessFile, time_now: list[datetime]
) -> None:
    with _client(context, provider, file, time_now, "https://klimat.example.se") as browser:
        answer = sign_in(browser)
        cookies = answer.headers.get_list("set-cookie")
        (session,) = [cookie for cookie in cookies if cookie.startswith("__Host-classroom-session=")]
        parts = {part.strip().lower() for part in session.split(";")[1:]}
        assert {"httponly", "secure", "samesite=lax", "path=/", "max-age=7200"} <= parts
        assert not any(part.startswith("domain") for part in parts)
        assert "max-age" in answer.headers["strict-transport-security"]
        assert rooms(browser) == 200


def test_an_administrator_of_the_group_may_not_delete_from_a_browser(
    browser: TestClient, provider: Provider
) -> None:
    provider.claims["roles"] = "it"
    sign_in(browser)
    assert browser.get("/api/v1/dead-letters").status_code == 200
    assert browser.post("/api/v1/dead-letters/purge", json={}).status_code == 403


def test_a_session_ends(browser: TestClient, time_now: list[datetime]) -> None:
    sign_in(browser)
    time_now.append(time_now[0] + timedelta(hours=1, minutes=59))
    assert rooms(browser) == 200
    time_now.append(time_now[0] + timedelta(hours=2))
    assert rooms(browser) == 401


def test_who_is_in_no_group_that_counts_sees_nothing(browser: TestClient, provider: Provider) -> None:
    provider.claims["roles"] = ["choir"]
    assert sign_in(browser).status_code == 303
    assert rooms(browser) == 403
    assert "Inte för alla" in browser.get("/schools/oppen", headers=PAGE).text


def _other_nonce(provider: Provider) -> None:
    provider.claims["nonce"] = "another"


def _no_nonce(provider: Provider) -> None:
    provider.claims["nonce"] = None


def _other_audience(provider: Provider) -> None:
    provider.claims |= {"aud": "another", "azp": "klimat"}


def _other_issuer(provider: Provider) -> None:
    provider.claims["iss"] = "http://127.0.0.1:2"


def _expired(provider: Provider) -> None:
    provider.claims["exp"] = 1_700_000_000


def _other_key(provider: Provider) -> None:
    provider.signing_key = new_key()


def _unsigned(provider: Provider) -> None:
    provider.unsigned = True
    provider.metadata = {"id_token_signing_alg_values_supported": ["none", "HS256", "RS256"]}


def _no_id_token(provider: Provider) -> None:
    provider.drop_id_token = True


def _no_subject(provider: Provider) -> None:
    provider.claims["sub"] = None


@pytest.mark.parametrize(
    "lie",
    [
        *(_other_nonce, _no_nonce, _other_audience, _other_issuer, _expired),
        *(_other_key, _unsigned, _no_id_token, _no_subject),
    ],
)
def test_what_the_provider_says_is_checked(
    browser: TestClient, provider: Provider, lie: Callable[[Provider], None]
) -> None:
    lie(provider)
    answer = sign_in(browser)
    assert answer.status_code == 502, answer.headers
    assert "classroom-session" not in browser.cookies
    assert rooms(browser) == 401


def test_a_provider_that_calls_itself_otherwise_is_not_asked(browser: TestClient, provider: Provider) -> None:
    provider.own_issuer = "http://127.0.0.1:2"
    assert browser.get("/sign-in").status_code == 502


def test_a_new_key_of_the_provider_is_fetched(browser: TestClient, provider: Provider) -> None:
    sign_in(browser)
    provider.rotate()
    browser.cookies.clear()
    assert sign_in(browser).status_code == 303
    assert rooms(browser) == 200


def test_a_refusal_lets_nobody_in(browser: TestClient, provider: Provider) -> None:
    provider.refuse = True
    assert sign_in(browser).status_code == 403
    assert rooms(browser) == 401


def test_a_sign_in_is_finished_where_it_was_begun_and_once(browser: TestClient, provider: Provider) -> None:
    begun = browser.get("/sign-in")
    with httpx.Client() as outside:
        back = urlsplit(outside.get(begun.headers["location"]).headers["location"])
    state = parse_qs(back.query)["state"][0]
    address = f"{back.path}?{back.query}"

    cookie = browser.cookies["classroom-sign-in"]
    browser.cookies.clear()
    assert browser.get(address).status_code == 400  # somebody else's browser: the link was sent to a victim
    browser.cookies.set("classroom-sign-in", cookie)
    assert browser.get(address.replace(state, state[::-1])).status_code == 400
    assert browser.get(address).status_code == 303
    browser.cookies.set("classroom-sign-in", cookie)
    assert browser.get(address).status_code == 400


def test_a_slow_sign_in_begins_again(browser: TestClient, time_now: list[datetime]) -> None:
    begun = browser.get("/sign-in")
    with httpx.Client() as outside:
        back = urlsplit(outside.get(begun.headers["location"]).headers["location"])
    time_now.append(time_now[0] + timedelta(minutes=11))
    assert browser.get(f"{back.path}?{back.query}").status_code == 400


def test_sessions_with_two_cookies_are_nobody(browser: TestClient) -> None:
    sign_in(browser)
    name = browser.cookies["classroom-session"]
    browser.cookies.clear()

    def status(cookies: str) -> int:
        return browser.get("/api/v1/schools", headers={"Cookie": cookies}).status_code

    assert status(f"classroom-session={name}") == 200
    assert status(f"classroom-session={name}; classroom-session=planted") == 401
    assert status(f"classroom-session={name[:-1]}") == 401
    assert status("classroom-session=' OR 1=1 --") == 401


@pytest.mark.parametrize(
    ("then", "to"),
    [
        ("/schools/oppen?week=1", "/schools/oppen?week=1"),
        ("", "/"),
        ("//evil.example", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/%5cevil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/a\r\nSet-Cookie: x=1", "/"),
    ],
)
def test_nobody_is_sent_elsewhere(then: str, to: str) -> None:
    assert local(then) == to


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "cross-site", "Origin": URL}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Origin": URL}, 200),
        ({"Origin": "http://127.0.0.1:9"}, 403),
        ({"Origin": "null"}, 403),
        ({}, 403),
    ],
)
def test_changes_come_from_our_own_pages(
    browser: TestClient, provider: Provider, headers: dict[str, str], status: int
) -> None:
    """A session's cookie alone must not let another site change something."""
    app: Any = browser.app
    router = APIRouter()
    router.post("/schools/{school}/note", dependencies=[Depends(STAFF)])(lambda school: {"school": school})
    app.include_router(router)
    provider.claims["roles"] = ["it"]
    sign_in(browser)
    assert browser.post("/schools/oppen/note", headers=headers).status_code == status


def test_the_log_names_who_could_not_be_believed(
    browser: TestClient, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    provider.claims["aud"] = "another"
    sign_in(browser)
    assert any("a sign-in was not believed" in record.getMessage() for record in caplog.records)
