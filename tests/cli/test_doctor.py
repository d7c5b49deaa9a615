"""``doctor`` says on one page what is wrong and what to do."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

from typer.testing import CliRunner

from cli.app import app
from ingest.embedded import EmbeddedBroker
from running import Start, command, environment, until


def test_nothing_runs(tmp_path: Path) -> None:
    CliRunner().invoke(app, ["init", str(tmp_path)])
    settings = tmp_path / "classroom.toml"
    text = settings.read_text().replace("# port = 1883", "port = 1").replace("# port = 8000", "port = 2")
    settings.write_text(text)
    result = CliRunner().invoke(app, ["doctor", "--site", str(tmp_path)])
    assert result.exit_code == 1
    words = " ".join(result.output.split())
    assert "127.0.0.1:1 does not answer" in words
    assert "start the broker" in words
    assert "start it with: classroom-climate run" in words


def test_a_stranger_is_named_with_its_cure(
    start: Start, replay: Callable[[str], CompletedProcess[str]]
) -> None:
    running = start()
    replay(json.dumps({"topic": "classroom/lindhaga/101/stranger", "payload": '{"co2_ppm": 640}'}))
    until(lambda: running.stored_all(1), "it is stored")
    said = subprocess.run(
        command("doctor", "--site", running.folder),
        env={**environment(), "COLUMNS": "300"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert said.returncode == 1
    assert "1 pending: lindhaga/stranger" in said.stdout
    assert "give them a row in devices.csv" in said.stdout
    assert "1 spooled and 1 stored" in said.stdout
    assert "answers and lets us read #" in said.stdout


def test_a_broker_that_does_not_let_us_read(tmp_path: Path, broker: EmbeddedBroker) -> None:
    CliRunner().invoke(app, ["init", str(tmp_path)])
    settings = tmp_path / "classroom.toml"
    access = f"[mqtt]\nport = {broker.ingest_port}\n"
    text = settings.read_text().replace("[mqtt]\n", access).replace("# port = 8000", "port = 2")
    settings.write_text(text.replace("[mqtt]\n", "[mqtt]\ntls = true\n"))
    words = " ".join(CliRunner().invoke(app, ["doctor", "--site", str(tmp_path)]).output.split())
    assert "answers, but does not let us read: cannot connect" in words
    assert "correct [mqtt] in classroom.toml" in words
    settings.write_text(text.replace("[mqtt]\n", "[mqtt]\nusername = 'u'\npassword_file = 'absent'\n"))
    words = " ".join(CliRunner().invoke(app, ["doctor", "--site", str(tmp_path)]).output.split())
    assert "mqtt.password_file" in words
    assert "cannot be read" in words


def test_another_sites_service_is_not_taken_for_ours(start: Start, tmp_path: Path) -> None:
    running = start(settings="[site]\nkey = 'theirs'\n")
    other = tmp_path / "other"
    CliRunner().invoke(app, ["init", str(other)])
    settings = other / "classroom.toml"
    settings.write_text(settings.read_text().replace("# port = 8000", f"port = {running.port}"))
    result = CliRunner().invoke(app, ["doctor", "--site", str(other)])
    assert result.exit_code == 1
    assert "serves site 'theirs', not this one" in " ".join(result.output.split())
