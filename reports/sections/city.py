"""The city's report as a document: its front page, and the topics of a school's report for all schools."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from analytics.emissions import BASES
from classroom.metric import Status
from reports.city import Portfolio, lacking_comparison
from reports.document import Document, Section, Tile
from reports.emission_figures import SCOPE_2, SCOPE_2_AND_3_3
from reports.energy_figures import CHANGE_SHARE, TOGETHER
from reports.figures import Mark
from reports.language import Code, Language, language
from reports.sections.city_schools import city_air, city_comparison, city_quality, failed, schools
from reports.sections.compose import words
from reports.sections.emissions import emissions_section
from reports.sections.energy import energy_section, value
from reports.sections.insights import insights_section
from reports.sections.method import (
    factors_table,
    figures_table,
    left_out_text,
    made_text,
    method_text,
    methods_table,
)
from reports.sections.summary import air_tile, energy_tiles, scope_2_tile
from reports.sections.terms import carrier_name, standing

_MOST_NAMED = 8


def compose_city(portfolio: Portfolio, code: Code, versions: dict[str, str], manifest: str = "") -> Document:
    """The document of a city's report."""
    lang = language(code, ZoneInfo(portfolio.time_zone))
    text = lang.text
    complete, said = _missing(portfolio, lang)
    return Document(
        lang=code,
        title=text("Energy and climate: all schools"),
        subtitle=lang.period(portfolio.period).capitalize(),
        site=portfolio.site_name,
        made=text("Made {moment}", moment=lang.moment(portfolio.made)),
        tiles=_tiles(portfolio, lang),
        summary=_sentences(portfolio, lang),
        complete=complete,
        missing=said,
        sections=(
            _energy_section(portfolio, lang),
            emissions_section(portfolio, lang),
            city_comparison(portfolio, lang),
            schools(portfolio, lang),
            city_air(portfolio, lang),
            insights_section(portfolio.insights, portfolio.period, lang),
            city_quality(portfolio, lang),
            *([failed(portfolio, lang)] if portfolio.failed else []),
            _method(portfolio, lang, versions),
            _figures(portfolio, lang),
        ),
        words=words(lang),
        figures=tuple(portfolio.every.values()),
        manifest=manifest,
    )


def _tiles(portfolio: Portfolio, lang: Language) -> tuple[Tile, ...]:
    text = lang.text
    found = [Tile(text("Schools"), lang.number(len(portfolio.lines)), _failed_words(portfolio, lang))]
    found += energy_tiles(portfolio, lang)
    for basis in BASES:
        figure = portfolio.figure(SCOPE_2, None, basis)
        found.append(scope_2_tile(figure, basis, standing(figure, lang), lang))
    air = portfolio.figure("co2_above_limit_share")
    return (*found, air_tile(air, portfolio.settings, lang)) if air is not None else tuple(found)


def _failed_words(portfolio: Portfolio, lang: Language) -> str:
    if not portfolio.failed:
        return lang.text("all have a report")
    return lang.text("{count} without a report", count=lang.number(len(portfolio.failed)))


def _sentences(portfolio: Portfolio, lang: Language) -> tuple[str, ...]:
    return (_energy(portfolio, lang), _gases(portfolio, lang), _whole(portfolio, lang))


def _energy(portfolio: Portfolio, lang: Language) -> str:
    text = lang.text
    parts = []
    for carrier in portfolio.carriers:
        figure, share = portfolio.figure(TOGETHER, carrier), portfolio.figure(CHANGE_SHARE, carrier)
        if value(figure) is None:
            continue
        said = f"{lang.energy(value(figure))} {carrier_name(carrier, lang)}"
        if figure is not None and figure.status is Status.PARTIAL:
            said = text("at least {energy}", energy=said)
        if share is not None:
            change = lang.share(share.value, 1, sign=True)
            said += " (" + text("{change} against the year before", change=change) + ")"
        parts.append(said)
    period = lang.period(portfolio.period)
    if not parts:
        return text("No school has metered energy in {period}.", period=period)
    return lang.counted(
        len(portfolio.lines),
        "{count} school bought {energy} in {period}.",
        "{count} schools bought {energy} in {period}.",
        energy=lang.listed(parts),
        period=period,
    )


