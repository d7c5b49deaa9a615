"""Hourly rollups in InfluxDB: a point a device, quantity and hour.

They are computed here, from raw readings a month and 50 devices at a time, as the embedded store computes
its own: the server would take many times the CPU for less of a rollup (docs/decisions/008).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pyarrow as pa

from store import influx_readings
from store.base import HOUR_COLUMNS, HOUR_KEY
from store.hourly import roll_up
from store.influx_lines import READINGS, hours_of, measurement_of, tag, tags_of
from store.influx_query import Question, between, chunks, frame, times
from store.influx_server import InfluxServer
from store.times import DAY_US, HOUR_US, Array, day_ranges_us, microseconds

_VALUES = ("mean", "min", "max", "first", "last", "coverage")
_COUNTS = ("count", "flagged", "inputs_hash")
_OFFSETS = ("first_time", "last_time")  # stored as µs after the hour
_FIELDS = (*_VALUES, *_COUNTS, *_OFFSETS)
_UNKNOWN = ("mean", "min", "max", "first", "first_time", "last", "last_time")  # where count is 0
_MONTH_DAYS = 31
_DEVICES = 50  # a month of 50 rooms at 5 minutes takes some 350 MB


def compute(server: InfluxServer, hours: pd.DataFrame, interval_s: Mapping[str, int]) -> pd.DataFrame:
    """Roll up the named hours from raw readings (HOUR_COLUMNS), sorted by device, quantity, hour."""
    hour_us = microseconds(hours["hour"])
    parts = [_compute(server, hours.iloc[:0], interval_s, 0, 0)]
    for start_us, end_us in day_ranges_us(hour_us):
        for first_us in range(start_us, end_us, _MONTH_DAYS * DAY_US):
            last_us = min(end_us, first_us + _MONTH_DAYS * DAY_US)
            inside = (hour_us >= first_us) & (hour_us < last_us)
            for some in chunks(hours["device"][inside], _DEVICES):
                asked = hours[inside & hours["device"].isin(some).to_numpy()]
                parts.append(_compute(server, asked, interval_s, *_tight(asked)))
    filled = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(filled).sort_values(list(HOUR_KEY), ignore_index=True)


def _tight(hours: pd.DataFrame) -> tuple[int, int]:
    hour_us = microseconds(hours["hour"])
    return int(hour_us.min()), int(hour_us.max()) + HOUR_US


def _compute(
    server: InfluxServer, hours: pd.DataFrame, interval_s: Mapping[str, int], start_us: int, end_us: int
) -> pd.DataFrame:
    start, end = (pd.Timestamp(time_us, unit="us", tz=UTC).to_pydatetime() for time_us in (start_us, end_us))
    raw = influx_readings.read_columns(server, hours["device"], None, start, end)
    return roll_up(hours, interval_s, raw)


def lines(rollups: pd.DataFrame) -> list[str]:
    """Line protocol of rollups; of two for the same hour the later stands."""
    rollups = rollups.drop_duplicates(list(HOUR_KEY), keep="last")
    hour_us = microseconds(rollups["hour"])
    columns: dict[str, list[float]] = {}
    for name in (*_VALUES, *_COUNTS):
        columns[name] = rollups[name].astype("float64").tolist()
    for name in _OFFSETS:
        offset = (microseconds(rollups[name]) - hour_us).astype("float64")
        columns[name] = np.where(rollups[name].isna(), np.nan, offset).tolist()
    rows = zip(*columns.values(), strict=True)
    made = []
    keys = zip(rollups["device"], rollups["quantity"], hour_us.tolist(), rows, strict=True)
    for device, quantity, time_us, row in keys:
        fields = ",".join(
            f"{name}={value!r}" for name, value in zip(columns, row, strict=True) if value == value
        )
        head = f"{hours_of(measurement_of(quantity))},device={tag(device)},quantity={tag(quantity)}"
        made.append(f"{head} {fields} {time_us}")
    return made


def read(
    server: InfluxServer,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Rollups whose hour lies in the half-open range (HOUR_COLUMNS)."""
    asked = None if quantities is None else sorted(set(quantities))
    measurements = READINGS if asked is None else sorted({measurement_of(quantity) for quantity in asked})
    tables = []
    for some in chunks(devices):
        question = Question()
        conditions = [question.one_of("device", some), between(start, end)]
        if asked:
            conditions.append(question.one_of("quantity", asked))
        for measurement in measurements:
            question.ask(_FIELDS_QUOTED, hours_of(measurement), *conditions)
        if question.statements:
            tables += server.query(str(question), question.parameters)
    return _frame(tables)


_FIELDS_QUOTED = [f'"{name}"' for name in _FIELDS]


def _frame(tables: list[pa.Table]) -> pd.DataFrame:
    empty = {"tags": pa.DictionaryArray.from_arrays(pa.array([], pa.int32()), pa.array([], pa.string()))}
    empty |= {"time": pa.array([], pa.int64())} | {name: pa.array([], pa.float64()) for name in _FIELDS}
    tables = [table.drop(["name"]) for table in tables] or [pa.table(empty)]
    table = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    tags = table["tags"].combine_chunks()
    names = [tags_of(text) for text in tags.dictionary.to_pylist()]
    hour_us: Array = table["time"].to_numpy()
    columns: dict[str, object] = {
        key: pa.array([found[key] for found in names], pa.string()).take(tags.indices)
        for key in ("device", "quantity")
    }
    columns["hour"] = times(hour_us)
    count = table["count"].to_numpy().astype(np.int64)
    for name in HOUR_COLUMNS[len(HOUR_KEY) :]:
        values = table[name].to_numpy().astype(np.float64)
        missing = count == 0 if name in _UNKNOWN else np.isnan(values)
        if name in _OFFSETS:
            offset = np.where(missing, 0, values).astype(np.int64)
            columns[name] = pa.array(hour_us + offset, mask=missing).cast(pa.timestamp("us", tz="UTC"))
        elif name in _COUNTS:
            columns[name] = np.nan_to_num(values).astype(np.int64)  # rollups from before inputs_hash lack it
        else:
            columns[name] = np.where(missing, np.nan, values)
    return frame(columns).sort_values(list(HOUR_KEY), ignore_index=True)
