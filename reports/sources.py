"""What comparisons are made from, which periods they compare, and what may be lacking."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import pandas as pd

from analytics.savings import POOR_FIT, SINGLE_DAYS, USABLE_CVRMSE, spoiling_days
from analytics.signature import Signature
from analytics.sufficiency import Problem, Sufficiency, counted
from classroom.quantity import Carrier
from classroom.site import Site
from reports.daily import DayMetrics, SchoolDays, StationDays, last_full_month, load_days
from reports.dates import Dates, month_end, twelve_months, year_before
from reports.fits import Fits, shapes_of
from store.base import Store

RECENT = timedelta(days=40 * 31)
"""Two years to compare, and how late the newest months may be."""

NO_METERS, NO_ENERGY, BILLS_ONLY = "no_meters", "no_energy", "bills_only"
NO_STATION, NO_WEATHER = "no_weather_station", "no_weather"

_DAY = timedelta(days=1)
_FIRST = date(1990, 1, 1)


class Sources(NamedTuple):
    """The store, the site as it stands, the fits and the time (aware). One for each request: ``energy`` and
    ``weather`` keep what they have read."""

    store: Store
    site: Site
    fits: Fits
    now: datetime
    energy: DayMetrics
    weather: StationDays

    @classmethod
    def of(cls, store: Store, site: Site, fits: Fits, now: datetime) -> Sources:
        """Sources over a store and a site."""
        return cls(store, site, fits, now, DayMetrics(store), StationDays(store, site.zone))

    @property
    def yesterday(self) -> date:
        """The last whole local day."""
        return self.now.astimezone(self.site.zone).date() - _DAY


class Asked(NamedTuple):
    """Which periods to compare; None where the default is meant (:func:`default_periods`).

    ``measure`` is the local day of a measure: reporting begins the day after it and lasts at most a year, and
    the baseline is the 365 days before it, unless they are given.
    """

    baseline: Dates | None = None
    reporting: Dates | None = None
    measure: date | None = None


DEFAULT = Asked()


class OverlapError(ValueError):
    """Baseline and reporting period have days in common."""


class Lack(NamedTuple):
    """One thing that a comparison lacks: of ``baseline`` or ``reporting`` (None: both, or the only period),
    as a code, and how much there is."""

    period: str | None
    code: str
    detail: str


def load(sources: Sources, school: str, dates: Dates) -> SchoolDays:
    """The days of ``school`` in ``dates``.

    Raises:
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    return load_days(sources.site, school, dates, sources.now, sources.energy, sources.weather)


def recent_days(sources: Sources, school: str) -> SchoolDays:
    """The last three years and some months of ``school``; all there is where nothing is known of those.

    Raises:
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    yesterday = sources.yesterday
    found = load(sources, school, Dates(yesterday - RECENT, yesterday))
    if any(frame["energy_kwh"].notna().any() for frame in found.frames.values()):
        return found
    return load(sources, school, Dates(_FIRST, yesterday))


def default_periods(days: SchoolDays, yesterday: date) -> tuple[Dates, Dates]:
    """Baseline and reporting period: the last twelve full months that are known, and the twelve before."""
    last = last_full_month(days) or yesterday_month(yesterday)
    reporting = twelve_months(last)
    return twelve_months(reporting.first - _DAY), reporting


def yesterday_month(yesterday: date) -> date:
    """Last day of the newest month that is over."""
    return yesterday if month_end(yesterday) == yesterday else yesterday.replace(day=1) - _DAY


def asked_periods(sources: Sources, school: str, asked: Asked) -> tuple[SchoolDays, Dates, Dates]:
    """The days of both periods, the baseline and the reporting period.

    Raises:
        OverlapError: the periods have days in common.
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    days: SchoolDays | None = None
    baseline, reporting = _given(sources, asked)
    if baseline is None or reporting is None:
        days = recent_days(sources, school)
        before, after = default_periods(days, sources.yesterday)
        reporting = reporting or after
        baseline = baseline or before
    if baseline.first <= reporting.last and reporting.first <= baseline.last:
        raise OverlapError(f"baseline {baseline} and reporting period {reporting} have days in common")
    first, last = min(baseline.first, reporting.first), max(baseline.last, reporting.last)
    if days is None or first < days.dates.first or last > days.dates.last:
        days = load(sources, school, Dates(first, last))
    return days, baseline, reporting


