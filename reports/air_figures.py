"""Figures of rooms: air and comfort over the period, of each room and of the school's rooms together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from analytics.catalog import CATALOG, Rule
from analytics.coverage import LEAST_COVERAGE, status_of
from analytics.periods import aggregate
from classroom.metric import Metric
from reports.figures import Figure, FigureId, of_metric, parse_figure_id
from reports.period import Period

OF_ROOMS = "rooms/1"
OCCUPIED = "occupied_h"


def rooms_of(metrics: Sequence[Metric], period: Period, zone: ZoneInfo, now: datetime) -> list[Figure]:
    """Figures of each room over ``period`` from the metrics of its days."""
    return [of_metric(metric, period) for metric in aggregate(metrics, period.interval, zone, until=now)]


def school_of(school: str, period: Period, rooms: Sequence[Figure]) -> list[Figure]:
    """Figures of all rooms together: means and shares weighted by the occupied time that readings cover.

    Null where the rooms' readings cover less than half of their occupied time; that time itself is added.
    """
    hours = {
        parse_figure_id(figure.id).room: figure.value or 0.0 for figure in rooms if figure.metric == OCCUPIED
    }
    found = []
    for name in dict.fromkeys(figure.metric for figure in rooms):
        mine = [figure for figure in rooms if figure.metric == name]
        if name == OCCUPIED:
            found.append(_whole(school, period, mine, sum(hours.values()), 1.0))
        elif CATALOG[name].rule is Rule.MEAN:
            found.append(_mean(school, period, mine, hours))
    return found


def _mean(school: str, period: Period, rooms: Sequence[Figure], hours: dict[str | None, float]) -> Figure:
    weights = [(figure, hours.get(parse_figure_id(figure.id).room, 0.0)) for figure in rooms]
    occupied = sum(weight for _, weight in weights)
    known = [
        (figure.value, weight * figure.coverage) for figure, weight in weights if figure.value is not None
    ]
    covered = sum(weight for _, weight in known)
    coverage = covered / occupied if occupied else 0.0
    if coverage < LEAST_COVERAGE or not covered:
        return _whole(school, period, rooms, None, coverage)
    value = sum((value or 0.0) * weight for value, weight in known) / covered
    return _whole(school, period, rooms, value, coverage)


def _whole(
    school: str, period: Period, rooms: Sequence[Figure], value: float | None, coverage: float
) -> Figure:
    silent = sum(figure.value is None for figure in rooms)
    name = rooms[0].metric
    return replace(
        rooms[0],
        id=str(FigureId(school, None, period.key, name, None, None)),
        value=value,
        coverage=coverage,
        status=status_of(coverage),
        reason=f"rooms_without_a_figure:{silent}" if silent else None,
        method=f"{CATALOG[name].method}+{OF_ROOMS}",
        fingerprint="",
    )
