"""Findings in words: a title, what it means and what to do, in plain Swedish and English.

English is written here; ``reports/locale/sv`` holds the Swedish. ``scripts/messages.py`` keeps it complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from gettext import NullTranslations
from pathlib import Path
from typing import Literal, NamedTuple

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, format_percent

from analytics.insights.model import Insight, InsightKind, NoEnergy
from classroom.places import Room, Ventilation
from classroom.site import Site
from reports.catalogue import words_of

Code = Literal["sv", "en"]
LOCALE_FOLDER = Path(__file__).parent / "locale"
_LOCALES: Mapping[Code, str] = {"sv": "sv_SE", "en": "en_GB"}


class InsightText(NamedTuple):
    """What people read of a finding; ``when`` is since when, or from when to when."""

    title: str
    meaning: str
    todo: str
    when: str


def _(message: str) -> str:
    """Marks a message for the catalogue."""
    return message


class _Words(NamedTuple):
    title: str
    meaning: str
    todo: str


_WORDS: Mapping[InsightKind, _Words] = {
    InsightKind.VENTILATION_AT_NIGHT: _Words(
        _("Ventilation runs all night"),
        _(
            "The fans do not stop when the school closes. At night they draw %(night_kw)s kW, and the heat "
            "that they blow out must be bought."
        ),
        _(
            "Look at the clock of the ventilation units: is it on Hand or On instead of Auto, was a holiday"
            " programme or the summer time forgotten? Let the fans stop half an hour after the last "
            "activity."
        ),
    ),
    InsightKind.VENTILATION_ON_CLOSED_DAYS: _Words(
        _("Ventilation runs on days when the school is closed"),
        _(
            "On %(days)s closed days of the last year the fans started as on a school day and drew "
            "%(fans_kw)s kW, for nobody."
        ),
        _(
            "Look at the week programme of the ventilation units: are Saturday and Sunday in it, and are "
            "the breaks entered? Who uses the school then can start them with a timer button."
        ),
    ),
    InsightKind.BASE_LOAD_UP: _Words(
        _("The base load has risen"),
        _(
            "At night, when nobody is there, the school draws %(night_kw)s kW; before it was %(before_kw)s "
            "kW. The %(added_kw)s kW more run all hours of the year."
        ),
        _(
            "Walk round late in the evening and look for what was added at that time: a cold store, a "
            "server, an electric heater, pumps, drying cabinets. Switch it off, or put it on a timer."
        ),
    ),
    InsightKind.BASE_LOAD_SEASONAL: _Words(
        _("More runs at night in winter than in spring and autumn"),
        _(
            "At night the school draws %(winter_kw)s kW in winter and %(summer_kw)s kW in spring and "
            "autumn. Lamps and fans are off at night all year; what else needs so much more?"
        ),
        _(
            "Look for electric heating that nobody counts on: gutters and paths kept free of ice, engine "
            "heaters, electric radiators, pumps that run at full speed. Give them thermostats or timers."
        ),
    ),
    InsightKind.OUT_OF_HOURS: _Words(
        _("Much electricity is used while the school is closed"),
        _("%(share)s of the electricity is used outside opening hours; %(good_share)s is within reach."),
        _(
            "Compare a night with a lesson: what runs in both? Put lamps, fans, kitchen and computers on "
            "timers, and switch off at the last lesson before a break."
        ),
    ),
    InsightKind.SETPOINT_HIGH: _Words(
        _("The rooms are kept warmer than needed"),
        _(
            "Before lessons it is %(indoor_c)s °C; %(reference_c)s °C is enough. Each degree costs about "
            "%(kwh_per_k)s kWh of heat a year."
        ),
        _(
            "Lower the set point of the heating, or its curve, one degree at a time and ask the classes "
            "after a week. 20 °C is the least where children are."
        ),
    ),
    InsightKind.HEATING_IN_HOLIDAYS: _Words(
        _("The school is heated in breaks as in term"),
        _(
            "In %(breaks)s breaks the temperature was not lowered: nights and closed days were %(warmer_k)s"
            " degrees warmer than on ordinary weekends."
        ),
        _(
            "Enter the breaks of the school year in the heating control now, for all of the year. Leave the"
            " rooms that fritids uses as they are."
        ),
    ),
    InsightKind.HEATING_AT_NIGHT: _Words(
        _("The heating is not lowered at night and on weekends"),
        _(
            "On cold nights it stays as warm as by day (%(night_c)s °C at night, %(day_c)s °C in the "
            "morning)."
        ),
        _(
            "Switch on the night setback, two to three degrees, with a start in the morning that suits the "
            "cold. In well insulated houses it saves less than the figure here: the low end counts."
        ),
    ),
    InsightKind.HEATING_ON_WEEKENDS: _Words(
        _("The heating is not lowered on weekends"),
        _(
            "At night the rooms are let cool to %(night_c)s °C, but on cold weekends they are %(weekend_c)s "
            "°C, as warm as on a school day's morning (%(day_c)s °C)."
        ),
        _(
            "Let the week programme of the heating lower from Friday afternoon to early Monday, two to "
            "three degrees, with a longer start on Monday when it is cold."
        ),
    ),
    InsightKind.HEATING_STARTS_EARLY: _Words(
        _("The heating starts too early in the morning"),
        _(
            "On school days the heating starts at %(starts)s; school opens at %(opens)s. Three hours before "
            "are enough on days above freezing; it runs %(spare_h)s hours longer."
        ),
        _(
            "Set a later start, or switch on optimum start, which waits longer on mild mornings. Try half "
            "an hour a week."
        ),
    ),
    InsightKind.HEATING_IN_WARM_WEATHER: _Words(
        _("The heating runs on warm days"),
        _(
            "%(kwh)s kWh were used for heating on %(days)s days with a mean of more than %(limit_c)s °C. "
            "Sun, lamps and people are enough then."
        ),
        _(
            "Let the heating stop by itself above %(limit_c)s °C (summer stop), and begin in autumn when it"
            " is needed, not on a date."
        ),
    ),
    InsightKind.HEAT_CONTROL_POOR: _Words(
        _("The heating hardly follows the weather"),
        _(
            "Outdoor temperature explains only %(r2)s of the heat of school days; where control works it is"
            " more than %(good_r2)s."
        ),
        _(
            "Let somebody look at the outdoor sensor, the heating curve and stuck valves. Heating and "
            "cooling at once, or hand control, look like this too."
        ),
    ),
    InsightKind.HOT_WATER_ON_CLOSED_DAYS: _Words(
        _("Hot water costs almost as much when nobody is there"),
        _(
            "On warm closed days %(closed_kwh_d)s kWh of heat are used a day, on warm school days "
            "%(school_kwh_d)s kWh: most of it is lost on the way round."
        ),
        _(
            "Have the insulation and the flow of the hot-water circulation checked. Keep it at 50 °C or "
            "more at every tap, for legionella's sake: never switch it off."
        ),
    ),
    InsightKind.USE_RISING: _Words(
        _("More electricity is used than a year ago"),
        _(
            "In the last four weeks %(more_share)s more electricity was used on school days than a year "
            "before."
        ),
        _(
            "Think back: what is new, what was rebuilt, what was set by hand? Look at the other findings "
            "first."
        ),
    ),
    InsightKind.PEAK_POWER: _Words(
        _("Short peaks of power decide the bill"),
        _("The highest hours reach %(peak_kw)s kW; nine of ten school days stay below %(usual_kw)s kW."),
        _(
            "Look at the hours in the table: kitchen, ventilation and car chargers that start together. Let"
            " them start one after the other."
        ),
    ),
    InsightKind.SOLAR_UNUSED: _Words(
        _("Much of the solar electricity leaves the school"),
        _(
            "%(share)s of what the solar cells make is fed out, %(kwh)s kWh a year, mostly %(when_most)s. "
            "About a third of that could be used here."
        ),
        _(
            "Move what can wait into the sun: hot-water heaters, dishwashing, charging, cold stores set a "
            "degree lower at noon. Summer's surplus may serve a neighbour."
        ),
    ),
    InsightKind.UNDERVENTILATED_ROOM: _Words(
        _("%(place)s lacks air"),
        _(
            "During lessons CO₂ reaches %(co2_ppm)s ppm on ordinary days. About %(flow_l_s)s L/s of fresh "
            "air per person comes in; 7 is what is asked for."
        ),
        _(
            "Look whether the supply and exhaust valves are open and clean and the damper moves; then have "
            "the flow measured (OVK)."
        ),
    ),
    InsightKind.OVERHEATED_ROOM: _Words(
        _("%(place)s is too warm while the heating is on"),
        _("In the heating season it is above %(limit_c)s °C for %(share)s of the lessons."),
        _(
            "Close or repair the radiator valves first; people often open windows against a stuck "
            "thermostat. Curtains against low sun."
        ),
    ),
    InsightKind.COLD_ROOM: _Words(
        _("%(place)s is cold"),
        _("It is below %(limit_c)s °C for %(share)s of the lessons in the heating season."),
        _(
            "Look for a window that does not close, a radiator full of air or behind furniture, a valve "
            "that is shut. Do not raise the whole school for one room."
        ),
    ),
    InsightKind.SENSOR_SILENT: _Words(
        _("The sensor in %(place)s is silent"),
        _("%(device)s has sent nothing that can be used for %(days)s days."),
        _("Change its battery, look whether it still hangs there, then at the gateway."),
    ),
    InsightKind.SENSOR_UNTRUSTED: _Words(
        _("The sensor in %(place)s cannot be trusted"),
        _("%(device)s: %(what)s, for %(days)s days. Its room has no light and no verdicts."),
        _("Take it outdoors for a quarter of an hour and calibrate it; change it if it comes back."),
    ),
    InsightKind.METER_SILENT: _Words(
        _("The meter %(place)s is silent"),
        _("%(device)s has sent nothing for %(days)s days: the school's energy is not known since then."),
        _("Look at the meter's display and at its reader; ask the grid or heat company for the values."),
    ),
}
"""English. In a figure's place stands its key in ``params``, formatted by the unit at its end."""

