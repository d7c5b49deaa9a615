"""Energy from cumulative registers: differences, never sums of samples, and nothing invented over a gap.

A register's readings are points (time, value); between two points lies an *increment*. Increments are known
or not (:func:`increments`); a period's energy is the sum of the known increments inside it
(:func:`energy_over`). An increment across a period's boundary is split, by the power of those beside it, only
if its points are at most ``limit_s`` apart; a longer one is a gap: its energy is known as a sum, belongs to
every longer period that holds it whole, and to no shorter one.

Times are integer microseconds since 1970 (UTC), values in the register's own unit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.resolution import display_step, split_unsure_kwh

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MAX_POWER_KW = 1_000.0
"""No single school meter passes this for long (a 1 MW connection); what would need more is not energy but a
glitch, a swap nobody noted or a foreign register. Field knowledge, not from a standard."""

STEP_KWH = 1_000.0
"""Resolution of the coarsest register in use (heat meters that count whole MWh): a rise of one step is
plausible."""

JITTER_KWH = 0.1
"""A fall no larger than this is rounding in the meter or the gateway, not a reset."""

_STEP_BACK_KWH = 1.0  # of a display of whole kWh, by which the power beside a reset may be told too low

ROLLOVERS = (1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 2.0**16, 2.0**32)
"""Values at which registers start again from 0: decimal displays and 16 and 32 bit counters."""

_VERY_NEAR = 0.005  # of the end of a register

_HOUR_US = 3_600_000_000


class Increments(NamedTuple):
    """Increments between n points: n - 1 of each. ``kwh`` is 0 where ``known`` is False; ``swapped`` are
    resets after which more stands there than may have run."""

    kwh: Floats
    known: Bools
    reset: Bools
    rolled: Bools
    swapped: Bools


class Energy(NamedTuple):
    """What a register says about each of P periods.

    ``kwh`` is the energy of the increments inside the period; ``known_s`` the time they span;
    ``accounted_s`` the time in increments that are known at all, whole gaps across the period's boundary
    included. ``gap_before`` and ``gap_after`` are the energies [kWh] of gaps across its start and its end;
    ``carried`` is ``gap_after`` where the gap starts in this period (so that every gap is carried once),
    and ``carried_to`` the end of that gap [us]. ``gap``, ``reset`` and ``jump`` say what lies in or across
    the period: a gap, a reset, an implausible increment. ``unsure_kwh`` is by how much ``kwh`` may be off
    (:mod:`analytics.resolution`).
    """

    kwh: Floats
    known_s: Floats
    accounted_s: Floats
    gap_before: Floats
    gap_after: Floats
    carried: Floats
    carried_to: Ints
    gap: Bools
    reset: Bools
    jump: Bools
    unsure_kwh: Floats


def most_kwh(rise: Floats, hours: Floats, chosen: Bools, for_hours: float) -> float:
    """The most that can have run in ``for_hours``: twice what the strongest of the ``chosen`` increments
    that rise ran with, and a step of a display of whole kWh; without any, at ``MAX_POWER_KW``."""
    chosen = chosen & (rise >= -JITTER_KWH) & (rise <= MAX_POWER_KW * hours)
    if not chosen.any():
        return MAX_POWER_KW * for_hours
    power_kw = float((rise[chosen] / hours[chosen]).max())
    return min(2 * power_kw, MAX_POWER_KW) * for_hours + _STEP_BACK_KWH


def increments(time_us: Ints, value: Floats, limit_s: float, kwh_per_unit: float = 1.0) -> Increments:
    """Energy [kWh] between neighbouring points of a register.

    - a rise is known unless it needs more than ``MAX_POWER_KW``, with one ``STEP_KWH`` of grace; one from 0
      only if it is no more than ran in such a time anywhere around (a display that comes back after showing
      0 has not measured what it jumps by);
    - a fall from just below a rollover value to just above 0 is a rollover, if what would have run is no more
      than that either, or (:func:`rolled_over`) over a silence;
    - any other fall is a reset: counted from 0, but no more than the power beside it gives in that time (the
      rest stood on the register before: another meter hangs there). Known only if the points are at most
      ``limit_s`` apart, and there is power on both sides or at most twice that stands there.
    """
    hours = np.diff(time_us) / _HOUR_US
    rise = np.diff(value) * kwh_per_unit
    kwh = rise.copy()
    from_zero = value[:-1] * kwh_per_unit <= JITTER_KWH
    rises = (rise >= -JITTER_KWH) & (rise <= MAX_POWER_KW * hours + np.where(from_zero, 0.0, STEP_KWH))
    counted = rises & ~from_zero
    for i in np.flatnonzero(from_zero & (rise > JITTER_KWH)):
        rises[i] &= bool(rise[i] <= most_kwh(rise, hours, counted, float(hours[i])))
    known = rises.copy()
    reset, rolled, swapped = (np.zeros(len(rise), dtype=bool) for _ in range(3))
    for i in np.flatnonzero(rise < -JITTER_KWH):  # rare, so plainly one by one
        most = most_kwh(rise, hours, counted, float(hours[i])) / kwh_per_unit
        silent = hours[i] * 3_600 > limit_s
        over = rolled_over(
            value[i], value[i + 1], most, MAX_POWER_KW * float(hours[i]) / kwh_per_unit if silent else 0.0
        )
        if over is not None:
            kwh[i], known[i], rolled[i] = over * kwh_per_unit, True, True
            continue
        reset[i] = True
        stands = value[i + 1] * kwh_per_unit
        beside_kwh = hours[i] * _power_beside_kw(rise, hours, rises, int(i))
        kwh[i] = min(stands, beside_kwh)
        told = 0 < i < len(rise) - 1 and bool(rises[i - 1] and rises[i + 1])
        swapped[i] = stands > 2 * beside_kwh + _STEP_BACK_KWH
        known[i] = (told or not swapped[i]) and hours[i] * 3_600 <= limit_s
    return Increments(np.where(known, kwh, 0.0), known, reset, rolled, swapped)


def _power_beside_kw(rise: Floats, hours: Floats, rises: Bools, at: int) -> float:
    """Mean power [kW] of the increment before and of that after one, of those that rise; 0 without any."""
    beside = [i for i in (at - 1, at + 1) if 0 <= i < len(rise) and rises[i]]
    power_kw = sum(float(rise[i] / hours[i]) for i in beside) / max(1, len(beside))
    return min(power_kw, MAX_POWER_KW)


def rolled_over(before: float, after: float, most: float, unheard: float = 0.0) -> float | None:
    """What ran between two readings across a rollover value; None if the fall is no rollover.

    ``most`` is the most that can have run as power goes beside the fall, ``unheard`` in a silence of which
    that says little: then the register must have stood very near its end, where a reset hardly ever falls by
    chance. All in the register's own unit.
    """
    for end in ROLLOVERS:
        ran = end - before + after
        near = before >= (1 - _VERY_NEAR) * end and after <= _VERY_NEAR * end
        if before < end and ((ran <= most and before >= 0.9 * end) or (ran <= unheard and near)):
            return ran
    return None


def energy_over(
    time_us: Ints, value: Floats, start_us: Ints, end_us: Ints, limit_s: float, kwh_per_unit: float = 1.0
) -> Energy:
    """Energy of each period ``[start_us, end_us)`` from a register's points (ascending times, all good).

    Boundaries are read between points at most ``limit_s`` apart (:meth:`_Place.bent`); see the module for
    what a longer gap does.
    """
    steps = increments(time_us, value, limit_s, kwh_per_unit)
    step_kwh = display_step(value) * kwh_per_unit
    return _over(time_us, steps, start_us, end_us, limit_s, step_kwh)


def _over(
    time_us: Ints, steps: Increments, start_us: Ints, end_us: Ints, limit_s: float, step_kwh: float
) -> Energy:
    count = len(start_us)
    if len(time_us) < 2:
        none, no = np.zeros(count), np.zeros(count, dtype=bool)
        zero = np.zeros(count, dtype=np.int64)
        return Energy(none, none, none, none, none, none, zero, no, no, no, none)
    seconds = np.diff(time_us) / 1e6
    short = steps.known & (seconds <= limit_s)
    long = steps.known & ~short
    kwh = _running(steps.kwh)
    known_s = _running(np.where(steps.known, seconds, 0.0))
    at_start, at_end = _Place.of(time_us, start_us), _Place.of(time_us, end_us)
    power = 3_600 * steps.kwh / seconds
    bent_start, bent_end = (place.bent(power, short) for place in (at_start, at_end))
    unsure = sum(
        place.unsure_kwh(power, seconds / 3_600, short, bent)
        for place, bent in ((at_start, bent_start), (at_end, bent_end))
    )
    energy = bent_end.read(kwh, short, up=False) - bent_start.read(kwh, short, up=True)
    known = at_end.read(known_s, short, up=False) - at_start.read(known_s, short, up=True)
    nothing = known <= 0  # the whole period lies inside one gap
    accounted = at_end.read(known_s, steps.known, up=False) - at_start.read(known_s, steps.known, up=True)
    gap_before, gap_after = at_start.crossing(steps.kwh, long), at_end.crossing(steps.kwh, long)
    starts_here = time_us[np.maximum(at_end.point, 0)] >= start_us
    carried = np.where(starts_here, gap_after, 0.0)
    next_point = time_us[np.minimum(at_end.point + 1, len(time_us) - 1)]
    first, last = np.maximum(at_start.point, 0), np.searchsorted(time_us, end_us, "left") - 1
    return Energy(
        kwh=np.where(nothing, 0.0, energy),
        known_s=np.where(nothing, 0.0, known),
        accounted_s=accounted,
        gap_before=gap_before,
        gap_after=gap_after,
        carried=carried,
        carried_to=np.where(starts_here & at_end.inside_of(long), next_point, 0),
        gap=_any_between(seconds > limit_s, first, last),
        reset=_any_between(steps.reset, first, last),
        jump=_any_between(~steps.known, first, last),
        unsure_kwh=np.where(nothing, 0.0, step_kwh + unsure),
    )


def _running(step: Floats) -> Floats:
    return np.concatenate(([0.0], np.cumsum(step)))


def _within(at: Ints, last: int) -> Ints:
    """``at`` clipped to 0 and ``last``; ``ndarray.clip`` takes ten times as long for a day's hours."""
    return np.minimum(np.maximum(at, 0), last)


