"""A change of several tables that was cut short is finished before anybody reads them."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path

JOURNAL = ".tables-changing"
"""Names of the tables whose drafts are complete: while it stands, the change is decided."""


def finish_change(folder: Path) -> None:
    """Finish a change of tables that was decided and then cut short; nothing to do otherwise.

    Raises:
        OSError: the folder cannot be written.
    """
    journal = folder / JOURNAL
    try:
        names = json.loads(journal.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return
    for name in names:
        with suppress(FileNotFoundError):  # it is in place already
            (folder / f".{name}.new").replace(folder / name)
    sync_folder(folder)
    journal.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Make sure that what was renamed in ``folder`` stays so after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
