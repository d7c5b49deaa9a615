"""Figures of emissions: each line of the accounts by carrier and basis, and what may be added of them.

GHG Protocol: scope 1 is burnt at the school, scope 2 stands on two bases side by side, scope 3.3 is what
comes before the power station; a lifecycle factor gives "2 + 3.3" in one line that is added to neither;
biogenic CO2 is outside the scopes. A sum names the carriers that it lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from analytics.coverage import reasons, worst
from analytics.emissions import BASES, LINES
from classroom.factors import ON_SITE, Cover, Factor
from classroom.metric import Status
from classroom.quantity import Carrier
from reports.figures import Figure, FigureId, parse_figure_id

SCOPE_1 = "scope_1_kgco2e"
SCOPE_2 = "scope_2_kgco2e"
SCOPE_3_3 = "scope_3_3_kgco2e"
SCOPE_2_AND_3_3 = "scope_2_and_3_3_kgco2e"
BIOGENIC = "biogenic_kgco2e"

TOTALS = (SCOPE_1, SCOPE_2, SCOPE_3_3, SCOPE_2_AND_3_3, BIOGENIC)
"""Sums over carriers, in the order in which people see them; they are never added to one another."""

METHOD = "report.scope_total/1"
ESTIMATE_METHOD = "report.estimate_times_factor/1"

_TOTAL_OF: dict[Cover, str] = {
    "direct": SCOPE_2,
    "upstream": SCOPE_3_3,
    "lifecycle": SCOPE_2_AND_3_3,
    "biogenic": BIOGENIC,
}


def line_metric(cover: Cover) -> str:
    """The metric of a line of the accounts."""
    return f"{LINES[cover]}_kgco2e"


def scope_totals(school: str, period_key: str, figures: Iterable[Figure]) -> list[Figure]:
    """Sums of one period's ``figures`` (emission lines by carrier and basis)."""
    figures = list(figures)
    found = []
    for cover in LINES:
        mine = [figure for figure in figures if figure.metric == line_metric(cover)]
        burnt = [figure for figure in mine if figure.carrier in ON_SITE and figure.basis == BASES[0]]
        if cover == "direct" and burnt:
            found.append(_total(school, period_key, SCOPE_1, None, burnt))
        for basis in BASES:
            parts = [
                figure
                for figure in mine
                if figure.basis == basis and (cover != "direct" or figure.carrier not in ON_SITE)
            ]
            if parts:
                found.append(_total(school, period_key, _TOTAL_OF[cover], basis, parts))
    return found


def _total(school: str, period: str, metric: str, basis: str | None, parts: Sequence[Figure]) -> Figure:
    """The sum of the parts that have a value; carriers without one are named and make it partial."""
    known = [part for part in parts if part.value is not None]
    lacking = [str(part.carrier) for part in parts if part.value is None]
    status = worst(part.status for part in known) if known else worst(part.status for part in parts)
    if known and lacking and status in (Status.OK, Status.PRELIMINARY, Status.ESTIMATED):
        status = Status.PARTIAL
    return replace(
        parts[0],
        id=str(FigureId(school, None, period, metric, None, basis)),
        metric=metric,
        carrier=None,
        basis=basis,
        value=sum(part.value or 0.0 for part in known) if known else None,
        low=None,
        high=None,
        coverage=sum(part.coverage for part in parts) / len(parts),
        status=status,
        reason=reasons("without:" + ",".join(lacking) if lacking else None, *(part.reason for part in known)),
        method=METHOD,
        factors=tuple(dict.fromkeys(name for part in known for name in part.factors)),
        fingerprint="",
    )


def estimated_emissions(
    lines: Iterable[Figure], estimates: dict[Carrier, Figure], factors: dict[str, Factor]
) -> list[Figure]:
    """What the estimated energy of each carrier would emit: kWh × its line's factor, in a line of its own.

    Nothing where a line has several factors in the period: which of them holds for what is missing is not
    known.
    """
    found = []
    for line in lines:
        estimate = estimates.get(line.carrier) if line.carrier else None
        if estimate is None or len(line.factors) != 1 or estimate.value is None:
            continue
        kg = factors[line.factors[0]].g_per_kwh / 1_000
        parts = parse_figure_id(line.id)
        metric = line.metric.replace("_kgco2e", "_estimated_kgco2e")
        found.append(
            replace(
                line,
                id=str(parts._replace(metric=metric)),
                metric=metric,
                value=estimate.value * kg,
                low=None if estimate.low is None else estimate.low * kg,
                high=None if estimate.high is None else estimate.high * kg,
                status=Status.ESTIMATED,
                reason=None,
                method=f"{estimate.method}+{ESTIMATE_METHOD}",
            )
        )
    return found
