"""The analytics job in a process that ends itself with SIGKILL before one of its writes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from analytics import jobs
from classroom.site import Site
from store.duckdb_store import DuckDBStore

WRITES = ("write_hours", "write_verdicts", "append_changed", "advance", "write_metric_table")


def killed_run(file: Path, site: Site, now: datetime, before_write: int) -> None:
    """Run the job on the store in ``file``; killed before its write of that number, counted from 0.

    Ends well if there are fewer writes.
    """
    store, left = DuckDBStore(file), [before_write]

    def counted(write: Callable[..., Any]) -> Callable[..., Any]:
        def one(*arguments: object) -> Any:
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left[0] -= 1
            return write(*arguments)

        return one

    for name in WRITES:
        setattr(store, name, counted(getattr(store, name)))
    jobs.run(store, site, now)
    store.close()
