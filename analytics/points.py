"""From hourly rollups to the points of a register.

An hour in which the register only rose (first = min, last = max) is told by its first and last reading; of
any other hour the raw readings are needed (:func:`irregular_hours`). So a year of a register is 17 520
points, whatever it reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000

NEIGHBOURS = 4
"""Points on each side of a day that may bear on it: two to interpolate, two more to judge those."""

HORIZON_US = 31 * 86_400_000_000
"""A reading further away than this from a day does not bear on it: longer gaps stay open."""


class RegisterSeries(NamedTuple):
    """Points of one register and the coverage of its hours (those that hold a good reading), ascending.

    ``estimated_us`` are hours whose values are marked as estimated (:mod:`analytics.estimated`).
    """

    time_us: Ints
    value: Floats
    hour_us: Ints
    coverage: Floats
    estimated_us: Ints = np.empty(0, dtype=np.int64)


def microseconds(times: pd.Series) -> Ints:
    """Aware times as integer microseconds since 1970."""
    return np.asarray(times.dt.as_unit("us").astype("int64"), dtype=np.int64)


def irregular_hours(hours: pd.DataFrame, cuts_us: Ints) -> pd.DataFrame:
    """Rows of ``hours`` (HOUR_COLUMNS) that first and last do not tell: their raw readings are needed.

    Those in which the register did not simply rise, and those that hold one of ``cuts_us`` [us]: times at
    which a device or a meter begins or ends.
    """
    fell = (hours["min"] < hours["first"]) | (hours["max"] > hours["last"])
    cut = np.isin(microseconds(hours["hour"]), cuts_us - cuts_us % HOUR_US)
    return hours[(hours["count"] > 0) & (fell | cut)]


def register_series(
    hours: pd.DataFrame, readings: pd.DataFrame, cuts_us: Ints
) -> Mapping[tuple[str, str], RegisterSeries]:
    """Register series by (device, quantity) from rollups and the raw readings of their irregular hours.

    Where raw readings are gone, an irregular hour is told by its first and last reading after all.
    """
    hours = hours[hours["count"] > 0]
    readings = readings[readings["flag"] == 0]
    raw = dict(iter(readings.groupby(["device", "quantity"], sort=False, observed=True)))
    found = {}
    for key, group in hours.groupby(["device", "quantity"], sort=False, observed=True):
        device, quantity = key
        found[str(device), str(quantity)] = _series(group, raw.get(key), cuts_us)
    return found


def _series(hours: pd.DataFrame, readings: pd.DataFrame | None, cuts_us: Ints) -> RegisterSeries:
    hour_us = microseconds(hours["hour"])
    order = np.argsort(hour_us)
    hours, hour_us = hours.iloc[order], hour_us[order]
    times = [microseconds(hours["first_time"]), microseconds(hours["last_time"])]
    values = [hours["first"].to_numpy(dtype=float), hours["last"].to_numpy(dtype=float)]
    if readings is not None and len(readings):
        raw_us = microseconds(readings["time"])
        irregular = microseconds(irregular_hours(hours, cuts_us)["hour"])
        wanted = np.isin(raw_us - raw_us % HOUR_US, irregular)
        times.append(raw_us[wanted])
        values.append(readings["value"].to_numpy(dtype=float)[wanted])
    time_us, first = np.unique(np.concatenate(times), return_index=True)
    coverage = hours["coverage"].to_numpy(dtype=float)
    return RegisterSeries(time_us, np.concatenate(values)[first], hour_us, coverage)


def around(series: RegisterSeries, start_us: int, end_us: int, from_us: int, to_us: int) -> RegisterSeries:
    """What bears on the day ``[start_us, end_us)`` of a register that hung at its meter ``[from_us, to_us)``.

    The day's points, ``NEIGHBOURS`` on each side no further than the horizon, and the coverage of the day's
    hours. It depends on nothing else, so that a day comes out the same whichever batch it is computed in.
    """
    time_us = series.time_us
    first, last = np.searchsorted(time_us, [max(start_us, from_us), min(end_us, to_us)])
    least, most = np.searchsorted(
        time_us, [max(start_us - HORIZON_US, from_us), min(end_us + HORIZON_US, to_us)]
    )
    low, high = max(first - NEIGHBOURS, least), max(min(last + NEIGHBOURS, most), least)
    begin, end = np.searchsorted(series.hour_us, [start_us - start_us % HOUR_US, end_us])
    return RegisterSeries(
        time_us[low:high],
        series.value[low:high],
        series.hour_us[begin:end],
        series.coverage[begin:end],
        series.estimated_us,
    )