_WITHOUT_FLOW = _(
    "During lessons CO₂ reaches %(co2_ppm)s ppm on ordinary days; regularly above 1000 ppm is a sign of too "
    "little air. How much comes in cannot be told without the size and age of the group."
)
"""What a room that lacks air means where nobody said who is in it."""

_TODO_BY_VENTILATION: Mapping[Ventilation, str] = {
    Ventilation.S: _(
        "Only warm air that rises draws air through this room, least of all on mild days. See that its air "
        "vents and exhaust shafts are open and clean, and have it inspected (OVK)."
    ),
    Ventilation.F: _(
        "Air comes in through vents in the windows and walls: see that they are open and clean and that the "
        "exhaust valve draws a sheet of paper; then have the flow measured (OVK)."
    ),
}
"""What to do for a room that lacks air and has no supply valves to look at."""

_WINDOWS = _("Until then: fewer people, or windows open in every break.")
_ONLY_WINDOWS = _(
    "Until it gets more air: windows wide open in every break and between lessons, or fewer people."
)
_NO_WINDOWS = _("Until then: fewer people, and out in every break; no window opens here.")

_NOT_TOLD: Mapping[NoEnergy, str] = {
    "two_at_once": _(
        "What it costs cannot be told: at its beginning or end the ventilation ran all night, which cools "
        "the rooms."
    ),
    "unsure": _(
        "What it costs cannot be told: it lasted few cold days, or began or ended in mild weather, when sun "
        "and people warm the rooms, too."
    ),
    "ways_differ": _(
        "What it costs cannot be told: by hours, mornings and days it is not equally warm, as when the sun "
        "has its part in it."
    ),
}
"""Added to the meaning of a finding whose energy is not told."""

