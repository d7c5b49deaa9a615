"""Files of a folder, written all at once with the right mode and owner, and only where they change."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple


class Owner(NamedTuple):
    """A system user by number."""

    uid: int
    gid: int


class Writer:
    """Writes below ``folder``; ``news`` names what changed.

    Args:
        folder: made if it is not there.
        owner: of what is ``shared`` with another program; None: it stays ours.
    """

    def __init__(self, folder: Path, owner: Owner | None) -> None:
        self._folder = folder
        self._owner = owner
        self.news: list[str] = []

    def folder(self, name: str, mode: int, shared: bool = False) -> None:
        """Make a folder; one that is there keeps its mode."""
        path = self._folder / name
        if not path.is_dir():
            path.mkdir(mode=mode, parents=True)
            path.chmod(mode)
        self._own(path, shared)

    def text(self, name: str, text: str, mode: int, shared: bool = False) -> None:
        """Write a file if its content differs; it is never there in part, nor open to others for a moment."""
        path = self._folder / name
        if not path.exists() or path.read_text(encoding="utf-8", errors="replace") != text:
            self.news.append(f"{'written again' if path.exists() else 'written'}: {path}")
            draft = path.with_name(f".{path.name}.new")
            draft.unlink(missing_ok=True)
            with os.fdopen(
                os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
            ) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            self._own(draft, shared)
            draft.chmod(mode)
            draft.replace(path)
        self._own(path, shared)

    def remove(self, name: str) -> None:
        """Delete a file or an account's folder of files, if it is there."""
        path = self._folder / name
        if path.is_dir():
            for file in path.iterdir():
                file.unlink()
            path.rmdir()
        else:
            path.unlink(missing_ok=True)

    def _own(self, path: Path, shared: bool) -> None:
        if shared and self._owner is not None:
            stat = path.stat()
            if (stat.st_uid, stat.st_gid) != self._owner:
                os.chown(path, *self._owner)
