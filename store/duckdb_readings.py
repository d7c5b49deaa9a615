"""Readings in DuckDB: a batch goes in once, whatever is handed in twice, and comes out sorted.

All functions work on a connection whose transaction, if they write, is the caller's.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

from classroom.reading import Reading
from store.base import Written
from store.duckdb_tables import (
    HOUR_US,
    Array,
    WriterMemory,
    day_ranges,
    naive_utc,
    read_frame,
    registered,
    timestamps,
)

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Batch:
    """Readings as columns of equal length, sorted by series, time, then order of receipt."""

    series: npt.NDArray[np.int32]
    time_us: Array
    value: npt.NDArray[np.float64]
    flag: npt.NDArray[np.int32]

    def where(self, mask: Mask | Array) -> _Batch:
        return _Batch(self.series[mask], self.time_us[mask], self.value[mask], self.flag[mask])

    def columns(self) -> dict[str, pa.Array]:
        return {
            "position": pa.array(np.arange(len(self.series))),
            "series": pa.array(self.series),
            "time": timestamps(self.time_us),
            "value": pa.array(self.value),
            "flag": pa.array(self.flag),
        }


def _ends(*keys: npt.NDArray[np.int32] | Array) -> Mask:
    """The last row of every run of equal keys."""
    ends = np.ones(len(keys[0]), dtype=bool)
    ends[:-1] = False
    for key in keys:
        ends[:-1] |= key[1:] != key[:-1]
    return ends


def write(con: DuckDBPyConnection, memory: WriterMemory, readings: Sequence[Reading]) -> Written:
    """Store a batch and its changed hours; a reading equal in value and flag to a stored one is a duplicate.

    A reading that a later one of the same batch replaces is a conflict too, and superseded at once.
    """
    received = _columns(con, memory, readings)
    last = _ends(received.series, received.time_us)
    batch = received.where(last)
    lost, lost_equal = _lost(received, last)
    known, same = _compare(con, memory, batch)

    revised = batch.where(known & ~same)
    if len(revised.series):
        _revise(con, revised)
    if len(lost.series):
        _supersede(con, lost)
    if not same.all():
        _add(con, memory, batch.where(~same), known[~same])
    return Written(
        stored=int((~known).sum()),
        duplicates=int(same.sum()) + lost_equal,
        conflicts=len(revised.series) + len(lost.series),
    )


def _columns(con: DuckDBPyConnection, memory: WriterMemory, readings: Sequence[Reading]) -> _Batch:
    devices, quantities, times, values, flags = zip(*readings, strict=True)
    value = np.array(values, dtype=np.float64)
    if not np.isfinite(value).all():
        wrong = next(reading for reading in readings if not math.isfinite(reading.value))
        raise ValueError(f"{wrong} is not finite; a missing value makes no reading")
    if any(time.tzinfo is None for time in times):
        wrong = next(reading for reading in readings if reading.time.tzinfo is None)
        raise ValueError(f"{wrong} has a time without a time zone; hand in aware times")
    time_us = pa.array(times, pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    series = memory.series_ids(con, list(zip(devices, quantities, strict=True)))
    order = np.lexsort((time_us, series))  # stable: what was received later stays later
    return _Batch(series[order], time_us[order], value[order], np.array(flags, dtype=np.int32)[order])


def _lost(received: _Batch, last: Mask) -> tuple[_Batch, int]:
    """Readings that lose to a different later one of the batch, and the number that equal the later one."""
    if last.all():
        return received.where(~last), 0
    group: Array = np.cumsum(last) - last
    winner = np.flatnonzero(last)[group]
    equal = (received.value == received.value[winner]) & (received.flag == received.flag[winner])
    return received.where(~last & ~equal), int((~last & equal).sum())


def _compare(con: DuckDBPyConnection, memory: WriterMemory, batch: _Batch) -> tuple[Mask, Mask]:
    """Whether each reading's series and time is stored already, and whether with the same value and flag."""
    known = np.zeros(len(batch.series), dtype=bool)
    same = known.copy()
    late = np.flatnonzero(batch.time_us <= memory.last_us[batch.series])  # what is newer cannot be stored yet
    if not len(late):
        return known, same
    with registered(con, "late", batch.where(late).columns()):
        for start, end in day_ranges(batch.time_us[late]):
            stored = con.execute(
                "SELECT b.position, r.value = b.value AND r.flag = b.flag AS same FROM late b "
                "JOIN readings r ON r.series = b.series AND r.time = b.time WHERE r.time >= ? AND r.time < ?",
                [start, end],
            ).fetchnumpy()
            known[late[stored["position"]]] = True
            same[late[stored["position"]]] = stored["same"]
    return known, same


