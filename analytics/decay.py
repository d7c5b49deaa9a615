"""Decays: how fast an empty room's CO2 falls to outdoor air tells its air change (ASTM E741, ISO 12569).

A room that nobody breathes in obeys dC/dt = -A (C - C_bg): the logarithm of the excess falls on a straight
line whose slope is the air change rate A. The regression begins where the fall is steepest (people take some
minutes to leave), ends where the excess is lost in the sensor's error or CO2 rises again, and is believed
only if the line is straight and long enough. A slow, straight fall between lessons is a room that some have
not left, and an evening's fall tells the night setting of the fans: each decay says where it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from math import sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.noise import noise_of
from analytics.quantiles import median

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

START_PPM = 150.0
"""A decay begins at least so far above the baseline."""

STOP_PPM = 50.0
"""Below this excess a sensor's error (±30 ppm) and the outdoor air's own changes are what one would fit."""

LEAST_POINTS = 5
LEAST_R2 = 0.95
LEAST_FALL = 0.5
"""The excess falls by at least this share: what falls less is noise, or a door that stood open."""

SLOWEST_IN_SCHOOL_1_H = 0.8
"""Slower falls during school hours are refused: some have stayed in the room (a few people hold up a fall
as a tight room does, and just as straight)."""

SPOT_SD = 0.05
"""A sensor hangs at one spot; its pace differs by so much from the room's."""

BASELINE_SD_PPM = 12.0
"""What the baseline may be off: outdoor air differs by some 10 ppm from day to day, sensors drift."""

ENDS = (0.0, 0.15, 0.25, 0.35, 0.5)
"""Shares of the first excess at which a fall may be cut: its tail bends where the neighbouring rooms' air,
the outdoor air or the fans change. The longest straight part is taken."""

ALONE_PPM_H = 140.0
"""What one adult adds in a room of 170 m³: whoever stays behind slows a fall, and nothing in it tells."""

_LONGEST_GAP, _LEAST_GAP_S = 2.2, 660.0  # reporting intervals, or seconds, between two points of a decay
_RISE_PPM = 15.0  # noise that does not end a fall
_QUIET_PPM = 5.0  # a sensor with more noise is read as the mean of so many seconds to both sides
_AROUND_S = 150.0
_NOISY_PPM = 15.0  # noise with which what looks straight may as well be people who come and go
_BEND = 0.25  # how much the second half's rate may differ from the first half's
_Z90 = 1.645


_NEVER = ("few_points", "small_fall")  # a shorter part of such a fall is too small all the more


class When(StrEnum):
    """Where in the day a decay stands: what its rate is the rate of."""

    BREAK = "break"  # between lessons: the ventilation in use, and windows opened in the break
    AFTER_SCHOOL = "after_school"  # within the hours in which the ventilation runs
    EVENING = "evening"  # outside them: the night setting
    UNKNOWN = "unknown"  # no timetable says


class Decay(NamedTuple):
    """An accepted decay of the readings ``first`` to ``last`` (both included).

    ``rate_1_h`` is the air change rate [1/h] with its 90 % interval, from the regression's error and that of
    the baseline.
    """

    first: int
    last: int
    start_us: int
    end_us: int
    rate_1_h: float
    low_1_h: float
    high_1_h: float
    r2: float
    points: int
    start_ppm: float
    end_ppm: float


class Refused(NamedTuple):
    """A fall that is no decay to believe, and why: ``few_points``, ``noisy``, ``not_straight``, ``bent`` …"""

    first: int
    last: int
    reason: str


def falls(time_us: Ints, excess_ppm: Floats, interval_s: float) -> list[tuple[int, int]]:
    """First and last reading of every fall from above START_PPM, as far as it goes on without a break.

    A fall ends where the excess passes STOP_PPM, rises by more than noise, or readings are missing.
    """
    found = []
    step_us = max(_LONGEST_GAP * interval_s, _LEAST_GAP_S) * 1e6
    may = np.flatnonzero((excess_ppm[:-1] >= START_PPM) & (excess_ppm[1:] < excess_ppm[:-1])).tolist()
    times, excess = time_us.tolist(), excess_ppm.tolist()  # one by one numpy is slow
    begin, count = 0, len(excess)
    for at in may:
        if at < begin:
            continue
        end, low = at, excess[at]
        while (
            end + 1 < count
            and times[end + 1] - times[end] <= step_us
            and excess[end + 1] >= STOP_PPM
            and excess[end + 1] <= low + _RISE_PPM
        ):
            end += 1
            low = min(low, excess[end])
        found.append((at, int(at + np.argmin(excess_ppm[at : end + 1]))))
        begin = end + 1
    return found


def decay(
    time_us: Ints, excess_ppm: Floats, first: int, last: int, alone_ppm_h: float = 0.0
) -> Decay | Refused:
    """The decay within a fall, its longest straight part, or why it is none.

    ``alone_ppm_h`` is what one person adds to the room in an hour, where one may have stayed: it widens the
    interval upwards, for the true rate is then higher by ``alone_ppm_h`` ÷ mean excess.

    Raises:
        ValueError: the fall is empty.
    """
    if last < first:
        raise ValueError("a fall needs at least a reading")
    first += _steepest(time_us[first : last + 1], excess_ppm[first : last + 1])
    why: Refused | None = None
    for share in ENDS:
        above = np.flatnonzero(excess_ppm[first : last + 1] >= share * excess_ppm[first])
        found = _fitted(time_us, excess_ppm, first, first + int(above[-1]), alone_ppm_h)
        if isinstance(found, Decay):
            return found
        why = why or found
        if why.reason in _NEVER:
            break
    return why or Refused(first, last, "few_points")


