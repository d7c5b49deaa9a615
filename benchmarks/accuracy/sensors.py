"""Verdicts: sensors that drift or are stuck must be flagged, healthy ones must not."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import NamedTuple

import pandas as pd

from accuracy.page import Row, Section, Seeds
from accuracy.year import RUN_AFTER, SchoolYear, school_years

LIMIT_D = 3.0
_VERDICTS = ("drift", "stale")

TEXT = """
The same schools and runs. Two of each school's four sensors, which report every half hour, get a fault
each, in spring or early summer and in autumn, at any hour: a drift of 4 or 15 ppm a day up or down, a
step of +110 or -90 ppm, all values stuck, or CO2 or temperature alone. Every sensor has an error of its
own besides (±20 ppm ± 2 %, 4 ppm of noise), is late by minutes and hangs on one spot; rooms hold CO2
overnight, some are underventilated, windows open, people do not keep to the timetable; none of that is
known to analytics.

A step or a standstill counts from its first minute; a drift from the first day of which the 4 % quantile
of what the sensor would show in outdoor air is below 380 or above 500 ppm. The job runs on the first of
every second month and after each of the three midnights that follow; the run whose verdict covers the
fault has flagged it, with the readings up to that midnight. Healthy are the sensors without a planted
fault: a flag on one is false, each stretch counted once.
"""


class _Found(NamedTuple):
    """How a planted fault was found: days after its onset, None if not in the five nights."""

    kind: str
    verdict: str
    days: float | None


def _found(years: Iterable[SchoolYear]) -> list[_Found]:
    found = []
    for year in years:
        for fault, onset in zip(year.faults, year.onsets, strict=True):
            if onset + timedelta(days=LIMIT_D) > pd.Timestamp(year.last, tz="UTC") or onset >= fault.end:
                continue  # it never mattered, or the year ended
            flags = year.flags
            mine = flags[
                (flags["device"] == fault.device)
                & (flags["verdict"] == fault.verdict)
                & (flags["end"] > fault.start)
                & (flags["start"] < fault.end)
                & (flags["seen"] > fault.start)
            ]
            seen = mine["seen"].min() if len(mine) else None
            days = None if seen is None else max(0.0, (seen - RUN_AFTER - onset) / timedelta(days=1))
            found.append(_Found(fault.kind, fault.verdict, days))
    return found


def false_flags(year: SchoolYear) -> pd.DataFrame:
    """Stretches of a verdict on sensors that are healthy: device, verdict, start, end."""
    struck = {fault.device for fault in year.faults}
    flags = year.flags[~year.flags["device"].isin(struck) & year.flags["verdict"].isin(_VERDICTS)]
    rows = []
    for (device, verdict), some in flags.sort_values("start").groupby(["device", "verdict"], observed=True):
        until = None
        for start, end in zip(some["start"], some["end"], strict=True):
            if until is None or start > until:
                rows.append([device, verdict, start, end])
                until = end
            until = max(until, end)
            rows[-1][3] = until
    return pd.DataFrame(rows, columns=["device", "verdict", "start", "end"])


def sensors(seeds: Seeds) -> list[Row]:
    """The rows of the section."""
    years = school_years(seeds)
    found = _found(years)
    rows = [
        _recall("drifted sensors flagged within 3 days", [one for one in found if one.verdict == "drift"]),
        _recall("stuck sensors flagged within 3 days", [one for one in found if one.verdict == "stale"]),
    ]
    for kind in sorted({one.kind for one in found}):
        rows.append(_recall(f"of those: {kind}", [one for one in found if one.kind == kind], goal=""))
    healthy = sum(
        len({d.key for d in y.site.devices if d.room} - {fault.device for fault in y.faults}) for y in years
    )
    of_year = (years[0].last - years[0].last.replace(month=1, day=1)).days + 1
    sensor_years = healthy * of_year / 365
    false = pd.concat([false_flags(year) for year in years])
    for verdict in _VERDICTS:
        count = int((false["verdict"] == verdict).sum())
        rows.append(
            Row(
                f"false `{verdict}` flags on healthy sensors",
                f"{count} in {sensor_years:.0f} sensor years ({count / sensor_years:.2f} a year)",
            )
        )
    return rows


def _recall(what: str, found: list[_Found], goal: str = "all") -> Row:
    if not found:
        return Row(what, "none planted", goal)
    days = [one.days for one in found if one.days is not None]
    timely = sum(day <= LIMIT_D for day in days)
    result = f"{timely} of {len(found)}"
    if days:
        result += f"; median {pd.Series(days).median():.1f} days, last {max(days):.1f}"
    if len(days) < len(found):
        result += f"; {len(found) - len(days)} never"
    return Row(what, result, goal, timely == len(found) if goal else None)


SECTION = Section("sensors", "Sensors that drift or are stuck", TEXT, sensors)
