"""The front page: figures to remember, three sentences, and what is missing."""

from __future__ import annotations

from analytics.emissions import BASES
from classroom.quantity import Carrier
from reports.document import Tile
from reports.emission_figures import SCOPE_2, SCOPE_2_AND_3_3
from reports.energy_figures import CHANGE_SHARE, ESTIMATED, TOGETHER
from reports.figures import Figure, Report, Told
from reports.language import Language
from reports.sections.air import limit_ppm
from reports.sections.energy import value
from reports.sections.quality import missing_text
from reports.sections.terms import basis_name, carrier_name, mark_name, reason_text

_MOST_MISSING = 8


def tiles(report: Report, language: Language) -> tuple[Tile, ...]:
    """Figures to remember."""
    found = energy_tiles(report, language)
    for basis in BASES:
        figure = report.figure(SCOPE_2, None, basis)
        found.append(scope_2_tile(figure, basis, _lacks(figure, language), language))
    air = report.figure("co2_above_limit_share")
    return (*found, air_tile(air, report.settings, language)) if air is not None else tuple(found)


def energy_tiles(report: Told, language: Language) -> list[Tile]:
    """What was bought of each carrier."""
    text = language.text
    found = []
    for carrier in report.carriers[:3]:
        together, change = report.figure(TOGETHER, carrier), report.figure(CHANGE_SHARE, carrier)
        detail = (
            text("{change} against the year before", change=language.share(change.value, 1, sign=True))
            if change is not None
            else text("no comparison with the year before")
        )
        estimated = _estimated(report.figure(ESTIMATED, carrier), language)
        found.append(
            Tile(
                carrier_name(carrier, language).capitalize(),
                language.energy(value(together)),
                _without_schools(together, language) or estimated or detail,
            )
        )
    return found


def _without_schools(figure: Figure | None, language: Language) -> str:
    """How many schools a sum lacks, if any."""
    told = (figure.reason or "").split("; ") if figure is not None else []
    return reason_text(next((one for one in told if one.startswith("schools_without")), ""), language)


def scope_2_tile(figure: Figure | None, basis: str, detail: str, language: Language) -> Tile:
    """Scope 2 on a basis."""
    label = language.text("Scope 2, {basis}", basis=basis_name(basis, language))
    return Tile(label, language.emissions(value(figure)), detail)


def air_tile(air: Figure, settings: dict[str, str], language: Language) -> Tile:
    """How much of the occupied time had too little air."""
    return Tile(
        language.text("Occupied time above {limit} ppm CO₂", limit=limit_ppm(settings, language)),
        language.share(air.value, 1),
        language.text("coverage {share}", share=language.share(air.coverage)),
    )


def _estimated(figure: Figure | None, language: Language) -> str:
    if figure is None or figure.value is None:
        return ""
    return language.text("of which {energy} estimated", energy=language.energy(figure.value))


def _lacks(figure: Figure | None, language: Language) -> str:
    if figure is None or figure.value is None:
        return language.text("nothing can be said")
    lacking = next((p for p in (figure.reason or "").split("; ") if p.startswith("without:")), "")
    if not lacking:
        return language.text("coverage {share}", share=language.share(figure.coverage))
    names = lacking.removeprefix("without:").split(",")
    return language.text(
        "without {carriers}",
        carriers=language.listed([carrier_name(Carrier(name), language) for name in names]),
    )


def sentences(report: Report, language: Language) -> tuple[str, ...]:
    """The summary in three sentences: energy, greenhouse gases, air."""
    return (_energy(report, language), _emissions(report, language), _air(report, language))


