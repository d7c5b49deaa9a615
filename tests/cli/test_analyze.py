"""``analyze``: alone, by the running service, killed anywhere, and what it refuses."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from lives import influx_settings
from typer.testing import CliRunner

from classroom.metric import Interval, Metric, Scope
from classroom.reading import Reading
from cli.app import app
from cli.job_files import WORK, held, keeper, read_last_run
from running import TABLES, Running, Start, command, environment, free_ports, until
from store.duckdb_store import DuckDBStore
from store.influx_server import Address
from store.influx_store import InfluxStore

START = datetime(2026, 8, 31, 22, tzinfo=UTC)  # Tuesday 1 September, 00:00 in Stockholm
DAYS, STEP = 12, timedelta(minutes=30)
ALWAYS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))
SITE = {**TABLES, "classroom.toml": "[api]\nport = 1\n"}


def readings() -> Iterator[Reading]:
    """Twelve days: a room whose sensor sticks for two of them, and a meter that is replaced."""
    for n in range(DAYS * 48):
        at = START + n * STEP + timedelta(seconds=7)
        stuck = 240 <= n < 340
        yield Reading("lindhaga/air", "co2_ppm", at, 655.0 if stuck else 450.0 + n % 48 * 10)
        yield Reading("lindhaga/air", "temperature_c", at, 20.0 + n % 7 / 2)
        yield Reading("lindhaga/el", "energy_kwh", at, (5_000.0 if n < 400 else 10.0) + n * 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    site = tmp_path / "site"
    (site / "data").mkdir(parents=True)
    for name, text in SITE.items():
        (site / name).write_text(text, encoding="utf-8")
    store = DuckDBStore(site / "data" / "classroom.duckdb")
    store.write_readings(list(readings()))
    store.close()
    return site


def analyze(folder: Path, *options: str, code: int = 0) -> str:
    done = CliRunner().invoke(app, ["analyze", "--site", str(folder), *options], env={"COLUMNS": "200"})
    assert done.exit_code == code, done.output
    return done.output


def state(folder: Path) -> tuple[set[Metric], list[tuple[object, ...]]]:
    """Metrics of whole days, all hours, and verdicts; what depends on the present moment left out."""
    store = DuckDBStore(folder / "data" / "classroom.duckdb")
    found = {
        metric
        for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL)
        for interval in (Interval.DAY, Interval.HOUR)
        for metric in store.read_metrics("lindhaga", scope, None, interval, *ALWAYS)
        if metric.period_end < START + (DAYS + 1) * timedelta(days=1)
    }
    devices = ["lindhaga/air", "lindhaga/el"]
    hours = store.read_hours(devices, None, *ALWAYS)
    verdicts = store.read_verdicts(devices, *ALWAYS)
    store.close()
    rows = [tuple(row) for frame in (hours.fillna(-1), verdicts) for row in frame.itertuples(index=False)]
    return found, rows


def test_alone_it_runs_once_and_says_what_it_did(folder: Path) -> None:
    told = analyze(folder)
    assert "576 hours rolled up" in told
    last = read_last_run(folder / "data")
    assert last is not None
    assert (last.program, last.trouble, last.report["hours"]) == ("analyze", "", 576)
    metrics, rows = state(folder)
    assert {row[4] for row in rows if len(row) == 6} == {"stale", "swap"}
    assert "0 hours rolled up" in analyze(folder)
    narrow = analyze(folder, "--full", "--school", "lindhaga", "--from", "2026-09-08", "--to", "2026-09-10")
    assert "2 room days and 2 school days computed" in narrow
    assert state(folder) == (metrics, rows)


def test_the_running_service_does_it(start: Start) -> None:
    service = start()
    told = analyze(service.folder, "--full")
    assert "0 room days and 1 school days computed" in told or "1 room days" in told
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
        store.write_readings(list(readings())[: 48 * 3 * 2])
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
