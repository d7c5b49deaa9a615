"""A running instance as its user starts it: the command, in its own process."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"

TABLES = {
    "schools.csv": "key,name,municipality\nlindhaga,Lindhagaskolan,Helsingborg\n",
    "school_attributes.csv": "school,valid_from,atemp_m2,pupils\nlindhaga,2020-01-01,4200,310\n",
    "rooms.csv": "school,key,name,openable_windows\nlindhaga,101,Sal 101,yes\n",
    "meters.csv": "school,key,name,carrier\nlindhaga,el,Elmätare,electricity\n",
    "devices.csv": (
        "key,school,room,meter,interval_s\nlindhaga/air,lindhaga,101,,60\nlindhaga/el,lindhaga,,el,900\n"
    ),
}


def until(true: Callable[[], bool], what: str, seconds: float = 60) -> None:
    """Wait for something that will come; fail naming it if it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        if time.monotonic() > deadline:
            pytest.fail(f"did not happen within {seconds:.0f} s: {what}")
        time.sleep(0.1)


def free_ports(number: int) -> int:
    """The first of ``number`` free ports in a row."""
    for _ in range(100):
        with socket.socket() as first:
            first.bind(("127.0.0.1", 0))
            port: int = first.getsockname()[1]
        try:
            for other in range(port, port + number):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", other))
        except OSError:
            continue
        return port
    pytest.fail("no free ports")


def command(*arguments: str | Path) -> list[str]:
    """``classroom-climate …`` with this test's interpreter."""
    return [sys.executable, "-m", "cli.main", *map(str, arguments)]


def environment() -> dict[str, str]:
    """The environment of a command: ours less every setting."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CLASSROOM_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def loaded(modules: set[str], *arguments: str) -> list[str]:
    """Which of the ``modules`` a command loads."""
    script = (
        f"import sys; sys.argv = {['classroom-climate', *arguments]}\n"
        "from cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        f"print('\\n' + ' '.join(sorted({modules} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment(), capture_output=True, text=True, check=True
    )
    return done.stdout.rsplit("\n", 2)[-2].split()


@dataclass
class Running:
    """A ``run`` in its own process."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes]

    def get(self, path: str, **query: Any) -> Any:
        """JSON of a route."""
        answer = httpx.get(f"http://127.0.0.1:{self.port}{path}", params=query, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def ready(self) -> bool:
        """Whether every part says it works."""
        try:
            return httpx.get(f"http://127.0.0.1:{self.port}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def counts(self) -> dict[str, float]:
        """Counters of ``/metrics``: by name, and by ``name{label}``."""
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=20).text
        found: dict[str, float] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                label = ",".join(sample.labels.values())
                found[sample.name + (f"{{{label}}}" if label else "")] = sample.value
        return found

    def dead(self) -> dict[str, float]:
        """Dead letters counted since the start, by reason."""
        prefix = "classroom_dead_letters_total{"
        return {key[len(prefix) : -1]: n for key, n in self.counts().items() if key.startswith(prefix) and n}

    def stored_all(self, published: int) -> bool:
        """Whether ``published`` messages are spooled and each is stored or counted as a dead letter."""
        counts = self.counts()
        stored = counts["classroom_messages_stored_total"] + sum(self.dead().values())
        return counts["classroom_messages_spooled_total"] == published == stored

    def stop(self) -> int:
        """Ctrl-C, and the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(10)


Start = Callable[..., Running]
"""Starts ``run`` on a site: ``start(tables, topics, settings)``; again for a restart."""
