"""Savings: a planted measure must be claimed, its size be inside the interval; without one nothing may be."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

import pandas as pd

from accuracy.page import Row, Section, Seeds
from analytics.savings import Claim, Savings, savings
from analytics.sun import extraterrestrial_kwh_m2
from classroom.quantity import Carrier
from classroom.sitefiles import parse_site
from reports.fits import USED_DAYS, shapes_of
from simulators.city import city_site
from simulators.counterfactual import daily_energy
from simulators.scenario import SCENARIO_FILE, parse_scenario
from simulators.school import Town

SHARE = 0.12
BASELINE = date(2023, 7, 1), date(2024, 6, 30)
REPORTING = date(2024, 7, 1), date(2025, 6, 30)
_ROOMS = (3, 6)
_TOWNS_AT_ONCE = 20

TEXT = """
A hundred schools of 3 to 6 classrooms, each with two school years of weather and use of its own (people,
windows, sun, wind, which the savings model does not know; it is told outdoor temperature, the calendar
and the season's sun). District heat of the second year is taken as it is, and once more with 12 % less on
every day: a new culvert. Both go through `analytics.savings.savings` as the pages and the API call it,
with the first year as baseline. A claim asks that zero lies outside the 90 % interval by a quarter of its
half width, which is about 95 %.
"""


class _Tried(NamedTuple):
    """One school with or without its measure."""

    planted: bool
    found: Savings
    saved_kwh: float  # in truth

    @property
    def width(self) -> float:
        """Width of the interval as a share of the counterfactual."""
        found = self.found
        if found.high_kwh is None or found.low_kwh is None or not found.counterfactual_kwh:
            return float("inf")
        return (found.high_kwh - found.low_kwh) / found.counterfactual_kwh

    @property
    def inside(self) -> bool:
        """Whether the truth is inside the interval."""
        low, high = self.found.low_kwh, self.found.high_kwh
        return low is not None and high is not None and low <= self.saved_kwh <= high


def school_days(seeds: Sequence[int]) -> Iterator[pd.DataFrame]:
    """District heat of a school of each seed, day by day (:data:`analytics.signature.DAY_COLUMNS`)."""
    for at in range(0, len(seeds), _TOWNS_AT_ONCE):
        towns = [_town(seed) for seed in seeds[at : at + _TOWNS_AT_ONCE]]
        bought = daily_energy(towns, BASELINE[0], REPORTING[1], counterfactual=False).bought
        for town in towns:
            timetable = town.site.timetable(town.site.schools[0].key)
            mine = bought[bought["seed"] == town.scenario.seed]
            index = pd.DatetimeIndex(mine["day"])
            yield pd.DataFrame(
                {
                    "energy_kwh": mine["district_heat_kwh"].to_numpy(),
                    "temperature_c": mine["outdoor_c"].to_numpy(),
                    "day_type": [str(timetable.day_type(day)) for day in mine["day"]],
                    "sun_kwh_m2": extraterrestrial_kwh_m2(index, town.site.schools[0].latitude or 0.0),
                },
                index=index,
            )


def _town(seed: int) -> Town:
    files = city_site(BASELINE[0], schools=1, seed=seed, planted=False, rooms=_ROOMS)
    return Town(parse_site(files), parse_scenario(files[SCENARIO_FILE]))


def tried(days: pd.DataFrame, share: float) -> _Tried:
    """The comparison of a school that saves ``share`` in the reporting period."""
    after = days.index >= pd.Timestamp(REPORTING[0])
    measured = days.assign(energy_kwh=days["energy_kwh"].where(~after, days["energy_kwh"] * (1 - share)))
    found = savings(measured, BASELINE, REPORTING, USED_DAYS, shapes_of(Carrier.DISTRICT_HEAT))
    return _Tried(share > 0, found, share * float(days.loc[after, "energy_kwh"].sum()))


def saved(seeds: Seeds) -> list[Row]:
    """The rows of the section."""
    every: list[_Tried] = []
    for days in school_days(seeds.some(100, 3)):
        every += [tried(days, share) for share in (SHARE, 0.0)]
        claims = ", ".join(f"{one.found.claim} {one.inside}" for one in every[-2:])
        print(f"school {len(every) // 2}: {claims}", file=sys.stderr, flush=True)
    planted, without = ([one for one in every if one.planted is which] for which in (True, False))
    claimed = [one for one in planted if one.found.claim is Claim.SAVING]
    widths = pd.Series([one.width for one in planted])
    inside = sum(one.inside for one in claimed) / max(1, len(claimed))
    false = [one for one in without if one.found.claim is not Claim.NONE]
    count = len(planted)
    all_inside = sum(one.inside for one in every) / len(every)
    errors = pd.Series([one.found.share - SHARE for one in planted if one.found.share is not None])
    return [
        _row(
            "12 % planted: a saving is claimed",
            f"{len(claimed)} of {count}",
            "≥ 70 of 100",
            len(claimed) >= 0.7 * count,
        ),
        _row(
            "median width of the 90 % interval",
            f"{100 * widths.median():.1f} points",
            "≤ 10 points",
            widths.median() <= 0.1,
        ),
        _row("truth inside the interval, of the claims", f"{inside:.0%}", "≥ 85 %", inside >= 0.85),
        _row(
            "nothing planted: a claim all the same",
            f"{len(false)} of {len(without)}",
            "≤ 10 of 100",
            len(false) <= 0.1 * len(without),
        ),
        Row("truth inside the interval, claimed or not, with and without a measure", f"{all_inside:.0%}"),
        Row(
            "found less planted, mean and standard deviation",
            f"{100 * errors.mean():+.1f} ± {100 * errors.std():.1f} points",
        ),
    ]


def _row(what: str, result: str, goal: str, met: bool) -> Row:
    return Row(what, result, goal, bool(met))


SECTION = Section("savings", "Savings", TEXT, saved)
