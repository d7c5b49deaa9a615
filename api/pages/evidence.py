"""What shows a finding: its lines as drawings with a table, and its rows in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from analytics.insights.model import Evidence, EvidenceLine
from api.pages.language import Language
from api.plot import LinePlot, Value, line_plot

_SHOWN_MONTHS = 7
"""Months that fit below a drawing on a phone."""


@dataclass(frozen=True, slots=True)
class Axis:
    """A mark below a drawing: its place [% of the width] and its text."""

    at_pct: float
    text: str


@dataclass(frozen=True, slots=True)
class Panel:
    """Lines of one unit: names in the order of the paths, and what a reader who cannot see it is told."""

    names: tuple[str, ...]
    unit: str
    plot: LinePlot
    values: tuple[str, ...]
    told: str


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows, all of them finished texts; ``caption`` says what it shows."""

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """Panels above one axis, of days or of the hours of a day; ``each`` tells of how many days a point is."""

    panels: tuple[Panel, ...]
    axis: tuple[Axis, ...]
    marked: bool
    each: str


@dataclass(frozen=True, slots=True)
class EvidenceView:
    """What shows a finding. Empty without evidence."""

    drawings: tuple[Drawing, ...]
    tables: tuple[Table, ...]


def evidence_view(evidence: Evidence, say: Language) -> EvidenceView:
    """``evidence`` laid out; lines over days and lines over hours of the day have a drawing and a table
    each."""
    known = [line for line in evidence.lines if any(value is not None for _, value in line.points)]
    alike = [list(group) for _, group in groupby(known, key=_is_by_hour)]
    tables = [_line_table(lines, line_names(say), say) for lines in alike]
    if evidence.rows:
        tables.append(_row_table(evidence, say))
    return EvidenceView(tuple(_drawing(lines, evidence.marked, say) for lines in alike), tuple(tables))


def _is_by_hour(line: EvidenceLine) -> bool:
    return ":" in line.points[0][0]


def _drawing(lines: Sequence[EvidenceLine], seen: Sequence[tuple[date, date]], say: Language) -> Drawing:
    """Lines above one axis; those of one unit share a panel."""
    names = line_names(say)
    places = sorted({place for line in lines for place, _ in line.points})
    marked = _marked(places, seen)
    panels = tuple(
        _panel(list(group), places, marked, names, say)
        for _, group in groupby(lines, key=lambda one: one.unit)
    )
    each = max(panel.plot.each for panel in panels)
    return Drawing(
        panels=panels,
        axis=_axis(places, say),
        marked=bool(marked),
        each="" if each == 1 else say.text("A point is %(days)s days.") % {"days": each},
    )


def line_names(say: Language) -> dict[str, str]:
    """The lines that findings draw, by their keys."""
    return {
        "night_power": say.text("Power at night"),
        "highest_hour": say.text("Highest hour of the day"),
        "morning_jump": say.text("Rise of power in the morning"),
        "fed_out": say.text("Fed out"),
        "made": say.text("Made by the solar cells"),
        "heat_power": say.text("Heating power, cold school days"),
        "heat": say.text("Heat a day"),
        "electricity": say.text("Electricity a day"),
        "outdoor_temperature": say.text("Outdoors"),
        "indoor_temperature": say.text("In the rooms"),
        "morning_temperature": say.text("In the rooms before lessons"),
        "lesson_temperature": say.text("In lessons"),
        "school_days": say.text("School days"),
        "closed_days": say.text("Closed days"),
        "highest_co2": say.text("Highest carbon dioxide of the day"),
        "air_per_person": say.text("Outdoor air a person"),
    }


def column_names(say: Language) -> dict[str, str]:
    """The columns of findings' tables, by their keys."""
    return {
        "from": say.text("From"),
        "to": say.text("To"),
        "day": say.text("Day"),
        "hour": say.text("Hour"),
        "night_kw": say.text("Power at night [kW]"),
        "fans_kw": say.text("of that fans [kW]"),
        "base_kw": say.text("of that base load [kW]"),
        "power_kw": say.text("Power [kW]"),
        "warmer_k": say.text("Warmer than usual [°C]"),
        "device": say.text("Device"),
        "last_good": say.text("Last good reading"),
        "verdict": say.text("What is wrong"),
    }


