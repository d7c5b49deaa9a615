"""A city's report: a line a school, the figures of all schools together, and schools that failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from classroom.factors import Factor
from classroom.metric import Status
from classroom.quantity import Carrier
from reports.air_figures import schools_of
from reports.city_line import Line
from reports.city_sums import sums
from reports.comparison_figures import SAVED
from reports.energy_figures import CHANGE
from reports.figures import SITE, Figure, FigureId, Finding, Mark, by_id, parse_figure_id, worst_mark
from reports.findings import across
from reports.period import Period
from reports.sources import Lack


@dataclass(frozen=True)
class Portfolio:
    """All schools' lines and, in ``figures``, what they are together; a :class:`reports.figures.Told`.

    ``failed``: schools without a report, and why.
    """

    site_name: str
    time_zone: str
    period: Period
    made: datetime
    lines: tuple[Line, ...]
    failed: tuple[tuple[str, str], ...]
    carriers: tuple[Carrier, ...]
    figures: dict[str, Figure]
    marks: dict[tuple[Carrier, str], Mark]
    lacks: dict[str, tuple[Lack, ...]]
    insights: tuple[Finding, ...]
    factors: tuple[Factor, ...]
    settings: dict[str, str]
    running: bool

    def figure(
        self,
        metric: str,
        carrier: Carrier | None = None,
        basis: str | None = None,
        period: str | None = None,
    ) -> Figure | None:
        """A figure of all schools together."""
        return self.figures.get(str(FigureId(SITE, None, period or self.period.key, metric, carrier, basis)))

    @property
    def every(self) -> dict[str, Figure]:
        """The figures of all schools together and of each one; single months of one stand in its own
        report."""
        whole = (self.period.key, self.period.before.key)
        of_lines = (figure for line in self.lines for figure in line.figures.values())
        return self.figures | by_id(one for one in of_lines if parse_figure_id(one.id).period in whole)


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
    figures = by_id(
        [
            *sums(lines, carriers, period, running=running),
            *schools_of(period, (line.figures for line in lines)),
        ]
    )
    return Portfolio(
        site_name,
        time_zone,
        period,
        made,
        tuple(lines),
        tuple(failed),
        carriers,
        figures,
        _marks(lines, carriers, period),
        _lacks(figures.values()),
        _insights(lines),
        tuple({factor.id: factor for line in lines for factor in line.factors}.values()),
        next((line.settings for line in lines), {}),
        running,
    )


def _marks(
    lines: Sequence[Line], carriers: Sequence[Carrier], period: Period
) -> dict[tuple[Carrier, str], Mark]:
    keys = [(carrier, month.key) for carrier in carriers for month in period.months]
    return {key: worst_mark(line.marks[key] for line in lines if key in line.marks) for key in keys}


def _lacks(figures: Iterable[Figure]) -> dict[str, tuple[Lack, ...]]:
    """Why the schools' savings together are none; what single schools lack stands in their rows."""
    lack = Lack(None, "not_told_from_zero", "an interval of 95 % holds 0")
    return {
        f"savings:{figure.carrier}": (lack,)
        for figure in figures
        if figure.metric == SAVED and figure.status is not Status.OK
    }


def _insights(lines: Sequence[Line]) -> tuple[Finding, ...]:
    """The findings that are most worth a walk, each with its school's name before its title."""
    named = {
        (one.insight.school, one.insight.key): Finding(
            one.insight,
            {code: text._replace(title=f"{line.name}: {text.title}") for code, text in one.texts.items()},
        )
        for line in lines
        for one in line.insights
    }
    ordered = across([one.insight for one in named.values()])
    return tuple(named[one.school, one.key] for one in ordered)


def lacking_comparison(portfolio: Portfolio) -> list[str]:
    """Names of schools without a comparison with the year before."""
    return [
        line.name
        for line in portfolio.lines
        if not any(line.figure(portfolio.period, CHANGE, carrier) for carrier in line.carriers)
    ]
