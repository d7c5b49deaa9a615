"""Metrics as an Arrow table: the shape in which they pass between processes and into a store."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

import pyarrow as pa
import pyarrow.compute as pc

from classroom.metric import Metric
from store.times import naive_utc

_TIME, _TEXT, _NUMBER = pa.timestamp("us", tz="UTC"), pa.string(), pa.float64()
_TYPES = dict.fromkeys(Metric._fields, _TEXT) | {
    "time": _TIME,
    "period_end": _TIME,
    "value": _NUMBER,
    "low": _NUMBER,
    "high": _NUMBER,
    "coverage": _NUMBER,
    "factors": pa.list_(_TEXT),
}

TIMES = ("time", "period_end")

SCHEMA = pa.schema(_TYPES.items())
"""The columns of a table of metrics: those of :class:`classroom.metric.Metric`, times in UTC."""

_KEYS = ("school", "scope", "id", "metric", "carrier", "basis", "interval", "time")

KEY = attrgetter(*_KEYS)
"""What a metric is known by: of two with the same key the later stands."""


def metric_table(metrics: Sequence[Metric]) -> pa.Table:
    """The metrics (SCHEMA); of two with the same key the later. A NaN counts as None.

    Raises:
        ValueError: a time is naive.
    """
    rows = list({KEY(metric): metric for metric in metrics}.values())
    if not rows:
        return SCHEMA.empty_table()
    columns = dict(zip(SCHEMA.names, zip(*rows, strict=True), strict=True))
    for name in TIMES:
        for time in columns[name]:
            if time.tzinfo is None:
                naive_utc(time)  # says what is wrong
    arrays = [pa.array(columns[name], _TYPES[name], from_pandas=True) for name in SCHEMA.names]
    return pa.Table.from_arrays(arrays, schema=SCHEMA)


def keys(table: pa.Table) -> set[tuple[object, ...]]:
    """The keys of a table's metrics, each equal to :data:`KEY` of the metric."""
    return set(zip(*(table[name].to_pylist() for name in _KEYS), strict=True))


def naive(table: pa.Table) -> pa.Table:
    """The table with its times as naive UTC, which DuckDB compares without an extension."""
    for name in TIMES:
        at = table.column_names.index(name)
        table = table.set_column(at, name, pc.cast(table[name], pa.timestamp("us")))
    return table
