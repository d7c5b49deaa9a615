"""The year of twenty schools that the sections on energy and on sensors share: played once."""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from accuracy.faults import SensorFault, meter_faults, sensor_faults
from accuracy.page import Seeds
from accuracy.town import WatchedTown, midnight, play, school_files, town_of
from analytics.periods import aggregate
from classroom.metric import Interval, Metric, Scope
from classroom.site import Site
from classroom.timetable import day_span
from simulators.chance import stream
from simulators.instruments import device_seed
from simulators.room_devices import co2_error
from store.duckdb_store import DuckDBStore

YEAR = 2025
_QUICK_DAYS = 100
_LONGEST_SILENCE = timedelta(days=6)
_OUTDOOR_PPM = (380.0, 500.0)
RUN_AFTER = timedelta(minutes=5)
"""How long after midnight the job runs."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SchoolYear(NamedTuple):
    """What came out of a school's year, and what is true of it.

    ``flags`` has a row a verdict that a run found: ``seen`` (the run), device, quantity, start, end, verdict.
    ``onsets`` is when each of ``faults`` began to matter.
    """

    seed: int
    site: Site
    last: date
    registers: pd.DataFrame
    days: list[Metric]
    months: list[Metric]
    hours: list[Metric]
    faults: list[SensorFault]
    onsets: list[datetime]
    flags: pd.DataFrame
    counts: Counter[str]


@cache
def school_years(seeds: Seeds) -> list[SchoolYear]:
    """A year of 20 schools (quick: 100 days of one), each of its own seed and weather."""
    return [_school_year(seed, quick=seeds.quick) for seed in seeds.some(20, 1)]


def _school_year(seed: int, *, quick: bool) -> SchoolYear:
    began = time.process_time()
    first = date(YEAR, 1, 1)
    last = first + timedelta(days=_QUICK_DAYS - 1) if quick else date(YEAR, 12, 31)
    rng = stream(seed, "accuracy faults")
    swapped = midnight(first + timedelta(days=int(rng.integers(40, 320))), float(rng.uniform(7, 15)))
    files = school_files(seed, first - timedelta(days=1), swapped.replace(minute=0, second=0, microsecond=0))
    site = town_of(files, []).site
    struck = sensor_faults(site, first, seed, rng)
    town = town_of(files, [*meter_faults(site, first, rng), *(fault.table for fault in struck)])
    onsets = [onset(town, fault) for fault in struck]
    back = day_span(last + _LONGEST_SILENCE, site.zone)[1]  # when the last silence of the year is over
    moments = sorted({*_months(first, last, site.zone), *_after(onsets, last, site.zone), back})
    flags: list[pd.DataFrame] = []
    sensors = [device.key for device in town.site.devices if device.room is not None]
    with tempfile.TemporaryDirectory() as folder, closing(DuckDBStore(Path(folder) / "s.duckdb")) as store:
        counts = play(
            town,
            store,
            moments,
            lambda moment: flags.append(store.read_verdicts(sensors, _EPOCH, moment).assign(seen=moment)),
        )
        school = town.site.schools[0].key
        span = midnight(first - timedelta(days=2)), midnight(last + _LONGEST_SILENCE)
        of_days, hours = (
            [
                metric
                for scope in (Scope.SCHOOL, Scope.METER)
                for metric in store.read_metrics(school, scope, None, interval, *span)
            ]
            for interval in (Interval.DAY, Interval.HOUR)
        )
    months = aggregate(of_days, Interval.MONTH, town.site.zone)
    spent = time.process_time() - began
    print(f"seed {seed}: {spent:.0f} s, {dict(counts)}", file=sys.stderr, flush=True)
    told = pd.concat(flags, ignore_index=True)
    return SchoolYear(
        seed, town.site, last, town.registers(), of_days, months, hours, struck, onsets, told, counts
    )


def _months(first: date, last: date, zone: ZoneInfo) -> Iterator[datetime]:
    """When the job runs anyway: on the first of every second month, and after the last day."""
    day = first
    while day <= last:
        day = min((day.replace(day=1) + timedelta(days=63)).replace(day=1), last + timedelta(days=1))
        yield day_span(day, zone)[0] + timedelta(hours=6)


def _after(onsets: list[datetime], last: date, zone: ZoneInfo) -> Iterator[datetime]:
    """And after each of the three midnights that follow a fault's onset."""
    for begin in onsets:
        for nights in range(1, 4):
            midnight = day_span(begin.astimezone(zone).date() + timedelta(days=nights), zone)[0]
            if midnight.astimezone(zone).date() <= last:
                yield midnight + RUN_AFTER


def onset(town: WatchedTown, fault: SensorFault) -> datetime:
    """From when a fault matters: at once where a value stands still or has jumped; a drift from the first
    local day of which the sensor would show a 4 % quantile below 380 or above 500 ppm in outdoor air."""
    if "per_day" not in fault.table:
        return fault.start
    factor, offset_ppm = co2_error(device_seed(town.scenario.seed, fault.device))
    zone = town.site.zone
    day = fault.start.astimezone(zone).date()
    while day_span(day, zone)[0] < fault.end:
        start, end = day_span(day, zone)
        start = max(start, fault.start)
        hours = [start + timedelta(hours=n) for n in range(int((end - start) / timedelta(hours=1)))]
        shown = [
            _outdoor_ppm(town, hour) * factor
            + offset_ppm
            + fault.table["per_day"] * ((hour - fault.start) / timedelta(days=1))
            for hour in hours
        ]
        if shown and not _OUTDOOR_PPM[0] <= np.quantile(shown, 0.04) <= _OUTDOOR_PPM[1]:
            return start
        day += timedelta(days=1)
    return fault.end


def _outdoor_ppm(town: WatchedTown, time: datetime) -> float:
    minute = 60 * time.hour + time.minute
    return float(town.schools[0].weather.day(time.date()).co2_ppm[minute : minute + 60].mean())
