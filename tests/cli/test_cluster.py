"""The analytics job on several processes and on a Dask cluster: value for value what one process computes."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
from analysed import START, a_site, state
from distributed import LocalCluster
from typer.testing import CliRunner

from analytics import jobs
from analytics.insights.job import read_insights
from cli.app import app
from cli.children import ChildCompute
from cli.cluster import ClusterError, DaskCompute
from cli.scheduler import Compute
from cli.site import load_site_or_exit
from running import ROOT, environment, free_ports
from store.duckdb_store import DuckDBStore

DAYS = 100
Analyse = Callable[[str, Compute | None], tuple[object, ...]]


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address="127.0.0.1:0", memory_limit=0
    ) as found:
        yield found


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return a_site(tmp_path_factory.mktemp("filled"), DAYS)


@pytest.fixture
def analyse(filled: Path, tmp_path: Path) -> Analyse:
    """Everything that the job makes of the site, from nothing."""

    def made(name: str, compute: Compute | None) -> tuple[object, ...]:
        folder = tmp_path / name
        shutil.copytree(filled, folder)
        store = DuckDBStore(folder / "data" / "classroom.duckdb")
        submit, at_once = (None, 1) if compute is None else (compute.submit, compute.workers)
        now = START + timedelta(days=DAYS + 1)
        jobs.run(store, load_site_or_exit(folder), now, compute=submit, at_once=at_once)
        found = read_insights(store)
        store.close()
        return (found, *state(folder))

    return made


class Killing:
    """Computes elsewhere; when the third part is handed over, one of ``processes`` is killed."""

    def __init__(self, inner: Compute, processes: Callable[[], list[int]]) -> None:
        self.workers = inner.workers
        self.handed = 0
        self.killed = 0
        self._inner = inner
        self._processes = processes

    def submit(self, function: Callable[[Any], Any], argument: Any, /) -> Future[Any]:
        found = self._inner.submit(function, argument)
        self.handed += 1
        if self.handed == 3:
            self.killed = self._processes()[0]
            os.kill(self.killed, signal.SIGKILL)
        return found

    def close(self) -> None:
        self._inner.close()


def computing() -> list[int]:
    return [child.pid for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_processes_find_what_one_finds_and_one_may_be_killed(analyse: Analyse) -> None:
    serial = analyse("serial", None)
    assert len(serial[1]) > 5_000  # type: ignore[arg-type]
    children = ChildCompute(2, tries=3)
    try:
        assert analyse("children", children) == serial
        before = set(computing())
        killing = Killing(children, lambda: [pid for pid in computing() if pid in before])
        assert analyse("killed", killing) == serial
    finally:
        children.close()
    assert killing.handed > 8
    assert killing.killed in before


def test_a_cluster_finds_what_one_process_finds_and_a_worker_may_be_killed(
    analyse: Analyse, cluster: LocalCluster
) -> None:
    serial = analyse("serial", None)
    dask = DaskCompute(cluster.scheduler_address)
    try:
        assert dask.workers == 2
        assert analyse("dask", dask) == serial
        workers = [nanny.pid for nanny in cluster.workers.values()]
        killing = Killing(dask, lambda: workers)
        assert analyse("killed", killing) == serial
        assert killing.handed > 8
        assert not psutil.pid_exists(killing.killed)
    finally:
        dask.close()


def analyze(folder: Path, address: str) -> tuple[int, str]:
    done = CliRunner().invoke(
        app, ["analyze", "--site", str(folder), "--dask", address], env={"COLUMNS": "300"}
    )
    return done.exit_code, done.output


def test_the_command_computes_on_the_cluster(tmp_path: Path, cluster: LocalCluster) -> None:
    code, told = analyze(a_site(tmp_path, 3), cluster.scheduler_address)
    assert (code, "144 hours rolled up" in told) == (0, True), told


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = a_site(tmp_path, 1)
    monkeypatch.setattr("cli.cluster._WAIT_S", 1)
    nobody = f"tcp://127.0.0.1:{free_ports(1)}"
    code, told = analyze(folder, nobody)
    assert (code, "no Dask scheduler answers" in told) == (1, True), told
    with LocalCluster(n_workers=0, host="127.0.0.1", dashboard_address="127.0.0.1:0") as idle:
        code, told = analyze(folder, idle.scheduler_address)
    assert (code, "has no worker; start one with `dask worker tcp://" in told) == (1, True), told


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ModuleNotFoundError(name='distributed')")
    code = "from cli.cluster import DaskCompute; DaskCompute('tcp://127.0.0.1:1')"
    path = f"{tmp_path}:{ROOT}"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**environment(), "PYTHONPATH": path},
        capture_output=True,
        text=True,
    )
    assert "pip install 'classroom-climate[dask]'" in done.stderr


def test_a_worker_with_other_versions_is_refused(
    cluster: LocalCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.cluster.version", lambda name: f"{name} of another world")
    with pytest.raises(ClusterError, match=r"instead of numpy of another world.*figures might differ"):
        DaskCompute(cluster.scheduler_address)
