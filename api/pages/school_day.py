"""Skolans dag: a day of the school large on a screen, and one question for the class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.pages.daily_entries import OLDEST
from api.pages.day_facts import DayFacts, day_facts
from api.pages.language import Language
from api.pages.questions import Question, question_of
from api.pages.visit import Visit
from api.pages.week import carrier_name
from api.plot import BarKind, DayBar, PlacedBar, placed_bars
from classroom.places import DayType, School
from classroom.quantity import QUANTITIES, Carrier

_DAY = timedelta(days=1)
_LOOK_BACK_DAYS = 14


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure of the day with its name, and what to say of it."""

    key: str
    name: str
    figure: str
    detail: str


@dataclass(frozen=True, slots=True)
class Lack:
    """What the school does not measure, why it matters, and how it comes here."""

    name: str
    why: str
    how: str


@dataclass(frozen=True, slots=True)
class HourBars:
    """Hours side by side, and the same in words and as rows."""

    title: str
    told: str
    placed: tuple[PlacedBar, ...]
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SchoolDayView:
    """The page; ``earlier`` and ``later`` are the neighbouring days, the form is for ``day``."""

    school: School
    facts: DayFacts
    question: Question | None
    tiles: list[Tile]
    hours: HourBars | None
    lacks: list[Lack]
    earlier: date
    later: date | None
    may_write: bool
    may_mend: bool
    sent: Mapping[str, str]
    faults: list[str]


def last_school_day(visit: Visit, school: School) -> date:
    """The newest school day that is over; yesterday in the long holidays."""
    timetable = visit.site.timetable(school.key)
    days = [visit.today - n * _DAY for n in range(1, _LOOK_BACK_DAYS + 1)]
    return next((day for day in days if timetable.day_type(day) is DayType.SCHOOL_DAY), days[0])


def school_day_view(
    visit: Visit,
    school: School,
    day: date,
    *,
    may_write: bool,
    sent: Mapping[str, str] | None = None,
    faults: Sequence[str] = (),
) -> SchoolDayView:
    """``day`` (over) at ``school``.

    Raises:
        StoreError: the store cannot serve now.
    """
    facts, say = day_facts(visit, school, day), visit.say
    tiles = [tile for tile in _tiles(facts, say) if tile is not None]
    return SchoolDayView(
        school=school,
        facts=facts,
        question=question_of(visit, facts),
        tiles=tiles,
        hours=_hour_bars(facts, say) if facts.hours_kwh else None,
        lacks=_lacks(facts, say),
        earlier=day - _DAY,
        later=day + _DAY if day + _DAY < visit.today else None,
        may_write=may_write,
        may_mend=may_write and visit.today - OLDEST <= day,
        sent=sent if sent is not None else _typed(facts, say),
        faults=list(faults),
    )


def _typed(facts: DayFacts, say: Language) -> dict[str, str]:
    if facts.entry is None:
        return {}
    waste = say.number(facts.entry.food_waste_kg, 0 if facts.entry.food_waste_kg.is_integer() else 1)
    return {"food_waste_kg": waste, "portions": str(facts.entry.portions or "")}


def _tiles(facts: DayFacts, say: Language) -> list[Tile | None]:
    return [_power(facts, say), _heat(facts, say), _sun(facts, say), *_sounds(facts, say), _food(facts, say)]


def _power(facts: DayFacts, say: Language) -> Tile | None:
    kwh = facts.kwh(Carrier.ELECTRICITY)
    if kwh is None:
        return None
    detail = ""
    if facts.pupils:
        detail = say.text("%(amount)s a pupil") % {"amount": say.energy(kwh / facts.pupils)}
    name = carrier_name(Carrier.ELECTRICITY, produced=False, say=say)
    return Tile("electricity", name, say.energy(kwh), detail)


def _heat(facts: DayFacts, say: Language) -> Tile | None:
    kwh = facts.kwh(facts.heat) if facts.heat else None
    if facts.heat is None or kwh is None:
        return None
    cold = facts.outdoor_c.get(facts.day)
    detail = say.text("at %(cold)s outdoors") % {"cold": say.temperature(cold)} if cold is not None else ""
    return Tile("heat", carrier_name(facts.heat, produced=False, say=say), say.energy(kwh), detail)


