"""The examples of docs/calendars.md and docs/places.md do what the pages show."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.app import app
from running import ROOT


@pytest.mark.parametrize("page", ["calendars", "places"])
def test_the_examples_run_as_shown(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    assert CliRunner().invoke(app, ["init", "."]).exit_code == 0
    text = (ROOT / "docs" / f"{page}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(\w+)(?: (\S+))?\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    (tmp_path / "given").mkdir()
    ran = 0
    for kind, name, content in blocks:
        if kind != "console":
            folder = tmp_path if kind == "toml" else tmp_path / "given"
            (folder / name).write_text(content, encoding="utf-8")
            continue
        for command, shown in re.findall(
            r"^\$ classroom-climate (.*)\n((?:(?!\$ ).*\n)*)", content, re.MULTILINE
        ):
            arguments = [
                str(tmp_path / "given" / part) if (tmp_path / "given" / part).is_file() else part
                for part in shlex.split(command)
            ]
            result = CliRunner().invoke(app, arguments)
            wanted = "".join(re.escape(line).replace("…", ".*") + "\n" for line in shown.splitlines())
            assert re.fullmatch(wanted, result.output), result.output
            ran += 1
    assert ran >= 3
