"""What is wrong with a series over time: stale, gaps, spikes, clock.

Ingest flags what one message shows; these are intervals that only a stretch of readings shows. Nothing is
deleted: verdicts stand beside the readings, and metrics leave out what
:data:`analytics.verdicts.DISTRUSTED` names. After pvanalytics' ``quality`` modules: a series in, intervals
out.

Long stretches are read from hourly rollups, so that a day costs the same however much is stored; spikes and
clocks from the raw readings of the hours that may hold one. Times are integer microseconds since 1970 (UTC),
ascending; intervals are half open.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.points import HOUR_US, microseconds
from classroom.reading import Flag
from store.base import HOUR_COLUMNS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US


class Verdict(NamedTuple):
    """An interval ``[start_us, end_us)`` in which a series is not to be trusted, or has nothing to say."""

    start_us: int
    end_us: int
    verdict: str
    detail: str


HOURS_READ = tuple(name for name in HOUR_COLUMNS if name not in ("mean", "inputs_hash"))
"""What is judged of rollups."""


class Hours(NamedTuple):
    """Hourly rollups of one series, ascending (:data:`HOURS_READ`); NaN and 0 where an hour
    holds flagged readings only."""

    hour_us: Ints
    first_us: Ints
    last_us: Ints
    first: Floats
    last: Floats
    low: Floats
    high: Floats
    readings: Ints
    flagged: Ints

    @classmethod
    def of(cls, frame: pd.DataFrame) -> Hours:
        """From rows of one series (HOURS_READ), sorted by hour."""
        return cls(
            microseconds(frame["hour"]),
            microseconds(frame["first_time"].fillna(frame["hour"])),
            microseconds(frame["last_time"].fillna(frame["hour"])),
            first=frame["first"].to_numpy(dtype=float),
            last=frame["last"].to_numpy(dtype=float),
            low=frame["min"].to_numpy(dtype=float),
            high=frame["max"].to_numpy(dtype=float),
            readings=frame["count"].to_numpy(dtype=np.int64),
            flagged=frame["flagged"].to_numpy(dtype=np.int64),
        )

    def where(self, kept: Bools | slice) -> Hours:
        """Some of the hours."""
        return Hours._make(column[kept] for column in self)


STALE_H: dict[str, float] = {"co2_ppm": 12.0, "temperature_c": 24.0, "humidity_pct": 48.0}
"""A value that has not moved for so long [h] is stuck: the air of a room moves by more than a sensor's
resolution between night and day. Other quantities may rightly stand still (a register, motion, 0 W). Field
knowledge."""

_STALE_READINGS = 6  # fewer equal readings prove nothing, however long they lie apart

MOST_PPM_MIN = 47.0
"""A full class in a room without any ventilation raises CO2 by at most so much [ppm/min] (36 to 47: 30 pupils
in 150 to 180 m³)."""

SPIKE: dict[str, float] = {"co2_ppm": 300.0, "temperature_c": 4.0, "humidity_pct": 25.0}
"""A rise by more than this between two readings, and back within :data:`_SPIKE_MIN` minutes, is a breath on
the sensor or a wrong value. For CO2 at least :data:`MOST_PPM_MIN` times the minutes between; falls are never
spikes of CO2, a window was opened."""

_SPIKE_MIN = 20.0

GAP_INTERVALS, GAP_LEAST_H = 3.0, 2.0
"""Silence longer than so many reporting intervals and so many hours is a gap; of a shorter one coverage
tells. That bounds the gaps of a day."""

LONGEST_GAP_US = 31 * 24 * HOUR_US
"""A longer silence is no gap: the device was away."""


def reach_us(quantity: str, interval_s: float) -> int:
    """How far a reading bears on the staleness of others: a longer stretch is stale without it."""
    slowest = _STALE_READINGS * GAP_INTERVALS * interval_s * _SECOND_US
    return round(max(STALE_H.get(quantity, 0.0) * HOUR_US, slowest, GAP_LEAST_H * _STALE_READINGS * HOUR_US))


def stale(hours: Hours, quantity: str, interval_s: float) -> list[Verdict]:
    """Stretches of one and the same value, from their first reading to an interval after their last.

    Only quantities of :data:`STALE_H`; a gap ends a stretch. It is made of whole hours, and of the last and
    the first reading of the hours beside them: less than an hour at either end may not be told.
    """
    hours = hours.where(hours.readings > 0)
    limit_h = STALE_H.get(quantity)
    if limit_h is None or not len(hours.hour_us):
        return []
    apart = hours.first_us[1:] - hours.last_us[:-1] > gap_us(interval_s)
    linked = (hours.last[:-1] == hours.first[1:]) & ~apart
    still = hours.low == hours.high
    same = still[:-1] & still[1:] & linked
    border = np.flatnonzero(~same) + 1
    found = []
    for start, end in zip([0, *border.tolist()], [*border.tolist(), len(still)], strict=True):
        if not still[start]:
            continue
        before = start > 0 and bool(linked[start - 1])
        after = end < len(still) and bool(linked[end - 1])
        first_us = int(hours.last_us[start - 1] if before else hours.first_us[start])
        last_us = int(hours.first_us[end] if after else hours.last_us[end - 1])
        readings = int(hours.readings[start:end].sum()) + before + after
        if readings >= _STALE_READINGS and last_us - first_us >= limit_h * HOUR_US:
            until_us = last_us + round(interval_s * _SECOND_US)
            found.append(Verdict(first_us, until_us, "stale", f"stuck at {hours.first[start]:g}"))
    return found


def gaps(hours: Hours, interval_s: float) -> list[Verdict]:
    """Silences between readings, flagged ones too; what comes after the last reading is not known yet."""
    empty = hours.readings == 0
    reported_us = round(interval_s * _SECOND_US)
    last_us = np.where(empty, hours.hour_us + HOUR_US - reported_us, hours.last_us)
    silence_us = hours.first_us[1:] - last_us[:-1]
    return [
        Verdict(int(last_us[i]) + reported_us, int(hours.first_us[i + 1]), "gap", "no reading")
        for i in np.flatnonzero((silence_us > gap_us(interval_s)) & (silence_us <= LONGEST_GAP_US)).tolist()
    ]


def gap_us(interval_s: float) -> float:
    """A longer silence than this is a gap."""
    return max(GAP_INTERVALS * interval_s * _SECOND_US, GAP_LEAST_H * HOUR_US)


def may_spike(hours: Hours, quantity: str) -> Bools:
    """Hours whose readings, with those of the hours beside them, lie far enough apart for a spike."""
    limit = SPIKE.get(quantity)
    if limit is None or not len(hours.hour_us):
        return np.zeros(len(hours.hour_us), dtype=bool)
    low = np.where(hours.readings > 0, hours.low, np.inf)
    high = np.where(hours.readings > 0, hours.high, -np.inf)
    low = np.minimum(low, np.minimum(np.append(low[1:], np.inf), np.insert(low[:-1], 0, np.inf)))
    high = np.maximum(high, np.maximum(np.append(high[1:], -np.inf), np.insert(high[:-1], 0, -np.inf)))
    return np.asarray(high - low > limit)


def spikes(time_us: Ints, value: Floats, quantity: str) -> list[Verdict]:
    """Readings that jump away and come back within :data:`_SPIKE_MIN` minutes."""
    limit = SPIKE.get(quantity)
    if limit is None:
        return []
    away = np.zeros(len(value), dtype=bool)
    for before, after in _excursions(time_us, value, limit, quantity):
        away[before + 1 : after] = True
    found = []
    for start, end in _runs(away):
        peak = value[start:end]
        far = float(peak[np.abs(peak - value[start - 1]).argmax()])
        detail = f"{value[start - 1]:g} to {far:g} and back to {value[end]:g}"
        found.append(Verdict(int(time_us[start]), int(time_us[end]), "spike", detail))
    return found


def clock(time_us: Ints, flag: Ints, interval_s: float) -> list[Verdict]:
    """Stretches in which ingest distrusted the device's own clock; a gap ends a stretch."""
    wrong = (flag & Flag.CLOCK) != 0
    apart = np.flatnonzero(np.diff(time_us) > gap_us(interval_s)) + 1
    reported_us = round(interval_s * _SECOND_US)
    return [
        Verdict(int(times[start]), int(times[end - 1]) + reported_us, "clock", "by receive time")
        for times, run in zip(np.split(time_us, apart), np.split(wrong, apart), strict=True)
        for start, end in _runs(run)
    ]


def _runs(chosen: Bools) -> list[tuple[int, int]]:
    """Runs of True as (first, the one after the last)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], chosen, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _excursions(time_us: Ints, value: Floats, limit: float, quantity: str) -> Sequence[tuple[int, int]]:
    """Pairs (last reading before, first after) around readings that jump away and come back."""
    step = np.diff(value)
    minutes = np.diff(time_us) / _MINUTE_US
    if quantity == "co2_ppm":
        jumped = step > np.maximum(limit, MOST_PPM_MIN * minutes)
    else:
        jumped = np.abs(step) > limit
    found = []
    for before in np.flatnonzero(jumped & (minutes <= _SPIKE_MIN)).tolist():
        after = before + 2
        while after < len(value) and time_us[after] - time_us[before] <= 2 * _SPIKE_MIN * _MINUTE_US:
            if abs(value[after] - value[before]) < abs(step[before]) / 2:
                if time_us[after] - time_us[before + 1] <= _SPIKE_MIN * _MINUTE_US:
                    found.append((before, after))
                break
            after += 1
    return found
