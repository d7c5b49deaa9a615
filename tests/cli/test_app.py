"""The commands as a whole: each is loaded when it is called."""

from __future__ import annotations

from typer.testing import CliRunner

from cli.app import app
from running import loaded


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
    assert loaded({"cli.report", "cli.simulate", "scipy", "fastapi", "duckdb"}, "devices", "--help") == []
    assert loaded({"cli.devices"}, "devices", "--help") == ["cli.devices"]
