"""From answers with a column a quantity to columns with a row a reading; each value is copied once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from store.batch import Ids
from store.frames import Columns, ranked
from store.influx_lines import FLAG, tags_of, untag
from store.times import Array

_OWN = ("name", "tags", "time")


class _Column(NamedTuple):
    """Readings of one quantity from one answer, in runs of one device each."""

    device: Ids  # of each run
    start: Array  # of each run
    end: Array
    quantity: int
    time_us: Array
    value: npt.NDArray[np.float64]
    flag: Array | None  # None where all are 0


def long(tables: Sequence[pa.Table]) -> Columns:
    """A row a reading, from tables that are each sorted by device, then time.

    Of two tables that hold the same series the first must be the older.
    """
    devices: dict[str, int] = {}
    quantities: dict[str, int] = {}
    columns = [column for table in tables for column in _columns(table, devices, quantities)]
    of = np.repeat(np.arange(len(columns)), [len(column.device) for column in columns])
    device_names, device_rank = ranked(list(devices))
    quantity_names, quantity_rank = ranked(list(quantities))
    device = device_rank[_joined([column.device for column in columns])]
    quantity = quantity_rank[np.array([column.quantity for column in columns], dtype=np.int64)[of]]
    start = _joined([column.start for column in columns])
    end = _joined([column.end for column in columns])
    order = np.lexsort((of, quantity, device))
    length = (end - start)[order]
    rows = int(length.sum())
    time_us, value = np.empty(rows, dtype=np.int64), np.empty(rows, dtype=np.float64)
    flag = np.zeros(rows, dtype=np.int64)
    at = 0
    runs = (of[order].tolist(), start[order].tolist(), end[order].tolist())
    for number, first, last in zip(*runs, strict=True):
        column, to = columns[number], at + last - first
        time_us[at:to] = column.time_us[first:last]
        value[at:to] = column.value[first:last]
        if column.flag is not None:
            flag[at:to] = column.flag[first:last]
        at = to
    device, quantity = (np.repeat(of_runs[order], length) for of_runs in (device, quantity))
    return Columns(device, quantity, time_us, value, flag, device_names, quantity_names)


def _joined(parts: Sequence[Array | Ids]) -> Array:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts])


def _columns(table: pa.Table, devices: dict[str, int], quantities: dict[str, int]) -> Iterator[_Column]:
    """The readings of each quantity in an answer; names met first are added to the numberings."""
    codes = _codes(table["tags"], devices)
    time_us = table["time"].to_numpy()
    for name in table.column_names[len(_OWN) :]:
        values = table[name]
        if name.endswith(FLAG) or values.null_count == len(table):
            continue
        quantity = quantities.setdefault(untag(name), len(quantities))
        device, times, value, flag = codes, time_us, values.to_numpy(), _flags(table, name)
        if values.null_count:
            rows = pc.is_valid(values).to_numpy()
            device, times, value = codes[rows], time_us[rows], value[rows]
            flag = None if flag is None else flag[rows]
        start = np.append(0, np.flatnonzero(device[1:] != device[:-1]) + 1)
        yield _Column(device[start], start, np.append(start[1:], len(device)), quantity, times, value, flag)


def _codes(tags: pa.ChunkedArray, devices: dict[str, int]) -> Ids:
    """Each row's number in ``devices``, which grows."""
    parts = []
    for chunk in tags.chunks:
        names = [tags_of(text)["device"] for text in chunk.dictionary.to_pylist()]
        codes = np.array([devices.setdefault(device, len(devices)) for device in names], dtype=np.int32)
        parts.append(codes[chunk.indices.to_numpy()])
    return np.concatenate(parts)


def _flags(table: pa.Table, quantity: str) -> Array | None:
    name = quantity + FLAG
    if name not in table.column_names or table[name].null_count == len(table):
        return None
    return np.asarray(table[name].fill_null(0).to_numpy(), dtype=np.int64)
