"""What was found: each insight with what it costs a year, what it means and what to do."""

from __future__ import annotations

from analytics.insights.model import Range
from reports.document import Cell, Column, Part, Section, Table
from reports.figures import Report
from reports.language import Language

_MOST = 12


def insights_section(report: Report, language: Language) -> Section:
    """Insights seen in the period, in the order of their rank."""
    text = language.text
    title = text("Insights")
    if not report.insights:
        said = text("Nothing that wastes energy or spoils the air was found in the period.")
        return Section("insights", title, (said,))
    shown = report.insights[:_MOST]
    rows: list[tuple[Cell, ...]] = []
    parts: list[Part] = []
    for number, finding in enumerate(shown, start=1):
        insight, said_of = finding.insight, finding.texts[language.code]
        rows.append(
            (
                f"{number}. {said_of.title}",
                said_of.when,
                *_bounds(insight.year_kwh),
                insight.year_kgco2e.value if insight.year_kgco2e else None,
                insight.year_sek.value if insight.year_sek else None,
            )
        )
        parts.append(f"{number}. {said_of.title}. {said_of.meaning} {said_of.todo}")
    table = Table(
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
            "emissions; cost is without VAT by the site's tariffs. A dash means that no figure can be given."
        ),
    )
    if len(report.insights) > _MOST:
        rest = language.number(len(report.insights) - _MOST)
        parts.append(text("And {count} more.", count=rest))
    return Section("insights", title, (table, *parts))


def _bounds(of_year: Range | None) -> tuple[float | None, float | None, float | None]:
    return (None, None, None) if of_year is None else (of_year.value, of_year.low, of_year.high)
