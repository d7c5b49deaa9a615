"""Sustainability: all schools together, scope 2 both ways, savings with their interval, targets."""

from __future__ import annotations

from dashboards.board import Board, Placed, board_url
from dashboards.infinity import RANGE, Column, Query, number, word
from dashboards.look import carrier_words, claim_words, unit, yes_no
from dashboards.panels import Figure, PanelBuilder, Shown, carrier_bars, stat_panel, table_panel
from dashboards.words import Say

_METRICS, _SAVINGS = "portfolio/metrics", "portfolio/savings"


def sustainability_board(say: Say) -> Board:
    """The dashboard."""
    return Board(
        key="sustainability",
        title=say("Hållbarhet", "Sustainability"),
        description=say(
            "Skolorna tillsammans: energi, utsläpp på båda sätten, vad åtgärder gav och målen. Bokföring, "
            "inte undvikna utsläpp.",
            "The schools together: energy, emissions both ways, what measures brought, and the targets. "
            "Accounts, not avoided emissions.",
        ),
        since="now-2y",
        refresh="1h",
        variables=(),
        rows=(
            tuple(Placed(panel, 6, 5) for panel in (*_saved(say), *_targets(say))),
            (Placed(_emissions(say, "location"), 12, 10), Placed(_emissions(say, "market"), 12, 10)),
            (Placed(_energy(say), 12, 10), Placed(_upstream(say), 12, 10)),
            (Placed(_schools(say), 24, 10),),
            (Placed(_carriers(say), 12, 8), Placed(_left_out(say), 12, 8)),
            (Placed(_findings(say), 24, 10),),
        ),
    )


def _saved(say: Say) -> list[PanelBuilder]:
    about = say(
        "Sparad energi de senaste tolv hela månaderna mot de tolv före, i samma väder och på samma slags "
        "dagar (IPMVP C). "
        "Spannet rymmer det sanna värdet med 90 % säkerhet; rymmer det noll går inget att säga.",
        "Energy saved in the last twelve full months against the twelve before, in the same weather and on "
        "the same kinds of day (IPMVP C). The span holds the true value with 90 % confidence; where it holds "
        "zero nothing can be told.",
    )

    def figure(field: str, title: str) -> PanelBuilder:
        query = Query(_SAVINGS, (number(field, title),), root="total")
        return stat_panel(say, title, about, query, Figure(unit("kWh"), 0))

    title = say("Sparat, lägst till högst", "Saved, least to most")
    low, high = say("Lägst", "Least"), say("Högst", "Most")
    span = Query(_SAVINGS, (number("low_kwh", low), number("high_kwh", high)), root="total")
    return [
        figure("saved_kwh", say("Sparad energi", "Energy saved")),
        stat_panel(say, title, about, span, Figure(unit("kWh"), 0)),
    ]


def _targets(say: Say) -> list[PanelBuilder]:
    def target(field: str, symbol: str, title: str, about: str) -> PanelBuilder:
        query = Query("portfolio/targets", (number(field, title),))
        return stat_panel(say, title, about, query, Figure(unit(symbol), 0))

    return [
        target(
            "saving_pct",
            "%",
            say("Mål: under förväntat", "Target: below expected"),
            say(
                "Så många procent under den energi som väder och slags dagar skulle ge "
                "(`targets.saving_pct`).",
                "So many per cent below the energy that weather and kinds of day would give "
                "(`targets.saving_pct`).",
            ),
        ),
        target(
            "target_reduction_share",
            "1",
            say("Mål: mindre än basåret", "Target: less than base year"),
            say(
                "Andel mindre energi målåret än basåret (`reports` i classroom.toml). Ingen uppgift: inget "
                "mål är satt.",
                "Share less energy in the target year than in the base year (`reports` in classroom.toml). "
                "No data: no target is set.",
            ),
        ),
    ]


def _monthly(say: Say, title: str, about: str, metric: str, symbol: str, basis: str = "") -> PanelBuilder:
    chosen = (("basis", basis),) if basis else ()
    params = (("metric", metric), ("interval", "month"), *chosen, *RANGE, ("order", "time"))
    return carrier_bars(say, title, about, _METRICS, params, symbol)


def _emissions(say: Say, basis: str) -> PanelBuilder:
    ways = {
        "location": (
            say("Utsläpp, platsbaserat", "Emissions, location-based"),
            say(
                "Scope 2 (och scope 1 för bränslen) [kgCO2e] per månad med nätets medelfaktorer.",
                "Scope 2 (and scope 1 of fuels) [kgCO2e] by month, with average factors of the grids.",
            ),
        ),
        "market": (
            say("Utsläpp, marknadsbaserat", "Emissions, market-based"),
            say(
                "Scope 2 [kgCO2e] per månad med avtalens faktorer, annars residualmixens.",
                "Scope 2 [kgCO2e] by month, with the contracts' factors, else those of the residual mix.",
            ),
        ),
    }
    title, about = ways[basis]
    rest = say(
        " En månad utan stapel saknar uppgift från någon skola; en summa av de andra vore en skenbar "
        "besparing.",
        " A month without a bar lacks some school's figure; a sum of the others would look like a saving.",
    )
    return _monthly(say, title, about + rest, "emissions_kgco2e", "kgCO2e", basis)


