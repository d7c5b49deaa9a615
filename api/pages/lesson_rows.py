"""The day's lessons for people: air, temperature and how much of each was measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from analytics.lessons import Carbon, LessonClimate, Warmth
from api.lessons import lessons_on
from api.pages.language import Language
from api.pages.light import level_icons, level_words
from api.pages.visit import Visit
from classroom.places import Room

_HARDLY = 0.1  # share of a lesson outside the band that nobody needs to hear of


@dataclass(frozen=True, slots=True)
class LessonRow:
    """A lesson: its level and icon, and what to say; ``why`` where the air cannot be judged."""

    span: str
    level: str
    icon: str
    word: str
    why: str
    co2: str
    warmth: str
    coverage: float


def lesson_rows(visit: Visit, room: Room, day: date) -> list[LessonRow]:
    """The lessons of ``day`` that have begun.

    Raises:
        StoreError: the store cannot serve now.
    """
    found = lessons_on(visit.context.store, visit.site, room, day, visit.now)
    return [_row(visit, room, one) for one in found if one.lesson.start <= visit.now]


def _row(visit: Visit, room: Room, one: LessonClimate) -> LessonRow:
    say = visit.say
    level = one.co2.level.value if one.co2.level else "none"
    return LessonRow(
        span=f"{say.clock(one.lesson.start)}–{say.clock(one.lesson.end)}",
        level=level,
        icon=level_icons(room)[level],
        word=_words(room, say)[level],
        why=_why(one.co2.reason, say),
        co2=_co2(one.co2, say),
        warmth=_warmth(one.temperature, say),
        coverage=min(one.co2.coverage, 1.0),
    )


def _words(room: Room, say: Language) -> dict[str, str]:
    """A lesson that is over is not to be aired any more: what it was, not what to do."""
    return {
        **level_words(room, say),
        "soon": say.text("stuffy"),
        "now": say.text("very stuffy"),
    }


def _co2(co2: Carbon, say: Language) -> str:
    if co2.mean_ppm is None or co2.max_ppm is None:
        return ""
    return say.text("mean %(mean)s, highest %(highest)s") % {
        "mean": say.co2(co2.mean_ppm),
        "highest": say.co2(co2.max_ppm),
    }


def _warmth(warmth: Warmth, say: Language) -> str:
    if warmth.mean_c is None or warmth.comfort_share is None:
        return "–"
    words = say.text("comfortable")
    if warmth.comfort_share < 1 - _HARDLY:
        warm = (warmth.overheating_k_h or 0) >= (warmth.underheating_k_h or 0)
        words = say.text("too warm") if warm else say.text("too cold")
    return f"{say.temperature(warmth.mean_c)}, {words}"


def _why(reason: str | None, say: Language) -> str:
    return {
        "not_yet": say.text("it has not begun"),
        "no_readings": say.text("nothing was measured"),
        "few_readings": say.text("too little was measured"),
        "stuck": say.text("the sensor had stuck"),
        "drift": say.text("the sensor had drifted"),
    }.get(reason or "", "")
