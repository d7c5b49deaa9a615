"""What a city's report keeps of a school's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from classroom.factors import Factor
from classroom.quantity import Carrier
from reports.air_figures import OCCUPIED
from reports.comparison_figures import NORMAL, TARGET
from reports.emission_figures import TOTALS
from reports.energy_figures import CHANGE, CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER
from reports.figures import (
    Figure,
    FigureId,
    Finding,
    Inputs,
    Mark,
    Quality,
    Report,
    parse_figure_id,
    worst_mark,
)
from reports.period import Period
from reports.sources import Lack

ENERGY = (KNOWN, ESTIMATED, TOGETHER)
WHEN = ("out_of_hours_kwh", "weekend_kwh", "lov_kwh", "closed_day_kwh", "produced_kwh", "exported_kwh")
PER_M2, PER_PUPIL = "energy_per_m2_kwh", "energy_per_pupil_kwh"
COMPARED = ("bridge_", "saved_")
"""How the names of figures begin that compare with the year before."""

_AIR = ("co2_mean_ppm", "co2_above_limit_share", "comfort_share", OCCUPIED)
_KEPT = frozenset((*ENERGY, *WHEN, PER_M2, PER_PUPIL, CHANGE, CHANGE_SHARE, NORMAL, TARGET, *TOTALS, *_AIR))
_KEPT_STEMS = (*COMPARED, "emissions")
_MOST_FINDINGS = 12


@dataclass(frozen=True)
class Line:
    """What a portfolio keeps of a school's report: small, so that a city fits in memory."""

    school: str
    name: str
    area_m2: float | None
    pupils: int | None
    owned: bool
    carriers: tuple[Carrier, ...]
    figures: dict[str, Figure]
    marks: dict[tuple[Carrier, str], Mark]
    missing_days: float
    quality: Quality
    factors: tuple[Factor, ...]
    settings: dict[str, str]
    insights: tuple[Finding, ...] = ()
    lacks: dict[str, tuple[Lack, ...]] = field(default_factory=dict)
    inputs: tuple[Inputs, ...] = ()

    def figure(
        self, period: Period, metric: str, carrier: Carrier | None = None, basis: str | None = None
    ) -> Figure | None:
        """A figure of the school."""
        return self.figures.get(str(FigureId(self.school, None, period.key, metric, carrier, basis)))

    def mark(self, carrier: Carrier) -> Mark:
        """What the carrier's energy of the whole period stands on."""
        return worst_mark(mark for (of, _), mark in self.marks.items() if of is carrier)


def line_of(report: Report) -> Line:
    """The line of a school."""
    period = report.period
    months = {month.key for one in period.months for month in (one, one.before)}

    def kept(figure: Figure) -> bool:
        key = parse_figure_id(figure.id)
        if key.room is not None:
            return False
        if key.period in (period.key, period.before.key):
            return figure.metric in _KEPT or figure.metric.startswith(_KEPT_STEMS)
        return figure.metric in ENERGY and key.period in months

    this_year = {month.key for month in period.months}
    return Line(
        report.school,
        report.name,
        report.area_m2,
        report.pupils,
        report.owned,
        report.carriers,
        {key: figure for key, figure in report.figures.items() if kept(figure)},
        {key: mark for key, mark in report.marks.items() if key[1] in this_year},
        sum(one.days for one in report.missing),
        report.quality,
        report.factors,
        report.settings,
        report.insights[:_MOST_FINDINGS],
        report.lacks,
        _digest(report),
    )


def _digest(report: Report) -> tuple[Inputs, ...]:
    """A school's readings by month: a row each, however many series it has."""
    by_month: dict[str, list[Inputs]] = {}
    for one in report.inputs:
        by_month.setdefault(one.month, []).append(one)
    return tuple(
        Inputs(
            report.school,
            "all series",
            month,
            sum(one.readings for one in mine),
            sum(one.flagged for one in mine),
            hashlib.sha256(repr([(one.device, one.quantity, one.hash) for one in mine]).encode()).hexdigest()[
                :16
            ],
        )
        for month, mine in sorted(by_month.items())
    )
