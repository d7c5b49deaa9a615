"""One question a day for the class, with its true answer, drawn from the school's own readings.

Which one it is follows from the school and the day alone: everybody who looks sees the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from api.pages.day_facts import DayFacts
from api.pages.visit import Visit
from api.pages.week import carrier_name
from classroom.air import SOON_PPM
from classroom.places import DayType
from classroom.quantity import Carrier

NIGHT = range(4)
_WEEK = timedelta(days=7)
_DAY = timedelta(days=1)
_LEAST_DIFFERENCE_PPM = 50.0
_LAMP_W = 10.0


class Question(NamedTuple):
    """What is asked, what is true, and how we know or what follows."""

    key: str
    text: str
    answer: str
    how: str


def question_of(visit: Visit, facts: DayFacts) -> Question | None:
    """The day's question; None where the school measures nothing that one could be asked about."""
    found = questions(visit, facts)
    if not found:
        return None
    drawn = hashlib.sha256(f"{facts.school.key}\0{facts.day}".encode()).digest()
    return found[int.from_bytes(drawn[:4], "big") % len(found)]


def questions(visit: Visit, facts: DayFacts) -> list[Question]:
    """Every question that the day's readings can answer, always in the same order."""
    made = (one(visit, facts) for one in _KINDS)
    return [one for one in made if one is not None]


def _peak_hour(visit: Visit, facts: DayFacts) -> Question | None:
    say, hours = visit.say, facts.hours_kwh
    if len(hours) < 24:
        return None
    top = max(hours, key=lambda hour: hours[hour])
    return Question(
        "peak_hour",
        say.text("In which hour did the school use the most electricity?"),
        say.text("Between %(start)s and %(end)s: %(kwh)s.")
        % {"start": _hour(top), "end": _hour(top + 1), "kwh": say.energy(hours[top])},
        say.text("What happens at school at that time? Which of it needs electricity?"),
    )


def _night(visit: Visit, facts: DayFacts) -> Question | None:
    say, hours = visit.say, facts.hours_kwh
    if len(hours) < 24:
        return None
    night, top = sum(hours[hour] for hour in NIGHT) / len(NIGHT), max(hours.values())
    return Question(
        "night",
        say.text("How much electricity does the school use in one hour in the middle of the night?"),
        say.text("%(night)s an hour. In the busiest hour of the day it was %(top)s.")
        % {"night": say.energy(night), "top": say.energy(top)},
        say.text("Nobody is there at night. What do you think is on?"),
    )


def _closed(visit: Visit, facts: DayFacts) -> Question | None:
    if facts.closed_share is None:
        return None
    return Question(
        "closed",
        visit.say.text("How much of the day's electricity was used while the school was closed?"),
        visit.say.text("%(share)s of it.") % {"share": visit.say.share(facts.closed_share)},
        visit.say.text("Half of it would be a good result for most schools."),
    )


def _a_week_ago(visit: Visit, facts: DayFacts) -> Question | None:
    say, days = visit.say, facts.days_kwh.get(Carrier.ELECTRICITY, {})
    now, before = days.get(facts.day), days.get(facts.day - _WEEK)
    if now is None or not before:
        return None
    more = now / before - 1
    words = say.text("More: %(share)s.") if more >= 0 else say.text("Less: %(share)s.")
    if abs(more) < 0.01:
        words = say.text("Almost the same.")
    return Question(
        "a_week_ago",
        say.text("Did the school use more or less electricity than on the same weekday a week before?"),
        words % {"share": say.share(abs(more))} if "%(" in words else words,
        say.text("%(now)s against %(before)s.") % {"now": say.energy(now), "before": say.energy(before)},
    )


def _thriftiest(visit: Visit, facts: DayFacts) -> Question | None:
    say, timetable = visit.say, visit.site.timetable(facts.school.key)
    days = {
        day: kwh
        for day, kwh in facts.days_kwh.get(Carrier.ELECTRICITY, {}).items()
        if timetable.day_type(day) is DayType.SCHOOL_DAY
    }
    if len(days) < 3:
        return None
    least = min(days, key=lambda day: days[day])
    return Question(
        "thriftiest",
        say.text("On which of the last %(days)s school days did the school use the least electricity?")
        % {"days": len(days)},
        say.text("On %(day)s: %(kwh)s.") % {"day": say.day(least), "kwh": say.energy(days[least])},
        say.text("Most it was %(kwh)s.") % {"kwh": say.energy(max(days.values()))},
    )


def _lamp(visit: Visit, facts: DayFacts) -> Question | None:
    say, kwh = visit.say, facts.kwh(Carrier.ELECTRICITY)
    if kwh is None or not facts.pupils:
        return None
    each = kwh / facts.pupils
    return Question(
        "lamp",
        say.text("How long could a lamp of 10 watts burn on one pupil's share of the day's electricity?"),
        say.text("%(hours)s hours.") % {"hours": say.number(each * 1_000 / _LAMP_W)},
        say.text("A pupil's share is %(kwh)s. A lamp of 10 watts burns 100 hours on one kWh.")
        % {"kwh": say.energy(each)},
    )


def _coldest(visit: Visit, facts: DayFacts) -> Question | None:
    say, carrier = visit.say, facts.heat
    if carrier is None:
        return None
    days = {day: kwh for day, kwh in facts.days_kwh[carrier].items() if day in facts.outdoor_c}
    if len(days) < 4:
        return None
    most = max(days, key=lambda day: days[day])
    coldest = min(days, key=lambda day: facts.outdoor_c[day])
    return Question(
        "coldest",
        say.text("On which of the last %(days)s days did the school need the most heat, and how cold was it?")
        % {"days": len(days)},
        say.text("On %(day)s: %(kwh)s, at %(cold)s outdoors.")
        % {
            "day": say.day(most),
            "kwh": say.energy(days[most]),
            "cold": say.temperature(facts.outdoor_c[most]),
        },
        say.text("It was also the coldest of them.")
        if most == coldest
        else say.text("It was not the coldest: that was %(day)s. What else can take heat?")
        % {"day": say.day(coldest)},
    )


