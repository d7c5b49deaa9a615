"""Climate accounts of a year: rows for the GHG Protocol's dual reporting and for a municipal energy register.

The field lists stand in ``docs/reports.md``. Rows come from the figures of the year's report, so that both
say the same; a closed year gives the rows that were frozen (:mod:`reports.closing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from analytics.emissions import BASES, LINES
from analytics.periods import aggregate
from classroom.factors import ON_SITE
from classroom.metric import Interval, Metric
from classroom.places import MeterRole
from classroom.quantity import Carrier
from classroom.site import Site, overlap
from reports.emission_figures import line_metric
from reports.energy_figures import ESTIMATED, KNOWN
from reports.figures import Figure, Mark, Report
from reports.period import Period

ACCOUNT_COLUMNS = (
    "year",
    "organisation",
    "school",
    "carrier",
    "scope",
    "basis",
    "activity_kwh",
    "activity_estimated_kwh",
    "activity_coverage",
    "emissions_kgco2e",
    "emissions_estimated_kgco2e",
    "factor",
    "factor_g_per_kwh",
    "factor_year",
    "factor_allocation",
    "factor_source",
    "status",
    "reason",
    "method",
    "figure",
)
"""A row a school, carrier, scope and basis; ``scope`` is 1, 2, 3.3, 2+3.3 or outside."""

REGISTER_COLUMNS = (
    "municipality",
    "school",
    "building",
    "atemp_m2",
    "carrier",
    "month",
    "measured_kwh",
    "estimated_kwh",
    "estimated_low_kwh",
    "estimated_high_kwh",
    "stands_on",
    "meters",
)
"""A row a building, carrier and month; ``building`` is empty for meters that name none."""

Row = dict[str, Any]

_SCOPES = {"direct": "2", "upstream": "3.3", "lifecycle": "2+3.3", "biogenic": "outside"}


def account_rows(report: Report) -> list[Row]:
    """The year's emissions by carrier, scope and basis. Fuels burnt at the school stand once, in scope 1."""
    factors = {factor.id: factor for factor in report.factors}
    rows = []
    for carrier in report.carriers:
        known, estimated = report.figure(KNOWN, carrier), report.figure(ESTIMATED, carrier)
        for cover in LINES:
            for basis in BASES:
                figure = report.figure(line_metric(cover), carrier, basis)
                burnt = carrier in ON_SITE and cover == "direct"
                if figure is None or (burnt and basis != BASES[0]):
                    continue
                name = figure.metric.replace("_kgco2e", "_estimated_kgco2e")
                used = [factors[key] for key in figure.factors if key in factors]
                rows.append(
                    {
                        "year": report.period.key,
                        "organisation": report.site_name,
                        "school": report.school,
                        "carrier": carrier.value,
                        "scope": "1" if burnt else _SCOPES[cover],
                        "basis": None if burnt else basis,
                        "activity_kwh": _value(known),
                        "activity_estimated_kwh": _value(estimated),
                        "activity_coverage": round(known.coverage, 4) if known else 0.0,
                        "emissions_kgco2e": figure.value,
                        "emissions_estimated_kgco2e": _value(report.figure(name, carrier, basis)),
                        "factor": " ".join(factor.id for factor in used),
                        "factor_g_per_kwh": used[0].g_per_kwh if len(used) == 1 else None,
                        "factor_year": used[0].year if len(used) == 1 else None,
                        "factor_allocation": used[0].allocation if len(used) == 1 else None,
                        "factor_source": "; ".join(factor.source for factor in used),
                        "status": figure.status.value,
                        "reason": figure.reason,
                        "method": figure.method,
                        "figure": figure.id,
                    }
                )
    return rows


def register_rows(report: Report, site: Site, meters: Sequence[Metric], now: datetime) -> list[Row]:
    """The year's energy by building, carrier and month. ``meters`` are the metrics of the school's meters by
    day; each counts with its share.

    An estimate is the school's: it stands at a building only where that has all of the school's main meters
    of the carrier.
    """
    rows = []
    for carrier in report.carriers:
        groups = _by_building(site, report.school, carrier, report.period)
        for building, shares in groups.items():
            area = _area(site, report.school, building)
            sums = {
                key: {one.time: one for one in _months(meters, key, carrier, site, now)} for key in shares
            }
            for month in report.period.months:
                start = month.span(site.zone)[0]
                if start >= now:
                    continue
                known = [
                    (one.value if one is not None else None, share)
                    for key, share in shares.items()
                    for one in (sums[key].get(start),)
                ]
                whole = all(value is not None for value, _ in known)
                alone = len(groups) == 1
                mark = report.marks.get((carrier, month.key), Mark.INCOMPLETE)
                measured = sum((value or 0.0) * share for value, share in known) if whole else None
                if alone:
                    measured = _value(report.figure(KNOWN, carrier, period=month.key))
                rows.append(
                    {
                        "municipality": report.municipality,
                        "school": report.school,
                        "building": building,
                        "atemp_m2": area if building else report.area_m2,
                        "carrier": carrier.value,
                        "month": month.key,
                        "measured_kwh": measured,
                        **_estimate(report.figure(ESTIMATED, carrier, period=month.key) if alone else None),
                        "stands_on": mark.value,
                        "meters": " ".join(shares),
                    }
                )
    return rows


def _area(site: Site, school: str, building: str) -> float | None:
    return next((one.atemp_m2 for one in site.buildings if (one.school, one.key) == (school, building)), None)


def _by_building(site: Site, school: str, carrier: Carrier, period: Period) -> dict[str, dict[str, float]]:
    """Main meters with their share, by building; a swapped meter is one."""
    start, end = period.span(site.zone)
    found: dict[str, dict[str, float]] = {}
    for meter in site.meters_of(school, carrier, MeterRole.MAIN):
        if overlap(meter.valid_from, meter.valid_to, start, end):
            found.setdefault(meter.building or "", {})[meter.key] = meter.share
    return found or {"": {}}


def _months(meters: Sequence[Metric], key: str, carrier: Carrier, site: Site, now: datetime) -> list[Metric]:
    mine = [one for one in meters if one.id == key and one.carrier is carrier]
    sums = aggregate(mine, Interval.MONTH, site.zone, until=now)
    return [one for one in sums if one.metric == "energy_kwh"]


def _estimate(figure: Figure | None) -> Row:
    return {
        "estimated_kwh": _value(figure),
        "estimated_low_kwh": figure.low if figure else None,
        "estimated_high_kwh": figure.high if figure else None,
    }


def _value(figure: Figure | None) -> float | None:
    return None if figure is None else figure.value
