"""A batch of readings as columns, and what of it loses to a later reading of the same batch."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classroom.reading import Reading
from store.times import Array

Mask = npt.NDArray[np.bool_]
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Batch:
    """Readings as columns of equal length, sorted by series, time, then order of receipt."""

    series: Ids
    time_us: Array
    value: npt.NDArray[np.float64]
    flag: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.series)

    def where(self, mask: Mask | Array) -> Batch:
        """The rows that ``mask`` marks or names."""
        return Batch(self.series[mask], self.time_us[mask], self.value[mask], self.flag[mask])


def ends(*keys: Ids | Array) -> Mask:
    """The last row of every run of equal keys."""
    last = np.ones(len(keys[0]), dtype=bool)
    last[:-1] = False
    for key in keys:
        last[:-1] |= key[1:] != key[:-1]
    return last


def batch_of(readings: Sequence[Reading], series_ids: Callable[[list[tuple[str, str]]], Ids]) -> Batch:
    """The readings as columns; ``series_ids`` numbers (device, quantity) pairs.

    Raises:
        ValueError: a value is not finite, or a time naive.
    """
    devices, quantities, times, values, flags = zip(*readings, strict=True)
    value = np.array(values, dtype=np.float64)
    if not np.isfinite(value).all():
        wrong = next(reading for reading in readings if not math.isfinite(reading.value))
        raise ValueError(f"{wrong} is not finite; a missing value makes no reading")
    if None in map(attrgetter("tzinfo"), times):
        wrong = next(reading for reading in readings if reading.time.tzinfo is None)
        raise ValueError(f"{wrong} has a time without a time zone; hand in aware times")
    time_us = pa.array(times, pa.timestamp("us", tz="UTC")).cast(pa.int64()).to_numpy()
    series = series_ids(list(zip(devices, quantities, strict=True)))
    order = np.lexsort((time_us, series))  # stable: what was received later stays later
    return Batch(series[order], time_us[order], value[order], np.array(flags, dtype=np.int32)[order])


def split_lost(received: Batch) -> tuple[Batch, Batch, int]:
    """What stands, what loses to a different later one, and how many equal the later one."""
    last = ends(received.series, received.time_us)
    standing = received.where(last)
    if last.all():
        return standing, received.where(~last), 0
    group: Array = np.cumsum(last) - last
    winner = np.flatnonzero(last)[group]
    equal = (received.value == received.value[winner]) & (received.flag == received.flag[winner])
    return standing, received.where(~last & ~equal), int((~last & equal).sum())
