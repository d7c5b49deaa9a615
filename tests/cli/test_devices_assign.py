"""``devices assign``: a pending device gets its place, a moved one keeps its history."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import CompletedProcess

import httpx
import pytest
from typer.testing import CliRunner

from classroom.site import Site
from classroom.sitefiles import parse_site
from cli.app import app
from cli.devices_assign import assigned
from cli.site import load_site
from running import TABLES, Start, until

NOW = datetime(2026, 3, 4, 9, 30, 0, 123456, tzinfo=UTC)
ROOMS = "school,key,name\nlindhaga,101,Sal 101\nlindhaga,102,Sal 102\n"


def _site(devices: str) -> Site:
    return parse_site({**TABLES, "classroom.toml": "", "rooms.csv": ROOMS, "devices.csv": devices})


def test_a_new_device_holds_from_the_beginning() -> None:
    text = "key,school,room,meter,interval_s\n# a comment\nlindhaga/air,lindhaga,101,,60\n"
    new = assigned(_site(text), text, "a81758", "lindhaga", "102", None, None, 300, NOW)
    assert "# a comment" in new
    placed = _site(new).placement("a81758", NOW - timedelta(days=900))
    assert placed is not None
    assert (placed.room, placed.interval_s) == ("102", 300)


def test_a_move_closes_the_old_interval_and_history_stays() -> None:
    text = "key;school;room;interval_s\nlindhaga/air;lindhaga;101;60\n"  # as Excel in Swedish writes it
    moved = _site(assigned(_site(text), text, "lindhaga/air", "lindhaga", "102", None, None, None, NOW))
    before, after = (moved.placement("lindhaga/air", NOW + shift) for shift in (-timedelta(1), timedelta(1)))
    assert before is not None
    assert after is not None
    assert (before.room, after.room) == ("101", "102")
    assert before.valid_to == after.valid_from == NOW.replace(microsecond=0)
    assert after.interval_s == 60


def test_a_zoneless_time_is_the_sites() -> None:
    text = "key,school,room\nlindhaga/air,lindhaga,101\n"
    at = datetime(2026, 3, 2, 8, 0)  # noqa: DTZ001 - what a person types
    moved = _site(assigned(_site(text), text, "lindhaga/air", "lindhaga", "102", None, at, None, NOW))
    assert moved.placements["lindhaga/air"][1].valid_from == datetime(2026, 3, 2, 7, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("arguments", "cure"),
    [
        (["--school", "lindhaga", "--room", "999"], "no such room"),
        (["--school", "nowhere", "--room", "101"], "no such school"),
        (["--school", "lindhaga"], "exactly one of room and meter"),
    ],
)
def test_a_wrong_place_changes_nothing(tmp_path: Path, arguments: list[str], cure: str) -> None:
    for name, text in {**TABLES, "classroom.toml": ""}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(app, ["devices", "assign", "new", *arguments, "--site", str(tmp_path)])
    assert result.exit_code == 2
    assert cure in " ".join(result.output.split())
    assert (tmp_path / "devices.csv").read_text(encoding="utf-8") == TABLES["devices.csv"]


def test_the_same_place_again_is_no_move(tmp_path: Path) -> None:
    for name, text in {**TABLES, "classroom.toml": ""}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    place = ["devices", "assign", "new", "--school", "lindhaga", "--room", "101", "--site", str(tmp_path)]
    assert CliRunner().invoke(app, place).exit_code == 0
    written = (tmp_path / "devices.csv").read_text(encoding="utf-8")
    again = CliRunner().invoke(app, place)
    assert again.exit_code == 0
    assert "already; nothing to change" in again.output
    assert (tmp_path / "devices.csv").read_text(encoding="utf-8") == written
    assert CliRunner().invoke(app, [*place, "--interval-s", "60"]).exit_code == 0
    assert (tmp_path / "devices.csv").read_text(encoding="utf-8") != written


def test_a_running_service_places_what_it_has_kept(
    start: Start, replay: Callable[[str], CompletedProcess[str]]
) -> None:
    running = start()
    at = datetime.now(UTC) - timedelta(minutes=2)
    payload = json.dumps({"co2_ppm": 777, "time": at.isoformat()})
    replay(json.dumps({"topic": "classroom/lindhaga/101/newcomer", "payload": payload}))
    until(lambda: running.stored_all(1), "it is stored")
    assert [item["key"] for item in running.get("/api/v1/devices/pending")["items"]] == ["lindhaga/newcomer"]

    place = ["--school", "lindhaga", "--room", "101", "--site", str(running.folder)]
    result = CliRunner().invoke(app, ["devices", "assign", "lindhaga/newcomer", *place])
    assert result.exit_code == 0, result.output
    until(lambda: running.get("/api/v1/devices/pending")["items"] == [], "no device is pending")
    values = running.get("/api/v1/schools/lindhaga/rooms/101/now")["values"]
    assert [(value["quantity"], value["value"]) for value in values] == [("co2_ppm", 777.0)]


def test_tables_with_faults_are_refused_while_running(start: Start) -> None:
    running = start()
    good = (running.folder / "rooms.csv").read_text(encoding="utf-8")
    (running.folder / "rooms.csv").write_text(good + "nowhere,9,Sal 9,\n", encoding="utf-8")

    def said() -> dict[str, object]:
        parts = httpx.get(f"http://127.0.0.1:{running.port}/readyz", timeout=10).json()["parts"]
        return next(part for part in parts if part["name"] == "tables")

    until(lambda: said()["ok"] is False, "the fault is told")
    assert "no such school" in str(said()["message"])
    assert running.get("/api/v1/schools/lindhaga")["rooms"] == 1
    (running.folder / "rooms.csv").write_text(good + "lindhaga,102,Sal 102,\n", encoding="utf-8")
    until(lambda: said()["ok"] is True, "it is mended")
    assert running.get("/api/v1/schools/lindhaga")["rooms"] == 2
    assert load_site(running.folder).rooms[-1].key == "102"
