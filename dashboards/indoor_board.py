"""Indoor air: the rooms of a school against each other and against the limits."""

from __future__ import annotations

from dashboards.board import Board, Placed, choice_variable, school_variable
from dashboards.infinity import RANGE, Query, number, when, word
from dashboards.look import ABOVE_LIMIT_STEPS, CO2_STEPS, COMFORT_STEPS, COVERAGE_STEPS, quantity_unit, unit
from dashboards.panels import Figure, PanelBuilder, curve_panel, text_panel
from dashboards.school_board import rooms_by_period, rooms_now
from dashboards.words import Say


def indoor_board(say: Say) -> Board:
    """The dashboard."""
    intervals = {"day": say("dag", "day"), "week": say("vecka", "week"), "month": say("månad", "month")}
    mean, above, comfort, coverage = (Placed(panel, 12, 9) for panel in _over_time(say))
    return Board(
        key="indoor",
        title=say("Inomhusluft", "Indoor air"),
        description=say(
            "Rummens luft och värme i använd tid, mot Folkhälsomyndighetens råd.",
            "Air and warmth of the rooms in their time in use, against Swedish public health advice.",
        ),
        since="now-30d",
        refresh="5m",
        variables=(school_variable(say), choice_variable("interval", say("Period", "Period"), intervals)),
        rows=(
            (Placed(rooms_now(say), 24, 9),),
            (mean, above),
            (comfort, coverage),
            (Placed(rooms_by_period(say, "${interval}"), 24, 12),),
            (Placed(_limits(say), 24, 6),),
        ),
    )


def _over_time(say: Say) -> list[PanelBuilder]:
    """A line for each room, of the figures that matter and of how far they can be trusted."""
    share = unit("1")

    def panel(field: str, name: str, about: str, figure: Figure) -> PanelBuilder:
        columns = (when(), word("name", "room"), number(field, name))
        params = (("interval", "${interval}"), *RANGE)
        query = Query("schools/${school}/room-periods", columns, params, form="timeseries")
        return curve_panel(say, name, about, [query], figure, label="${__field.labels.room}")

    return [
        panel(
            "co2_mean_ppm",
            say("CO2, medel", "CO2, mean"),
            say(
                "Medelvärde [ppm] i använd tid, rum för rum. Ett avbrott är ingen uppgift.",
                "Mean [ppm] in time of use, by room. A break is no data.",
            ),
            Figure(quantity_unit("co2_ppm"), 0, CO2_STEPS),
        ),
        panel(
            "co2_above_limit_share",
            say("Andel över 1000 ppm", "Share above 1000 ppm"),
            say("Andel av använd tid över 1000 ppm.", "Share of the time in use above 1000 ppm."),
            Figure(share, 0, ABOVE_LIMIT_STEPS, low=0, high=1),
        ),
        panel(
            "comfort_share",
            say("Trivsel", "Comfort"),
            say(
                "Andel av använd tid inom 20-24 °C (26 på sommaren).",
                "Share of the time in use within 20-24 °C (26 in summer).",
            ),
            Figure(share, 0, COMFORT_STEPS, low=0, high=1),
        ),
        panel(
            "coverage",
            say("Täckning", "Coverage"),
            say(
                "Den del av använd tid då mätaren talade. Under hälften sägs inget om rummet.",
                "The part of the time in use in which the sensor spoke. Below half nothing is said of the "
                "room.",
            ),
            Figure(share, 0, COVERAGE_STEPS, low=0, high=1),
        ),
    ]


def _limits(say: Say) -> PanelBuilder:
    words = say(
        "- **1000 ppm**: regelbundet däröver i normal användning tyder på otillräcklig ventilation (FoHMFS "
        "2014:18).\n"
        "- **1400 ppm**: vädra nu; gränsen för larmet under lektioner.\n"
        "- **20-24 °C**, sommartid till 26: HSLF-FS 2024:10.\n"
        "- Gränserna i `classroom.toml` styr andelarna; strecken i kurvorna är ljusets.\n"
        "- CO2 inomhus visar ventilation. Den är utandad luft och blir aldrig utsläpp.",
        "- **1000 ppm**: regularly above it in normal use indicates unsatisfactory ventilation (FoHMFS "
        "2014:18).\n"
        "- **1400 ppm**: air now; the limit of the alert in lessons.\n"
        "- **20-24 °C**, in summer to 26: HSLF-FS 2024:10.\n"
        "- The limits in `classroom.toml` decide the shares; the lines in the curves are those of the "
        "light.\n"
        "- Indoor CO2 shows ventilation. It is exhaled air and never becomes emissions.",
    )
    return text_panel(say("Gränserna", "The limits"), words)
