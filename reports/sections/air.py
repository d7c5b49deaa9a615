"""Indoor air and comfort: the school's rooms together and one by one, always with coverage."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reports.air_figures import OCCUPIED
from reports.document import Cell, Column, Part, Section, Table
from reports.figures import Figure, Report
from reports.language import Language
from reports.sections.energy import value
from reports.sections.terms import standing

AIR_METRICS = ("co2_mean_ppm", "co2_above_limit_share", "comfort_share", OCCUPIED)


def air_section(report: Report, language: Language) -> Section:
    """Air and comfort in occupied time."""
    text = language.text
    parts: list[Part] = [air_text(report.settings, language)]
    if report.rooms:
        parts.append(_rooms(report, language, limit_ppm(report.settings, language)))
    else:
        parts.append(text("No room has figures in this period."))
    return Section("air", text("Indoor air and comfort"), tuple(parts))


def limit_ppm(settings: Mapping[str, str], language: Language) -> str:
    """The limit of CO₂ as people read it."""
    return language.number(float(settings["analytics.co2_limit_ppm"]))


def air_text(settings: Mapping[str, str], language: Language) -> str:
    """What the figures of air mean."""
    low, high, summer = (
        language.number(float(settings[f"analytics.{name}"]))
        for name in ("comfort_low_c", "comfort_high_c", "summer_high_c")
    )
    return language.text(
        "Figures are of occupied time by the timetable. CO₂ is a measure of ventilation: regularly more than "
        "{limit} ppm in normal use is a sign of too little of it (FoHMFS 2014:18, general advice; no legal "
        "limit). Comfort is {low} to {high} °C, in June to August up to {summer} °C (HSLF-FS 2024:10), by "
        "the temperature of the air.",
        limit=limit_ppm(settings, language),
        low=low,
        high=high,
        summer=summer,
    )


def _rooms(report: Report, language: Language, limit: str) -> Table:
    text = language.text
    rows: list[tuple[Cell, ...]] = [_row(report, language, text("All rooms"), None)]
    rows += [_row(report, language, room.name, room.key) for room in report.rooms]
    return Table(
        "rooms",
        text("Rooms"),
        air_columns(text("Room"), limit, language),
        tuple(rows),
        strong=frozenset({0}),
    )


def _row(report: Report, language: Language, name: str, key: str | None) -> tuple[Cell, ...]:
    *figures, hours = (report.figure(metric, room=key) for metric in AIR_METRICS)
    return air_row(name, figures, hours, language)


def air_columns(place: str, limit: str, language: Language) -> tuple[Column, ...]:
    """Columns of :func:`air_row`; ``place`` is the first one's heading."""
    text = language.text
    return (
        Column(place, width=2),
        Column(text("Mean CO₂"), "number", "ppm"),
        Column(text("CO₂ above {limit} ppm", limit=limit), "share"),
        Column(text("Within comfort"), "share"),
        Column(text("Occupied"), "number", "h"),
        Column(text("Coverage"), "share"),
        Column(text("Status"), width=1.8),
    )


def air_row(
    name: str, figures: Sequence[Figure | None], hours: Figure | None, language: Language
) -> tuple[Cell, ...]:
    """A room, a school or all of them."""
    co2 = figures[0]
    return (
        name,
        *(value(figure) for figure in figures),
        value(hours),
        co2.coverage if co2 else None,
        standing(co2, language),
    )