def _energy(say: Say) -> PanelBuilder:
    about = say(
        "Köpt energi [kWh] per månad, alla skolor. En månad då någon skola saknar uppgift har ingen stapel.",
        "Energy bought [kWh] by month, all schools. A month in which some school lacks data has no bar.",
    )
    return _monthly(say, say("Köpt energi", "Energy bought"), about, "energy_kwh", "kWh")


def _upstream(say: Say) -> PanelBuilder:
    about = say(
        "Scope 3.3 [kgCO2e] per månad: bränsleled, byggande och förluster, platsbaserat. Läggs aldrig ihop "
        "med scope 2 här.",
        "Scope 3.3 [kgCO2e] by month: fuel supply, building and losses, location-based. Never added to "
        "scope 2 here.",
    )
    title = say("Utsläpp uppströms", "Upstream emissions")
    return _monthly(say, title, about, "emissions_upstream_kgco2e", "kgCO2e", "location")


def _saving_columns(say: Say, at: str = "") -> tuple[tuple[Column, ...], dict[str, Shown]]:
    claim, saved = say("Besked", "Verdict"), say("Sparat", "Saved")
    low, high, share = say("Lägst", "Least"), say("Högst", "Most"), say("Andel", "Share")
    columns = (
        word(f"{at}claim", claim),
        number(f"{at}saved_kwh", saved),
        number(f"{at}low_kwh", low),
        number(f"{at}high_kwh", high),
        number(f"{at}saved_share", share),
        number(f"{at}days", say("Dagar", "Days")),
        word(f"{at}reason", say("Därför", "Reason")),
    )
    shown = {
        claim: Shown(words=claim_words(say)),
        **{name: Shown(unit("kWh"), 0) for name in (saved, low, high)},
        share: Shown(unit("1"), 1),
    }
    return columns, shown


def _schools(say: Say) -> PanelBuilder:
    title, school = say("Skola för skola", "School by school"), say("Skola", "School")
    about = say(
        "Varje skolas besparing med spann. Klicka på skolan för dess rum, energi och åtgärder.",
        "Each school's saving with its span. The school leads to its rooms, energy and what to do.",
    )
    columns, shown = _saving_columns(say, "total.")
    link = (title, board_url("school", say.lang, school="${__value.raw}"))
    query = Query(_SAVINGS, (word("school", school), *columns), root="schools")
    return table_panel(say, title, about, query, {school: Shown(link=link), **shown})


def _carriers(say: Say) -> PanelBuilder:
    title, carrier = say("Energislag för energislag", "Carrier by carrier"), say("Energislag", "Carrier")
    about = say("Alla skolor, per energislag.", "All schools, by carrier.")
    columns, shown = _saving_columns(say)
    query = Query(_SAVINGS, (word("carrier", carrier), *columns), root="carriers")
    return table_panel(say, title, about, query, {carrier: Shown(words=carrier_words(say)), **shown})


def _left_out(say: Say) -> PanelBuilder:
    title, carrier = say("Ingår inte, och varför", "Left out, and why"), say("Energislag", "Carrier")
    about = say(
        "Vad jämförelsen lämnar ute. Tomt är att allt ingår.",
        "What the comparison leaves out. Empty: nothing is.",
    )
    columns = (
        word("school", say("Skola", "School")),
        word("carrier", carrier),
        word("reason", say("Därför", "Reason")),
    )
    query = Query(_SAVINGS, columns, root="left_out")
    return table_panel(say, title, about, query, {carrier: Shown(words=carrier_words(say))})


def _findings(say: Say) -> PanelBuilder:
    title, school, key = say("Mest att vinna", "Most to gain"), say("Skola", "School"), say("Nyckel", "Key")
    about = say(
        "Fynd i alla skolor, det som pågår och kostar mest först. kWh och kgCO2e per år, ur bokföringens "
        "faktorer.",
        "Findings of all schools, what goes on and costs most first. kWh and kgCO2e a year, by the "
        "accounts' factors.",
    )
    cost, kilos, going = (
        say("kWh per år", "kWh a year"),
        say("kgCO2e per år", "kgCO2e a year"),
        say("Pågår", "Goes on"),
    )
    columns = (
        number("portfolio_rank", say("Nr", "No.")),
        word("school_name", school),
        word("text.title", say("Vad", "What")),
        Column("ongoing", going, "boolean"),
        number("year_kwh.value", cost),
        number("year_kgco2e.value", kilos),
        word("text.todo", say("Gör så här", "Do this")),
        word("school", key),
    )
    link = (school, board_url("school", say.lang, school=f"${{__data.fields.{key}}}"))
    shown = {
        school: Shown(link=link),
        going: Shown(words=yes_no(say)),
        cost: Shown(unit("kWh"), 0),
        kilos: Shown(unit("kgCO2e"), 0),
    }
    return table_panel(say, title, about, Query("portfolio/insights", columns, (("lang", say.lang),)), shown)
