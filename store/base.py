"""The :class:`Store` protocol: what ingest, analytics and the API may ask of a store.

Frames that cross this line have the columns named in ``*_COLUMNS``; times are ``datetime64[us, UTC]``. Every
method may be called from any thread. Readings are tagged by device only; the place is joined by the caller.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from classroom.metric import Interval, Metric, Scope
from classroom.quantity import Carrier, Domain
from classroom.reading import Reading
from store.around import Around, read_ranges
from store.frames import Columns, HourMeans
from store.times import Array, to_us

READING_COLUMNS = ("device", "quantity", "time", "value", "flag")
"""Sorted by device, quantity, time; one row per (device, quantity, time): the newest revision."""

HOUR_KEY = ("device", "quantity", "hour")
"""What tells a rollup from every other."""

HOUR_COLUMNS = (
    *HOUR_KEY,
    "mean",
    "min",
    "max",
    "count",
    "first",
    "first_time",
    "last",
    "last_time",
    "coverage",
    "flagged",
    "inputs_hash",
)
"""One row per (device, quantity, UTC hour) that holds a reading. All but ``flagged`` (readings with an ingest
flag) speak of readings whose flag is 0; ``coverage`` is the share of the device's slots in the hour that hold
one; where ``count`` is 0 the values are NaN. ``inputs_hash`` is the hash of all readings, flagged ones too
(:func:`store.inputs.reading_hash`); 0 in rollups of a version that had none."""

VERDICT_COLUMNS = ("device", "quantity", "start", "end", "verdict", "detail")
"""Half-open intervals in which a series is not to be trusted (stale, spike, drift, gap, clock …)."""

CHANGED_COLUMNS = ("device", "hour")


class Document(NamedTuple):
    """A small text that is kept whole: a finding, a closed year, an experiment, a delivery; ``body`` is
    JSON.

    ``school`` is empty for what is about the whole site. ``key`` is unique within kind and school.
    """

    kind: str
    school: str
    key: str
    body: str


class StoreError(Exception):
    """The store cannot serve now (server away, disk full); trying again later may succeed.

    ``retry_after_s``: the store asked to be left alone for so long [s]; 0 if it did not say.
    """

    def __init__(self, message: str, retry_after_s: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SchemaError(Exception):
    """The store was written by a newer version, or is not ours; the message says which and what to do."""


class Watermark(NamedTuple):
    """Everything up to and including spool row ``id`` of spool ``spool`` is in the store."""

    spool: str
    id: int


class Marks(NamedTuple):
    """How far others have come: the cursor of each consumer of the ledger, the watermark of each spool."""

    cursors: Mapping[str, int]
    watermarks: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch of readings: ``stored + duplicates + conflicts`` is its length.

    ``duplicates`` were equal to a stored reading and dropped; ``conflicts`` had the same device, quantity and
    time as a stored one but another value: the last received is now read, the old one is kept as superseded.
    """

    stored: int = 0
    duplicates: int = 0
    conflicts: int = 0


class ReadingsRefused(Exception):  # noqa: N818  a fact about a few readings, not a failure of the store
    """The store will never take ``readings``; ``why`` are its words. The others of the batch are stored.

    ``written`` is what became of those. The watermark was not moved: keep the refused ones elsewhere, then
    hand in the batch without them.
    """

    def __init__(self, readings: Sequence[Reading], why: str, written: Written) -> None:
        super().__init__(f"{len(readings)} readings refused: {why}")
        self.readings = tuple(readings)
        self.why = why
        self.written = written


@dataclass(frozen=True, slots=True)
class Changed:
    """Hours changed since a consumer's cursor; hand ``cursor`` back to :meth:`Store.advance` when done."""

    cursor: int
    hours: pd.DataFrame  # CHANGED_COLUMNS, distinct


@dataclass(frozen=True, slots=True)
class StoreInfo:
    """What stands behind the protocol, for people: ``kind`` (duckdb, influxdb), version and place."""

    kind: str
    version: str
    location: str
    schema_version: int


@dataclass(frozen=True, slots=True)
class Deleted:
    """How many readings and hourly rollups were deleted."""

    readings: int = 0
    hours: int = 0


class Values(NamedTuple):
    """Times [us], ascending, and values; NaN where a metric is null."""

    time_us: Array
    value: npt.NDArray[np.float64]


def _values(metrics: Sequence[Metric]) -> Values:
    return Values(
        np.array([to_us(one.time) for one in metrics], dtype=np.int64),
        np.array([one.value for one in metrics], dtype=np.float64),  # None becomes NaN
    )


