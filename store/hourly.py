"""Hourly rollups from raw readings in memory: one computation for both stores.

Readings come sorted by device, quantity and time, so an hour of a series is a run of rows and every figure is
one pass over them (a tenth of what grouping by a hash table takes). Sums are added in the order of time:
the same readings give the same bits, whatever else is rolled up with them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from store.frames import Columns, texts
from store.inputs import reading_hash
from store.times import HOUR_US, Array, microseconds

Floats = npt.NDArray[np.float64]

_DEFAULT_INTERVAL_S = 600
_APART = np.int64(1 << 40)  # more than there are hours


def roll_up(hours: pd.DataFrame, interval_s: Mapping[str, int], raw: Columns) -> pd.DataFrame:
    """Roll up the named hours (CHANGED_COLUMNS) from ``raw``, readings of theirs and perhaps of others.

    The hours that hold a reading (HOUR_COLUMNS), sorted by device, quantity, hour. ``interval_s`` as in
    :meth:`store.base.Store.compute_hours`.

    Raises:
        ValueError: a reporting interval is below a second.
    """
    slots_of = _slots(hours["device"].unique(), interval_s)
    raw, number = _asked(hours, raw)
    begin = _starts(raw.device, raw.quantity, number)
    hashed = reading_hash(raw.time_us, raw.value, raw.flag)
    slots = np.array([slots_of.get(name, 1) for name in raw.devices], dtype=np.int64)
    flagged = np.add.reduceat((raw.flag != 0).astype(np.int64), begin) if len(begin) else begin
    figures = _of_good(raw, number, begin, slots)
    columns = {
        "device": texts(raw.device[begin], raw.devices),
        "quantity": texts(raw.quantity[begin], raw.quantities),
        "hour": _times(number[begin] * HOUR_US),
        **figures,
        "flagged": flagged,
        "inputs_hash": np.bitwise_xor.reduceat(hashed, begin) if len(begin) else begin,
    }
    made: pd.DataFrame = pa.table(columns).to_pandas(split_blocks=True)
    return made


def _slots(devices: Iterable[str], interval_s: Mapping[str, int]) -> dict[str, int]:
    """Slots in an hour of each device."""
    found = {}
    for device in devices:
        every_s = interval_s.get(device, _DEFAULT_INTERVAL_S)
        if every_s < 1:
            raise ValueError(f"the reporting interval of {device} is {every_s} s; it must be at least 1")
        found[device] = max(1, 3600 // every_s)
    return found


def _asked(hours: pd.DataFrame, raw: Columns) -> tuple[Columns, Array]:
    """The readings that lie in one of the hours of their device, and the number of the hour of each."""
    number = raw.time_us // HOUR_US
    begin = _starts(raw.device, raw.quantity, number)
    device = pd.Index(list(raw.devices), dtype="object").get_indexer(
        pd.Index(hours["device"], dtype="object")
    )
    asked = np.unique(device * _APART + microseconds(hours["hour"]) // HOUR_US)
    of_run = np.isin(raw.device[begin] * _APART + number[begin], asked)
    if of_run.all():
        return raw, number
    kept = np.repeat(of_run, np.diff(np.append(begin, len(number))))
    return raw.where(kept), number[kept]


def _starts(*keys: npt.NDArray[np.integer]) -> Array:
    """First row of every run of equal keys."""
    if not len(keys[0]):
        return np.empty(0, dtype=np.int64)
    change = np.ones(len(keys[0]), dtype=bool)
    change[1:] = False
    for key in keys:
        change[1:] |= key[1:] != key[:-1]
    return np.flatnonzero(change)


def _of_good(raw: Columns, number: Array, begin: Array, slots: Array) -> dict[str, pa.Array]:
    """What rollups say of readings without a flag; ``begin`` are the first rows of the hours."""
    count = np.zeros(len(begin), dtype=np.int64)
    figures: dict[str, Floats] = {
        name: np.full(len(begin), np.nan) for name in ("mean", "min", "max", "first", "last")
    }
    times = {name: np.zeros(len(begin), dtype=np.int64) for name in ("first_time", "last_time")}
    coverage = np.zeros(len(begin))
    good = np.flatnonzero(raw.flag == 0)
    if len(good):
        hour = (np.repeat(np.arange(len(begin)), np.diff(np.append(begin, len(number)))))[good]
        value, time_us, device = raw.value[good], raw.time_us[good], raw.device[good]
        first = _starts(hour)
        at, last = hour[first], np.append(first[1:], len(good)) - 1
        count[at] = last - first + 1
        figures["mean"][at] = np.add.reduceat(value, first) / count[at]
        figures["min"][at] = np.minimum.reduceat(value, first)
        figures["max"][at] = np.maximum.reduceat(value, first)
        figures["first"][at], figures["last"][at] = value[first], value[last]
        times["first_time"][at], times["last_time"][at] = time_us[first], time_us[last]
        slot = (time_us - number[good] * HOUR_US) * slots[device] // HOUR_US
        new = np.ones(len(slot), dtype=np.int64)
        new[1:] = slot[1:] != slot[:-1]
        new[first] = 1
        coverage[at] = np.add.reduceat(new, first) / slots[device[first]]
    missing = count == 0
    return {
        **{name: pa.array(figures[name]) for name in ("mean", "min", "max")},
        "count": pa.array(count),
        "first": pa.array(figures["first"]),
        "first_time": _times(times["first_time"], missing),
        "last": pa.array(figures["last"]),
        "last_time": _times(times["last_time"], missing),
        "coverage": pa.array(coverage),
    }


def _times(time_us: Array, missing: npt.NDArray[np.bool_] | None = None) -> pa.Array:
    return pa.array(time_us, mask=missing).view(pa.timestamp("us", tz="UTC"))
