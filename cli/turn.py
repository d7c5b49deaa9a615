"""What one process of a site's folder does for all of them: the one that holds a lock."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from api.context import PartHealth
from cli.job_files import HeldError, held

_LOCK = "ingest.turn"
_ASK_S = 1.0


class Part(Protocol):
    """What is started and stopped, each once."""

    def start(self) -> None:
        """Begin."""
        ...

    def stop(self) -> None:
        """End."""
        ...


class Turn:
    """Lets ``parts`` work as long as this process holds a lock in ``data``: of several ingesters one deals
    with dropped files and scheduled reports, and when it ends another does. The lock is the kernel's."""

    def __init__(self, data: Path, parts: Sequence[Part]) -> None:
        self._data = data
        self._parts = parts
        self._stop = threading.Event()
        self._holder = ""
        self.is_ours = False
        self._thread = threading.Thread(target=self._wait, name="turn", daemon=True)

    def start(self) -> None:
        """Begin to wait for the turn; alone, it is ours at once."""
        self._thread.start()

    def stop(self) -> None:
        """Leave it to another."""
        self._stop.set()
        self._thread.join(timeout=120)

    def health(self) -> PartHealth:
        """Who does it."""
        if self.is_ours or self._thread.is_alive():
            whose = "done here" if self.is_ours else f"left to {self._holder or 'nobody yet'}"
            return PartHealth("files and reports", True, whose)
        return PartHealth("files and reports", False, "its thread has ended; restart the service")

    def _wait(self) -> None:
        with suppress(HeldError), held(self._data, _LOCK, self._still_another), ExitStack() as stack:
            for part in self._parts:
                part.start()
                stack.callback(part.stop)
            self.is_ours = True
            self._stop.wait()

    def _still_another(self, holder: str) -> bool:
        self._holder = f"process {holder}, another ingester"
        return not self._stop.wait(_ASK_S)
