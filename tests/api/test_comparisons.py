"""Savings and signature over HTTP."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime

import pytest
from fastapi.testclient import TestClient
from heated import NOW, TEXTS, write_energy, write_two_years

from classroom.quantity import Carrier
from classroom.site import Site
from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore


@pytest.fixture
def site() -> Site:
    return parse_site(TEXTS)


@pytest.fixture
def now() -> datetime:
    return NOW


def test_savings_by_carrier_with_interval_fit_and_kgco2e(
    client: TestClient, store: DuckDBStore, site: Site
) -> None:
    write_two_years(store, site, saved=0.12)
    answer = client.get("/api/v1/schools/tagaborg/savings?baseline=2024&reporting=2025-01..2025-12").json()
    assert answer["baseline"] == {"first": "2024-01-01", "last": "2024-12-31", "days": 366}
    assert answer["station"] == {"key": "smhi", "name": "Helsingborg A", "distance_km": 5.44}
    assert (answer["confidence"], answer["method"]) == (0.9, "energy.savings/3")
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
    corners = heat["groups"][0]["line"]
    assert corners[1] == {"felt_c": 15.0, "energy_kwh": pytest.approx(1_000)}
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


def test_the_bridge_adds_up(client: TestClient, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, saved=0.12)
    answer = client.get("/api/v1/schools/tagaborg/bridge?before=2024&after=2025").json()
    heat = answer["carriers"][1]
    energy = heat["energy"]
    assert [effect["cause"] for effect in energy["effects"]] == [
        "weather",
        "calendar",
        "area",
        "own_use",
        "factor",
    ]
    assert sum(effect["value"] for effect in energy["effects"]) == pytest.approx(energy["change"])
    assert energy["change"] == pytest.approx(heat["after_kwh"] - heat["before_kwh"])
    (emission,) = heat["emissions"]
    assert (emission["unit"], emission["basis"], emission["line"]) == ("kgCO2e", "location", "lifecycle")
    assert sum(effect["value"] for effect in emission["effects"]) == pytest.approx(emission["change"])
    assert (answer["before_m2"], answer["total"]["carrier"]) == (4000.0, None)
    table = client.get("/api/v1/schools/tagaborg/bridge?before=2024&after=2025&format=csv").text
    rows = list(csv.DictReader(io.StringIO(table)))
    change = [row for row in rows if row["cause"] == "change" and row["carrier"] == "district_heat"]
    assert [row["unit"] for row in change] == ["kWh", "kgCO2e"]
    assert client.get("/api/v1/schools/tagaborg/bridge?before=2024&after=2024").status_code == 422


def test_the_portfolio_names_what_it_leaves_out(client: TestClient, store: DuckDBStore, site: Site) -> None:
    write_two_years(store, site, saved=0.12)
    answer = client.get("/api/v1/portfolio/savings?baseline=2024&reporting=2025").json()
    assert [school["school"] for school in answer["schools"]] == ["tagaborg", "garda", "empty"]
    assert answer["left_out"] == [
        {"school": "garda", "carrier": "district_heat", "reason": "no_energy"},
        {"school": "empty", "carrier": None, "reason": "no_meters"},
    ]
    assert answer["total"]["claim"] == "saving"
    assert answer["total"]["saved_kwh"] == pytest.approx(sum(one["saved_kwh"] for one in answer["carriers"]))
    table = client.get("/api/v1/portfolio/savings?format=csv").text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [(row["school"], row["carrier"]) for row in rows[-3:]] == [
        ("all", "electricity"),
        ("all", "district_heat"),
        ("all", "all"),
    ]


def test_portfolio_metrics_are_sums_and_null_where_a_school_is_silent(
    client: TestClient, store: DuckDBStore, site: Site
) -> None:
    days = [date(2025, 3, day) for day in range(1, 4)]
    write_energy(store, site, "garda", Carrier.DISTRICT_HEAT, days[:2], lambda _: 10.0)
    write_energy(store, site, "tagaborg", Carrier.DISTRICT_HEAT, days[1:], lambda _: 5.0)
    path = "/api/v1/portfolio/metrics?from=2025-03-01&to=2025-03-04&metric=energy_kwh"
    found = client.get(path).json()
    assert [(point["value"], point["reason"]) for point in found] == [
        (10.0, None),
        (15.0, None),
        (None, "school_missing:garda"),
    ]
    assert {(point["scope"], point["id"], point["method"]) for point in found} == {
        ("portfolio", "city", "portfolio.sum/1")
    }
    by_school = client.get(f"{path}&by=school").json()
    assert [(point["id"], point["value"]) for point in by_school] == [
        ("tagaborg", 5.0),
        ("tagaborg", 5.0),
        ("garda", 10.0),
        ("garda", 10.0),
    ]


def test_degree_days_and_normal_year_are_metrics_of_a_school(
    client: TestClient, store: DuckDBStore, site: Site
) -> None:
    write_two_years(store, site, saved=0.0)
    query = "from=2025-01-01&to=2026-01-01&interval=year"
    names = "&metric=heating_degree_days&metric=energy_normal_year_kwh&metric=energy_kwh"
    found = client.get(f"/api/v1/schools/tagaborg/metrics?{query}{names}").json()
    told = {(point["metric"], point["carrier"]): point for point in found}
    assert set(told) == {
        ("energy_kwh", "electricity"),
        ("energy_kwh", "district_heat"),
        ("heating_degree_days", None),
        ("energy_normal_year_kwh", "district_heat"),
    }
    energy = told["energy_kwh", "district_heat"]["value"]
    normal = told["energy_normal_year_kwh", "district_heat"]["value"]
    degree_days = told["heating_degree_days", None]["value"]
    assert normal == pytest.approx(365_000 + (energy - 365_000) * 3_600 / degree_days, rel=1e-6)
    unnamed = client.get(f"/api/v1/schools/tagaborg/metrics?{query}").json()
    assert {point["metric"] for point in unnamed} == {"energy_kwh"}