def _energy(report: Report, language: Language) -> str:
    text = language.text
    parts, untold = [], []
    for carrier in report.carriers:
        together = report.figure(TOGETHER, carrier)
        name = carrier_name(carrier, language)
        if together is None or together.value is None:
            untold.append(name)
            continue
        change = report.figure(CHANGE_SHARE, carrier)
        written = f"{language.energy(together.value)} {name}"
        if change is not None and change.value is not None:
            share = language.share(change.value, 1, sign=True)
            written += " (" + text("{change} against the year before", change=share) + ")"
        estimated = _estimated(report.figure(ESTIMATED, carrier), language)
        written += f", {estimated}," if estimated else ""
        parts.append(written)
    period = language.period(report.period)
    named = {"school": report.name, "period": period, "carriers": language.listed(untold)}
    if parts:
        said = text("{school} bought {energy} in {period}.", energy=language.listed(parts), **named)
        return said + " " + text("Of {carriers} no total can be given.", **named) if untold else said
    if untold:
        return text("Of what {school} bought in {period} no total can be given: {carriers}.", **named)
    return text("No energy is metered at {school} in {period}.", **named)


def _emissions(report: Report, language: Language) -> str:
    text = language.text
    location, market = (report.figure(SCOPE_2, None, basis) for basis in ("location", "market"))
    both = report.figure(SCOPE_2_AND_3_3, None, "location")
    if value(location) is None and value(market) is None and value(both) is None:
        return text("Nothing can be said of its greenhouse gases: energy or emission factors are missing.")
    said = text(
        "Its bought energy caused {location} on the location basis and {market} on the market basis "
        "(scope 2)",
        location=language.emissions(value(location)),
        market=language.emissions(value(market)),
    )
    if value(both) is not None:
        said += text(
            ", and {both} in scope 2 and 3.3 together where a factor cannot be parted",
            both=language.emissions(value(both)),
        )
    return said + "."


def _air(report: Report, language: Language) -> str:
    text = language.text
    air, comfort = report.figure("co2_above_limit_share"), report.figure("comfort_share")
    if value(air) is None and value(comfort) is None:
        return text("Of indoor air nothing can be said: too few readings in occupied time.")
    return language.counted(
        len(report.rooms),
        "In {count} room CO₂ was above {limit} ppm in {air} of the occupied time, and the temperature was "
        "within the comfort limits in {comfort} of it.",
        "In {count} rooms CO₂ was above {limit} ppm in {air} of the occupied time, and the temperature was "
        "within the comfort limits in {comfort} of it.",
        limit=limit_ppm(report.settings, language),
        air=language.share(value(air), 1),
        comfort=language.share(value(comfort), 1),
    )


def missing(report: Report, language: Language) -> tuple[bool, tuple[str, ...]]:
    """Whether all is there, and what the first page says of it."""
    text = language.text
    said = []
    if report.running:
        said.append(
            text("The period is not over: figures are up to {moment}.", moment=language.moment(report.made))
        )
    if report.quality.pending_hours:
        said.append(
            language.counted(
                report.quality.pending_hours,
                "{count} hour of readings waits to be analysed.",
                "{count} hours of readings wait to be analysed.",
            )
        )
    for one in report.missing[:_MOST_MISSING]:
        estimate = report.figure(ESTIMATED, one.carrier, None, one.period)
        done = (
            text("estimated, in a column of its own")
            if value(estimate) is not None
            else text(
                "{mark}, not estimated", mark=mark_name(report.marks[one.carrier, one.period], language)
            )
        )
        said.append(f"{missing_text(one, language)}; {done}.")
    if len(report.missing) > _MOST_MISSING:
        rest = language.number(len(report.missing) - _MOST_MISSING)
        said.append(text("And {count} more; see Data quality.", count=rest))
    silent = [
        room.name for room in report.rooms if value(report.figure("co2_mean_ppm", room=room.key)) is None
    ]
    if silent:
        shown = language.listed(silent[:5]) if len(silent) <= 5 else ", ".join(silent[:5]) + " …"
        said.append(
            text(
                "Rooms with too few readings for figures ({count}): {names}.",
                count=language.number(len(silent)),
                names=shown,
            )
        )
    if not report.carriers:
        said.append(text("No meter has told any energy."))
    if said:
        return False, tuple(said)
    return True, (text("Nothing is missing: all energy of the period is measured."),)
