"""A command that a message names can be run as it stands: it names the site that was given."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from cli.site import at_site
from running import TABLES

_NO_SITE = {"init", "demo", "replay"}
"""Commands that need none."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "a site"
    place.mkdir()
    for name, text in TABLES.items():
        (place / name).write_text(text, encoding="utf-8")
    (place / "classroom.toml").write_text("[api]\nport = 1\n", encoding="utf-8")
    return place


def test_the_option_is_quoted_and_left_out_for_the_working_folder(tmp_path: Path) -> None:
    assert at_site(Path()) == ""
    assert at_site(Path("town")) == " --site town"
    assert at_site(Path("a site")) == " --site 'a site'"


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor",),
        ("tokens", "list"),
        ("dead-letters", "show", "3"),
        ("dead-letters", "purge", "--id", "3"),
        ("devices", "try", "--topic", "classroom/x/y/z", "--payload", '{"co2_ppm": 700}'),
        ("export", "places.xlsx"),
    ],
)
def test_hints_name_the_site(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(app, [*arguments, "--site", str(folder)], env={"COLUMNS": "1000"}).output
    commands = [one for one in re.findall(r"classroom-climate (.*)", told) if one.split()[0] not in _NO_SITE]
    assert commands, told
    assert [one for one in commands if f"--site '{folder}'" not in one] == []
