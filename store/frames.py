"""Readings as columns of numbers with their names beside them, and the frame that callers get.

Memory is what costs here: on a virtual machine a page touched for the first time costs more than the work
done on it. So names are numbers until the end, and a column becomes a frame's without a copy.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from store.batch import Ids, Mask
from store.times import HOUR_US, Array, microseconds, to_us


class Columns(NamedTuple):
    """Readings sorted by device, quantity, time; ``device`` and ``quantity`` number the names, in order."""

    device: Ids
    quantity: Ids
    time_us: Array
    value: npt.NDArray[np.float64]
    flag: Array
    devices: Sequence[str]
    quantities: Sequence[str]

    def where(self, kept: Mask | Array) -> Columns:
        """The readings that ``kept`` marks, or names."""
        return self._replace(
            device=self.device[kept],
            quantity=self.quantity[kept],
            time_us=self.time_us[kept],
            value=self.value[kept],
            flag=self.flag[kept],
        )

    def by_series(self) -> dict[tuple[str, str], slice]:
        """The rows of each device and quantity that has readings."""
        return _series_rows(self.device, self.quantity, self.devices, self.quantities)

    def frame(self) -> pd.DataFrame:
        """The same with READING_COLUMNS."""
        columns = {
            "device": texts(self.device, self.devices),
            "quantity": texts(self.quantity, self.quantities),
            "time": pa.array(self.time_us).view(pa.timestamp("us", tz="UTC")),
            "value": self.value,
            "flag": self.flag,
        }
        made: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
        return made


class HourMeans(NamedTuple):
    """Means of UTC hours with good readings: a row for each (device, quantity) that has any, in order, a
    column for each hour from ``first_us`` on; NaN where there are none."""

    rows: Mapping[tuple[str, str], int]
    first_us: int
    mean: npt.NDArray[np.float64]

    @property
    def hour_us(self) -> Array:
        """The hours [us]."""
        return self.first_us + np.arange(self.mean.shape[1], dtype=np.int64) * HOUR_US

    @classmethod
    def between(
        cls,
        start: datetime,
        end: datetime,
        series: Sequence[tuple[str, str]],
        parts: Iterable[tuple[Ids, Array, npt.NDArray[np.float64]]],
    ) -> HourMeans:
        """From hours (between ``start`` and ``end``, in any order), some at a time: place of the series among
        ``series``, hour [us], mean."""
        first = to_us(start) // HOUR_US
        width = -(-to_us(end) // HOUR_US) - first
        table, told = np.full((len(series), width), np.nan), np.zeros(len(series), dtype=bool)
        cells = table.reshape(-1)  # one index takes half the time of two
        for place, hour_us, mean in parts:
            cells[place * np.int64(width) + (hour_us // HOUR_US - first)] = mean
            told[place] = True
        names = (name for name, has_any in zip(series, told.tolist(), strict=True) if has_any)
        rows = {name: row for row, name in enumerate(names)}
        return cls(rows, first * HOUR_US, table if told.all() else table[told])

    @classmethod
    def of(cls, hours: pd.DataFrame, start: datetime, end: datetime) -> HourMeans:
        """From rollups (HOUR_COLUMNS, sorted)."""
        hours = hours[(hours["count"] > 0).to_numpy()]
        device, devices = pd.factorize(hours["device"], sort=True)
        quantity, quantities = pd.factorize(hours["quantity"], sort=True)
        series = [(str(one), str(other)) for one in devices for other in quantities]
        place = (device * len(quantities) + quantity).astype(np.int32)
        mean = hours["mean"].to_numpy(dtype=np.float64)
        return cls.between(start, end, series, [(place, microseconds(hours["hour"]), mean)])


def _series_rows(
    device: Ids, quantity: Ids, devices: Sequence[str], quantities: Sequence[str]
) -> dict[tuple[str, str], slice]:
    number = device * np.int64(len(quantities) + 1) + quantity
    border = np.flatnonzero(number[1:] != number[:-1]) + 1
    edges = [0, *border.tolist(), len(number)] if len(number) else []
    return {
        (devices[device[start]], quantities[quantity[start]]): slice(start, end)
        for start, end in pairwise(edges)
    }


def _empty(length: int) -> Columns:
    code, whole = np.empty(length, dtype=np.int32), np.empty(length, dtype=np.int64)
    return Columns(code, code.copy(), whole, np.empty(length), whole.copy(), (), ())


NO_READINGS = _empty(0)


def joined(parts: Sequence[Columns]) -> Columns:
    """Readings of spans of time that do not overlap, as one."""
    parts = sorted((part for part in parts if len(part.time_us)), key=lambda part: int(part.time_us.min()))
    if len(parts) <= 1:
        return parts[0] if parts else NO_READINGS
    devices, device_rank = ranked([name for part in parts for name in part.devices])
    quantities, quantity_rank = ranked([name for part in parts for name in part.quantities])
    made = _empty(sum(len(part.time_us) for part in parts))._replace(devices=devices, quantities=quantities)
    at = first_device = first_quantity = 0
    for part in parts:  # the ranks of all parts' names lie one after the other
        rows = slice(at, at + len(part.time_us))
        made.device[rows] = device_rank[first_device:][part.device]
        made.quantity[rows] = quantity_rank[first_quantity:][part.quantity]
        made.time_us[rows], made.value[rows], made.flag[rows] = part.time_us, part.value, part.flag
        at, first_device = rows.stop, first_device + len(part.devices)
        first_quantity += len(part.quantities)
    series = made.device * np.int32(len(quantities)) + made.quantity
    return made.where(np.argsort(series, kind="stable"))  # each part has its series in the order of time


def ranked(names: Sequence[str]) -> tuple[list[str], Ids]:
    """The distinct names in order, and the place of each in that order."""
    rank = {name: number for number, name in enumerate(sorted(set(names)))}
    return list(rank), np.array([rank[name] for name in names], dtype=np.int32)


def texts(codes: Ids, names: Sequence[str]) -> pa.Array:
    """A column of the names that the codes number."""
    text = pa.large_string()  # what pandas keeps; it would copy anything smaller
    return pa.DictionaryArray.from_arrays(pa.array(codes), pa.array(names, text)).cast(text)
