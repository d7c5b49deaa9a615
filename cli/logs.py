"""Log lines of the commands: one line a record, UTC, to standard error; the audit's to a file too."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import WatchedFileHandler
from pathlib import Path

AUDIT = "api.audit"


def configure_logging(level: int = logging.INFO) -> None:
    """Send our log to standard error; libraries speak from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_formatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("ingest", "store", "analytics", "api", "cli", "simulators"):
        logging.getLogger(name).setLevel(level)


@contextmanager
def auditing(path: Path) -> Iterator[None]:
    """Write the audit's lines to ``path`` too, which only its owner reads; it may be rotated meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600))
    handler = WatchedFileHandler(path, encoding="utf-8")
    handler.setFormatter(_formatter())
    logger = logging.getLogger(AUDIT)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()


def _formatter() -> logging.Formatter:
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    return formatter
