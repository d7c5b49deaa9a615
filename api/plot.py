"""Drawings for any width in a few hundred bytes: the plot stretches with its place, its text does not.

Places are shares: of the width and height for text and bars, of a 1000 by 100 field for paths.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

FIELD_WIDTH, FIELD_HEIGHT = 1_000, 100
MOST_POINTS = 120
"""Points of a line: more would be closer together than a screen shows."""

_TICKS = 4
_SAME = 1e-6  # of a value: less is no difference that a drawing shows

Value = float | None


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark of an axis: its place [% of the plot] and its value."""

    at_pct: float
    value: float


@dataclass(frozen=True, slots=True)
class LinePlot:
    """Lines that share a unit, ready to draw: an SVG path each, ticks of the value axis from the foot up,
    and marked stretches as (start, width) in the field. ``each`` is how many values a point stands for."""

    paths: tuple[str, ...]
    ticks: tuple[Tick, ...]
    marked: tuple[tuple[float, float], ...]
    each: int


def line_plot(
    lines: Sequence[Sequence[Value]],
    marked: Sequence[tuple[int, int]] = (),
    *,
    highest: bool = False,
    most_points: int = MOST_POINTS,
) -> LinePlot:
    """Equally spaced values (None: a gap, left open) of one length; ``marked`` are first and last index.

    Long lines are thinned to the mean of neighbours, or with ``highest`` to their highest.
    """
    length = max((len(line) for line in lines), default=0)
    each = max(1, math.ceil(length / most_points))
    thin = [_thinned(line, each, highest=highest) for line in lines]
    known = [value for line in thin for value in line if value is not None]
    ticks = _ticks(min(known, default=0.0), max(known, default=1.0))
    low, high = ticks[0], ticks[-1]
    count = max((len(line) for line in thin), default=1)
    return LinePlot(
        paths=tuple(_path(line, count, low, high) for line in thin),
        ticks=tuple(Tick(100 * (1 - (tick - low) / (high - low)), tick) for tick in ticks),
        marked=tuple(_stretch(first, last, length) for first, last in marked),
        each=each,
    )


def _thinned(line: Sequence[Value], each: int, *, highest: bool) -> list[Value]:
    found: list[Value] = []
    for start in range(0, len(line), each):
        known = [value for value in line[start : start + each] if value is not None]
        if not known:
            found.append(None)
        else:
            found.append(max(known) if highest else sum(known) / len(known))
    return found


def _ticks(low: float, high: float, *, from_zero: bool = True) -> list[float]:
    """Round values that hold all between them; ``from_zero``: from 0 where that costs little."""
    if from_zero and 0 <= low <= 0.6 * high:
        low = 0.0
    wide = high - low
    if wide <= _SAME * max(abs(low), abs(high), _SAME):
        wide = max(abs(high), 1.0)
    rough = wide / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough * 0.999)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [round(step * number, 10) for number in range(first, max(last, first + 1) + 1)]


def _path(line: Sequence[Value], count: int, low: float, high: float) -> str:
    """A value alone between gaps is a short dash, so that it is seen."""
    wide = FIELD_WIDTH / max(1, count - 1)
    parts, pen = [], "M"
    for number, value in enumerate(line):
        if value is None:
            pen = "M"
            continue
        x, y = number * wide, FIELD_HEIGHT * (1 - (value - low) / (high - low))
        parts.append(f"{pen}{x:.0f} {y:.1f}")
        alone = pen == "M" and (number + 1 == len(line) or line[number + 1] is None)
        if alone:
            parts.append("h2")
        pen = "L"
    return "".join(parts)


def _stretch(first: int, last: int, length: int) -> tuple[float, float]:
    wide = FIELD_WIDTH / max(1, length - 1)
    start = max(0.0, min(first, length - 1) * wide)
    end = min(float(FIELD_WIDTH), max(last, first) * wide)
    return round(start, 1), round(max(end - start, 4.0), 1)


class Dot(NamedTuple):
    """A point of a plot in the units of its axes."""

    x: float
    y: float


@dataclass(frozen=True, slots=True)
class DotPlot:
    """Groups of dots and curves, ready to draw: an SVG path each (a dot is a stroke of no length), ticks of
    both axes from the left and from the foot up."""

    groups: tuple[str, ...]
    curves: tuple[str, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def dot_plot(groups: Sequence[Sequence[Dot]], curves: Sequence[Sequence[Dot]]) -> DotPlot:
    """Dots in groups under curves, the value axis from 0 where that costs little."""
    known = [dot for some in (*groups, *curves) for dot in some] or [Dot(0, 0), Dot(1, 1)]
    across = _ticks(min(dot.x for dot in known), max(dot.x for dot in known), from_zero=False)
    up = _ticks(min(dot.y for dot in known), max(dot.y for dot in known))

    def place(dot: Dot) -> str:
        x = FIELD_WIDTH * (dot.x - across[0]) / (across[-1] - across[0])
        return f"{x:.0f} {FIELD_HEIGHT * (1 - (dot.y - up[0]) / (up[-1] - up[0])):.1f}"

    return DotPlot(
        groups=tuple("".join(f"M{place(dot)}h0" for dot in some) for some in groups),
        curves=tuple("M" + "L".join(place(dot) for dot in some) for some in curves if some),
        across=tuple(Tick(100 * (tick - across[0]) / (across[-1] - across[0]), tick) for tick in across),
        up=tuple(Tick(100 * (1 - (tick - up[0]) / (up[-1] - up[0])), tick) for tick in up),
    )


class BarKind(StrEnum):
    """What a day's bar stands on."""

    WHOLE = "whole"
    PARTIAL = "partial"  # readings are missing
    GAP = "gap"  # nothing can be said
    AHEAD = "ahead"  # the day is still to come


class DayBar(NamedTuple):
    """One day's amount with its finished labels; ``value`` is None for a gap and for a day ahead."""

    day: str
    value: float | None
    label: str
    kind: BarKind


class PlacedBar(NamedTuple):
    """A bar in its place [% of width and height]; a gap is half as high as the highest, and never a zero."""

    bar: DayBar
    left_pct: float
    width_pct: float
    middle_pct: float
    top_pct: float
    height_pct: float


HEAD_PCT, FOOT_PCT = 16.0, 84.0
"""Bars stand between these; above are their amounts, below their days."""

_BAR_SHARE = 0.66


def placed_bars(bars: Sequence[DayBar]) -> tuple[PlacedBar, ...]:
    """Bars side by side."""
    top = max((bar.value for bar in bars if bar.value is not None), default=0.0) or 1.0
    each = 100 / max(1, len(bars))
    found = []
    for number, bar in enumerate(bars):
        value = top / 2 if bar.value is None else bar.value
        height = round((FOOT_PCT - HEAD_PCT) * value / top, 1)
        left = each * (number + (1 - _BAR_SHARE) / 2)
        found.append(
            PlacedBar(
                bar,
                round(left, 1),
                round(each * _BAR_SHARE, 1),
                round(each * (number + 0.5), 1),
                round(FOOT_PCT - height, 1),
                height,
            )
        )
    return tuple(found)
