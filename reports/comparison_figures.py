"""Figures of comparisons: normal year, target, savings with their interval, and the bridge to last year."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from analytics.bridge import Bridge
from analytics.catalog import BRIDGE, SAVINGS
from analytics.periods import aggregate
from analytics.savings import Claim
from classroom.metric import Interval, Metric, Status
from classroom.quantity import Carrier
from classroom.report_settings import ReportSettings
from classroom.timetable import Span
from reports.bridges import CAUSES, SchoolBridge, effects, school_bridge
from reports.comparison import CarrierSavings, SchoolSavings, school_savings
from reports.dates import Dates
from reports.figures import Figure, FigureId, of_metric
from reports.period import Period, period_at
from reports.signature_figures import load_signature, signature_figures
from reports.signatures import SchoolSignature
from reports.sources import Asked, Lack, Sources
from reports.weather_metrics import degree_day_metrics, normal_year_metrics

SAVED = "saved_kwh"
TARGET = "energy_target_kwh"
TARGET_METHOD = "report.target_path/1"
NORMAL = "energy_normal_year_kwh"


@dataclass(frozen=True)
class Comparisons:
    """What was loaded and fitted for a school's comparisons; None where the period has no whole day yet."""

    savings: SchoolSavings | None
    bridge: SchoolBridge | None
    signature: SchoolSignature | None
    weather: tuple[Metric, ...]
    base: tuple[Metric, ...]


