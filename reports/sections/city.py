"""The city's report as a document: sums, a line a school, what is missing and who failed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from analytics.emissions import BASES
from classroom.quantity import Carrier
from reports.city import Line, Portfolio, lacking_comparison
from reports.document import Cell, Column, Document, Section, Table, Tile
from reports.emission_figures import SCOPE_2, SCOPE_2_AND_3_3
from reports.energy_figures import CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER
from reports.figures import Figure, Mark
from reports.language import Code, Language, language
from reports.sections.compose import words
from reports.sections.emissions import scope_names
from reports.sections.energy import value
from reports.sections.method import factors_table, figures_table, method_text
from reports.sections.terms import carrier_name, mark_name, standing, standing_of


def compose_city(portfolio: Portfolio, code: Code, versions: dict[str, str], manifest: str = "") -> Document:
    """The document of a city's report."""
    lang = language(code, ZoneInfo(portfolio.time_zone))
    text = lang.text
    complete, said = _missing(portfolio, lang)
    sections = [_sums(portfolio, lang), _schools(portfolio, lang)]
    if portfolio.failed:
        sections.append(_failed(portfolio, lang))
    sections += [_method(portfolio, lang, versions), _figures(portfolio, lang)]
    return Document(
        lang=code,
        title=text("Energy and climate: all schools"),
        subtitle=lang.period(portfolio.period),
        site=portfolio.site_name,
        made=text("Made {moment}", moment=lang.moment(portfolio.made)),
        tiles=_tiles(portfolio, lang),
        summary=_sentences(portfolio, lang),
        complete=complete,
        missing=said,
        sections=tuple(sections),
        words=words(lang),
        figures=tuple(portfolio.figures.values()),
        manifest=manifest,
    )


def _tiles(portfolio: Portfolio, lang: Language) -> tuple[Tile, ...]:
    text = lang.text
    found = [Tile(text("Schools"), lang.number(len(portfolio.lines)), _failed_words(portfolio, lang))]
    for carrier in portfolio.carriers[:3]:
        share = portfolio.figure(CHANGE_SHARE, carrier)
        detail = (
            text("{change} to the year before", change=lang.share(share.value, 1, sign=True))
            if share is not None
            else text("no comparison with the year before")
        )
        name = carrier_name(carrier, lang).capitalize()
        found.append(Tile(name, lang.energy(value(portfolio.figure(TOGETHER, carrier))), detail))
    for basis, word in (("location", text("location")), ("market", text("market"))):
        figure = portfolio.figure(SCOPE_2, None, basis)
        found.append(
            Tile(text("Scope 2, {basis}", basis=word), lang.emissions(value(figure)), standing(figure, lang))
        )
    return tuple(found)


def _failed_words(portfolio: Portfolio, lang: Language) -> str:
    if not portfolio.failed:
        return lang.text("all have a report")
    return lang.text("{count} without a report", count=lang.number(len(portfolio.failed)))


def _sentences(portfolio: Portfolio, lang: Language) -> tuple[str, ...]:
    text = lang.text
    parts = []
    for carrier in portfolio.carriers:
        figure, share = portfolio.figure(TOGETHER, carrier), portfolio.figure(CHANGE_SHARE, carrier)
        if value(figure) is None:
            continue
        said = f"{lang.energy(value(figure))} {carrier_name(carrier, lang)}"
        if share is not None:
            change = lang.share(share.value, 1, sign=True)
            said += " (" + text("{change} to the year before", change=change) + ")"
        parts.append(said)
    energy = (
        text(
            "{count} schools bought {energy} in {period}.",
            count=lang.number(len(portfolio.lines)),
            energy=lang.listed(parts),
            period=lang.period(portfolio.period),
        )
        if parts
        else text("No school has metered energy in {period}.", period=lang.period(portfolio.period))
    )
    location, market = (portfolio.figure(SCOPE_2, None, basis) for basis in BASES)
    both = portfolio.figure(SCOPE_2_AND_3_3, None, "location")
    gases = text(
        "Their bought energy caused {location} on the location basis and {market} on the market basis "
        "(scope 2).",
        location=lang.emissions(value(location)),
        market=lang.emissions(value(market)),
    )
    if value(both) is not None:
        gases = text(
            "Their bought energy caused {location} on the location basis, {market} on the market basis "
            "(scope 2), and {both} in scope 2 and 3.3 together where a factor cannot be parted.",
            location=lang.emissions(value(location)),
            market=lang.emissions(value(market)),
            both=lang.emissions(value(both)),
        )
    whole = sum(all(mark is Mark.ACTUAL for mark in line.marks.values()) for line in portfolio.lines)
    last = text(
        "Of {count} schools {whole} are measured completely; the others are marked.",
        count=lang.number(len(portfolio.lines)),
        whole=lang.number(whole),
    )
    return (energy, gases, last)


