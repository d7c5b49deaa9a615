"""Lessons: air, temperature and people of each, and whether the room's sensor could tell.

A figure is of the lesson's slots that hold a trusted reading, with their share as coverage. A lesson in which
the sensor was silent, stuck or had drifted has no level: never a green one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.balance import Flow
from analytics.comfort import above_k, band, below_k, category, is_summer
from analytics.coverage import LEAST_COVERAGE, OK_COVERAGE
from analytics.rollups import Cells, DeviceSeries, cell_values, occupied_cells, weighted_quantile
from classroom.air import Air, air_level
from classroom.settings import AnalyticsSettings

Floats = npt.NDArray[np.float64]

P95 = 0.95

DOUBTS = {"stale": "stuck", "drift": "drift"}
"""Verdicts that take a lesson's level away, and the reason told."""


class Doubt(NamedTuple):
    """An interval [us] in which a series of a room's sensor is not to be trusted, by kind of verdict."""

    quantity: str
    kind: str
    start_us: int
    end_us: int


class Taught(NamedTuple):
    """A lesson of the timetable: UTC start and end, and its group (None: not told)."""

    start: datetime
    end: datetime
    group_size: int | None


@dataclass(frozen=True)
class Carbon:
    """CO2 of a lesson [ppm] and the level of its mean; ``reason`` says why there is none."""

    mean_ppm: float | None
    p95_ppm: float | None
    max_ppm: float | None
    above_limit_share: float | None
    coverage: float
    level: Air | None
    reason: str | None


@dataclass(frozen=True)
class Warmth:
    """Temperature of a lesson [°C], share of it in the comfort band, degree hours outside it [K·h], and the
    EN 16798-1 category of its mean (5: outside all)."""

    mean_c: float | None
    comfort_share: float | None
    overheating_k_h: float | None
    underheating_k_h: float | None
    category: int | None
    coverage: float
    reason: str | None


@dataclass(frozen=True)
class LessonClimate:
    """A lesson as measured. ``flow`` is that of its mass balance, or why there is none."""

    lesson: Taught
    co2: Carbon
    temperature: Warmth
    occupied_share: float | None
    flow: Flow | str


def lesson_climates(
    lessons: Sequence[Taught],
    month: int,
    now_us: int,
    series: Mapping[str, Sequence[DeviceSeries]],
    intervals_s: Sequence[int],
    doubts: Sequence[Doubt],
    limits: AnalyticsSettings,
    flows: Sequence[Flow | str] = (),
    occupied: DeviceSeries | None = None,
) -> list[LessonClimate]:
    """What trusted readings (``series`` by quantity, of the room's devices) say of each lesson.

    ``intervals_s`` are the reporting intervals of all devices in the room, ``doubts`` what is wrong with
    their series, ``flows`` one a lesson (:attr:`analytics.ventilation.DayAir.by_lesson`), ``occupied`` 1 and
    0 at each reading (:func:`analytics.occupancy.occupied`). What lies after ``now_us`` does not count yet.
    """
    cells = occupied_cells([[(one.start, one.end)] for one in lessons], now_us, intervals_s)
    co2 = cell_values(cells, series.get("co2_ppm", ()))
    temperature = cell_values(cells, series.get("temperature_c", ()))
    present = cell_values(cells, [] if occupied is None else [occupied])
    found = []
    for at, lesson in enumerate(lessons):
        here = cells.day == at
        part = Cells(cells.start_us[here], cells.length_s[here], cells.day[here])
        span = _us(lesson.start), _us(lesson.end)
        found.append(
            LessonClimate(
                lesson,
                _carbon(part, co2[here], _doubt(doubts, "co2_ppm", span), limits),
                _warmth(part, temperature[here], _doubt(doubts, "temperature_c", span), limits, month),
                _mean(part, present[here])[0],
                flows[at] if at < len(flows) else "not_asked",
            )
        )
    return found


def _carbon(cells: Cells, ppm: Floats, doubt: str | None, limits: AnalyticsSettings) -> Carbon:
    mean, coverage = _mean(cells, ppm)
    reason = _reason(cells, coverage, doubt)
    if mean is None or reason is not None:
        return Carbon(None, None, None, None, coverage, None, reason)
    above, _ = _mean(cells, np.where(np.isnan(ppm), np.nan, ppm > limits.co2_limit_ppm))
    return Carbon(
        mean_ppm=mean,
        p95_ppm=weighted_quantile(ppm, cells.length_s, P95),
        max_ppm=float(np.nanmax(ppm)),
        above_limit_share=above,
        coverage=coverage,
        level=air_level(mean),
        reason=None,
    )


def _warmth(
    cells: Cells, temperature_c: Floats, doubt: str | None, limits: AnalyticsSettings, month: int
) -> Warmth:
    mean, coverage = _mean(cells, temperature_c)
    reason = _reason(cells, coverage, doubt)
    if mean is None or reason is not None:
        return Warmth(None, None, None, None, None, coverage, reason)
    low, high = band(limits, summer=is_summer(month))
    good = ~np.isnan(temperature_c)
    hours = cells.length_s[good] / 3_600
    inside = (temperature_c[good] >= low) & (temperature_c[good] <= high)
    return Warmth(
        mean_c=mean,
        comfort_share=float((inside * hours).sum() / hours.sum()),
        overheating_k_h=float((above_k(temperature_c[good], high) * hours).sum()),
        underheating_k_h=float((below_k(temperature_c[good], low) * hours).sum()),
        category=int(category(np.array([mean]), is_summer(month))[0]),
        coverage=coverage,
        reason=None,
    )


def _mean(cells: Cells, values: Floats) -> tuple[float | None, float]:
    """Mean over the cells that hold a value, and their share of the time."""
    good = ~np.isnan(values)
    total, covered = float(cells.length_s.sum()), float(cells.length_s[good].sum())
    if covered == 0:
        return None, 0.0
    return float((values[good] * cells.length_s[good]).sum() / covered), covered / total


def _reason(cells: Cells, coverage: float, doubt: str | None) -> str | None:
    """Why a lesson has no figure; None where it has one."""
    if not len(cells.start_us):
        return "not_yet"
    if doubt is not None and coverage < OK_COVERAGE:
        return doubt
    if coverage == 0:
        return "no_readings"
    return "few_readings" if coverage < LEAST_COVERAGE else None


def _doubt(doubts: Sequence[Doubt], quantity: str, span: tuple[int, int]) -> str | None:
    for one in doubts:
        if (
            one.quantity == quantity
            and one.start_us < span[1]
            and one.end_us > span[0]
            and one.kind in DOUBTS
        ):
            return DOUBTS[one.kind]
    return None


def _us(time: datetime) -> int:
    return round(time.timestamp() * 1e6)
