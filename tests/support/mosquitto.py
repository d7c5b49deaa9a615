"""A real mosquitto of a test's or benchmark's own, which can be killed and started again."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType

import paho.mqtt.subscribe
import pytest

from running import free_ports, until

OLDEST = (2, 0, 21)
PROGRAM = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")

DURABLE = (
    "persistence true",
    "autosave_interval 1",
    "max_queued_messages 1000000",
    "max_inflight_messages 2000",
    "sys_interval 1",
)
"""What lets a mosquitto go on where it stood when it is killed: its state is saved every second.

It acknowledges before it saves, so what it has neither delivered nor saved dies with it. With
``autosave_on_changes`` that is one message at most, at the price of writing the whole queue for each.
"""

QUEUE_LINES = ("max_queued_messages 0", "max_queued_bytes 0", "max_inflight_messages 2000")
"""Of the production configuration: nothing is dropped, a window of 2,000."""


@cache
def missing() -> str:
    """Why there is no mosquitto to test with; empty if there is one."""
    if PROGRAM is None:
        return "mosquitto is not installed"
    told = subprocess.run([PROGRAM, "-h"], capture_output=True, text=True, check=False).stdout
    version = re.search(r"mosquitto version (\d+)\.(\d+)\.(\d+)", told)
    if version is None or tuple(int(part) for part in version.groups()) < OLDEST:
        return "needs mosquitto >= 2.0.21: older ones do not enforce the window"
    return ""


def guarded(folder: Path, user: str, password: str) -> tuple[Path, tuple[str, ...]]:
    """A new certificate of localhost, and settings that ask for TLS and this user; skips without openssl."""
    if shutil.which("openssl") is None or shutil.which("mosquitto_passwd") is None:
        pytest.skip("openssl or mosquitto_passwd is not installed")
    key, certificate, users = (folder / name for name in ("key.pem", "cert.pem", "users"))
    make = f"openssl req -x509 -newkey rsa:2048 -nodes -keyout {key} -out {certificate} -days 1"
    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run([*make.split(), *names], check=True, capture_output=True)
    subprocess.run(["mosquitto_passwd", "-c", "-b", users, user, password], check=True, capture_output=True)
    return certificate, (f"certfile {certificate}", f"keyfile {key}", f"password_file {users}")


@dataclass
class Mosquitto:
    """Listens on 127.0.0.1; ``folder`` takes its configuration and, with ``persistence``, its state.

    As a context it runs from the beginning of the block to its end.
    """

    folder: Path
    extra: Sequence[str] = ()
    port: int = field(default_factory=lambda: free_ports(1))
    process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Mosquitto:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def ingest_port(self) -> int:
        return self.port

    def start(self) -> None:
        lines = [
            f"listener {self.port} 127.0.0.1", "allow_anonymous true", "user root",
            f"persistence_location {self.folder}/", *self.extra,
        ]  # fmt: skip
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        assert PROGRAM is not None, missing()
        self.process = subprocess.Popen(
            [PROGRAM, "-c", str(self.folder / "mosquitto.conf")], stderr=subprocess.DEVNULL
        )
        until(self._answers, f"mosquitto listens on {self.port}")

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def held(self) -> int:
        """Messages it held a moment ago for itself and for all sessions: retained, queued, under way."""
        topic = "$SYS/broker/store/messages/count"
        told = paho.mqtt.subscribe.simple(topic, hostname="127.0.0.1", port=self.port)
        return int(told.payload)

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, f"mosquitto refuses {self.folder}/mosquitto.conf"
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=0.2):
                return True
        except OSError:
            return False
