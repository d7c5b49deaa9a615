"""Energy that comes as energy: so many kWh in this quarter, hour or day, as meter-value files say it.

An interval's energy is exact inside every period that holds it whole. A day's boundary splits an interval
that crosses it in proportion to time, as it does between a register's readings (a day of normaltid begins an
hour late in summer); an hour's boundary splits nothing longer than an hour and a half, so a day's sum says
nothing of its hours. Where a longer interval stands over shorter ones that are incomplete, the longer one
tells the day.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.points import HOUR_US, RegisterSeries, microseconds
from classroom.quantity import EXPORT_INTERVALS, IMPORT_INTERVALS, INTERVAL_S

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

INTERVALS = frozenset((*IMPORT_INTERVALS, *EXPORT_INTERVALS))
"""Quantities that are energy of an interval."""

DAY_INTERVALS = frozenset(name for name in INTERVALS if name.endswith("_day_kwh"))

_DAY_US = 24 * HOUR_US
_SPLIT_BY_HOURS_US = 5_400_000_000  # as analytics.meters.limits_s


class Pieces(NamedTuple):
    """Intervals that do not overlap, ascending; ``known_us`` is the part of each whose energy is in
    ``kwh``, ``estimated`` whether whoever sent it had estimated it."""

    start_us: Ints
    end_us: Ints
    kwh: Floats
    known_us: Ints
    estimated: Bools


class IntervalEnergy(NamedTuple):
    """What intervals say about each of P periods: energy, and seconds of it that are known, and that are
    known at least as part of a longer sum. ``unsure_kwh`` is by how much the day may be off because
    intervals that cross its ends are split: none of their smaller part, or twice as much. ``estimated`` are
    periods with energy of estimated intervals."""

    kwh: Floats
    known_s: Floats
    accounted_s: Floats
    unsure_kwh: Floats
    estimated: Bools


def interval_series(hours: pd.DataFrame) -> Mapping[tuple[str, str], RegisterSeries]:
    """Interval series by (device, quantity) from rollups (HOUR_COLUMNS): start, kWh of the hour's intervals,
    the hour, and the share of it that they cover."""
    hours = hours[(hours["count"] > 0) & hours["quantity"].isin(INTERVALS)]
    found = {}
    for (device, quantity), group in hours.groupby(["device", "quantity"], sort=False, observed=True):
        hour_us = microseconds(group["hour"])
        order = np.argsort(hour_us)
        count = group["count"].to_numpy(dtype=float)[order]
        mean = group["mean"].to_numpy(dtype=float)[order]
        # A store adds quarters in the order in which they lie: without rounding the last digit shows it.
        kwh = np.where(count == 1, mean, np.round(mean * count, 9))
        slots = 3_600 / INTERVAL_S[_length(str(quantity))]
        start_us = microseconds(group["first_time"])[order]
        found[str(device), str(quantity)] = RegisterSeries(
            start_us, kwh, hour_us[order], np.minimum(1.0, count / max(slots, 1.0))
        )
    return found


def pieces(
    series: Mapping[tuple[str, str], RegisterSeries],
    device: str,
    names: Sequence[str],
    span: tuple[int, int],
    hung: tuple[int, int],
    midnights: tuple[int, int, int],
) -> dict[str, Pieces]:
    """The intervals of a device that overlap ``span`` and begin while it ``hung`` at its meter, by quantity.

    ``midnights`` [us] begin the local day before, the span's, and the next: an interval of a day that begins
    with a local day ends with it, another is 24 hours long.
    """
    found = {}
    for name in names:
        one = series.get((device, name))
        if one is None:
            continue
        length = _length(name)
        start_us = one.time_us
        if length == "day":
            end_us = np.where(start_us == midnights[1], midnights[2], start_us + _DAY_US)
            end_us = np.where(start_us == midnights[0], midnights[1], end_us)
            known_us = end_us - start_us
        elif length == "hour":
            end_us = start_us + HOUR_US
            known_us = end_us - start_us
        else:  # quarters come as their hour
            start_us, end_us = one.hour_us, one.hour_us + HOUR_US
            known_us = np.rint(one.coverage * HOUR_US).astype(np.int64)
        keep = (end_us > span[0]) & (start_us < span[1]) & (one.time_us >= hung[0]) & (one.time_us < hung[1])
        if keep.any():
            estimated = np.isin(one.hour_us, one.estimated_us)
            columns = (start_us, end_us, one.value, known_us, estimated)
            found[name] = Pieces._make(column[keep] for column in columns)
    return found


def covered_hours(found: Mapping[str, Pieces], start_us: int, end_us: int) -> float:
    """Hours of the day that the best of the quantities tells."""
    return max((_within(one, start_us, end_us) / HOUR_US for one in found.values()), default=0.0)


def energy_of(found: Mapping[str, Pieces], start_us: Ints, end_us: Ints) -> IntervalEnergy:
    """Energy of a day (the first period) and of its hours."""
    ordered = [found[name] for name in sorted(found, key=lambda name: INTERVAL_S[_length(name)])]
    short = [one for one in ordered if int((one.end_us - one.start_us).max()) <= _SPLIT_BY_HOURS_US]
    day, fine = _settled(ordered), _settled(short)
    whole = _sums(day, start_us[:1], end_us[:1])
    hours = _sums(fine, start_us[1:], end_us[1:])
    spoken = _sums(day, start_us[1:], end_us[1:])[1]  # by a day's sum at least
    return IntervalEnergy(
        np.concatenate([whole[0], hours[0]]),
        np.concatenate([whole[1], hours[1]]),
        np.concatenate([whole[1], np.maximum(hours[1], spoken)]),
        np.concatenate([[_unsure_kwh(day, int(start_us[0]), int(end_us[0]))], 0.0 * hours[0]]),
        np.concatenate(
            [_estimated(day, start_us[:1], end_us[:1]), _estimated(fine, start_us[1:], end_us[1:])]
        ),
    )


def _length(quantity: str) -> str:
    return quantity.split("_")[2]


def _within(one: Pieces, start_us: int, end_us: int) -> int:
    inside = one.end_us.clip(start_us, end_us) - one.start_us.clip(start_us, end_us)
    return int(np.minimum(inside, one.known_us).sum())


def _settled(ordered: Sequence[Pieces]) -> Pieces | None:
    """One of several layers, the finest first: a longer interval stands where those inside it are
    incomplete."""
    kept: Pieces | None = None
    for layer in ordered:
        if kept is None:
            kept = layer
            continue
        known = np.array(
            [_within(kept, int(a), int(b)) for a, b in zip(layer.start_us, layer.end_us, strict=True)]
        )
        use = known < layer.known_us
        inside = np.zeros(len(kept.start_us), dtype=bool)
        for a, b in zip(layer.start_us[use], layer.end_us[use], strict=True):
            inside |= (kept.start_us < b) & (kept.end_us > a)
        joined = Pieces._make(np.concatenate([a[~inside], b[use]]) for a, b in zip(kept, layer, strict=True))
        order = np.argsort(joined.start_us)
        kept = Pieces._make(column[order] for column in joined)
    return kept


def _unsure_kwh(found: Pieces | None, start_us: int, end_us: int) -> float:
    if found is None:
        return 0.0
    length = (found.end_us - found.start_us).astype(float)
    unsure = 0.0
    for boundary in (start_us, end_us):
        part = ((boundary - found.start_us) / length).clip(0.0, 1.0)
        unsure += float((found.kwh * np.minimum(part, 1 - part)).sum())
    return unsure


def _estimated(found: Pieces | None, start_us: Ints, end_us: Ints) -> Bools:
    """Periods that an estimated interval lies in or reaches into."""
    if found is None or not found.estimated.any():
        return np.zeros(len(start_us), dtype=bool)
    from_us, to_us = found.start_us[found.estimated], found.end_us[found.estimated]
    return np.array([((from_us < b) & (to_us > a)).any() for a, b in zip(start_us, end_us, strict=True)])


def _sums(found: Pieces | None, start_us: Ints, end_us: Ints) -> tuple[Floats, Floats]:
    """kWh and known seconds of each period; an interval that crosses its boundary is split by time."""
    kwh, known = np.zeros(len(start_us)), np.zeros(len(start_us))
    if found is None:
        return kwh, known
    length = (found.end_us - found.start_us).astype(float)
    for i, (a, b) in enumerate(zip(start_us, end_us, strict=True)):
        low, high = np.searchsorted(found.end_us, a, "right"), np.searchsorted(found.start_us, b, "left")
        if low >= high:
            continue
        at = slice(low, high)
        part = (found.end_us[at].clip(a, b) - found.start_us[at].clip(a, b)) / length[at]
        kwh[i] = (found.kwh[at] * part).sum()
        known[i] = (found.known_us[at] * part).sum() / 1e6
    return kwh, known
