"""A heating signature as a picture: a day's energy by outdoor temperature, days in use and others apart.

Days are drawn as their mean at each whole degree: what one sees is the shape, and a page stays small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import altair as alt

from api.charts import THEMED, Colours, Size, to_svg


class Dot(NamedTuple):
    """Mean energy of the days around one temperature [°C, kWh]."""

    temperature_c: float
    energy_kwh: float


@dataclass(frozen=True, slots=True)
class SignatureCurve:
    """What is drawn: dots of days in ``use`` and at ``rest``, and the fitted curves as runs of points."""

    use: tuple[Dot, ...]
    rest: tuple[Dot, ...]
    curves: tuple[tuple[Dot, ...], ...]
    temperature_label: str
    energy_label: str


def signature_chart(curve: SignatureCurve, size: Size, colours: Colours = THEMED) -> alt.LayerChart:
    """Open dots are days at rest, filled ones days in use; lines are the signature."""
    x = alt.X(
        "temperature:Q",
        scale=alt.Scale(zero=False, nice=True),
        axis=_axis(curve.temperature_label, 5 if size.narrow else 8, colours, grid=False),
    )
    y = alt.Y(
        "energy:Q",
        scale=alt.Scale(zero=True, nice=True),
        axis=_axis(curve.energy_label, 4, colours, grid=True),
    )
    layers = []
    lines = [
        {"temperature": round(dot.temperature_c, 2), "energy": round(dot.energy_kwh, 1), "run": run}
        for run, dots in enumerate(curve.curves)
        for dot in dots
    ]
    if lines:
        line = alt.Chart(alt.InlineData(values=lines)).mark_line(color=colours.line, strokeWidth=2)
        layers.append(line.encode(x=x, y=y, detail="run:N"))
    for dots, filled, colour in ((curve.rest, False, colours.muted), (curve.use, True, colours.line)):
        if dots:
            look: dict[str, Any] = {"color": colour, "filled": filled, "size": 34, "opacity": 0.85}
            rows = alt.InlineData(values=_rows(dots))
            layers.append(alt.Chart(rows).mark_point(**look).encode(x=x, y=y))
    return alt.LayerChart(layer=layers).properties(width=size.width, height=size.height)


def _axis(title: str, ticks: int, colours: Colours, *, grid: bool) -> alt.Axis:
    return alt.Axis(
        title=title,
        titleFontWeight="normal",
        titleFontSize=13,
        titleColor=colours.muted,
        tickCount=ticks,
        format="~f",
        grid=grid,
        gridColor=colours.grid,
        domain=not grid,
        domainColor=colours.muted,
        ticks=not grid,
        tickColor=colours.muted,
        labelColor=colours.muted,
    )


def _rows(dots: Sequence[Dot]) -> list[dict[str, float]]:
    return [{"temperature": round(dot[0], 1), "energy": round(dot[1], 1)} for dot in dots]


@lru_cache(maxsize=256)
def signature_svg(
    curve: SignatureCurve, size: Size, title: str, description: str, colours: Colours = THEMED
) -> str:
    """:func:`signature_chart` as an SVG element for a page; the same content is drawn once."""
    return to_svg(signature_chart(curve, size, colours), title, description)
