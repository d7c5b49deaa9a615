"""What the DuckDB tables share: times, ranges of days, frames in and out, marks, and the writer's memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from duckdb import DuckDBPyConnection

from store.base import Marks
from store.frames import ranked, texts
from store.times import HOUR_US, Array, microseconds, to_datetime

_NEVER_US = -(2**62)
_AWARE = pa.timestamp("us", tz="UTC")
_MOST_FRESH = 200_000  # pairs; some 40 MB


@dataclass
class WriterMemory:
    """What the writer knows of the file, so that a batch need not ask for it; read anew after a failed write.

    ``series`` maps (device, quantity) to its id; ids count from 0, and ``devices`` and ``last_us`` (time of
    the newest reading) have an entry for each. ``seq`` is the greatest in the ledger; ``fresh`` holds
    (device, UTC hour since 1970) entries that no consumer has been shown, which a further change need not
    move forward.
    """

    series: dict[tuple[str, str], int]
    devices: list[str]
    last_us: Array
    seq: int
    fresh: set[tuple[str, int]] = field(default_factory=set)

    @classmethod
    def of(cls, con: DuckDBPyConnection) -> WriterMemory:
        """Read it from the file."""
        rows = con.execute(
            "SELECT device, quantity, coalesce(epoch_us(last_time), ?) FROM series ORDER BY id", [_NEVER_US]
        ).fetchall()
        (seq,) = con.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchall()[0]
        return cls(
            {(device, quantity): id_ for id_, (device, quantity, _) in enumerate(rows)},
            [device for device, _, _ in rows],
            np.array([last_us for _, _, last_us in rows], dtype=np.int64),
            seq,
        )

    def series_ids(self, con: DuckDBPyConnection, keys: list[tuple[str, str]]) -> npt.NDArray[np.int32]:
        """The series id of each (device, quantity); unknown ones are added to the file."""
        known = self.series
        try:
            return np.array([known[key] for key in keys], dtype=np.int32)
        except KeyError:
            new = [key for key in dict.fromkeys(keys) if key not in known]
        ids = range(len(known), len(known) + len(new))
        con.execute(
            "INSERT INTO series (id, device, quantity) SELECT unnest(?), unnest(?), unnest(?)",
            [list(ids), [device for device, _ in new], [quantity for _, quantity in new]],
        )
        known.update(zip(new, ids, strict=True))
        self.devices.extend(device for device, _ in new)
        self.last_us = np.append(self.last_us, np.full(len(new), _NEVER_US))
        return np.array([known[key] for key in keys], dtype=np.int32)

    def append_to_ledger(self, con: DuckDBPyConnection, hours: set[tuple[str, int]]) -> None:
        """Give the (device, UTC hour since 1970)s a new place at the end of the ledger."""
        hours = hours - self.fresh
        if not hours:
            return
        devices, numbers = zip(*hours, strict=True)
        hour_us = np.array(numbers, dtype=np.int64) * HOUR_US
        self.seq += 1
        with registered(con, "touched", {"device": pa.array(devices), "hour": timestamps(hour_us)}):
            con.execute(
                "MERGE INTO ledger USING touched "
                "ON ledger.device = touched.device AND ledger.hour = touched.hour "
                "AND ledger.hour BETWEEN ? AND ? "
                "WHEN MATCHED THEN UPDATE SET seq = ? WHEN NOT MATCHED THEN INSERT VALUES (device, hour, ?)",
                [to_datetime(hour_us.min()), to_datetime(hour_us.max()), self.seq, self.seq],
            )
        if len(self.fresh) > _MOST_FRESH:
            self.fresh.clear()
        self.fresh |= hours


def raise_watermark(con: DuckDBPyConnection, spool: str, id_: int) -> None:
    """Remember ``id_`` for ``spool`` unless a higher one is."""
    # Not INSERT … ON CONFLICT: on a table of one row that costs 2.2 ms, this 0.6.
    (found,) = con.execute(
        "UPDATE watermarks SET id = greatest(id, ?) WHERE spool = ?", [id_, spool]
    ).fetchall()[0]
    if not found:
        con.execute("INSERT INTO watermarks VALUES (?, ?)", [spool, id_])


def raise_cursor(con: DuckDBPyConnection, consumer: str, seq: int) -> None:
    """Remember ``seq`` for ``consumer`` unless a higher one is."""
    (found,) = con.execute(
        "UPDATE cursors SET seq = greatest(seq, ?) WHERE consumer = ?", [seq, consumer]
    ).fetchall()[0]
    if not found:
        con.execute("INSERT INTO cursors VALUES (?, ?)", [consumer, seq])


def marks(con: DuckDBPyConnection) -> Marks:
    """Every consumer's cursor and every spool's watermark."""
    cursors = con.execute("SELECT consumer, seq FROM cursors").fetchall()
    return Marks(dict(cursors), dict(con.execute("SELECT spool, id FROM watermarks").fetchall()))


def changed(con: DuckDBPyConnection, consumer: str, cursor: int) -> pd.DataFrame:
    """Hours (CHANGED_COLUMNS) of the ledger after the consumer's cursor up to ``cursor``, in order."""
    since = "coalesce((SELECT seq FROM cursors WHERE consumer = $consumer), 0)"
    return _hours(con, f"seq <= $cursor AND seq > {since}", {"cursor": cursor, "consumer": consumer})


