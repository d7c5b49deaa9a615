"""Mass balance of CO2 over a lesson: the flow of outdoor air that explains what is measured.

V dC/dt = 1e6 G - Q (C - C_bg), integrated over the lesson: Q = (1e6 G T - V ΔC) / ∫(C - C_bg) dt. It needs
the people (the timetable's group, by age) and the room's volume, but neither an empty room nor a steady
level, and readings a quarter of an hour apart are enough: the integral forgives what a slope does not
(Batterman 2017 finds the transient balance with known occupancy the best of the methods where occupancy
varies).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, sqrt
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.generation import People

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

SETTLE_S, LEAVE_S = 480.0, 120.0
"""A class needs some minutes to come in, the sensor some more to see it; the last leave before the bell."""

LEAST_S = 1_200.0
"""Of a lesson less than this, without its first and last minutes, says too little."""

LEAST_READ_S = 800.0
"""Readings must reach over so much of it: two, a quarter of an hour apart."""

LEAST_EXCESS_PPM = 60.0
"""Below it the class is elsewhere, or the sensor's error is what one would divide by."""

MOST_RELATIVE_SD = 0.25
"""A figure that may be off by more than this is not told: in a tight room nearly all that is breathed out
stays, and the flow would be the difference of two large numbers."""

SPOT_SD = 0.06
"""CO2 at the sensor's spot to the room's mean."""

BASELINE_SD_PPM = 12.0
Z90 = 1.645


class Part(NamedTuple):
    """A lesson's balance: ``breathed`` and ``stored`` [m³ of CO2 times 1e6], ``exposure`` [ppm s]."""

    start_us: int
    end_us: int
    people: People
    breathed: float
    stored: float
    exposure: float

    @property
    def seconds(self) -> float:
        """Length of the window [s]."""
        return (self.end_us - self.start_us) / 1e6


class Flow(NamedTuple):
    """An outdoor air flow with 90 % intervals: air change rate [1/h], and per person [L/s]."""

    flow_m3_s: float
    rate_1_h: float
    rate_low_1_h: float
    rate_high_1_h: float
    person_l_s: float
    person_low_l_s: float
    person_high_l_s: float
    people: float
    lessons: int


def lesson_part(
    time_us: Ints,
    excess_ppm: Floats,
    span_us: tuple[int, int],
    people: People,
    volume_m3: float,
    gap_s: float,
) -> Part | str:
    """The balance of a lesson, or why there is none: ``short``, ``gap``, ``empty``.

    ``time_us`` ascend; ``excess_ppm`` is above the baseline. ``gap_s`` is the longest silence that the
    integral is drawn through. The window begins and ends at a reading: one interpolated across the bell would
    mix in the break.
    """
    begin, end = span_us[0] + round(SETTLE_S * 1e6), span_us[1] - round(LEAVE_S * 1e6)
    first, last = np.searchsorted(time_us, [begin, end])
    at, ppm = time_us[first:last], excess_ppm[first:last]
    if end - begin < LEAST_S * 1e6:
        return "short"
    if len(at) < 2 or at[-1] - at[0] < LEAST_READ_S * 1e6 or np.diff(at).max() > gap_s * 1e6:
        return "gap"
    seconds = (at - at[0]) / 1e6
    exposure = float(np.trapezoid(ppm, seconds))
    if exposure < LEAST_EXCESS_PPM * seconds[-1]:
        return "empty"
    breathed = 1e6 * people.co2_m3_s * float(seconds[-1])
    return Part(int(at[0]), int(at[-1]), people, breathed, volume_m3 * float(ppm[-1] - ppm[0]), exposure)


def pooled(parts: Sequence[Part], volume_m3: float, volume_sd: float) -> Flow | str:
    """The flow of one lesson or of a day's lessons together, or why there is none: ``none``, ``uncertain``.

    ``volume_sd`` is how far the volume may be off, as a share. What is drawn anew in every lesson (who is
    absent) averages out over them; what is the same in all (the table, the volume, the sensor) does not.
    """
    if not parts:
        return "none"
    breathed = sum(part.breathed for part in parts)
    stored = sum(part.stored for part in parts)
    exposure = sum(part.exposure for part in parts)
    seconds = sum(part.seconds for part in parts)
    left = breathed - stored
    if left <= 0.2 * breathed:
        return "uncertain"
    people = sum(part.people.number * part.seconds for part in parts) / seconds
    number_sd = max(part.people.number_sd for part in parts) / sqrt(len(parts))
    each_sd = max(part.people.each_sd for part in parts)
    lever, kept = breathed / left, abs(stored) / left
    common = SPOT_SD**2 + (BASELINE_SD_PPM * seconds / exposure) ** 2
    rate_sd = sqrt((lever**2) * (each_sd**2 + number_sd**2 + volume_sd**2) + common)
    person_sd = sqrt((lever * each_sd) ** 2 + kept**2 * (number_sd**2 + volume_sd**2) + common)
    if rate_sd > MOST_RELATIVE_SD:
        return "uncertain"
    flow = left / exposure
    rate, person = flow / volume_m3 * 3_600, flow / people * 1_000
    return Flow(
        flow_m3_s=flow,
        rate_1_h=rate,
        rate_low_1_h=rate * exp(-Z90 * rate_sd),
        rate_high_1_h=rate * exp(Z90 * rate_sd),
        person_l_s=person,
        person_low_l_s=person * exp(-Z90 * person_sd),
        person_high_l_s=person * exp(Z90 * person_sd),
        people=people,
        lessons=len(parts),
    )


def people_seen(part: Part, flow_m3_s: float, each_m3_s: float) -> float:
    """How many people explain a lesson's CO2 if the flow is known from elsewhere; ±20 to 40 % is usual.

    N = (V ΔC + Q ∫(C - C_bg) dt) / (1e6 g T), ``each_m3_s`` is what one gives off [m³/s].
    """
    return max(0.0, (part.stored + flow_m3_s * part.exposure) / (1e6 * each_m3_s * part.seconds))
