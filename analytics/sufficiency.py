"""Whether a baseline and a reporting period carry a claim: OpenDSM's (CalTRACK 2) sufficiency rules.

Source: opendsm 1.2.7, ``eemeter/common/sufficiency_criteria.py`` and the daily model's settings; CalTRACK
Methods 2.2 to 2.3. The rules are facts; nothing of that code is used.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import pandas as pd

BASELINE_DAYS = (329, 366)
"""Length of a baseline: 0.9 of a year, rounded up, to a leap year."""

LEAST_SHARE = 0.9
"""Share of days with energy, with temperature, and with both; of each month's days with temperature."""

DAY_COVERAGE = 0.9
"""A day counts where more than this share of its hours stood."""

_OUTLIER_IQR = 3.0


class Problem(StrEnum):
    """What a period lacks. All but ``OUTLIERS`` disqualify it."""

    NO_DAYS = "no_days"
    TOO_SHORT = "baseline_too_short"
    TOO_LONG = "baseline_too_long"
    ENERGY_MISSING = "energy_days_missing"
    TEMPERATURE_MISSING = "temperature_days_missing"
    BOTH_MISSING = "days_without_energy_and_temperature"
    MONTH_MISSING = "temperature_month_missing"
    NEGATIVE = "negative_energy"
    OUTLIERS = "outliers"


class Sufficiency(NamedTuple):
    """Verdict on a period: ``problems`` with what was measured, the share of days that count."""

    days: int
    complete: int
    problems: tuple[tuple[Problem, str], ...]

    @property
    def sufficient(self) -> bool:
        """Whether the period carries a claim."""
        return all(problem is Problem.OUTLIERS for problem, _ in self.problems)

    @property
    def reason(self) -> str | None:
        """The disqualifying problems as reason codes, joined by ``; ``; None where there are none."""
        return "; ".join(problem for problem, _ in self.problems if problem is not Problem.OUTLIERS) or None


def counted(days: pd.DataFrame) -> pd.DataFrame:
    """``days`` (:data:`analytics.signature.DAY_COLUMNS`) in their order, with NaN where a day does not count
    or its value is no number.

    Optional columns ``energy_coverage`` and ``temperature_coverage`` (0-1) say how much of the day stood. A
    day that stands several times counts once where its rows agree; a value that they tell differently does
    not count.

    Raises:
        ValueError: the rows are not days: hours would pass for days of little energy.
    """
    index = days.index
    if not isinstance(index, pd.DatetimeIndex) or index.tz is not None or (index != index.normalize()).any():
        raise ValueError("savings need a row a local day, indexed by its naive midnight; sum hours first")
    found = days.sort_index()
    for value in ("energy_kwh", "temperature_c"):
        found[value] = found[value].astype(float).where(np.isfinite(found[value].astype(float)))
    for value, coverage in (
        ("energy_kwh", "energy_coverage"),
        ("temperature_c", "temperature_coverage"),
    ):
        if coverage in found:
            found[value] = found[value].where(found[coverage] > DAY_COVERAGE)
    return found if found.index.is_unique else _once(found)


def _once(days: pd.DataFrame) -> pd.DataFrame:
    """One row a day, of several the first, without the values of which they contradict each other."""
    by_day = days.groupby(level=0, sort=False)
    found = by_day.first()  # of each column the first that is known
    for value in ("energy_kwh", "temperature_c"):
        found[value] = found[value].where(by_day[value].nunique() <= 1)
    return found


def baseline_sufficiency(
    days: pd.DataFrame, first: date, last: date, *, may_be_negative: bool = False
) -> Sufficiency:
    """Verdict on the baseline from ``first`` to ``last`` (local days, both included).

    ``days`` is indexed by local day; days it lacks are missing. ``may_be_negative``: electricity with
    production of its own behind the meter.
    """
    return _judge(days, first, last, BASELINE_DAYS, may_be_negative=may_be_negative)


def reporting_sufficiency(
    days: pd.DataFrame, first: date, last: date, *, may_be_negative: bool = False
) -> Sufficiency:
    """As :func:`baseline_sufficiency`, of a reporting period: any length up to a leap year."""
    return _judge(days, first, last, (1, BASELINE_DAYS[1]), may_be_negative=may_be_negative)


def _judge(
    days: pd.DataFrame, first: date, last: date, length: tuple[int, int], *, may_be_negative: bool
) -> Sufficiency:
    index = pd.date_range(first, last, freq="D")
    if len(index) == 0:
        return Sufficiency(0, 0, ((Problem.NO_DAYS, "the period is empty"),))
    whole = counted(days).reindex(index)
    energy, temperature = whole["energy_kwh"].notna(), whole["temperature_c"].notna()
    problems: list[tuple[Problem, str]] = []
    if len(index) < length[0]:
        problems.append((Problem.TOO_SHORT, f"{len(index)} days, {length[0]} are needed"))
    if len(index) > length[1]:
        problems.append((Problem.TOO_LONG, f"{len(index)} days, at most {length[1]} are used"))
    for problem, known in (
        (Problem.ENERGY_MISSING, energy),
        (Problem.TEMPERATURE_MISSING, temperature),
        (Problem.BOTH_MISSING, energy & temperature),
    ):
        if known.mean() < LEAST_SHARE:
            problems.append((problem, f"{int(known.sum())} of {len(index)} days"))
    problems += _months(temperature)
    problems += _values(whole["energy_kwh"].dropna(), may_be_negative=may_be_negative)
    return Sufficiency(len(index), int((energy & temperature).sum()), tuple(problems))


def _months(known: pd.Series) -> list[tuple[Problem, str]]:
    """Months with too few days of temperature."""
    by_month = known.groupby(pd.DatetimeIndex(known.index).strftime("%Y-%m")).mean()
    thin = [str(month) for month, share in by_month.items() if share < LEAST_SHARE]
    return [(Problem.MONTH_MISSING, ", ".join(thin))] if thin else []


def _values(energy: pd.Series, *, may_be_negative: bool) -> list[tuple[Problem, str]]:
    problems = []
    below = int((energy < 0).sum())
    if below and not may_be_negative:
        problems.append((Problem.NEGATIVE, f"{below} days below 0 kWh"))
    if len(energy):
        low, middle, high = np.quantile(energy.to_numpy(np.float64), [0.25, 0.5, 0.75])
        far = int((energy > middle + _OUTLIER_IQR * (high - low)).sum())
        if far:
            problems.append((Problem.OUTLIERS, f"{far} days over median + 3 IQR"))
    return problems
