"""Verdicts and metrics in DuckDB: replaced as wholes, never changed in part."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from duckdb import DuckDBPyConnection

from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from store.base import Values
from store.duckdb_tables import in_order, read_frame, registered, time_column
from store.metric_table import SCHEMA, TIMES, naive
from store.times import naive_utc

_TEXT = pa.string()

_MAKE: dict[str, Callable[[Any], object]] = {
    "time": lambda time: time.replace(tzinfo=UTC),
    "period_end": lambda time: time.replace(tzinfo=UTC),
    "interval": Interval,
    "scope": Scope,
    "status": Status,
    "carrier": Carrier,
}
_WORDS = tuple(field.name for field in SCHEMA if pa.types.is_string(field.type) or field.name in TIMES)


def write_verdicts(con: DuckDBPyConnection, device: str, quantity: str, verdicts: pd.DataFrame) -> None:
    """Replace all verdict intervals of one series."""
    strangers = verdicts[(verdicts["device"] != device) | (verdicts["quantity"] != quantity)]
    if len(strangers):
        raise ValueError(f"{len(strangers)} of the verdicts for {device} {quantity} are of another series")
    con.execute("DELETE FROM verdicts WHERE device = ? AND quantity = ?", [device, quantity])
    if verdicts.empty:
        return
    columns = {
        "start": time_column(verdicts["start"]),
        "end": time_column(verdicts["end"]),
        "verdict": pa.array(verdicts["verdict"], _TEXT, from_pandas=True),
        "detail": pa.array(verdicts["detail"], _TEXT, from_pandas=True),
    }
    with registered(con, "intervals", columns):
        con.execute(
            "INSERT INTO verdicts BY NAME SELECT ? AS device, ? AS quantity, * FROM intervals",
            [device, quantity],
        )


def read_verdicts(
    con: DuckDBPyConnection, devices: Iterable[str], start: datetime, end: datetime
) -> pd.DataFrame:
    """Verdict intervals that overlap the half-open range (VERDICT_COLUMNS)."""
    return read_frame(
        con,
        'SELECT device, quantity, start, "end", verdict, detail FROM verdicts '
        "WHERE device IN (SELECT unnest($devices::VARCHAR[])) "
        'AND start < $end AND "end" > $start AND $start < $end '
        'ORDER BY device, quantity, start, "end", verdict',
        {"devices": list(devices), "start": naive_utc(start), "end": naive_utc(end)},
        times=("start", "end"),
    )


def write_metrics(con: DuckDBPyConnection, table: pa.Table) -> None:
    """Replace metrics with the same key (a table of :mod:`store.metric_table`)."""
    if not len(table):
        return
    bounds = pc.min_max(table["time"]).as_py()
    with registered(con, "figures", dict(zip(table.column_names, naive(table).columns, strict=True))):
        con.execute(
            "DELETE FROM metrics m USING figures f WHERE m.time >= ? AND m.time <= ? AND m.time = f.time "
            'AND m.school = f.school AND m.scope = f.scope AND m.id = f.id AND m."interval" = f."interval" '
            "AND m.metric = f.metric AND m.carrier IS NOT DISTINCT FROM f.carrier "
            "AND m.basis IS NOT DISTINCT FROM f.basis",
            [naive_utc(bounds["min"]), naive_utc(bounds["max"])],
        )
        con.execute("INSERT INTO metrics BY NAME SELECT * FROM figures")


_CONDITIONS = {
    "school": "school = $school",
    "id": "id = $id",
    "metrics": "list_contains($metrics::VARCHAR[], metric)",
}


def read_metrics(
    con: DuckDBPyConnection,
    school: str | None,
    scope: Scope,
    id_: str | None,
    interval: Interval,
    start: datetime,
    end: datetime,
    metric: str | Collection[str] | None,
) -> list[Metric]:
    """Metrics in the half-open range, by school, id, metric, carrier, basis, time; None before names."""
    names = [metric] if isinstance(metric, str) else metric
    asked: dict[str, object] = {
        "school": school,
        "id": id_,
        "metrics": None if names is None else list(names),
    }
    asked = {name: value for name, value in asked.items() if value is not None}
    conditions = "".join(f" AND {_CONDITIONS[name]}" for name in asked)
    table = con.sql(
        'SELECT * FROM metrics WHERE scope = $scope AND "interval" = $interval '  # noqa: S608 - names are ours
        f"AND time >= $start AND time < $end{conditions} "
        "ORDER BY school, id, metric, carrier NULLS FIRST, basis NULLS FIRST, time",
        params=asked
        | {
            "scope": scope.value,
            "interval": interval.value,
            "start": naive_utc(start),
            "end": naive_utc(end),
        },
    ).to_arrow_table()
    columns = {name: _distinct(table[name], _MAKE.get(name)) for name in _WORDS}
    columns |= {name: table[name].to_pylist() for name in Metric._fields if name not in _WORDS}
    columns["factors"] = [tuple(value) for value in columns["factors"]]
    return [Metric(*row) for row in zip(*(columns[name] for name in Metric._fields), strict=True)]


def read_values(
    con: DuckDBPyConnection,
    school: str,
    scope: Scope,
    id_: str,
    interval: Interval,
    start: datetime,
    end: datetime,
    metric: str,
) -> dict[Carrier | None, Values]:
    """Times and values in the half-open range, by carrier."""
    found = con.sql(
        f"SELECT carrier AS key, {_VALUES} AND id = $id",
        params=_asked(school, scope, interval, start, end, metric) | {"id": id_},
    ).to_arrow_table()
    return {None if key is None else Carrier(key): values for key, values in _by_key(found).items()}


def read_values_by_id(
    con: DuckDBPyConnection,
    school: str,
    scope: Scope,
    interval: Interval,
    start: datetime,
    end: datetime,
    metric: str,
) -> dict[str, Values]:
    """Times and values of a metric without carriers in the half-open range, by id."""
    found = con.sql(
        f"SELECT id AS key, {_VALUES} AND carrier IS NULL",
        params=_asked(school, scope, interval, start, end, metric),
    ).to_arrow_table()
    return {str(key): values for key, values in _by_key(found).items()}


_VALUES = (
    "epoch_us(time) AS time, coalesce(value, 'nan') AS value FROM metrics "
    'WHERE school = $school AND scope = $scope AND "interval" = $interval '
    "AND time >= $start AND time < $end AND metric = $metric"
)


def _asked(
    school: str, scope: Scope, interval: Interval, start: datetime, end: datetime, metric: str
) -> dict[str, object]:
    return {
        "school": school,
        "scope": scope.value,
        "interval": interval.value,
        "start": naive_utc(start),
        "end": naive_utc(end),
        "metric": metric,
    }


def _by_key(found: pa.Table) -> dict[str | None, Values]:
    """Rows (key, time, value) by key, None first, each in the order of time."""
    coded = found["key"].combine_chunks().dictionary_encode(null_encoding="encode")
    keys, time_us, value = coded.dictionary.to_pylist(), found["time"].to_numpy(), found["value"].to_numpy()
    order = in_order(coded.indices.to_numpy(), time_us)
    code, time_us, value = coded.indices.to_numpy()[order], time_us[order], value[order]
    edges = np.searchsorted(code, np.arange(len(keys) + 1))
    parts = {
        key: Values(time_us[start:end], value[start:end])
        for key, (start, end) in zip(keys, pairwise(edges.tolist()), strict=True)
    }
    return dict(sorted(parts.items(), key=lambda part: part[0] or ""))


def _distinct(column: pa.ChunkedArray, make: Callable[[Any], object] | None) -> list[Any]:
    """The column as Python objects, each distinct value made once: ten thousand rows hold a few hundred."""
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    values = coded.dictionary.to_pylist()
    if make is not None:
        values = [None if value is None else make(value) for value in values]
    return [values[index] for index in coded.indices.to_pylist()]
