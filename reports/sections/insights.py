"""What was found: each insight with what it costs a year, what it means and what to do."""

from __future__ import annotations

from collections.abc import Sequence

from analytics.insights.model import Insight, Range
from reports.document import Cell, Column, Part, Section, Table
from reports.figures import FigureId, Finding
from reports.findings import SEEN_DAYS, YEAR_KWH, metric_of
from reports.language import Language
from reports.period import Period
from reports.sections.terms import carrier_name

_MOST = 12


def insights_section(findings: Sequence[Finding], period: Period, language: Language) -> Section:
    """Findings seen in the period, the most urgent first."""
    text = language.text
    title = text("Insights")
    if not findings:
        said = text("Nothing that wastes energy or spoils the air was found in the period.")
        return Section("insights", title, (said,))
    shown = findings[:_MOST]
    parts: list[Part] = [_costs(shown, language), _words(shown, period, language)]
    rest = len(findings) - _MOST
    if rest > 0:
        parts.append(text("And {count} more.", count=language.number(rest)))
    return Section("insights", title, tuple(parts))


def _costs(findings: Sequence[Finding], language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = [
        (
            f"{number}. {one.texts[language.code].title}",
            one.texts[language.code].when,
            *_bounds(one.insight.year_kwh),
            one.insight.year_kgco2e.value if one.insight.year_kgco2e else None,
            one.insight.year_sek.value if one.insight.year_sek else None,
        )
        for number, one in enumerate(findings, start=1)
    ]
    return Table(
        "insights",
        text("What was found, and what it costs a year"),
        (
            Column(text("Insight"), width=2.4),
            Column(text("When"), width=1.6),
            Column(text("Energy"), "number", text("kWh/year"), width=1),
            Column(text("from"), "number", text("kWh/year"), width=0.9),
            Column(text("to"), "number", text("kWh/year"), width=0.9),
            Column(text("Gases"), "number", text("kg CO₂e/year"), width=1),
            Column(text("Cost"), "number", text("SEK/year"), width=0.9),
        ),
        tuple(rows),
        text(
            "If it goes on like this. Gases are on the location basis with the accounts' factors, no avoided "
            "emissions; cost is without VAT by the site's tariffs. A dash, in the workbook an empty cell, "
            "means that no figure can be given. The rows are not added up: one measure may mend several."
        ),
    )


def _words(findings: Sequence[Finding], period: Period, language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    for number, one in enumerate(findings, start=1):
        said = one.texts[language.code]
        shows = _evidence(one.insight, period, language)
        rows.append((f"{number}. {said.title}", said.meaning, said.todo, shows))
    columns = (
        Column(text("Insight"), width=1.4),
        Column(text("What it means"), width=1.9),
        Column(text("What to do"), width=1.9),
        Column(text("Evidence"), width=2),
    )
    return Table("insight_words", text("What it means and what to do"), columns, tuple(rows))


def _evidence(insight: Insight, period: Period, language: Language) -> str:
    """What a finding stands on: what was used while it was seen, its method, and where to look further."""
    text = language.text
    seen = [
        text(
            "{energy} {carrier} ({low} to {high}) on the days it was seen",
            energy=language.energy(part.seen_kwh.value),
            carrier=carrier_name(part.carrier, language),
            low=language.number(part.seen_kwh.low),
            high=language.energy(part.seen_kwh.high),
        )
        for part in insight.energy
    ]
    what = YEAR_KWH if insight.year_kwh is not None else SEEN_DAYS
    figure = FigureId(insight.school, None, period.key, metric_of(insight, what), None, None)
    days = text("Seen from {first} to {last}", first=str(insight.first), last=str(insight.last))
    return text(
        "{what}; method {method}, figure {figure}",
        what="; ".join([days, *seen]),
        method=insight.method,
        figure=str(figure),
    )


def _bounds(of_year: Range | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if of_year is None else (of_year.value, of_year.low, of_year.high)
