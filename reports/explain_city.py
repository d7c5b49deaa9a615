"""From a figure of all schools together to each school's, whence :mod:`reports.explain` leads to readings."""

from __future__ import annotations

from reports.city import Portfolio
from reports.city_line import Line
from reports.energy_figures import ESTIMATED, KNOWN, TOGETHER
from reports.explain import Node
from reports.figures import SITE, Figure, FigureId, FigureIdError, parse_figure_id


def explain_city(portfolio: Portfolio, text: str) -> Node:
    """The walk from a portfolio's figure to the schools' figures it is the sum of.

    Raises:
        reports.figures.FigureIdError: no such figure; the message says what to do.
    """
    key = parse_figure_id(text)
    figure = portfolio.figures.get(str(key))
    if key.school != SITE or figure is None:
        near = [name for name in portfolio.figures if name.startswith(f"{SITE}:") and key.metric in name]
        hint = f"; there are {', '.join(near[:4])}" if near else ""
        raise FigureIdError(f"the portfolio has no figure {key.metric} in {key.period}{hint}")
    return _figure(portfolio, figure, key)


def _figure(portfolio: Portfolio, figure: Figure, key: FigureId) -> Node:
    parts = _schools(portfolio, key)
    head = (
        Node("method", figure.method),
        Node("coverage", f"{figure.coverage:.4f}"),
        Node("status", _status(figure)),
    )
    return Node(figure.id, _value(figure), (*head, *parts))


def _schools(portfolio: Portfolio, key: FigureId) -> list[Node]:
    found = []
    for line in portfolio.lines:
        one = line.figures.get(str(key._replace(school=line.school)))
        if one is not None and one.value is not None:
            found.append(Node(one.id, _value(one), (Node("status", _status(one)),)))
        elif key.metric == TOGETHER and (least := _least(line, key)):
            found += least
        elif key.carrier is None or key.carrier in line.carriers:
            found.append(Node(line.school, "has no such figure and is in no sum"))
    found += [Node(name, f"no report: {why}") for name, why in portfolio.failed]
    return found


def _least(line: Line, key: FigureId) -> list[Node]:
    """What a school's part of the sum is where a part of its energy cannot be estimated."""
    figures = [
        line.figures.get(str(key._replace(school=line.school, metric=name))) for name in (KNOWN, ESTIMATED)
    ]
    return [
        Node(one.id, _value(one), (Node("status", _status(one)),))
        for one in figures
        if one is not None and one.value is not None
    ]


def _value(figure: Figure) -> str:
    return "nothing" if figure.value is None else f"{figure.value:.10g} {figure.unit}"


def _status(figure: Figure) -> str:
    return f"{figure.status}" + (f": {figure.reason}" if figure.reason else "")
