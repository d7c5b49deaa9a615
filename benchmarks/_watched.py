"""Programs that a measurement starts: begun and ended, their CPU time and memory, and what a broker holds."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import paho.mqtt.client as paho
import psutil
from paho.mqtt.enums import CallbackAPIVersion

from running import command, environment

_MEMORY_S = 10.0


@dataclass
class Watched:
    """CPU time [s] and largest memory [MB] of a process and its children, as long as it is looked at."""

    process: psutil.Process
    cpu_s: float = 0.0
    memory_mb: float = 0.0
    _seen: dict[int, float] = field(default_factory=dict)
    _weighed_s: float = -_MEMORY_S

    def look(self) -> None:
        """Take notice of the present state; of memory seldom, because the kernel counts its pages."""
        weighs = time.monotonic() - self._weighed_s > _MEMORY_S
        memory = 0.0
        try:
            family = [self.process, *self.process.children(recursive=True)]
        except psutil.Error:
            return
        for one in family:
            try:
                times = one.cpu_times()
                memory += one.memory_full_info().uss / 1e6 if weighs else 0
            except psutil.Error:
                continue
            self._seen[one.pid] = times.user + times.system
        self.cpu_s = sum(self._seen.values())
        if weighs:
            self.memory_mb = max(self.memory_mb, memory)
            self._weighed_s = time.monotonic()


class Held:
    """How many messages the broker holds, as it says every second."""

    def __init__(self, port: int) -> None:
        self.messages = 0
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda *told: self._take(told[2].payload)
        self._client.on_connect = lambda client, *_: client.subscribe("$SYS/broker/store/messages/count")
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _take(self, payload: bytes) -> None:
        self.messages = int(payload)

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()
        self._client.loop_stop()


@contextmanager
def process(*words: str | Path, folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command of ours, ended at the end."""
    with (folder / f"{words[0]}.log").open("ab") as log:
        begun = subprocess.Popen(command(*words), env=environment(), stdout=log, stderr=log)
    try:
        yield begun
    finally:
        if begun.poll() is None:
            begun.send_signal(signal.SIGCONT)  # it may be held up
            begun.terminate()
            begun.wait(120)