def load_comparisons(
    sources: Sources, school: str, period: Period, targets: ReportSettings, days: Sequence[Metric]
) -> Comparisons:
    """Savings against the twelve months before, the bridge from last year, heating signature, degree days,
    normal year, base year. ``days`` are the school's metrics by day.

    Raises:
        store.base.StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    last = min(period.last, sources.yesterday)
    span = period.span(sources.site.zone)
    base = tuple(_base_year(sources, school, period, targets))
    if last < period.first:
        return Comparisons(None, None, None, (), base)
    asked = Asked(reporting=Dates(period.first, last))
    savings = school_savings(sources, school, asked)
    bridge = None
    if last == period.last:
        before = Dates(period.before.first, period.before.last)
        bridge = school_bridge(sources, school, before, Dates(period.first, last))
    weather = _weather(sources, school, period, span, days)
    signature = load_signature(sources, school, period)
    return Comparisons(savings, bridge, signature, tuple(weather), base)


def _weather(
    sources: Sources, school: str, period: Period, span: Span, days: Sequence[Metric]
) -> list[Metric]:
    if period.interval is Interval.QUARTER:  # a normal year is corrected by months or years
        return degree_day_metrics(sources, school, period.interval, span)
    bought = [metric for metric in days if metric.metric in ("energy_kwh", "energy_unresolved_kwh")]
    sums = aggregate(bought, period.interval, sources.site.zone, until=sources.now)
    energy = [metric for metric in sums if metric.metric == "energy_kwh" and metric.time == span[0]]
    return [
        *degree_day_metrics(sources, school, period.interval, span),
        *normal_year_metrics(sources, school, energy, frozenset({NORMAL})),
    ]


def _base_year(sources: Sources, school: str, period: Period, targets: ReportSettings) -> list[Metric]:
    """Energy of the days that correspond to the period in the base year."""
    if targets.base_year is None or targets.target_year is None:
        return []
    span = base_period(period, targets.base_year).span(sources.site.zone)
    return [
        metric
        for name in ("energy_kwh", "energy_unresolved_kwh")
        for metric in sources.energy.of(school, name, *span)
    ]


def base_period(period: Period, base_year: int) -> Period:
    """The same period in the base year; of a school year the one that begins in it."""
    return period_at(period.first.replace(year=base_year), period.interval)


def comparison_figures(found: Comparisons, school: str, period: Period, span: Span) -> list[Figure]:
    """Every figure of the comparisons; ``span`` is the period in UTC."""
    figures = [of_metric(metric, period) for metric in found.weather]
    figures += signature_figures(found.signature, school, period, span)
    if found.savings is not None:
        for one in found.savings.carriers:
            figures += _saved(school, period, span, one)
    if found.bridge is not None:
        for part in found.bridge.carriers:
            if part.energy is not None and part.carrier is not None:
                place = _Place(school, period, span, part.carrier)
                figures += place.bridge(part.energy, "kwh", None)
                for gas in part.emissions:
                    names = tuple(dict.fromkeys((gas.before.id, gas.after.id)))
                    figures += place.bridge(gas.bridge, "kgco2e", gas.basis, gas.line, names)
    return figures


def _saved(school: str, period: Period, span: Span, one: CarrierSavings) -> list[Figure]:
    """The saving in kWh and kgCO2e; without a claim its status says so and its reason why."""
    assert one.carrier is not None  # noqa: S101  parts have a carrier
    place, result = _Place(school, period, span, one.carrier), one.result
    claimed = result.claim is not Claim.NONE
    status = Status.OK if claimed else Status.INSUFFICIENT
    why = None if claimed else "no_claim: " + ", ".join(dict.fromkeys(lack.code for lack in one.lacks))
    found = [
        place.figure(
            SAVED, None, (result.saved_kwh, result.low_kwh, result.high_kwh), "kWh", status, why, SAVINGS
        )
    ]
    for gas in one.emissions:
        if gas.saved_kgco2e is None:
            continue
        values = (gas.saved_kgco2e, gas.low_kgco2e, gas.high_kgco2e)
        name = f"saved_{gas.line}_kgco2e"
        factors = tuple(factor.id for factor in gas.factors)
        found.append(
            place.figure(name, gas.basis, values, "kgCO2e", status, why or gas.reason, SAVINGS, factors)
        )
    return found


@dataclass(frozen=True)
class _Place:
    """Where and when figures of a carrier stand."""

    school: str
    period: Period
    span: Span
    carrier: Carrier

    def figure(
        self,
        metric: str,
        basis: str | None,
        values: tuple[float | None, float | None, float | None],
        unit: str,
        status: Status,
        reason: str | None,
        method: str,
        factors: tuple[str, ...] = (),
    ) -> Figure:
        key = FigureId(self.school, None, self.period.key, metric, self.carrier, basis)
        coverage = 0.0 if values[0] is None else 1.0
        return Figure(
            str(key),
            metric,
            self.carrier,
            basis,
            *self.span,
            *values,
            unit,
            coverage,
            status,
            reason,
            method,
            factors,
        )

    def bridge(
        self,
        bridge: Bridge,
        unit: str,
        basis: str | None,
        line: str | None = None,
        factors: tuple[str, ...] = (),
    ) -> list[Figure]:
        """A figure a cause, and their sum."""
        stem = "bridge" if line is None else f"bridge_{line}"
        shown = "kWh" if unit == "kwh" else "kgCO2e"
        found = [
            self.figure(
                f"{stem}_{cause}_{unit}",
                basis,
                (part.value, part.low, part.high),
                shown,
                Status.ESTIMATED,
                None,
                BRIDGE,
                factors,
            )
            for cause, part in zip(CAUSES, effects(bridge), strict=True)
            if cause != "factor" or line is not None
        ]
        change = (bridge.change, None, None)
        found.append(
            self.figure(f"{stem}_change_{unit}", basis, change, shown, Status.OK, None, BRIDGE, factors)
        )
        return found


def target_figures(
    base: Sequence[Figure], school: str, period: Period, span: Span, targets: ReportSettings
) -> list[Figure]:
    """What the target path leaves of each carrier's base-year energy: a straight line from the base year to
    the target year, then level. ``base`` are the base period's ``energy_kwh``."""
    if targets.base_year is None or targets.target_year is None:
        return []
    year = (
        (period.last - timedelta(days=1)).year
        if period.interval is Interval.SCHOOL_YEAR
        else period.first.year
    )
    length = max(1, targets.target_year - targets.base_year)
    gone = min(1.0, max(0.0, (year - targets.base_year) / length))
    left = 1 - gone * targets.target_reduction_share
    found = []
    for figure in base:
        if figure.value is None or figure.carrier is None:
            continue
        place = _Place(school, period, span, figure.carrier)
        found.append(
            place.figure(
                TARGET,
                None,
                (figure.value * left, None, None),
                "kWh",
                figure.status,
                figure.reason,
                TARGET_METHOD,
            )
        )
    return found


def lacks(found: Comparisons, carrier: Carrier) -> tuple[tuple[Lack, ...], ...]:
    """Why a carrier has no claim of savings, why no bridge, and what its signature lacks."""
    saved = found.savings.carriers if found.savings is not None else ()
    bridged = found.bridge.carriers if found.bridge is not None else ()
    signed = found.signature.carriers if found.signature is not None else ()
    return (
        next((one.lacks for one in saved if one.carrier is carrier), ()),
        next((one.lacks for one in bridged if one.carrier is carrier), ()),
        next((one.lacks for one in signed if one.carrier is carrier), ()),
    )