def _any_between(step: Bools, first: Ints, last: Ints) -> Bools:
    """Whether any of the increments ``first`` to ``last`` (of each period) holds."""
    seen = np.concatenate(([0], np.cumsum(step)))
    top = len(step)
    return np.asarray(seen[_within(last + 1, top)] - seen[_within(first, top)] > 0)


class _Place(NamedTuple):
    """Where boundaries lie among points: after ``point`` (-1: before all), the share ``part`` into its
    increment."""

    point: Ints
    part: Floats
    inside: Bools  # strictly between two points

    @classmethod
    def of(cls, time_us: Ints, boundary_us: Ints) -> _Place:
        point = np.searchsorted(time_us, boundary_us, "right") - 1
        inside = (point >= 0) & (point < len(time_us) - 1)
        at = _within(point, len(time_us) - 2)
        part = (boundary_us - time_us[at]) / (time_us[at + 1] - time_us[at])
        inside &= part > 0
        return cls(point, np.where(inside, part, 0.0), inside)

    def bent(self, power: Floats, splittable: Bools) -> _Place:
        """The same boundaries by energy instead of time: in the increment of a boundary the ``power`` (of
        each increment, any unit) is first that of the one before, then that of the one after, and turns when
        its own energy says. Where they do not explain that, and at either end, it is even.
        """
        at = _within(self.point, len(power) - 1)
        before, after = np.maximum(at - 1, 0), np.minimum(at + 1, len(power) - 1)
        first, mean, last = power[before], power[at], power[after]
        told = self.inside & splittable[before] & splittable[at] & splittable[after]
        told &= (
            (np.minimum(first, last) < mean) & (mean < np.maximum(first, last)) & (before < at) & (at < after)
        )
        turn = (mean - last) / np.where(told, first - last, 1.0)
        energy = first * np.minimum(self.part, turn) + last * np.maximum(self.part - turn, 0.0)
        return self._replace(part=np.where(told, energy / np.where(told, mean, 1.0), self.part))

    def unsure_kwh(self, power_kw: Floats, hours: Floats, splittable: Bools, bent: _Place) -> Floats:
        """By how much the energy before each boundary may be off that ``bent`` tells; 0 where no increment
        is split."""
        at = self.point.clip(0, len(power_kw) - 1)
        unsure = split_unsure_kwh(power_kw, hours, at, self.part, bent.part)
        return np.where(self.inside_of(splittable), unsure, 0.0)

    def read(self, running: Floats, splittable: Bools, *, up: bool) -> Floats:
        """``running`` at the boundaries; inside an increment that may not be split, at its end (``up``) or
        start."""
        low = running[np.maximum(self.point, 0)]
        high = running[_within(self.point + 1, len(running) - 1)]
        part = np.where(self.inside_of(splittable), self.part, 1.0 if up else 0.0)
        return np.asarray(np.where(self.inside, low + part * (high - low), low))

    def inside_of(self, chosen: Bools) -> Bools:
        return np.asarray(self.inside & chosen[_within(self.point, len(chosen) - 1)])

    def crossing(self, kwh: Floats, chosen: Bools) -> Floats:
        """Energy of the chosen increment that crosses each boundary, else 0."""
        return np.where(self.inside_of(chosen), kwh[_within(self.point, len(kwh) - 1)], 0.0)
