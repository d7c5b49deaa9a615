"""What airing brought in a room on a day: air gained for each person against heat to be bought."""

from __future__ import annotations

from dataclasses import dataclass

from api.lesson_models import AirAndHeat, LessonsDay
from api.pages.language import Language


@dataclass(frozen=True, slots=True)
class AiringLine:
    """An airing, or the day's ventilation: when, what it gave and what it cost, each with why it is not
    known where it is not."""

    name: str
    span: str
    air: str
    air_detail: str
    heat: str
    heat_detail: str
    emissions: str
    emissions_detail: str


@dataclass(frozen=True, slots=True)
class Airings:
    """The day's airings and its ventilation; ``said`` tells what there is not, and why."""

    lines: list[AiringLine]
    said: str
    ventilation: AiringLine | None


def airings_view(found: LessonsDay, say: Language) -> Airings:
    """What is to be told of ``found``."""
    lines = [_line(say.text("Airing"), one, say) for one in found.airings]
    setting = found.ventilation
    ventilation = None if setting is None else _line(say.text("The ventilation, all day"), setting, say)
    return Airings(lines, "" if lines else _said(found, say), ventilation)


def _line(name: str, one: AirAndHeat, say: Language) -> AiringLine:
    person = one.l_s_person
    return AiringLine(
        name=name,
        span=f"{say.clock(one.start)}–{say.clock(one.end)}",
        air="–" if person is None else say.flow_per_person(person),
        air_detail=_air_detail(one, say),
        heat="–" if one.heat_kwh is None else say.energy(one.heat_kwh),
        heat_detail=_heat_detail(one, say),
        emissions="–" if one.kgco2e is None else say.footprint(one.kgco2e),
        emissions_detail=_emissions_detail(one, say),
    )


def _air_detail(one: AirAndHeat, say: Language) -> str:
    volume = say.text("%(volume)s m³ of outdoor air") % {"volume": say.number(round(one.extra_m3, -1))}
    if one.l_s_person is not None:
        return volume
    return volume + say.text("; how many were there is not known")


def _heat_detail(one: AirAndHeat, say: Language) -> str:
    if one.heat_kwh is None:
        return say.text("no outdoor temperature was measured nearby")
    return {
        "overheated": say.text("the room was too warm: it had heat to give away"),
        "no_heating": say.text("so warm outdoors that nothing is heated"),
    }.get(one.free or "", "")


def _emissions_detail(one: AirAndHeat, say: Language) -> str:
    if one.kgco2e is not None or one.heat_kwh is None:
        return ""
    return say.text("no heat meter, or no emission factor is chosen for its heat")


def _said(found: LessonsDay, say: Language) -> str:
    """Why there is no airing to tell of."""
    return {
        "no_windows": say.text("No window opens here: the ventilation and breaks have to do it."),
        "no_breaks": say.text("There is no break between two lessons this day in which to look for it."),
        "no_volume": say.text(
            "It cannot be told: neither area nor volume of the room stands in rooms.csv, so nobody knows how "
            "much air an open window brings."
        ),
        "no_readings": say.text("It cannot be told: no carbon dioxide was measured that can be believed."),
        "no_baseline": say.text(
            "It cannot be told yet: the sensor needs some nights to show what it reads in outdoor air."
        ),
        "no_air_change_rate": say.text(
            "It cannot be told: what the ventilation brings by itself did not come out of this day."
        ),
    }.get(
        found.airings_reason or "",
        say.text(
            "No airing was seen: in no break did the carbon dioxide fall faster than by the ventilation."
        ),
    )
