"""Comparisons: last year, normal year, target, savings or why none is claimed, and the bridge."""

from __future__ import annotations

from collections.abc import Sequence

from classroom.metric import Status
from classroom.quantity import Carrier
from reports.bridges import CAUSES
from reports.comparison_figures import NORMAL, SAVED, TARGET
from reports.document import Cell, Column, Part, Section, Steps, Table
from reports.energy_figures import TOGETHER
from reports.figures import Figure, Told
from reports.language import Language
from reports.sections.energy import value
from reports.sections.terms import basis_name, carrier_name, line_name, reason_text
from reports.sections.words import cause_name, lacks_text
from reports.signature_figures import BALANCE, BASE, SLOPE, SPREAD
from reports.sources import Lack

_MOST_LACKS = 3  # the first says most, and a cell is no page


def comparison_section(report: Told, language: Language) -> Section:
    """What changed, by how much, and why."""
    text = language.text
    signature = _signature(report, language)
    parts: list[Part] = [_against(report, language), *signature, *_savings(report, language)]
    for carrier in report.carriers:
        steps = _steps(report, language, carrier)
        if steps is not None:
            parts += [steps, _bridge(report, language, carrier)]
        else:
            parts += _without_steps(report, language, carrier)
    return Section("comparison", text("Comparison and causes"), tuple(parts))


def _without_steps(report: Told, language: Language, carrier: Carrier) -> list[Part]:
    """Why there is no bridge; of a city that some schools have one, and theirs."""
    text, name = language.text, carrier_name(carrier, language)
    change = report.figure("bridge_change_kwh", carrier)
    if value(change) is not None:
        why = reason_text(change.reason if change else "", language)
        said = text(
            "The causes of the change of {carrier} are known of a part of it only: {why}.",
            carrier=name,
            why=why,
        )
        return [said, _bridge(report, language, carrier)]
    why = lacks_text(report.lacks.get(f"bridge:{carrier}", ()), language)
    return [
        text(
            "The change of {carrier} cannot be divided into its causes: {why}.",
            carrier=name,
            why=why or text("the period or the year before is not whole"),
        )
    ]


def _against(report: Told, language: Language) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = [
        (
            carrier_name(carrier, language),
            value(report.figure(TOGETHER, carrier)),
            value(report.figure(TOGETHER, carrier, period=report.period.before.key)),
            value(report.figure(NORMAL, carrier)),
            value(report.figure(TARGET, carrier)),
            _why(report.figure(NORMAL, carrier), language),
        )
        for carrier in report.carriers
    ]
    return Table(
        "against",
        text("Against last year, a normal year and the target"),
        (
            Column(text("Carrier"), width=1.2),
            Column(text("This period"), "number", "kWh"),
            Column(text("Year before"), "number", "kWh"),
            Column(text("In a normal year"), "number", "kWh"),
            Column(text("Target"), "number", "kWh"),
            Column(text("Normal year"), width=1.6),
        ),
        tuple(rows),
        text(
            "In a normal year: what heating would have used with a normal year's degree days; base load and "
            "hot water are left as they are. Target: the base year's energy along a straight line to the "
            "target year."
        ),
    )


def _signature(report: Told, language: Language) -> list[Part]:
    text = language.text
    rows: list[tuple[Cell, ...]] = [
        (
            carrier_name(carrier, language),
            value(report.figure(BALANCE, carrier)),
            value(report.figure(SLOPE, carrier)),
            value(report.figure(BASE, carrier)),
            value(report.figure(SPREAD, carrier)),
            lacks_text(report.lacks.get(f"signature:{carrier}", ()), language),
        )
        for carrier in report.carriers
        if report.figure(BALANCE, carrier) is not None
    ]
    if not rows:
        return []
    columns = (
        Column(text("Carrier"), width=1.2),
        Column(text("Heats below"), "number", "°C", 1),
        Column(text("Heat a kelvin costs"), "number", "W/K"),
        Column(text("Without heating"), "number", "kWh/d"),
        Column(text("Scatter of the days"), "number", "%"),
        Column(text("Remark"), width=1.6),
    )
    why = text(
        "How the energy of a day follows the outdoor temperature, over a year of days up to the end of the "
        "period: the temperature below which the school heats, what each kelvin below it costs, and what a "
        "day takes without heating. Scatter: CVRMSE."
    )
    return [Table("signature", text("Heating signature"), columns, tuple(rows), why)]


def _why(figure: Figure | None, language: Language) -> str:
    if figure is None or (figure.value is not None and not figure.reason):
        return ""
    return reason_text(figure.reason, language)


