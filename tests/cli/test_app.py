"""The commands as a whole: each is loaded when it is called."""

from __future__ import annotations

import subprocess
import sys

from typer.testing import CliRunner

from cli.app import app
from running import environment


def test_help_names_every_command_with_what_it_does() -> None:
    said = CliRunner().invoke(app, ["--help"], terminal_width=200).output
    for name in ("demo", "ingest", "import", "devices", "dead-letters", "report", "dashboards"):
        assert f"│ {name} " in said
    assert "Place devices, and try what their messages would become." in said


def test_a_mistyped_name_is_answered_with_one_that_is_meant() -> None:
    result = CliRunner().invoke(app, ["reprot"])
    assert result.exit_code == 2
    assert "'report'" in result.output


def test_a_command_of_a_group_knows_its_whole_name() -> None:
    said = CliRunner().invoke(app, ["dead-letters", "list", "--help"], prog_name="classroom-climate").output
    assert "Usage: classroom-climate dead-letters list" in said


def test_only_what_is_called_is_loaded() -> None:
    script = (
        "import sys; sys.argv = ['x', 'devices', '--help']\n"
        "from cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print(sorted({'cli.report', 'cli.simulate', 'scipy', 'fastapi', 'duckdb'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
