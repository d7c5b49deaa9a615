"""Versions of the programs that make a report, for its manifest."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version


def versions() -> dict[str, str]:
    """By name; this project's own is ``not installed`` where it runs from a folder."""
    try:
        own = version("classroom-climate")
    except PackageNotFoundError:
        own = "not installed"
    return {"classroom-climate": own, "typst": version("typst"), "python": platform.python_version()}
