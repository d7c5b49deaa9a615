"""Runs of the job that must come to the same: fresh stores, and every metric that one holds."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from classroom.metric import Interval, Metric, Scope, Status
from store.duckdb_store import DuckDBStore

ALWAYS = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)


@contextmanager
def fresh() -> Iterator[DuckDBStore]:
    """An empty store, gone after the block: for runs of which a test needs more than one."""
    with tempfile.TemporaryDirectory() as folder:
        opened = DuckDBStore(Path(folder) / "store.duckdb")
        yield opened
        opened.close()


def everything(store: DuckDBStore, school: str = "berga") -> dict[tuple[object, ...], Metric]:
    """All metrics by key, but days that hold nothing: ``no_data`` says the same as no metric."""
    found = {}
    for scope in (Scope.ROOM, Scope.METER, Scope.SCHOOL):
        for interval in (Interval.DAY, Interval.HOUR):
            for m in store.read_metrics(school, scope, None, interval, *ALWAYS):
                if m.status is not Status.NO_DATA:
                    found[m.scope, m.id, m.metric, m.carrier, m.basis, m.interval, m.time] = m
    measured = {(m.id, m.time) for m in found.values() if m.metric != "occupied_h"}
    return {key: m for key, m in found.items() if (m.id, m.time) in measured}
