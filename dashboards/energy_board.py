"""Energy: what a school buys, when, and how much of it while nobody is there."""

from __future__ import annotations

from dashboards.board import Board, Placed, choice_variable, school_variable
from dashboards.infinity import RANGE, Params, Query, number, when, word
from dashboards.look import COVERAGE_STEPS, carrier_names, carrier_words, grade_words, status_words, unit
from dashboards.panels import Figure, PanelBuilder, Shown, carrier_bars, curve_panel, table_panel
from dashboards.words import Say

_METRICS = "schools/${school}/metrics"


def energy_board(say: Say) -> Board:
    """The dashboard."""
    intervals = {"day": say("dag", "day"), "week": say("vecka", "week"), "month": say("månad", "month")}
    return Board(
        key="energy",
        title=say("Energi", "Energy"),
        description=say(
            "En skolas köpta energi per energislag: hur mycket, när, och medan den är stängd.",
            "A school's energy bought by carrier: how much, when, and while it is closed.",
        ),
        since="now-90d",
        refresh="15m",
        variables=(school_variable(say), choice_variable("interval", say("Period", "Period"), intervals)),
        rows=(
            (Placed(_bought(say), 16, 10), Placed(_coverage(say), 8, 10)),
            (Placed(_out_of_hours(say), 12, 9), Placed(_power(say), 12, 9)),
            (Placed(_by_size(say), 12, 9), Placed(_weather(say), 12, 9)),
            (Placed(_hours(say), 24, 9),),
            (Placed(_months(say), 24, 10),),
            (Placed(_signature(say), 24, 7),),
        ),
    )


def _of(metric: str) -> Params:
    return (("metric", metric), ("interval", "${interval}"), *RANGE, ("order", "time"))


def _bought(say: Say) -> PanelBuilder:
    about = say(
        "Köpt energi [kWh] per energislag, lokala dygn, veckor eller månader. Ingen stapel är ingen uppgift, "
        "inte noll; det som bara är känt över flera dygn ligger i de längre perioderna.",
        "Energy bought [kWh] by carrier, local days, weeks or months. No bar is no data, not zero; what is "
        "only known over several days lies in the longer periods.",
    )
    title = say("Köpt energi", "Energy bought")
    return carrier_bars(say, title, about, _METRICS, _of("energy_kwh"), "kWh")


def _coverage(say: Say) -> PanelBuilder:
    title = say("Täckning", "Coverage")
    about = say(
        "Den del av perioden då mätarna talade, per energislag. Under hälften sägs ingen energi.",
        "The part of the period in which the meters spoke, by carrier. Below half no energy is told.",
    )
    columns = (when(), word("carrier", "carrier"), number("coverage", title))
    query = Query(_METRICS, columns, _of("energy_kwh"), form="timeseries")
    figure = Figure(unit("1"), 0, COVERAGE_STEPS, low=0, high=1)
    names, label = carrier_names(say), "${__field.labels.carrier}"
    return curve_panel(say, title, about, [query], figure, label=label, names=names)


def _out_of_hours(say: Say) -> PanelBuilder:
    about = say(
        "Energi [kWh] medan skolan var stängd: nätter, helger, lov och stängda dagar, hyrda kvällar "
        "undantagna.",
        "Energy [kWh] while the school was closed: nights, weekends, lov and closed days, hired evenings "
        "excepted.",
    )
    title = say("Medan skolan är stängd", "While the school is closed")
    return carrier_bars(say, title, about, _METRICS, _of("out_of_hours_kwh"), "kWh")


def _power(say: Say) -> PanelBuilder:
    title = say("Grundlast och topp", "Base load and peak")
    about = say(
        "Grundlast [kW]: dygnets tre lägsta timmar i medel. Topp: högsta timmedel. Olika energislag hålls "
        "isär.",
        "Base load [kW]: mean of the day's three lowest hours. Peak: highest hour. Carriers are kept apart.",
    )
    names = {"base_load_kw": say("Grundlast", "Base load"), "peak_kw": say("Topp", "Peak")}
    queries = [
        Query(
            _METRICS,
            (when(), word("carrier", "carrier"), number("value", name)),
            _of(metric),
            form="timeseries",
            ref=ref,
        )
        for ref, (metric, name) in zip("AB", names.items(), strict=True)
    ]
    label = "${__field.name} ${__field.labels.carrier}"
    return curve_panel(
        say, title, about, queries, Figure(unit("kW"), 1, low=0), label=label, names=carrier_names(say)
    )


