"""How well the period was measured, and what is missing."""

from __future__ import annotations

from reports.document import Cell, Column, Part, Section, Table
from reports.figures import Missing, Report
from reports.language import Language
from reports.period import parse_period
from reports.sections.terms import carrier_name, reason_text


def _(message: str) -> str:
    """Marks a message for the catalogue."""
    return message


_VERDICTS = {
    "stale": _("a value that did not move (distrusted)"),
    "spike": _("a value that jumped and fell back (distrusted)"),
    "drift": _("a CO₂ sensor that drifted (distrusted)"),
    "gap": _("silence"),
    "clock": _("a wrong clock"),
    "reset": _("a register that was reset"),
    "rollover": _("a register that passed its end"),
    "swap": _("a meter swapped without a note"),
}


def quality_section(report: Report, language: Language) -> Section:
    """Readings, verdicts, reasons, and what is missing by month."""
    text = language.text
    quality = report.quality
    parts: list[Part] = [
        language.counted(
            quality.devices,
            "{count} device had a place in the period; {readings} readings stand behind the figures, and "
            "{flagged} were left out because of what they themselves show.",
            "{count} devices had a place in the period; {readings} readings stand behind the figures, and "
            "{flagged} were left out because of what they themselves show.",
            readings=language.number(quality.readings),
            flagged=language.number(quality.flagged),
        )
    ]
    if quality.silent:
        shown = ", ".join(quality.silent[:20]) + (" …" if len(quality.silent) > 20 else "")
        parts.append(
            text(
                "Devices that said nothing ({count}): {names}",
                count=language.number(len(quality.silent)),
                names=shown,
            )
        )
    parts += [
        table
        for table in (_missing(report, language), _verdicts(report, language), _reasons(report, language))
        if table is not None
    ]
    return Section("quality", text("Data quality"), tuple(parts))


def missing_text(one: Missing, language: Language) -> str:
    """``elektricitet, oktober 2026: 3,5 dygn saknas (2026-10-03 till 2026-10-06)``."""
    if one.days < 1:
        amount = language.text("{hours} hours", hours=language.number(one.days * 24))
    else:
        amount = language.text(
            "{days} days' worth", days=language.number(one.days, 0 if one.days >= 10 else 1)
        )
    month = language.month(parse_period(one.period))
    carrier = carrier_name(one.carrier, language)
    return language.text(
        "{carrier}, {month}: {amount} missing ({first} to {last})",
        carrier=carrier,
        month=month,
        amount=amount,
        first=one.first,
        last=one.last,
    )


def _missing(report: Report, language: Language) -> Table | None:
    text = language.text
    if not report.missing:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            carrier_name(one.carrier, language),
            language.month(parse_period(one.period)),
            one.days,
            one.first,
            one.last,
        )
        for one in report.missing
    ]
    return Table(
        "missing",
        text("Energy that meters did not tell"),
        (
            Column(text("Carrier"), width=1.2),
            Column(text("Month"), width=1.2),
            Column(text("Missing"), "number", text("days"), 1),
            Column(text("From")),
            Column(text("To")),
        ),
        tuple(rows),
    )


def _verdicts(report: Report, language: Language) -> Table | None:
    text = language.text
    if not report.quality.verdicts:
        return None
    rows: list[tuple[Cell, ...]] = [
        (text(_VERDICTS.get(kind, kind)), float(count))
        for kind, count in sorted(report.quality.verdicts.items(), key=lambda item: -item[1])
    ]
    return Table(
        "verdicts",
        text("What was found wrong with series"),
        (Column(text("Finding"), width=3), Column(text("Intervals"), "number")),
        tuple(rows),
        text("Readings in a distrusted interval do not enter figures of rooms."),
    )


def _reasons(report: Report, language: Language) -> Table | None:
    text = language.text
    if not report.quality.reasons:
        return None
    rows: list[tuple[Cell, ...]] = [
        (reason_text(code, language), float(count))
        for code, count in sorted(report.quality.reasons.items(), key=lambda item: -item[1])
    ]
    return Table(
        "reasons",
        text("Why days of energy are not whole"),
        (Column(text("Reason"), width=3), Column(text("Days and carriers"), "number")),
        tuple(rows),
    )
