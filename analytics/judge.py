"""Verdicts of many series around what has changed: pure, and picklable for another process.

What each kind of verdict needs around a change is loaded by :mod:`analytics.judging`: so much that the zones
found here come out the same whatever else is judged with them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.breaks import REACH_HOURS, breaks
from analytics.points import HOUR_US, register_series
from analytics.quality import Floats, Hours, Ints, clock, gaps, reach_us, spikes, stale
from analytics.verdicts import Zone
from store.frames import Columns

Series = tuple[str, str]
"""Device and quantity."""

Zones = dict[Series, list[Zone]]

BREAKS = ("reset", "rollover", "swap")


class Readings(NamedTuple):
    """Readings of one series, ascending."""

    time_us: Ints
    value: Floats
    flag: Ints


class Part(NamedTuple):
    """Devices of one reporting interval whose hours from ``first_us`` to ``end_us`` changed.

    ``hours`` are rollups (HOURS_READ) of two reaches around, with at least one hour with readings on either
    side if there is one within :data:`analytics.quality.LONGEST_GAP_US`; ``raw`` the readings of the hours
    that may hold a spike or a wrong clock. Nothing before ``raw_from_us`` has raw readings any more.
    """

    first_us: int
    end_us: int
    interval_s: int
    hours: pd.DataFrame
    raw: Columns
    raw_from_us: int
    kwh_per_unit: Mapping[str, float]


def judged(part: Part) -> Zones:
    """Zones of the part's series in rooms: stale, gap, spike, clock."""
    raw = _readings(part.raw)
    found: Zones = {}
    for (device, quantity), hours in _hours(part.hours).items():
        reach = reach_us(quantity, part.interval_s)
        still = stale(hours, quantity, part.interval_s)
        found[device, quantity] = [
            Zone(("stale",), part.first_us - reach, part.end_us + reach, still),
            _gap_zone(hours, part),
            *_raw_zones(raw.get((device, quantity)), quantity, part),
        ]
    return found


def judged_registers(part: Part) -> Zones:
    """Zones of the part's registers: gap, clock, and breaks."""
    raw = _readings(part.raw)
    series = register_series(part.hours, part.raw.frame(), np.array([], dtype=np.int64))
    found: Zones = {}
    for (device, quantity), hours in _hours(part.hours).items():
        zones = [_gap_zone(hours, part), *_raw_zones(raw.get((device, quantity)), quantity, part)]
        if (device, quantity) in series:
            points = series[device, quantity]
            unit = part.kwh_per_unit.get(device, 1.0)
            start, end = near(points.hour_us, part.first_us, part.end_us)
            broken = breaks(points.time_us, points.value, part.interval_s, unit)
            zones.append(Zone(BREAKS, start, end, broken))
        found[device, quantity] = zones
    return found


def series_rows(frame: pd.DataFrame) -> Iterator[tuple[Series, slice]]:
    """Rows of each series in a frame sorted by device and quantity."""
    device, devices = pd.factorize(frame["device"])
    quantity, quantities = pd.factorize(frame["quantity"])
    border = np.flatnonzero((device[1:] != device[:-1]) | (quantity[1:] != quantity[:-1])) + 1
    for start, end in pairwise([0, *border.tolist(), len(frame)] if len(frame) else []):
        yield (str(devices[device[start]]), str(quantities[quantity[start]])), slice(start, end)


def _hours(frame: pd.DataFrame) -> dict[Series, Hours]:
    hours = Hours.of(frame)  # as a whole: pandas is slow by the piece
    return {series: hours.where(rows) for series, rows in series_rows(frame)}


def _readings(raw: Columns) -> dict[Series, Readings]:
    return {
        series: Readings(raw.time_us[rows], raw.value[rows], raw.flag[rows])
        for series, rows in raw.by_series().items()
    }


def near(hour_us: Ints, first_us: int, end_us: int) -> tuple[int, int]:
    """From :data:`REACH_HOURS` hours with readings before a change to the end of as many after it."""
    if not len(hour_us):
        return first_us, end_us
    before = max(0, int(np.searchsorted(hour_us, first_us)) - REACH_HOURS)
    after = min(len(hour_us), int(np.searchsorted(hour_us, end_us)) + REACH_HOURS) - 1
    start = min(first_us, int(hour_us[min(before, len(hour_us) - 1)]))
    return start, max(end_us, int(hour_us[max(after, 0)]) + HOUR_US)


def _gap_zone(hours: Hours, part: Part) -> Zone:
    """From the last reading before the change to the first one after it."""
    before = int(np.searchsorted(hours.hour_us, part.first_us)) - 1
    after = int(np.searchsorted(hours.hour_us, part.end_us))
    low, high = max(before, 0), min(after + 1, len(hours.hour_us))
    inside = hours.where(slice(low, high))
    start = part.first_us if before < 0 else int(hours.last_us[before])
    end = part.end_us if after >= len(hours.hour_us) else int(hours.first_us[after])
    return Zone(("gap",), min(start, part.first_us), max(end, part.end_us), gaps(inside, part.interval_s))


def _raw_zones(raw: Readings | None, quantity: str, part: Part) -> list[Zone]:
    """Spikes and clocks from an hour before the change to an hour after it, where raw readings still are."""
    start, end = max(part.first_us - HOUR_US, part.raw_from_us + HOUR_US), part.end_us + HOUR_US
    if start >= end:
        return []
    if raw is None:
        return [Zone(("spike",), start, end, []), Zone(("clock",), start, end, [])]
    good = raw.flag == 0
    return [
        Zone(("spike",), start, end, spikes(raw.time_us[good], raw.value[good], quantity)),
        Zone(("clock",), start, end, clock(raw.time_us, raw.flag, part.interval_s)),
    ]
