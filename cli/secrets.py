"""Secrets of a site, each in a file of its own that only its owner may read."""

from __future__ import annotations

from pathlib import Path

from classroom.faults import ConfigurationError, Fault
from classroom.settings import SETTINGS_FILE


def secret(key: str, path: Path, what: str) -> str:
    """The secret in a file that the settings name under ``key``.

    Raises:
        ConfigurationError: it cannot be read, is empty, or everybody on this machine may read it.
    """
    try:
        if path.stat().st_mode & 0o007:
            cure = f"everybody on this machine may read it: chmod 600 {path}"
            raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), cure)])
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        cure = f"name a file that holds {what} and can be read ({error})"
        raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), cure)]) from error
    if not text:
        raise ConfigurationError([Fault(SETTINGS_FILE, key, str(path), "the file is empty")])
    return text