def _by_size(say: Say) -> PanelBuilder:
    about = say(
        "Köpt energi per kvadratmeter Atemp [kWh/m²] med arean som gällde då.",
        "Energy bought for each square metre Atemp [kWh/m²], with the area that held then.",
    )
    title = say("Per kvadratmeter", "For each square metre")
    return carrier_bars(say, title, about, _METRICS, _of("energy_per_m2_kwh"), "kWh/m2")


def _weather(say: Say) -> PanelBuilder:
    title = say("Graddagar", "Heating degree days")
    about = say(
        "Hur kallt det var: graddagar [K·d], bas 17 °C, från närmaste väderstation. Jämför med värmen ovan.",
        "How cold it was: heating degree days [K·d], base 17 °C, of the nearest weather station. Compare "
        "with the heat above.",
    )
    query = Query(_METRICS, (when(), number("value", title)), _of("heating_degree_days"), form="timeseries")
    return curve_panel(say, title, about, [query], Figure(unit("K·d"), 0, low=0), bars=True)


def _hours(say: Say) -> PanelBuilder:
    title = say("Veckans timmar", "Hours of the week")
    about = say(
        "El, medelenergi [kWh] per timme, veckodag och slags dag i tidsintervallet.",
        "Electricity, mean energy [kWh] by hour, weekday and kind of day in the range of time.",
    )
    kwh, day_type = say("kWh i medel", "kWh, mean"), say("Slags dag", "Kind of day")
    columns = (
        word("day_type", day_type),
        number("weekday", say("Veckodag", "Weekday")),
        number("hour", say("Timme", "Hour")),
        number("mean_kwh", kwh),
        number("hours", say("Av antal", "Of how many")),
    )
    query = Query("schools/${school}/profile", columns, RANGE)
    return table_panel(say, title, about, query, {kwh: Shown(unit("kWh"), 1)}, sort=(kwh, "down"))


def _months(say: Say) -> PanelBuilder:
    title = say("Månad för månad", "Month by month")
    about = say(
        "Köpt energi per månad med gränser: delvis känd energi ligger mellan lägst och högst. Täckning och "
        "underlag säger hur mycket som mättes.",
        "Energy bought by month with its bounds: energy known in part lies between least and most. Coverage "
        "and basis say how much was measured.",
    )
    first, kwh = say("Från", "From"), "kWh"
    low, high = say("Lägst", "Least"), say("Högst", "Most")
    coverage, trust, carrier = (
        say("Täckning", "Coverage"),
        say("Underlag", "Basis"),
        say("Energislag", "Carrier"),
    )
    columns = (
        when("time", first),
        word("carrier", carrier),
        number("value", kwh),
        number("low", low),
        number("high", high),
        number("coverage", coverage),
        word("status", trust),
        word("reason", say("Därför", "Reason")),
    )
    shown = {
        first: Shown("time:YYYY-MM"),
        **{name: Shown(unit("kWh"), 0) for name in (kwh, low, high)},
        coverage: Shown(unit("1"), 0, COVERAGE_STEPS),
        trust: Shown(words=status_words(say)),
        carrier: Shown(words=carrier_words(say)),
    }
    query = Query(_METRICS, columns, (("metric", "energy_kwh"), ("interval", "month")))
    return table_panel(say, title, about, query, shown, sort=(first, "down"))


def _signature(say: Say) -> PanelBuilder:
    title = say("Energisignatur", "Energy signature")
    about = say(
        "Hur energin följer vädret, de senaste tolv hela månaderna: vad en grads kyla kostar [W/K], under "
        "vilken utetemperatur det värms [°C], och vad som inte följer vädret [kWh/dygn].",
        "How energy follows the weather, the last twelve full months: what a kelvin of cold costs [W/K], "
        "below which outdoor temperature it heats [°C], and what does not follow the weather [kWh/day].",
    )
    slope, balance = say("Per grad", "Per kelvin"), say("Värmer under", "Heats below")
    base, grade, carrier = (
        say("Grundlast", "Base load"),
        say("Anpassning", "Fit"),
        say("Energislag", "Carrier"),
    )
    columns = (
        word("carrier", carrier),
        number("slope_w_k", slope),
        number("balance_c", balance),
        number("base_kwh_d", base),
        word("fit.grade", grade),
        word("reason", say("Därför", "Reason")),
    )
    shown = {
        carrier: Shown(words=carrier_words(say)),
        slope: Shown(unit("W/K"), 0),
        balance: Shown(unit("°C"), 1),
        base: Shown(unit("kWh/d"), 0),
        grade: Shown(words=grade_words(say)),
    }
    query = Query("schools/${school}/signature", columns, root="carriers")
    return table_panel(say, title, about, query, shown)
