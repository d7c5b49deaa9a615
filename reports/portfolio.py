"""Savings of many schools together: net of those that used more, over the same periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from classroom.quantity import Carrier
from reports.comparison import CarrierSavings, SchoolSavings, savings_of, together
from reports.daily import SchoolDays
from reports.dates import Dates
from reports.sources import (
    DEFAULT,
    NO_METERS,
    Asked,
    Sources,
    asked_periods,
    default_periods,
    recent_days,
)


class LeftOut(NamedTuple):
    """A school's carrier without a comparison (None: the school has no meters), and why."""

    school: str
    carrier: Carrier | None
    reason: str


class PortfolioSavings(NamedTuple):
    """Savings of schools: each one's, those of each carrier and of all that could be compared.

    Sums are net of those that used more and hold also those whose saving could not be told from zero: leaving
    them out would flatter the sum. What has no comparison at all is in ``left_out``.
    """

    baseline: Dates
    reporting: Dates
    schools: tuple[SchoolSavings, ...]
    carriers: tuple[CarrierSavings, ...]
    total: CarrierSavings
    left_out: tuple[LeftOut, ...]


def portfolio_savings(
    sources: Sources, schools: Sequence[str], asked: Asked = DEFAULT
) -> PortfolioSavings | None:
    """Savings of ``schools`` over common periods; None of no schools.

    By default the reporting period is the last twelve full months that half of the schools know.

    Raises:
        OverlapError: the periods have days in common.
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    if not schools:
        return None
    loaded: dict[str, SchoolDays] = {}
    if asked == DEFAULT:
        loaded = {school: recent_days(sources, school) for school in schools}
        asked = _common(sources, list(loaded.values()))
    found = []
    for school in schools:
        days = loaded.get(school)
        if days is None or asked.baseline is None or days.dates.first > asked.baseline.first:
            days, baseline, reporting = asked_periods(sources, school, asked)
            asked = asked._replace(baseline=baseline, reporting=reporting)
        assert asked.baseline is not None  # noqa: S101
        assert asked.reporting is not None  # noqa: S101
        found.append(savings_of(sources, days, asked.baseline, asked.reporting))
    return _summed(found)


def _common(sources: Sources, loaded: Sequence[SchoolDays]) -> Asked:
    """The default periods of the school in the middle of those that know any energy."""
    known = [d for d in loaded if any(frame["energy_kwh"].notna().any() for frame in d.frames.values())]
    periods = sorted(default_periods(days, sources.yesterday) for days in known or loaded)
    return Asked(*periods[len(periods) // 2])


def _summed(schools: Sequence[SchoolSavings]) -> PortfolioSavings:
    lines = [(school.school, line) for school in schools for line in school.carriers]
    compared = [line for _, line in lines if line.result.saved_kwh is not None]
    carriers = [carrier for carrier in Carrier if any(line.carrier is carrier for line in compared)]
    left_out = [
        LeftOut(school, line.carrier, line.result.reason or "")
        for school, line in lines
        if line.result.saved_kwh is None
    ]
    left_out += [LeftOut(school.school, None, NO_METERS) for school in schools if not school.carriers]
    return PortfolioSavings(
        schools[0].baseline,
        schools[0].reporting,
        tuple(schools),
        tuple(
            together([line for line in compared if line.carrier is carrier])._replace(carrier=carrier)
            for carrier in carriers
        ),
        together(compared),
        tuple(left_out),
    )
