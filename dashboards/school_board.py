"""School: its rooms now, its energy and emissions, what is wrong and what to do."""

from __future__ import annotations

from dashboards.board import Board, Placed, board_url, school_variable
from dashboards.infinity import RANGE, Column, Query, number, when, word
from dashboards.look import (
    ABOVE_LIMIT_STEPS,
    CO2_STEPS,
    COMFORT_STEPS,
    COVERAGE_STEPS,
    light_words,
    quantity_unit,
    status_words,
    unit,
    yes_no,
)
from dashboards.panels import PanelBuilder, Shown, carrier_bars, table_panel
from dashboards.words import Say

_SCHOOL = "schools/${school}"
_METRICS = f"{_SCHOOL}/metrics"


def school_board(say: Say) -> Board:
    """The dashboard."""
    return Board(
        key="school",
        title=say("Skola", "School"),
        description=say(
            "En skola: rummen nu och vecka för vecka, energi och utsläpp dag för dag, och vad som bör "
            "åtgärdas.",
            "A school: its rooms now and week by week, energy and emissions by the day, and what should be "
            "done.",
        ),
        since="now-30d",
        refresh="5m",
        variables=(school_variable(say),),
        rows=(
            (Placed(rooms_now(say), 24, 10),),
            (Placed(_energy(say), 12, 9), Placed(_emissions(say), 12, 9)),
            (Placed(rooms_by_period(say, "week"), 24, 10),),
            (Placed(_findings(say), 24, 10),),
        ),
    )


def rooms_now(say: Say) -> PanelBuilder:
    """Every room of the school in a line."""
    title = say("Rummen nu", "Rooms now")
    about = say(
        "Nyaste värden. Tomt är ingen aktuell mätning: tyst, fastnad eller skenande mätare. Rummets namn "
        "leder till dess tavla.",
        "Newest values. Empty is no current reading: a silent, stuck or drifted sensor. The room's name "
        "leads to its dashboard.",
    )
    room, light, lesson = say("Rum", "Room"), say("Luften", "The air"), say("Lektion nu", "Lesson now")
    co2, warmth, wet = (say.quantity(key) for key in ("co2_ppm", "temperature_c", "humidity_pct"))
    age, key = say("Ålder", "Age"), say("Nyckel", "Key")
    columns = (
        word("name", room),
        word("level", light),
        number("co2_ppm", co2),
        number("temperature_c", warmth),
        number("humidity_pct", wet),
        Column("in_lesson", lesson, "boolean"),
        number("age_s", age),
        word("room", key),
    )
    address = board_url("classroom", say.lang, school="${school}", room=f"${{__data.fields.{key}}}")
    shown = {
        room: Shown(link=(say("Klassrummet", "The classroom"), address)),
        light: Shown(words=light_words(say)),
        co2: Shown(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        warmth: Shown(quantity_unit("temperature_c"), 1),
        wet: Shown(quantity_unit("humidity_pct"), 0),
        lesson: Shown(words=yes_no(say)),
        age: Shown(unit("s"), 0),
    }
    return table_panel(say, title, about, Query("rooms/now", columns, (("school", "${school}"),)), shown)


def rooms_by_period(say: Say, interval: str) -> PanelBuilder:
    """Rooms side by side; ``interval`` may name a variable."""
    title = say("Rummen i tiden", "Rooms over time")
    about = say(
        "Använd tid enligt schemat, de perioder som börjar i tidsintervallet. Täckning är den del av tiden "
        "då mätaren talade; under hälften sägs inget, och det är inte noll.",
        "Time in use by the timetable, periods that begin in the range of time. Coverage is the part of it "
        "in which the sensor spoke; below half nothing is said, and that is not zero.",
    )
    first, room = say("Från", "From"), say("Rum", "Room")
    mean, high = say("CO2, medel", "CO2, mean"), say("CO2, 95 %", "CO2, 95 %")
    above, comfort = say("Andel över 1000 ppm", "Share above 1000 ppm"), say("Trivsel", "Comfort")
    hot, cold = say("För varmt", "Too warm"), say("För kallt", "Too cold")
    air, coverage, trust = (
        say("Luft per person", "Air a person"),
        say("Täckning", "Coverage"),
        say("Underlag", "Basis"),
    )
    columns = (
        when("time", first),
        word("name", room),
        number("co2_mean_ppm", mean),
        number("co2_p95_ppm", high),
        number("co2_above_limit_share", above),
        number("comfort_share", comfort),
        number("overheating_k_h", hot),
        number("underheating_k_h", cold),
        number("airflow_l_s_person", air),
        number("coverage", coverage),
        word("status", trust),
    )
    shown = {
        first: Shown("time:YYYY-MM-DD"),
        mean: Shown(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        high: Shown(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        above: Shown(unit("1"), 0, ABOVE_LIMIT_STEPS),
        comfort: Shown(unit("1"), 0, COMFORT_STEPS),
        hot: Shown(unit("K·h"), 1),
        cold: Shown(unit("K·h"), 1),
        air: Shown(unit("L/s"), 1),
        coverage: Shown(unit("1"), 0, COVERAGE_STEPS),
        trust: Shown(words=status_words(say)),
    }
    query = Query(f"{_SCHOOL}/room-periods", columns, (("interval", interval), *RANGE))
    return table_panel(say, title, about, query, shown, sort=(first, "down"))


def _energy(say: Say) -> PanelBuilder:
    title = say("Energi per dag", "Energy a day")
    about = say(
        "Köpt energi [kWh] per energislag. En dag utan stapel är en dag utan uppgift, inte noll.",
        "Energy bought [kWh] by carrier. A day without a bar is a day without data, not zero.",
    )
    params = (("metric", "energy_kwh"), ("interval", "day"), *RANGE, ("order", "time"))
    return carrier_bars(say, title, about, _METRICS, params, "kWh", column=say("Energi", "Energy"))


def _emissions(say: Say) -> PanelBuilder:
    title = say("Utsläpp per dag", "Emissions a day")
    about = say(
        "Växthusgaser [kgCO2e] av köpt energi med platsens faktorer (location). Koldioxid inomhus räknas "
        "aldrig hit.",
        "Greenhouse gases [kgCO2e] of the energy bought, with location-based factors. Indoor CO2 never "
        "counts here.",
    )
    chosen = (("metric", "emissions_kgco2e"), ("interval", "day"), ("basis", "location"))
    params = (*chosen, *RANGE, ("order", "time"))
    return carrier_bars(say, title, about, _METRICS, params, "kgCO2e", column=say("Utsläpp", "Emissions"))


def _findings(say: Say) -> PanelBuilder:
    title = say("Att åtgärda", "What to do")
    about = say(
        "Vad som är fel, vad det kostar på ett år [kWh] med spann, och vad som hjälper. Räknas om varje "
        "dygn.",
        "What is wrong, what it costs in a year [kWh] with its span, and what helps. Computed once a day.",
    )
    cost, low, high = (
        say("kWh per år", "kWh a year"),
        say("Lägst", "Least"),
        say("Högst", "Most"),
    )
    columns = (
        number("rank", say("Nr", "No.")),
        word("text.title", say("Vad", "What")),
        word("text.when", say("När", "When")),
        word("place_name", say("Var", "Where")),
        number("year_kwh.value", cost),
        number("year_kwh.low", low),
        number("year_kwh.high", high),
        word("text.todo", say("Gör så här", "Do this")),
    )
    shown = {name: Shown(unit("kWh"), 0) for name in (cost, low, high)}
    return table_panel(say, title, about, Query(f"{_SCHOOL}/insights", columns, (("lang", say.lang),)), shown)
