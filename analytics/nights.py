"""Nights and weekends of CO2 sensors, which nobody breathes in: what their baselines are made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.energy import to_us
from analytics.judge import Series, series_rows
from analytics.points import HOUR_US, microseconds
from analytics.ventilation import BASELINE_DAYS, baseline_ppm, night_hours
from analytics.verdicts import DISTRUSTED
from classroom.timetable import Span

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

BASELINE_SPAN = timedelta(days=BASELINE_DAYS)

NIGHTS_READ = ("device", "quantity", "hour", "mean", "count")
"""What nights are told of rollups by (among HOUR_COLUMNS)."""

Nights = Mapping[str, tuple[Ints, Floats]]
"""Hours [us] of nights and weekends and their trusted mean CO2 [ppm], by device, ascending."""


def nights_of(hours: pd.DataFrame, zone: ZoneInfo) -> dict[str, tuple[Ints, Floats]]:
    """Nights and weekends from trusted rollups of CO2 (NIGHTS_READ)."""
    if hours.empty:
        return {}
    asked = night_hours(hours["hour"], zone) & (hours["count"] > 0).to_numpy()
    code, devices = pd.factorize(hours["device"])  # as a whole: pandas is slow by the piece
    hour_us, mean = microseconds(hours["hour"]), hours["mean"].to_numpy(dtype=float)
    rows_of = {str(device): np.flatnonzero(asked & (code == at)) for at, device in enumerate(devices)}
    return {device: (hour_us[rows], mean[rows]) for device, rows in rows_of.items() if len(rows)}


def trusted_hours(hours: pd.DataFrame, verdicts: pd.DataFrame) -> pd.DataFrame:
    """Rollups (sorted) that no verdict of DISTRUSTED touches."""
    if hours.empty or verdicts.empty:
        return hours
    good = untouched(microseconds(hours["hour"]), dict(series_rows(hours)), verdicts)
    return hours if good.all() else hours[good]


def untouched(hour_us: Ints, rows_of: Mapping[Series, slice], verdicts: pd.DataFrame) -> Bools:
    """Which of the hours, in rows by series and ascending there, no verdict of DISTRUSTED touches."""
    good = np.ones(len(hour_us), dtype=bool)
    for series, spans in distrusted(verdicts).items():
        rows = rows_of.get(series)
        if rows is not None:
            good[rows] = clear_of(hour_us[rows], spans)
    return good


Spans = tuple[Ints, Ints]
"""When spans begin, and when they end [us], each ascending."""


def distrusted(verdicts: pd.DataFrame) -> dict[Series, Spans]:
    """The spans of each series' verdicts of DISTRUSTED."""
    verdicts = verdicts[verdicts["verdict"].isin(DISTRUSTED)]
    start_us, end_us = microseconds(verdicts["start"]), microseconds(verdicts["end"])
    rows: dict[Series, list[int]] = {}
    for at, series in enumerate(zip(verdicts["device"], verdicts["quantity"], strict=True)):
        rows.setdefault(series, []).append(at)
    return {series: (np.sort(start_us[some]), np.sort(end_us[some])) for series, some in rows.items()}


def clear_of(hour_us: Ints, spans: Spans) -> Bools:
    """Which of the hours, ascending, no span touches."""
    begun = np.searchsorted(spans[0], hour_us + HOUR_US, "left")
    ended = np.searchsorted(spans[1], hour_us, "right")  # as many as have begun: none goes on
    return np.asarray(begun == ended)


def baseline_on(nights: Nights, device: str, day: Span) -> float | None:
    """Baseline [ppm] of ``device`` on a local day: its nights and weekends from a fortnight before to the
    day's end."""
    if device not in nights:
        return None
    hour_us, mean = nights[device]
    first, last = np.searchsorted(hour_us, [to_us(day[0] - BASELINE_SPAN), to_us(day[1])])
    return baseline_ppm(mean[first:last])
