"""The server store: :class:`store.base.Store` on a bucket of InfluxDB 2.x."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa

from classroom.metric import Interval, Metric, Scope
from classroom.quantity import Domain
from classroom.reading import Reading
from store import (
    influx_derived,
    influx_documents,
    influx_hours,
    influx_ledger,
    influx_readings,
    influx_retention,
)
from store.base import (
    HOUR_COLUMNS,
    Changed,
    Deleted,
    Document,
    Marks,
    ReadingsRefused,
    SchemaError,
    Store,
    StoreError,
    StoreInfo,
    Watermark,
    Written,
)
from store.batch import Batch, Mask, batch_of, ends, split_lost
from store.frames import Columns
from store.influx_readings import Series
from store.influx_schema import SCHEMA_VERSION, made_ours
from store.influx_server import Address, InfluxServer, LinesRefused
from store.metric_table import metric_table
from store.retention import unsealed
from store.times import HOUR_US, hour_pairs

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = logging.getLogger(__name__)


class InfluxStore(Store):
    """A store in one bucket of an InfluxDB server.

    One process writes readings (the ingester's store thread), or several that have a name each (``writer``:
    it reads back what it is about to write); one more what is made of them (analytics, ``beside``: it leaves
    the ledger's head to the ingester). Any number read (``read_only``: an empty bucket stays empty).
    A write may end half way: what was announced in the ledger is shown to its consumers, and the same batch
    handed in again completes it. A server that is away when this is made is asked again by every call.

    Raises:
        SchemaError: the bucket is not ours, or was written by a newer version.
    """

    def __init__(
        self,
        address: Address,
        *,
        timeout_s: float = 60.0,
        beside: bool = False,
        read_only: bool = False,
        writer: str = "",
    ) -> None:
        self._beside = beside
        self._writer = writer
        self._by = influx_ledger.ANALYTICS if beside else writer and f"ingest-{writer}"
        self._read_only = read_only
        self._server = InfluxServer(address, timeout_s)
        self._lock = threading.Lock()  # held by the one writer
        self._checked = False
        self._series: Series | None = None
        self._seq = self._head = 0  # next free number and the stored head; valid while _series is
        self._marks: dict[str, int] = {}  # highest watermark of each spool; likewise
        try:
            self._check()
        except StoreError as error:
            log.warning("%s; it is asked again with every call", error)
        except SchemaError:
            self._server.close()
            raise

    def info(self) -> StoreInfo:
        """What this store is."""
        version = self._server.version or "not reached yet"
        return StoreInfo("influxdb", version, str(self._server.address), SCHEMA_VERSION)

    def close(self) -> None:
        """Wait for the write under way, then release the connections."""
        with self._lock:
            self._server.close()

    def write_readings(self, readings: Sequence[Reading], watermark: Watermark | None = None) -> Written:
        """Store a batch: announce its changed hours, write its readings, then remember ``watermark``.

        Raises:
            ValueError: a value is not finite, or a time naive.
        """
        with self._writing() as (server, series):
            written = self._write_batch(server, series, readings) if readings else Written()
            self._finish(server, watermark)
        return written

    def _finish(self, server: InfluxServer, watermark: Watermark | None) -> None:
        """Say, in one request, that all that was announced is stored, and up to where the spool is.

        Only here, after a batch: one that failed may still be on its way, and is handed in again first.
        """
        lines = []
        last = self._seq - 1
        if self._head < last:
            lines.append(influx_ledger.head_line(last, self._by))
        if watermark is not None:
            if watermark.spool not in self._marks:
                self._marks[watermark.spool] = influx_ledger.watermark(server, watermark.spool)
            if watermark.id >= self._marks[watermark.spool]:  # an equal one may stand in memory only
                lines.append(influx_ledger.watermark_line(watermark))
                self._marks[watermark.spool] = watermark.id
        if lines:
            server.write(lines)
            self._head = last

    def _write_batch(self, server: InfluxServer, series: Series, readings: Sequence[Reading]) -> Written:
        received = batch_of(readings, lambda keys: series.numbers(server, keys))
        batch, lost, lost_equal = split_lost(received)
        known, same, replaced = influx_readings.compare(server, series, batch)
        written = Written(
            stored=int((~known).sum()),
            duplicates=int(same.sum()) + lost_equal,
            conflicts=len(replaced) + len(lost),
        )
        fresh = batch.where(~same)
        lines = []
        if len(replaced) or len(lost):
            old = Batch(
                batch.series[replaced["position"]],
                batch.time_us[replaced["position"]],
                replaced["value"].to_numpy(),
                replaced["flag"].to_numpy(),
            )
            lines = influx_ledger.superseded_lines(
                server, self._seq, influx_readings.keyed(series, lost), influx_readings.keyed(series, old)
            )
        hour = fresh.time_us // HOUR_US
        first = ends(fresh.series, hour)
        pairs = zip(fresh.series[first].tolist(), hour[first].tolist(), strict=True)
        hours = {(series.keys[number][0], number_of_hour) for number, number_of_hour in pairs}
        if lines:
            server.write(lines)
        # Equal ones too: InfluxDB shows what it took into memory even where its disk then refused the write,
        # and a start of the server forgets that. What is written twice is the same point.
        why = self._append(server, hours, influx_readings.lines(series, batch, ~known))
        if why:
            _raise_refused(server, series, batch, ~known, written, why)
        np.maximum.at(series.last_us, batch.series, batch.time_us)
        return written

    def _append(self, server: InfluxServer, hours: set[tuple[str, int]], lines: list[str]) -> str:
        """Announce the hours, if any, write the lines; the server's words on lines it refuses."""
        why = ""
        unannounced = self._announce(server, hours) if hours else ""
        try:
            server.write(lines)
        except LinesRefused as refusal:
            why = str(refusal)
        if unannounced and not why:
            raise StoreError(f"{server.address} takes readings but not the ledger: {unannounced}")
        return why

    def _announce(self, server: InfluxServer, hours: set[tuple[str, int]]) -> str:
        """Append hours to the ledger under the next number; the server's words on those it refuses."""
        seq, self._seq = self._seq, self._seq + 1
        unannounced = ""
        try:
            server.write(influx_ledger.announce(seq, hours, self._by))
        except LinesRefused as refusal:  # of a device whose readings it refuses too
            unannounced = str(refusal)
        if self._writer:
            self._seq = influx_ledger.overtake(server, seq, hours, self._by) + 1
        return unannounced

    def watermark(self, spool: str) -> int:
        """Highest id remembered for ``spool``; 0 if none."""
        return influx_ledger.watermark(self._reading(), spool)

    def read_readings(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> pd.DataFrame:
        """Readings with ``start <= time < end`` (READING_COLUMNS)."""
        return self.read_columns(devices, quantities, start, end).frame()

    def read_columns(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> Columns:
        """Readings with ``start <= time < end`` as columns of numbers."""
        return influx_readings.read_columns(self._reading(), devices, quantities, start, end)

    def latest(self, devices: Iterable[str] | None = None) -> pd.DataFrame:
        """The newest reading of every device and quantity (READING_COLUMNS)."""
        return influx_readings.latest(self._reading(), devices)

    def superseded(self, device: str) -> pd.DataFrame:
        """Replaced readings of ``device``, oldest revision first (READING_COLUMNS)."""
        return influx_ledger.superseded(self._reading(), device)

    def compute_hours(self, hours: pd.DataFrame, interval_s: Mapping[str, int]) -> pd.DataFrame:
        """Roll up the named hours from raw readings (HOUR_COLUMNS), sorted by device, quantity, hour."""
        server = self._reading()
        return unsealed(influx_hours.compute(server, hours, interval_s), influx_retention.sealed(server))

    def sealed(self) -> Mapping[Domain, datetime]:
        """Before which hour the raw readings of a domain were deleted."""
        return influx_retention.sealed(self._reading())

    def delete_before(
        self, domain: Domain, readings: datetime | None = None, hours: datetime | None = None
    ) -> Deleted:
        """Seal and delete a domain's raw readings before ``readings``, its rollups before ``hours``."""
        with self._writing() as (server, _):
            return influx_retention.delete_before(server, domain, readings, hours)

    def write_hours(self, rollups: pd.DataFrame) -> None:
        """Replace the rollups of the given (device, quantity, hour)s."""
        self._write(influx_hours.lines(rollups))

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
        return influx_hours.read(self._reading(), devices, quantities, start, end)[
            [name for name in HOUR_COLUMNS if name in columns]
        ]

    def changed(self, consumer: str) -> Changed:
        """Hours appended to the ledger since ``consumer`` last advanced; all of it for a new consumer."""
        return influx_ledger.changed(self._reading(), consumer)

    def hours_of(self, devices: Iterable[str]) -> pd.DataFrame:
        """All hours of these devices in the ledger (CHANGED_COLUMNS), whoever has done them."""
        return influx_ledger.hours_of(self._reading(), devices)

    def advance(self, consumer: str, cursor: int) -> None:
        """Remember that ``consumer`` has done everything up to ``cursor``; never moves back.

        Raises:
            ValueError: the ledger has never been that far, so changes to come would be passed over.
        """
        with self._writing() as (server, _):
            server.write(influx_ledger.cursor_lines(server, consumer, cursor, self._seq - 1))

    def marks(self) -> Marks:
        """Every consumer's cursor and every spool's watermark."""
        return influx_ledger.marks(self._reading())

    def append_changed(self, hours: pd.DataFrame) -> None:
        """Append hours (CHANGED_COLUMNS) to the ledger for reasons other than readings."""
        if hours.empty:
            return
        with self._writing() as (server, _):
            if refused := self._announce(server, hour_pairs(hours)):
                raise StoreError(f"{server.address} refuses the ledger: {refused}")
            if not self._beside:
                self._finish(server, None)

    def write_verdicts(self, device: str, quantity: str, verdicts: pd.DataFrame) -> None:
        """Replace all verdict intervals of one series (VERDICT_COLUMNS)."""
        self._write(influx_derived.verdict_lines(device, quantity, verdicts))

    def read_verdicts(self, devices: Iterable[str], start: datetime, end: datetime) -> pd.DataFrame:
        """Verdict intervals that overlap ``start`` to ``end`` (VERDICT_COLUMNS)."""
        return influx_derived.read_verdicts(self._reading(), devices, start, end)

    def write_metrics(self, metrics: Sequence[Metric]) -> None:
        """Replace metrics with the same school, scope, id, metric, carrier, basis, interval and time."""
        self.write_metric_table(metric_table(metrics))

    def write_metric_table(self, table: pa.Table) -> None:
        """Replace metrics with the same keys; a table of :mod:`store.metric_table`."""
        self._write(influx_derived.metric_lines(table))

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
        return influx_derived.read_metrics(self._reading(), school, scope, id, interval, start, end, metric)

    def write_documents(self, documents: Sequence[Document]) -> None:
        """Replace documents with the same kind, school and key."""
        self._write([*influx_documents.document_lines(documents)])

    def delete_documents(self, kind: str, school: str, keys: Iterable[str]) -> None:
        """Delete those of the named documents that exist."""
        self._write([*influx_documents.gone_lines(kind, school, keys)])

    def read_documents(self, kind: str | None, school: str | None = None) -> list[Document]:
        """Documents sorted by kind, school, key; None is all kinds, all schools."""
        return influx_documents.read_documents(self._reading(), kind, school)

    def _reading(self) -> InfluxServer:
        self._check_late()
        return self._server

    def _write(self, lines: list[str]) -> None:
        with self._writing() as (server, _):
            try:
                server.write(lines)
            except LinesRefused as refusal:
                raise StoreError(f"{self._server.address} refuses derived data: {refusal}") from refusal

    @contextmanager
    def _writing(self) -> Iterator[tuple[InfluxServer, Series]]:
        """One writer at a time; after a failure nothing of what it knew is relied on."""
        with self._lock:
            server = self._reading()
            series, self._series = self._series, None
            is_alone = series is not None and not (self._beside or self._writer)
            if series is None or self._beside:
                series, self._marks = Series(is_shared=bool(self._writer)), {}
            if not is_alone:
                self._head, last = influx_ledger.head_and_last(server, self._by)
                self._seq = last + 1
            yield server, series
            self._series = series

    def _check_late(self) -> None:
        try:
            self._check()
        except SchemaError as error:  # the process runs already: it goes on spooling and says why
            raise StoreError(str(error)) from error

    def _check(self) -> None:
        if not self._checked:
            self._checked = made_ours(self._server, self._read_only)


def _raise_refused(
    server: InfluxServer, series: Series, batch: Batch, new: Mask, written: Written, why: str
) -> None:
    """Find out by reading back which of a batch the server did not take: its words name one at most."""
    stored = influx_readings.stored_at(server, series, batch)
    position = stored["position"].to_numpy()
    equal = (batch.value[position] == stored["value"]) & (batch.flag[position] == stored["flag"])
    refused = np.ones(len(batch), dtype=bool)
    refused[position[equal.to_numpy()]] = False
    readings = [
        Reading(device, quantity, _EPOCH + timedelta(microseconds=time_us), value, flag)
        for (device, quantity, time_us), value, flag in influx_readings.keyed(series, batch.where(refused))
    ]
    taken = replace(
        written,
        stored=written.stored - int((refused & new).sum()),
        conflicts=written.conflicts - int((refused & ~new).sum()),
    )
    if readings:
        raise ReadingsRefused(readings, why, taken)
