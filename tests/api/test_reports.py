"""Reports over HTTP: files, explanation, verification and accounts."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from analytics import jobs
from classroom.reading import Reading
from classroom.site import Site
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
KEY = {"Authorization": "Bearer the key"}
ROUTE = "/api/v1/schools/tagaborg/report"


@pytest.fixture
def october(site: Site, store: DuckDBStore) -> None:
    """100 kWh on each day of October 2026."""
    first = datetime(2026, 9, 30, 22, tzinfo=UTC)
    days = [first + timedelta(days=n, hours=n >= 25) for n in range(31)]
    store.write_readings([Reading("el-1", "energy_of_day_kwh", day, 100.0) for day in days])
    jobs.run(store, site, NOW)


@pytest.mark.usefixtures("october")
def test_a_report_is_sent_as_a_file(client: TestClient) -> None:
    starts = {"pdf": b"%PDF", "xlsx": b"PK", "csv": b"\xef\xbb\xbfschool,", "json": b"{"}
    for kind, start in starts.items():
        answer = client.get(ROUTE, params={"period": "2026-10", "format": kind, "lang": "en"})
        assert answer.status_code == 200
        assert answer.content.startswith(start)
        name = f'attachment; filename="tagaborg-2026-10-en.{kind}"'
        assert answer.headers["content-disposition"] == name
    beside = client.get(ROUTE, params={"period": "2026-10", "format": "csvm", "lang": "en"})
    assert beside.headers["content-type"] == "application/csvm+json"
    assert beside.headers["content-disposition"].endswith('"tagaborg-2026-10-en.csv-metadata.json"')
    assert client.post(f"{ROUTE}/verify", content=beside.content, headers=KEY).json()["same"] is True
    asked = {"period": "2026-10", "format": "csv", "delimiter": ";", "decimal": ","}
    text = client.get(ROUTE, params=asked).content.decode("utf-8-sig")
    rows = {row["id"]: row for row in csv.DictReader(io.StringIO(text), delimiter=";")}
    assert rows["tagaborg:2026-10:energy_kwh:electricity"]["value"] == "3100,0"


@pytest.mark.usefixtures("october")
def test_all_schools_one_may_read_stand_in_the_portfolio(client: TestClient) -> None:
    answer = client.get("/api/v1/portfolio/report", params={"period": "2026-10", "format": "json"})
    rows = {row["id"]: row for row in answer.json()["figures"]}
    assert rows["portfolio:2026-10:energy_known_kwh:electricity"]["value"] == pytest.approx(3100)


@pytest.mark.usefixtures("october")
def test_a_figure_of_all_schools_is_explained_and_their_report_verified(client: TestClient) -> None:
    route, figure = "/api/v1/portfolio/report", "portfolio:2026-10:energy_known_kwh:electricity"
    node = client.get(f"{route}/explain", params={"figure": figure}).json()
    assert (node["label"], node["value"]) == (figure, "3100 kWh")
    other = client.get(f"{route}/explain", params={"figure": "tagaborg:2026-10:energy_kwh:electricity"})
    assert other.status_code == 422
    file = client.get(route, params={"period": "2026-10", "format": "json"}).content
    assert client.post(f"{route}/verify", content=file, headers=KEY).json()["same"] is True
    assert client.post(f"{ROUTE}/verify", content=file, headers=KEY).status_code == 422


@pytest.mark.usefixtures("october")
def test_a_figure_is_explained_and_a_report_verified(client: TestClient) -> None:
    figure = "tagaborg:2026-10:energy_kwh:electricity"
    node = client.get(f"{ROUTE}/explain", params={"figure": figure}).json()
    assert node["label"] == figure
    assert node["value"] == "3100 kWh"
    file = client.get(ROUTE, params={"period": "2026-10", "format": "json"}).content
    found = client.post(f"{ROUTE}/verify", content=file, headers=KEY)
    assert found.json() == {**found.json(), "school": "tagaborg", "same": True, "differences": []}
    content = json.loads(file)
    content["manifest"]["figures"][figure][0] = 3000.0
    found = client.post(f"{ROUTE}/verify", content=json.dumps(content), headers=KEY)
    assert [one["what"] for one in found.json()["differences"]] == [figure]
    assert found.json()["same"] is False


@pytest.mark.usefixtures("october")
def test_a_year_is_closed_once_it_is_over(client: TestClient) -> None:
    accounts = client.get("/api/v1/schools/tagaborg/accounts/2026").json()
    assert accounts["closed_at"] is None
    assert {row["month"] for row in accounts["energy_register"]} >= {"2026-10"}
    refused = client.post("/api/v1/schools/tagaborg/accounts/2026/close", headers=KEY)
    assert refused.status_code == 409
    assert "close it in 2027" in refused.json()["detail"]


def test_the_document_tells_what_else_may_be_answered(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    report = paths["/api/v1/schools/{school}/report"]["get"]["responses"]
    content = report["200"]["content"]
    assert {kind for kind in content if content[kind]["schema"] == {"type": "object"}} == {
        kind for kind in content if kind.endswith("json")
    }
    assert "409" in paths["/api/v1/schools/{school}/accounts/{year}/close"]["post"]["responses"]
    assert "413" in paths["/api/v1/schools/{school}/report/verify"]["post"]["responses"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        (f"{ROUTE}?period=2026-13", 422, "write a month 2026-10"),
        (f"{ROUTE}?period=2026&decimal=,", 422, "needs delimiter=;"),
        (f"{ROUTE}?period=2026&format=doc", 422, "format"),
        ("/api/v1/schools/nowhere/report?period=2026", 404, "no school 'nowhere'"),
        (f"{ROUTE}/explain?figure=x", 422, "copy one from a report's appendix"),
        (f"{ROUTE}/explain?figure=empty:2026:energy_kwh", 422, "of another school"),
    ],
)
def test_what_cannot_be_asked_is_told(client: TestClient, path: str, status: int, said: str) -> None:
    answer = client.get(path)
    assert answer.status_code == status
    assert said in answer.json()["detail"]


def test_a_file_that_is_no_report_is_refused(client: TestClient) -> None:
    answer = client.post(f"{ROUTE}/verify", content=b"hello", headers=KEY)
    assert answer.status_code == 422
    assert "only PDF, XLSX and JSON files hold a manifest" in answer.json()["detail"]