def _missing(portfolio: Portfolio, lang: Language) -> tuple[bool, tuple[str, ...]]:
    text = lang.text
    said = []
    if portfolio.running:
        moment = lang.moment(portfolio.made)
        said.append(text("The period is not over: figures are up to {moment}.", moment=moment))
    if portfolio.failed:
        names = ", ".join(name for name, _why in portfolio.failed[:8])
        said.append(
            text(
                "{count} schools have no report and are in no sum: {names}.",
                count=lang.number(len(portfolio.failed)),
                names=names,
            )
        )
    for line in portfolio.lines:
        if line.missing_days > 0 and len(said) < 10:
            days = lang.number(line.missing_days, 1)
            said.append(
                text("{school}: {days} days' worth of energy is missing.", school=line.name, days=days)
            )
    rest = sum(line.missing_days > 0 for line in portfolio.lines) - 8
    if rest > 0:
        said.append(text("And more schools; see the table."))
    alone = lacking_comparison(portfolio)
    if alone:
        count = lang.number(len(alone))
        said.append(text("{count} schools have no comparison with the year before.", count=count))
    if said:
        return False, tuple(said)
    return True, (text("Nothing is missing: all energy of the period is measured."),)


def _sums(portfolio: Portfolio, lang: Language) -> Section:
    text = lang.text
    energy: list[tuple[Cell, ...]] = [
        (
            carrier_name(carrier, lang),
            *(value(portfolio.figure(name, carrier)) for name in (KNOWN, ESTIMATED, TOGETHER)),
            value(portfolio.figure(TOGETHER, carrier, period=portfolio.period.before)),
            value(portfolio.figure(CHANGE_SHARE, carrier)),
            standing(portfolio.figure(TOGETHER, carrier), lang),
        )
        for carrier in portfolio.carriers
    ]
    scopes: list[tuple[Cell, ...]] = []
    for name, said in scope_names(lang).items():
        one = portfolio.figure(name)
        both: list[Figure | None] = [portfolio.figure(name, None, basis) for basis in BASES]
        if one is not None:
            both = [one, one]
        if any(both):
            scopes.append((said, *(value(figure) for figure in both), standing_of(both, lang)))
    return Section(
        "sums",
        text("All schools together"),
        (
            Table(
                "city_energy",
                text("Bought energy by carrier"),
                (
                    Column(text("Carrier"), width=1.3),
                    Column(text("Measured"), "number", "kWh"),
                    Column(text("Estimated"), "number", "kWh"),
                    Column(text("Together"), "number", "kWh"),
                    Column(text("Year before"), "number", "kWh"),
                    Column(text("Change"), "share", "", 1, sign=True, width=0.8),
                    Column(text("Status"), width=1.6),
                ),
                tuple(energy),
                text("A sum is of the schools that have the figure; how many lack it stands beside it."),
            ),
            Table(
                "city_scopes",
                text("Scopes of the Greenhouse Gas Protocol"),
                (
                    Column(text("Scope"), width=2.6),
                    Column(text("Location"), "number", "kg CO₂e", 1),
                    Column(text("Market"), "number", "kg CO₂e", 1),
                    Column(text("Status"), width=2.4),
                ),
                tuple(scopes),
                text("The rows are never added to one another. A row that lacks a carrier names it."),
            ),
        ),
    )