def _named(names: Mapping[str, str], key: str) -> str:
    return names.get(key) or key.replace("_", " ")


def _panel(
    lines: Sequence[EvidenceLine],
    places: Sequence[str],
    marked: Sequence[tuple[int, int]],
    names: Mapping[str, str],
    say: Language,
) -> Panel:
    columns: list[list[Value]] = [[dict(line.points).get(place) for place in places] for line in lines]
    plot = line_plot(columns, marked, highest=all(line.name.startswith("highest") for line in lines))
    unit = lines[0].unit
    whole = all(float(tick.value).is_integer() for tick in plot.ticks)
    told = [
        say.text("%(name)s: lowest %(low)s, highest %(high)s %(unit)s")
        % {
            "name": _named(names, line.name),
            "low": _value(min(known), say),
            "high": _value(max(known), say),
            "unit": unit,
        }
        for line in lines
        if (known := [value for _, value in line.points if value is not None])
    ]
    return Panel(
        names=tuple(_named(names, line.name) for line in lines),
        unit=unit,
        plot=plot,
        values=tuple(say.number(tick.value, 0 if whole else 1) for tick in plot.ticks),
        told=". ".join(told),
    )


def _marked(places: Sequence[str], spans: Sequence[tuple[date, date]]) -> list[tuple[int, int]]:
    """First and last index of the marked days; hours have none."""
    found = []
    for first, last in spans:
        inside = [at for at, place in enumerate(places) if first.isoformat() <= place <= last.isoformat()]
        if inside:
            found.append((inside[0], inside[-1]))
    return found


def _axis(places: Sequence[str], say: Language) -> tuple[Axis, ...]:
    """Every third hour, or the first days of months."""
    wide = 100 / max(1, len(places) - 1)
    if ":" in places[0]:
        return tuple(
            Axis(round(at * wide, 1), place[:2]) for at, place in enumerate(places) if int(place[:2]) % 3 == 0
        )
    firsts = [at for at, place in enumerate(places) if at and place[:7] != places[at - 1][:7]]
    every = max(1, -(-len(firsts) // _SHOWN_MONTHS))
    return tuple(
        Axis(round(at * wide, 1), say.short_month(date.fromisoformat(places[at]))) for at in firsts[::every]
    )


def _line_table(lines: Sequence[EvidenceLine], names: Mapping[str, str], say: Language) -> Table:
    """Hours as they are, days as the mean of each month."""
    places = sorted({place for line in lines for place, _ in line.points})
    columns = tuple(f"{_named(names, line.name)} [{line.unit}]" for line in lines)
    values = [dict(line.points) for line in lines]
    if ":" in places[0]:
        rows = tuple((place, *(_value(of.get(place), say) for of in values)) for place in places)
        return Table(say.text("Mean by hour of the day"), (say.text("Hour"), *columns), rows)
    rows = tuple(
        (
            say.month(date.fromisoformat(f"{month}-01")),
            *(_value(_mean([of.get(day) for day in days]), say) for of in values),
        )
        for month, group in groupby(places, key=lambda place: place[:7])
        for days in [list(group)]
    )
    return Table(say.text("Mean of the days by month"), (say.text("Month"), *columns), rows)


def _row_table(evidence: Evidence, say: Language) -> Table:
    names = column_names(say)
    return Table(
        say.text("In figures"),
        tuple(_named(names, column) for column in evidence.columns),
        tuple(tuple(_cell(cell, say) for cell in row) for row in evidence.rows),
    )


def _mean(values: Sequence[Value]) -> Value:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _value(value: Value, say: Language) -> str:
    if value is None:
        return "–"
    return say.number(value, 0 if abs(value) >= 100 or float(value).is_integer() else 1)


def _cell(cell: str | float | None, say: Language) -> str:
    if cell is None or cell == "":
        return "–"
    if isinstance(cell, str):
        return _time(cell, say)
    return _value(cell, say)


def _time(text: str, say: Language) -> str:
    """A day or an instant as people write it; other texts as they are."""
    try:
        if len(text) == len("2026-11-16"):
            return say.long_day(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{say.long_day(at.astimezone(say.zone).date())} {say.clock(at)}" if at.tzinfo else text
