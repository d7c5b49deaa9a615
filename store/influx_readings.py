"""Readings in InfluxDB: a point a device and time, a field a quantity; a batch goes in once, however often it
is handed in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from store.batch import Batch, Ids, Mask, ends
from store.influx_lines import FLAG, READINGS, measurement_of, name, tag, tags_of
from store.influx_query import Question, between, chunks, frame, span
from store.influx_server import InfluxServer
from store.times import Array, day_ranges_us

_NEVER_US = -(2**62)


@dataclass
class Series:
    """What the one writer knows of the series it has met: number, place in the bucket, newest reading."""

    number: dict[tuple[str, str], int] = field(default_factory=dict)
    keys: list[tuple[str, str]] = field(default_factory=list)
    points: list[int] = field(default_factory=list)  # number of (measurement, device) per series
    heads: list[str] = field(default_factory=list)  # what starts a line, per point number
    fields: list[str] = field(default_factory=list)  # field with "=", per series
    last_us: Array = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    _points: dict[tuple[str, str], int] = field(default_factory=dict)

    def numbers(self, server: InfluxServer, keys: list[tuple[str, str]]) -> Ids:
        """The number of each (device, quantity); the newest reading of unknown ones is asked for."""
        known = self.number
        try:
            return np.array([known[key] for key in keys], dtype=np.int32)
        except KeyError:
            self._learn(server, [key for key in dict.fromkeys(keys) if key not in known])
        return np.array([known[key] for key in keys], dtype=np.int32)

    def _learn(self, server: InfluxServer, new: list[tuple[str, str]]) -> None:
        asked: dict[str, set[str]] = {}
        for _, quantity in new:
            asked.setdefault(measurement_of(quantity), set()).add(quantity)
        found = newest(server, {device for device, _ in new}, asked)
        last_us = dict(zip(zip(found["device"], found["quantity"], strict=True), found["time"], strict=True))
        for device, quantity in new:
            place = (measurement_of(quantity), device)
            if place not in self._points:
                self._points[place] = len(self.heads)
                self.heads.append(f"{place[0]},device={tag(device)} ")
            self.number[device, quantity] = len(self.keys)
            self.keys.append((device, quantity))
            self.points.append(self._points[place])
            self.fields.append(f"{quantity}=")
        self.last_us = np.append(self.last_us, [last_us.get(key, _NEVER_US) for key in new]).astype(np.int64)


def compare(server: InfluxServer, series: Series, batch: Batch) -> tuple[Mask, Mask, pd.DataFrame]:
    """Whether each reading's series and time is stored, and with the same value and flag; and the stored
    readings that differ (position, value, flag)."""
    known = np.zeros(len(batch), dtype=bool)
    same = known.copy()
    late = np.flatnonzero(batch.time_us <= series.last_us[batch.series])  # newer ones cannot be stored yet
    rows = stored_at(server, series, batch.where(late))
    position = late[rows["position"].to_numpy()]
    equal = (batch.value[position] == rows["value"].to_numpy()) & (
        batch.flag[position] == rows["flag"].to_numpy()
    )
    known[position] = True
    same[position] = equal
    return known, same, rows.assign(position=position)[~equal]


def stored_at(server: InfluxServer, series: Series, batch: Batch) -> pd.DataFrame:
    """What is stored for the batch's series and times: position in the batch, value, flag."""
    wanted = pd.DataFrame({"series": batch.series, "time": batch.time_us, "position": np.arange(len(batch))})
    found = [pd.DataFrame({"series": [], "time": [], "value": [], "flag": []}, dtype="int64")]
    for start_us, end_us in day_ranges_us(batch.time_us):
        inside = wanted[(wanted["time"] >= start_us) & (wanted["time"] < end_us)]
        keys = [series.keys[number] for number in inside["series"].unique()]
        rows = _melted(
            server,
            {device for device, _ in keys},
            {quantity for _, quantity in keys},
            span(int(inside["time"].min()), int(inside["time"].max()) + 1),
        )
        pairs = zip(rows["device"], rows["quantity"], strict=True)
        rows["series"] = [series.number.get(pair, -1) for pair in pairs]
        found.append(rows[["series", "time", "value", "flag"]])
    return wanted.merge(pd.concat(found), on=["series", "time"]).sort_values("position", ignore_index=True)


def lines(series: Series, batch: Batch, plain: Mask | None = None) -> list[str]:
    """Line protocol of the readings. A flag of 0 is written too, to cover another one, unless the reading is
    ``plain``: new in the bucket."""
    points = np.array(series.points, dtype=np.int64)[batch.series]
    order = np.lexsort((batch.time_us, points))
    points, time_us, number = points[order], batch.time_us[order], batch.series[order]
    flagged = (batch.flag != 0 if plain is None else (batch.flag != 0) | ~plain)[order]
    fields, heads = series.fields, series.heads
    values = zip(number.tolist(), batch.value[order].tolist(), strict=True)
    parts = [f"{fields[of]}{value!r}" for of, value in values]
    for index in np.flatnonzero(flagged).tolist():
        parts[index] += f",{fields[number[index]][:-1]}{FLAG}={batch.flag[order[index]]}"
    last = np.flatnonzero(ends(points, time_us))
    first = np.append(0, last[:-1] + 1)
    columns = (points[first], first, last + 1, time_us[first])
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [f"{heads[point]}{','.join(parts[start:end])} {at}" for point, start, end, at in rows]