def _fitted(time_us: Ints, excess_ppm: Floats, first: int, last: int, alone_ppm_h: float) -> Decay | Refused:
    excess = excess_ppm[first : last + 1]
    if len(excess) < LEAST_POINTS:
        return Refused(first, last, "few_points")
    if excess[0] < START_PPM or excess[-1] > (1 - LEAST_FALL) * excess[0]:
        return Refused(first, last, "small_fall")
    hours, logs = (time_us[first : last + 1] - time_us[first]) / 3.6e9, np.log(excess)
    rate, error, r2 = _line(hours, logs)
    if r2 < LEAST_R2:
        return Refused(first, last, "not_straight")
    half = len(hours) // 2
    early, late = _line(hours[: half + 1], logs[: half + 1])[0], _line(hours[half:], logs[half:])[0]
    if abs(early - late) > _BEND * (early + late):
        return Refused(first, last, "bent")
    off = [
        _line(hours, np.log(np.maximum(excess + ppm, 1.0)))[0] for ppm in (-BASELINE_SD_PPM, BASELINE_SD_PPM)
    ]
    spread = _Z90 * float(np.hypot(np.hypot(error, (off[0] - off[1]) / 2), SPOT_SD * rate))
    return Decay(
        first=first,
        last=last,
        start_us=int(time_us[first]),
        end_us=int(time_us[last]),
        rate_1_h=rate,
        low_1_h=max(0.0, rate - spread),
        high_1_h=rate + spread + alone_ppm_h / _mean(excess),
        r2=r2,
        points=len(hours),
        start_ppm=float(excess[0]),
        end_ppm=float(excess[-1]),
    )


def find_decays(
    time_us: Ints,
    co2_ppm: Floats,
    baseline_ppm: Floats | float,
    interval_s: float,
    busy: npt.NDArray[np.bool_] | None = None,
    alone_ppm_h: float = ALONE_PPM_H,
) -> tuple[list[Decay], list[Refused]]:
    """Decays of a series (ascending) and the falls that are none.

    ``busy`` marks readings within school hours, in which slow falls are refused (None: at no time). A noisy
    sensor that reports more often than every five minutes is read as the mean of as many.
    """
    steady = _steadied(time_us, co2_ppm) if interval_s < 2 * _AROUND_S else co2_ppm
    excess, noisy = np.asarray(steady - baseline_ppm), noise_of(steady) > _NOISY_PPM
    good: list[Decay] = []
    bad: list[Refused] = []
    for first, last in falls(time_us, excess, interval_s):
        if last - first + 1 < LEAST_POINTS:  # most falls of a day are noise: they cost nothing
            bad.append(Refused(first, last, "few_points"))
            continue
        if noisy:
            bad.append(Refused(first, last, "noisy"))
            continue
        in_school = busy is not None and 2 * int(np.count_nonzero(busy[first : last + 1])) > last - first + 1
        one = decay(time_us, excess, first, last, alone_ppm_h if in_school else 0.0)
        if isinstance(one, Decay) and in_school and one.rate_1_h < SLOWEST_IN_SCHOOL_1_H:
            one = Refused(one.first, one.last, "slow_in_school_hours")
        if isinstance(one, Decay):
            good.append(one)
        else:
            bad.append(one)
    return good, bad


def when(one: Decay, lessons_us: Sequence[tuple[int, int]], ventilated_us: Sequence[tuple[int, int]]) -> When:
    """Where a decay stands among the day's lessons and the hours in which the ventilation runs [us].

    Empty ``lessons_us`` and ``ventilated_us``: nobody knows.
    """
    middle = (one.start_us + one.end_us) // 2
    if lessons_us and lessons_us[0][0] < middle < lessons_us[-1][1]:
        return When.BREAK
    if any(start <= one.start_us and middle < end for start, end in ventilated_us):
        return When.AFTER_SCHOOL
    if any(one.start_us < end and start < one.end_us for start, end in ventilated_us):
        return When.UNKNOWN  # the fans stopped or started within it
    return When.EVENING if ventilated_us or lessons_us else When.UNKNOWN


def _steadied(time_us: Ints, co2_ppm: Floats) -> Floats:
    """The readings, or of a noisy sensor the means around them."""
    if noise_of(co2_ppm) <= _QUIET_PPM:
        return co2_ppm
    reach_us = round(_AROUND_S * 1e6)
    first = np.searchsorted(time_us, time_us - reach_us)
    last = np.searchsorted(time_us, time_us + reach_us, "right")
    sums = np.concatenate([[0.0], np.cumsum(co2_ppm)])
    return np.asarray((sums[last] - sums[first]) / (last - first))


def _steepest(time_us: Ints, excess_ppm: Floats) -> int:
    """From which point on the fall is at its pace: before it people were still leaving."""
    if len(time_us) < LEAST_POINTS:
        return 0
    slopes = -np.diff(np.log(excess_ppm)) / (np.diff(time_us) / 3.6e9)
    pace = median(slopes)
    fast = np.flatnonzero(slopes[: max(1, len(slopes) // 2)] >= 0.8 * pace)
    return int(fast[0]) if len(fast) else 0


def _line(hours: Floats, logs: Floats) -> tuple[float, float, float]:
    """Falling rate [1/h] of the straight line through the points, its standard error and R²."""
    x, y = hours - _mean(hours), logs - _mean(logs)
    xx, yy = float(x @ x), float(y @ y)
    slope = float(x @ y) / xx
    left = y - slope * x
    rest = float(left @ left)
    error = sqrt(rest / max(1, len(x) - 2) / xx)
    return -slope, error, 1.0 - rest / yy if yy > 0 else 0.0


def _mean(values: Floats) -> float:
    """As ``values.mean()``, which costs more than a short line's fit."""
    return float(np.add.reduce(values)) / len(values)