def hours_of(con: DuckDBPyConnection, devices: Iterable[str]) -> pd.DataFrame:
    """All hours (CHANGED_COLUMNS) of some devices in the ledger, in order."""
    among = "device IN (SELECT unnest($devices::VARCHAR[]))"
    return _hours(con, among, {"devices": sorted(set(devices))})


def _hours(con: DuckDBPyConnection, where: str, values: dict[str, object]) -> pd.DataFrame:
    question = f"SELECT device, epoch_us(hour) AS hour FROM ledger WHERE {where}"  # noqa: S608
    found = con.sql(question, params=values).to_arrow_table()
    coded, hour_us = found["device"].combine_chunks().dictionary_encode(), found["hour"].to_numpy()
    names, rank_of = ranked(coded.dictionary.to_pylist())
    rank = rank_of[coded.indices.to_numpy()]
    order = in_order(rank, hour_us)
    columns = {
        "device": texts(rank[order], names),
        "hour": pa.array(hour_us[order]).view(pa.timestamp("us", tz="UTC")),
    }
    frame: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
    return frame


class Asked(NamedTuple):
    """The series a reader asks for, in the order of device and quantity: a series' place is its rank.

    ``device`` and ``quantity`` number the names, in order.
    """

    series: npt.NDArray[np.int32]
    device: npt.NDArray[np.int32]
    quantity: npt.NDArray[np.int32]
    devices: Sequence[str]
    quantities: Sequence[str]

    @classmethod
    def of(cls, con: DuckDBPyConnection, devices: Iterable[str], quantities: Iterable[str] | None) -> Asked:
        """Those of ``devices`` (and ``quantities``) that the file knows."""
        rows = con.execute(
            "SELECT id, device, quantity FROM series WHERE device IN (SELECT unnest($devices::VARCHAR[])) "
            "AND coalesce(list_contains($quantities::VARCHAR[], quantity), true) ORDER BY device, quantity",
            {"devices": list(devices), "quantities": None if quantities is None else list(quantities)},
        ).fetchall()
        device_names, device = ranked([device for _, device, _ in rows])
        quantity_names, quantity = ranked([quantity for _, _, quantity in rows])
        series = np.array([series for series, _, _ in rows], dtype=np.int32)
        return cls(series, device, quantity, device_names, quantity_names)

    def ranks(self) -> dict[str, pa.Array]:
        """Series and rank, to join."""
        return {
            "series": pa.array(self.series),
            "rank": pa.array(np.arange(len(self.series), dtype=np.int32)),
        }


def in_order(rank: npt.NDArray[np.integer], time_us: Array) -> npt.NDArray[np.intp]:
    """The places of rows, sorted by rank and time, which no two rows share.

    Told here, since numpy sorts a number in a fifth of the time that DuckDB takes for rows.
    """
    if not len(rank):
        return np.empty(0, dtype=np.intp)
    first_us = int(time_us.min())
    width = int(time_us.max()) - first_us + 1
    if (int(rank.max()) + 1) * width >= 2**62:
        return np.lexsort((time_us, rank))
    return np.argsort(rank * np.int64(width) + (time_us - first_us))


@contextmanager
def registered(con: DuckDBPyConnection, name: str, columns: Mapping[str, pa.Array]) -> Iterator[None]:
    """Make Arrow columns readable in SQL under ``name``."""
    con.register(name, pa.table(dict(columns)))
    try:
        yield
    finally:
        con.unregister(name)


def timestamps(time_us: Array) -> pa.Array:
    """Microseconds since 1970 as an Arrow column of naive UTC times."""
    return pa.array(time_us).cast(pa.timestamp("us"))


def time_column(times: pd.Series) -> pa.Array:
    """A frame's column of times, NaT allowed, as an Arrow column of naive UTC times."""
    missing = times.isna().to_numpy(dtype=bool)
    return pa.array(microseconds(times), mask=missing).cast(pa.timestamp("us"))


def read_frame(
    con: DuckDBPyConnection, query: str, parameters: Mapping[str, object], times: Iterable[str]
) -> pd.DataFrame:
    """The query's rows; the columns named in ``times`` become aware UTC."""
    table = con.sql(query, params=dict(parameters)).to_arrow_table()
    for name in times:
        table = table.set_column(table.column_names.index(name), name, table[name].cast(_AWARE))
    frame: pd.DataFrame = table.to_pandas()
    return frame
