"""The city's page: schools side by side, sorted and filtered by the address."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient
from reading import HERE, Visit, text_of

from api.app import create_app
from api.context import ApiContext
from api.pages.week import Week
from classroom.metric import Interval, Scope
from classroom.quantity import Carrier


def _order(client: TestClient, query: str) -> list[str]:
    page = client.get(f"/{query}", headers={"Accept-Language": "sv"}).text
    return re.findall(r'rowheader"><a href="/schools/(\w+)"', page)


def test_schools_stand_side_by_side_with_energy_air_and_coverage(visit: Visit) -> None:
    text = visit("/")
    assert "Tågaborgsskolan Helsingborg 2 vädra nu 1 vädra snart 1 bra 3 ingen bedömning" in text
    assert "3 ingen bedömning 34 % täckning 51 % 8 188 El, Fjärrvärme 20,0 1,37 63 %" in text
    assert "Kungsgårdsskolan Ängelholm Inga rum än. – – – – – inga mätare" in text
    assert "Energi 20 491 kWh Utsläpp 1 341 kg CO₂e Summor för 4 av 5 skolor" in text


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", ["garda", "kungsgard", "olympia", "ringstorp", "tagaborg"]),
        ("?order=down", ["tagaborg", "ringstorp", "olympia", "kungsgard", "garda"]),
        ("?sort=pupil&order=down", ["tagaborg", "ringstorp", "olympia", "garda", "kungsgard"]),
        ("?sort=pupil", ["garda", "olympia", "ringstorp", "tagaborg", "kungsgard"]),  # no figure: last
        ("?sort=air&order=down", ["tagaborg", "garda", "olympia", "kungsgard", "ringstorp"]),
        ("?sort=stuffy&order=down", ["tagaborg", "garda", "kungsgard", "olympia", "ringstorp"]),
        ("?sort=coverage", ["tagaborg", "garda", "olympia", "ringstorp", "kungsgard"]),
        ("?municipality=%C3%84ngelholm", ["kungsgard"]),
        ("?municipality=Lund", ["garda", "kungsgard", "olympia", "ringstorp", "tagaborg"]),  # nobody's
        ("?air=now", ["tagaborg"]),
        ("?q=SKOLAN+ring", ["ringstorp"]),
        ("?q=%00%27%3Cb%3E", []),
        ("?sort=__class__&order=up&air=x", ["garda", "kungsgard", "olympia", "ringstorp", "tagaborg"]),
    ],
)
def test_the_address_sorts_and_filters(school_client: TestClient, query: str, order: list[str]) -> None:
    assert _order(school_client, query) == order


def test_a_link_turns_the_order_and_keeps_the_rest(school_client: TestClient) -> None:
    page = school_client.get("/?sort=pupil&order=down&municipality=Helsingborg").text
    assert 'aria-sort="descending"><a href="?municipality=Helsingborg&amp;sort=pupil"' in page
    assert 'aria-sort="none"><a href="?municipality=Helsingborg&amp;sort=co2e&amp;order=down"' in page
    assert 'href="?municipality=Helsingborg&amp;sort=pupil&amp;order=down&amp;week=2026-W46"' in page


def test_weeks_are_walked(school_client: TestClient) -> None:
    assert "week=2026-W48" not in school_client.get("/").text
    before = school_client.get("/?week=2026-W46").text
    assert "week=2026-W47" in before
    assert school_client.get("/?week=2026-W60").status_code == 404


def test_a_search_that_finds_nothing_says_so(visit: Visit) -> None:
    assert "Ingen skola passar in. Visa alla" in visit("/?q=nowhere")


def test_factors_that_cover_different_things_are_not_added(open_context: Callable[..., ApiContext]) -> None:
    context = open_context()
    span = Week.parse("2026-W47").span(context.site())
    days = context.store.read_metrics("garda", Scope.SCHOOL, None, Interval.DAY, *span)
    line = {"energy_kwh": "energy_kwh", "emissions_kgco2e": "emissions_lifecycle_kgco2e"}
    context.store.write_metrics(
        [day._replace(carrier=Carrier.DISTRICT_HEAT, metric=line[day.metric]) for day in days]
    )
    with TestClient(create_app(context), base_url=HERE) as client:
        text = text_of(client.get("/?q=garda", headers={"Accept-Language": "sv"}).text)
    assert "2 181 El, Fjärrvärme 10,6 – 88 % faktorerna täcker olika saker och summeras inte" in text
