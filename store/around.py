"""Readings of chosen hours: what asks for a few hours of many series need not read the days between."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from store.frames import Columns, joined
from store.times import DAY_US, HOUR_US, Array, microseconds, to_datetime

ReadColumns = Callable[[Sequence[str], Sequence[str], datetime, datetime], Columns]
"""``Store.read_columns``."""

_APART = np.int64(1 << 40)  # more than there are hours
_APART_H = 3 * DAY_US // HOUR_US


class Around(NamedTuple):
    """Distinct hours (UTC hours since 1970) of series; ``device`` and ``quantity`` number the names."""

    device: Array
    quantity: Array
    hour: Array
    devices: list[str]
    quantities: list[str]

    @classmethod
    def of(cls, hours: pd.DataFrame, before_h: int, after_h: int) -> Around:
        """The hours of a frame (device, quantity, hour) and so many before and after each."""
        device, devices = pd.factorize(hours["device"], sort=True)
        quantity, quantities = pd.factorize(hours["quantity"], sort=True)
        number = (device * np.int64(len(quantities)) + quantity) * _APART
        number += microseconds(hours["hour"]) // HOUR_US
        beside = np.arange(-before_h, after_h + 1)
        series, hour = np.divmod(np.unique((number[:, None] + beside).ravel()), _APART)
        names = [str(name) for name in devices], [str(name) for name in quantities]
        return cls(*np.divmod(series, max(1, len(quantities))), hour, *names)

    def places(self, devices: Sequence[str], quantities: Sequence[str]) -> tuple[Array, Array]:
        """The numbers here of somebody else's names; -1 where a name is not here."""
        return _places(devices, self.devices), _places(quantities, self.quantities)

    def holds(self, readings: Columns) -> np.ndarray:
        """Which of the readings lie in the hours."""
        devices, quantities = self.places(readings.devices, readings.quantities)
        device_of, quantity_of = devices[readings.device], quantities[readings.quantity]
        number = (device_of * np.int64(len(self.quantities)) + quantity_of) * _APART
        asked = (self.device * np.int64(len(self.quantities)) + self.quantity) * _APART + self.hour
        inside: np.ndarray = np.isin(number + readings.time_us // HOUR_US, asked)
        return inside & (device_of >= 0) & (quantity_of >= 0)


def read_ranges(read: ReadColumns, around: Around) -> Columns:
    """The readings of the hours from a store that reads ranges only; days without any of the hours are left
    out where several follow each other."""
    parts = []
    for number, quantity in enumerate(around.quantities):
        mine = np.flatnonzero(around.quantity == number)
        mine = mine[np.argsort(around.hour[mine], kind="stable")]
        border = np.flatnonzero(np.diff(around.hour[mine]) > _APART_H) + 1
        for some in np.split(mine, border):
            devices = [around.devices[at] for at in np.unique(around.device[some]).tolist()]
            bounds = int(around.hour[some[0]]) * HOUR_US, (int(around.hour[some[-1]]) + 1) * HOUR_US
            first, last = (to_datetime(time_us).replace(tzinfo=UTC) for time_us in bounds)
            found = read(devices, [quantity], first, last)
            parts.append(found.where(around.holds(found)))
    return joined(parts)


def _places(names: Sequence[str], known: Sequence[str]) -> Array:
    """The place of each name among the ``known``; -1 where it is not."""
    place = {name: at for at, name in enumerate(known)}
    return np.array([place.get(name, -1) for name in names], dtype=np.int64)
