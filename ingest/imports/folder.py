"""The import folder of a site: files are dropped into it, by hand, by a grid company's nightly transfer, by
HTTP or by the command, and go from there to ``processed`` or ``failed``, each with a report.

    imports/SOURCE/…            files of a source: a shipped mapping's name, or a folder with its mapping.toml
    imports/processed, failed   files that were stored, or refused as a whole
    imports/reports             what became of each (ID.txt for people, ID.json for the API)

A file stays where it is until it is dealt with, so that one that was cut short is completed at the next
start.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from classroom.faults import ConfigurationError, Fault
from ingest.imports.job import Report
from ingest.imports.mapping import Mapping, parse_mapping, shipped, shipped_text

MAPPING_FILE = "mapping.toml"
PROCESSED, FAILED, REPORTS = "processed", "failed", "reports"

_SOURCE = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_NAME = re.compile(r"[^\x00-\x1f/\\:*?\"<>|.~][^\x00-\x1f/\\:*?\"<>|]{0,119}")
_PART = ".part"
_STILL_S = 2.0  # a file is taken once it has not grown for so long
_ID_TIME = "%Y%m%dT%H%M%S%f"


class BadNameError(ValueError):
    """A source or a file may not be called so; the message says why."""


class Waiting(NamedTuple):
    """A file that waits."""

    source: str
    path: Path


class ImportFolder:
    """The folder at ``path``, made if absent. ``clock`` gives aware UTC."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self.path = path
        self._clock = clock
        self._lock = threading.Lock()
        self._last = datetime.min.replace(tzinfo=UTC)
        self._grown: dict[Path, tuple[int, int, float]] = {}

    def mapping(self, source: str) -> Mapping:
        """The mapping of a source: its own, else the shipped one of that name.

        Raises:
            ConfigurationError: it has none, or one with faults.
        """
        own = self.path / source / MAPPING_FILE
        if own.exists():
            try:
                return parse_mapping(own.read_text(encoding="utf-8-sig"), f"{source}/{MAPPING_FILE}")
            except UnicodeDecodeError as error:
                fault = Fault(str(own), "(encoding)", f"byte {error.start}", "save the file as UTF-8")
                raise ConfigurationError([fault]) from error
        text = shipped_text(source)
        if text is None:
            cure = f"give it a {MAPPING_FILE}, or use one of {', '.join(shipped())}"
            raise ConfigurationError([Fault(self.path.name, "source", repr(source), cure)])
        return parse_mapping(text, source)

    def set_mapping(self, source: str, text: str) -> None:
        """Give a source its own mapping.

        Raises:
            BadNameError: it may not be called so.
            ConfigurationError: the mapping has faults.
        """
        check_source(source)
        parse_mapping(text, MAPPING_FILE)
        folder = self.path / source
        folder.mkdir(parents=True, exist_ok=True)
        part = folder / f".{MAPPING_FILE}{_PART}"
        part.write_text(text, encoding="utf-8")
        part.replace(folder / MAPPING_FILE)

    def receive(self, source: str, name: str) -> Upload:
        """Begin to take in a file of ``source``.

        Raises:
            BadNameError: source or file may not be called so.
            ConfigurationError: the source has no good mapping.
        """
        check_source(source)
        if _NAME.fullmatch(name) is None or name == MAPPING_FILE or name.endswith(_PART):
            raise BadNameError(f"{name!r} is no name for a file: at most 120 signs, no path, no leading dot")
        self.mapping(source)
        folder = self.path / source
        folder.mkdir(parents=True, exist_ok=True)
        return Upload(folder, self.new_id(name))

    def new_id(self, name: str) -> str:
        """An id for a file that came now: time of receipt and its name; never twice."""
        with self._lock:
            self._last = max(self._clock(), self._last + timedelta(microseconds=1))
            return f"{self._last:{_ID_TIME}}-{name}"

    def waiting(self, now_s: float) -> list[Waiting]:
        """Files that are complete, in order of their sources and names; one that still grows is left for
        later.

        ``now_s`` is a monotonic time [s].
        """
        found = []
        grown: dict[Path, tuple[int, int, float]] = {}
        for source in self._sources():
            for path in sorted(source.iterdir()):
                if path.name.startswith(".") or path.name.endswith(_PART) or path.name == MAPPING_FILE:
                    continue
                with suppress(FileNotFoundError):
                    if not path.is_file():
                        continue
                    stat = path.stat()
                    before = self._grown.get(path)
                    same = before is not None and before[:2] == (stat.st_size, stat.st_mtime_ns)
                    since_s = before[2] if same and before is not None else now_s
                    grown[path] = (stat.st_size, stat.st_mtime_ns, since_s)
                    if now_s - since_s >= _STILL_S or _has_id(path.name):
                        found.append(Waiting(source.name, path))
        self._grown = grown
        return found

    def report_of(self, one: Waiting) -> Report:
        """A new report of a waiting file."""
        id_ = one.path.name if _has_id(one.path.name) else self.new_id(one.path.name)
        moment, name = id_.split("-", 1)
        received = datetime.strptime(f"{moment}+0000", "%Y%m%dT%H%M%S%f%z")
        return Report(id_, one.source, name, received.isoformat())

    def finish(self, one: Waiting, report: Report) -> None:
        """Put the report down, then the file where it belongs."""
        reports = self.path / REPORTS
        reports.mkdir(parents=True, exist_ok=True)
        (reports / f"{report.id}.txt").write_text(report.text(), encoding="utf-8")
        part = reports / f".{report.id}{_PART}"
        part.write_text(json.dumps(report.as_dict(), ensure_ascii=False), encoding="utf-8")
        part.replace(reports / f"{report.id}.json")
        target = self.path / (PROCESSED if report.state == "stored" else FAILED)
        target.mkdir(parents=True, exist_ok=True)
        os.replace(one.path, target / report.id)  # noqa: PTH105 - on one disk, at once

    def report(self, id_: str) -> dict[str, Any] | None:
        """A report that was put down, or that of a file that waits; None if there is none."""
        if "/" in id_ or not _has_id(id_):
            return None
        with suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self.path / REPORTS / f"{id_}.json").read_text("utf-8"))
            return found
        for source in self._sources():
            if (source / id_).exists():
                return self.report_of(Waiting(source.name, source / id_)).as_dict()
        return None

    def reports(self, limit: int) -> list[dict[str, Any]]:
        """The newest reports."""
        folder = self.path / REPORTS
        names = sorted((path.stem for path in folder.glob("[0-9]*.json")), reverse=True)
        found = (self.report(name) for name in names[:limit])
        return [report for report in found if report is not None]

    def _sources(self) -> Iterator[Path]:
        if not self.path.exists():
            return
        for folder in sorted(self.path.iterdir()):
            if folder.is_dir() and folder.name not in (PROCESSED, FAILED, REPORTS) and folder.name[:1] != ".":
                yield folder