_WORD_PARAMS: Mapping[str, str] = {
    "stale": _("stuck at one value"),
    "drift": _("drifted away from outdoor air"),
    "weekends": _("on weekends and in breaks"),
    "school_days": _("on school days"),
}


def insight_text(insight: Insight, site: Site, code: Code) -> InsightText:
    """``insight`` in words; rooms and meters by their names."""
    words, locale = words_of(LOCALE_FOLDER, "insights", code), Locale.parse(_LOCALES[code])
    figures = {key: _figure(key, value, words, locale) for key, value in insight.params.items()}
    school = site.school_by_key.get(insight.school)
    figures["place"] = place_name(insight, site) or (school.name if school else insight.school)
    figures["device"] = insight.device or ""
    said, until_then = _WORDS[insight.kind], None
    if insight.kind is InsightKind.UNDERVENTILATED_ROOM:
        room = site.room_by_key.get((insight.school, insight.room or ""))
        said, until_then = _lacking_air(said, room, told="flow_l_s" in figures)
    title, meaning, todo = (words.gettext(text) % figures for text in said)
    if insight.no_energy is not None:
        meaning += " " + words.gettext(_NOT_TOLD[insight.no_energy])
    if until_then is not None:
        todo += " " + words.gettext(until_then)
    return InsightText(title, meaning, todo, _when(insight, words, locale))


def _lacking_air(said: _Words, room: Room | None, *, told: bool) -> tuple[_Words, str]:
    """What is said of a ``room`` that lacks air, by its kind of ventilation, and what helps until more comes
    in; ``told``: how much comes in is known."""
    ventilation = None if room is None else room.ventilation
    if not told:
        said = said._replace(meaning=_WITHOUT_FLOW)
    if ventilation is not None:
        said = said._replace(todo=_TODO_BY_VENTILATION.get(ventilation, said.todo))
    if room is not None and room.openable_windows is False:
        return said, _NO_WINDOWS
    return said, _ONLY_WINDOWS if ventilation is Ventilation.S else _WINDOWS


def _when(insight: Insight, words: NullTranslations, locale: Locale) -> str:
    first, last = (format_date(day, "d MMMM y", locale=locale) for day in (insight.first, insight.last))
    if insight.ongoing:
        return words.gettext(_("Since %(first)s")) % {"first": first}
    return words.gettext(_("%(first)s – %(last)s, ended")) % {"first": first, "last": last}


def place_name(insight: Insight, site: Site) -> str | None:
    """Name of the room or meter that a finding is about; None: all of the school."""
    if insight.room is not None:
        room = site.room_by_key.get((insight.school, insight.room))
        return room.name if room else insight.room
    if insight.meter is not None:
        names = [row.name for row in site.meters_of(insight.school) if row.key == insight.meter]
        return names[-1] if names else insight.meter
    return None


def _figure(key: str, value: float | str, words: NullTranslations, locale: Locale) -> str:
    if isinstance(value, str):
        return words.gettext(_WORD_PARAMS[value]) if value in _WORD_PARAMS else value
    if key.endswith(("share", "r2")):
        return str(format_percent(round(value, 2), locale=locale))
    if key.endswith("ppm"):
        return str(format_decimal(round(value / 50) * 50, locale=locale))
    if key.endswith(("days", "kwh", "kwh_per_k", "kwh_d", "breaks")):
        return str(format_decimal(round(value), locale=locale))
    return str(format_decimal(round(value, 1), locale=locale))
