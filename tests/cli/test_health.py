"""``health``: an exit code for supervisors, without the weight of the other commands."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import closing

import pytest
from prometheus_client import CollectorRegistry

from api.context import PartHealth
from cli.job_status import serving
from cli.process import listen
from running import command, environment, free_ports, loaded


def ask(*arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        command("health", *arguments), env=environment(), capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def parts() -> list[PartHealth]:
    return [PartHealth("analytics", True, "fine")]


@pytest.fixture
def port(parts: list[PartHealth]) -> Iterator[str]:
    sock = listen("127.0.0.1", 0, "another")
    with closing(sock), serving(sock, "here", lambda: parts, CollectorRegistry()):
        yield str(sock.getsockname()[1])


def test_ready_or_why_not(port: str, parts: list[PartHealth]) -> None:
    assert ask("--port", port) == (0, "ready\n")
    parts[0] = PartHealth("analytics", False, "the store is away")
    code, said = ask("--port", port)
    assert code == 1
    assert "503" in said
    assert "analytics: the store is away" in said
    assert ask("--port", port, "--alive") == (0, "alive\n")


def test_nothing_there() -> None:
    code, said = ask("--port", str(free_ports(1)))
    assert code == 1
    assert "nothing answers at 127.0.0.1:" in said


def test_it_imports_next_to_nothing() -> None:
    assert loaded({"pandas", "fastapi", "duckdb", "scipy", "reports"}, "health", "--port", "1") == []