def read(
    server: InfluxServer,
    devices: Iterable[str],
    quantities: Iterable[str] | None,
    start: datetime,
    end: datetime,
) -> pd.DataFrame:
    """Readings in the half-open range (READING_COLUMNS)."""
    found = _melted(server, devices, quantities, between(start, end))
    return found.assign(time=pd.to_datetime(found["time"], unit="us", utc=True))


def _melted(
    server: InfluxServer, devices: Iterable[str], quantities: Iterable[str] | None, when: str
) -> pd.DataFrame:
    """Readings under the condition ``when`` (READING_COLUMNS, but time in µs), sorted."""
    asked = None if quantities is None else set(quantities)
    measurements = READINGS if asked is None else sorted({measurement_of(quantity) for quantity in asked})
    tables = []
    for some in chunks(devices):
        question = Question()
        device = question.one_of("device", some)
        for measurement in measurements:
            fields = _fields(asked, measurement)
            question.ask(fields, measurement, device, when, by="device")
        if question.statements:
            tables += server.query(str(question), question.parameters)
    return _long(tables)


def _fields(quantities: set[str] | None, measurement: str) -> list[str] | None:
    if quantities is None:
        return None
    own = sorted(quantity for quantity in quantities if measurement_of(quantity) == measurement)
    return [name(field) for quantity in own for field in (quantity, quantity + FLAG)]


def _long(tables: Sequence[pa.Table]) -> pd.DataFrame:
    """A row a reading, sorted by device, quantity, time (µs), from tables with a column a quantity."""
    devices: dict[str, int] = {}
    quantities: dict[str, int] = {}
    columns: list[tuple[Array, Array, Array, Array, Array]] = []
    for table in tables:
        device = _codes(table["tags"], devices)
        time_us = table["time"].to_numpy()
        for quantity in table.column_names[3:]:
            if quantity.endswith(FLAG) or table[quantity].null_count == len(table):
                continue
            rows = slice(None) if not table[quantity].null_count else pc.is_valid(table[quantity]).to_numpy()
            value = table[quantity].to_numpy()[rows]
            flag = _flags(table, quantity)[rows]
            code = quantities.setdefault(quantity, len(quantities))
            columns.append(
                (device[rows], np.full(len(value), code, dtype=np.int32), time_us[rows], value, flag)
            )
    if not columns:
        columns = [tuple(np.empty(0, dtype=kind) for kind in ("i4", "i4", "i8", "f8", "i8"))]  # type: ignore[list-item]
    device, quantity, time_us, value, flag = (np.concatenate(column) for column in zip(*columns, strict=True))
    device_names, device_rank = _ranked(devices, device)
    quantity_names, quantity_rank = _ranked(quantities, quantity)
    # Every column came sorted by device and time, so a stable sort by series is enough.
    order = np.argsort(device_rank * max(1, len(quantities)) + quantity_rank, kind="stable")
    return frame(
        {
            "device": pa.DictionaryArray.from_arrays(device_rank[order], device_names).cast(pa.string()),
            "quantity": pa.DictionaryArray.from_arrays(quantity_rank[order], quantity_names).cast(
                pa.string()
            ),
            "time": time_us[order],
            "value": value[order],
            "flag": flag[order],
        }
    )


def _codes(tags: pa.ChunkedArray, devices: dict[str, int]) -> Array:
    """Each row's number in ``devices``, which grows."""
    parts = []
    for chunk in tags.chunks:
        names = [tags_of(text)["device"] for text in chunk.dictionary.to_pylist()]
        codes = np.array([devices.setdefault(device, len(devices)) for device in names], dtype=np.int32)
        parts.append(codes[chunk.indices.to_numpy()])
    return np.concatenate(parts)


def _flags(table: pa.Table, quantity: str) -> Array:
    if quantity + FLAG not in table.column_names:
        return np.zeros(len(table), dtype=np.int64)
    return np.asarray(table[quantity + FLAG].fill_null(0).to_numpy(), dtype=np.int64)


def _ranked(codes: dict[str, int], column: Array) -> tuple[pa.Array, Ids]:
    """The names in order, and the column as numbers of that order."""
    names = sorted(codes)
    rank = np.empty(len(names), dtype=np.int32)
    rank[[codes[known] for known in names]] = np.arange(len(names))
    return pa.array(names, pa.string()), np.asarray(rank[column] if names else column, dtype=np.int32)


def latest(server: InfluxServer, devices: Iterable[str] | None) -> pd.DataFrame:
    """The newest reading of every series (READING_COLUMNS)."""
    quantities: dict[str, list[str]] = {}
    for table in server.query("SHOW FIELD KEYS", strings=("fieldKey", "fieldType")):
        for measurement, key in zip(table["name"].to_pylist(), table["fieldKey"].to_pylist(), strict=True):
            if measurement in READINGS and not key.endswith(FLAG):
                quantities.setdefault(measurement, []).append(key)
    found = newest(server, devices, quantities)
    return found.assign(time=pd.to_datetime(found["time"], unit="us", utc=True))


def newest(
    server: InfluxServer, devices: Iterable[str] | None, quantities: Mapping[str, Iterable[str]]
) -> pd.DataFrame:
    """As :func:`latest`, for the quantities named by measurement; time in µs."""
    tables = []
    for some in [None] if devices is None else chunks(devices):
        question = Question()
        device = [] if some is None else [question.one_of("device", some)]
        for measurement, keys in quantities.items():
            for key in keys:
                fields = [f"last({name(key)}) AS {name(key)}", name(key + FLAG)]
                question.ask(fields, measurement, *device, by="device")
        if question.statements:
            tables += server.query(str(question), question.parameters)
    return _long(tables)
