"""Skolans dag: what the day was like, one question whose answer is true, and food waste typed in by staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

import pytest
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.access.viewer import Kind, Viewer
from api.app import create_app
from api.context import ApiContext
from api.pages.daily_entries import KIND, DailyEntry
from api.pages.day_facts import DayFacts, Particles, day_facts
from api.pages.language import language
from api.pages.questions import _KINDS, question_of, questions
from api.pages.visit import Visit as Look
from classroom.places import DayType
from classroom.quantity import Carrier
from store.base import Document

PATH = "/schools/tagaborg/day"
WEDNESDAY = date(2026, 11, 18)
ARRIVAL = datetime(2026, 11, 18, 6, 15, tzinfo=UTC)
OURS = {"Sec-Fetch-Site": "same-origin", "Accept-Language": "sv"}
FORM = {**OURS, "Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def look(school_context: ApiContext) -> Look:
    site = school_context.site()
    return Look(
        school_context, site, language("en", site.zone), school_context.clock(), Viewer(Kind.CONTROL, "local")
    )


@pytest.fixture
def facts(look: Look) -> DayFacts:
    """A day on which everything was measured."""
    days = [WEDNESDAY - timedelta(days=back) for back in range(8)]
    return DayFacts(
        school=look.site.school_by_key["tagaborg"],
        day=WEDNESDAY,
        day_type=DayType.SCHOOL_DAY,
        name=None,
        pupils=400,
        hours_kwh={hour: 10.0 if hour < 6 else 40.0 if hour == 11 else 20.0 for hour in range(24)},
        closed_share=0.625,
        days_kwh={
            Carrier.ELECTRICITY: {day: 400.0 + 10 * n for n, day in enumerate(days)},
            Carrier.DISTRICT_HEAT: {day: 1_200.0 - 100 * n for n, day in enumerate(days)},
        },
        solar_kwh={WEDNESDAY: 20.0},
        outdoor_c={day: -3.0 + n for n, day in enumerate(days)},
        room_ppm={"a101": 700.0, "a102": 1_100.0, "a103": 1_500.0},
        noise_db=dict(zip(range(8, 14), (50.0, 55.0, 61.0, 70.0, 58.0, 49.0), strict=True)),
        particles=Particles("pm25_ug_m3", 12.0, 4.0, ARRIVAL, ARRIVAL + timedelta(hours=1)),
        entry=DailyEntry(food_waste_kg=12.0, portions=400),
    )  # fmt: skip


ANSWERS = {
    "peak_hour": "Between 11:00 and 12:00: 40.0 kWh.",
    "night": "10.0 kWh an hour. In the busiest hour of the day it was 40.0 kWh.",
    "closed": "62% of it.",
    "a_week_ago": "Less: 14%.",  # 400 against 470
    "thriftiest": "On Wednesday 18 November: 400.0 kWh.",
    "lamp": "100 hours.",  # 1 kWh each
    "coldest": "On Wednesday 18 November: 1,200.0 kWh, at -3.0°C outdoors.",
    "stuffiest": "Sal A103: 1,500 ppm on average.",
    "good_rooms": "In 1 of them.",
    "loudest": "Between 11:00 and 12:00: 70 dB.",
    "arrival": "3.0 times as many.",
    "sun": "5.0 kWh.",  # 20 for 400
    "plate": "30 grams.",
    "heat_share": "Heat: 75%.",
}


def _plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u2212", "-")


def test_every_question_has_the_true_answer(look: Look, facts: DayFacts) -> None:
    found = {
        one.key: one.answer.replace("\u00a0", " ").replace("\u2212", "-") for one in questions(look, facts)
    }
    assert found == ANSWERS
    assert len(found) == len(_KINDS)


def test_the_question_follows_from_school_and_day_and_changes(look: Look, facts: DayFacts) -> None:
    assert question_of(look, facts) == question_of(look, facts)
    days = [WEDNESDAY - timedelta(days=back) for back in range(60)]
    drawn = {question_of(look, replace(facts, day=day, room_ppm=facts.room_ppm)) for day in days}
    assert len({one.key for one in drawn if one}) > 5


def test_a_school_is_asked_only_what_it_measures(look: Look, facts: DayFacts) -> None:
    bare = replace(
        facts,
        hours_kwh={},
        closed_share=None,
        days_kwh={},
        solar_kwh={},
        outdoor_c={},
        room_ppm={},
        noise_db={},
        particles=None,
        entry=None,
    )
    assert questions(look, bare) == []
    assert question_of(look, bare) is None
    alike = replace(bare, room_ppm={"a101": 700.0, "a102": 710.0, "a103": 720.0})
    assert [one.key for one in questions(look, alike)] == ["good_rooms"]  # rooms alike are not ranked


def test_facts_come_from_the_readings(look: Look) -> None:
    found = day_facts(look, look.site.school_by_key["tagaborg"], WEDNESDAY)
    assert found.hours_kwh[11] == pytest.approx(63.7, abs=0.1)
    assert found.kwh(Carrier.DISTRICT_HEAT) == pytest.approx(1_890.2)
    assert found.kwh(Carrier.ELECTRICITY) is None  # a day without data
    assert max(found.noise_db, key=lambda hour: found.noise_db[hour]) == 11
    assert found.particles is not None
    assert found.particles.drop_off > 3 * (found.particles.rest or 0)
    assert found.solar_kwh[WEDNESDAY] == pytest.approx(28.5)


def test_the_page_shows_the_newest_school_day(visit: Visit) -> None:
    text = visit(PATH)
    assert "Skolans dag Onsdag 18 november" in text
    assert "Fjärrvärme 1 890,2 kWh" in text
    assert "Partiklar PM2,5 14 µg/m³ 07:15–08:15, när barnen kommer; senare" in text
    assert "Matsvinn Det som slängs har odlats" in text


def test_a_school_that_measures_little_is_told_why_it_matters(visit: Visit) -> None:
    text = visit("/schools/kungsgard/day", "en")
    assert "Nothing was measured that day that a question could be asked about." in text
    for lack in ("Noise tires", "Only hours show what is on", "What the roof makes", "Exhaust from idling"):
        assert lack in text


@pytest.mark.parametrize("day", ["2026-11-19", "2027-01-01", "x", "0001-01-01", "%00"])
def test_only_days_that_are_over_are_told(school_client: TestClient, day: str) -> None:
    assert school_client.get(f"{PATH}/{day}").status_code == 404
    assert school_client.get("/schools/none/day").status_code == 404


@pytest.fixture
def writer(open_context: Callable[..., ApiContext]) -> Iterator[TestClient]:
    with TestClient(create_app(open_context()), base_url=HERE, follow_redirects=False) as opened:
        yield opened


def _send(client: TestClient, day: str = "2026-11-18", **fields: str) -> tuple[int, str]:
    answer = client.post(f"{PATH}/{day}", content=urlencode(fields), headers=FORM)
    return answer.status_code, text_of(answer.text)


def test_food_waste_is_kept_shown_and_taken_away(writer: TestClient) -> None:
    assert _send(writer, food_waste_kg="14,5", portions="290")[0] == 303
    text = text_of(writer.get(PATH, headers=OURS).text)
    assert "Matsvinn 14,5 kg 50 g per portion" in text
    assert 'value="14,5"' in writer.get(PATH, headers=OURS).text
    assert _send(writer, food_waste_kg="9")[0] == 303  # mended
    assert "Matsvinn 9,0 kg" in text_of(writer.get(PATH, headers=OURS).text)
    assert _send(writer)[0] == 303
    assert "Det som slängs har odlats" in text_of(writer.get(PATH, headers=OURS).text)


@pytest.mark.parametrize(
    ("fields", "fault"),
    [
        ({"food_waste_kg": "-1"}, "Skriv matsvinnet i kilogram"),
        ({"food_waste_kg": "nan"}, "Skriv matsvinnet i kilogram"),
        ({"food_waste_kg": "1e9"}, "Skriv matsvinnet i kilogram"),
        ({"portions": "200"}, "Skriv matsvinnet i kilogram"),
        ({"food_waste_kg": "4", "portions": "2.5"}, "Skriv portionerna som ett heltal"),
        ({"food_waste_kg": "4", "portions": "<b>"}, "Skriv portionerna som ett heltal"),
    ],
)
def test_what_cannot_be_is_refused_and_shown_again(
    writer: TestClient, fields: dict[str, str], fault: str
) -> None:
    status, text = _send(writer, **fields)
    assert status == 422
    assert fault in text
    assert "Det som slängs har odlats" in text_of(writer.get(PATH, headers=OURS).text)


def test_old_days_and_the_future_are_not_written(writer: TestClient) -> None:
    assert _send(writer, day="2026-09-01", food_waste_kg="4")[0] == 422
    assert _send(writer, day="2026-11-20", food_waste_kg="4")[0] == 404
    assert writer.post("/schools/none/day/2026-11-18", content="", headers=FORM).status_code == 404
    elsewhere = {**FORM, "Sec-Fetch-Site": "cross-site"}
    assert writer.post(f"{PATH}/2026-11-18", content="food_waste_kg=4", headers=elsewhere).status_code == 403


def test_an_entry_of_a_newer_version_counts_as_nothing(open_context: Callable[..., ApiContext]) -> None:
    context = open_context()
    context.store.write_documents([Document(KIND, "tagaborg", "2026-11-18", '{"bananas": 3}')])
    with TestClient(create_app(context), base_url=HERE) as client:
        assert client.get(PATH).status_code == 200
