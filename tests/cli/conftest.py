"""``run`` beside an embedded broker, and ``replay`` into it."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from ingest.embedded import EmbeddedBroker
from running import TABLES, Running, Start, command, environment, free_ports, until


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    """The embedded broker; each test its own, because retained messages would reach the next."""
    with EmbeddedBroker(free_ports(2)) as running:
        yield running


@pytest.fixture
def start(tmp_path: Path, broker: EmbeddedBroker) -> Iterator[Start]:
    """Starts ``run`` on a site; again on the same folder for a restart."""
    started: list[Running] = []

    def begin(tables: Mapping[str, str] | None = None, topics: str = "#", settings: str = "") -> Running:
        folder = tmp_path / "site"
        folder.mkdir(exist_ok=True)
        port = free_ports(1)
        for name, text in (tables or TABLES).items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "classroom.toml").write_text(
            f"[mqtt]\nport = {broker.ingest_port}\ntopics = ['{topics}']\n"
            f"[api]\nport = {port}\n[analytics]\nevery_s = 1\n{settings}"
        )
        process = subprocess.Popen(
            command("run", "--site", folder), env=environment(), stderr=(folder / "log").open("a")
        )
        running = Running(folder, port, process)
        started.append(running)
        until(running.ready, f"ready; log:\n{(folder / 'log').read_text()}")
        return running

    yield begin
    for running in started:
        if running.process.poll() is None:
            running.kill()


@pytest.fixture
def replay(tmp_path: Path, broker: EmbeddedBroker) -> Callable[[str], subprocess.CompletedProcess[str]]:
    """Runs ``replay`` over the text of a JSON-lines file."""

    def play(lines: str) -> subprocess.CompletedProcess[str]:
        file = tmp_path / "recorded.jsonl"
        file.write_text(lines, encoding="utf-8")
        return subprocess.run(
            command("replay", file, "--port", str(broker.port)),
            env=environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    return play
