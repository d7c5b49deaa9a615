"""Lives of an ingester for the crash course: the pipeline alone, or a whole site as its user runs it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType

from running import TABLES, Running, command, environment, free_ports, until
from store.influx_server import Address


class PipelineLife:
    """``ingester.py`` on a folder, ``how`` as it says there. Its store is a file there, or ``bucket``, which
    ``more`` of its environment may have it share with others."""

    def __init__(
        self,
        folder: Path,
        port: int,
        root: str,
        how: str = "",
        bucket: Address | None = None,
        more: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        place = {"INGESTER_BUCKET": json.dumps(asdict(bucket)), **more} if bucket else {}
        script = str(Path(__file__).with_name("ingester.py"))
        self._process = subprocess.Popen(
            [sys.executable, script, str(folder), str(port), root, f"classroom/{root}/#", how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**environment(), **place},
        )
        self._said = b""

    def wait_ready(self) -> None:
        if not self._said:
            assert self._process.stdout is not None
            self._said = self._process.stdout.readline()
            assert self._said == b"subscribed\n"

    def wait_dead(self) -> None:
        """Wait until it has killed itself."""
        assert self._process.wait(60) == -signal.SIGKILL

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """End in an orderly way, whatever still comes."""
        self._process.terminate()
        assert self._process.wait(60) == 0

    def finish(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()  # it ends once nothing comes any more
        assert self._process.wait(120) == 0


class Site:
    """A site's folder and its port; ``start`` begins a life of ``classroom-climate run`` on it."""

    def __init__(self, folder: Path, mqtt_port: int, topic: str, settings: str = "") -> None:
        self.folder = folder
        self.port = free_ports(1)
        folder.mkdir(exist_ok=True)
        for name, text in TABLES.items():
            (folder / name).write_text(text, encoding="utf-8")
        (folder / "classroom.toml").write_text(
            f"[mqtt]\nport = {mqtt_port}\ntopics = ['{topic}']\n[api]\nport = {self.port}\n{settings}"
        )
        self._started: list[Running] = []

    def start(self) -> RunLife:
        process = subprocess.Popen(
            command("run", "--site", self.folder),
            env=environment(),
            stderr=(self.folder / "log").open("a"),
        )
        self._started.append(Running(self.folder, self.port, process))
        return RunLife(self._started[-1])

    def log(self) -> Sequence[str]:
        """Lines of the log of all lives."""
        return (self.folder / "log").read_text().splitlines()

    def end(self) -> None:
        """Kill what still runs."""
        for running in self._started:
            if running.process.poll() is None:
                running.kill()


class RunLife:
    """One life of ``classroom-climate run``."""

    def __init__(self, running: Running) -> None:
        self.running = running

    def wait_ready(self) -> None:
        until(self.running.ready, f"ready; see {self.running.folder}/log", 120)

    def kill(self) -> None:
        self.running.kill()

    def finish(self) -> None:
        received, since = -1.0, time.monotonic()
        while time.monotonic() - since < 3:
            time.sleep(0.2)
            counts = self.running.counts()
            quiet = counts["classroom_messages_received_total"] == received
            if not quiet or counts["classroom_spool_depth"] or not self.running.ready():
                received, since = counts["classroom_messages_received_total"], time.monotonic()
        assert self.running.stop() == 0


def elsewhere(folder: Path, place: Path, names: Sequence[str] = ("spool.sqlite", "letters.sqlite")) -> None:
    """Let files of ``folder`` lie in ``place``: another disk than the others' fills."""
    place.mkdir(exist_ok=True)
    for name in names:
        (folder / name).symlink_to(place / name)


def influx_settings(folder: Path, address: Address) -> str:
    """The ``[store]`` table for a bucket, its tokens in files of ``folder``."""
    folder.mkdir(exist_ok=True)
    for name, token in (("write", address.write_token), ("read", address.read_token)):
        (folder / f"{name}.token").write_text(token)
    return (
        f"[store]\nkind = 'influxdb'\nurl = '{address.url}'\norg = '{address.org}'\n"
        f"bucket = '{address.bucket}'\nwrite_token_file = 'write.token'\nread_token_file = 'read.token'\n"
    )
