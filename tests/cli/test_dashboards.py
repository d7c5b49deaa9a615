"""``classroom-climate dashboards``."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import typer
from fake_grafana import TOKEN, State, fake_grafana, served
from typer.testing import CliRunner

from classroom.sitefiles import parse_site
from cli.app import app
from cli.dashboards_push import credential_of, wanted_by_school
from dashboards.push import Wanted

SITE = parse_site({"classroom.toml": "", "schools.csv": "key,name\na,Skolan\nb,Skolan\nc,Ekskolan\n"})


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["dashboards", *arguments], env={"COLUMNS": "200", **environment})
    return result.exit_code, result.output


def test_the_list_names_uids_and_what_they_show() -> None:
    code, text = run("list", "--lang", "sv")
    assert code == 0
    assert "cc-classroom-sv" in text
    assert "Hållbarhet" in text


def test_the_files_are_written(tmp_path: Path) -> None:
    code, text = run("build", str(tmp_path / "grafana"))
    assert code == 0
    assert "15 files" in text
    assert (tmp_path / "grafana/json/en/school.json").is_file()
    assert (tmp_path / "grafana/provisioning/datasources/classroom-climate.yaml").is_file()
    (tmp_path / "taken").write_text("")
    code, text = run("build", str(tmp_path / "taken"))
    assert (code, "cannot be written" in text) == (1, True)


def test_push_tells_what_it_does_and_does_it_once(tmp_path: Path) -> None:
    (tmp_path / "grafana").write_text(f"{TOKEN}\n")
    (tmp_path / "api").write_text("cc_token\n")
    state = State()
    with served(fake_grafana(state)) as url:
        files = ("--token-file", str(tmp_path / "grafana"), "--api-token-file", str(tmp_path / "api"))
        tried, text = run("push", "--url", url, *files, "--lang", "sv", "--dry-run")
        assert (tried, state.writes) == (0, [])
        assert '+ "url": "http://127.0.0.1:8000"' in text
        assert "8 would be created, 0 would be changed" in text

        code, text = run("push", "--url", url, *files, "--lang", "sv")
        assert (code, len(state.org.dashboards)) == (0, 6)
        assert "+ dashboard sv/classroom" in text
        assert "8 created, 1 changed" in text  # the permissions that a folder is born with

        code, text = run("push", "--url", url, "--lang", "sv", GRAFANA_TOKEN=TOKEN)
        assert (code, "0 created, 0 changed, 9 as they should be." in text) == (0, True)

        code, text = run("push", "--url", url, GRAFANA_TOKEN="glsa_wrong")
        assert code == 1
        assert "does not know this token" in text


def test_who_asks_is_said_once(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")
    assert credential_of("", secret, None, {}) == "s3cret"
    assert credential_of("", None, None, {"GRAFANA_TOKEN": "t"}) == "t"
    assert credential_of("root", None, secret, {}) == ("root", "s3cret")
    assert credential_of("root", None, None, {"GRAFANA_PASSWORD": "p"}) == ("root", "p")
    for user, token_file in (("", None), ("root", None), ("root", secret)):
        with pytest.raises(typer.BadParameter, match="--"):
            credential_of(user, token_file, None, {})


def test_each_school_has_its_own_token_and_organisation(tmp_path: Path) -> None:
    wanted = Wanted("http://api:8000", "of all")
    (tmp_path / "a.token").write_text("cc_a\n")
    with pytest.raises(typer.BadParameter, match=r"no b\.token.*missing: b, c"):
        wanted_by_school(SITE, wanted, tmp_path)
    for key in "bc":
        (tmp_path / f"{key}.token").write_text(f"cc_{key}\n")
    found = wanted_by_school(SITE, wanted, tmp_path)
    assert {name: one.api_token for name, one in found.items()} == {
        "Skolan (a)": "cc_a",
        "Skolan (b)": "cc_b",
        "Ekskolan": "cc_c",
    }


def test_organisations_ask_for_a_password(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "classroom.toml").write_text("")
    code, text = run("push", "--org-per-school", str(tmp_path), GRAFANA_TOKEN=TOKEN)
    assert code == 2
    assert "--password-file" in text.replace(os.linesep, " ")
