"""Greenhouse gases of the energy: the scopes on both bases, and each line of the accounts."""

from __future__ import annotations

from analytics.emissions import BASES, LINES
from reports.document import Cell, Column, Section, Table
from reports.emission_figures import BIOGENIC, SCOPE_1, SCOPE_2, SCOPE_2_AND_3_3, SCOPE_3_3, line_metric
from reports.figures import Told
from reports.language import Language
from reports.sections.energy import value
from reports.sections.terms import basis_name, carrier_name, line_name, standing, standing_of


def emissions_section(report: Told, language: Language) -> Section:
    """Scopes, and the lines that they are made of."""
    text = language.text
    note = text(
        "Greenhouse gases come from metered energy and the site's emission factors only; indoor CO₂ is a "
        "measure of ventilation and is never counted here. The location basis uses the grid around the "
        "school, the market basis what is bought by contract; they stand side by side and are not added."
    )
    return Section(
        "emissions",
        text("Greenhouse gases"),
        (note, _scopes(report, language), _lines(report, language)),
    )


def scope_names(language: Language) -> dict[str, str]:
    """The scopes as people read them."""
    text = language.text
    return {
        SCOPE_1: text("Scope 1: fuels burnt at the school"),
        SCOPE_2: text("Scope 2: bought energy"),
        SCOPE_3_3: text("Scope 3.3: upstream of bought energy"),
        SCOPE_2_AND_3_3: text("Scope 2 + 3.3 in one: factors that cannot be parted"),
        BIOGENIC: text("Outside the scopes: biogenic CO₂"),
    }


def _scopes(report: Told, language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    for name, words in scope_names(language).items():
        both = [report.figure(name, None, basis) for basis in BASES]
        one = report.figure(name)
        if one is not None:
            rows.append((words, one.value, one.value, standing(one, language)))
        elif any(both):
            rows.append((words, *(value(figure) for figure in both), standing_of(both, language)))
    return Table(
        "scopes",
        text("Scopes of the Greenhouse Gas Protocol"),
        (
            Column(text("Scope"), width=2.6),
            Column(text("Location"), "number", "kg CO₂e", 1, width=1.1),
            Column(text("Market"), "number", "kg CO₂e", 1, width=1.1),
            Column(text("Status"), width=2.6),
        ),
        tuple(rows),
        text("The rows are never added to one another. A row that lacks a carrier names it."),
    )


def _lines(report: Told, language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    for carrier in report.carriers:
        for cover in LINES:
            for basis in BASES:
                metric = line_metric(cover)
                figure = report.figure(metric, carrier, basis)
                if figure is None:
                    continue
                estimated = report.figure(metric.replace("_kgco2e", "_estimated_kgco2e"), carrier, basis)
                rows.append(
                    (
                        carrier_name(carrier, language),
                        line_name(cover, language),
                        basis_name(basis, language),
                        figure.value,
                        value(estimated),
                        " ".join(figure.factors),
                        standing(figure, language),
                    )
                )
    return Table(
        "emission_lines",
        text("Lines of the accounts"),
        (
            Column(text("Carrier"), width=1.1),
            Column(text("Part"), width=0.9),
            Column(text("Basis"), width=0.8),
            Column(text("Measured"), "number", "kg CO₂e", 1),
            Column(text("Estimated"), "number", "kg CO₂e", 1),
            Column(text("Factor"), width=1.6),
            Column(text("Status"), width=2),
        ),
        tuple(rows),
        text("Estimated: of the estimated energy, not part of the measured emissions."),
    )
