"""From :class:`reports.material.Material` to a :class:`reports.figures.Report`; pure, for a child process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from analytics.periods import aggregate
from analytics.sufficiency import counted
from classroom.factors import Factor
from classroom.metric import Status
from classroom.places import SchoolAttributes
from classroom.quantity import Carrier
from classroom.site import Site
from reports.air_figures import rooms_of, school_of
from reports.comparison_figures import comparison_figures, lacks, target_figures
from reports.emission_figures import estimated_emissions, scope_totals
from reports.energy_figures import (
    ESTIMATED,
    TOGETHER,
    Days,
    Learnt,
    carrier_energy,
    change,
    months_of,
    periods_of,
)
from reports.estimates import usable_signature
from reports.figures import (
    Figure,
    FigureId,
    Finding,
    Inputs,
    Mark,
    Missing,
    Quality,
    Report,
    Room,
    by_id,
    of_metric,
)
from reports.findings import finding_figures, is_finding
from reports.fits import shapes_of
from reports.insight_texts import insight_text
from reports.language import CODES
from reports.material import Material
from reports.period import Period

_EMISSIONS = "emissions"


def build(material: Material) -> Report:
    """The report of one school and period."""
    site, school, period = material.site, material.school, material.period
    days = Days.of(school, site.zone, material.now, material.days)
    carriers = carriers_of(days, period)
    figures: list[Figure] = [*periods_of(days, period), *months_of(days, period)]
    before = period.before
    marks: dict[tuple[Carrier, str], Mark] = {}
    missing: list[Missing] = []
    for carrier in carriers:
        learnt = _learnt(material, carrier)
        for one in (period, before):
            energy = carrier_energy(days, carrier, one, learnt)
            figures += energy.figures
            marks.update({(carrier, month): mark for month, mark in energy.marks.items()})
            missing += energy.missing if one is period else ()
    if not period.running_at(material.now, site.zone):  # part of a year is not compared with a whole one
        figures += _changes(by_id(figures), school, period, carriers)
    figures += _totals(figures, material, carriers)
    figures += _compared(material)
    rooms = rooms_of(material.rooms, period, site.zone, material.now)
    figures += [*rooms, *school_of(school, period, rooms)]
    figures += finding_figures(material.insights, school, period, period.span(material.site.zone))
    found = by_id(figures)
    return _report(material, found, carriers, marks, missing)


def carriers_of(days: Days, period: Period) -> tuple[Carrier, ...]:
    """Carriers that the school bought in the period or the year before."""
    spans = [one.span(days.zone) for one in (period, period.before)]
    told = {
        carrier
        for (name, carrier), of_day in days.by_name.items()
        if name == "energy_kwh"
        and carrier is not None
        and any(start <= metric.time < end for metric in of_day.values() for start, end in spans)
    }
    return tuple(carrier for carrier in Carrier if carrier in told)


def _learnt(material: Material, carrier: Carrier) -> Learnt:
    frame = counted(material.daily.frames[carrier])
    return Learnt(frame, lambda: usable_signature(frame, shapes_of(carrier)))


def _changes(
    figures: dict[str, Figure], school: str, period: Period, carriers: Iterable[Carrier]
) -> list[Figure]:
    found = []
    for carrier in carriers:
        now, before = (
            figures.get(str(FigureId(school, None, one.key, TOGETHER, carrier, None)))
            for one in (period, period.before)
        )
        if now is not None:
            found += change(now, before)
    return found


def _compared(material: Material) -> list[Figure]:
    site, school, period = material.site, material.school, material.period
    targets, span = site.settings.reports, period.span(site.zone)
    found = comparison_figures(material.comparisons, school, period, span)
    if targets.base_year is not None:
        sums = aggregate(material.comparisons.base, period.interval, site.zone, until=material.now)
        base = [of_metric(one, period) for one in sums if one.metric == "energy_kwh"]
        found += target_figures(base, school, period, span, targets)
    return found


def _totals(figures: list[Figure], material: Material, carriers: Iterable[Carrier]) -> list[Figure]:
    school, period = material.school, material.period
    factors = {factor.id: factor for factor in material.site.factors}
    found = []
    for one in dict.fromkeys((period, *period.months)):
        lines = [
            figure
            for figure in figures
            if figure.metric.startswith(_EMISSIONS) and figure.id.split(":")[1] == one.key
        ]
        found += scope_totals(school, one.key, lines)
        if one is period:
            estimates = {
                carrier: figure
                for carrier in carriers
                for figure in figures
                if figure.id == str(FigureId(school, None, one.key, ESTIMATED, carrier, None))
            }
            found += estimated_emissions(lines, estimates, factors)
    return found


def _report(
    material: Material,
    figures: dict[str, Figure],
    carriers: tuple[Carrier, ...],
    marks: dict[tuple[Carrier, str], Mark],
    missing: list[Missing],
) -> Report:
    site, period = material.site, material.period
    school = site.school_by_key[material.school]
    attributes = site.attributes_on(material.school, period.last) or SchoolAttributes(
        school=school.key, valid_from=period.first
    )
    with_rooms = {figure.id.split(":")[0].partition("/")[2] for figure in figures.values()}
    return Report(
        school=school.key,
        name=school.name,
        municipality=school.municipality,
        site_name=site.settings.site.name,
        time_zone=site.settings.site.time_zone,
        period=period,
        made=material.now,
        area_m2=attributes.atemp_m2,
        pupils=attributes.pupils,
        tenure=attributes.tenure,
        owned=attributes.tenure == "owned",
        figures=figures,
        carriers=carriers,
        marks=marks,
        missing=tuple(missing),
        rooms=tuple(Room(room.key, room.name) for room in site.rooms if room.key in with_rooms),
        quality=_quality(material),
        factors=_factors(site, figures.values()),
        inputs=material.inputs,
        settings=_settings(site),
        lacks={
            f"{kind}:{carrier}": why
            for carrier in carriers
            for kind, why in zip(
                ("savings", "bridge", "signature"), lacks(material.comparisons, carrier), strict=True
            )
        },
        insights=tuple(
            Finding(one, {code: insight_text(one, site, code) for code in CODES}) for one in material.insights
        ),
        running=period.running_at(material.now, site.zone),
    )


def _quality(material: Material) -> Quality:
    mine: Iterable[Inputs] = material.inputs
    start, end = material.period.span(material.site.zone)
    placed = {
        device.key
        for device in material.site.devices
        if (device.valid_from is None or device.valid_from < end)
        and (device.valid_to is None or device.valid_to > start)
    }
    reasons = Counter(
        part.split(":")[0]
        for metric in material.days
        if start <= metric.time < end and metric.metric == "energy_kwh" and metric.status is not Status.OK
        for part in (metric.reason or "").split("; ")
        if part
    )
    return Quality(
        readings=sum(one.readings for one in mine),
        flagged=sum(one.flagged for one in mine),
        devices=len(placed),
        silent=tuple(sorted(placed - {one.device for one in mine if one.readings})),
        verdicts=material.verdicts,
        reasons=dict(reasons),
        pending_hours=material.pending_hours,
    )


def _factors(site: Site, figures: Iterable[Figure]) -> tuple[Factor, ...]:
    """The factors of the accounts; findings use some of the same."""
    used = {name for figure in figures if not is_finding(figure.id) for name in figure.factors}
    return tuple(factor for factor in site.factors if factor.id in used)


def _settings(site: Site) -> dict[str, str]:
    """Settings that change a figure."""
    limits = site.settings.analytics.model_dump(exclude={"every_s", "processes"})
    return (
        {f"analytics.{key}": str(value) for key, value in limits.items()}
        | {"factors.chosen": " ".join(sorted(site.settings.factors.chosen))}
        | {
            f"reports.{key}": str(value)
            for key, value in site.settings.reports.model_dump().items()
            if key in ("base_year", "target_year", "target_reduction_share")
            and site.settings.reports.base_year is not None
        }
    )
