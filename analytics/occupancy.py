"""Occupied or empty, from CO2 alone: whether somebody breathes in the room.

The mass balance says it: dC/dt + A (C - C_bg) is what people add [ppm/h], 0 in an empty room whatever its CO2
does. The slope is that of a straight line through the readings around each moment; A is the room's own air
change rate as its decays tell it, or a low one, with which a room with strong ventilation is still seen while
CO2 rises or stands high. Counting people needs a known flow (:mod:`analytics.ventilation`); this needs none.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.decay import find_decays
from analytics.noise import noise_of

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

USUAL_RATE_1_H = 0.5
"""Air change rate [1/h] taken where the room's own is not known: that of a room without fans."""

ALONE_PPM_H = 140.0
"""What one adult adds in a room of 170 m³ [ppm/h] (0.0061 L/s at 0 °C, Persily & de Jonge 2017: 1.6 met)."""

LEAST_PERSON = 0.4
"""From this share of one adult on somebody is there: less is the slope's own noise."""

NOISE_Z = 2.0
"""So many standard deviations of the slope, by the sensor's own noise, nobody is taken for somebody."""

BASELINE_ERROR_PPM = 6.0
"""What the excess may be off beside the outdoor air's slow changes; it counts A times as much."""

EMPTY_DAY_S = 6 * 3_600.0
"""A silence of people so long parts one day's use of a room from the next."""

EDGE = 0.3
"""Somebody is there only while this share of what is added nearby is added: where a class comes or goes, the
slope's window reaches over the edge, and the class would be there a quarter of an hour too long on both
sides."""

HALF_WINDOW_S = 900.0
"""A slope is taken over the readings so far before and after a moment, at least one on each side."""

SIGNS = {"motion": 1.0, "motion_count": 1.0, "motion_pct": 1.0, "people_count": 1.0, "occupancy": 2.0}
"""Quantities that show somebody, and the least value that does (occupancy: 2 is occupied, 1 pending)."""

LONGEST_GAP_S = 3_600.0
"""Over a longer silence nothing is said."""


class Slope(NamedTuple):
    """The straight line through the readings around each reading: slope [ppm/h], mean [ppm], and the standard
    deviation of the slope for each ppm that a reading is off [1/h]."""

    ppm_h: Floats
    mean_ppm: Floats
    error_1_h: Floats


def slope_ppm_h(
    time_us: Ints, co2_ppm: Floats, half_window_s: float = HALF_WINDOW_S, starts: Ints | None = None
) -> Slope:
    """The :class:`Slope` at each reading.

    NaN where there are not two readings or they lie more than LONGEST_GAP_S apart. ``starts`` are the first
    readings of stretches that know nothing of each other, such as days (None: there is one).
    """
    begin, end, row = _stretches(len(time_us), starts)
    hours = (time_us - time_us[begin]) / 3.6e9
    reach_us = round(half_window_s * 1e6) + 3
    at = np.arange(len(hours))
    first = np.maximum(np.searchsorted(time_us, time_us - reach_us), begin)
    last = np.minimum(np.searchsorted(time_us, time_us + reach_us, "right"), end) - 1
    first = np.maximum(np.minimum(first, at - 1), begin)
    last = np.minimum(np.maximum(last, at + 1), end - 1)
    count = (last - first + 1).astype(float)
    width = int((end - begin).max(initial=0)) + 1
    before = row * width - begin  # + n: where the sum of what comes before reading n of its stretch stands

    def within(values: Floats) -> Floats:
        sums = np.zeros((int(row.max(initial=0)) + 1, width))  # a row a stretch: sums as if it were alone
        sums.ravel()[before + at + 1] = values
        flat = np.cumsum(sums, axis=1).ravel()
        return np.asarray(flat[before + last + 1] - flat[before + first])

    x, y, xy, xx = (within(part) for part in (hours, co2_ppm, hours * co2_ppm, hours * hours))
    spread = xx - x * x / count
    silent = (hours[last] - hours[first]) > 2 * max(half_window_s, LONGEST_GAP_S) / 3_600
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.where((count < 2) | silent | (spread <= 0), np.nan, (xy - x * y / count) / spread)
        error = np.where(np.isnan(slope), np.nan, 1 / np.sqrt(spread))
    return Slope(slope, y / np.maximum(count, 1), error)


def _stretches(count: int, starts: Ints | None) -> tuple[Ints, Ints, Ints]:
    """Of each of so many readings: the first of its stretch, the one after its last, and its number."""
    first = np.zeros(1, dtype=np.int64) if starts is None else starts
    lengths = np.diff(np.append(first, count))
    begin = np.repeat(first, lengths)
    return begin, np.repeat(first + lengths, lengths), np.repeat(np.arange(len(first)), lengths)


def added_ppm_h(
    time_us: Ints,
    co2_ppm: Floats,
    baseline_ppm: Floats | float,
    rate_1_h: Floats | float = USUAL_RATE_1_H,
    starts: Ints | None = None,
) -> Floats:
    """What people add to the room's air at each reading [ppm/h]; NaN where nothing can be said.

    ``starts`` as in :func:`slope_ppm_h`.
    """
    line = slope_ppm_h(time_us, co2_ppm, starts=starts)
    return np.asarray(line.ppm_h + rate_1_h * (line.mean_ppm - baseline_ppm))


