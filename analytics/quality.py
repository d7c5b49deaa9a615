"""What is wrong with a series over time: stale, spikes, gaps, clock, and drift of CO2.

Ingest flags what one message shows; these are intervals that only a stretch of readings shows. Nothing is
deleted: verdicts stand beside the readings, and metrics leave out what :data:`analytics.batch.DISTRUSTED`
names. After pvanalytics' ``quality`` modules: a series in, intervals out.

Times are integer microseconds since 1970 (UTC), ascending; intervals are half open.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classroom.reading import Flag

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_SECOND_US = 1_000_000
_MINUTE_US = 60 * _SECOND_US
_HOUR_US = 60 * _MINUTE_US


class Verdict(NamedTuple):
    """An interval ``[start_us, end_us)`` in which a series is not to be trusted, or has nothing to say."""

    start_us: int
    end_us: int
    verdict: str
    detail: str


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

GAP_INTERVALS, GAP_LEAST_MIN = 3.0, 30.0
"""Silence longer than so many reporting intervals and so many minutes is a gap."""


def stale(time_us: Ints, value: Floats, quantity: str, interval_s: float) -> list[Verdict]:
    """Stretches of one and the same value, from their first reading to an interval after their last.

    Only quantities of :data:`STALE_H`; a gap ends a stretch.
    """
    limit_h = STALE_H.get(quantity)
    if limit_h is None or len(value) < _STALE_READINGS:
        return []
    apart = np.diff(time_us) > _gap_us(interval_s)
    border = np.flatnonzero((np.diff(value) != 0) | apart) + 1
    starts = np.concatenate([[0], border])
    ends = np.concatenate([border, [len(value)]])
    found = []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        length_us = int(time_us[end - 1] - time_us[start])
        if end - start >= _STALE_READINGS and length_us >= limit_h * _HOUR_US:
            until = int(time_us[end - 1]) + round(interval_s * _SECOND_US)
            detail = f"{value[start]:g} for {length_us / _HOUR_US:.0f} h"
            found.append(Verdict(int(time_us[start]), until, "stale", detail))
    return found


def spikes(time_us: Ints, value: Floats, quantity: str) -> list[Verdict]:
    """Readings that jump away and come back within :data:`_SPIKE_MIN` minutes."""
    limit = SPIKE.get(quantity)
    if limit is None:
        return []
    found: list[Verdict] = []
    done = 0
    for before, after in _excursions(time_us, value, limit, quantity):
        if before + 1 < done:
            continue
        done = after
        peak = value[before + 1 : after]
        far = float(peak[np.abs(peak - value[before]).argmax()])
        detail = f"{value[before]:g} to {far:g} and back to {value[after]:g}"
        found.append(Verdict(int(time_us[before + 1]), int(time_us[after]), "spike", detail))
    return found


def gaps(time_us: Ints, interval_s: float, until_us: int | None = None) -> list[Verdict]:
    """Silences between readings; with ``until_us`` also the silence since the last."""
    times = time_us if until_us is None else np.append(time_us, until_us)
    reported_us = round(interval_s * _SECOND_US)
    return [
        Verdict(
            int(times[i]) + reported_us,
            int(times[i + 1]),
            "gap",
            f"{(times[i + 1] - times[i]) / _MINUTE_US:.0f} min without a reading",
        )
        for i in np.flatnonzero(np.diff(times) > _gap_us(interval_s)).tolist()
    ]


def clock(time_us: Ints, flag: Ints, interval_s: float) -> list[Verdict]:
    """Stretches in which ingest distrusted the device's own clock."""
    wrong = (flag & Flag.CLOCK) != 0
    border = np.flatnonzero(np.diff(wrong)) + 1
    found = []
    for run in np.split(np.arange(len(wrong)), border):
        if len(run) and wrong[run[0]]:
            end = int(time_us[run[-1]]) + round(interval_s * _SECOND_US)
            found.append(Verdict(int(time_us[run[0]]), end, "clock", f"{len(run)} readings by receive time"))
    return found


def _gap_us(interval_s: float) -> float:
    return max(GAP_INTERVALS * interval_s * _SECOND_US, GAP_LEAST_MIN * _MINUTE_US)


def _excursions(time_us: Ints, value: Floats, limit: float, quantity: str) -> Iterator[tuple[int, int]]:
    """Pairs (last reading before, first after) around readings that jump away and come back."""
    step = np.diff(value)
    minutes = np.diff(time_us) / _MINUTE_US
    if quantity == "co2_ppm":
        jumped = step > np.maximum(limit, MOST_PPM_MIN * minutes)
    else:
        jumped = np.abs(step) > limit
    for before in np.flatnonzero(jumped & (minutes <= _SPIKE_MIN)).tolist():
        after = before + 2
        while after < len(value) and time_us[after] - time_us[before] <= 2 * _SPIKE_MIN * _MINUTE_US:
            if abs(value[after] - value[before]) < abs(step[before]) / 2:
                if time_us[after] - time_us[before + 1] <= _SPIKE_MIN * _MINUTE_US:
                    yield before, after
                break
            after += 1
