"""What the pages say, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext

HOSTILE = "<script>alert(1)</script>\"' {{7*7}}"


def test_school_gives_coverage_factor_and_method_beside_every_figure(visit: Visit) -> None:
    text = visit("/schools/tagaborg")
    assert "Vecka 47, måndag 16 november – söndag 22 november" in text
    assert "6 589,7 kWh 467,9 kg CO₂e" in text
    assert "Täckning 88 %, pågår än" in text
    assert "Metod energy.registers/1+sum/3" in text
    assert "71 g CO₂e/kWh · Helsingborg, Öresundskraft, 2020" in text
    assert "Marknadsbaserat, direkta utsläpp Ingen utsläppsfaktor är vald, så inget påstås." in text


def test_school_shows_a_day_without_data_as_a_gap(school_client: TestClient, visit: Visit) -> None:
    page = school_client.get("/schools/tagaborg", headers={"Accept-Language": "sv"}).text
    assert 'kWh]. mån 16: 642; tis 17: 655; ons 18: ingen data; tors 19: 301"' in page
    text = visit("/schools/tagaborg")
    assert "642 mån 16 655 tis 17 ingen data ons 18 301 tors 19 fre 20" in text.replace("  ", " ")
    assert "onsdag 18 november – 0 % ingen data" in text


def test_school_shows_every_room_with_its_air(visit: Visit) -> None:
    text = visit("/schools/tagaborg")
    assert "Sal A101 Bra 800 ppm 22,0 °C" in text
    assert "Senast mätt 13:17 Täckning i veckan 97 %" in text
    assert "Sal A102 Vädra snart 1 200 ppm" in text
    assert "Sal A103 Vädra nu" in text
    assert "Slöjdsalen Ta rast nu" in text
    assert "Biblioteket ingen bedömning Givaren är tyst." in text
    assert "Musiksalen ingen bedömning 22,0 °C" in text
    assert "Grupprummet ingen bedömning Inget har mätts här än. Aldrig mätt" in text


def test_weeks_are_walked_but_not_into_the_future(school_client: TestClient) -> None:
    now = school_client.get("/schools/tagaborg").text
    assert "?week=2026-W46" in now
    assert "?week=2026-W48" not in now
    before = school_client.get("/schools/tagaborg?week=2026-W46").text
    assert "?week=2026-W47" in before
    assert "inget att säga än" in text_of(before)


@pytest.mark.parametrize("week", ["2026-W60", "x", "2026-47", "9999-W52", "0001-W01", "%00", "'"])
def test_a_wrong_week_is_not_found(school_client: TestClient, week: str) -> None:
    assert school_client.get("/schools/tagaborg", params={"week": week}).status_code == 404


def test_room_says_the_light_in_words_and_figures(visit: Visit) -> None:
    text = visit("/schools/tagaborg/rooms/a102")
    assert "Sal A102 Vädra snart Koldioxid 1 200 ppm Temperatur 22,0 °C Senast mätt 13:17" in text
    assert "10:00–10:30 inte mätt – lektion" in text
    assert "09:00–09:30 1 150 ppm 1 250 ppm 20,9 °C lektion och rast" in text
    assert "Högst 1 250 ppm klockan" in text
    english = visit("/schools/tagaborg/rooms/a102", "en")
    assert "Sal A102 Air out soon Carbon dioxide 1,200 ppm Temperature 22.0°C Last measured 13:17" in english


@pytest.mark.parametrize(
    ("room", "why"),
    [
        ("bibliotek", "Givaren är tyst. Koldioxid – Temperatur – Senast mätt 11:02"),
        ("musik", "Givaren ger värden som inte kan stämma. Koldioxid – Temperatur 22,0 °C"),
        ("grupp", "Inget har mätts här än. Koldioxid – Temperatur – Senast mätt aldrig"),
    ],
)
def test_no_verdict_without_a_good_current_value(
    school_client: TestClient, visit: Visit, room: str, why: str
) -> None:
    page = school_client.get(f"/schools/tagaborg/rooms/{room}").text
    assert 'id="light" data-level="none"' in page
    assert f"ingen bedömning {why}" in visit(f"/schools/tagaborg/rooms/{room}")


def test_flagged_values_are_not_in_the_curve(visit: Visit) -> None:
    text = visit("/schools/tagaborg/rooms/musik")
    assert "9 999" not in text
    assert "10 000" not in text
    assert "12:30–13:00 inte mätt 22,0 °C lektion" in text


def test_a_day_without_lessons_says_so(open_context: Callable[..., ApiContext]) -> None:
    calendar = "first,last,day_type,name\n2026-11-19,2026-11-19,studiedag,Studiedag\n"
    context = open_context(filled=False, calendar_csv=calendar)
    with TestClient(create_app(context), base_url=HERE) as client:
        text = text_of(client.get("/schools/tagaborg/rooms/a101").text)
    assert "Inga lektioner här den dagen. Studiedag. Senaste skoldagen: onsdag 18 november" in text
    assert "Inga mätvärden den här dagen." in text
    assert "23:30" not in text  # still to come


def test_a_site_without_anything_says_what_to_do(open_context: Callable[..., ApiContext]) -> None:
    nothing = dict.fromkeys(
        ("school_attributes_csv", "rooms_csv", "meters_csv", "devices_csv", "lessons_csv", "stations_csv"), ""
    )
    context = open_context(filled=False, schools_csv="key,name\na,Skola A\n", **nothing)
    with TestClient(create_app(context), base_url=HERE) as client:
        assert "Inga rum än." in text_of(client.get("/").text)
        school = text_of(client.get("/schools/a").text)
    assert "Lägg till dem i meters.csv" in school
    assert "Lägg till dem i rooms.csv" in school
    context = open_context(filled=False, schools_csv="", **nothing)
    with TestClient(create_app(context), base_url=HERE) as client:
        assert "Inga skolor än." in text_of(client.get("/").text)


def test_days_are_walked_but_not_into_the_future(school_client: TestClient) -> None:
    today = school_client.get("/schools/tagaborg/rooms/a101").text
    assert "?day=2026-11-18" in today
    assert "?day=2026-11-20" not in today
    before = school_client.get("/schools/tagaborg/rooms/a101?day=2026-11-18").text
    assert "?day=2026-11-19" in before
    assert "Inga mätvärden den här dagen." in text_of(before)
    assert "Sal A101 Bra" in text_of(before)  # the light is of now, whatever day the curve is of
    sunday = school_client.get("/schools/tagaborg/rooms/a101?day=2026-11-15").text
    assert "Senaste skoldagen: fredag 13 november" in text_of(sunday)
    assert "23:30–00:00" in text_of(sunday)


@pytest.mark.parametrize("day", ["2026-11-20", "2026-13-01", "x", "0001-01-01", "\x00"])
def test_a_wrong_day_is_not_found(school_client: TestClient, day: str) -> None:
    assert school_client.get("/schools/tagaborg/rooms/a101", params={"day": day}).status_code == 404


def test_names_cannot_break_out(open_context: Callable[..., ApiContext]) -> None:
    quoted = '"' + HOSTILE.replace('"', '""') + '"'
    context = open_context(
        filled=False,
        schools_csv=f"key,name\na,{quoted}\n",
        school_attributes_csv="",
        rooms_csv=f"school,key,name\na,r,{quoted}\n",
        meters_csv="",
        devices_csv="",
        lessons_csv="",
    )
    with TestClient(create_app(context), base_url=HERE) as client:
        for path in ("/", "/schools/a", "/schools/a/rooms/r"):
            page = client.get(path).text
            assert "<script>alert" not in page
            assert "{{7*7}}" in page
            assert HOSTILE in unescape(page)


@pytest.mark.parametrize("path", ["/schools/none", "/schools/tagaborg/rooms/none", "/schools/%3Cscript%3E"])
def test_what_is_not_there_is_told_as_a_page(school_client: TestClient, path: str) -> None:
    answer = school_client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")
    assert "Det finns ingen sådan skola" in text_of(answer.text)


def test_a_store_that_is_away_gives_a_page_without_its_inside(
    open_context: Callable[..., ApiContext],
) -> None:
    context = open_context()
    context.store.close()
    with TestClient(create_app(context), base_url=HERE) as client:
        for path in ("/", "/schools/tagaborg", "/schools/tagaborg/rooms/a101"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["retry-after"] == "10"
            assert "Strax tillbaka" in answer.text
            assert "duckdb" not in answer.text


def test_language_is_kept_in_a_cookie(school_client: TestClient) -> None:
    asked = school_client.get("/?lang=en", headers={"Accept-Language": "sv"})
    assert '<html lang="en">' in asked.text
    assert asked.headers["content-language"] == "en"
    cookie = asked.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert '<html lang="en">' in school_client.get("/", headers={"Accept-Language": "sv"}).text
    assert "set-cookie" not in school_client.get("/").headers
    other = school_client.get("/schools/tagaborg?week=2026-W46").text
    assert 'href="/schools/tagaborg?week=2026-W46&amp;lang=sv"' in other


def test_pages_need_nothing_inline_and_nothing_from_elsewhere(school_client: TestClient) -> None:
    for path in ("/", "/schools/tagaborg", "/schools/tagaborg/rooms/a102"):
        answer = school_client.get(path)
        assert answer.headers["content-security-policy"].startswith("default-src 'self'")
        assert answer.headers["cache-control"] == "no-store"
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script>|javascript:", answer.text)
        assert set(re.findall(r"https?://[^\s\"'<]+", answer.text)) <= {"http://www.w3.org/2000/svg"}
        assert len(answer.content) < 100_000
        ids = re.findall(r' id="([^"]+)"', answer.text)
        assert len(ids) == len(set(ids))


def test_static_files_are_kept_by_version(school_client: TestClient) -> None:
    address = re.search(r"/static/style\.css\?v=\w+", school_client.get("/").text)
    assert address is not None
    answer = school_client.get(address[0])
    assert answer.headers["content-type"].startswith("text/css")
    assert "immutable" in answer.headers["cache-control"]
    again = school_client.get("/static/style.css", headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert again.headers["cache-control"] == "no-cache"
    assert school_client.get("/static/../app.py").status_code == 404
    assert school_client.get("/static/%2e%2e%2fapp.py").status_code == 404
