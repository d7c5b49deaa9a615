"""The CO2 light of a room as people are told it: word, icon, values and when they were measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from api.models import RoomNow, ValueNow
from api.now import room_now
from api.pages.language import Language
from api.pages.visit import Visit
from classroom.air import Air, stale_after_s
from classroom.places import Room

Level = str
"""``good``, ``soon``, ``now`` or ``none``: an :class:`~classroom.air.Air` or no verdict."""

NO_VALUE = "–"


@dataclass(frozen=True, slots=True)
class Shown:
    """One value of the light: its text now, when it was measured and how long it may be called current."""

    quantity: str
    label: str
    text: str
    time: datetime | None
    stale_after_s: int


@dataclass(frozen=True, slots=True)
class Light:
    """What the light of a room says. ``words`` and ``icons`` hold every level's, for the live script."""

    level: Level
    words: dict[Level, str]
    icons: dict[Level, str]
    reason: str
    reasons: dict[str, str]
    co2: Shown
    temperature: Shown
    measured: datetime | None

    @property
    def known(self) -> list[Shown]:
        """The values that may be called current."""
        return [value for value in (self.co2, self.temperature) if value.text != NO_VALUE]

    @property
    def word(self) -> str:
        """The word of the present level."""
        return self.words[self.level]

    @property
    def icon(self) -> str:
        """Name of the present level's icon in ``icons.svg``."""
        return self.icons[self.level]


def level_of(visit: Visit, room: Room) -> str:
    """The level of ``room`` now without its words, which of a city's thousand rooms nobody reads."""
    level = room_now(visit.site, visit.context.live, room.school, room.key, visit.now).air.level
    return level.value if level else "none"


def light_of(visit: Visit, room: Room) -> Light:
    """The light of ``room`` now."""
    site, now, say = visit.site, visit.now, visit.say
    state = room_now(site, visit.context.live, room.school, room.key, now)
    intervals = [d.interval_s for d in site.devices_in_room(room.school, room.key) if d.holds_at(now)]
    patience_s = stale_after_s(max(intervals, default=600))
    co2 = _shown(state, "co2_ppm", say.text("Carbon dioxide"), patience_s, say)
    temperature = _shown(state, "temperature_c", say.text("Temperature"), patience_s, say)
    level = state.air.level.value if state.air.level else "none"
    reasons = reasons_without_verdict(say)
    return Light(
        level=level,
        words=level_words(room, say),
        icons=level_icons(room),
        reason=reasons[state.air.reason] if state.air.reason else "",
        reasons=reasons,
        co2=co2,
        temperature=temperature,
        measured=co2.time or temperature.time,
    )


def level_words(room: Room, say: Language) -> dict[Level, str]:
    """The word of each level in ``room``; where no window opens a break is what helps."""
    if room.openable_windows is False:
        soon, urgent = say.text("Break soon"), say.text("Break now")
    else:
        soon, urgent = say.text("Air out soon"), say.text("Air out now")
    return {
        Air.GOOD.value: say.text("Good"),
        Air.SOON.value: soon,
        Air.NOW.value: urgent,
        "none": say.text("no verdict"),
    }


def level_names(say: Language) -> dict[Level, str]:
    """The levels where rooms with and without windows are counted together."""
    return {
        Air.GOOD.value: say.text("good"),
        Air.SOON.value: say.text("air out soon"),
        Air.NOW.value: say.text("air out now"),
        "none": say.text("no verdict"),
    }


def level_icons(room: Room) -> dict[Level, str]:
    """The icon of each level in ``room``."""
    urgent = "rest" if room.openable_windows is False else "now"
    soon = "rest" if room.openable_windows is False else "soon"
    return {Air.GOOD.value: "good", Air.SOON.value: soon, Air.NOW.value: urgent, "none": "none"}


def reasons_without_verdict(say: Language) -> dict[str, str]:
    """Why there is no verdict, by the API's reason."""
    return {
        "no_reading": say.text("Nothing has been measured here yet."),
        "stale": say.text("The sensor is silent."),
        "flagged": say.text("The sensor gives values that cannot be right."),
        "stuck": say.text("The sensor has shown the same value for hours."),
        "drift": say.text("The sensor has drifted and must be calibrated."),
    }


def _shown(state: RoomNow, quantity: str, label: str, patience_s: int, say: Language) -> Shown:
    value = next((value for value in state.values if value.quantity == quantity), None)
    if value is None:
        return Shown(quantity, label, NO_VALUE, None, patience_s)
    return Shown(quantity, label, _written(value, say), value.time, stale_after_s(value.interval_s))


def _written(value: ValueNow, say: Language) -> str:
    if value.stale or value.flag or value.verdict:
        return NO_VALUE
    return say.co2(value.value) if value.quantity == "co2_ppm" else say.temperature(value.value)
