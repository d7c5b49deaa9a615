"""The page for technicians."""

from __future__ import annotations

from html import unescape

from fastapi.testclient import TestClient
from reading import Visit, text_of

PATH = "/operations"


def test_parts_say_whether_they_work(visit: Visit) -> None:
    text = visit(PATH)
    assert "broker fungerar 127.0.0.1:1883: connected" in text
    assert "analytics behöver tillsyn metrics are not up to date: disk full" in text


def test_devices_in_trouble_come_first_with_what_helps(visit: Visit) -> None:
    text = visit(PATH)
    assert "5 av 8 givare hörs och går att lita på." in text
    assert "1 till 3 av 3 givare" in text
    assert "Biblioteket Tågaborgsskolan · bibliotek tyst Se efter att den hänger" in text
    assert (
        "Sal A103 Tågaborgsskolan · a103 svagt batteri Byt batteri vid nästa besök. 13:17 12 % 5 min" in text
    )
    everything = visit(f"{PATH}?show=all")
    assert "Sal A101 Tågaborgsskolan · a101 · elsys hörs 13:17 87 % 5 min" in everything
    assert "Slöjdsalen" not in visit(f"{PATH}?show=all&school=garda")


def test_a_pending_device_comes_with_the_command_that_places_it(school_client: TestClient) -> None:
    text = text_of(school_client.get(PATH).text)
    assert "classroom-climate devices assign a81758fffe0312ab --school SCHOOL --room ROOM" in text
    # the key is a stranger's: a shell must take it as one word
    assert "classroom-climate devices assign 'tagaborg/$(id)' --school tagaborg --room grupp" in text


def test_dead_letters_are_shown_as_text(school_client: TestClient) -> None:
    page = school_client.get(PATH).text
    assert "<b>12</b>" not in page
    assert '{"co2": <b>12</b>' in unescape(page)
    assert "classroom-climate dead-letters replay --reason not_json" in text_of(page)


def test_what_is_not_understood_is_not_asked(school_client: TestClient) -> None:
    for query in ("?from=x", "?from=99999", "?from=-1", "?school=none&show=1", "?from=1e9&lang=en"):
        assert school_client.get(PATH + query).status_code == 200
