"""Charts of reports on paper: Altair specs drawn to SVG by vl-convert.

Axes carry ready-made labels in the report's language. Letters are those of ``reports/fonts``, which know the
subscript of CO₂; colours keep 4.5:1 on white where they stand for something alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

import altair as alt
import vl_convert

from reports.document import Bars, Steps
from reports.language import Language
from reports.pdf import FONTS

FONT = "Source Sans Pro"

_INK, _MUTED, _GRID = "#1b211e", "#55605b", "#e6e3da"
_NOW, _BEFORE, _MORE, _LESS = "#1f5f8b", "#b9c6ce", "#b34700", "#00704f"
_WIDTH, _HEIGHT = 520, 150
_COLOURS = (_BEFORE, _NOW, "#8a5a00", "#00704f")


def bars_svg(bars: Bars, language: Language) -> str:
    """Bars by category. Stacked: the first series stands beside the others, which stand on each other; the
    last of them, an estimate, is pale and dashed."""
    rows = _stacked(bars) if bars.stacked else _side_by_side(bars)
    top = max((row["end"] for row in rows), default=0.0) or 1.0
    x = alt.X(
        "category:N",
        sort=list(bars.categories),
        title=None,
        axis=alt.Axis(labelAngle=0, ticks=False, labelColor=_MUTED, domainColor=_MUTED, labelPadding=5),
        scale=alt.Scale(domain=list(bars.categories), paddingInner=0.22, paddingOuter=0.12),
    )
    offset = alt.XOffset("place:N", sort=None, scale=alt.Scale(paddingInner=0.06))
    y = alt.Y(
        "start:Q", title=bars.unit, scale=alt.Scale(domain=[0, top], nice=True), axis=_axis(top, language)
    )
    layers = []
    for index, series in enumerate(bars.series):
        mine = [row for row in rows if row["series"] == series.name]
        pale = bars.stacked and index == len(bars.series) - 1 and index > 0
        colour = _NOW if pale else _COLOURS[index % len(_COLOURS)]
        look: dict[str, Any] = {"fill": colour}
        if pale:
            look = {"fill": colour, "fillOpacity": 0.3, "stroke": colour, "strokeDash": [3, 2]}
        if mine:
            chart = alt.Chart(alt.InlineData(values=mine)).mark_bar(**look)
            layers.append(chart.encode(x=x, xOffset=offset, y=y, y2="end:Q"))
    return _svg(alt.LayerChart(layer=layers).properties(width=_WIDTH, height=_HEIGHT), _legend(bars))


def _stacked(bars: Bars) -> list[dict[str, Any]]:
    first, *rest = bars.series
    rows = []
    for index, category in enumerate(bars.categories):
        if (before := first.values[index]) is not None:
            rows.append(_row(category, "a", first.name, 0.0, before))
        start = 0.0
        for series in rest:
            amount = series.values[index]
            if amount:
                rows.append(_row(category, "b", series.name, start, start + amount))
                start += amount
    return rows


def _side_by_side(bars: Bars) -> list[dict[str, Any]]:
    return [
        _row(category, str(place), series.name, 0.0, amount)
        for place, series in enumerate(bars.series)
        for category, amount in zip(bars.categories, series.values, strict=True)
        if amount is not None
    ]


def _row(category: str, place: str, series: str, start: float, end: float) -> dict[str, Any]:
    return {"category": category, "place": place, "series": series, "start": start, "end": end}


def _legend(bars: Bars) -> list[tuple[str, str, bool]]:
    last = len(bars.series) - 1
    found = []
    for index, series in enumerate(bars.series):
        if any(series.values):
            pale = bars.stacked and index == last and index > 0
            found.append((series.name, _NOW if pale else _COLOURS[index % len(_COLOURS)], pale))
    return found


def steps_svg(steps: Steps, language: Language) -> str:
    """A bridge: whole bars at both ends, between them what more and less was used, with intervals.

    Where the steps are small the axis does not begin at 0, and its labels show that.
    """
    rows: list[dict[str, Any]] = []
    bounds: list[dict[str, Any]] = []
    at = steps.start[1]
    labels: list[str] = [steps.start[0]]
    rows.append({"category": steps.start[0], "start": 0.0, "end": at, "kind": "whole", "label": at})
    for name, amount, low, high in steps.steps:
        kind = "more" if amount > 0 else "less"
        rows.append({"category": name, "start": at, "end": at + amount, "kind": kind, "label": amount})
        if low is not None and high is not None:
            bounds.append({"category": name, "start": at + low, "end": at + high})
        at += amount
        labels.append(name)
    rows.append(
        {"category": steps.end[0], "start": 0.0, "end": steps.end[1], "kind": "whole", "label": steps.end[1]}
    )
    labels.append(steps.end[0])
    ends = {bound["category"]: bound["end"] for bound in bounds}
    for row in rows:
        row["written"] = language.number(row["label"], sign=row["kind"] != "whole")
        row["head"] = max(row["start"], row["end"], ends.get(row["category"], 0.0))  # above its interval too
    top = max(row["head"] for row in rows) * 1.1
    floor = min([0.0] + [min(row["start"], row["end"]) for row in rows] + [b["start"] for b in bounds])
    x = alt.X(
        "category:N",
        sort=labels,
        title=None,
        axis=alt.Axis(labelAngle=0, ticks=False, labelColor=_MUTED, domainColor=_MUTED, labelLimit=90),
        scale=alt.Scale(domain=labels, paddingInner=0.3),
    )
    whole = max(steps.start[1], steps.end[1])
    lowest = (
        min(min(row["start"], row["end"]) for row in rows if row["kind"] != "whole") if steps.steps else 0.0
    )
    lowest = min([lowest, steps.start[1], steps.end[1], *(bound["start"] for bound in bounds)])
    if lowest > whole / 2:  # small steps on tall bars: look closer, the ends are cut off
        floor = lowest - (top / 1.1 - lowest) * 0.6
        top = top / 1.1 + (top / 1.1 - lowest) * 0.35
        for row in rows:
            row["start"], row["end"] = max(floor, row["start"]), max(floor, row["end"])
    scale = alt.Scale(domain=[floor, top], nice=False)
    y = alt.Y("start:Q", title=steps.unit, scale=scale, axis=_axis(top, language, floor))
    looks = {"whole": _NOW, "more": _MORE, "less": _LESS}
    layers: list[alt.Chart] = []
    for kind, colour in looks.items():
        mine = [row for row in rows if row["kind"] == kind]
        if mine:
            chart = alt.Chart(alt.InlineData(values=mine))
            layers.append(chart.mark_bar(fill=colour).encode(x=x, y=y, y2="end:Q"))
            text = chart.mark_text(dy=-7, color=_INK, fontSize=10)
            layers.append(text.encode(x=x, y=alt.Y("head:Q", scale=scale), text="written:N"))
    if bounds:
        rule = alt.Chart(alt.InlineData(values=bounds)).mark_rule(color=_INK, strokeWidth=1.4)
        layers.append(rule.encode(x=x, y=y, y2="end:Q"))
    return _svg(alt.LayerChart(layer=layers).properties(width=_WIDTH, height=_HEIGHT + 20), [])


def _axis(top: float, language: Language, floor: float = 0.0) -> alt.Axis:
    ticks = nice_ticks(top) if floor <= 0 else nice_ticks_between(floor, top)
    step = ticks[1] - ticks[0] if len(ticks) > 1 else 1.0
    decimals = 0 if step >= 1 else math.ceil(-math.log10(step))
    labels = ",".join(f"'{tick:g}':'{language.number(tick, decimals)}'" for tick in ticks)
    return alt.Axis(
        values=ticks,
        labelExpr=f"{{{labels}}}[''+datum.value] || ''",
        gridColor=_GRID,
        domain=False,
        ticks=False,
        labelColor=_MUTED,
        titleColor=_MUTED,
        titleAngle=0,
        titleAlign="left",
        titleAnchor="end",
        titleX=0,
        titleY=-12,
        titleBaseline="bottom",
    )


def nice_ticks(top: float, wanted: int = 4) -> list[float]:
    """Round numbers from 0 to at most ``top``, about ``wanted`` of them."""
    raw = top / wanted
    size = 10 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw)
    return [step * n for n in range(math.floor(top / step + 1e-9) + 1)] or [0.0, top]


def nice_ticks_between(floor: float, top: float) -> list[float]:
    """Round numbers between two positive ones."""
    step = nice_ticks(top - floor)[1]
    first = math.ceil(floor / step)
    return [step * n for n in range(first, math.floor(top / step + 1e-9) + 1)]


def _svg(chart: alt.LayerChart, legend: Sequence[tuple[str, str, bool]]) -> str:
    _register_fonts()
    spec = (
        chart.configure(
            background="transparent", font=FONT, padding={"left": 4, "right": 4, "top": 22, "bottom": 2}
        )
        .configure_view(stroke=None)
        .configure_axis(
            labelFont=FONT, titleFont=FONT, labelFontSize=10, titleFontSize=10, titleFontWeight="normal"
        )
        .configure_text(font=FONT)
        .to_dict(validate=False)  # the tests validate; here it would cost more than the drawing
    )
    spec["autosize"] = {"type": "pad", "contains": "padding"}
    drawn = vl_convert.vegalite_to_svg(spec)
    return drawn.replace("</svg>", _legend_svg(legend) + "</svg>", 1) if legend else drawn


def _legend_svg(legend: Sequence[tuple[str, str, bool]]) -> str:
    """Keys in the upper right; drawn here, since Vega's legend knows nothing of dashes by series."""
    found, x = [], 70.0
    for name, colour, pale in legend:
        look = f'fill="{colour}"' + (
            f' fill-opacity="0.3" stroke="{colour}" stroke-dasharray="3 2"' if pale else ""
        )
        found.append(f'<rect x="{x:.0f}" y="5" width="10" height="10" {look}/>')
        look = f'font-family="{FONT}" font-size="10" fill="{_INK}"'
        found.append(f'<text x="{x + 14:.0f}" y="14" {look}>{_escaped(name)}</text>')
        x += 24 + 5.6 * len(name)
    return "".join(found)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


@cache
def _register_fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