def _stuffiest(visit: Visit, facts: DayFacts) -> Question | None:
    say, rooms = visit.say, facts.room_ppm
    if len(rooms) < 3 or max(rooms.values()) - min(rooms.values()) < _LEAST_DIFFERENCE_PPM:
        return None
    worst, best = max(rooms, key=lambda key: rooms[key]), min(rooms, key=lambda key: rooms[key])
    name = {key: visit.site.room_by_key[facts.school.key, key].name for key in (worst, best)}
    return Question(
        "stuffiest",
        say.text("Which of our %(rooms)s measured rooms had the stuffiest air in lessons?")
        % {"rooms": len(rooms)},
        say.text("%(room)s: %(ppm)s on average.") % {"room": name[worst], "ppm": say.co2(rooms[worst])},
        say.text("Freshest was %(room)s with %(ppm)s. Why do you think they differ?")
        % {"room": name[best], "ppm": say.co2(rooms[best])},
    )


def _good_rooms(visit: Visit, facts: DayFacts) -> Question | None:
    say, rooms = visit.say, facts.room_ppm
    if len(rooms) < 3:
        return None
    good = sum(ppm < SOON_PPM for ppm in rooms.values())
    return Question(
        "good_rooms",
        say.text("In how many of our %(rooms)s measured rooms was the air good on average?")
        % {"rooms": len(rooms)},
        say.text("In %(good)s of them.") % {"good": good},
        say.text("Good is less than 1000 ppm of carbon dioxide; outdoors there are about 430."),
    )


def _loudest(visit: Visit, facts: DayFacts) -> Question | None:
    say, hours = visit.say, facts.noise_db
    if len(hours) < 5:
        return None
    top, calm = max(hours, key=lambda hour: hours[hour]), min(hours, key=lambda hour: hours[hour])
    return Question(
        "loudest",
        say.text("In which hour of the school day was it loudest where we measure?"),
        say.text("Between %(start)s and %(end)s: %(level)s.")
        % {"start": _hour(top), "end": _hour(top + 1), "level": say.decibels(hours[top])},
        say.text("Calmest was the hour from %(start)s with %(level)s. Ten dB more sound about twice as loud.")
        % {"start": _hour(calm), "level": say.decibels(hours[calm])},
    )


def _arrival(visit: Visit, facts: DayFacts) -> Question | None:
    say, found = visit.say, facts.particles
    if found is None or not found.rest or found.rest <= 0:
        return None
    times = found.drop_off / found.rest
    return Question(
        "arrival",
        say.text(
            "How many times as many particles were in the air while children arrived as later in the day?"
        ),
        say.text("%(times)s times as many.") % {"times": say.number(times, 1)},
        say.text("%(early)s against %(later)s. Cars that idle at the gate are one cause.")
        % {"early": say.particles(found.drop_off), "later": say.particles(found.rest)},
    )


def _sun(visit: Visit, facts: DayFacts) -> Question | None:
    say, made, bought = visit.say, facts.solar_kwh.get(facts.day), facts.kwh(Carrier.ELECTRICITY)
    if made is None or not bought:
        return None
    return Question(
        "sun",
        say.text("How much did the sun on our roof make, for each 100 kWh that the school bought?"),
        say.text("%(kwh)s.") % {"kwh": say.energy(100 * made / bought)},
        say.text("%(made)s made, %(bought)s bought.")
        % {"made": say.energy(made), "bought": say.energy(bought)},
    )


def _plate(visit: Visit, facts: DayFacts) -> Question | None:
    say, entry = visit.say, facts.entry
    if entry is None or entry.grams_a_portion is None:
        return None
    return Question(
        "plate",
        say.text("How many grams of food were thrown away for each portion?"),
        say.text("%(grams)s grams.") % {"grams": say.number(entry.grams_a_portion)},
        say.text("%(kg)s kg in all, %(portions)s portions.")
        % {"kg": say.number(entry.food_waste_kg, 1), "portions": say.number(entry.portions or 0)},
    )


def _heat_share(visit: Visit, facts: DayFacts) -> Question | None:
    say, carrier, power = visit.say, facts.heat, facts.kwh(Carrier.ELECTRICITY)
    heat = facts.kwh(carrier) if carrier else None
    if carrier is None or heat is None or power is None or not heat + power:
        return None
    words = say.text("Heat: %(share)s.") if heat >= power else say.text("Electricity: %(share)s.")
    return Question(
        "heat_share",
        say.text("What took more energy, heating or electricity, and how large a part of both was it?"),
        words % {"share": say.share(max(heat, power) / (heat + power))},
        f"{carrier_name(carrier, False, say)} {say.energy(heat)}, "
        f"{carrier_name(Carrier.ELECTRICITY, False, say)} {say.energy(power)}.",
    )


def _hour(hour: int) -> str:
    return f"{hour % 24:02d}:00"


_KINDS: Sequence[Callable[[Visit, DayFacts], Question | None]] = (
    _peak_hour,
    _night,
    _closed,
    _a_week_ago,
    _thriftiest,
    _lamp,
    _coldest,
    _stuffiest,
    _good_rooms,
    _loudest,
    _arrival,
    _sun,
    _plate,
    _heat_share,
)
