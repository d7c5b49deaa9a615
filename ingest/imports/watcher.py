"""The thread that deals with the files of an import folder, one after the other, while a site runs."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import duckdb

from classroom.faults import ConfigurationError
from ingest.imports.folder import ImportFolder, Waiting
from ingest.imports.job import Hands, Report, carry_out
from ingest.imports.reader import Terms
from store.base import StoreError

log = logging.getLogger(__name__)

EVERY_S = 1.0


class ImportWatcher:
    """Watches ``folder``; ``work`` is a folder for stages, ``on_stored`` is called after each file that was
    stored."""

    def __init__(
        self,
        folder: ImportFolder,
        hands: Hands,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        clock_tolerance_s: int,
        work: Path,
        on_stored: Callable[[], None],
    ) -> None:
        self.folder = folder
        self._hands, self._zone, self._clock = hands, zone, clock
        self._tolerance_s, self._work, self._on_stored = clock_tolerance_s, work, on_stored
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="imports", daemon=True)
        self._now: Report | None = None
        self.trouble = ""

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way; the file stays and is completed at the next start."""
        self._stop.set()
        self._thread.join(timeout=60)

    def report(self, id_: str) -> dict[str, object] | None:
        """What became of a file, or how far it is."""
        now = self._now
        if now is not None and now.id == id_:
            return now.as_dict()
        return self.folder.report(id_)

    def work_off(self, progress: Callable[[Report], None] = lambda _: None) -> list[Report]:
        """Deal with every file that waits now."""
        found = []
        for one in self.folder.waiting(time.monotonic()):
            if self._stop.is_set():
                break
            found.append(self._deal_with(one, progress))
        return found

    def _loop(self) -> None:
        while not self._stop.is_set():
            try:
                self.work_off()
                self._say("")
            except (StoreError, OSError, sqlite3.Error, duckdb.Error) as error:
                if self._stop.is_set():
                    return
                self._say(f"{self.folder.path}: {error}")
            self._stop.wait(EVERY_S)

    def _deal_with(self, one: Waiting, progress: Callable[[Report], None]) -> Report:
        report = self._now = self.folder.report_of(one)
        terms = Terms(self._zone, self._clock(), self._tolerance_s)
        self._work.mkdir(parents=True, exist_ok=True)

        def told(report: Report) -> None:
            if self._stop.is_set():
                raise StoreError("stopped")
            progress(report)

        try:
            mapping = self.folder.mapping(one.source)
        except ConfigurationError as error:
            report.state, report.faults = "refused", [str(fault) for fault in error.faults]
        else:
            carry_out(report, one.path, mapping, terms, self._hands, self._work / "import.stage", told)
        self.folder.finish(one, report)
        log.info("import: %s", report.summary)
        self._now = None
        if report.state == "stored":
            self._on_stored()
        return report

    def _say(self, trouble: str) -> None:
        if trouble and not self.trouble:
            log.error("imports stand still: %s; tried again every %.0f s", trouble, EVERY_S)
        if self.trouble and not trouble:
            log.info("imports go on again")
        self.trouble = trouble
