"""Figures of air and comfort over the period: of each room, of a school's rooms and of all schools."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.catalog import CATALOG, Rule
from analytics.coverage import LEAST_COVERAGE, status_of
from analytics.periods import aggregate
from classroom.metric import Metric
from reports.figures import SITE, Figure, FigureId, of_metric
from reports.period import Period

OF_ROOMS, OF_SCHOOLS = "rooms/1", "schools/1"
OCCUPIED = "occupied_h"


def rooms_of(metrics: Sequence[Metric], period: Period, zone: ZoneInfo, now: datetime) -> list[Figure]:
    """Figures of each room over ``period`` from the metrics of its days."""
    return [of_metric(metric, period) for metric in aggregate(metrics, period.interval, zone, until=now)]


def school_of(school: str, period: Period, rooms: Sequence[Figure]) -> list[Figure]:
    """Figures of all rooms together: means and shares weighted by the occupied time that readings cover.

    Null where the rooms' readings cover less than half of their occupied time; that time itself is added.
    """
    return _together(_Whole(school, period, OF_ROOMS, "rooms_without_a_figure"), rooms)


def schools_of(period: Period, schools: Iterable[dict[str, Figure]]) -> list[Figure]:
    """Figures of all schools together, from their :func:`school_of`, in the same way."""
    of_air = [
        figure
        for figures in schools
        for figure in figures.values()
        if figure.metric in CATALOG and OF_ROOMS in figure.method
    ]
    return _together(_Whole(SITE, period, f"{OF_ROOMS}+{OF_SCHOOLS}", "schools_without_a_figure"), of_air)


class _Whole(NamedTuple):
    """What figures are put together to, of what, and how those that have none are counted."""

    school: str
    period: Period
    method: str
    lacking: str

    def figure(self, parts: Sequence[Figure], value: float | None, coverage: float) -> Figure:
        """The figure of all ``parts``."""
        silent = sum(figure.value is None for figure in parts)
        name = parts[0].metric
        return replace(
            parts[0],
            id=str(FigureId(self.school, None, self.period.key, name, None, None)),
            value=value,
            coverage=coverage,
            status=status_of(coverage),
            reason=f"{self.lacking}:{silent}" if silent else None,
            method=f"{CATALOG[name].method}+{self.method}",
            fingerprint="",
        )


def _together(whole: _Whole, parts: Sequence[Figure]) -> list[Figure]:
    hours = {_place(figure): figure.value or 0.0 for figure in parts if figure.metric == OCCUPIED}
    found = []
    for name in dict.fromkeys(figure.metric for figure in parts):
        mine = [figure for figure in parts if figure.metric == name]
        if name == OCCUPIED:
            found.append(whole.figure(mine, sum(hours.values()), 1.0))
        elif CATALOG[name].rule is Rule.MEAN:
            found.append(_mean(whole, mine, hours))
    return found


def _place(figure: Figure) -> str:
    """The school or room of a figure."""
    return figure.id.partition(":")[0]


def _mean(whole: _Whole, parts: Sequence[Figure], hours: dict[str, float]) -> Figure:
    weights = [(figure, hours.get(_place(figure), 0.0)) for figure in parts]
    occupied = sum(weight for _, weight in weights)
    known = [
        (figure.value, weight * figure.coverage) for figure, weight in weights if figure.value is not None
    ]
    covered = sum(weight for _, weight in known)
    coverage = covered / occupied if occupied else 0.0
    if coverage < LEAST_COVERAGE or not covered:
        return whole.figure(parts, None, coverage)
    return whole.figure(parts, sum((value or 0.0) * weight for value, weight in known) / covered, coverage)
