"""Figures of all schools together: sums that name whom they lack, and means weighted by size."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import sqrt

from analytics.coverage import reasons, worst
from analytics.emissions import BASES, LINES
from classroom.metric import Status
from classroom.quantity import Carrier
from reports.city_line import COMPARED, PER_M2, PER_PUPIL, WHEN, Line
from reports.comparison_figures import NORMAL, TARGET
from reports.emission_figures import TOTALS, line_metric
from reports.energy_figures import CHANGE, CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER
from reports.figures import SITE, Figure, FigureId
from reports.period import Period

METHOD = "report.schools_sum/1"
MEAN_METHOD = "report.schools_mean/1"
SAVINGS_METHOD = "report.schools_savings/1"

_WHOLE = (Status.OK, Status.PRELIMINARY, Status.ESTIMATED)


def sums(
    lines: Sequence[Line], carriers: Iterable[Carrier], period: Period, *, running: bool
) -> list[Figure]:
    """Every figure of all schools together, but air."""
    found: list[Figure | None] = []
    for carrier in carriers:
        found += _energy(lines, carrier, period, running=running)
        found += [_sum(lines, period, name, carrier) for name in (*WHEN, NORMAL, TARGET)]
        found += [
            _mean(lines, period, PER_M2, carrier, [line.area_m2 for line in lines]),
            _mean(lines, period, PER_PUPIL, carrier, [line.pupils for line in lines]),
        ]
        for cover in LINES:
            for basis in BASES:
                name = line_metric(cover)
                estimated = name.replace("_kgco2e", "_estimated_kgco2e")
                found.append(_sum(lines, period, name, carrier, basis))
                found.append(_sum(lines, period, estimated, carrier, basis, needs_all=False))
        found += _compared(lines, carrier, period)
    for name in TOTALS:
        found += [_sum(lines, period, name, None, basis) for basis in (None, *BASES)]
    return [figure for figure in found if figure is not None]


def _energy(lines: Sequence[Line], carrier: Carrier, period: Period, *, running: bool) -> list[Figure | None]:
    """Measured, estimated and together, of the period and its months, a year ago too; and the change."""
    found: list[Figure | None] = []
    for one in dict.fromkeys(
        (period, period.before, *period.months, *(month.before for month in period.months))
    ):
        found += [
            _sum(lines, one, KNOWN, carrier),
            _sum(lines, one, ESTIMATED, carrier, needs_all=False),
            _at_least(lines, one, carrier),
        ]
    return found if running else [*found, *_change(lines, carrier, period)]


def _at_least(lines: Sequence[Line], period: Period, carrier: Carrier) -> Figure | None:
    """Energy with what could be estimated of it. Schools of which a part could not be are in it with the
    rest, and counted: the sum is the least that was bought."""
    least = []
    for line in lines:
        whole = line.figure(period, TOGETHER, carrier)
        names = (TOGETHER,) if whole is not None and whole.value is not None else (KNOWN, ESTIMATED)
        parts = [line.figure(period, name, carrier) for name in names]
        least += [part for part in parts if part is not None and part.value is not None]
    known, buying = _known(lines, period, TOGETHER, carrier, None)
    if not least:
        return None
    bounded = any(figure.low is not None for figure in least)
    return replace(
        _together(known or least, buying, period, METHOD, lacking=_lacking(known, buying)),
        id=str(FigureId(SITE, None, period.key, TOGETHER, carrier, None)),
        metric=TOGETHER,
        value=sum(figure.value or 0.0 for figure in least),
        low=_bound(least, "low") if bounded else None,
        high=_bound(least, "high") if bounded else None,
    )


def _change(lines: Sequence[Line], carrier: Carrier, period: Period) -> list[Figure | None]:
    """The change to the year before, of the schools that have one: others would look like a change."""
    change = _sum(lines, period, CHANGE, carrier)
    if change is None or change.value is None:
        return []
    known, _ = _known(lines, period, CHANGE, carrier, None)
    compared = {figure.id.partition(":")[0] for figure in known}
    before = sum(
        figure.value or 0.0
        for line in lines
        if line.school in compared and (figure := line.figure(period.before, TOGETHER, carrier)) is not None
    )
    share = replace(
        change,
        id=str(FigureId(SITE, None, period.key, CHANGE_SHARE, carrier, None)),
        metric=CHANGE_SHARE,
        unit="1",
        value=change.value / before,
        low=None if change.low is None else change.low / before,
        high=None if change.high is None else change.high / before,
        method=MEAN_METHOD,
    )
    return [change, share]


def _compared(lines: Sequence[Line], carrier: Carrier, period: Period) -> list[Figure | None]:
    """Savings and bridges of a carrier, in the order in which schools have them."""
    names = dict.fromkeys(
        (figure.metric, figure.basis)
        for line in lines
        for figure in line.figures.values()
        if figure.carrier is carrier and figure.metric.startswith(COMPARED)
    )
    return [
        _saved(lines, period, name, carrier, basis)
        if name.startswith("saved_")
        else _sum(lines, period, name, carrier, basis)
        for name, basis in names
    ]


def _sum(
    lines: Sequence[Line],
    period: Period,
    metric: str,
    carrier: Carrier | None,
    basis: str | None = None,
    *,
    needs_all: bool = True,
) -> Figure | None:
    """Sum over the schools that have the figure; those that buy the carrier and lack it are counted."""
    known, buying = _known(lines, period, metric, carrier, basis)
    if not known:
        return None
    bounded = any(figure.low is not None for figure in known)
    lacking = _lacking(known, buying) if needs_all else None
    return replace(
        _together(known, buying, period, METHOD, lacking=lacking),
        value=sum(figure.value or 0.0 for figure in known),
        low=_bound(known, "low") if bounded else None,
        high=_bound(known, "high") if bounded else None,
    )


def _mean(
    lines: Sequence[Line],
    period: Period,
    metric: str,
    carrier: Carrier,
    sizes: Sequence[float | None],
) -> Figure | None:
    """Mean of the schools that have the figure, each weighted by its size: their energy over their area."""
    known, buying = _known(lines, period, metric, carrier, None)
    weights = [
        size or 0.0
        for line, size in zip(lines, sizes, strict=True)
        if (figure := line.figure(period, metric, carrier)) is not None and figure.value is not None
    ]
    if not sum(weights):
        return None
    weighted = sum((figure.value or 0.0) * size for figure, size in zip(known, weights, strict=True))
    found = _together(known, buying, period, MEAN_METHOD, lacking=_lacking(known, buying))
    return replace(found, value=weighted / sum(weights), low=None, high=None)


def _saved(
    lines: Sequence[Line], period: Period, metric: str, carrier: Carrier, basis: str | None
) -> Figure | None:
    """Savings net of those that used more, with those that could not be told from zero: leaving them out
    would flatter the sum. Errors are taken as independent (:func:`analytics.savings.total`)."""
    known, buying = _known(lines, period, metric, carrier, basis)
    if not known:
        return None
    saved = sum(figure.value or 0.0 for figure in known)
    half = sqrt(sum(((figure.high or 0.0) - (figure.low or 0.0)) ** 2 for figure in known)) / 2
    told = saved - half > 0 or saved + half < 0
    return replace(
        _together(known, buying, period, SAVINGS_METHOD, lacking=_lacking(known, buying)),
        value=saved,
        low=saved - half,
        high=saved + half,
        status=Status.OK if told else Status.INSUFFICIENT,
    )


def _known(
    lines: Sequence[Line], period: Period, metric: str, carrier: Carrier | None, basis: str | None
) -> tuple[list[Figure], int]:
    """The schools' figures that have a value, and how many schools should have one."""
    having = [figure for line in lines if (figure := line.figure(period, metric, carrier, basis)) is not None]
    known = [figure for figure in having if figure.value is not None]
    return known, sum(carrier in line.carriers for line in lines) if carrier else len(having)


