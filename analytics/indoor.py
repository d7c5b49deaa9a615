"""Indoor climate of a room and local day, over the time it is occupied by timetable.

Indoor CO2 is a proxy for ventilation (FoHMFS 2014:18: regularly above 1000 ppm in normal use is a sign of
unsatisfactory ventilation); it never becomes kgCO2e. Comfort limits are air temperatures (HSLF-FS 2024:10:
20 °C for sensitive groups, 24 °C, in summer 26 °C). Limits are settings; ``docs/metrics.md`` names every
source.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.comfort import is_summer
from analytics.coverage import status_of
from analytics.rollups import Cells, DeviceSeries, cell_values, occupied_cells, weighted_quantile
from classroom.metric import Status
from classroom.settings import AnalyticsSettings
from classroom.timetable import Span

Floats = npt.NDArray[np.float64]

P95 = 0.95


class Figure(NamedTuple):
    """A value (None: nothing to say) with its coverage, status and reason, perhaps with an interval."""

    value: float | None
    coverage: float
    status: Status
    reason: str | None
    low: float | None = None
    high: float | None = None


def room_days(
    days: Sequence[date],
    spans: Sequence[Sequence[Span]],
    now_us: int,
    series: Mapping[str, Sequence[DeviceSeries]],
    intervals_s: Sequence[int],
    limits: AnalyticsSettings,
) -> dict[str, list[Figure]]:
    """Metrics of one room on ``days`` (local), each a list in the order of ``days``.

    ``spans`` are the occupied spans of each day, ``series`` the room's devices by quantity, ``intervals_s``
    the reporting intervals of all devices in the room. Occupied time after ``now_us`` does not count yet;
    such a day is preliminary.

    - ``co2_mean_ppm``: Σ CO2·Δt / ΣΔt
    - ``co2_above_limit_share``: share of Δt with CO2 > ``limits.co2_limit_ppm``
    - ``co2_above_high_share``: share of Δt with CO2 > ``limits.co2_high_ppm``
    - ``co2_p95_ppm``: the value that CO2 does not exceed in 95 % of Δt
    - ``comfort_share``: share of Δt with comfort_low_c <= temperature <= comfort_high_c (summer_high_c
      June-August)
    - ``occupied_h``: occupied time by timetable [h], a fact of the timetable with coverage 1

    Δt are occupied slots that hold a reading; coverage is their share of the occupied time.
    """
    cells = occupied_cells(spans, now_us, intervals_s)
    co2 = cell_values(cells, series.get("co2_ppm", ()))
    temperature = cell_values(cells, series.get("temperature_c", ()))
    summer = np.array([is_summer(day.month) for day in days])[cells.day]
    high = np.where(summer, limits.summer_high_c, limits.comfort_high_c)
    comfort = (temperature >= limits.comfort_low_c) & (temperature <= high)
    above = co2 > limits.co2_limit_ppm
    running = [bool(of_day) and _us(of_day[-1]) > now_us for of_day in spans]
    return {
        "co2_mean_ppm": _means(cells, co2, co2, spans, running),
        "co2_above_limit_share": _means(cells, co2, above.astype(float), spans, running),
        "co2_above_high_share": _means(cells, co2, (co2 > limits.co2_high_ppm).astype(float), spans, running),
        "co2_p95_ppm": _means(cells, co2, _quantile(cells, co2, len(spans)), spans, running),
        "comfort_share": _means(cells, temperature, comfort.astype(float), spans, running),
        "occupied_h": [_occupied(of_day) for of_day in spans],
    }


def _quantile(cells: Cells, measured: Floats, days: int) -> Floats:
    """The 95 % quantile of a cell's day, at each cell."""
    of_days = [
        weighted_quantile(measured[here], cells.length_s[here], P95)
        for here in (cells.day == day for day in range(days))
    ]
    return np.array(of_days)[cells.day]


def _us(span: Span) -> int:
    return round(span[1].timestamp() * 1e6)


def _occupied(spans: Sequence[Span]) -> Figure:
    hours = sum((end - start).total_seconds() for start, end in spans) / 3_600
    return Figure(hours, 1.0, Status.OK, None if spans else "not_occupied")


def _means(
    cells: Cells, measured: Floats, wanted: Floats, spans: Sequence[Sequence[Span]], running: Sequence[bool]
) -> list[Figure]:
    """Mean of ``wanted`` a day, weighted by the length of the cells in which ``measured`` stands."""
    good = ~np.isnan(measured)
    days = len(spans)
    total = np.bincount(cells.day, cells.length_s, days)
    covered = np.bincount(cells.day[good], cells.length_s[good], days)
    weighted = np.bincount(cells.day[good], (cells.length_s * wanted)[good], days)
    figures = []
    for day, of_day in enumerate(spans):
        if not of_day:
            figures.append(Figure(None, 0.0, Status.NO_DATA, "not_occupied"))
            continue
        if total[day] == 0:
            figures.append(Figure(None, 0.0, Status.NO_DATA, "not_yet_occupied"))
            continue
        coverage = float(covered[day] / total[day])
        figures.append(_figure(weighted[day], covered[day], coverage, running=running[day]))
    return figures


def _figure(weighted: float, covered: float, coverage: float, *, running: bool) -> Figure:
    status = status_of(coverage)
    if status is Status.NO_DATA:
        return Figure(None, 0.0, status, "no_readings")
    if status is Status.INSUFFICIENT:
        return Figure(None, coverage, status, "few_readings")
    if running:
        return Figure(float(weighted / covered), coverage, Status.PRELIMINARY, "running")
    return Figure(float(weighted / covered), coverage, status, "gap" if status is Status.PARTIAL else None)