def occupied(
    time_us: Ints,
    co2_ppm: Floats,
    baseline_ppm: Floats | float,
    rate_1_h: Floats | float = USUAL_RATE_1_H,
    alone_ppm_h: float = ALONE_PPM_H,
    starts: Ints | None = None,
) -> Bools:
    """Whether somebody is in the room at each reading, from its CO2; False where nothing can be said.

    Times ascend [us]; ``baseline_ppm`` is what the sensor shows in outdoor air, ``rate_1_h`` the room's air
    change rate when it was measured, ``alone_ppm_h`` what one adult adds to its air (:func:`alone`),
    ``starts`` as in :func:`slope_ppm_h`.
    """
    line = slope_ppm_h(time_us, co2_ppm, starts=starts)
    added = np.asarray(line.ppm_h + rate_1_h * (line.mean_ppm - baseline_ppm))
    noise = NOISE_Z * _noise_ppm(co2_ppm, starts) * line.error_1_h
    least = np.maximum(LEAST_PERSON * alone_ppm_h, noise) + BASELINE_ERROR_PPM * np.asarray(rate_1_h)
    return np.asarray((added > least) & (added > EDGE * _most_around(time_us, added, starts)))


def _noise_ppm(co2_ppm: Floats, starts: Ints | None) -> Floats:
    """The sensor's noise in the stretch of each reading."""
    begin, after, row = _stretches(len(co2_ppm), starts)
    first = np.flatnonzero(np.diff(row, prepend=-1))
    each = [noise_of(co2_ppm[a:b]) for a, b in zip(begin[first], after[first], strict=True)]
    return np.repeat(each, np.diff(np.append(first, len(co2_ppm))))


def _most_around(time_us: Ints, values: Floats, starts: Ints | None) -> Floats:
    """The greatest value within the slope's window around each moment."""
    half_us = round(HALF_WINDOW_S * 1e6)
    begin, after, _ = _stretches(len(time_us), starts)
    first = np.maximum(np.searchsorted(time_us, time_us - half_us), begin)
    end = np.minimum(np.searchsorted(time_us, time_us + half_us, "right"), after)
    known = np.append(np.where(np.isnan(values), -np.inf, values), -np.inf)
    return np.asarray(np.maximum.reduceat(known, np.stack([first, end], axis=1).ravel())[::2])


def moved(time_us: Ints, signs: Iterable[tuple[int, Ints, Floats, float]]) -> Bools:
    """Whether a sensor of movement or people saw somebody in the reporting interval that holds each time.

    ``signs`` are, of each sensor, its interval [s], times [us] and values, and the least value that means
    somebody (:data:`SIGNS`). Movement proves presence; that nothing moves proves nothing: a class that writes
    sits still.
    """
    seen = np.zeros(len(time_us), dtype=bool)
    for interval_s, at_us, value, least in signs:
        ends = at_us[value >= least]
        if len(ends):
            following = np.searchsorted(ends, time_us).clip(max=len(ends) - 1)
            ahead_us = ends[following] - time_us
            seen |= (ahead_us >= 0) & (ahead_us < interval_s * 1_000_000)
    return seen


def alone(volume_m3: float) -> float:
    """What one adult adds to the air of a room of ``volume_m3`` [ppm/h]."""
    return ALONE_PPM_H * 170.0 / volume_m3


def detected(time_us: Ints, co2_ppm: Floats, interval_s: float) -> Bools:
    """Whether somebody is in a room of which nothing is known but its CO2, at each reading.

    The baseline is the 5 % quantile of hourly means, the air change rate the median of the room's own
    decays. That rate counts between the first and the last moment of a day at which somebody is there even
    by a low one: at night fans may stand still, and what is left of the day is nobody.
    """
    if len(time_us) < 2:
        return np.zeros(len(time_us), dtype=bool)
    baseline = hourly_quantile(time_us, co2_ppm)
    rates = [one.rate_1_h for one in find_decays(time_us, co2_ppm, baseline, interval_s)[0]]
    own = float(np.median(rates)) if rates else USUAL_RATE_1_H
    low = min(own, USUAL_RATE_1_H)
    sure = occupied(time_us, co2_ppm, baseline, low)
    at = np.flatnonzero(sure)
    if not len(at) or own <= USUAL_RATE_1_H:
        return sure
    rate = np.full(len(time_us), low)
    days = np.split(at, np.flatnonzero(np.diff(time_us[at]) > EMPTY_DAY_S * 1e6) + 1)
    for day in days:
        rate[day[0] : day[-1] + 1] = own
    return np.asarray(sure | occupied(time_us, co2_ppm, baseline, rate))


def hourly_quantile(time_us: Ints, co2_ppm: Floats, quantile: float = 0.05) -> float:
    """Quantile of the hourly means of a series [ppm]: of single readings it would tell their noise."""
    hours = time_us // 3_600_000_000
    first = np.flatnonzero(np.diff(hours, prepend=hours[0] - 1))
    means = np.add.reduceat(co2_ppm, first) / np.diff(np.append(first, len(hours)))
    return float(np.quantile(means, quantile))
