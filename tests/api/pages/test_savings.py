"""The school page's section on savings and signature, as a visitor reads it."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, datetime

import pytest
from fastapi.testclient import TestClient
from heated import NOW, TEXTS, energy_metric, write_two_years

from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore

HEAT = Carrier.DISTRICT_HEAT
Read = Callable[[str, str], str]


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def read(client: TestClient) -> Read:
    def text(path: str, lang: str) -> str:
        answer = client.get(f"{path}{'&' if '?' in path else '?'}lang={lang}")
        assert answer.status_code == 200
        found = re.search(r'<section[^>]*id="savings-section".*?</section>', answer.text, re.DOTALL)
        return html.unescape(found[0]).replace("\u00a0", " ") if found else ""

    return text


def test_what_was_saved_with_its_interval_and_signature(read: Read, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, "tagaborg", saved=0.12)
    swedish = read("/schools/tagaborg", "sv")
    assert re.search(r"1[12] % sparat", swedish)
    assert "januari 2025 – december 2025 mot januari 2024 – december 2024" in swedish
    assert re.search(r"mindre \(.+ kWh till .+ kWh\) än väntade", swedish)
    assert re.search(
        r"kg CO₂e mindre i bokföringen \(platsbaserat, faktor helsingborg-heat-vmk-2020\)", swedish
    )
    assert "Värmer under 15,0 °C ute. Varje grad kallare kräver 1 833 W" in swedish
    assert "Helsingborg A, 5,4 km" in swedish
    assert swedish.count('<svg class="dots"') == 2  # two carriers
    assert "avoid" not in read("/schools/tagaborg", "en").lower()


def test_no_conclusion_says_why(read: Read, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, "tagaborg", saved=0.12)
    swedish = read("/schools/tagaborg", "sv")
    assert "Ingen slutsats" in swedish  # electricity
    assert "Skillnaden är för liten för att skiljas från slumpen" in swedish
    english = read("/schools/garda", "en")
    assert "No conclusion" in english
    assert "Baseline: no day with energy is stored" in english
    assert "<svg" not in english
    assert read("/schools/empty", "en") == ""


def test_single_wrong_days_are_named(read: Read, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, "tagaborg", saved=0.12)
    wrong = [date(2024, 2, 1), date(2024, 7, 9)]
    store.write_metrics([energy_metric(site, "tagaborg", HEAT, day, 60_000.0) for day in wrong])
    said = "Jämförelseåret: enstaka dagar liknar inga andra: se på mätarens värden för 2024-02-01, 2024-07-09"
    assert said in read("/schools/tagaborg", "sv")