def _sun(facts: DayFacts, say: Language) -> Tile | None:
    made = facts.solar_kwh.get(facts.day)
    if made is None:
        return None
    best = max(facts.solar_kwh.values())
    detail = say.text("the best of the last days made %(kwh)s") % {"kwh": say.energy(best)}
    return Tile("sun", say.text("The sun on our roof"), say.energy(made), detail if best > made else "")


def _sounds(facts: DayFacts, say: Language) -> list[Tile | None]:
    found: list[Tile | None] = []
    if facts.noise_db:
        top = max(facts.noise_db, key=lambda hour: facts.noise_db[hour])
        detail = say.text("the loudest hour, from %(hour)s") % {"hour": f"{top:02d}:00"}
        found.append(Tile("noise", say.text("Noise"), say.decibels(facts.noise_db[top]), detail))
    if facts.particles is not None:
        one = facts.particles
        label = QUANTITIES[one.quantity]
        detail = say.text("%(start)s–%(end)s, while children arrive") % {
            "start": say.clock(one.start),
            "end": say.clock(one.end),
        }
        if one.rest is not None:
            detail += say.text("; later %(amount)s") % {"amount": say.particles(one.rest)}
        name = label.label_sv if say.code == "sv" else label.label_en
        found.append(Tile("particles", name, say.particles(one.drop_off), detail))
    return found


def _food(facts: DayFacts, say: Language) -> Tile | None:
    if facts.entry is None:
        return None
    grams = facts.entry.grams_a_portion
    detail = say.text("%(grams)s g a portion") % {"grams": say.number(grams)} if grams is not None else ""
    return Tile("food", say.text("Food waste"), f"{say.number(facts.entry.food_waste_kg, 1)}\u00a0kg", detail)


def _hour_bars(facts: DayFacts, say: Language) -> HourBars:
    hours = sorted(facts.hours_kwh.items())
    bars = [DayBar(f"{hour:02d}" if hour % 3 == 0 else "", kwh, "", BarKind.WHOLE) for hour, kwh in hours]
    top, kwh = max(hours, key=lambda pair: pair[1])
    told = say.text("Highest from %(hour)s: %(kwh)s") % {"hour": f"{top:02d}:00", "kwh": say.energy(kwh)}
    rows = tuple((f"{hour:02d}:00–{(hour + 1) % 24:02d}:00", say.number(kwh, 1)) for hour, kwh in hours)
    title = say.text("Electricity hour by hour [kWh]")
    return HourBars(title, told, placed_bars(bars), rows)


def _lacks(facts: DayFacts, say: Language) -> list[Lack]:
    """In the order of how easily each is mended."""
    found = []
    if facts.entry is None:
        found.append(
            Lack(
                say.text("Food waste"),
                say.text("What is thrown away was grown, carried and cooked for nothing."),
                say.text("Weigh the bin after lunch; staff type it in below."),
            )
        )
    if not facts.hours_kwh:
        found.append(
            Lack(
                say.text("Electricity by the hour"),
                say.text("Only hours show what is on when nobody is there."),
                say.text("A meter that reports every hour; nothing is filled in where one is missing."),
            )
        )
    if not facts.noise_db:
        found.append(
            Lack(
                say.text("Noise"),
                say.text("Noise tires, and hides what teachers and friends say."),
                say.text("A room sensor with a sound level; it keeps no sound, only decibels."),
            )
        )
    if facts.particles is None and facts.day_type is DayType.SCHOOL_DAY:
        found.append(
            Lack(
                say.text("Particles while children arrive"),
                say.text("Exhaust from idling cars reaches lungs that are still growing."),
                say.text("A sensor with particles (PM2.5) by the entrance."),
            )
        )
    if facts.day not in facts.solar_kwh:
        found.append(
            Lack(
                say.text("The sun on our roof"),
                say.text("What the roof makes need not be bought."),
                say.text("If there are solar cells: their meter, as a production meter in meters.csv."),
            )
        )
    return found
