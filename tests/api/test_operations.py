from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.context import ApiContext, PartHealth
from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore

BASE = "http://127.0.0.1"
ROOT = Path(__file__).parents[2]


def test_alive(client: TestClient) -> None:
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_until_a_part_is_not(client: TestClient, health: list[PartHealth]) -> None:
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert [(part["name"], part["ok"]) for part in ready.json()["parts"]] == [
        ("store", True),
        ("broker", True),
    ]

    health[0] = PartHealth("broker", False, "away since 08:50; is it running?")
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.json()["ready"] is False
    assert answer.json()["parts"][1] == {
        "name": "broker",
        "ok": False,
        "message": "away since 08:50; is it running?",
    }


def test_a_closed_store_is_not_ready_and_says_when_to_come_back(
    client: TestClient, store: DuckDBStore
) -> None:
    store.close()
    ready, metrics = client.get("/readyz"), client.get("/api/v1/schools/tagaborg/metrics")
    assert ready.status_code == 503
    assert ready.json()["parts"][0]["ok"] is False
    assert (metrics.status_code, metrics.headers["retry-after"]) == (503, "10")
    assert metrics.headers["content-type"] == "application/problem+json"
    for answer in (ready, metrics):
        assert "duckdb" not in answer.text  # neither the file nor its place


def test_a_store_that_cannot_serve_is_logged_once(
    client: TestClient, store: DuckDBStore, caplog: pytest.LogCaptureFixture
) -> None:
    """However often somebody asks whether it is ready."""
    store.close()
    for _ in range(3):
        assert client.get("/readyz").status_code == 503
    (told,) = [record.getMessage() for record in caplog.records if record.name == "api.routes.operations"]
    assert "the store is not ready" in told


def test_counters_in_prometheus_text(client: TestClient) -> None:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "classroom_live_readers 0.0" in answer.text


@pytest.mark.parametrize(
    "path", ["/api/v1/schools", "/api/v1/nothing", "/healthz", "/metrics", "/openapi.json", "/"]
)
def test_every_answer_carries_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("127.0.0.1:8000", 200),
        ("LOCALHOST:1", 200),
        ("[::1]:8000", 200),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("localhost@evil.example", 400),
        ("localhost:80:80", 400),
        ("localhost/", 400),
        ("", 400),
    ],
)
def test_only_known_hosts_are_served(client: TestClient, host: str, status: int) -> None:
    answer = client.get("/healthz", headers={"host": host})
    assert answer.status_code == status
    assert answer.headers["x-content-type-options"] == "nosniff"
    if status == 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert "127.0.0.1" in answer.json()["detail"]


def test_a_fault_of_ours_shows_nothing_of_the_inside(context: ApiContext) -> None:
    def broken() -> list[PartHealth]:
        raise RuntimeError("/secret/place")

    app = create_app(replace(context, health=broken))
    with TestClient(app, base_url=BASE, raise_server_exceptions=False) as client:
        answer = client.get("/readyz")
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_a_reloaded_site_is_seen_at_once(context: ApiContext) -> None:
    sites = [context.site(), parse_site({"classroom.toml": "", "schools.csv": "key,name\nnew,Nya\n"})]
    app = create_app(replace(context, site=lambda: sites[0]))
    with TestClient(app, base_url=BASE) as client:
        assert client.get("/api/v1/schools/new").status_code == 404
        sites.pop(0)
        assert client.get("/api/v1/schools/new").status_code == 200


def test_the_openapi_document_describes_what_is_answered(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    checked_in = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert set(document["paths"]) <= set(checked_in["paths"])  # that is the whole, with what writes
    assert {"/api/v1/schools", "/api/v1/devices", "/healthz", "/metrics"} <= set(document["paths"])
    metrics = document["paths"]["/api/v1/schools/{school}/metrics"]["get"]
    assert {p["name"] for p in metrics["parameters"]} == {
        "school",
        "from",
        "to",
        "interval",
        "metric",
        "carrier",
        "basis",
        "order",
        "format",
        "delimiter",
        "decimal",
    }
    assert set(metrics["responses"]["200"]["content"]) == {"application/json", "text/csv"}
    for status in ("404", "422", "503"):
        assert set(metrics["responses"][status]["content"]) == {"application/problem+json"}
    readyz = document["paths"]["/readyz"]["get"]["responses"]
    assert set(readyz["503"]["content"]) == {"application/json"}
    stream = document["paths"]["/api/v1/schools/{school}/rooms/{room}/stream"]["get"]["responses"]
    assert set(stream["200"]["content"]) == {"text/event-stream"}


def test_other_methods_are_refused(client: TestClient) -> None:
    answer = client.post("/api/v1/schools")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET")
    assert answer.headers["content-type"] == "application/problem+json"