def _schools(portfolio: Portfolio, lang: Language) -> Section:
    text = lang.text
    tables = tuple(_of_carrier(portfolio, lang, carrier) for carrier in portfolio.carriers)
    rows: list[tuple[Cell, ...]] = [
        (
            line.name,
            *(value(line.figure(portfolio.period, SCOPE_2, None, basis)) for basis in BASES),
            value(line.figure(portfolio.period, SCOPE_2_AND_3_3, None, "location")),
            *(
                value(line.figure(portfolio.period, name))
                for name in ("co2_mean_ppm", "co2_above_limit_share", "comfort_share")
            ),
        )
        for line in portfolio.lines
    ]
    rest = Table(
        "city_gases_and_air",
        text("Greenhouse gases and indoor air by school"),
        (
            Column(text("School"), width=2),
            Column(text("Scope 2, location"), "number", "kg CO₂e"),
            Column(text("Scope 2, market"), "number", "kg CO₂e"),
            Column(text("Scope 2 + 3.3"), "number", "kg CO₂e"),
            Column(text("Mean CO₂"), "number", "ppm"),
            Column(text("CO₂ above limit"), "share"),
            Column(text("Within comfort"), "share"),
        ),
        tuple(rows),
    )
    return Section("schools", text("School by school"), (*tables, rest))


def _of_carrier(portfolio: Portfolio, lang: Language, carrier: Carrier) -> Table:
    text = lang.text
    lines = [line for line in portfolio.lines if carrier in line.carriers]
    lines.sort(key=lambda line: (-_per_m2(line, portfolio, carrier), line.name))
    rows: list[tuple[Cell, ...]] = [
        (
            line.name,
            *(value(line.figure(portfolio.period, name, carrier)) for name in (KNOWN, ESTIMATED)),
            value(line.figure(portfolio.period, "energy_per_m2_kwh", carrier)),
            value(line.figure(portfolio.period, "energy_per_pupil_kwh", carrier)),
            value(line.figure(portfolio.period, CHANGE_SHARE, carrier)),
            mark_name(line.marks[carrier], lang),
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


def _per_m2(line: Line, portfolio: Portfolio, carrier: Carrier) -> float:
    return value(line.figure(portfolio.period, "energy_per_m2_kwh", carrier)) or 0.0


def _failed(portfolio: Portfolio, lang: Language) -> Section:
    text = lang.text
    table = Table(
        "failed",
        text("Schools without a report"),
        (Column(text("School"), width=1), Column(text("Why"), width=3)),
        tuple(portfolio.failed),
    )
    return Section("failed", text("Not in this report"), (table,))


def _method(portfolio: Portfolio, lang: Language, versions: dict[str, str]) -> Section:
    text = lang.text
    return Section(
        "method",
        text("Method and factors"),
        (
            method_text(lang),
            factors_table(portfolio.factors, lang),
            text(
                "Made {made} with {versions}; settings: {settings}.",
                made=lang.moment(portfolio.made),
                versions=", ".join(f"{name} {version}" for name, version in versions.items()),
                settings=", ".join(f"{key} = {one}" for key, one in portfolio.settings.items()),
            ),
        ),
    )


def _figures(portfolio: Portfolio, lang: Language) -> Section:
    text = lang.text
    mine = [figure for figure in portfolio.figures.values() if figure.id.startswith("portfolio:")]
    said = text("Figures of single schools stand in the workbook, the CSV file and their own reports.")
    return Section(
        "figures",
        text("Appendix: every figure and where it comes from"),
        (said, figures_table(mine, lang)),
        small=True,
    )
