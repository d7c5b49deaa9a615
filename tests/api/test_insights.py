from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from fastapi.testclient import TestClient

from analytics.insights.job import replace
from analytics.insights.model import (
    CONCERNS,
    EmissionPart,
    EnergyPart,
    Evidence,
    EvidenceLine,
    Insight,
    InsightKind,
    Range,
)
from classroom.quantity import Carrier
from store.duckdb_store import DuckDBStore


def insight(kind: InsightKind, rank: int, kwh: float | None = None, **more: Any) -> Insight:
    year = None if kwh is None else Range(value=kwh, low=kwh * 0.9, high=kwh * 1.1)
    energy = () if year is None else (EnergyPart(carrier=Carrier.ELECTRICITY, seen_kwh=year, year_kwh=year),)
    usual: dict[str, Any] = {
        "key": f"{kind}.2026-10-01",
        "kind": kind,
        "concern": CONCERNS[kind],
        "school": "tagaborg",
        "rank": rank,
        "first": date(2026, 10, 1),
        "last": date(2026, 11, 15),
        "ongoing": True,
        "energy": energy,
        "year_kwh": year,
        "no_sek": "no_energy" if kwh is None else "no_tariff",
        "method": "insights.nights/1",
        "until": date(2026, 11, 15),
    }
    return Insight(**(usual | more))


BASE = insight(
    InsightKind.BASE_LOAD_UP,
    1,
    17_520,
    params={"night_kw": 12.0, "before_kw": 10.0, "added_kw": 2.0},
    emissions=(
        EmissionPart(
            carrier=Carrier.ELECTRICITY,
            basis="location",
            covers="direct",
            factor="se-el-eea-2024",
            year_kgco2e=Range(value=105.1, low=94.6, high=115.6),
        ),
    ),
    year_kgco2e=Range(value=105.1, low=94.6, high=115.6),
    evidence=Evidence(
        lines=(
            EvidenceLine(name="night_power", unit="kW", points=(("2026-10-01", 12.0), ("2026-10-02", None))),
        ),
        marked=((date(2026, 10, 1), date(2026, 11, 15)),),
    ),
)
ENDED = insight(
    InsightKind.VENTILATION_AT_NIGHT,
    3,
    90_000,
    params={"night_kw": 20.0},
    ongoing=False,
    last=date(2026, 10, 20),
)
SILENT = insight(InsightKind.SENSOR_SILENT, 2, None, room="a101", device="first", params={"days": 4.0})


@pytest.fixture
def stored(store: DuckDBStore) -> None:
    replace(store, "tagaborg", [BASE, SILENT, ENDED])


@pytest.mark.usefixtures("stored")
def test_findings_of_a_school_with_words_and_evidence(client: TestClient) -> None:
    found = client.get("/api/v1/schools/tagaborg/insights?lang=sv").json()
    assert [one["kind"] for one in found] == ["base_load_up", "sensor_silent", "ventilation_at_night"]
    first = found[0]
    assert first["text"]["title"] == "Grundlasten har ökat"
    assert "12 kW; förut var det 10 kW" in first["text"]["meaning"]
    assert first["text"]["when"] == "Sedan 1 oktober 2026"
    assert first["year_kwh"] == {"value": 17520.0, "low": 15768.0, "high": 19272.0}
    assert first["year_kgco2e"]["value"] == 105.1
    assert (first["year_sek"], first["no_sek"]) == (None, "no_tariff")
    assert first["evidence"]["lines"][0]["points"] == [["2026-10-01", 12.0], ["2026-10-02", None]]
    assert found[1]["text"]["title"] == "Givaren i Sal 101 är tyst"
    assert found[1]["place_name"] == "Sal 101"
    assert found[2]["text"]["when"].endswith("upphörde")


@pytest.mark.usefixtures("stored")
def test_only_what_is_asked_for_and_as_a_table(client: TestClient) -> None:
    path = "/api/v1/schools/tagaborg/insights?ongoing=true&kind=base_load_up&format=csv&lang=en"
    lines = client.get(path).text.splitlines()
    assert lines[0].startswith("rank,school,room,meter,kind,title,first,last,ongoing,year_kwh")
    assert lines[1].startswith(
        "1,tagaborg,,,base_load_up,The base load has risen,2026-10-01,2026-11-15,true,17520"
    )
    assert len(lines) == 2


@pytest.mark.usefixtures("stored")
def test_the_portfolio_puts_what_goes_on_first(client: TestClient, store: DuckDBStore) -> None:
    replace(
        store,
        "empty",
        [BASE.model_copy(update={"school": "empty", "year_kwh": None, "energy": ENDED.energy})],
    )
    replace(store, "gone-school", [BASE.model_copy(update={"school": "gone-school"})])
    found = client.get("/api/v1/portfolio/insights").json()
    assert [(one["portfolio_rank"], one["school"], one["kind"]) for one in found] == [
        (1, "empty", "base_load_up"),
        (2, "tagaborg", "base_load_up"),
        (3, "tagaborg", "sensor_silent"),
        (4, "tagaborg", "ventilation_at_night"),
    ]


def test_no_findings_is_an_empty_list_and_no_school_a_problem(client: TestClient) -> None:
    assert client.get("/api/v1/schools/tagaborg/insights").json() == []
    assert client.get("/api/v1/portfolio/insights").json() == []
    missing = client.get("/api/v1/schools/nowhere/insights")
    assert missing.status_code == 404
    assert missing.headers["content-type"] == "application/problem+json"
    wrong = client.get("/api/v1/schools/tagaborg/insights?kind=nothing&lang=de")
    assert wrong.status_code == 422
    assert {one["key"] for one in wrong.json()["errors"]} >= {"lang"}


@pytest.mark.usefixtures("stored")
def test_the_page_of_a_school_says_what_to_do(client: TestClient) -> None:
    page = client.get("/schools/tagaborg?lang=en").text
    assert "The base load has risen" in page
    assert "105.1\u00a0kg\u00a0CO₂e in our accounts" in page
    assert "no tariff, so no price" in page
    assert "Nothing found" in client.get("/schools/empty?lang=en").text
