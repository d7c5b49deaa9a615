"""Savings and signature over HTTP."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient
from heated import NOW, TEXTS, write_two_years
from prometheus_client import CollectorRegistry

from api.app import create_app
from api.context import ApiContext
from api.live import LiveHub
from classroom.site import Site
from classroom.sitefiles import parse_site
from ingest.letters import Letters
from store.duckdb_store import DuckDBStore


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def client(site: Site, store: DuckDBStore, letters: Letters) -> Iterator[TestClient]:
    registry = CollectorRegistry()
    context = ApiContext(
        site=lambda: site,
        store=store,
        clock=lambda: NOW,
        live=LiveHub(lambda: site, registry),
        letters=letters,
        sightings=letters,
        health=list,
        registry=registry,
    )
    with TestClient(create_app(context), base_url="http://127.0.0.1:8000") as opened:
        yield opened


def test_savings_by_carrier_with_interval_fit_and_kgco2e(
    client: TestClient, store: DuckDBStore, site: Site
) -> None:
    write_two_years(store, site, saved=0.12)
    answer = client.get("/api/v1/schools/tagaborg/savings?baseline=2024&reporting=2025-01..2025-12").json()
    assert answer["baseline"] == {"first": "2024-01-01", "last": "2024-12-31", "days": 366}
    assert answer["station"] == {"key": "smhi", "name": "Helsingborg A", "distance_km": 5.44}
    assert (answer["confidence"], answer["method"]) == (0.9, "energy.savings/1")
    el, heat = answer["carriers"]
    assert (el["carrier"], el["claim"], el["reason"]) == ("electricity", "no_claim", "not_told_from_zero")
    assert (heat["carrier"], heat["claim"], heat["reason"], heat["lacks"]) == (
        "district_heat",
        "saving",
        None,
        [],
    )
    assert heat["saved_kwh"] == pytest.approx(heat["counterfactual_kwh"] - heat["observed_kwh"])
    assert heat["saved_share"] == pytest.approx(0.12, abs=0.001)
    assert heat["low_share"] < heat["saved_share"] < heat["high_share"]
    assert (heat["fit"]["days"], heat["fit"]["grade"]) == (366, "good")
    assert heat["emissions"][0]["saved_kgco2e"] == pytest.approx(heat["saved_kwh"] * 0.071)
    assert heat["emissions"][0]["factors"] == ["helsingborg-heat-vmk-2020"]
    assert answer["total"]["carrier"] is None
    assert answer["total"]["saved_kwh"] == pytest.approx(el["saved_kwh"] + heat["saved_kwh"])


def test_nothing_to_say_is_null_with_its_reason(client: TestClient) -> None:
    answer = client.get("/api/v1/schools/tagaborg/savings").json()
    for line in (*answer["carriers"], answer["total"]):
        assert line["saved_kwh"] is None
        assert line["claim"] == "no_claim"
        assert line["reason"]
    assert answer["carriers"][0]["lacks"][0]["code"] == "no_energy"
    signature = client.get("/api/v1/schools/tagaborg/signature").json()
    assert [line["reason"] for line in signature["carriers"]] == ["no_energy", "no_energy"]
    assert signature["carriers"][0]["balance_c"] is None


def test_the_signature_with_its_days(client: TestClient, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, saved=0.0)
    answer = client.get("/api/v1/schools/tagaborg/signature?period=2025").json()
    el, heat = answer["carriers"]
    assert heat["balance_c"] == 15.0
    assert heat["slope_kwh_k_d"] == pytest.approx(50)
    assert heat["slope_w_k"] == pytest.approx(50 * 1_000 / 24)
    assert heat["base_kwh_d"] == pytest.approx(1_000)
    assert len(heat["days"]) == 365
    assert heat["days"][0]["day"] == "2025-01-01"
    assert heat["days"][0]["modelled_kwh"] == pytest.approx(heat["days"][0]["energy_kwh"])
    assert el["balance_c"] is None
    assert el["base_kwh_d"] == pytest.approx(305, abs=1)


def test_both_come_as_csv(client: TestClient, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, saved=0.12)

    def rows(path: str) -> list[dict[str, str]]:
        answer = client.get(path, headers={"accept": "text/csv"})
        assert answer.headers["content-type"].startswith("text/csv")
        return list(csv.DictReader(io.StringIO(answer.text)))

    el, heat, both = rows("/api/v1/schools/tagaborg/savings")
    assert [el["carrier"], heat["carrier"], both["carrier"]] == ["electricity", "district_heat", "all"]
    assert (heat["claim"], heat["reporting_last"]) == ("saving", "2025-12-31")
    assert float(heat["location_saved_kgco2e"]) == pytest.approx(float(heat["saved_kwh"]) * 0.071)
    assert heat["market_saved_kgco2e"] == ""
    days = rows("/api/v1/schools/tagaborg/signature?period=2025-02")
    assert len(days) == 2 * 28
    assert days[0]["day"] == "2025-02-01"


@pytest.mark.parametrize(
    ("path", "key"),
    [
        ("savings?baseline=soon", "baseline"),
        ("savings?baseline=2024&reporting=2024-06..2025-05", "reporting"),
        ("savings?measure=2025-08", "measure"),
        ("savings?measure=2026-02-01", "measure"),
        ("savings?base=2024", "base"),
        ("signature?period=2025-13", "period"),
    ],
)
def test_what_cannot_be_asked(client: TestClient, path: str, key: str) -> None:
    answer = client.get(f"/api/v1/schools/tagaborg/{path}")
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [one["key"] for one in answer.json()["errors"]] == [key]
    assert client.get("/api/v1/schools/nobody/savings").status_code == 404
