"""Small disks that can be filled: a file system of some megabytes, mounted for a test."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class NoDiskError(Exception):
    """Nothing can be mounted here; the message is the system's."""


class SmallDisk:
    """A mounted file system. ``fill`` takes all its room, ``free`` gives it back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._filler = folder / "filler"

    def fill(self, leave_bytes: int = 0) -> None:
        """Take the room that is left, but for ``leave_bytes``; again, to take what was freed meanwhile."""
        room = os.statvfs(self.folder)
        wanted = room.f_bavail * room.f_frsize - leave_bytes
        with self._filler.open("ab") as file:
            try:
                while wanted > 0:
                    wanted -= os.write(file.fileno(), bytes(min(wanted, 65_536)))
            except OSError:  # full, as wanted
                return

    def free(self) -> None:
        """Give the room back."""
        self._filler.unlink()


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A tmpfs on ``folder``, made if absent.

    Raises:
        NoDiskError: mounting is refused, as it is without root and in most containers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "classroom-climate-test", str(folder)]
    told = subprocess.run(mount, capture_output=True, text=True, check=False)
    if told.returncode:
        raise NoDiskError(f"no small disk can be mounted here: {told.stderr.strip()}")
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
