"""Files and readings over HTTP: what is taken, and who may hand it in."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.context import ApiContext, Control, Replayed
from cli.imports import ServedImports
from ingest.imports.folder import ImportFolder
from ingest.imports.job import Hands
from ingest.imports.watcher import ImportWatcher
from ingest.imports.writing import directly
from ingest.letters import Letters
from store.duckdb_store import DuckDBStore

NOW = datetime(2026, 3, 3, 9, tzinfo=UTC)
FILE = "/api/v1/imports/generic-hourly/el.csv"
READING = "/api/v1/readings/berga/a1/air"


class NoLetters:
    """Control of letters that nobody asks here."""

    def replay(self, **_: object) -> Replayed:
        raise NotImplementedError

    def purge(self, **_: object) -> int:
        raise NotImplementedError


@pytest.fixture
def watcher(tmp_path: Path, store: DuckDBStore, letters: Letters) -> ImportWatcher:
    folder = ImportFolder(tmp_path / "imports", lambda: NOW)
    hands = Hands(store, directly(store), letters, lambda _: True)
    zone = ZoneInfo("Europe/Stockholm")
    return ImportWatcher(folder, hands, zone, lambda: NOW, 600, tmp_path / "work", lambda: None)


@pytest.fixture
def pushed() -> list[tuple[str, bytes]]:
    return []


@pytest.fixture
def writing(
    context: ApiContext, watcher: ImportWatcher, pushed: list[tuple[str, bytes]]
) -> Iterator[TestClient]:
    def push(topic: str, payload: bytes) -> Future[None]:
        pushed.append((topic, payload))
        done: Future[None] = Future()
        threading.Timer(0.01, done.set_result, [None]).start()
        return done

    control = Control("the key", NoLetters(), ServedImports(watcher, 1_000), push)
    app = create_app(replace(context, control=control))
    with TestClient(app, base_url="http://127.0.0.1:8000", raise_server_exceptions=False) as opened:
        opened.headers["Authorization"] = "Bearer the key"
        yield opened


def test_a_file_is_taken_dealt_with_and_reported(writing: TestClient, watcher: ImportWatcher) -> None:
    answer = writing.put(FILE, content="Mätare;Tid;kWh\nm;2024-01-01 00:00;2,5\n".encode())
    assert answer.status_code == 202
    place = answer.headers["location"]
    assert place == f"/api/v1/imports/{answer.json()['id']}"
    assert writing.get(place).json()["state"] == "waiting"
    watcher.work_off()
    found = writing.get(place).json()
    assert (found["state"], found["stored"], found["name"]) == ("stored", 1, "el.csv")
    assert writing.get("/api/v1/imports").json() == {"items": [found]}


def test_a_source_may_be_given_its_mapping(writing: TestClient) -> None:
    place = "/api/v1/imports/ours/mapping.toml"
    answer = writing.put(place, content=b"[time]\nbasis = 'sometime'\n")
    assert answer.status_code == 422
    assert "mapping.toml: time.basis" in answer.json()["detail"]
    good = b"device = {key = 'm'}\ntime = {column = 't', basis = 'utc', stands_for = 'instant'}\n"
    good += b"value = [{column = 'v', quantity = 'heat_kwh', unit = 'MWh'}]\n"
    assert writing.put(place, content=good).status_code == 202
    assert writing.put("/api/v1/imports/ours/a.csv", content=b"t,v\n").status_code == 202


@pytest.mark.parametrize(
    ("path", "content", "status"),
    [
        ("/api/v1/imports/nobody/a.csv", b"x", 422),
        ("/api/v1/imports/processed/a.csv", b"x", 422),
        ("/api/v1/imports/generic-hourly/.hidden", b"x", 422),
        ("/api/v1/imports/generic-hourly/..%2Fx", b"x", 404),
        (FILE, b"", 422),
        (FILE, b"x" * 1_001, 413),
        ("/api/v1/imports/ours/mapping.toml", b"x" * 200_000, 413),
        ("/api/v1/imports/ours/mapping.toml", b"\xff\xfe", 422),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(
    writing: TestClient, tmp_path: Path, path: str, content: bytes, status: int
) -> None:
    answer = writing.put(path, content=content)
    assert answer.status_code == status
    assert answer.json()["detail"]
    assert [p for p in (tmp_path / "imports").rglob("*") if p.is_file()] == []


def test_an_unknown_import_is_404(writing: TestClient) -> None:
    for id_ in ("nothing", "20260101T000000000000-x", "20260101T999999999999-x"):
        assert writing.get(f"/api/v1/imports/{id_}").status_code == 404


def test_a_reading_goes_the_way_of_a_message(writing: TestClient, pushed: list[tuple[str, bytes]]) -> None:
    answer = writing.post(READING, content=b'{"co2_ppm": 800}', headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()) == (202, {"topic": "classroom/berga/a1/air"})
    assert pushed == [("classroom/berga/a1/air", b'{"co2_ppm": 800}')]
    assert writing.post(READING, content=b"{}").status_code == 415
    large = writing.post(READING, content=b"x" * 70_000, headers={"Content-Type": "application/json"})
    assert large.status_code == 413
    assert writing.post("/api/v1/readings/b/%23/c", json={}).status_code == 422
    assert len(pushed) == 1


@pytest.mark.parametrize("given", ["", "Bearer another", "the key"])
def test_nothing_is_taken_without_the_key(
    writing: TestClient, tmp_path: Path, pushed: list[tuple[str, bytes]], given: str
) -> None:
    writing.headers["Authorization"] = given
    for answer in (
        writing.put(FILE, content=b"x"),
        writing.put("/api/v1/imports/ours/mapping.toml", content=b""),
        writing.post(READING, json={}),
    ):
        is_token = given.startswith("Bearer ")
        assert answer.status_code == (401 if is_token else 403)
        assert ("tokens" if is_token else "data/control.key") in answer.json()["detail"]
    assert pushed == []
    assert not (tmp_path / "imports").exists()


def test_without_a_taker_nothing_can_be_written(client: TestClient) -> None:
    assert client.put(FILE, content=b"x").status_code == 404
    assert client.post(READING, json={}).status_code == 404
