"""The site of a running service: read again when its files change."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from classroom.faults import ConfigurationError
from classroom.site import Site
from classroom.sitefiles import TABLES
from cli.site import load_site

log = logging.getLogger(__name__)

EVERY_S = 2.0


class SiteWatch:
    """Holds a site and replaces it when its CSV tables change; settings stay those of the start.

    Tables with faults are refused as a whole: the last good site stays in force and :meth:`trouble` says
    what is wrong.
    """

    def __init__(self, folder: Path, site: Site, on_change: Callable[[], None]) -> None:
        self._folder = folder
        self._site = site
        self._on_change = on_change
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
            state = self._state()
            if state != self._seen:
                self._seen = state
                self._reload()

    def _reload(self) -> None:
        try:
            site = load_site(self._folder)
        except ConfigurationError as error:
            self._trouble = f"the changed tables are not in force: {_first(map(str, error.faults))}"
            log.warning("%s has faults and is not in force yet:\n%s", self._folder, error)
            return
        self._site = replace(site, settings=self._site.settings)
        self._trouble = ""
        log.info("%s changed and is in force", self._folder)
        self._on_change()

    def _state(self) -> tuple[tuple[int, int] | None, ...]:
        found: list[tuple[int, int] | None] = []
        for name in TABLES:
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
