"""What an action in a room changed: its school days before and after, against the school's other rooms.

The other rooms of the same days are what would have happened without the action (difference in differences):
weather, calendar and the city's air are common to all. The interval is Welch's, with as many independent days
as the day-to-day correlation leaves (as for savings, ASHRAE Guideline 14-2014).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import sqrt
from statistics import fmean, median, variance
from typing import NamedTuple

from scipy.special import stdtrit

LEAST_DAYS = 5
"""School days that each side needs: fewer is one odd week."""

MOST_DAYS = 15
"""School days before the action that are compared: three weeks."""

LEAST_OTHERS = 2
"""Other rooms of a day that can stand for what would have happened."""

CONFIDENCE = 0.9
_LEAST_INDEPENDENT = 2.0


class Effect(NamedTuple):
    """A change and its 90 % interval, in the unit of the values; the numbers of days behind it.

    ``compared``: against other rooms, not the room's own past alone.
    """

    change: float
    low: float
    high: float
    before_days: int
    after_days: int
    compared: bool

    @property
    def told(self) -> bool:
        """Whether it can be told from chance."""
        return self.low > 0 or self.high < 0


class TooFew(NamedTuple):
    """How many school days there are on each side; :data:`LEAST_DAYS` are needed."""

    before_days: int
    after_days: int


def effect(
    own: Mapping[date, float], others: Sequence[Mapping[date, float]], first: date, last: date
) -> Effect | TooFew:
    """The change in a room from the action's ``first`` day to its ``last``, by the values of school days.

    ``others`` are the same values of the school's other rooms. Only where each of the days has
    :data:`LEAST_OTHERS` of them are they what the room is compared with.
    """
    before = sorted(day for day in own if day < first)[-MOST_DAYS:]
    after = sorted(day for day in own if first <= day <= last)
    if len(before) < LEAST_DAYS or len(after) < LEAST_DAYS:
        return TooFew(len(before), len(after))
    usual = {day: [one[day] for one in others if day in one] for day in (*before, *after)}
    compared = all(len(values) >= LEAST_OTHERS for values in usual.values())
    if compared:
        own = {day: own[day] - median(values) for day, values in usual.items()}
    left, right = [own[day] for day in before], [own[day] for day in after]
    change = fmean(right) - fmean(left)
    half = _half_width(left, right)
    return Effect(change, change - half, change + half, len(before), len(after), compared)


def _half_width(left: Sequence[float], right: Sequence[float]) -> float:
    """Half of Welch's interval of the difference of two means."""
    parts = [(variance(side), _independent(side)) for side in (left, right)]
    errors = [spread / number for spread, number in parts]
    total = sum(errors)
    if total == 0:
        return 0.0
    freedom = total**2 / sum(
        error**2 / max(number - 1, 1.0) for error, (_, number) in zip(errors, parts, strict=True)
    )
    return float(stdtrit(max(freedom, 1.0), 0.5 + CONFIDENCE / 2)) * sqrt(total)


def _independent(values: Sequence[float]) -> float:
    """How many independent days ``values`` are worth: n (1 - r) / (1 + r), r their lag-1 correlation."""
    mean = fmean(values)
    spread = sum((value - mean) ** 2 for value in values)
    if spread == 0:
        return float(len(values))
    pairs = pairwise(values)
    r = max(0.0, sum((one - mean) * (other - mean) for one, other in pairs) / spread)
    return max(_LEAST_INDEPENDENT, len(values) * (1 - r) / (1 + r))