class Store(Protocol):
    """A store of readings and of what is derived from them."""

    def info(self) -> StoreInfo:
        """What this store is."""
        ...

    def close(self) -> None:
        """Release the store; it must not be used afterwards."""
        ...

    def write_readings(self, readings: Sequence[Reading], watermark: Watermark | None = None) -> Written:
        """Store a batch durably, append its changed hours to the ledger, then remember ``watermark``.

        Idempotent: the same batch again stores nothing and appends nothing to the ledger. A conflict inside
        the batch is resolved the same way: the later in the sequence wins.

        Raises:
            StoreError: nothing of the batch may be taken as stored; hand the same batch in again.
            ReadingsRefused: a few will never be stored, the others are; see there.
        """
        ...

    def watermark(self, spool: str) -> int:
        """Highest id remembered for ``spool``; 0 if none."""
        ...

    def read_readings(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> pd.DataFrame:
        """Readings with ``start <= time < end``, flagged too (READING_COLUMNS); None means all quantities."""
        ...

    def read_columns(
        self, devices: Iterable[str], quantities: Iterable[str] | None, start: datetime, end: datetime
    ) -> Columns:
        """As :meth:`read_readings`, as columns of numbers: a tenth of the memory and time of a frame."""
        ...

    def read_around(self, hours: pd.DataFrame, before_h: int, after_h: int) -> Columns:
        """Readings of the named (device, quantity, hour)s and of so many hours before and after each."""
        return read_ranges(self.read_columns, Around.of(hours, before_h, after_h))

    def latest(self, devices: Iterable[str] | None = None) -> pd.DataFrame:
        """The newest reading of every device and quantity, by time (READING_COLUMNS); None is all devices."""
        ...

    def superseded(self, device: str) -> pd.DataFrame:
        """Readings of ``device`` that a later revision replaced (READING_COLUMNS), oldest revision first."""
        ...

    def compute_hours(self, hours: pd.DataFrame, interval_s: Mapping[str, int]) -> pd.DataFrame:
        """Roll up the named hours from raw readings, now (HOUR_COLUMNS).

        ``hours`` has CHANGED_COLUMNS; ``interval_s`` gives each device's reporting interval [s] (600 where
        absent). The hour has ``max(1, 3600 // interval_s)`` equal slots. A sealed hour, one before
        :meth:`sealed`, is left out: its raw readings are gone, what was rolled up stands.
        """
        ...

    def write_hours(self, rollups: pd.DataFrame) -> None:
        """Replace the rollups of the given (device, quantity, hour)s (HOUR_COLUMNS)."""
        ...

    def read_hours(
        self,
        devices: Iterable[str],
        quantities: Iterable[str] | None,
        start: datetime,
        end: datetime,
        *,
        columns: Sequence[str] = HOUR_COLUMNS,
    ) -> pd.DataFrame:
        """Rollups with ``start <= hour < end``, sorted by device, quantity, hour.

        ``columns`` of HOUR_COLUMNS, HOUR_KEY among them: the fewer, the faster.
        """
        ...

    def read_hour_means(
        self, devices: Iterable[str], quantities: Iterable[str], start: datetime, end: datetime
    ) -> HourMeans:
        """Means of the hours with good readings among :meth:`read_hours`: a fifth of its memory and time.

        Every hour of the span has its place, so ask for years, not for all time.
        """
        return HourMeans.of(self.read_hours(devices, quantities, start, end), start, end)

    def changed(self, consumer: str) -> Changed:
        """Hours appended to the ledger since ``consumer`` last advanced; all of it for a new consumer."""
        ...

    def hours_of(self, devices: Iterable[str]) -> pd.DataFrame:
        """All hours of these devices in the ledger (CHANGED_COLUMNS), whoever has done them."""
        ...

    def advance(self, consumer: str, cursor: int) -> None:
        """Remember that ``consumer`` has done everything up to ``cursor``; never moves back."""
        ...

    def marks(self) -> Marks:
        """Every consumer's cursor and every spool's watermark."""
        ...

    def append_changed(self, hours: pd.DataFrame) -> None:
        """Append hours to the ledger for reasons other than readings: a verdict, a place, a timetable."""
        ...

    def sealed(self) -> Mapping[Domain, datetime]:
        """Before which hour the raw readings of a domain were deleted; domains never touched are absent."""
        ...

    def delete_before(
        self, domain: Domain, readings: datetime | None = None, hours: datetime | None = None
    ) -> Deleted:
        """Seal a domain's hours before ``readings`` and delete their raw readings; delete rollups before
        ``hours``.

        Both are full hours. A reading that comes late for a sealed hour is stored, and goes with the next
        deletion.
        """
        ...

    def write_verdicts(self, device: str, quantity: str, verdicts: pd.DataFrame) -> None:
        """Replace all verdict intervals of one series (VERDICT_COLUMNS)."""
        ...

    def read_verdicts(self, devices: Iterable[str], start: datetime, end: datetime) -> pd.DataFrame:
        """Verdicts that overlap ``start`` to ``end`` (VERDICT_COLUMNS), sorted by device, quantity, start."""
        ...

    def write_metrics(self, metrics: Sequence[Metric]) -> None:
        """Replace metrics with the same school, scope, id, metric, carrier, basis, interval and time."""
        ...

    def write_metric_table(self, table: pa.Table) -> None:
        """As :meth:`write_metrics`, from a table made by :func:`store.metric_table.metric_table`, perhaps in
        another process; its keys are distinct."""
        ...

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
        """Metrics with ``start <= time < end``, sorted by school, id, metric, carrier, basis, time; None is
        all. Several names of metrics are any of them."""
        ...

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
        """Of one metric, one without bases, with ``start <= time < end``: times and values by carrier."""
        found: dict[Carrier | None, list[Metric]] = {}
        for one in self.read_metrics(school, scope, id, interval, start, end, metric):
            found.setdefault(one.carrier, []).append(one)
        return {carrier: _values(some) for carrier, some in found.items()}

    def read_values_by_id(
        self, school: str, scope: Scope, interval: Interval, start: datetime, end: datetime, metric: str
    ) -> Mapping[str, Values]:
        """As :meth:`read_values`, of a metric without carriers, by id: all rooms of a school at once."""
        found: dict[str, list[Metric]] = {}
        for one in self.read_metrics(school, scope, None, interval, start, end, metric):
            if one.carrier is None:
                found.setdefault(one.id, []).append(one)
        return {key: _values(some) for key, some in found.items()}

    def write_documents(self, documents: Sequence[Document]) -> None:
        """Replace documents with the same kind, school and key; all of them, or (on an error) any."""
        ...

    def delete_documents(self, kind: str, school: str, keys: Iterable[str]) -> None:
        """Delete those of the named documents that exist."""
        ...

    def read_documents(self, kind: str | None, school: str | None = None) -> list[Document]:
        """Documents sorted by kind, school, key; None is all kinds, all schools."""
        ...
