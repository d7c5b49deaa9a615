"""Versions of the programs that make a report, for its manifest."""

from __future__ import annotations

import platform
import subprocess
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def versions() -> dict[str, str]:
    """By name; this project's own with the commit (``0.1.0+1a2b3c4``) where it runs from a clone."""
    return {"classroom-climate": _own(), "typst": version("typst"), "python": platform.python_version()}


def _own() -> str:
    try:
        return version("classroom-climate")
    except PackageNotFoundError:
        written = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    command = ["git", "-C", str(_ROOT), "rev-parse", "--short", "HEAD"]
    try:
        commit = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=10
        ).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        commit = ""  # no clone, or no git
    return f"{written}+{commit}" if commit else str(written)
