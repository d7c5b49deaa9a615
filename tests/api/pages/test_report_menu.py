"""The button that hands out a report: its periods, and a form that works as a link."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from html import unescape
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from reading import HERE

from api.app import create_app
from api.context import ApiContext
from api.pages.language import language
from api.pages.report_menu import report_menu
from reports.period import parse_period


def test_periods_are_the_newest_first_and_the_last_whole_month_is_chosen() -> None:
    menu = report_menu("/x", date(2026, 11, 16), language("sv", ZoneInfo("Europe/Stockholm")))
    months, quarters, school_years, years = (group.periods for group in menu.groups)
    assert menu.chosen == "2026-10"
    assert months[:2] == [("2026-11", "november 2026 hittills"), ("2026-10", "oktober 2026")]
    assert months[-1][0] == "2025-11"
    assert quarters[:2] == [("2026-Q4", "Kvartal 4 2026 hittills"), ("2026-Q3", "Kvartal 3 2026")]
    assert school_years == [("2026-2027", "2026/27 hittills"), ("2025-2026", "2025/26")]
    assert [key for key, _ in years] == ["2026", "2025", "2024"]
    for key, _ in (*months, *quarters, *school_years, *years):
        assert parse_period(key).key == key


@pytest.mark.parametrize(("lang", "delimiter"), [("sv", ";"), ("en", ",")])
def test_what_the_form_sends_is_answered_with_the_file(
    school_client: TestClient, lang: str, delimiter: str
) -> None:
    for page in ("/", "/schools/tagaborg"):
        text = school_client.get(page, params={"lang": lang}).text
        form = text[text.index('<nav class="actions"') :].partition("</form>")[0]
        action = re.search(r'method="get" action="([^"]+)"', form)
        assert action is not None
        sent = {name: unescape(value) for name, value in re.findall(r'name="(\w+)" value="([^"]*)"', form)}
        chosen = re.search(r'<option value="([^"]+)" selected', form)
        assert chosen is not None
        asked = {**sent, "period": chosen[1], "format": "csv"}
        answer = school_client.get(action[1], params=asked)
        assert answer.status_code == 200, answer.text
        assert answer.content.decode("utf-8-sig").startswith(f"school{delimiter}room")


def test_the_public_is_offered_no_report_and_gets_none(open_context: Callable[..., ApiContext]) -> None:
    toml = '[access]\nurl = "http://localhost"\npublic = true\n'
    with TestClient(create_app(open_context(classroom_toml=toml)), base_url=HERE) as client:
        assert "<h1>" in client.get("/").text
        assert "report" not in client.get("/").text
        asked = {"period": "2026-10"}
        assert client.get("/api/v1/portfolio/report", params=asked).status_code in (401, 403)
