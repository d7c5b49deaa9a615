"""The week against what its weather and days would give: never against last year's raw week."""

from __future__ import annotations

from collections.abc import Callable

from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext

SCHOOL = "/schools/tagaborg"


def test_the_week_is_told_against_its_expectation_and_the_target(visit: Visit) -> None:
    text = visit(SCHOOL)
    week = text[text.index("Veckan mot det väntade") : text.index("Rummen nu")]
    assert "mån 16 – ons 18, hela dagar" in week  # the day that runs is not in it
    assert "El som vanligt för vädret och dagarna" in week
    assert "Använt 1 297,5 kWh, väntat 1 280 kWh, under 2 dagar · mål 5 % under: inte nått" in week
    assert "Fjärrvärme 13 % mindre än vädret och dagarna brukar ge" in week
    assert "Använt 5 645,7 kWh" in week
    assert "under 3 dagar · mål 5 % under: nått" in week
    assert "Energi per elev 16,9 kWh väntat 19,0 kWh" in week  # (1 297,5 + 5 645,7) / 410
    assert "Klimatavtryck per elev 1,16 kg CO₂e väntat 1,31 kg CO₂e" in week


def test_without_a_year_of_readings_it_says_why(open_context: Callable[..., ApiContext]) -> None:
    with TestClient(create_app(open_context()), base_url=HERE) as client:
        text = text_of(client.get(SCHOOL, headers={"Accept-Language": "sv"}).text)
        other = text_of(client.get("/schools/garda", headers={"Accept-Language": "sv"}).text)
    assert "El Kan inte sägas än. Jämförelseåret: inget dygn med energi är lagrat" in text
    assert "Energi per elev" not in text
    assert "Kan inte sägas än. Jämförelseåret: inget dygn med energi är lagrat" in other


def test_without_a_target_none_is_shown(open_context: Callable[..., ApiContext]) -> None:
    context = open_context(learned=True, classroom_toml='[site]\nname = "Skolor"\n')
    with TestClient(create_app(context), base_url=HERE) as client:
        text = text_of(client.get(SCHOOL, headers={"Accept-Language": "sv"}).text)
    assert "som vanligt för vädret" in text
    assert "mål" not in text


def test_a_school_without_meters_has_no_headline(visit: Visit) -> None:
    assert "Veckan mot det väntade" not in visit("/schools/kungsgard")
