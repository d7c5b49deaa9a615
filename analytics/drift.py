"""Drift of a CO2 sensor, from what it shows when nobody has breathed in the room for long.

Air that nobody breathes goes to the outdoor level, about 430 ppm in 2026 and never below 380. A sensor whose
lowest readings leave 380 to 500 ppm, or jump, has drifted (or its automatic baseline correction has set it to
400 in a room that is never empty). Sources: Senseair's ABC takes the eight-day minimum as 400 ppm; Mauna Loa
424.6 ppm in 2024, rising 2.5 to 3.5 ppm a year, cities 10 to 40 ppm above.

A weekday's night does not empty every room: a room without night ventilation still holds some of the day's
CO2 at dawn. What it holds is learned from the sensor's own earlier days, so that a drift shows on a Tuesday
too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BASELINE_PPM = (380.0, 500.0)
"""Outside these a sensor's empty room is not outdoor air."""

JUMP_PPM = 60.0
"""A baseline that moved by more than this against the four weeks before has jumped: twice what automatic
correction does in a step (30 ppm)."""

QUANTILE = 0.05
"""Share of a day's readings that lie below its baseline: about an hour of the night."""

_LEARN_DAYS = 28
_RECENT_DAYS = 3
_LEAST_DAYS = 5  # before a sensor's own days are taken as a measure
_LEAST_COVERAGE = 0.5


class Day(NamedTuple):
    """A sensor's local day: its low quantile [ppm] (NaN: too few readings), whether the building stood empty
    on this day and the one before, so that its air had a night and a day to clear."""

    day: date
    low_ppm: float
    cleared: bool


def low_ppm(value: Floats, expected: int) -> float:
    """The :data:`QUANTILE` of a day's readings; NaN where less than half of ``expected`` readings stood."""
    if len(value) < max(3.0, _LEAST_COVERAGE * expected):
        return float("nan")
    return float(np.quantile(value, QUANTILE))


def drifting(days: Sequence[Day]) -> list[tuple[date, date, str]]:
    """Spans of local days (first, the day after the last, why) in which a sensor has drifted.

    ``days`` ascend. A day's baseline is its low quantile less what this room's weekdays usually hold (median
    of the last four weeks' weekdays over its cleared days, while the sensor was good); of a weekday before
    that only an upper bound of the baseline is known. The median of the last three baselines is judged:
    outside :data:`BASELINE_PPM`, or more than :data:`JUMP_PPM` from the median of the four weeks before. A
    drift lasts until that is no longer so; its days never become the measure.
    """
    good: list[Day] = []
    recent: list[float] = []
    lows: list[float] = []  # of weekdays while nothing is known of what they hold
    spans: list[tuple[date, date, str]] = []
    open_since: tuple[date, str] | None = None
    for day in days:
        if np.isnan(day.low_ppm):
            continue
        held = 0.0 if day.cleared else _held(good)
        if held is not None:
            recent = [*recent, day.low_ppm - held][-_RECENT_DAYS:]
            why = _why(recent, good)
        else:
            lows = [*lows, day.low_ppm][-_RECENT_DAYS:]
            why = _too_low(lows)
        if why is None:
            if open_since is not None:
                spans.append((open_since[0], day.day, open_since[1]))
                open_since = None
            good = [*good, day][-_LEARN_DAYS:]
        elif open_since is None:
            open_since = (day.day - timedelta(days=_since(recent, good)), why)
    if open_since is not None:
        spans.append((open_since[0], days[-1].day + timedelta(days=1), open_since[1]))
    return spans


def _held(good: Sequence[Day]) -> float | None:
    """What a weekday's night holds above the cleared room [ppm], from the sensor's good days; never negative.

    None until a cleared day and a weekday are known.
    """
    cleared = [day.low_ppm for day in good if day.cleared]
    weekdays = [day.low_ppm for day in good if not day.cleared]
    if not cleared or not weekdays:
        return None
    return max(0.0, float(np.median(weekdays) - np.median(cleared)))


def _usual(good: Sequence[Day]) -> float | None:
    """Median baseline of the good days [ppm]; None while there are too few."""
    held = _held(good)
    if held is None or len(good) < _LEAST_DAYS:
        return None
    return float(np.median([day.low_ppm - (0.0 if day.cleared else held) for day in good]))


def _too_low(lows: Sequence[float]) -> str | None:
    now, limit = float(np.median(lows)), BASELINE_PPM[0]
    if len(lows) >= 2 and now < limit:
        return f"baseline {now:.0f} ppm, outdoor air is never below {limit:.0f}"
    return None


def _why(recent: Sequence[float], good: Sequence[Day]) -> str | None:
    """What is wrong with the recent baselines; None if nothing is."""
    now, high = float(np.median(recent)), BASELINE_PPM[1]
    if now > high:
        return f"baseline {now:.0f} ppm in the empty room, at most {high:.0f} is outdoor air"
    usual = _usual(good)
    if usual is not None and len(recent) == _RECENT_DAYS and abs(now - usual) > JUMP_PPM:
        return f"baseline jumped from {usual:.0f} to {now:.0f} ppm"
    return _too_low(recent)


def _since(recent: Sequence[float], good: Sequence[Day]) -> int:
    """How many of the days before already showed what the median shows now."""
    usual = _usual(good)
    if usual is None:
        return 0
    back = 0
    for baseline in reversed(recent[:-1]):
        if abs(baseline - usual) <= JUMP_PPM / 2:
            break
        back += 1
    return back
