"""Wiring of the import folder: for a running site, and for a command that has the store to itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from classroom.site import Site
from cli.clock import utc_now
from cli.site import data_folder, letters_file
from cli.stores import open_store
from ingest.imports.folder import ImportFolder, Upload
from ingest.imports.job import Hands
from ingest.imports.watcher import ImportWatcher
from ingest.imports.writing import directly
from ingest.letters import Letters


def import_folder(site: Site, site_dir: Path) -> ImportFolder:
    """The import folder of a site."""
    return ImportFolder(site_dir / site.settings.imports.folder, utc_now)


def known_places(site: Site) -> Callable[[str], bool]:
    """Whether a device hangs, or hung, somewhere, or is a weather station."""
    return lambda device: device in site.station_keys or device in site.placements


def watcher(
    site: Site, site_dir: Path, folder: ImportFolder, hands: Hands, on_stored: Callable[[], None]
) -> ImportWatcher:
    """Deals with the files of ``folder``."""
    tolerance_s = site.settings.ingest.clock_tolerance_s
    work = data_folder(site_dir) / "imports"
    return ImportWatcher(folder, hands, site.zone, utc_now, tolerance_s, work, on_stored)


@contextmanager
def hands_alone(site: Site, site_dir: Path) -> Iterator[Hands]:
    """The store for this process alone.

    Raises:
        SchemaError, StoreError, LettersError: it cannot be opened, for example because a service owns it.
    """
    name = site.settings.ingest.name
    with closing(open_store(site.settings.store, site_dir, writer=name and f"{name}-import")) as store:
        letters = Letters(letters_file(site_dir, site.settings.ingest.name))
        yield Hands(store, directly(store), letters, known_places(site))


class SharedImports:
    """The import folder as an API sees it whose files another process deals with."""

    def __init__(self, folder: ImportFolder, limit_bytes: int) -> None:
        self._folder = folder
        self.limit_bytes = limit_bytes

    def set_mapping(self, source: str, text: str) -> None:
        """Give a source its mapping."""
        self._folder.set_mapping(source, text)

    def receive(self, source: str, name: str) -> Upload:
        """Begin to take in a file."""
        return self._folder.receive(source, name)

    def report(self, id: str) -> Mapping[str, object] | None:  # noqa: A002
        """What became of a file."""
        return self._folder.report(id)

    def reports(self, limit: int) -> Sequence[Mapping[str, object]]:
        """The newest reports."""
        return self._folder.reports(limit)


class ServedImports(SharedImports):
    """The import folder as the API sees it whose own process deals with the files."""

    def __init__(self, watcher: ImportWatcher, limit_bytes: int) -> None:
        super().__init__(watcher.folder, limit_bytes)
        self._watcher = watcher

    def report(self, id: str) -> Mapping[str, object] | None:  # noqa: A002
        """What became of a file, or how far it is."""
        return self._watcher.report(id)
