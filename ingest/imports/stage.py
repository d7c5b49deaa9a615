"""The stage: a file's readings between being read and being stored, on disk, in order, looked at as a whole.

A DuckDB file of its own with little memory; it goes when the import is done. Nothing reaches the site's store
before the whole of what was handed in stands here without a fault. What orders or groups the rows takes some
series at a time, so that memory does not grow with the file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import duckdb
import pandas as pd
import pyarrow as pa

MEMORY_MB = 32
PASS_ROWS = 250_000
"""Rows that are ordered or grouped at a time: some 20 MB."""

_SAME = "series, time_us"


class Column(NamedTuple):
    """Staged values of one column of a chunk: equal lengths, times in us since 1970."""

    device: Sequence[str]
    quantity: Sequence[str]
    time_us: Sequence[int]
    value: Sequence[float]
    flag: Sequence[int]
    estimated: Sequence[bool]
    row: Sequence[int]


class Conflict(NamedTuple):
    """Two rows that speak of the same device, quantity and time with different values."""

    device: str
    quantity: str
    time_us: int
    first: tuple[int, float]  # row, value
    second: tuple[int, float]


class Stage:
    """Readings of one import; ``path`` is made anew and deleted at the end. One thread uses it."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._path = path
        self._series: dict[tuple[str, str], int] = {}
        self._con = duckdb.connect(
            path,
            config={
                "memory_limit": f"{MEMORY_MB}MB",
                "threads": 2,
                "temp_directory": str(path.with_suffix(".spill")),
                "preserve_insertion_order": False,
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            },
        )
        self._con.execute(
            "CREATE TABLE rows (series INTEGER, time_us BIGINT, value DOUBLE, flag UTINYINT, "
            "estimated BOOLEAN, row INTEGER)"
        )

    def __enter__(self) -> Stage:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Delete it."""
        self._con.close()
        for path in (self._path, self._path.with_name(self._path.name + ".wal")):
            path.unlink(missing_ok=True)

    @property
    def series(self) -> list[tuple[str, str]]:
        """(device, quantity) by number."""
        return list(self._series)

    def add(self, column: Column) -> None:
        """Stage a column."""
        known = self._series
        pairs = zip(column.device, column.quantity, strict=True)
        numbers = [known.setdefault(pair, len(known)) for pair in pairs]
        if not numbers:
            return
        table = pa.table(
            {
                "series": pa.array(numbers, pa.int32()),
                "time_us": pa.array(column.time_us, pa.int64()),
                "value": pa.array(column.value, pa.float64()),
                "flag": pa.array(column.flag, pa.uint8()),
                "estimated": pa.array(column.estimated, pa.bool_()),
                "row": pa.array(column.row, pa.int32()),
            }
        )
        self._con.register("chunk", table)
        self._con.execute("INSERT INTO rows SELECT * FROM chunk")
        self._con.unregister("chunk")

    def settle(self, limit: int) -> tuple[list[Conflict], int]:
        """Leave one row for each series and time: the first ``limit`` conflicts, and how many rows said what
        another had said already."""
        before = self.count()
        unequal: list[tuple[Any, ...]] = []
        for part in self._passes():
            self._con.execute(
                f"CREATE OR REPLACE TABLE twice AS SELECT {_SAME} FROM rows WHERE series BETWEEN ? AND ? "  # noqa: S608
                f"GROUP BY {_SAME} HAVING count(*) > 1",
                part,
            )
            if self._con.execute("SELECT count(*) FROM twice").fetchall() == [(0,)]:
                continue
            unequal += self._con.execute(
                f"SELECT {_SAME}, min(row), arg_min(value, row), max(row), arg_max(value, row) "  # noqa: S608
                f"FROM rows JOIN twice USING ({_SAME}) WHERE series BETWEEN ? AND ? GROUP BY {_SAME} "
                f"HAVING min(value) <> max(value) ORDER BY 3 LIMIT {limit}",
                part,
            ).fetchall()
            if not unequal:
                self._leave_one(part)
        names = self.series
        conflicts = [
            Conflict(names[series][0], names[series][1], time_us, (first, one), (last, other))
            for series, time_us, first, one, last, other in sorted(unequal, key=lambda found: found[2])
        ]
        return conflicts[:limit], before - self.count()

    def _leave_one(self, part: tuple[int, int]) -> None:
        """Leave one row for each series and time of ``twice``, all of them of ``part``."""
        self._con.execute(
            f"CREATE OR REPLACE TABLE kept AS SELECT {_SAME}, any_value(value) AS value, "  # noqa: S608
            "any_value(flag) AS flag, bool_and(estimated) AS estimated, min(row) AS row "
            f"FROM rows JOIN twice USING ({_SAME}) WHERE series BETWEEN ? AND ? GROUP BY {_SAME}",
            part,
        )
        self._con.execute(
            "DELETE FROM rows USING twice WHERE rows.series = twice.series AND rows.time_us = twice.time_us"
        )
        self._con.execute("INSERT INTO rows BY NAME SELECT * FROM kept")

    def beyond(self, time_us: int) -> tuple[int, int] | None:
        """Row and time of a reading later than ``time_us``, if there is one."""
        row: tuple[int, int] | None = self._con.execute(
            "SELECT row, time_us FROM rows WHERE time_us > ? ORDER BY row LIMIT 1", [time_us]
        ).fetchone()
        return row

    def keep(self, start_us: int | None, end_us: int | None) -> int:
        """Drop what lies before ``start_us`` or not before ``end_us``; how many."""
        if start_us is None and end_us is None:
            return 0
        (dropped,) = self._con.execute(
            "DELETE FROM rows WHERE time_us < coalesce(?, time_us) OR time_us >= coalesce(?, time_us + 1)",
            [start_us, end_us],
        ).fetchall()[0]
        return int(dropped)

    def query(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The few rows that a query over ``rows`` gives."""
        return self._con.execute(query, list(parameters)).fetchall()

    def query_series(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that a query gives which looks at each series for itself, by series.

        It holds ``series BETWEEN ? AND ?``, so that it can be asked some series at a time.
        """
        return [row for part in self._passes() for row in self.query(query, part)]

    def register(self, name: str, columns: Mapping[str, Sequence[object]]) -> None:
        """Make a small table readable in :meth:`query`."""
        self._con.register(name, pa.table({key: pa.array(values) for key, values in columns.items()}))

    def count(self) -> int:
        """Readings that stand here."""
        (found,) = self._con.execute("SELECT count(*) FROM rows").fetchall()[0]
        return int(found)

    def batches(self, size: int) -> Iterator[pd.DataFrame]:
        """series, time_us, value, flag, estimated: all readings by series and time, in frames of at most
        ``size`` rows."""
        for part in self._passes():
            reader = self._con.sql(
                "SELECT series, time_us, value, flag, estimated FROM rows WHERE series BETWEEN ? AND ? "
                "ORDER BY series, time_us",
                params=part,
            ).to_arrow_reader(size)
            for batch in reader:
                for first in range(0, len(batch), size):
                    yield batch.slice(first, size).to_pandas()

    def _passes(self) -> list[tuple[int, int]]:
        """First and last number of neighbouring series that hold some PASS_ROWS rows together."""
        found: list[tuple[int, int]] = []
        held = PASS_ROWS
        counts = self.query("SELECT series, count(*) FROM rows GROUP BY series ORDER BY series")
        for series, count in counts:
            if held + count > PASS_ROWS:
                found.append((series, series))
                held = 0
            found[-1] = (found[-1][0], series)
            held += count
        return found