class Upload:
    """A file on its way in: written beside its place, there at once when it is whole."""

    def __init__(self, folder: Path, id_: str) -> None:
        self.id = id_
        self._target = folder / id_
        self._part = folder / f".{id_}{_PART}"
        self._file: BinaryIO = self._part.open("xb")

    def write(self, block: bytes) -> None:
        """Take in a block."""
        self._file.write(block)

    def finish(self) -> str:
        """The file is whole; gives its id."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._part.replace(self._target)
        return self.id

    def drop(self) -> None:
        """The file does not come after all."""
        self._file.close()
        self._part.unlink(missing_ok=True)


def check_source(source: str) -> None:
    """Refuse what cannot be a source.

    Raises:
        BadNameError: it cannot.
    """
    if _SOURCE.fullmatch(source) is None or source in (PROCESSED, FAILED, REPORTS):
        allowed = "small letters, digits, dot, dash, underscore"
        raise BadNameError(f"{source!r} is no name for a source: {allowed}")


def _has_id(name: str) -> bool:
    moment, dash, rest = name.partition("-")
    if not (dash and rest and re.fullmatch(r"[0-9]{8}T[0-9]{12}", moment)):
        return False
    try:
        return datetime.strptime(f"{moment}+0000", "%Y%m%dT%H%M%S%f%z") is not None
    except ValueError:
        return False
