"""Writing tables of a site: all of them or none, and what stood there before is kept."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from classroom.faults import ConfigurationError, Fault
from cli.site import read_texts
from cli.site_change import JOURNAL, finish_change, sync_folder

BACKUPS = "backups"
"""Folder in the site's folder that holds earlier tables, a folder a change."""

KEPT = 100
"""Changes whose earlier tables are kept: two years of one a week, some 50 MB for a city."""

_MOMENT = "%Y%m%dT%H%M%S.%f"
_MOMENTS = re.compile(r"[0-9]{8}T[0-9]{6}\.[0-9]{6}")


def write_tables(
    folder: Path, before: Mapping[str, str], after: Mapping[str, str], now: datetime
) -> Path | None:
    """Write the tables of ``after`` that differ from ``before``; the folder that holds the earlier ones, None
    where nothing differs.

    A crash at any moment leaves all of the old tables or, once :func:`finish_change` has run (it does when
    the site is next read), all of the new ones.

    Raises:
        ConfigurationError: the tables are no longer those of ``before``; nothing is written.
        OSError: the folder cannot be written; nothing is changed.
    """
    names = sorted(name for name, text in after.items() if text != before.get(name, ""))
    if not names:
        return None
    finish_change(folder)
    standing = read_texts(folder)
    other = [name for name in before.keys() | standing.keys() if before.get(name) != standing.get(name)]
    if other:
        cure = "somebody changed it meanwhile; run the command again to see the difference"
        raise ConfigurationError(Fault(name, "(file)", "another", cure) for name in sorted(other))
    backup = _kept(folder, names, now)
    journal = folder / f"{JOURNAL}.new"
    drafts = [folder / f".{name}.new" for name in names]
    try:
        for name, draft in zip(names, drafts, strict=True):
            _write(draft, after[name].encode("utf-8"), like=folder / name)
        _write(journal, json.dumps(names).encode(), like=folder / names[0])
        sync_folder(folder)
    except OSError:
        for path in (journal, *drafts):
            path.unlink(missing_ok=True)
        raise
    journal.replace(folder / JOURNAL)
    sync_folder(folder)
    finish_change(folder)
    _prune(folder / BACKUPS)
    return backup


def _kept(folder: Path, names: list[str], now: datetime) -> Path:
    """Copies of the tables as they are, in a new folder."""
    backup = folder / BACKUPS / f"{now:{_MOMENT}}"
    backup.mkdir(parents=True)
    for name in names:
        if (folder / name).exists():
            _write(backup / name, (folder / name).read_bytes(), like=folder / name)
    sync_folder(backup)
    return backup


def _prune(backups: Path) -> None:
    """Leave the newest KEPT; what cannot be deleted now is tried again after the next change."""
    found = sorted(path for path in backups.iterdir() if _MOMENTS.fullmatch(path.name))
    for path in found[:-KEPT]:
        shutil.rmtree(path, ignore_errors=True)


def _write(path: Path, content: bytes, like: Path) -> None:
    """A file that is whole on disk, with mode and owner of ``like`` if that is there."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        if like.exists():
            stat = like.stat()
            os.fchmod(file.fileno(), stat.st_mode & 0o777)
            if (stat.st_uid, stat.st_gid) != (os.geteuid(), os.getegid()) and os.geteuid() == 0:
                os.fchown(file.fileno(), stat.st_uid, stat.st_gid)
