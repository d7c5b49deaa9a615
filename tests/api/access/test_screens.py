"""The screen on a classroom's wall: one room behind a link."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi.testclient import TestClient

from api.access.tokens import Tokens


def test_a_link_shows_its_room_and_no_other(
    open_app: Callable[..., TestClient], tokens: Tokens, now: datetime
) -> None:
    key, link = tokens.create_screen("oppen", "rum1", "", now, now + timedelta(days=1))
    client = open_app()

    page = client.get(f"/skarm/{link}")

    assert page.status_code == 200
    assert "Rum 1" in page.text
    assert f'data-stream="/skarm/{link}/stream"' in page.text
    assert page.headers["cache-control"] == "no-store"
    assert page.headers["referrer-policy"] == "no-referrer"
    stream = client.get(f"/skarm/{link}/stream")
    assert stream.status_code == 200
    assert stream.headers["content-type"].startswith("text/event-stream")

    tokens.revoke(key, now)
    assert client.get(f"/skarm/{link}").status_code == 404
    assert client.get(f"/skarm/{link}/stream").status_code == 404


def test_a_link_that_ends_or_is_made_up_shows_nothing(
    open_app: Callable[..., TestClient], tokens: Tokens, now: datetime
) -> None:
    client = open_app()
    _, ended = tokens.create_screen("oppen", "rum1", "", now - timedelta(days=2), now)
    _, elsewhere = tokens.create_screen("oppen", "torn-down", "", now, None)
    _, good = tokens.create_screen("oppen", "rum1", "", now, None)
    for link in (ended, elsewhere, good[:-1], good + "x", good.upper(), "x", "%00", "..%5c"):
        assert client.get(f"/skarm/{link}").status_code == 404, link
        assert client.get(f"/skarm/{link}/stream").status_code == 404, link
