"""The embedded store: :class:`store.base.Store` on one DuckDB file owned by this process."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa

from classroom.metric import Interval, Metric, Scope
from classroom.quantity import Carrier, Domain
from classroom.reading import Reading
from store import (
    duckdb_derived,
    duckdb_documents,
    duckdb_hours,
    duckdb_readings,
    duckdb_retention,
    duckdb_tables,
)
from store.around import Around
from store.base import (
    HOUR_COLUMNS,
    Changed,
    Deleted,
    Document,
    Marks,
    Store,
    StoreError,
    StoreInfo,
    Values,
    Watermark,
    Written,
)
from store.duckdb_file import MIGRATIONS, open_file, translated
from store.duckdb_tables import WriterMemory
from store.frames import Columns, HourMeans
from store.metric_table import metric_table
from store.retention import unsealed
from store.times import hour_pairs


class DuckDBStore(Store):
    """A store in the DuckDB file ``path``, created if absent.

    ``memory_limit_mb`` bounds DuckDB's own memory [MB]. One write at a time; each read has a connection of
    its own and sees the last commit, so that neither waits for the other. Every write is one transaction, on
    disk when the method returns.

    Raises:
        StoreError: another process owns the file (named by its PID), or the disk refuses.
        SchemaError: the file is not ours, or was written by a newer version.
    """

    def __init__(
        self, path: Path, *, memory_limit_mb: int = 400, migrations: Sequence[str] = MIGRATIONS
    ) -> None:
        self._path = path
        self._memory_limit_mb = memory_limit_mb
        self._migrations = migrations
        self._lock = threading.Lock()  # held by the one writer
        self._closed = False
        self._memory: WriterMemory | None = None
        self._root: duckdb.DuckDBPyConnection | None = self._open()

    def info(self) -> StoreInfo:
        """What this store is."""
        return StoreInfo("duckdb", duckdb.__version__, str(self._path), len(self._migrations))

    def close(self) -> None:
        """Wait for the write under way, then release the file."""
        with self._lock:
            self._closed = True
            self._close_root()

    def write_readings(self, readings: Sequence[Reading], watermark: Watermark | None = None) -> Written:
        """Store a batch, its changed hours and ``watermark`` in one transaction.

        Raises:
            ValueError: a value is not finite, or a time naive.
        """
        with self._writing() as (con, memory):
            written = duckdb_readings.write(con, memory, readings) if readings else Written()
            if watermark is not None:
                duckdb_tables.raise_watermark(con, watermark.spool, watermark.id)
        return written

    def watermark(self, spool: str) -> int:
        """Highest id remembered for ``spool``; 0 if none."""
        with self._reading() as con:
            row = con.execute("SELECT id FROM watermarks WHERE spool = ?", [spool]).fetchone()
        return 0 if row is None else int(row[0])

    def read_readings(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> pd.DataFrame:
        """Readings with ``start <= time < end`` (READING_COLUMNS)."""
        return self.read_columns(devices, quantities, start, end).frame()

    def read_columns(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> Columns:
        """Readings with ``start <= time < end`` as columns of numbers."""
        with self._reading() as con:
            return duckdb_readings.read(con, devices, quantities, start, end)

    def read_around(self, hours: pd.DataFrame, before_h: int, after_h: int) -> Columns:
        """Readings of the named (device, quantity, hour)s and of so many hours beside each."""
        with self._reading() as con:
            return duckdb_readings.read_around(con, Around.of(hours, before_h, after_h))

    def latest(self, devices: Iterable[str] | None = None) -> pd.DataFrame:
        """The newest reading of every device and quantity (READING_COLUMNS)."""
        with self._reading() as con:
            return duckdb_readings.latest(con, devices)

    def superseded(self, device: str) -> pd.DataFrame:
        """Replaced readings of ``device``, oldest revision first (READING_COLUMNS)."""
        with self._reading() as con:
            return duckdb_readings.superseded(con, device)

    def compute_hours(self, hours: pd.DataFrame, interval_s: Mapping[str, int]) -> pd.DataFrame:
        """Roll up the named hours from raw readings (HOUR_COLUMNS), sorted by device, quantity, hour."""
        with self._reading() as con:
            rollups = duckdb_hours.compute(con, hours, interval_s)
            return unsealed(rollups, duckdb_retention.sealed(con))

    def sealed(self) -> Mapping[Domain, datetime]:
        """Before which hour the raw readings of a domain were deleted."""
        with self._reading() as con:
            return duckdb_retention.sealed(con)

    def delete_before(
        self, domain: Domain, readings: datetime | None = None, hours: datetime | None = None
    ) -> Deleted:
        """Seal and delete a domain's raw readings before ``readings``, its rollups before ``hours``."""
        with self._writing() as (con, _):
            return duckdb_retention.delete_before(con, domain, readings, hours)

    def write_hours(self, rollups: pd.DataFrame) -> None:
        """Replace the rollups of the given (device, quantity, hour)s."""
        with self._writing() as (con, memory):
            duckdb_hours.write(con, memory, rollups)

    def read_hours(
        self,
        devices: Iterable[str],
        quantities: Iterable[str] | None,
        start: datetime,
        end: datetime,
        *,
        columns: Sequence[str] = HOUR_COLUMNS,
    ) -> pd.DataFrame:
        """Rollups with ``start <= hour < end`` (``columns`` of HOUR_COLUMNS)."""
        with self._reading() as con:
            return duckdb_hours.read(con, devices, quantities, start, end, columns)

    def read_hour_means(
        self, devices: Iterable[str], quantities: Iterable[str], start: datetime, end: datetime
    ) -> HourMeans:
        """Means of the hours with good readings among :meth:`read_hours`."""
        with self._reading() as con:
            return duckdb_hours.read_means(con, devices, quantities, start, end)

    def changed(self, consumer: str) -> Changed:
        """Hours appended to the ledger since ``consumer`` last advanced; all of it for a new consumer.

        An hour that changes while this reads may be left to the next call.
        """
        with self._writing() as (_, memory):
            cursor = memory.seq
            memory.fresh.clear()  # from here on a change to a shown hour must move it forward again
        with self._reading() as con:
            return Changed(cursor, duckdb_tables.changed(con, consumer, cursor))

    def hours_of(self, devices: Iterable[str]) -> pd.DataFrame:
        """All hours of these devices in the ledger (CHANGED_COLUMNS), whoever has done them."""
        with self._reading() as con:
            return duckdb_tables.hours_of(con, devices)

    def advance(self, consumer: str, cursor: int) -> None:
        """Remember that ``consumer`` has done everything up to ``cursor``; never moves back.

        Raises:
            ValueError: the ledger has never been that far, so changes to come would be passed over.
        """
        with self._writing() as (con, memory):
            if cursor > memory.seq:
                raise ValueError(
                    f"cursor {cursor} of {consumer} is beyond the ledger, which ends at {memory.seq}"
                )
            duckdb_tables.raise_cursor(con, consumer, cursor)

    def marks(self) -> Marks:
        """Every consumer's cursor and every spool's watermark."""
        with self._reading() as con:
            return duckdb_tables.marks(con)

    def append_changed(self, hours: pd.DataFrame) -> None:
        """Append hours (CHANGED_COLUMNS) to the ledger for reasons other than readings."""
        if hours.empty:
            return
        with self._writing() as (con, memory):
            memory.append_to_ledger(con, hour_pairs(hours))

    def write_verdicts(self, device: str, quantity: str, verdicts: pd.DataFrame) -> None:
        """Replace all verdict intervals of one series (VERDICT_COLUMNS)."""
        with self._writing() as (con, _):
            duckdb_derived.write_verdicts(con, device, quantity, verdicts)

    def read_verdicts(self, devices: Iterable[str], start: datetime, end: datetime) -> pd.DataFrame:
        """Verdict intervals that overlap ``start`` to ``end`` (VERDICT_COLUMNS)."""
        with self._reading() as con:
            return duckdb_derived.read_verdicts(con, devices, start, end)

    def write_metrics(self, metrics: Sequence[Metric]) -> None:
        """Replace metrics with the same school, scope, id, metric, carrier, basis, interval and time."""
        self.write_metric_table(metric_table(metrics))

    def write_metric_table(self, table: pa.Table) -> None:
        """Replace metrics with the same keys; a table of :mod:`store.metric_table`."""
        with self._writing() as (con, _):
            duckdb_derived.write_metrics(con, table)

    def read_metrics(
        self,
        school: str | None,
        scope: Scope,
        id: str | None,  # noqa: A002
        interval: Interval,
        start: datetime,
        end: datetime,
        metric: str | Collection[str] | None = None,
    ) -> list[Metric]:
        """Metrics with ``start <= time < end`` by school, id, metric, carrier, basis, time; None first."""
        with self._reading() as con:
            return duckdb_derived.read_metrics(con, school, scope, id, interval, start, end, metric)

    def read_values(
        self,
        school: str,
        scope: Scope,
        id: str,  # noqa: A002
        interval: Interval,
        start: datetime,
        end: datetime,
        metric: str,
    ) -> Mapping[Carrier | None, Values]:
        """Times and values of one metric, by carrier."""
        with self._reading() as con:
            return duckdb_derived.read_values(con, school, scope, id, interval, start, end, metric)

    def read_values_by_id(
        self, school: str, scope: Scope, interval: Interval, start: datetime, end: datetime, metric: str
    ) -> Mapping[str, Values]:
        """Times and values of one metric without carriers, by id."""
        with self._reading() as con:
            return duckdb_derived.read_values_by_id(con, school, scope, interval, start, end, metric)

    def write_documents(self, documents: Sequence[Document]) -> None:
        """Replace documents with the same kind, school and key."""
        with self._writing() as (con, _):
            duckdb_documents.write_documents(con, documents)

    def delete_documents(self, kind: str, school: str, keys: Iterable[str]) -> None:
        """Delete those of the named documents that exist."""
        with self._writing() as (con, _):
            duckdb_documents.delete_documents(con, kind, school, keys)

    def read_documents(self, kind: str | None, school: str | None = None) -> list[Document]:
        """Documents sorted by kind, school, key; None is all kinds, all schools."""
        with self._reading() as con:
            return duckdb_documents.read_documents(con, kind, school)

    def _open(self) -> duckdb.DuckDBPyConnection:
        return open_file(self._path, self._memory_limit_mb, self._migrations)

    def _close_root(self) -> None:
        root, self._root = self._root, None
        if root is not None:
            root.close()

    def _connection(self) -> duckdb.DuckDBPyConnection:
        """A new connection to the open file; the root itself runs no query, so that asking it never waits."""
        root = self._root
        if root is None:
            raise StoreError(
                f"{self._path} is {'closed' if self._closed else 'not open; the next write retries'}"
            )
        return root.cursor()

    @contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with translated(self._path), closing(self._connection()) as con:
            yield con

    @contextmanager
    def _writing(self) -> Iterator[tuple[duckdb.DuckDBPyConnection, WriterMemory]]:
        """One transaction; unless it commits, nothing of it is kept, in the file or in memory."""
        with self._lock, translated(self._path):
            self._reopen_if_invalid()
            memory, self._memory = self._memory, None
            with closing(self._connection()) as con:
                con.begin()
                committed = False
                try:
                    memory = memory or WriterMemory.of(con)
                    yield con, memory
                    con.commit()
                    committed = True
                finally:
                    if not committed:
                        with suppress(duckdb.Error):  # a failed commit has rolled back already
                            con.rollback()
                self._memory = memory

    def _reopen_if_invalid(self) -> None:
        """After a fatal error (disk full at a checkpoint) DuckDB serves nothing until opened anew."""
        if self._closed or self._memory is not None:
            return
        try:
            if self._root is not None:
                self._root.execute("SELECT 1")
                return
        except duckdb.FatalException:
            self._close_root()
        self._root = self._open()
