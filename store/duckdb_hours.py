"""Hourly rollups in DuckDB: computed from the readings of the file, kept beside them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from store import duckdb_readings
from store.base import HOUR_COLUMNS, HOUR_KEY
from store.batch import ends
from store.duckdb_tables import Asked, WriterMemory, in_order, registered, time_column
from store.frames import NO_READINGS, Columns, HourMeans, texts
from store.hourly import roll_up
from store.times import HOUR_US, day_ranges, day_ranges_us, microseconds, naive_utc, to_datetime

_TIMES = ("hour", "first_time", "last_time")
_TYPES = dict.fromkeys(HOUR_COLUMNS, pa.float64()) | dict.fromkeys(_TIMES, pa.timestamp("us", tz="UTC"))
_TYPES |= {"device": pa.large_string(), "quantity": pa.large_string()}
_TYPES |= {"count": pa.int64(), "flagged": pa.int64(), "inputs_hash": pa.int64()}
_NO_HOURS = pa.schema(_TYPES.items()).empty_table()
_DEVICES = 50  # a month of 50 rooms at 5 minutes, three quantities each, is 1.3 million readings


def compute(con: DuckDBPyConnection, hours: pd.DataFrame, interval_s: Mapping[str, int]) -> pd.DataFrame:
    """Roll up the named hours from raw readings (HOUR_COLUMNS), sorted by device, quantity, hour."""
    parts = [roll_up(some, interval_s, raw) for some, raw in _raw(con, hours)]
    filled = [part for part in parts if len(part)] or parts[:1]
    if len(filled) <= 1:
        return filled[0] if filled else roll_up(hours, interval_s, NO_READINGS)
    return pd.concat(filled).sort_values(list(HOUR_KEY), ignore_index=True)


def _raw(con: DuckDBPyConnection, hours: pd.DataFrame) -> Iterator[tuple[pd.DataFrame, Columns]]:
    """The readings of the hours, some devices and neighbouring days at a time, each with its hours."""
    device, names = pd.factorize(hours["device"], sort=True)
    hour_us = microseconds(hours["hour"])
    for first in range(0, len(names), _DEVICES):
        mine = (device >= first) & (device < first + _DEVICES)
        some = [str(name) for name in names[first : first + _DEVICES]]
        for start_us, end_us in day_ranges_us(hour_us[mine]):
            inside = mine & (hour_us >= start_us) & (hour_us < end_us)
            begin, end = hour_us[inside].min(), hour_us[inside].max() + HOUR_US
            span = (to_datetime(time_us).replace(tzinfo=UTC) for time_us in (begin, end))
            yield hours[inside], duckdb_readings.read(con, some, None, *span)


def write(con: DuckDBPyConnection, memory: WriterMemory, rollups: pd.DataFrame) -> None:
    """Replace the rollups of the given series and hours; of two for the same hour the later stands."""
    if rollups.empty:
        return
    series, hour_us = _series(con, memory, rollups), microseconds(rollups["hour"])
    order = np.lexsort((hour_us, series))  # stable: the later of two stays later
    order = order[ends(series[order], hour_us[order])]
    columns = {"series": pa.array(series[order])}
    for name in HOUR_COLUMNS[2:]:
        if name in _TIMES:
            columns[name] = time_column(rollups[name]).take(pa.array(order))
        else:
            columns[name] = pa.array(rollups[name].to_numpy()[order], from_pandas=True)
    with registered(con, "rollups", columns):
        for start, end in day_ranges(hour_us):
            con.execute(
                "DELETE FROM hours h USING rollups n WHERE h.series = n.series AND h.hour = n.hour "
                "AND h.hour >= ? AND h.hour < ?",
                [start, end],
            )
        con.execute("INSERT INTO hours BY NAME SELECT * FROM rollups")


def _series(con: DuckDBPyConnection, memory: WriterMemory, rollups: pd.DataFrame) -> np.ndarray:
    """The series id of each row."""
    device, devices = pd.factorize(rollups["device"])
    quantity, quantities = pd.factorize(rollups["quantity"])
    pairs, row = np.unique(device * len(quantities) + quantity, return_inverse=True)
    keys = [
        (str(devices[p // len(quantities)]), str(quantities[p % len(quantities)])) for p in pairs.tolist()
    ]
    return memory.series_ids(con, keys)[row]


def read(
    con: DuckDBPyConnection,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
    columns: Sequence[str],
) -> pd.DataFrame:
    """Rollups whose hour lies in the half-open range (``columns`` of HOUR_COLUMNS)."""
    asked = Asked.of(con, devices, quantities)
    if not len(asked.series):  # a query costs milliseconds
        wanted = [name for name in HOUR_COLUMNS if name in columns]
        nothing: pd.DataFrame = _NO_HOURS.select(wanted).to_pandas()
        return nothing
    named = ", ".join(f'h."{name}"' for name in HOUR_COLUMNS[2:] if name in columns)
    with registered(con, "asked", asked.ranks()):
        found = con.sql(
            f"SELECT a.rank, {named} FROM hours h JOIN asked a ON h.series = a.series "  # noqa: S608
            "WHERE h.hour >= ? AND h.hour < ?",
            params=[naive_utc(start), naive_utc(end)],
        ).to_arrow_table()
    hour_us = pc.cast(found["hour"], pa.int64()).to_numpy()
    found = found.take(pa.array(in_order(found["rank"].to_numpy(), hour_us)))
    rank = found["rank"].to_numpy()
    read = {
        "device": texts(asked.device[rank], asked.devices),
        "quantity": texts(asked.quantity[rank], asked.quantities),
    }
    read |= {name: found[name] for name in HOUR_COLUMNS[2:] if name in columns}
    for name in _TIMES:
        if name in read:
            read[name] = read[name].cast(pa.timestamp("us", tz="UTC"))
    frame: pd.DataFrame = pa.table(read).to_pandas(split_blocks=True)
    return frame


def read_means(
    con: DuckDBPyConnection,
    devices: Iterable[str],
    quantities: Iterable[str],
    start: datetime,
    end: datetime,
) -> HourMeans:
    """Means of hours in the half-open range that hold good readings."""
    asked = Asked.of(con, devices, quantities)
    with registered(con, "asked", asked.ranks()):
        found = con.sql(
            "SELECT a.rank, epoch_us(h.hour) AS hour, h.mean "
            "FROM hours h JOIN asked a ON h.series = a.series "
            "WHERE h.hour >= ? AND h.hour < ? AND h.count > 0",
            params=[naive_utc(start), naive_utc(end)],
        ).to_arrow_table()
    series = [
        (asked.devices[device], asked.quantities[quantity])
        for device, quantity in zip(asked.device.tolist(), asked.quantity.tolist(), strict=True)
    ]
    # As they come, a hundred thousand at a time: what is small stays in the processor's memory.
    parts = (tuple(column.to_numpy() for column in some.columns) for some in found.to_batches())
    return HourMeans.between(start, end, series, parts)
