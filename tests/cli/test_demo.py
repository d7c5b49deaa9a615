"""``demo``: one command, a filled page, a clean end, a second start that goes on."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import psutil
import pytest

from running import Running, command, environment, free_ports, until
from store.duckdb_store import DuckDBStore

Demo = Callable[..., Running]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    """Starts a demo in one folder and waits until its whole history is there."""
    started: list[Running] = []

    def begin(days: int = 2) -> Running:
        port = free_ports(3)
        log = tmp_path / "log"
        arguments = ("--days", str(days), "--port", str(port), "--mqtt-port", str(port + 1))
        process = subprocess.Popen(
            command("demo", *arguments, "--data-dir", tmp_path / "demo"),
            env=environment(),
            stderr=log.open("w"),
        )
        running = Running(tmp_path / "demo", port, process)
        started.append(running)
        until(lambda: "stored and computed" in log.read_text(), "the demo is filled", 150)
        return running

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.kill()


def test_it_fills_the_page_goes_on_after_a_restart_and_leaves_nothing_behind(demo: Demo) -> None:
    first = demo(9)  # a day before the recent ones, which is played after them
    day = datetime.now(UTC) - timedelta(days=1)
    span = {"from": (day - timedelta(days=1)).isoformat(), "to": (day + timedelta(days=1)).isoformat()}
    points = first.get("/api/v1/schools/almgarden/metrics", interval="day", **span)
    lines = ("emissions_kgco2e", "emissions_lifecycle_kgco2e")  # heat's factor is a life cycle's
    valued = [point for point in points if point["metric"] in lines and point["value"]]
    assert {point["carrier"] for point in valued} == {"electricity", "district_heat"}
    assert all(point["factors"] and point["method"] and point["unit"] == "kgCO2e" for point in valued)
    weather = first.get(
        "/api/v1/schools/almgarden/metrics", interval="day", metric="heating_degree_days", **span
    )
    assert any(point["value"] is not None for point in weather), "the outdoor sensor is heard"
    page = httpx.get(f"http://127.0.0.1:{first.port}/schools/almgarden", timeout=20).text
    assert "Almgårdens skola" in page
    assert "CO₂e" in page
    live = first.counts()["classroom_messages_stored_total"]
    until(lambda: first.counts()["classroom_messages_stored_total"] > live, "live values arrive", 15)

    children = psutil.Process(first.process.pid).children(recursive=True)
    assert children, "broker and simulator run as children"
    assert first.stop() == 0
    _, alive = psutil.wait_procs(children, timeout=10)
    assert alive == []

    before = _readings(first.folder)
    second = demo()
    assert second.counts()["classroom_readings_stored_total"] < before / 2, "the history is not stored again"
    assert second.stop() == 0
    store = DuckDBStore(second.folder / "data" / "classroom.duckdb")
    frame = store.read_readings(["almgarden/el-1"], ["energy_kwh"], day, datetime.now(UTC))
    store.close()
    assert len(frame) > 24
    assert not frame.duplicated(["device", "quantity", "time"]).any()
    assert frame["value"].is_monotonic_increasing, "the registers go on where they were"


def _readings(folder: Path) -> int:
    store = DuckDBStore(folder / "data" / "classroom.duckdb")
    devices = store.latest()["device"].unique()
    now = datetime.now(UTC)
    frame = store.read_readings(devices, None, now - timedelta(days=10), now + timedelta(days=1))
    store.close()
    return len(frame)


def test_a_second_one_on_busy_ports_says_what_to_do(demo: Demo, tmp_path: Path) -> None:
    running = demo()
    ports = ("--port", str(running.port), "--mqtt-port", str(running.port + 1))
    for arguments, hint in ((ports, "--port"), (("--port", str(free_ports(1)), *ports[2:]), "--mqtt-port")):
        second = subprocess.run(
            command("demo", *arguments, "--data-dir", tmp_path / "other"),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert "in use" in second.stderr
        assert hint in second.stderr
    assert running.stop() == 0


def test_killing_the_demo_leaves_no_process_behind(demo: Demo) -> None:
    running = demo()
    children = psutil.Process(running.process.pid).children(recursive=True)
    running.process.send_signal(signal.SIGKILL)
    running.process.wait(10)
    _, alive = psutil.wait_procs(children, timeout=15)
    assert alive == []
