"""Savings of a school: what it used against what its baseline would have used in the same weather and on the
same days.

Beside it :mod:`reports.signatures`, :mod:`reports.expectation`, :mod:`reports.bridges` and
:mod:`reports.portfolio`. They read the store and hand the fitting to :class:`reports.fits.Fits`; where
nothing can be said the answer holds the reason and what is missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from analytics.savings import (
    CONFIDENCE,
    LEAST_REPORTING_DAYS,
    POOR_FIT,
    SINGLE_DAYS,
    STILL_DAYS,
    Claim,
    Savings,
    total,
)
from analytics.sufficiency import Sufficiency, baseline_sufficiency, reporting_sufficiency
from classroom.quantity import Carrier
from reports.daily import SchoolDays, StationUsed
from reports.dates import Dates
from reports.fits import shapes_of
from reports.saved_emissions import SavedEmission, saved_emissions, summed_emissions
from reports.sources import (
    DEFAULT,
    NO_METERS,
    Asked,
    Lack,
    Sources,
    asked_periods,
    lacks_of,
    mean_area_m2,
    nothing_to_compare,
    poor_fit_told,
)

__all__ = ["CONFIDENCE", "CarrierSavings", "SchoolSavings", "school_savings", "together"]


AREA_CHANGED = "area_changed"

_SAME_AREA = 0.01  # so much may be another way of measuring


class CarrierSavings(NamedTuple):
    """Savings of one carrier (None: of all together), what they lack, and in kgCO2e of the accounts."""

    carrier: Carrier | None
    result: Savings
    lacks: tuple[Lack, ...] = ()
    emissions: tuple[SavedEmission, ...] = ()


class SchoolSavings(NamedTuple):
    """A school's savings. ``total`` is null as soon as one carrier has no comparison: the sum of the others
    would look like a saving of the school."""

    school: str
    baseline: Dates
    reporting: Dates
    station: StationUsed | None
    carriers: tuple[CarrierSavings, ...]
    total: CarrierSavings


def school_savings(sources: Sources, school: str, asked: Asked = DEFAULT) -> SchoolSavings:
    """Savings of ``school`` in the reporting period against the baseline, carriers apart and together.

    Raises:
        OverlapError: the periods have days in common.
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    days, baseline, reporting = asked_periods(sources, school, asked)
    return savings_of(sources, days, baseline, reporting)


def savings_of(sources: Sources, days: SchoolDays, baseline: Dates, reporting: Dates) -> SchoolSavings:
    """:func:`school_savings` of days that are loaded; they hold both periods."""
    carriers = tuple(_of_carrier(sources, days, one, baseline, reporting) for one in days.frames)
    return SchoolSavings(days.school, baseline, reporting, days.station, carriers, _of_school(carriers))


def _of_carrier(
    sources: Sources, days: SchoolDays, carrier: Carrier, baseline: Dates, reporting: Dates
) -> CarrierSavings:
    frame = days.frames[carrier]
    none = nothing_to_compare(sources.site, days, carrier, (("baseline", baseline), ("reporting", reporting)))
    lacks: tuple[Lack, ...]
    if none is not None:
        found, lacks = Savings(Claim.NONE, none.code, 0), (none,)
    else:
        found = sources.fits.savings(frame, baseline, reporting, shapes_of(carrier))
        after = reporting_sufficiency(frame, *reporting)
        lacks = (
            *lacks_of("baseline", baseline_sufficiency(frame, *baseline)),
            *lacks_of("reporting", after),
            *_lacks_of_result(found, after),
        )
    area = _area_changed(sources, days.school, baseline, reporting)
    if area is not None and found.saved_kwh is not None:
        found, lacks = found._replace(claim=Claim.NONE, reason=AREA_CHANGED), (area,)
    if found.reason in (POOR_FIT, SINGLE_DAYS, AREA_CHANGED):  # what carries no claim carries no figure
        found = found._replace(saved_kwh=None, low_kwh=None, high_kwh=None, counterfactual_kwh=None)
    return CarrierSavings(
        carrier, found, lacks, saved_emissions(sources.site, carrier, reporting.last.year, found)
    )


def _area_changed(sources: Sources, school: str, baseline: Dates, reporting: Dates) -> Lack | None:
    """A building of another size is no comparison (IPMVP: static factors); its bridge tells the parts."""
    before, after = (mean_area_m2(sources.site, school, dates) for dates in (baseline, reporting))
    if before is None or after is None or abs(after / before - 1) <= _SAME_AREA:
        return None
    return Lack(None, AREA_CHANGED, f"from {before:.0f} to {after:.0f} m²")


def _lacks_of_result(found: Savings, after: Sufficiency) -> tuple[Lack, ...]:
    """What the comparison itself found wanting."""
    reason = found.reason or ""
    if "fewer_than" in reason:
        detail = f"{after.complete} complete days, {LEAST_REPORTING_DAYS} are needed"
        return (Lack("reporting", "too_few_days", detail),)
    if reason in (POOR_FIT, SINGLE_DAYS) and found.signature is not None:
        return (poor_fit_told(found.signature, found.spoiling),)
    if reason == "weather_outside_baseline":
        detail = f"{found.days} of {after.complete} days lie within the baseline's temperatures"
        return (Lack("reporting", reason, detail),)
    if reason == "nothing_expected":
        return (Lack("baseline", reason, "by the baseline the reporting period would use no energy"),)
    if reason == "energy_stands_still":
        return (Lack("reporting", reason, f"the same energy on {STILL_DAYS} days in a row and more"),)
    if reason == "rests_on_single_days":
        return (Lack("reporting", reason, "without a few days far from the model nothing could be told"),)
    if "not_told_from_zero" in reason:
        return (Lack(None, "not_told_from_zero", "an interval of 95 % holds 0"),)
    return ()


def _of_school(parts: Sequence[CarrierSavings]) -> CarrierSavings:
    if not parts:
        lack = Lack(None, NO_METERS, "meters.csv names no meter of this school")
        return CarrierSavings(None, Savings(Claim.NONE, NO_METERS, 0), (lack,))
    silent = [str(part.carrier) for part in parts if part.result.saved_kwh is None]
    if silent:
        lack = Lack(None, "carrier_missing", ", ".join(silent))
        return CarrierSavings(None, Savings(Claim.NONE, "carrier_missing:" + ",".join(silent), 0), (lack,))
    return together(parts)


def together(parts: Sequence[CarrierSavings]) -> CarrierSavings:
    """Comparisons that stand, summed net of rises: energy, interval and kgCO2e.

    ``parts`` that have no figure must have been left out before.
    """
    result = total([part.result for part in parts])
    lacks = (Lack(None, "not_told_from_zero", "an interval of 95 % holds 0"),) if result.reason else ()
    return CarrierSavings(None, result, lacks, summed_emissions([part.emissions for part in parts]))
