"""Readings in DuckDB: a batch goes in once, whatever is handed in twice, and comes out sorted.

All functions work on a connection whose transaction, if they write, is the caller's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

from classroom.reading import Reading
from store.around import Around
from store.base import Written
from store.batch import Batch, Mask, batch_of, ends, split_lost
from store.duckdb_tables import Asked, WriterMemory, in_order, read_frame, registered, timestamps
from store.frames import NO_READINGS, Columns, joined
from store.times import HOUR_US, day_ranges, day_ranges_us, naive_utc, to_datetime


def write(con: DuckDBPyConnection, memory: WriterMemory, readings: Sequence[Reading]) -> Written:
    """Store a batch and its changed hours; a reading equal in value and flag to a stored one is a duplicate.

    A reading that a later one of the same batch replaces is a conflict too, and superseded at once.
    """
    received = batch_of(readings, lambda keys: memory.series_ids(con, keys))
    batch, lost, lost_equal = split_lost(received)
    known, same = _compare(con, memory, batch)

    revised = batch.where(known & ~same)
    if len(revised):
        _revise(con, revised)
    if len(lost):
        _supersede(con, lost)
    if not same.all():
        _add(con, memory, batch.where(~same), known[~same])
    return Written(
        stored=int((~known).sum()),
        duplicates=int(same.sum()) + lost_equal,
        conflicts=len(revised) + len(lost),
    )


def _columns(batch: Batch) -> dict[str, pa.Array]:
    return {
        "position": pa.array(np.arange(len(batch))),
        "series": pa.array(batch.series),
        "time": timestamps(batch.time_us),
        "value": pa.array(batch.value),
        "flag": pa.array(batch.flag),
    }


def _compare(con: DuckDBPyConnection, memory: WriterMemory, batch: Batch) -> tuple[Mask, Mask]:
    """Whether each reading's series and time is stored already, and whether with the same value and flag."""
    known = np.zeros(len(batch), dtype=bool)
    same = known.copy()
    late = np.flatnonzero(batch.time_us <= memory.last_us[batch.series])  # what is newer cannot be stored yet
    if not len(late):
        return known, same
    with registered(con, "late", _columns(batch.where(late))):
        for start, end in day_ranges(batch.time_us[late]):
            stored = con.execute(
                "SELECT b.position, r.value = b.value AND r.flag = b.flag AS same FROM late b "
                "JOIN readings r ON r.series = b.series AND r.time = b.time WHERE r.time >= ? AND r.time < ?",
                [start, end],
            ).fetchnumpy()
            known[late[stored["position"]]] = True
            same[late[stored["position"]]] = stored["same"]
    return known, same


def _revise(con: DuckDBPyConnection, revised: Batch) -> None:
    """Move the stored readings to ``superseded`` and put the received ones in their place."""
    with registered(con, "revised", _columns(revised)):
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


def _supersede(con: DuckDBPyConnection, lost: Batch) -> None:
    """Keep the losers of a batch, unless they are kept already: the same batch again must change nothing."""
    with registered(con, "lost", _columns(lost)):
        con.execute(
            "INSERT INTO superseded SELECT series, time, value, flag FROM lost ANTI JOIN superseded "
            "USING (series, time, value, flag) GROUP BY series, time, value, flag ORDER BY min(position)"
        )


def _add(con: DuckDBPyConnection, memory: WriterMemory, changed: Batch, known: Mask) -> None:
    """Insert what is not ``known``; note the newest reading of each series, and the changed hours."""
    newest = ends(changed.series) & (changed.time_us >= memory.last_us[changed.series])
    columns = _columns(changed) | {"known": pa.array(known), "newest": pa.array(newest)}
    with registered(con, "changed", columns):
        con.execute("INSERT INTO readings SELECT series, time, value, flag FROM changed WHERE NOT known")
        if newest.any():
            con.execute(
                "UPDATE series SET last_time = c.time, last_value = c.value, last_flag = c.flag "
                "FROM changed c WHERE c.newest AND series.id = c.series"
            )
    memory.last_us[changed.series[newest]] = changed.time_us[newest]
    hour = changed.time_us // HOUR_US
    first = ends(changed.series, hour)
    pairs = zip(changed.series[first].tolist(), hour[first].tolist(), strict=True)
    memory.append_to_ledger(con, {(memory.devices[series], number) for series, number in pairs})


def read(
    con: DuckDBPyConnection,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
) -> Columns:
    """Readings in the half-open range."""
    asked = Asked.of(con, devices, quantities)
    if not len(asked.series):  # a query costs milliseconds
        return NO_READINGS
    with registered(con, "asked", asked.ranks()):
        found = con.sql(
            "SELECT a.rank, epoch_us(r.time) AS time, r.value, r.flag::BIGINT AS flag "
            "FROM readings r JOIN asked a ON r.series = a.series WHERE r.time >= ? AND r.time < ?",
            params=[naive_utc(start), naive_utc(end)],
        ).to_arrow_table()
    return _named(found, asked)


def read_around(con: DuckDBPyConnection, around: Around) -> Columns:
    """Readings of the hours of their series."""
    asked = Asked.of(con, around.devices, around.quantities)
    rank_of = np.full((len(around.devices), len(around.quantities)), -1, dtype=np.int32)
    devices, quantities = around.places(asked.devices, asked.quantities)
    rank_of[devices[asked.device], quantities[asked.quantity]] = np.arange(len(asked.series), dtype=np.int32)
    rank = rank_of[around.device, around.quantity]
    known = np.flatnonzero(rank >= 0)
    rank, hour = rank[known], around.hour[known]
    parts = []
    for start, end in day_ranges_us(hour * HOUR_US):
        mine = (hour >= start // HOUR_US) & (hour < end // HOUR_US)
        hours = {"series": asked.series[rank[mine]], "rank": rank[mine], "hour": hour[mine]}
        with registered(con, "hours_asked", {name: pa.array(column) for name, column in hours.items()}):
            found = con.sql(
                "SELECT a.rank, epoch_us(r.time) AS time, r.value, r.flag::BIGINT AS flag FROM readings r "
                "JOIN hours_asked a ON r.series = a.series AND epoch_us(r.time) // ? = a.hour "
                "WHERE r.time >= ? AND r.time < ?",
                params=[HOUR_US, to_datetime(start), to_datetime(end)],
            ).to_arrow_table()
        parts.append(_named(found, asked))
    return joined(parts)


def _named(found: pa.Table, asked: Asked) -> Columns:
    """Rows (rank, time, value, flag) of the asked series as columns."""
    rank, time_us = found["rank"].to_numpy(), found["time"].to_numpy()
    order = in_order(rank, time_us)
    rank, time_us = rank[order], time_us[order]
    value, flag = (found[name].to_numpy()[order] for name in ("value", "flag"))
    device, quantity = asked.device[rank], asked.quantity[rank]
    return Columns(device, quantity, time_us, value, flag, asked.devices, asked.quantities)


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
