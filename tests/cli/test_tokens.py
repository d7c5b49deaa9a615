"""``classroom-climate tokens``: made once, shown once, refused once revoked, also by a running service."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from cli.app import app
from running import TABLES, Start

TOKEN = re.compile(r"^cc_[a-z0-9]{10}_\S{43}$", re.MULTILINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in TABLES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "classroom.toml").write_text("")
    return tmp_path


def tokens(folder: Path, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, ["tokens", arguments[0], "--site", str(folder), *arguments[1:]])
    assert result.exit_code == code, result.output
    return result.output


def test_made_listed_revoked(folder: Path) -> None:
    said = tokens(folder, "create", "--school", "lindhaga", "--role", "staff", "--note", "BMS [1]")
    (text,) = TOKEN.findall(said)
    key = text.split("_")[1]
    assert f"Token {key}: staff at lindhaga, until 20" in said

    listed = " ".join(tokens(folder, "list").split())
    assert f"{key} token staff lindhaga" in listed
    assert listed.endswith("valid BMS [1]")
    assert text.split("_", 2)[2] not in listed

    assert f"Revoked {key}" in tokens(folder, "revoke", key)
    assert "Nothing that stands" in tokens(folder, "revoke", key, code=1)
    assert "No tokens" in tokens(folder, "list")
    assert "revoked" in tokens(folder, "list", "--all")
    lines = (folder / "data" / "audit.log").read_text().splitlines()
    assert [line.partition("machine: ")[2] for line in lines] == [
        f"made token {key}: staff at lindhaga",
        f"revoked {key}",
    ]
    assert (folder / "data" / "audit.log").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "say which: --school KEY (lindhaga) or --all-schools"),
        (("--school", "nowhere"), "no school nowhere; the site has: lindhaga"),
        (("--school", "lindhaga", "--all-schools"), "not both"),
        (("--school", "lindhaga", "--expires", "soon"), "write 30d, 12w, 1y or never"),
        (("--school", "lindhaga", "--expires", "0d"), "write 30d, 12w, 1y or never"),
        (("--school", "lindhaga", "--role", "boss"), "boss"),
    ],
)
def test_what_cannot_be_is_told(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    said = " ".join(re.sub("[│╭╮╰╯─]", " ", tokens(folder, "create", *arguments, code=2)).split())
    assert words in said
    assert not (folder / "data" / "access.sqlite").exists()


def test_a_screen_of_a_room_that_is_there(folder: Path) -> None:
    said = tokens(folder, "screen", "lindhaga", "101", "--note", "by the door")
    assert re.search(r"^http://127\.0\.0\.1:8000/skarm/[a-z0-9]{10}-\S{43}$", said, re.MULTILINE)
    assert "no room 999" in tokens(folder, "screen", "lindhaga", "999", code=2)
    listed = tokens(folder, "list")
    assert "screen  one room" in listed
    assert "lindhaga/1" in listed
    assert "…" not in listed  # folded, not cut


def test_a_running_service_knows_at_once(start: Start) -> None:
    running = start(settings="[access]\nurl = 'http://127.0.0.1:1'\n")
    rooms = f"http://127.0.0.1:{running.port}/api/v1/schools/lindhaga/rooms"
    assert httpx.get(rooms, timeout=60).status_code == 401

    (text,) = TOKEN.findall(tokens(running.folder, "create", "--school", "lindhaga"))
    bearer = {"Authorization": f"Bearer {text}"}
    assert httpx.get(rooms, headers=bearer, timeout=60).status_code == 200
    (link,) = re.findall(r"/skarm/\S+", tokens(running.folder, "screen", "lindhaga", "101"))
    assert httpx.get(f"http://127.0.0.1:{running.port}{link}", timeout=60).status_code == 200

    tokens(running.folder, "revoke", text.split("_")[1])
    assert httpx.get(rooms, headers=bearer, timeout=60).status_code == 401
    doctor = CliRunner().invoke(app, ["doctor", "--site", str(running.folder)]).output
    assert "spooled and 0 stored" in " ".join(doctor.split())
