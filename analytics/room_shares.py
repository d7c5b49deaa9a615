"""What of a room's occupied time is too warm, too cold or badly aired, by local day; all days at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from analytics.comfort import above_k, band, below_k, category, is_summer
from analytics.coverage import status_of
from analytics.energy import to_us
from analytics.indoor import Figure
from analytics.rollups import Cells
from analytics.room_calendar import Day
from analytics.ventilation import air_category, rebreathed_fraction
from classroom.metric import Status
from classroom.settings import AnalyticsSettings

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


class Measured(NamedTuple):
    """Occupied time in which a value stands: its cells, their length [s] and day; and by day all occupied
    time [s] and the part of it in which the value stands."""

    value: Floats
    length_s: Floats
    day: Ints
    occupied_s: Floats
    covered_s: Floats

    @classmethod
    def of(cls, cells: Cells, values: Floats, days: int) -> Measured:
        """The cells whose value is not NaN."""
        good = ~np.isnan(values)
        length_s, day = cells.length_s[good], cells.day[good]
        occupied_s, covered_s = _sums(cells.day, cells.length_s, days), _sums(day, length_s, days)
        return cls(values[good], length_s, day, occupied_s, covered_s)

    def total(self, each: Floats | Bools) -> Floats:
        """By day, the sum of ``each`` times its length [s]."""
        return _sums(self.day, each * self.length_s, len(self.occupied_s))

    def figures(self, days: Sequence[Day], now_us: int, values: Floats) -> list[Figure]:
        """Figures of the days' ``values``, with the share of occupied time in which they were measured."""
        coverage = np.divide(
            self.covered_s, self.occupied_s, out=np.zeros(len(days)), where=self.occupied_s > 0
        )
        told = zip(days, values.tolist(), coverage.tolist(), strict=True)
        return [figure_of(day, now_us, value, share) for day, value, share in told]


def _sums(day: Ints, weights: Floats, days: int) -> Floats:
    """By day, the sum of the weights."""
    return np.bincount(day, weights, days).astype(np.float64)


def warmth(
    days: Sequence[Day], now_us: int, cells: Cells, values: Floats, limits: AnalyticsSettings
) -> dict[str, list[Figure]]:
    """Degree hours outside the comfort band [K·h], and the share of occupied time in category II."""
    one = Measured.of(cells, values, len(days))
    summer = np.array([is_summer(day.day.month) for day in days], dtype=bool)[one.day]
    cold, warm = band(limits, summer=False), band(limits, summer=True)
    low, high = np.where(summer, warm.low_c, cold.low_c), np.where(summer, warm.high_c, cold.high_c)
    inside = one.total(category(one.value, summer) <= 2) / np.where(one.covered_s > 0, one.covered_s, 1.0)
    return {
        "overheating_k_h": one.figures(days, now_us, one.total(above_k(one.value, high)) / 3_600),
        "underheating_k_h": one.figures(days, now_us, one.total(below_k(one.value, low)) / 3_600),
        "temperature_category_2_share": one.figures(days, now_us, inside),
    }


def shares(days: Sequence[Day], now_us: int, cells: Cells, excess: Floats) -> dict[str, list[Figure]]:
    """Shares of occupied time in the categories of EN 16798-1, and the share of air breathed before."""
    one = Measured.of(cells, excess, len(days))
    category_of = air_category(one.value)
    each: dict[str, Floats | Bools] = {
        f"air_category_{number}_share": category_of == number for number in (1, 2, 3, 4)
    }
    each["rebreathed_share"] = rebreathed_fraction(one.value)
    whole_s = np.where(one.covered_s > 0, one.covered_s, 1.0)
    return {name: one.figures(days, now_us, one.total(part) / whole_s) for name, part in each.items()}


def figure_of(day: Day, now_us: int, value: float, coverage: float) -> Figure:
    """A figure of the day's occupied time."""
    if not day.occupied:
        return Figure(None, 0.0, Status.NO_DATA, "not_occupied")
    if to_us(day.occupied[0][0]) >= now_us:
        return Figure(None, 0.0, Status.NO_DATA, "not_yet_occupied")
    status = status_of(coverage)
    if status is Status.NO_DATA:
        return Figure(None, 0.0, status, "no_readings")
    if status is Status.INSUFFICIENT:
        return Figure(None, coverage, status, "few_readings")
    if to_us(day.occupied[-1][1]) > now_us:
        return Figure(value, coverage, Status.PRELIMINARY, "running")
    return Figure(value, coverage, status, "gap" if status is Status.PARTIAL else None)
