"""``init`` writes a site that is accepted as it stands, and never overwrites."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from classroom.settings import Settings
from classroom.sitefiles import SETTINGS_FILE, TABLES
from cli.app import app
from cli.init import templates
from cli.site import load_site

run = CliRunner()

ELSEWHERE = {
    *(("site", key) for key in ("key", "name", "time_zone")),  # set, for everybody must
    *(("access", key) for key in ("oidc", "grafana")),  # tables of their own, in docs/access.md
    ("reports", "schedule"),  # tables of their own, the template shows one
    ("factors", "chosen"),
}


def test_what_it_writes_is_accepted(tmp_path: Path) -> None:
    result = run.invoke(app, ["init", str(tmp_path / "site")])
    assert result.exit_code == 0
    site = load_site(tmp_path / "site")
    assert [school.key for school in site.schools] == ["exempelskolan"]
    assert {path.name for path in (tmp_path / "site").iterdir()} == {SETTINGS_FILE, *TABLES}


def test_every_setting_stands_in_the_template_with_its_default(tmp_path: Path) -> None:
    """Commented out where it is a default; a key that is not set by default shows how it is written."""
    text = templates()[SETTINGS_FILE]
    absent, wrong = [], []
    for name, field in Settings.model_fields.items():
        part = re.search(rf"^\[{name}\]\n(.*?)(?=^\[|\Z)", text, re.MULTILINE | re.DOTALL)
        written = dict(re.findall(r"^# (\w+) = (.*)$", part[1] if part else "", re.MULTILINE))
        model: Any = field.annotation
        for key, of in model.model_fields.items():
            if (name, key) in ELSEWHERE:
                continue
            if key not in written:
                absent.append(f"{name}.{key}")
            elif of.default is not None:
                value = tomllib.loads(f"x = {written[key]}")["x"]
                section = model.model_validate({key: value})
                if getattr(section, key) != of.default:
                    wrong.append((name, key, value))
    assert absent == []
    assert wrong == []


def test_it_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "rooms.csv").write_text("mine")
    result = run.invoke(app, ["init", str(tmp_path)])
    assert result.exit_code == 2
    assert [path.name for path in tmp_path.iterdir()] == ["rooms.csv"]


def test_bad_configuration_refuses_to_start_with_all_faults_at_once(tmp_path: Path) -> None:
    run.invoke(app, ["init", str(tmp_path)])
    (tmp_path / SETTINGS_FILE).write_text('[site]\ntime_zone = "Mars/Crater"\n[api]\nport = 99999\n')
    (tmp_path / "rooms.csv").write_text("school,key,name,area_m2\nexempelskolan,sal-101,Sal 101,-4\n")
    result = run.invoke(app, ["run", "--site", str(tmp_path)])
    assert result.exit_code == 2
    for word in ("site.time_zone", "Mars/Crater", "api.port", "99999", "area_m2", "rooms.csv"):
        assert word in result.output


@pytest.mark.parametrize("command", ["demo", "init", "run", "simulate", "replay", "doctor"])
def test_every_command_answers_help_with_an_example(command: str) -> None:
    result = run.invoke(app, [command, "--help"])
    assert result.exit_code == 0
    assert "Example" in result.output
    assert f"classroom-climate {command}" in " ".join(result.output.split())
