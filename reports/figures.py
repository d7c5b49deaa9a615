"""What a report says, as data: figures with an id each, and what stands around them.

Every number that leaves in a PDF, a workbook or a CSV file is a :class:`Figure` of a :class:`Report`; none is
computed where it is printed. The id says what it is and can be walked back from (:mod:`reports.explain`):
``school:period:metric``, with ``:carrier`` and ``:basis`` where there are any, ``school/room`` for a room.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from analytics.insights.model import Insight
from classroom.factors import Factor
from classroom.metric import Metric, Scope, Status
from classroom.quantity import Carrier
from reports.insight_texts import InsightText
from reports.period import Period
from reports.sources import Lack

SITE = "portfolio"
"""The school part of a figure's id that is about all schools."""


class FigureIdError(ValueError):
    """A text is no figure's id; the message says how one is written."""


class FigureId(NamedTuple):
    """The parts of a figure's id."""

    school: str
    room: str | None
    period: str
    metric: str
    carrier: str | None
    basis: str | None

    def __str__(self) -> str:
        place = f"{self.school}/{self.room}" if self.room else self.school
        parts = [place, self.period, self.metric]
        if self.carrier or self.basis:
            parts.append(self.carrier or "all")
        return ":".join([*parts, self.basis] if self.basis else parts)


def parse_figure_id(text: str) -> FigureId:
    """``tagaborg:2026-10:energy_kwh:electricity`` in its parts.

    Raises:
        FigureIdError: it is none.
    """
    parts = text.strip().split(":")
    if not 3 <= len(parts) <= 5 or not all(parts):
        raise FigureIdError(
            f"{text[:80]!r} is no figure's id; copy one from a report's appendix, for example "
            "tagaborg:2026-10:energy_kwh:electricity"
        )
    school, _, room = parts[0].partition("/")
    carrier = parts[3] if len(parts) > 3 and parts[3] != "all" else None
    basis = parts[4] if len(parts) > 4 else None
    return FigureId(school, room or None, parts[1], parts[2], carrier, basis)


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with all that is needed to trust it; the fields of :class:`classroom.metric.Metric`.

    ``value`` is None where there is nothing to say. ``low`` and ``high`` bound what is estimated or modelled,
    with the confidence that its method states.
    """

    id: str
    metric: str
    carrier: Carrier | None
    basis: str | None
    start: datetime
    end: datetime
    value: float | None
    low: float | None
    high: float | None
    unit: str
    coverage: float
    status: Status
    reason: str | None
    method: str
    factors: tuple[str, ...] = ()
    fingerprint: str = ""


def of_metric(metric: Metric, period: Period) -> Figure:
    """The figure that a metric of a whole period is."""
    room = metric.id if metric.scope is Scope.ROOM else None
    key = FigureId(metric.school, room, period.key, metric.metric, metric.carrier, metric.basis)
    return Figure(
        str(key),
        metric.metric,
        metric.carrier,
        metric.basis,
        metric.time,
        metric.period_end,
        metric.value,
        metric.low,
        metric.high,
        metric.unit,
        metric.coverage,
        metric.status,
        metric.reason,
        metric.method,
        metric.factors,
        metric.fingerprint,
    )


class Mark(StrEnum):
    """What a month's energy stands on."""

    ACTUAL = "actual"  # all of it is measured
    PARTLY_ESTIMATED = "partly_estimated"  # what is missing is estimated, in a column of its own
    INCOMPLETE = "incomplete"  # something is missing and cannot be estimated
    AHEAD = "ahead"  # the month has not begun


@dataclass(frozen=True, slots=True)
class Missing:
    """What is not known of a carrier in a month: so many days' worth, and from when to when [local days]."""

    carrier: Carrier
    period: str
    days: float
    first: str
    last: str


@dataclass(frozen=True, slots=True)
class Quality:
    """How well the period was measured."""

    readings: int = 0
    flagged: int = 0
    devices: int = 0
    silent: tuple[str, ...] = ()
    verdicts: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    pending_hours: int = 0


@dataclass(frozen=True, slots=True)
class Inputs:
    """The readings of one series in one month: how many, and the hash of all of them."""

    device: str
    quantity: str
    month: str
    readings: int
    flagged: int
    hash: str


@dataclass(frozen=True, slots=True)
class Room:
    """A room that a report speaks of."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Finding:
    """An insight of the period, in both languages."""

    insight: Insight
    texts: dict[str, InsightText]


class Told(Protocol):
    """What the reports of a school and of all schools have in common, as their sections ask for it."""

    @property
    def period(self) -> Period:
        """The period."""

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """Carriers bought."""

    @property
    def figures(self) -> dict[str, Figure]:
        """Its own figures by id."""

    @property
    def marks(self) -> dict[tuple[Carrier, str], Mark]:
        """What the energy of a carrier and month stands on."""

    @property
    def lacks(self) -> dict[str, tuple[Lack, ...]]:
        """What comparisons lack: ``savings:``, ``bridge:`` and ``signature:CARRIER``."""

    def figure(
        self,
        metric: str,
        carrier: Carrier | None = None,
        basis: str | None = None,
        period: str | None = None,
    ) -> Figure | None:
        """A figure of this period, or of the one named."""


@dataclass(frozen=True)
class Report:
    """Everything that a report of one school and period says."""

    school: str
    name: str
    municipality: str | None
    site_name: str
    time_zone: str
    period: Period
    made: datetime
    area_m2: float | None
    pupils: int | None
    tenure: str | None
    owned: bool
    figures: dict[str, Figure]
    carriers: tuple[Carrier, ...]
    marks: dict[tuple[Carrier, str], Mark]
    missing: tuple[Missing, ...]
    rooms: tuple[Room, ...]
    quality: Quality
    factors: tuple[Factor, ...]
    inputs: tuple[Inputs, ...]
    settings: dict[str, str]
    insights: tuple[Finding, ...] = ()
    lacks: dict[str, tuple[Lack, ...]] = field(default_factory=dict)
    running: bool = False

    def figure(
        self,
        metric: str,
        carrier: Carrier | None = None,
        basis: str | None = None,
        period: str | None = None,
        room: str | None = None,
    ) -> Figure | None:
        """The figure of the school (or ``room``) and this period, or the one named."""
        key = FigureId(self.school, room, period or self.period.key, metric, carrier, basis)
        return self.figures.get(str(key))


def worst_mark(marks: Iterable[Mark]) -> Mark:
    """The mark of several months, or schools, together."""
    found = set(marks)
    order = (Mark.INCOMPLETE, Mark.PARTLY_ESTIMATED, Mark.ACTUAL)
    return next((mark for mark in order if mark in found), Mark.AHEAD)


def by_id(figures: Iterable[Figure]) -> dict[str, Figure]:
    """Figures by their id, in their order."""
    return {figure.id: figure for figure in figures}
