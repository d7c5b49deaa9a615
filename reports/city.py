"""A city's report: a line a school, sums that name whom they lack, and schools that failed."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analytics.coverage import reasons, worst
from analytics.emissions import BASES
from classroom.factors import Factor
from classroom.metric import Status
from classroom.quantity import Carrier
from reports.emission_figures import TOTALS
from reports.energy_figures import CHANGE, CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER, change
from reports.figures import SITE, Figure, FigureId, Inputs, Mark, Report, by_id
from reports.period import Period

METHOD = "report.schools_sum/1"
AIR = ("co2_mean_ppm", "co2_above_limit_share", "comfort_share")
_OF_CARRIERS = (KNOWN, ESTIMATED, TOGETHER, CHANGE, CHANGE_SHARE, "energy_per_m2_kwh", "energy_per_pupil_kwh")


@dataclass(frozen=True)
class Line:
    """What a portfolio keeps of a school's report: small, so that a city fits in memory."""

    school: str
    name: str
    area_m2: float | None
    pupils: int | None
    carriers: tuple[Carrier, ...]
    figures: dict[str, Figure]
    marks: dict[Carrier, Mark]
    missing_days: float
    pending_hours: int
    factors: tuple[Factor, ...]
    settings: dict[str, str]
    inputs: tuple[Inputs, ...] = ()

    def figure(
        self, period: Period, metric: str, carrier: Carrier | None = None, basis: str | None = None
    ) -> Figure | None:
        """A figure of the school."""
        return self.figures.get(str(FigureId(self.school, None, period.key, metric, carrier, basis)))


@dataclass(frozen=True)
class Portfolio:
    """All schools' lines and their sums. ``failed``: schools without a report, and why."""

    site_name: str
    time_zone: str
    period: Period
    made: datetime
    lines: tuple[Line, ...]
    failed: tuple[tuple[str, str], ...]
    carriers: tuple[Carrier, ...]
    figures: dict[str, Figure]
    factors: tuple[Factor, ...]
    settings: dict[str, str]
    running: bool

    def figure(
        self,
        metric: str,
        carrier: Carrier | None = None,
        basis: str | None = None,
        period: Period | None = None,
    ) -> Figure | None:
        """A figure of all schools together."""
        key = FigureId(SITE, None, (period or self.period).key, metric, carrier, basis)
        return self.figures.get(str(key))


def line_of(report: Report) -> Line:
    """The line of a school."""
    period = report.period
    wanted = {
        str(FigureId(report.school, None, one.key, name, carrier, None))
        for one in (period, period.before)
        for name in _OF_CARRIERS
        for carrier in report.carriers
    }
    wanted |= {str(FigureId(report.school, None, period.key, name, None, None)) for name in (*TOTALS, *AIR)}
    wanted |= {
        str(FigureId(report.school, None, period.key, name, None, basis))
        for name in TOTALS
        for basis in BASES
    }
    return Line(
        report.school,
        report.name,
        report.area_m2,
        report.pupils,
        report.carriers,
        {key: figure for key, figure in report.figures.items() if key in wanted},
        {carrier: _worst(report, carrier) for carrier in report.carriers},
        sum(one.days for one in report.missing),
        report.quality.pending_hours,
        report.factors,
        report.settings,
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


def _worst(report: Report, carrier: Carrier) -> Mark:
    marks = {report.marks.get((carrier, month.key)) for month in report.period.months}
    order = (Mark.INCOMPLETE, Mark.PARTLY_ESTIMATED, Mark.ACTUAL)
    return next((mark for mark in order if mark in marks), Mark.AHEAD)


def portfolio(
    site_name: str,
    time_zone: str,
    period: Period,
    made: datetime,
    lines: Sequence[Line],
    failed: Sequence[tuple[str, str]],
    *,
    running: bool,
) -> Portfolio:
    """The city's report from its schools' lines."""
    told = {carrier for line in lines for carrier in line.carriers}
    carriers = tuple(carrier for carrier in Carrier if carrier in told)
    sums: list[Figure] = []
    for carrier in carriers:
        of_carrier: dict[str, Figure] = {}
        for one in (period, period.before):
            for name in (KNOWN, ESTIMATED, TOGETHER):
                total = _sum(lines, one, name, carrier, None, needs_all=name != ESTIMATED)
                if total is not None:
                    sums.append(total)
                    of_carrier[f"{one.key}:{name}"] = total
        now = of_carrier.get(f"{period.key}:{TOGETHER}")
        if now is not None and not running:
            sums += change(now, of_carrier.get(f"{period.before.key}:{TOGETHER}"))
    for name in TOTALS:
        for basis in (None, *BASES):
            total = _sum(lines, period, name, None, basis, needs_all=True)
            if total is not None:
                sums.append(total)
    return Portfolio(
        site_name,
        time_zone,
        period,
        made,
        tuple(lines),
        tuple(failed),
        carriers,
        by_id([*sums, *(figure for line in lines for figure in line.figures.values())]),
        tuple({factor.id: factor for line in lines for factor in line.factors}.values()),
        next((line.settings for line in lines), {}),
        running,
    )


def _sum(
    lines: Sequence[Line],
    period: Period,
    metric: str,
    carrier: Carrier | None,
    basis: str | None,
    *,
    needs_all: bool,
) -> Figure | None:
    """Sum over the schools that have the figure; those that buy the carrier and lack it are counted."""
    having = [figure for line in lines if (figure := line.figure(period, metric, carrier, basis)) is not None]
    known = [figure for figure in having if figure.value is not None]
    if not known:
        return None
    buying = sum(carrier in line.carriers for line in lines) if carrier else len(having)
    lacking = buying - len(known) if needs_all else 0
    bounded = any(figure.low is not None for figure in known)
    status = worst(figure.status for figure in known)
    if lacking and status in (Status.OK, Status.PRELIMINARY, Status.ESTIMATED):
        status = Status.PARTIAL
    why = reasons(
        f"schools_without_a_figure:{lacking}" if lacking else None,
        *(part for figure in known for part in _shared_reasons(figure)),
    )
    return replace(
        known[0],
        id=str(FigureId(SITE, None, period.key, metric, carrier, basis)),
        value=sum(figure.value or 0.0 for figure in known),
        low=_bound(known, "low") if bounded else None,
        high=_bound(known, "high") if bounded else None,
        coverage=sum(figure.coverage for figure in known) / max(1, buying),
        status=status,
        reason=why,
        method=METHOD,
        factors=tuple(dict.fromkeys(name for figure in known for name in figure.factors)),
        fingerprint="",
    )


def _shared_reasons(figure: Figure) -> list[str]:
    return [part for part in (figure.reason or "").split("; ") if part.startswith(("without:", "running"))]


def _bound(figures: Sequence[Figure], side: str) -> float:
    """Schools' errors added as if they were one: an upper bound of the sum's."""
    return sum(
        float(bound) if (bound := getattr(figure, side)) is not None else figure.value or 0.0
        for figure in figures
    )


def lacking_comparison(portfolio: Portfolio) -> list[str]:
    """Names of schools without a comparison with the year before."""
    return [
        line.name
        for line in portfolio.lines
        if not any(line.figure(portfolio.period, CHANGE, carrier) for carrier in line.carriers)
    ]
