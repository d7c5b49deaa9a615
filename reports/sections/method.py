"""Method, factors, versions, what is not included, and every figure with its id."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from classroom.factors import Factor
from reports.document import Cell, Column, Section, Table
from reports.figures import Figure, Report
from reports.language import Language
from reports.sections.terms import basis_name, carrier_name, cover_name, status_name

_DOCS = "docs/metrics.md, docs/reports.md"


def method_section(report: Report, language: Language, versions: dict[str, str]) -> Section:
    """How the figures are made, and from what."""
    text = language.text
    return Section(
        "method",
        text("Method and factors"),
        (
            method_text(language),
            factors_table(report.factors, language),
            methods_table(report.figures.values(), language),
            left_out_text({report.owned}, language),
            made_text(report.made, versions, report.settings, language),
        ),
    )


def method_text(language: Language) -> str:
    """How the figures are made, in a paragraph."""
    return language.text(
        "Energy is the difference of registers at the period's local boundaries, across resets, swaps and "
        "gaps; nothing is invented over a gap. Greenhouse gases are kWh × g CO₂e/kWh ÷ 1000. Estimates come "
        "from the school's heating signature where it describes the days well, else from days of the same "
        "kind within eight weeks; their intervals hold 90 %. Each method is described in {docs}.",
        docs=_DOCS,
    )


def left_out_text(owned: Collection[bool], language: Language) -> str:
    """What is not included in the report of schools that are ``owned``, rented, or both."""
    text = language.text
    found = [
        text("food, travel, purchases, refrigerants and building works (other categories of scope 3)"),
        text("avoided emissions, which never enter accounts"),
    ]
    if True in owned:
        found.append(text("energy that tenants of the building buy themselves"))
    if False in owned:
        found.append(text("the split between landlord and tenant: the school rents its building"))
    return text("Not included: {what}.", what="; ".join(found))


def made_text(
    made: datetime, versions: Mapping[str, str], settings: Mapping[str, str], language: Language
) -> str:
    """When the report was made, with which programs and settings."""
    return language.text(
        "Made {made} with {versions}; settings: {settings}.",
        made=language.moment(made),
        versions=", ".join(f"{name} {version}" for name, version in versions.items()),
        settings=", ".join(f"{key} = {value}" for key, value in settings.items()),
    )


def factors_table(factors: Sequence[Factor], language: Language) -> Table:
    """Factors with value, year, basis, what they hold, source and licence."""
    text = language.text
    rows: list[tuple[Cell, ...]] = [
        (
            factor.id,
            carrier_name(factor.carrier, language),
            factor.g_per_kwh,
            str(factor.year),
            basis_name(factor.basis, language),
            cover_name(factor.covers, language),
            factor.area,
            factor.source,
            factor.licence or "–",
        )
        for factor in factors
    ]
    return Table(
        "factors",
        text("Emission factors used"),
        (
            Column(text("Factor"), width=1.4),
            Column(text("Carrier"), width=1.1),
            Column(text("Value"), "number", "g CO₂e/kWh", 1, width=1),
            Column(text("Year"), width=0.6),
            Column(text("Basis"), width=0.9),
            Column(text("Holds"), width=1.7),
            Column(text("Area"), width=1.4),
            Column(text("Source"), width=2.2),
            Column(text("Licence"), width=1),
        ),
        tuple(rows),
    )


def methods_table(figures: Iterable[Figure], language: Language) -> Table:
    """Methods of figures with their versions."""
    text = language.text
    counts = Counter(figure.method for figure in figures)
    rows: list[tuple[Cell, ...]] = [(method, float(count)) for method, count in sorted(counts.items())]
    return Table(
        "methods",
        text("Methods and their versions"),
        (Column(text("Method"), width=4), Column(text("Figures"), "number")),
        tuple(rows),
    )


def figures_section(report: Report, language: Language) -> Section:
    """Every figure of the period with its id; those of single months stand in the workbook and the CSV."""
    text = language.text
    mine = [figure for figure in report.figures.values() if figure.id.split(":")[1] == report.period.key]
    return Section(
        "figures",
        text("Appendix: every figure and where it comes from"),
        (
            text(
                "classroom-climate report explain FIGURE walks from a figure to its readings; "
                "classroom-climate report verify FILE tells whether the store still says the same. Months "
                "stand in the workbook and the CSV file."
            ),
            figures_table(mine, language),
        ),
        small=True,
    )


def figures_table(figures: list[Figure], language: Language) -> Table:
    """Figures with value, bounds, coverage, status and method."""
    text = language.text
    rows: list[tuple[Cell, ...]] = [
        (
            figure.id,
            figure.value,
            figure.unit,
            figure.low,
            figure.high,
            figure.coverage,
            status_name(figure.status, language),
            figure.method,
        )
        for figure in figures
    ]
    return Table(
        "figures",
        text("Figures"),
        (
            Column(text("Figure"), width=3.6),
            Column(text("Value"), "number", "", 3),
            Column(text("Unit"), width=0.8),
            Column(text("from"), "number", "", 1, width=0.8),
            Column(text("to"), "number", "", 1, width=0.8),
            Column(text("Coverage"), "share", width=0.8),
            Column(text("Status"), width=1),
            Column(text("Method"), width=2.4),
        ),
        tuple(rows),
    )
