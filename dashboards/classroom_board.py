"""Classroom: for a teacher, one room now and today."""

from __future__ import annotations

from classroom.quantity import QUANTITIES
from dashboards.board import Board, Placed, room_variable, school_variable
from dashboards.infinity import RANGE, Column, Query, number, when, word
from dashboards.look import (
    ABOVE_LIMIT_STEPS,
    CO2_STEPS,
    COMFORT_STEPS,
    COVERAGE_STEPS,
    NEUTRAL_STEPS,
    light_words,
    quantity_unit,
    status_words,
    unit,
)
from dashboards.panels import Figure, PanelBuilder, Shown, curve_panel, stat_panel, table_panel
from dashboards.words import Say

_ROOM = "schools/${school}/rooms/${room}"


def classroom_board(say: Say) -> Board:
    """The dashboard."""
    return Board(
        key="classroom",
        title=say("Klassrum", "Classroom"),
        description=say(
            "Ett klassrum nu och i dag: luft, värme och lektioner. Gamla och orimliga värden visas inte.",
            "A classroom now and today: air, warmth and lessons. Old and implausible values are not shown.",
        ),
        since="now-24h",
        refresh="1m",
        variables=(school_variable(say), room_variable(say)),
        rows=(_now(say), _curves(say), (Placed(_lessons(say), 24, 9),), (Placed(_days(say), 24, 9),)),
    )


def _now(say: Say) -> tuple[Placed, ...]:
    def now(column: Column) -> Query:
        return Query("rooms/now", (column,), (("school", "${school}"), ("room", "${room}")))

    def value(key: str, decimals: int) -> Placed:
        name = say.quantity(key)
        about = say(
            f"{name} [{QUANTITIES[key].unit}], nyaste värdet. Tomt om mätaren tystnat, fastnat eller drivit.",
            f"{name} [{QUANTITIES[key].unit}], newest value. Empty where the sensor is silent, stuck or "
            f"drifted.",
        )
        figure = Figure(quantity_unit(key), decimals, CO2_STEPS if key == "co2_ppm" else NEUTRAL_STEPS)
        return Placed(stat_panel(say, name, about, now(number(key, name)), figure), 5, 5)

    light = say("Luften", "The air")
    light_about = say(
        "Bra under 1000 ppm, Vädra snart till 1400, Vädra nu däröver. Ändras först när värdet legat tio "
        "minuter på andra sidan gränsen, eller 50 ppm förbi den.",
        "Good below 1000 ppm, Air soon to 1400, Air now above. Changes once the value has been past the "
        "limit for ten minutes, or 50 ppm past it.",
    )
    age = say("Senast mätt", "Last measured")
    age_about = say(
        "Hur gammal rummets nyaste avläsning är, även om den inte längre visas som aktuell.",
        "How old the room's newest reading is, even where it is no longer shown as current.",
    )
    words = Figure("none", words=light_words(say))
    return (
        Placed(stat_panel(say, light, light_about, now(word("level", light)), words, of=light), 5, 5),
        value("co2_ppm", 0),
        value("temperature_c", 1),
        value("humidity_pct", 0),
        Placed(stat_panel(say, age, age_about, now(number("age_s", age)), Figure(unit("s"))), 4, 5),
    )


def _curves(say: Say) -> tuple[Placed, ...]:
    def curve(key: str, width: int) -> Placed:
        name = say.quantity(key)
        columns = (when(), word("device", "device"), number("value", name))
        params = (("quantity", key), *RANGE, ("order", "time"))
        query = Query(f"{_ROOM}/series", columns, params, root="points", form="timeseries")
        about = say(
            f"{name} [{QUANTITIES[key].unit}] per mätare. Ett avbrott i kurvan är tystnad eller ett värde "
            f"som inte "
            "går att lita på; inget ritas över det.",
            f"{name} [{QUANTITIES[key].unit}] by sensor. A break in the curve is silence or a value not to "
            f"be "
            "trusted; nothing is drawn across it.",
        )
        figure = Figure(quantity_unit(key), steps=CO2_STEPS if key == "co2_ppm" else NEUTRAL_STEPS)
        panel = curve_panel(say, name, about, [query], figure, label="${__field.labels.device}")
        return Placed(panel, width, 9)

    return (curve("co2_ppm", 12), curve("temperature_c", 6), curve("humidity_pct", 6))


def _lessons(say: Say) -> PanelBuilder:
    title = say("Lektioner", "Lessons")
    about = say(
        "Lektionerna den dag där tidsintervallet slutar. Andel över är tid över 1000 ppm; trivsel är tid "
        "inom 20-24 °C (26 på sommaren); luft per person kommer av massbalans och saknas där rummets volym "
        "inte är känd.",
        "Lessons of the day on which the range of time ends. Share above is time above 1000 ppm; comfort is "
        "time within 20-24 °C (26 in summer); air a person comes of mass balance and is missing where the "
        "room's volume is not known.",
    )
    above, comfort = say("Andel över 1000 ppm", "Share above 1000 ppm"), say("Trivsel", "Comfort")
    light, coverage = say("Luften", "The air"), say("Täckning", "Coverage")
    mean, warmth = say("CO2, medel", "CO2, mean"), say("Temperatur, medel", "Temperature, mean")
    air = say("Luft per person", "Air a person")
    columns = (
        when("start", say("Från", "From")),
        when("end", say("Till", "To")),
        word("level", light),
        number("co2_mean_ppm", mean),
        number("co2_above_limit_share", above),
        number("temperature_mean_c", warmth),
        number("comfort_share", comfort),
        number("airflow_l_s_person", air),
        number("co2_coverage", coverage),
    )
    query = Query(f"{_ROOM}/lessons", columns, (("date", "${__to:date:YYYY-MM-DD}"),), root="lessons")
    shown = {
        light: Shown(words=light_words(say)),
        mean: Shown(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        above: Shown(unit("1"), 0, ABOVE_LIMIT_STEPS),
        warmth: Shown(quantity_unit("temperature_c"), 1),
        comfort: Shown(unit("1"), 0, COMFORT_STEPS),
        air: Shown(unit("L/s"), 1),
        coverage: Shown(unit("1"), 0, COVERAGE_STEPS),
    }
    return table_panel(say, title, about, query, shown)


def _days(say: Say) -> PanelBuilder:
    title = say("De senaste dagarna", "The last days")
    about = say(
        "Varje dags använda tid enligt schemat, de senaste 31 dagarna. Täckning är den del av tiden då "
        "mätaren talade; under hälften sägs inget.",
        "Each day's time in use by the timetable, the last 31 days. Coverage is the part of it in which the "
        "sensor spoke; below half nothing is said.",
    )
    coverage, trust = say("Täckning", "Coverage"), say("Underlag", "Basis")
    day = say("Dag", "Day")
    mean = say("CO2, medel", "CO2, mean")
    columns = (
        when("time", day),
        number("value", mean),
        number("coverage", coverage),
        word("status", trust),
    )
    query = Query(f"{_ROOM}/metrics", columns, (("metric", "co2_mean_ppm"), ("interval", "day")))
    shown = {
        day: Shown("time:YYYY-MM-DD"),
        mean: Shown(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        coverage: Shown(unit("1"), 0, COVERAGE_STEPS),
        trust: Shown(words=status_words(say)),
    }
    return table_panel(say, title, about, query, shown, sort=(day, "down"))
