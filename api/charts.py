"""Charts as pure functions: Altair specs drawn to SVG by vl-convert, the same in a page, a report and a test.

Time axes count minutes since local midnight and carry ready-made labels: a Vega time axis would follow the
time zone of the process. Colours are handed in: CSS variables for pages, where they follow light and dark, or
hex for paper.
"""

from __future__ import annotations

import hashlib
import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import altair as alt
import vl_convert

_FONT = "Liberation Sans"

_PADDING = re.compile(r' (role|aria-roledescription|aria-hidden|pointer-events|class)="[^"<]*"')
_LONG_NUMBER = re.compile(r"(\d\.\d\d)\d+")


@dataclass(frozen=True, slots=True)
class Colours:
    """What a chart is painted with; any CSS colour."""

    ground: str
    ink: str
    muted: str
    grid: str
    line: str
    lesson: str
    pause: str
    soon: str
    now: str


THEMED = Colours(
    ground="var(--surface)",
    ink="var(--ink)",
    muted="var(--muted)",
    grid="var(--grid)",
    line="var(--accent)",
    lesson="var(--lesson)",
    pause="var(--pause)",
    soon="var(--soon)",
    now="var(--now)",
)
"""For SVG inside a page: the stylesheet gives the values, in light and dark."""

PAPER = Colours(
    ground="#ffffff",
    ink="#1b211e",
    muted="#55605b",
    grid="#e6e3da",
    line="#1f5f8b",
    lesson="#e9f0ee",
    pause="#8d9690",
    soon="#8a5a00",
    now="#b34700",
)
"""For PDF and pictures on white."""


class Size(NamedTuple):
    """Plot area [px] without axes; ``narrow`` asks for fewer labels."""

    width: int
    height: int
    narrow: bool = False


class Mark(NamedTuple):
    """A tick of an axis: its place and its finished label."""

    at: float
    label: str


class Span(NamedTuple):
    """A stretch of the day [minutes since local midnight]; a lesson or a break."""

    start: float
    end: float
    lesson: bool


@dataclass(frozen=True, slots=True)
class DayCurve:
    """A quantity over one local day.

    ``segments`` are runs of (minute since local midnight, value) without a gap inside; nothing is drawn
    between two runs. ``hours`` and ``values`` are the ticks; the first and the last bound the axes.
    ``limits`` are horizontal lines with their label: the first is for soon, the second for now.
    """

    segments: tuple[tuple[tuple[float, float], ...], ...]
    spans: tuple[Span, ...]
    hours: tuple[Mark, ...]
    values: tuple[Mark, ...]
    limits: tuple[Mark, ...]


def split_at_gaps(
    points: Sequence[tuple[float, float]], longest: float
) -> tuple[tuple[tuple[float, float], ...], ...]:
    """Cut time-ordered points into runs wherever two neighbours stand more than ``longest`` apart."""
    runs: list[list[tuple[float, float]]] = []
    for point in points:
        if runs and point[0] - runs[-1][-1][0] <= longest:
            runs[-1].append(point)
        else:
            runs.append([point])
    return tuple(tuple(run) for run in runs)


def day_curve(curve: DayCurve, size: Size, colours: Colours = THEMED) -> alt.LayerChart:
    """A day's curve over its lessons (tinted) and breaks (a strip at the foot); gaps stay open."""
    first, last = curve.hours[0].at, curve.hours[-1].at
    low, high = curve.values[0].at, curve.values[-1].at
    x = alt.X(
        "at:Q",
        title=None,
        scale=alt.Scale(domain=[first, last], nice=False),
        axis=_labelled_axis(curve.hours[:: 2 if size.narrow else 1], grid=False, colours=colours),
    )
    y = alt.Y(
        "value:Q",
        title=None,
        scale=alt.Scale(domain=[low, high], nice=False),
        axis=_labelled_axis(curve.values, grid=True, colours=colours),
    )
    frame = alt.Chart(_rows([{"at": first, "value": low}])).mark_point(opacity=0).encode(x=x, y=y)
    layers = [
        frame,
        *_span_layers(curve.spans, low, high, x, y, colours),
        *_limit_lines(curve, y, colours),
        *_line_layers(curve, x, y, colours),
        *_limit_labels(curve, x, y, colours),
    ]
    return alt.LayerChart(layer=layers).properties(width=size.width, height=size.height)


def _span_layers(
    spans: Sequence[Span], low: float, high: float, x: alt.X, y: alt.Y, colours: Colours
) -> list[alt.Chart]:
    foot = low + (high - low) * 0.025
    parts = (
        (True, high, colours.lesson),
        (True, foot, colours.muted),
        (False, foot, colours.pause),
    )
    return [
        alt.Chart(
            _rows(
                [{"at": s.start, "end": s.end, "value": low, "top": top} for s in spans if s.lesson is lesson]
            )
        )
        .mark_rect(clip=True, fill=colour)
        .encode(x=x, x2="end:Q", y=y, y2="top:Q")
        for lesson, top, colour in parts
        if any(span.lesson is lesson for span in spans)
    ]


