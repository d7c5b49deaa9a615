"""Energy: by carrier, by month, and when the school used it."""

from __future__ import annotations

from collections.abc import Sequence

from classroom.metric import Interval
from classroom.quantity import Carrier
from reports.document import Bars, Cell, Column, Part, Section, Series, Table
from reports.energy_figures import CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER
from reports.figures import Figure, Told
from reports.language import Language
from reports.period import Period
from reports.sections.terms import carrier_name, mark_name

_WHEN = (
    ("out_of_hours_kwh", "kWh"),
    ("weekend_kwh", "kWh"),
    ("lov_kwh", "kWh"),
    ("closed_day_kwh", "kWh"),
    ("base_load_kw", "kW"),
    ("peak_kw", "kW"),
)


def energy_section(report: Told, language: Language) -> Section:
    """Energy by carrier, by month, and when it was used."""
    parts: list[Part] = [_by_carrier(report, language)]
    if report.period.interval is not Interval.MONTH:
        for carrier in report.carriers:
            parts.append(_chart(report, language, carrier))
            parts.append(_by_month(report, language, carrier))
    parts += [table for table in (_apart(report, language), _when(report, language)) if table is not None]
    return Section("energy", language.text("Energy"), tuple(parts))


def value(figure: Figure | None) -> float | None:
    """A figure's value; None where there is no figure."""
    return None if figure is None else figure.value


def _by_carrier(report: Told, language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    for carrier in report.carriers:
        estimate = report.figure(ESTIMATED, carrier)
        rows.append(
            (
                carrier_name(carrier, language),
                value(report.figure(KNOWN, carrier)),
                value(estimate),
                estimate.low if estimate else None,
                estimate.high if estimate else None,
                value(report.figure(TOGETHER, carrier)),
                value(report.figure("energy_per_m2_kwh", carrier)),
                value(report.figure("energy_per_pupil_kwh", carrier)),
                value(report.figure(TOGETHER, carrier, period=report.period.before.key)),
                value(report.figure(CHANGE_SHARE, carrier)),
            )
        )
    return Table(
        "energy_by_carrier",
        text("Bought energy by carrier"),
        (
            Column(text("Carrier"), width=1.5),
            Column(text("Measured"), "number", "kWh"),
            Column(text("Estimated"), "number", "kWh"),
            Column(text("from"), "number", "kWh", width=0.8),
            Column(text("to"), "number", "kWh", width=0.8),
            Column(text("Together"), "number", "kWh"),
            Column(text("Per m²"), "number", "kWh/m²", 1, width=0.9),
            Column(text("Per pupil"), "number", text("kWh/pupil"), 1),
            Column(text("Year before"), "number", "kWh"),
            Column(text("Change"), "share", "", 1, sign=True, width=0.8),
        ),
        tuple(rows),
        text(
            "Measured is what meters and bills tell. Estimated is what they did not tell, with its interval "
            "(90 %); it is never part of the measured energy, nor of the figures per m² and pupil. A dash, "
            "in the workbook an empty cell, means that nothing can be said."
        ),
    )


def _by_month(report: Told, language: Language, carrier: Carrier) -> Table:
    text = language.text
    rows = [_month_row(report, language, carrier, month) for month in report.period.months]
    total = (
        text("Whole period"),
        *(
            value(report.figure(name, carrier, period=key))
            for name, key in (
                (KNOWN, None),
                (ESTIMATED, None),
                (TOGETHER, None),
                (TOGETHER, report.period.before.key),
            )
        ),
        "",
    )
    return Table(
        f"energy_by_month_{carrier}",
        text("{carrier} by month", carrier=carrier_name(carrier, language).capitalize()),
        (
            Column(text("Month"), width=1.3),
            Column(text("Measured"), "number", "kWh"),
            Column(text("Estimated"), "number", "kWh"),
            Column(text("Together"), "number", "kWh"),
            Column(text("Year before"), "number", "kWh"),
            Column(text("Stands on"), width=1.4),
        ),
        (*rows, total),
        strong=frozenset({len(rows)}),
    )


def _month_row(report: Told, language: Language, carrier: Carrier, month: Period) -> tuple[Cell, ...]:
    mark = report.marks.get((carrier, month.key))
    return (
        language.month(month),
        value(report.figure(KNOWN, carrier, period=month.key)),
        value(report.figure(ESTIMATED, carrier, period=month.key)),
        value(report.figure(TOGETHER, carrier, period=month.key)),
        value(report.figure(TOGETHER, carrier, period=month.before.key)),
        mark_name(mark, language) if mark else "",
    )


def _chart(report: Told, language: Language, carrier: Carrier) -> Bars:
    text = language.text
    months = report.period.months

    def values(name: str, periods: Sequence[Period]) -> tuple[float | None, ...]:
        return tuple(value(report.figure(name, carrier, period=month.key)) for month in periods)

    measured = values(KNOWN, months)
    estimated = values(ESTIMATED, months)
    before = values(TOGETHER, [month.before for month in months])
    told = [(month, one) for month, one in zip(months, measured, strict=True) if one is not None]
    most = max(told, key=lambda pair: pair[1], default=None)
    alt = text(
        "Bars: {carrier} by month, measured and estimated, beside the year before.",
        carrier=carrier_name(carrier, language),
    )
    if most is not None:
        alt += " " + text(
            "Most was used in {month}: {energy}.",
            month=language.month(most[0]),
            energy=language.energy(most[1]),
        )
    if any(estimated):
        alt += " " + text("The figures stand in the table below.")
    return Bars(
        f"energy_by_month_{carrier}",
        text("{carrier} by month", carrier=carrier_name(carrier, language).capitalize()),
        "kWh",
        alt,
        tuple(language.month(month, short=True) for month in months),
        (
            Series(text("Year before"), before),
            Series(text("Measured"), measured),
            Series(text("Estimated"), estimated),
        ),
        stacked=True,
    )


def _apart(report: Told, language: Language) -> Table | None:
    """Electricity made and fed into the grid: told apart from what was bought."""
    text = language.text
    names = {
        "produced_kwh": text("made at the school"),
        "exported_kwh": text("fed into the grid"),
    }
    found = [
        (name, figure)
        for name in names
        for carrier in Carrier
        if (figure := report.figure(name, carrier)) is not None and figure.value is not None
    ]
    if not found:
        return None
    return Table(
        "energy_apart",
        text("Own electricity, apart from what was bought"),
        (Column(text("Energy"), width=2), Column(text("Amount"), "number", "kWh")),
        tuple((names[name], figure.value) for name, figure in found),
    )


def _when(report: Told, language: Language) -> Table | None:
    text = language.text
    names = {
        "out_of_hours_kwh": text("while the school was closed"),
        "weekend_kwh": text("on Saturdays and Sundays"),
        "lov_kwh": text("on weekdays of school holidays"),
        "closed_day_kwh": text("on weekdays when the school was closed"),
        "base_load_kw": text("base load: mean of the three lowest hours of a day"),
        "peak_kw": text("highest mean power of an hour"),
    }
    rows: list[tuple[Cell, ...]] = []
    for name, unit in _WHEN:
        figures = [report.figure(name, carrier) for carrier in report.carriers]
        if any(value(figure) is not None for figure in figures):
            rows.append((names[name], unit, *(value(figure) for figure in figures)))
    if not rows:
        return None
    columns = [
        Column(carrier_name(carrier, language).capitalize(), "number", "", 0) for carrier in report.carriers
    ]
    return Table(
        "energy_when",
        text("When the energy was used"),
        (Column(text("Energy used"), width=3), Column(text("Unit"), width=0.6), *columns),
        tuple(rows),
    )
