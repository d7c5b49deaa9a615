"""The city's report school by school: energy, gases, savings, air, data quality, and who failed."""

from __future__ import annotations

from analytics.emissions import BASES
from classroom.quantity import Carrier
from reports.city import Portfolio
from reports.city_line import PER_M2, PER_PUPIL, Line
from reports.comparison_figures import SAVED
from reports.document import Cell, Column, Part, Section, Table
from reports.emission_figures import SCOPE_2, SCOPE_2_AND_3_3
from reports.energy_figures import CHANGE_SHARE, ESTIMATED, KNOWN
from reports.language import Language
from reports.sections.air import AIR_METRICS, air_columns, air_row, air_text, limit_ppm
from reports.sections.comparison import claim_text, comparison_section
from reports.sections.energy import value
from reports.sections.terms import carrier_name, mark_name


def schools(portfolio: Portfolio, lang: Language) -> Section:
    """Energy and greenhouse gases by school."""
    text = lang.text
    rows: list[tuple[Cell, ...]] = [
        (
            line.name,
            *(value(line.figure(portfolio.period, SCOPE_2, None, basis)) for basis in BASES),
            value(line.figure(portfolio.period, SCOPE_2_AND_3_3, None, "location")),
        )
        for line in portfolio.lines
    ]
    gases = Table(
        "city_gases",
        text("Greenhouse gases by school"),
        (
            Column(text("School"), width=2),
            Column(text("Scope 2, location"), "number", "kg CO₂e", 1),
            Column(text("Scope 2, market"), "number", "kg CO₂e", 1),
            Column(text("Scope 2 + 3.3, location"), "number", "kg CO₂e", 1),
        ),
        tuple(rows),
    )
    tables = [_of_carrier(portfolio, lang, carrier) for carrier in portfolio.carriers]
    return Section("schools", text("School by school"), (*tables, gases))


def _of_carrier(portfolio: Portfolio, lang: Language, carrier: Carrier) -> Table:
    text, period = lang.text, portfolio.period

    def per_m2(line: Line) -> float:
        return value(line.figure(period, PER_M2, carrier)) or 0.0

    lines = [line for line in portfolio.lines if carrier in line.carriers]
    lines.sort(key=lambda line: (-per_m2(line), line.name))
    rows: list[tuple[Cell, ...]] = [
        (
            line.name,
            *(
                value(line.figure(period, name, carrier))
                for name in (KNOWN, ESTIMATED, PER_M2, PER_PUPIL, CHANGE_SHARE)
            ),
            mark_name(line.mark(carrier), lang),
        )
        for line in lines
    ]
    return Table(
        f"city_{carrier}",
        carrier_name(carrier, lang).capitalize(),
        (
            Column(text("School"), width=2),
            Column(text("Measured"), "number", "kWh"),
            Column(text("Estimated"), "number", "kWh"),
            Column(text("Per m²"), "number", "kWh/m²", 1),
            Column(text("Per pupil"), "number", text("kWh/pupil"), 1),
            Column(text("Change"), "share", "", 1, sign=True),
            Column(text("Stands on"), width=1.3),
        ),
        tuple(rows),
        text("In the order of energy per heated area."),
    )


def city_comparison(portfolio: Portfolio, lang: Language) -> Section:
    """What changed in all schools together, and what each school saved or why it claims nothing."""
    whole = comparison_section(portfolio, lang)
    return Section(whole.key, whole.title, (*whole.parts, *_savings(portfolio, lang)))


def _savings(portfolio: Portfolio, lang: Language) -> list[Part]:
    text = lang.text
    rows: list[tuple[Cell, ...]] = []
    for carrier in portfolio.carriers:
        for line in portfolio.lines:
            figure = line.figure(portfolio.period, SAVED, carrier)
            if figure is None:
                continue
            said = claim_text(figure, line.lacks.get(f"savings:{carrier}", ()), lang)
            rows.append((line.name, carrier_name(carrier, lang), figure.value, figure.low, figure.high, said))
    if not rows:
        return []
    columns = (
        Column(text("School"), width=1.5),
        Column(text("Carrier"), width=1),
        Column(text("Saved"), "number", "kWh", width=0.9),
        Column(text("from"), "number", "kWh", width=0.9),
        Column(text("to"), "number", "kWh", width=0.8),
        Column(text("Claim"), width=3),
    )
    note = text("The sum of all schools is net of those that used more, and holds those without a claim.")
    return [Table("city_savings", text("Savings by school"), columns, tuple(rows), note)]


def city_air(portfolio: Portfolio, lang: Language) -> Section:
    """Air and comfort of all schools and of each."""
    text = lang.text
    title = text("Indoor air and comfort")
    all_ = [portfolio.figure(name) for name in AIR_METRICS]
    if not any(all_):
        return Section("air", title, (text("No room has figures in this period."),))
    rows = [air_row(text("All schools"), all_[:-1], all_[-1], lang)]
    for line in portfolio.lines:
        *figures, hours = (line.figure(portfolio.period, name) for name in AIR_METRICS)
        rows.append(air_row(line.name, figures, hours, lang))
    table = Table(
        "city_air",
        text("Schools"),
        air_columns(text("School"), limit_ppm(portfolio.settings, lang), lang),
        tuple(rows),
        strong=frozenset({0}),
    )
    return Section("air", title, (air_text(portfolio.settings, lang), table))


def city_quality(portfolio: Portfolio, lang: Language) -> Section:
    """How well each school was measured."""
    text = lang.text
    rows: list[tuple[Cell, ...]] = [
        (
            line.name,
            float(line.quality.devices),
            float(len(line.quality.silent)),
            float(line.quality.readings),
            float(line.quality.flagged),
            float(sum(line.quality.verdicts.values())),
            line.missing_days,
            float(line.quality.pending_hours),
        )
        for line in portfolio.lines
    ]
    table = Table(
        "city_quality",
        text("Measuring by school"),
        (
            Column(text("School"), width=2),
            Column(text("Devices"), "number"),
            Column(text("of them silent"), "number"),
            Column(text("Readings"), "number", width=1.2),
            Column(text("Left out"), "number"),
            Column(text("Intervals with a fault"), "number", width=1.2),
            Column(text("Energy missing"), "number", text("days"), 1),
            Column(text("Waiting to be analysed"), "number", "h", width=1.2),
        ),
        tuple(rows),
        text("What was left out and which faults were found stands in each school's own report."),
    )
    return Section("quality", text("Data quality"), (table,))


def failed(portfolio: Portfolio, lang: Language) -> Section:
    """Schools without a report."""
    text = lang.text
    table = Table(
        "failed",
        text("Schools without a report"),
        (Column(text("School"), width=1), Column(text("Why"), width=3)),
        tuple(portfolio.failed),
    )
    return Section("failed", text("Not in this report"), (table,))