def _given(sources: Sources, asked: Asked) -> tuple[Dates | None, Dates | None]:
    """The periods as far as they follow from what was asked."""
    baseline, reporting = asked.baseline, asked.reporting
    if asked.measure is not None:
        first = asked.measure + _DAY
        last = max(first, min(sources.yesterday, asked.measure + timedelta(days=365)))
        reporting = reporting or Dates(first, last)
        baseline = baseline or year_before(asked.measure)
    elif reporting is not None and baseline is None:
        whole_month = reporting.first.day == 1
        baseline = twelve_months(reporting.first - _DAY) if whole_month else year_before(reporting.first)
    return baseline, reporting


def nothing_to_compare(
    site: Site, days: SchoolDays, carrier: Carrier, periods: tuple[tuple[str | None, Dates], ...]
) -> Lack | None:
    """Why a carrier cannot be compared at all, before any fit; ``periods`` by their name in a ``Lack``."""
    frame = days.frames[carrier]
    if carrier in days.billed:
        return Lack(None, BILLS_ONLY, "bills are not daily")
    for name, dates in periods:
        if not frame.loc[str(dates.first) : str(dates.last), "energy_kwh"].notna().any():
            return Lack(name, NO_ENERGY, f"no day of {dates} has energy")
    if not site.stations_near(days.school):
        return Lack(
            None, NO_STATION, "stations.csv and schools.csv need coordinates, or a sensor at the school"
        )
    for name, dates in periods:
        if not frame.loc[str(dates.first) : str(dates.last), "temperature_c"].notna().any():
            return Lack(name, NO_WEATHER, f"no day of {dates} has an outdoor temperature")
    return None


def mean_area_m2(site: Site, school: str, dates: Dates) -> float | None:
    """Mean heated area Atemp of ``school`` over the days of a period [m²]; None where a day has none."""
    rows = sorted((row for row in site.attributes if row.school == school), key=lambda row: row.valid_from)
    if not rows or rows[0].valid_from > dates.first:
        return None
    total = 0.0
    ends = [*(row.valid_from - _DAY for row in rows[1:]), dates.last]
    for row, end in zip(rows, ends, strict=True):
        days = (min(end, dates.last) - max(row.valid_from, dates.first)).days + 1
        if days <= 0:
            continue
        if row.atemp_m2 is None:
            return None
        total += days * row.atemp_m2
    return total / dates.days


def lacks_of(period: str | None, found: Sufficiency) -> tuple[Lack, ...]:
    """What disqualifies a period."""
    return tuple(
        Lack(period, str(problem), detail)
        for problem, detail in found.problems
        if problem is not Problem.OUTLIERS
    )


def poor_fit(sources: Sources, fitted: pd.DataFrame, carrier: Carrier, signature: Signature) -> Lack | None:
    """Why the ``signature`` of a baseline's days carries nothing; None: it does."""
    if signature.quality.cvrmse <= USABLE_CVRMSE:
        return None
    shapes = shapes_of(carrier)
    days = spoiling_days(signature, counted(fitted), lambda some: sources.fits.signature(some, shapes))
    return poor_fit_told(signature, days)


def poor_fit_told(signature: Signature, spoiling: Sequence[date]) -> Lack:
    """A poor fit, and the days that spoil it where there are such."""
    if spoiling:
        days = ", ".join(map(str, spoiling))
        return Lack("baseline", SINGLE_DAYS, f"{days}: unlike all other days")
    detail = f"CVRMSE {signature.quality.cvrmse:.0%}, at most {USABLE_CVRMSE:.0%} carries a comparison"
    return Lack("baseline", POOR_FIT, detail)