def _savings(report: Told, language: Language) -> list[Part]:
    """Savings, or what they would be where none is told: of all schools together, if one claims nothing."""
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    for carrier in report.carriers:
        figure = report.figure(SAVED, carrier)
        if figure is None:
            continue
        said = claim_text(figure, report.lacks.get(f"savings:{carrier}", ()), language)
        rows.append((carrier_name(carrier, language), figure.value, figure.low, figure.high, said))
        for gas in report.figures.values():
            if gas.carrier is carrier and gas.metric.startswith("saved_") and gas.unit == "kgCO2e":
                line = line_name(gas.metric.removeprefix("saved_").removesuffix("_kgco2e"), language)
                basis = basis_name(gas.basis or "", language)
                name = text("{line}, {basis} (kg CO₂e)", line=line, basis=basis)
                rows.append((f"  {name}", gas.value, gas.low, gas.high, ""))
    note = text(
        "The year before, by its weather and calendar, predicts this period; the saving is that less "
        "what was used, with an interval of 90 %. A saving is claimed only where zero lies outside an "
        "interval of 95 %. Positive is saved. Emissions saved by the accounts' factors are no avoided "
        "emissions."
    )
    if not rows:
        return [note]
    columns = (
        Column(text("Carrier"), width=1.6),
        Column(text("Saved"), "number", "kWh"),
        Column(text("from"), "number", "kWh"),
        Column(text("to"), "number", "kWh"),
        Column(text("Claim"), width=2.4),
    )
    title = text("Savings against what the year before predicts")
    return [Table("savings", title, columns, tuple(rows), note)]


def claim_text(figure: Figure, lacks: Sequence[Lack], language: Language) -> str:
    """What a saving is: a saving, an increase, or no claim and why."""
    text = language.text
    if figure.status is Status.OK and figure.value is not None:
        said = text("saving") if figure.value > 0 else text("increase")
        return "; ".join(filter(None, (said, reason_text(figure.reason, language))))
    why = lacks_text(lacks[:_MOST_LACKS], language)
    return text("no claim: {why}", why=why) if why else text("no claim")


def _steps(report: Told, language: Language, carrier: Carrier) -> Steps | None:
    text = language.text
    before = report.figure(TOGETHER, carrier, period=report.period.before.key)
    change = report.figure("bridge_change_kwh", carrier)
    if change is None or change.value is None or before is None or before.value is None:
        return None
    if change.status is Status.PARTIAL:  # of some schools only: the ends would be of others
        return None
    parts = [
        (cause_name(cause, language), figure.value or 0.0, figure.low, figure.high)
        for cause in CAUSES
        if (figure := report.figure(f"bridge_{cause}_kwh", carrier)) is not None
    ]
    told = ", ".join(f"{name} {language.energy(amount, sign=True)}" for name, amount, _low, _high in parts)
    name = carrier_name(carrier, language)
    return Steps(
        f"bridge_{carrier}",
        text("From the year before to this period: {carrier}", carrier=name),
        "kWh",
        text(
            "A bridge from {before} in the year before to {after} in this period: {parts}.",
            before=language.energy(before.value),
            after=language.energy(before.value + change.value),
            parts=told,
        ),
        (text("Year before"), before.value),
        tuple(parts),
        (text("This period"), before.value + change.value),
    )


def _bridge(report: Told, language: Language, carrier: Carrier) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = []
    strong = set()
    for unit, basis, line in _bridges(report, carrier):
        stem = "bridge" if line is None else f"bridge_{line}"
        what = "kWh"
        if line is not None:
            what = f"kg CO₂e, {line_name(line, language)}, {basis_name(basis or '', language)}"
        for cause in (*CAUSES, "change"):
            figure = report.figure(f"{stem}_{cause}_{unit}", carrier, basis)
            if figure is not None:
                if cause == "change":
                    strong.add(len(rows))
                rows.append((cause_name(cause, language), what, figure.value, figure.low, figure.high))
    return Table(
        f"bridge_{carrier}",
        text("Causes of the change: {carrier}", carrier=carrier_name(carrier, language)),
        (
            Column(text("Cause"), width=1.6),
            Column(text("Unit"), width=2),
            Column(text("Change"), "number", "", 1, sign=True),
            Column(text("from"), "number", "", 1, sign=True),
            Column(text("to"), "number", "", 1, sign=True),
        ),
        tuple(rows),
        text(
            "Weather, calendar, area, factor and own use add up to the change. Own use is what the others do "
            "not explain; it carries the model's whole uncertainty, and they share the opposite."
        ),
        strong=frozenset(strong),
    )


def _bridges(report: Told, carrier: Carrier) -> list[tuple[str, str | None, str | None]]:
    """The bridges of a carrier: unit, basis and line."""
    found: list[tuple[str, str | None, str | None]] = [("kwh", None, None)]
    for figure in report.figures.values():
        if figure.carrier is carrier and figure.metric.endswith("_change_kgco2e"):
            line = figure.metric.removeprefix("bridge_").removesuffix("_change_kgco2e")
            found.append(("kgco2e", figure.basis, line))
    return found