def _revise(con: DuckDBPyConnection, revised: _Batch) -> None:
    """Move the stored readings to ``superseded`` and put the received ones in their place."""
    with registered(con, "revised", revised.columns()):
        for start, end in day_ranges(revised.time_us):
            con.execute(
                "INSERT INTO superseded SELECT r.series, r.time, r.value, r.flag FROM revised n "
                "JOIN readings r ON r.series = n.series AND r.time = n.time WHERE r.time >= ? AND r.time < ? "
                "ORDER BY n.position",
                [start, end],
            )
            con.execute(
                "UPDATE readings SET value = n.value, flag = n.flag FROM revised n "
                "WHERE readings.series = n.series AND readings.time = n.time "
                "AND readings.time >= ? AND readings.time < ?",
                [start, end],
            )


def _supersede(con: DuckDBPyConnection, lost: _Batch) -> None:
    """Keep the losers of a batch, unless they are kept already: the same batch again must change nothing."""
    with registered(con, "lost", lost.columns()):
        con.execute(
            "INSERT INTO superseded SELECT series, time, value, flag FROM lost ANTI JOIN superseded "
            "USING (series, time, value, flag) GROUP BY series, time, value, flag ORDER BY min(position)"
        )


def _add(con: DuckDBPyConnection, memory: WriterMemory, changed: _Batch, known: Mask) -> None:
    """Insert what is not ``known``; note the newest reading of each series, and the changed hours."""
    newest = _ends(changed.series) & (changed.time_us >= memory.last_us[changed.series])
    columns = changed.columns() | {"known": pa.array(known), "newest": pa.array(newest)}
    with registered(con, "changed", columns):
        con.execute("INSERT INTO readings SELECT series, time, value, flag FROM changed WHERE NOT known")
        if newest.any():
            con.execute(
                "UPDATE series SET last_time = c.time, last_value = c.value, last_flag = c.flag "
                "FROM changed c WHERE c.newest AND series.id = c.series"
            )
    memory.last_us[changed.series[newest]] = changed.time_us[newest]
    hour = changed.time_us // HOUR_US
    first = _ends(changed.series, hour)
    pairs = zip(changed.series[first].tolist(), hour[first].tolist(), strict=True)
    memory.append_to_ledger(con, {(memory.devices[series], number) for series, number in pairs})


def read(
    con: DuckDBPyConnection,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Readings in the half-open range (READING_COLUMNS)."""
    return read_frame(
        con,
        "SELECT s.device, s.quantity, r.time, r.value, r.flag::BIGINT AS flag "
        "FROM readings r JOIN series s ON r.series = s.id "
        "WHERE s.device IN (SELECT unnest($devices::VARCHAR[])) "
        "AND coalesce(list_contains($quantities::VARCHAR[], s.quantity), true) "
        "AND r.time >= $start AND r.time < $end ORDER BY s.device, s.quantity, r.time",
        {
            "devices": list(devices),
            "quantities": None if quantities is None else list(quantities),
            "start": naive_utc(start),
            "end": naive_utc(end),
        },
        times=("time",),
    )


def latest(con: DuckDBPyConnection, devices: Iterable[str] | None) -> pd.DataFrame:
    """The newest reading of every series (READING_COLUMNS)."""
    return read_frame(
        con,
        "SELECT device, quantity, last_time AS time, last_value AS value, last_flag::BIGINT AS flag "
        "FROM series WHERE last_time IS NOT NULL "
        "AND ($devices::VARCHAR[] IS NULL OR device IN (SELECT unnest($devices::VARCHAR[]))) "
        "ORDER BY device, quantity",
        {"devices": None if devices is None else list(devices)},
        times=("time",),
    )


def superseded(con: DuckDBPyConnection, device: str) -> pd.DataFrame:
    """What later revisions replaced, oldest revision first (READING_COLUMNS)."""
    # Rows are only ever appended, so their rowid is the order of revision.
    return read_frame(
        con,
        "SELECT s.device, s.quantity, o.time, o.value, o.flag::BIGINT AS flag "
        "FROM superseded o JOIN series s ON o.series = s.id WHERE s.device = $device ORDER BY o.rowid",
        {"device": device},
        times=("time",),
    )
