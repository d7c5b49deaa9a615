"""What a meter measured in a local day and in each of its hours.

A meter is read by one device after another (a swap is a change of placement), each through one register or
through several that are added (tariffs, phases). Each stretch of one device at one row of the meter's table
is a *leg*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.catalog import INTERVALS, REGISTERS
from analytics.coverage import LEAST_COVERAGE, OK_COVERAGE, reasons
from analytics.estimated import VALUES_ESTIMATED, at_boundaries
from analytics.glitches import good_points
from analytics.intervals import Pieces, covered_hours, energy_of, pieces
from analytics.points import RegisterSeries, around
from analytics.registers import Energy, energy_over
from analytics.resolution import FINE_KWH, FINE_SHARE, RESOLUTION
from classroom.metric import Status

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

HOUR_US = 3_600_000_000
_WHOLE = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Leg:
    """A device at a meter from ``from_us`` to ``to_us``; ``registers`` are alternatives, each a tuple to be
    added, ``intervals`` alternatives of energy that comes as energy.

    ``kwh_per_unit`` turns register units into kWh (pulses, transformers); ``weight`` is 1, or the school's
    share.
    """

    device: str
    from_us: int
    to_us: int
    interval_s: int
    registers: tuple[tuple[str, ...], ...]
    kwh_per_unit: float = 1.0
    weight: float = 1.0
    intervals: tuple[tuple[str, ...], ...] = ()


_Chosen = tuple[Leg, "list[RegisterSeries] | dict[str, Pieces]"]


class Day(NamedTuple):
    """A local day and its UTC hours up to now: ``start_us[0]`` to ``end_us[0]`` is the day, the rest are
    hours."""

    start_us: Ints
    end_us: Ints
    whole_end_us: Ints  # ends before they were cut at now
    before_us: int = 0  # when the local day before began


class PeriodEnergy(NamedTuple):
    """What is known of one period; ``value`` is None where that is too little.

    ``low`` and ``high`` bound the energy where gaps cross the period's boundary, or where a day may be off by
    more than a fine figure is (:mod:`analytics.resolution`). ``known_kwh`` is the
    energy of the increments inside the period, shown or not; ``accounted`` the share of its time whose
    energy is known, if only as part of a longer sum; ``carried_kwh`` what the value leaves out, and
    ``carried_to_us`` up to when; ``billed``: a bill that begins here is in it; ``methods``: those of the
    catalog that made it, sorted.
    """

    value: float | None
    low: float | None
    high: float | None
    coverage: float
    status: Status
    reason: str | None
    known_kwh: float
    accounted: float
    carried_kwh: float
    carried_to_us: int
    billed: bool = False
    methods: tuple[str, ...] = (REGISTERS,)


def limits_s(interval_s: int) -> tuple[float, float]:
    """Longest distance [s] of two readings between which a day's and an hour's boundary is interpolated.

    ``max(1 h, 1.5 reporting intervals)``; for hours at most 1.5 h, since a reading a day says nothing of an
    hour.
    """
    day = max(3_600.0, 1.5 * interval_s)
    return day, min(day, 5_400.0)


def day_periods(start_us: int, end_us: int, now_us: int) -> Day | None:
    """The periods of a local day that have begun by ``now_us``; None if the day itself has not."""
    if start_us >= now_us:
        return None
    first = -(-start_us // HOUR_US) * HOUR_US
    hours = np.arange(first, end_us, HOUR_US, dtype=np.int64)
    starts = np.concatenate([[start_us], hours[hours < now_us]])
    ends = np.concatenate([[end_us], hours[hours < now_us] + HOUR_US])
    return Day(starts, np.minimum(ends, now_us), ends)


def meter_day(
    legs: Sequence[Leg],
    series: Mapping[tuple[str, str], RegisterSeries],
    day: Day,
    validity: Sequence[tuple[int, int]],
) -> list[PeriodEnergy | None]:
    """Energy of a meter in each period of ``day``; None for a period in which the meter does not exist.

    ``validity`` are the meter's own from-to [us]; coverage and known time are shares of the part within it.
    """
    valid_s = sum(
        ((day.end_us.clip(a, b) - day.start_us.clip(a, b)) / 1e6 for a, b in validity),
        start=np.zeros(len(day.start_us)),
    )
    total, methods = _Sums.zero(len(day.start_us)), set()
    for leg, read in _chosen(legs, series, day):
        total = total.plus(_of_intervals(leg, read, day) if isinstance(read, dict) else _leg(leg, read, day))
        methods.add(INTERVALS if isinstance(read, dict) else REGISTERS)
    made_by = tuple(sorted(methods)) or (REGISTERS,)
    covered_s = np.minimum(total.covered_s, valid_s)
    found: list[PeriodEnergy | None] = []
    for i in range(len(valid_s)):
        running = bool(day.end_us[i] < day.whole_end_us[i])
        if valid_s[i] > 0:
            one = total.period(i, valid_s[i], covered_s[i], running=running)
            found.append(one if made_by == one.methods else one._replace(methods=made_by))
        else:
            found.append(None)
    return found


def _chosen(legs: Sequence[Leg], series: Mapping[tuple[str, str], RegisterSeries], day: Day) -> list[_Chosen]:
    """Legs that speak for the day, none at the same time as another, with what each is read through.

    Of the alternatives the one whose registers all have readings in most of the day's hours, of equals the
    first; intervals where they tell at least as many of them (names: none). Legs without readings in the day
    yield to those with. Of two legs at the same time the later placement speaks from its start on; of two
    that start together, the one with more hours, then the smaller device key.
    """
    start, end = int(day.start_us[0]), int(day.whole_end_us.max())
    near: list[tuple[float, Leg, tuple[str, ...]]] = []
    for leg in legs:
        if leg.from_us >= end or leg.to_us <= start:
            continue
        best = _best(leg, series, day, start, end)
        if best is not None:
            near.append((best[0], leg, best[1]))
    if any(hours for hours, _, _ in near):
        near = [entry for entry in near if entry[0]]
    near.sort(key=lambda entry: (entry[1].from_us, -entry[0], entry[1].device))
    kept: list[tuple[Leg, tuple[str, ...]]] = []
    for _, leg, names in near:
        if kept and kept[-1][0].to_us > leg.from_us:
            before, its_names = kept[-1]
            if before.from_us == leg.from_us:
                continue
            kept[-1] = replace(before, to_us=leg.from_us), its_names
        kept.append((leg, names))
    found = (
        (leg, _registers(leg, names, series, start, end) if names else _pieces(leg, series, day))
        for leg, names in kept
    )
    return [(leg, read) for leg, read in found if isinstance(read, dict) or all(len(r.time_us) for r in read)]


def _best(
    leg: Leg, series: Mapping[tuple[str, str], RegisterSeries], day: Day, start: int, end: int
) -> tuple[float, tuple[str, ...]] | None:
    """Hours that a leg tells and the registers it is read through (none: intervals); None if it is silent."""
    options: list[tuple[float, tuple[str, ...]]] = []
    for names in leg.registers:
        registers = _registers(leg, names, series, start, end)
        if registers and all(len(register.time_us) for register in registers):
            options.append((min(len(register.hour_us) for register in registers), names))
    best = max(options, key=lambda option: option[0], default=None)  # of equals the first
    told = covered_hours(_pieces(leg, series, day), start, end)
    return (told, ()) if told and (best is None or told >= best[0]) else best


def _pieces(leg: Leg, series: Mapping[tuple[str, str], RegisterSeries], day: Day) -> dict[str, Pieces]:
    """The intervals of the first alternative that has any in the day."""
    start, end = int(day.start_us[0]), int(day.whole_end_us.max())
    midnights = (day.before_us, start, int(day.whole_end_us[0]))
    for names in leg.intervals:
        found = pieces(series, leg.device, names, (start, end), (leg.from_us, leg.to_us), midnights)
        if found:
            return found
    return {}


def _of_intervals(leg: Leg, found: dict[str, Pieces], day: Day) -> _Sums:
    """Energy of the day and its hours from what came as energy."""
    told = energy_of(found, day.start_us, day.end_us)
    zero = _Sums.zero(len(day.start_us))
    return zero._replace(
        kwh=leg.weight * leg.kwh_per_unit * told.kwh,
        known_s=told.known_s,
        accounted_s=told.accounted_s,
        covered_s=told.known_s,
        unsure=leg.weight * leg.kwh_per_unit * told.unsure_kwh,
        estimated=told.estimated.astype(float),
    )


def _registers(
    leg: Leg,
    names: Sequence[str],
    series: Mapping[tuple[str, str], RegisterSeries],
    start_us: int,
    end_us: int,
) -> list[RegisterSeries]:
    """The registers ``names`` of a leg around a day; none of them unless all exist."""
    if any((leg.device, name) not in series for name in names):
        return []
    return [around(series[leg.device, name], start_us, end_us, leg.from_us, leg.to_us) for name in names]


class _Sums(NamedTuple):
    """Sums over the legs of a meter, for each period."""

    kwh: Floats
    known_s: Floats
    accounted_s: Floats
    covered_s: Floats
    across: Floats  # energy of gaps across either boundary
    carried: Floats
    carried_to: Ints
    gap: Floats
    jump: Floats
    reset: Floats
    swap: Floats
    unsure: Floats  # of the day; an hour's figure is as fine as its readings
    estimated: Floats

    @classmethod
    def zero(cls, count: int) -> _Sums:
        none = np.zeros(count)
        return cls(*(none,) * 6, np.zeros(count, dtype=np.int64), *(none,) * 6)

    def plus(self, other: _Sums) -> _Sums:
        added = _Sums._make(a + b for a, b in zip(self, other, strict=True))
        return added._replace(carried_to=np.maximum(self.carried_to, other.carried_to))

    def period(self, i: int, valid_s: float, covered_s: float, *, running: bool) -> PeriodEnergy:
        known, accounted = float(self.known_s[i] / valid_s), float(self.accounted_s[i] / valid_s)
        coverage, kwh, carried = float(covered_s / valid_s), float(self.kwh[i]), float(self.carried[i])
        why = reasons(
            "running" if running else None,
            "gap" if self.gap[i] or known < _WHOLE or coverage < OK_COVERAGE else None,
            "implausible_jump" if self.jump[i] else None,
            "register_reset" if self.reset[i] else None,
            "meter_swap" if self.swap[i] else None,
            VALUES_ESTIMATED if self.estimated[i] else None,
        )
        to_us = int(self.carried_to[i])
        if coverage == 0:
            return PeriodEnergy(
                None, None, None, 0.0, Status.NO_DATA, "no_readings", kwh, accounted, carried + kwh, to_us
            )
        if known < LEAST_COVERAGE:
            why = reasons(why, "few_readings")
            return PeriodEnergy(
                None, None, None, coverage, Status.INSUFFICIENT, why, kwh, accounted, carried + kwh, to_us
            )
        unsure = 0.0 if running else float(self.unsure[i])
        coarse = unsure > max(FINE_SHARE * kwh, FINE_KWH)
        why = reasons(why, RESOLUTION if coarse else None)
        if running:
            status = Status.PRELIMINARY
        elif self.gap[i] or self.jump[i] or known < _WHOLE or coverage < OK_COVERAGE:
            status = Status.PARTIAL
        else:
            status = Status.ESTIMATED if why else Status.OK
        off = unsure if coarse else 0.0
        low = high = None
        if known < _WHOLE:
            low = max(0.0, kwh - off)
            high = kwh + float(self.across[i]) + off if accounted >= _WHOLE else None
        elif coarse and not (self.jump[i] or self.reset[i] or self.swap[i]):  # what is lost has no bound
            low, high = max(0.0, kwh - off), kwh + off
        return PeriodEnergy(kwh, low, high, coverage, status, why, kwh, accounted, carried, to_us)


def _leg(leg: Leg, registers: Sequence[RegisterSeries], day: Day) -> _Sums:
    start, end = day.start_us.clip(leg.from_us, leg.to_us), day.end_us.clip(leg.from_us, leg.to_us)
    parts = [_register(leg, register, start, end) for register in registers]
    covered = np.min([_covered(register, leg.interval_s, start, end) for register in registers], axis=0)
    edge = np.min([_edges(leg, register, start, end) for register in registers], axis=0)
    weight = leg.weight
    return _Sums(
        kwh=weight * np.sum([part.kwh for part in parts], axis=0),
        known_s=np.min([part.known_s for part in parts], axis=0) + edge,
        accounted_s=np.min([part.accounted_s for part in parts], axis=0) + edge,
        covered_s=covered,
        across=weight * np.sum([part.gap_before + part.gap_after for part in parts], axis=0),
        carried=weight * np.sum([part.carried for part in parts], axis=0),
        carried_to=np.max([part.carried_to for part in parts], axis=0),
        gap=np.any([part.gap for part in parts], axis=0).astype(float),
        jump=np.any([part.jump for part in parts], axis=0).astype(float),
        reset=np.any([part.reset for part in parts], axis=0).astype(float),
        swap=(edge > 0).astype(float),
        unsure=weight * np.sum([part.unsure_kwh for part in parts], axis=0),
        estimated=np.any([at_boundaries(one, one.time_us, start, end) for one in registers], axis=0) * 1.0,
    )


def _register(leg: Leg, series: RegisterSeries, start: Ints, end: Ints) -> Energy:
    """Energy of the day (first period) and of its hours, each with its own limit of interpolation."""
    good = good_points(series.time_us, series.value, leg.kwh_per_unit)
    time_us, value = series.time_us[good], series.value[good]
    day_limit, hour_limit = limits_s(leg.interval_s)
    whole = energy_over(time_us, value, start[:1], end[:1], day_limit, leg.kwh_per_unit)
    hours = energy_over(time_us, value, start[1:], end[1:], hour_limit, leg.kwh_per_unit)
    hours = hours._replace(unsure_kwh=np.zeros(len(start) - 1))
    return Energy(*(np.concatenate(pair) for pair in zip(whole, hours, strict=True)))


def _covered(series: RegisterSeries, interval_s: int, start: Ints, end: Ints) -> Floats:
    """Seconds of each period whose slots hold a reading; a device slower than an hour covers its interval
    in the day."""
    length = (end - start) / 1e6
    covered = np.zeros(len(start))
    inside = np.minimum(series.hour_us + HOUR_US, end[0]) - np.maximum(series.hour_us, start[0])
    hour_s = np.minimum(series.coverage * 3_600, inside.clip(min=0) / 1e6)
    covered[0] = hour_s.sum() * max(1.0, interval_s / 3_600)
    hour_of_period = start - start % HOUR_US
    at = np.searchsorted(series.hour_us, hour_of_period).clip(max=max(len(series.hour_us) - 1, 0))
    if len(series.hour_us):
        found = series.hour_us[at] == hour_of_period
        covered[1:] = np.where(found, series.coverage[at] * 3_600, 0.0)[1:]
    return np.minimum(covered, length)


def _edges(leg: Leg, series: RegisterSeries, start: Ints, end: Ints) -> Floats:
    """Seconds between a placement's beginning or end and its nearest reading: lost, and too short to be
    called a gap."""
    first, last = int(series.time_us[0]), int(series.time_us[-1])
    limit_us = limits_s(leg.interval_s)[0] * 1e6
    seconds = np.zeros(len(start))
    for a, b in ((leg.from_us, first), (last, leg.to_us)):
        if 0 < b - a <= limit_us:
            seconds += (end.clip(a, b) - start.clip(a, b)) / 1e6
    return seconds