def _together(
    known: Sequence[Figure], buying: int, period: Period, method: str, *, lacking: str | None
) -> Figure:
    """All of a figure of several schools but its value and bounds."""
    status = worst(figure.status for figure in known)
    if lacking and status in _WHOLE:
        status = Status.PARTIAL
    first = known[0]
    return replace(
        first,
        id=str(FigureId(SITE, None, period.key, first.metric, first.carrier, first.basis)),
        coverage=sum(figure.coverage for figure in known) / max(1, buying),
        status=status,
        reason=reasons(lacking, *(part for figure in known for part in _shared_reasons(figure))),
        method=method,
        factors=tuple(dict.fromkeys(name for figure in known for name in figure.factors)),
        fingerprint="",
    )


def _lacking(known: Sequence[Figure], buying: int) -> str | None:
    lacking = buying - len(known)
    return f"schools_without_a_figure:{lacking}" if lacking else None


def _shared_reasons(figure: Figure) -> list[str]:
    return [part for part in (figure.reason or "").split("; ") if part.startswith(("without:", "running"))]


def _bound(figures: Sequence[Figure], side: str) -> float:
    """Schools' errors added as if they were one: an upper bound of the sum's."""
    return sum(
        float(bound) if (bound := getattr(figure, side)) is not None else figure.value or 0.0
        for figure in figures
    )
