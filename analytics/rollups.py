"""Occupied time cut into the slots of a room's devices, and the room's value in each.

A device's slots are those of its hourly coverage (:mod:`store.base`): ``max(1, 3600 // interval_s)`` equal
parts of each hour. A reading stands for the slot it lies in. Several devices in a room: mean per slot, so
that one that reports more often weighs no more. Times are integer microseconds since 1970 (UTC).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classroom.timetable import Span

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000


class Cells(NamedTuple):
    """Pieces of occupied time, each within one slot of every device: ``day`` is the index of its local
    day."""

    start_us: Ints
    length_s: Floats
    day: Ints


class DeviceSeries(NamedTuple):
    """Good readings of one device in one room, ascending, and its reporting interval [s]."""

    interval_s: int
    time_us: Ints
    value: Floats


def slots_per_hour(interval_s: int) -> int:
    """Equal slots of an hour in which a device that reports every ``interval_s`` [s] is expected once
    each."""
    return max(1, 3_600 // interval_s)


def _boundaries(start_us: int, end_us: int, slots: int) -> Ints:
    """Slot boundaries strictly between two times, for ``slots`` slots an hour."""
    first, last = start_us * slots // HOUR_US + 1, -(-end_us * slots // HOUR_US)
    numbers = np.arange(first, last, dtype=np.int64)
    return -(-numbers * HOUR_US // slots)


def occupied_cells(spans: Sequence[Sequence[Span]], until_us: int, intervals_s: Sequence[int]) -> Cells:
    """Cut occupied spans (one sequence a local day) at every slot boundary; nothing after ``until_us``."""
    slots = sorted({slots_per_hour(interval_s) for interval_s in intervals_s} or {1})
    pieces: list[Ints] = []
    lengths: list[Floats] = []
    days: list[Ints] = []
    for day, of_day in enumerate(spans):
        for span in of_day:
            start, end = (round(edge.timestamp() * 1e6) for edge in span)
            end = min(end, until_us)
            if end <= start:
                continue
            cuts = [_boundaries(start, end, number) for number in slots]
            edges = np.unique(np.concatenate([np.array([start, end], dtype=np.int64), *cuts]))
            pieces.append(edges[:-1])
            lengths.append(np.diff(edges) / 1e6)
            days.append(np.full(len(edges) - 1, day, dtype=np.int64))
    if not pieces:
        empty = np.array([], dtype=np.int64)
        return Cells(empty, np.array([], dtype=np.float64), empty)
    return Cells(np.concatenate(pieces), np.concatenate(lengths), np.concatenate(days))


def cell_values(cells: Cells, devices: Sequence[DeviceSeries]) -> Floats:
    """The room's value in each cell: mean over devices of each one's mean in the slot; NaN where none has a
    reading."""
    total = np.zeros(len(cells.start_us))
    count = np.zeros(len(cells.start_us))
    for device in devices:
        if len(device.time_us) == 0:
            continue
        number = slots_per_hour(device.interval_s)
        slot = device.time_us * number // HOUR_US
        first = np.append(0, np.flatnonzero(slot[1:] != slot[:-1]) + 1)  # ascending: no need to sort
        slots = slot[first]
        means = np.add.reduceat(device.value, first) / np.diff(np.append(first, len(device.value)))
        wanted = cells.start_us * number // HOUR_US
        at = np.searchsorted(slots, wanted).clip(max=len(slots) - 1)
        found = slots[at] == wanted
        total[found] += means[at[found]]
        count[found] += 1
    mean: Floats = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
    return mean


def weighted_quantile(values: Floats, weights: Floats, quantile: float) -> float:
    """The least value that at least ``quantile`` (0-1) of the weight does not exceed; NaN of no weight.

    Values that are NaN weigh nothing.
    """
    good = ~np.isnan(values) & (weights > 0)
    if not good.any():
        return float("nan")
    order = np.argsort(values[good], kind="stable")
    reached = np.cumsum(weights[good][order])
    at = int(np.searchsorted(reached, quantile * reached[-1] - 1e-9))
    return float(values[good][order][min(at, len(order) - 1)])