def _limit_lines(curve: DayCurve, y: alt.Y, colours: Colours) -> list[alt.Chart]:
    return [
        alt.Chart(_rows([{"value": limit.at}]))
        .mark_rule(color=colour, strokeDash=[6, 4], strokeWidth=1.5)
        .encode(y=y)
        for limit, colour in zip(curve.limits, (colours.soon, colours.now), strict=False)
    ]


def _limit_labels(curve: DayCurve, x: alt.X, y: alt.Y, colours: Colours) -> list[alt.Chart]:
    """The labels stand above the curve, on a halo of the ground."""
    place: dict[str, Any] = {
        "align": "left",
        "baseline": "bottom",
        "dx": 8,
        "dy": -4,
        "fontSize": 13,
        "fontWeight": 600,
    }
    found = []
    for limit, colour in zip(curve.limits, (colours.soon, colours.now), strict=False):
        chart = alt.Chart(_rows([{"value": limit.at, "at": curve.hours[0].at, "label": limit.label}]))
        halo = chart.mark_text(**place, stroke=colours.ground, strokeWidth=5, strokeJoin="round")
        for text in (halo, chart.mark_text(**place, color=colour)):
            found.append(text.encode(x=x, y=y, text="label:N"))
    return found


def _line_layers(curve: DayCurve, x: alt.X, y: alt.Y, colours: Colours) -> list[alt.Chart]:
    rows = [
        {"at": round(at, 1), "value": round(value, 1), "run": number}
        for number, run in enumerate(curve.segments)
        for at, value in run
    ]
    if not rows:
        return []
    line = alt.Chart(_rows(rows)).mark_line(
        color=colours.line, strokeWidth=2.5, strokeCap="round", strokeJoin="round", clip=True
    )
    found = [line.encode(x=x, y=y, detail="run:N")]
    lonely = [{"at": run[0][0], "value": run[0][1]} for run in curve.segments if len(run) == 1]
    for dots, area in ((lonely, 16), (rows[-1:], 80)):  # a line of one point would be invisible
        if dots:
            mark = alt.Chart(_rows(dots)).mark_point(color=colours.line, filled=True, size=area, opacity=1)
            found.append(mark.encode(x=x, y=y))
    return found


def _labelled_axis(marks: Sequence[Mark], *, grid: bool, colours: Colours) -> alt.Axis:
    labels = "{" + ",".join(f"'{mark.at:g}':{_js_string(mark.label)}" for mark in marks) + "}"
    return alt.Axis(
        values=[mark.at for mark in marks],
        labelExpr=f"{labels}[''+datum.value] || ''",
        grid=grid,
        gridColor=colours.grid,
        domain=not grid,
        domainColor=colours.muted,
        ticks=not grid,
        tickColor=colours.muted,
        labelColor=colours.muted,
        labelPadding=6,
        labelFlush=False,
    )


def _js_string(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _rows(rows: Sequence[dict[str, Any]]) -> alt.InlineData:
    return alt.InlineData(values=list(rows))


@lru_cache(maxsize=512)
def day_curve_svg(
    curve: DayCurve, size: Size, title: str, description: str, colours: Colours = THEMED
) -> str:
    """:func:`day_curve` as an SVG element for a page; the same content is drawn once."""
    return to_svg(day_curve(curve, size, colours), title, description)


def to_svg(chart: alt.LayerChart, title: str, description: str) -> str:
    """Draw ``chart`` as one picture with a name and a description, scaling to the place it is put in.

    Ids inside carry a hash of the content, so that several charts can stand in one document.
    """
    spec = (
        chart.configure(aria=False, background="transparent", font=_FONT, padding=4)
        .configure_view(stroke=None)
        .configure_axis(labelFont=_FONT, labelFontSize=13)
        .configure_text(font=_FONT)
        .to_dict(validate=False)  # the tests validate; here it would cost more than the drawing
    )
    drawn = vl_convert.vegalite_to_svg(spec)
    mark = hashlib.sha256(f"{title}\0{description}\0{spec}".encode()).hexdigest()[:10]
    drawn = _PADDING.sub("", _LONG_NUMBER.sub(r"\1", drawn))
    numbers: dict[str, str] = {}  # vl-convert counts clip paths over the life of the process
    drawn = re.sub(r"clip\d+", lambda found: numbers.setdefault(found[0], f"c{mark}-{len(numbers)}"), drawn)
    head, body = drawn.split(">", 1)
    view_box = re.search(r'viewBox="[^"]*"', head)
    if view_box is None:
        raise ValueError("vl-convert gave an SVG without a viewBox")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" {view_box[0]} role="img" '
        f'aria-labelledby="t{mark} d{mark}"><title id="t{mark}">{html.escape(title)}</title>'
        f'<desc id="d{mark}">{html.escape(description)}</desc>{body}'
    )
