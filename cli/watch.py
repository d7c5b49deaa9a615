"""The site of a running service and its mappings: read again when their files change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from classroom.faults import ConfigurationError
from classroom.site import Site
from classroom.sitefiles import TABLES
from cli.site import load_mappings, load_site
from ingest.decoders.generic_mapping import MAPPINGS_FILE, CustomMapping

log = logging.getLogger(__name__)

EVERY_S = 2.0


class SiteWatch:
    """Holds a site and its mappings and replaces them when CSV tables or ``mappings.toml`` change; settings
    stay those of the start.

    Files with faults are refused as a whole: the last good ones stay in force and :meth:`trouble` says what
    is wrong.
    """

    def __init__(
        self,
        folder: Path,
        site: Site,
        on_change: Callable[[], None],
        mappings: Sequence[CustomMapping] = (),
    ) -> None:
        self._folder = folder
        self._site = site
        self.mappings = mappings
        self._on_change = on_change
        self._reading = threading.Lock()
        self._seen = self._state()
        self._trouble = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="site-watch", daemon=True)

    def __call__(self) -> Site:
        """The site in force."""
        return self._site

    def trouble(self) -> str:
        """Why a change is not in force; empty when all is well."""
        return self._trouble

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(timeout=10)

    def _loop(self) -> None:
        while not self._stop.wait(EVERY_S):
            self.refresh()

    def refresh(self) -> None:
        """Put a change in force now, if there is one."""
        with self._reading:
            state = self._state()
            if state != self._seen:
                self._seen = state
                self._reload()

    def _reload(self) -> None:
        try:
            site, mappings = load_site(self._folder), load_mappings(self._folder)
        except ConfigurationError as error:
            self._trouble = f"the changed files are not in force: {_first(map(str, error.faults))}"
            log.warning("%s has faults and is not in force yet:\n%s", self._folder, error)
            return
        self._site = replace(site, settings=self._site.settings)
        self.mappings = mappings
        self._trouble = ""
        log.info("%s changed and is in force", self._folder)
        self._on_change()

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        found: list[tuple[int, int] | None] = []
        for name in (*TABLES, MAPPINGS_FILE):
            try:
                stat = (self._folder / name).stat()
            except FileNotFoundError:
                found.append(None)
            else:
                found.append((stat.st_mtime_ns, stat.st_size))
        return tuple(found)


def _first(faults: Iterable[str]) -> str:
    several = list(faults)
    return several[0] + (f" (and {len(several) - 1} more)" if len(several) > 1 else "")
