"""Metrics of all schools together."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from analytics.catalog import CATALOG, Rule
from api.metrics import Asked, school_metrics
from api.sums import summed
from classroom.metric import Metric, Scope
from reports.sources import Sources

METHOD = "portfolio.sum/1"

_Series = tuple[str, str, str]
_Time = tuple[datetime, datetime]


def metrics_of_schools(sources: Sources, schools: Sequence[str], asked: Asked) -> list[Metric]:
    """The figures of each school, by school.

    Raises:
        StoreError: the store cannot serve now.
    """
    return [metric for school in schools for metric in school_metrics(sources, school, asked)]


def metrics_of_portfolio(sources: Sources, schools: Sequence[str], asked: Asked) -> list[Metric]:
    """Sums over ``schools`` of the metrics that may be added (kWh, kgCO2e), by metric, carrier, basis, time.

    A school counts from its first figure in the span on: a period in which it then says nothing has no sum.

    Raises:
        StoreError: the store cannot serve now.
    """
    told: dict[_Series, dict[_Time, dict[str, Metric]]] = {}
    for metric in metrics_of_schools(sources, schools, asked):
        if may_be_added(metric.metric):
            series = (metric.metric, metric.carrier or "", metric.basis or "")
            periods = told.setdefault(series, {})
            periods.setdefault((metric.time, metric.period_end), {})[metric.school] = metric
    found = []
    for _, periods in sorted(told.items()):
        counted: list[str] = []
        for _, by_school in sorted(periods.items()):
            counted += [one for one in schools if one in by_school and one not in counted]
            key = sources.site.settings.site.key
            total = summed(Scope.PORTFOLIO, key, counted, by_school, METHOD, "school_missing")
            found.append(total._replace(school=key))
    return found


def may_be_added(name: str) -> bool:
    """Whether a school's metric adds up over schools: amounts do, those per m² or pupil do not."""
    entry = CATALOG.get(name)
    return entry is not None and entry.rule in (Rule.SUM, Rule.OF_DAYS) and "/" not in entry.unit
