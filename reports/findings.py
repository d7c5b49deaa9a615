"""Findings as figures: what each costs a year, with an id like every other number of a report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from analytics.insights.finish import PRIMARY_ENERGY
from analytics.insights.model import Insight, InsightKind, Range
from classroom.metric import Status
from classroom.timetable import Span
from reports.figures import Figure, FigureId
from reports.period import Period

YEAR_KWH, YEAR_KGCO2E, YEAR_SEK, SEEN_DAYS = "year_kwh", "year_kgco2e", "year_sek", "seen_days"

_KINDS = frozenset(str(kind) for kind in InsightKind)


def finding_figures(insights: Iterable[Insight], school: str, period: Period, span: Span) -> list[Figure]:
    """Each finding's days and, where it has them, energy [kWh], greenhouse gases on the location basis
    [kgCO2e] and cost [SEK] of a year like this.

    The metric is the finding's key and what of it: ``ventilation_at_night.2026-01-12.year_kwh``.
    """
    found = []
    for one in insights:
        factors = tuple(part.factor for part in one.emissions if part.basis == "location")
        days = float((one.last - one.first).days + 1)
        amounts = (
            (SEEN_DAYS, None, Range(value=days, low=days, high=days), "d", ()),
            (YEAR_KWH, None, one.year_kwh, "kWh", ()),
            (YEAR_KGCO2E, "location", one.year_kgco2e, "kgCO2e", factors),
            (YEAR_SEK, None, one.year_sek, "SEK", ()),
        )
        for what, basis, amount, unit, used in amounts:
            if amount is None:
                continue
            metric = metric_of(one, what)
            found.append(
                Figure(
                    id=str(FigureId(school, None, period.key, metric, None, basis)),
                    metric=metric,
                    carrier=None,
                    basis=basis,
                    start=span[0],
                    end=span[1],
                    value=amount.value,
                    low=None if what == SEEN_DAYS else amount.low,
                    high=None if what == SEEN_DAYS else amount.high,
                    unit=unit,
                    coverage=1.0,
                    status=Status.OK if what == SEEN_DAYS else Status.ESTIMATED,
                    reason=None,
                    method=one.method,
                    factors=used,
                )
            )
    return found


def metric_of(insight: Insight, what: str) -> str:
    """The metric of one of a finding's figures; a colon in a device's key would end it."""
    return f"{insight.key.replace(':', '-')}.{what}"


def is_finding(figure_id: str) -> bool:
    """Whether a figure's id is that of a finding."""
    parts = figure_id.split(":")
    return len(parts) > 2 and parts[2].partition(".")[0] in _KINDS


def across(insights: Sequence[Insight]) -> list[Insight]:
    """Findings of several schools in the order in which they are worth a walk; those without energy after
    those with, by their rank in their school."""
    with_energy = [one for one in insights if one.energy]
    priced = all(one.year_sek is not None for one in with_energy)

    def weight(one: Insight) -> float:
        if priced and one.year_sek is not None:
            return one.year_sek.value
        return sum(part.year_kwh.value * PRIMARY_ENERGY.get(part.carrier, 1.0) for part in one.energy)

    return sorted(
        insights,
        key=lambda one: (not one.ongoing, not one.energy, -weight(one), one.rank, one.school, one.key),
    )
