"""Log lines of the commands: one line a record, UTC, to standard error."""

from __future__ import annotations

import logging
import sys
import time


def configure_logging(level: int = logging.INFO) -> None:
    """Send our log to standard error; libraries speak from WARNING."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)sZ %(levelname)s %(name)s: %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for name in ("ingest", "store", "analytics", "api", "cli", "simulators"):
        logging.getLogger(name).setLevel(level)
