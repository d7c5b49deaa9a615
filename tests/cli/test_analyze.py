"""``analyze``: alone, by the running service, killed anywhere, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from analysed import ALWAYS, SITE, START, a_site, readings, state
from lives import influx_settings
from typer.testing import CliRunner

from classroom.metric import Interval, Scope
from cli.app import app
from cli.job_files import WORK, held, keeper, read_last_run
from running import Running, Start, command, environment, free_ports, until
from store.influx_server import Address
from store.influx_store import InfluxStore


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return a_site(tmp_path, 12)


def analyze(folder: Path, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["analyze", "--site", str(folder), *options], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.output


def test_alone_it_runs_once_and_says_what_it_did(folder: Path) -> None:
    told = analyze(folder)
    assert "576 hours rolled up" in told
    last = read_last_run(folder / "data")
    assert last is not None
    assert (last.program, last.trouble, last.report["hours"]) == ("analyze", "", 576)
    metrics, rows = state(folder, START + timedelta(days=13))
    assert {row[4] for row in rows if len(row) == 6} == {"stale", "swap"}
    assert "0 hours rolled up" in analyze(folder)
    narrow = analyze(folder, "--full", "--school", "lindhaga", "--from", "2026-09-08", "--to", "2026-09-10")
    assert "2 room days and 2 school days computed" in narrow
    assert state(folder, START + timedelta(days=13)) == (metrics, rows)


def test_the_running_service_does_it(start: Start) -> None:
    service = start()
    told = analyze(service.folder, "--full")
    assert "0 room days and 1 school day computed" in told or "1 room day and 1 school day computed" in told
    assert "is in use" not in told
    counts = service.counts()
    assert counts["classroom_analytics_runs_total{ok}"] >= 2
    assert counts["classroom_analytics_last_success_timestamp_seconds"] > 1e9
    assert "there is no school 'x'" in analyze(service.folder, "--school", "x", code=2)


def test_it_waits_for_a_run_under_way_and_never_two_write(folder: Path) -> None:
    with held(folder / "data", WORK):
        process = subprocess.Popen(
            command("analyze", "--site", folder), env=environment(), stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        assert process.stderr.readline().startswith(f"Process {os.getpid()} runs the job")
        assert read_last_run(folder / "data") is None
    assert process.wait(60) == 0
    assert read_last_run(folder / "data") is not None


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--every", "60"], "for InfluxDB"),
        (["--school", "nowhere"], "there are lindhaga"),
        (["--from", "2026-02-02", "--to", "2026-02-01"], "--to must be later"),
    ],
)
def test_what_cannot_be_is_refused(folder: Path, options: list[str], words: str) -> None:
    assert words in " ".join(analyze(folder, *options, code=2).replace("│", " ").split())


def test_a_bad_note_of_the_last_run_is_none(tmp_path: Path) -> None:
    (tmp_path / "analytics.json").write_text(json.dumps({"program": "run"}))
    assert read_last_run(tmp_path) is None


@pytest.mark.server
def test_a_process_of_its_own_beside_influxdb(bucket: Address, tmp_path: Path) -> None:
    site, port = tmp_path / "site", free_ports(1)
    settings = influx_settings(site, bucket)
    for name, text in {**SITE, "classroom.toml": settings}.items():
        (site / name).write_text(text, encoding="utf-8")
    with closing(InfluxStore(bucket)) as store:
        store.write_readings(list(readings(2)))
    process = subprocess.Popen(
        command("analyze", "--site", site, "--every", "1", "--listen", str(port)), env=environment()
    )
    try:
        running = Running(site, port, process)
        runs = "classroom_analytics_runs_total{ok}"
        until(lambda: running.ready() and running.counts()[runs] >= 2, "two runs", 150)
        assert running.get("/healthz") == {"status": "alive"}
        assert [part["name"] for part in running.get("/readyz")["parts"]] == ["analytics", "tables"]
        assert keeper(site / "data") == f"process {process.pid}"
        second = subprocess.run(
            command("analyze", "--site", site), env=environment(), capture_output=True, text=True, timeout=120
        )
        assert (second.returncode, f"process {process.pid}" in second.stderr) == (1, True)
        with closing(InfluxStore(bucket)) as store:
            days = store.read_metrics("lindhaga", Scope.SCHOOL, None, Interval.DAY, *ALWAYS, "energy_kwh")
        assert days[0].value == pytest.approx(144.0, abs=0.02)  # the first reading comes 7 s late
    finally:
        process.send_signal(signal.SIGINT)
    assert process.wait(60) == 0
    assert keeper(site / "data") is None
