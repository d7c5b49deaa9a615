"""The day's lessons for people: air, temperature and how much of each was measured."""

from __future__ import annotations

from dataclasses import dataclass

from api.lesson_models import LessonOut, LessonsDay
from api.pages.language import Language
from api.pages.light import level_icons, level_words
from api.pages.visit import Visit
from classroom.places import Room

_HARDLY = 0.1  # share of a lesson outside the band that nobody needs to hear of


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson: its level and icon, and what to say; ``why`` where the air cannot be judged. ``flow`` is the
    outdoor air for each person with its interval, or a dash."""

    span: str
    level: str
    icon: str
    word: str
    why: str
    co2: str
    flow: str
    flow_span: str
    warmth: str
    coverage: float


def lesson_rows(visit: Visit, room: Room, found: LessonsDay) -> list[LessonRow]:
    """The lessons of a day that have begun."""
    return [_row(visit.say, room, one) for one in found.lessons if one.start <= visit.now]


def _row(say: Language, room: Room, one: LessonOut) -> LessonRow:
    level = one.level.value if one.level else "none"
    return LessonRow(
        span=f"{say.clock(one.start)}–{say.clock(one.end)}",
        level=level,
        icon=level_icons(room)[level],
        word=_words(room, say)[level],
        why=_why(one.reason, say),
        co2=_co2(one, say),
        flow=say.flow_per_person(one.airflow_l_s_person) if one.airflow_l_s_person is not None else "–",
        flow_span=_span(one, say),
        warmth=_warmth(one, say),
        coverage=min(one.co2_coverage, 1.0),
    )


def _words(room: Room, say: Language) -> dict[str, str]:
    """A lesson that is over is not to be aired any more: what it was, not what to do."""
    return {
        **level_words(room, say),
        "soon": say.text("stuffy"),
        "now": say.text("very stuffy"),
    }


def _co2(one: LessonOut, say: Language) -> str:
    if one.co2_mean_ppm is None or one.co2_max_ppm is None:
        return ""
    return say.text("mean %(mean)s, highest %(highest)s") % {
        "mean": say.co2(one.co2_mean_ppm),
        "highest": say.co2(one.co2_max_ppm),
    }


def _span(one: LessonOut, say: Language) -> str:
    if one.airflow_low_l_s_person is None or one.airflow_high_l_s_person is None:
        return ""
    return say.text("%(low)s to %(high)s") % {
        "low": say.number(one.airflow_low_l_s_person, 1),
        "high": say.number(one.airflow_high_l_s_person, 1),
    }


def _warmth(one: LessonOut, say: Language) -> str:
    if one.temperature_mean_c is None or one.comfort_share is None:
        return "–"
    words = say.text("comfortable")
    if one.comfort_share < 1 - _HARDLY:
        warm = (one.overheating_k_h or 0) >= (one.underheating_k_h or 0)
        words = say.text("too warm") if warm else say.text("too cold")
    return f"{say.temperature(one.temperature_mean_c)}, {words}"


def _why(reason: str | None, say: Language) -> str:
    return {
        "not_yet": say.text("it has not begun"),
        "no_readings": say.text("nothing was measured"),
        "few_readings": say.text("too little was measured"),
        "stuck": say.text("the sensor had stuck"),
        "drift": say.text("the sensor had drifted"),
    }.get(reason or "", "")
