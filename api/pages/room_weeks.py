"""The week's air of every room, from one read: how much of the occupied time was above the limit."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from analytics.periods import aggregate
from api.pages.visit import Visit
from api.pages.week import Week
from classroom.metric import Interval, Metric, Scope
from classroom.site import Site

KEPT_FOR = timedelta(minutes=10)
"""Days change when the analysis has run; a page that draws itself again every two minutes need not ask."""

_KEPT_WEEKS = 8
_METRICS = ("co2_above_limit_share", "co2_mean_ppm", "occupied_h")

Place = tuple[str, str]
"""School and room."""


class RoomWeek(NamedTuple):
    """A room's occupied time in a week: the share of it above the limit, its mean [ppm], the share that was
    measured, and the hours that were. None: nothing can be said."""

    above_share: float | None
    mean_ppm: float | None
    coverage: float
    measured_h: float


@dataclass(frozen=True, slots=True)
class SchoolAir:
    """The rooms of a school together, each weighing by its measured hours."""

    above_share: float
    coverage: float


class _Made(NamedTuple):
    at: datetime
    site: Site
    found: Mapping[Place, RoomWeek]


class RoomWeeks:
    """The weeks lately asked for. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[Week, _Made] = {}

    def of(self, visit: Visit, week: Week) -> Mapping[Place, RoomWeek]:
        """Every room that has a figure in ``week``; which of them a visitor may see is the caller's to say.

        Raises:
            StoreError: the store cannot serve now.
        """
        with self._lock:
            made = self._known.get(week)
        if made is not None and made.site is visit.site and visit.now - made.at < KEPT_FOR:
            return made.found
        days = visit.context.store.read_metrics(
            None, Scope.ROOM, None, Interval.DAY, *week.span(visit.site), _METRICS
        )
        found = room_weeks(aggregate(days, Interval.WEEK, visit.site.zone, until=visit.now))
        with self._lock:
            self._known.pop(week, None)
            self._known[week] = _Made(visit.now, visit.site, found)
            while len(self._known) > _KEPT_WEEKS:
                self._known.pop(next(iter(self._known)))
        return found


def room_weeks(weeks: Sequence[Metric]) -> dict[Place, RoomWeek]:
    """Rooms from the metrics of one week."""
    by_place: dict[Place, dict[str, Metric]] = {}
    for metric in weeks:
        by_place.setdefault((metric.school, metric.id), {})[metric.metric] = metric
    found = {}
    for place, told in by_place.items():
        above, mean, occupied = (told.get(name) for name in _METRICS)
        some = above or mean
        if some is None:
            continue
        hours = occupied.value if occupied is not None and occupied.value is not None else 0.0
        found[place] = RoomWeek(
            above_share=above.value if above else None,
            mean_ppm=mean.value if mean else None,
            coverage=some.coverage,
            measured_h=hours * some.coverage,
        )
    return found


def school_air(rooms: Sequence[RoomWeek | None]) -> SchoolAir | None:
    """The rooms of a school together; None where none tells. A room without a figure is not covered."""
    told = [
        room for room in rooms if room is not None and room.above_share is not None and room.measured_h > 0
    ]
    hours = sum(room.measured_h for room in told)
    if not hours:
        return None
    above = sum((room.above_share or 0.0) * room.measured_h for room in told) / hours
    return SchoolAir(above, sum(room.coverage for room in told) / len(rooms))