def _energy_section(portfolio: Portfolio, lang: Language) -> Section:
    """Energy of all schools together, and which of the sums lack some of them."""
    text, whole = lang.text, energy_section(portfolio, lang)
    said = [
        text(
            "A sum is of the schools that have the figure. Of a school of which a part was neither measured "
            "nor can be estimated the rest is in it: then it is the least that was bought. The change is of "
            "the schools that have one."
        )
    ]
    for carrier in portfolio.carriers:
        name = carrier_name(carrier, lang).capitalize()
        for period, when in ((portfolio.period, ""), (portfolio.period.before, text("year before"))):
            figure = portfolio.figure(TOGETHER, carrier, None, period.key)
            if figure is not None and figure.reason:
                of = ", ".join(filter(None, (name, when)))
                said.append(text("{carrier}: {standing}.", carrier=of, standing=standing(figure, lang)))
    return Section(whole.key, whole.title, (" ".join(said), *whole.parts))


def _gases(portfolio: Portfolio, lang: Language) -> str:
    text = lang.text
    location, market = (portfolio.figure(SCOPE_2, None, basis) for basis in BASES)
    both = portfolio.figure(SCOPE_2_AND_3_3, None, "location")
    if value(both) is None:
        return text(
            "Their bought energy caused {location} on the location basis and {market} on the market basis "
            "(scope 2).",
            location=lang.emissions(value(location)),
            market=lang.emissions(value(market)),
        )
    return text(
        "Their bought energy caused {location} on the location basis, {market} on the market basis "
        "(scope 2), and {both} in scope 2 and 3.3 together where a factor cannot be parted.",
        location=lang.emissions(value(location)),
        market=lang.emissions(value(market)),
        both=lang.emissions(value(both)),
    )


def _whole(portfolio: Portfolio, lang: Language) -> str:
    whole = sum(all(mark is Mark.ACTUAL for mark in line.marks.values()) for line in portfolio.lines)
    if portfolio.lines and whole == len(portfolio.lines):
        return lang.text("All of them are measured completely.")
    return lang.counted(
        whole,
        "Of {all} schools {count} is measured completely; the others are marked.",
        "Of {all} schools {count} are measured completely; the others are marked.",
        all=lang.number(len(portfolio.lines)),
    )


def _missing(portfolio: Portfolio, lang: Language) -> tuple[bool, tuple[str, ...]]:
    said = []
    if portfolio.running:
        moment = lang.moment(portfolio.made)
        said.append(lang.text("The period is not over: figures are up to {moment}.", moment=moment))
    if portfolio.failed:
        names = ", ".join(name for name, _why in portfolio.failed[:_MOST_NAMED])
        said.append(
            lang.counted(
                len(portfolio.failed),
                "{count} school has no report and is in no sum: {names}.",
                "{count} schools have no report and are in no sum: {names}.",
                names=names,
            )
        )
    said += _missing_energy(portfolio, lang)
    waiting = sum(line.quality.pending_hours for line in portfolio.lines)
    if waiting:
        said.append(
            lang.counted(
                waiting,
                "{count} hour of readings waits to be analysed.",
                "{count} hours of readings wait to be analysed.",
            )
        )
    alone = lacking_comparison(portfolio)
    if alone:
        said.append(
            lang.counted(
                len(alone),
                "{count} school has no comparison with the year before.",
                "{count} schools have no comparison with the year before.",
            )
        )
    if said:
        return False, tuple(said)
    return True, (lang.text("Nothing is missing: all energy of the period is measured."),)


def _missing_energy(portfolio: Portfolio, lang: Language) -> list[str]:
    lacking = [line for line in portfolio.lines if line.missing_days > 0]
    said = [
        lang.text(
            "{school}: {days} days' worth of energy is missing.",
            school=line.name,
            days=lang.number(line.missing_days, 1),
        )
        for line in lacking[:_MOST_NAMED]
    ]
    rest = len(lacking) - _MOST_NAMED
    if rest > 0:
        said.append(
            lang.counted(
                rest,
                "And {count} more school; see Data quality.",
                "And {count} more schools; see Data quality.",
            )
        )
    return said


def _method(portfolio: Portfolio, lang: Language, versions: dict[str, str]) -> Section:
    return Section(
        "method",
        lang.text("Method and factors"),
        (
            method_text(lang),
            factors_table(portfolio.factors, lang),
            methods_table(portfolio.every.values(), lang),
            left_out_text({line.owned for line in portfolio.lines}, lang),
            made_text(portfolio.made, versions, portfolio.settings, lang),
        ),
    )


def _figures(portfolio: Portfolio, lang: Language) -> Section:
    text = lang.text
    mine = [one for one in portfolio.figures.values() if one.id.split(":")[1] == portfolio.period.key]
    said = text("Figures of single schools stand in the workbook, the CSV file and their own reports.")
    return Section(
        "figures",
        text("Appendix: every figure and where it comes from"),
        (said, figures_table(mine, lang)),
        small=True,
    )
