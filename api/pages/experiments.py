"""Class experiments: what a class changed and when, and what it brought, in words of a twelve-year-old."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from analytics.experiments import LEAST_DAYS, MOST_DAYS, Effect, TooFew, effect
from api.lesson_temperatures import lesson_temperatures
from api.pages.expected import Expectations
from api.pages.lacks import lack_texts
from api.pages.language import Language
from api.pages.visit import Visit
from api.pages.week import carrier_name
from classroom.metric import Interval, Scope
from classroom.places import Key, Room, School
from classroom.timetable import day_span
from reports.dates import Dates
from reports.expectation import Expected
from store.base import Document

KIND = "experiment"
MOST = 100
"""Experiments that a school may keep; older ones are to be deleted first."""

LONGEST = timedelta(days=120)
_DAY = timedelta(days=1)
_SPAN_BEFORE = timedelta(days=45)  # holds MOST_DAYS school days but in a summer

Action = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f]+$"),
]


class Experiment(BaseModel):
    """An action of a class: in one ``room``, or in the whole school (None). Local days, both included;
    ``last`` None: it goes on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    action: Action
    room: Key | None = None
    first: date = Field(ge=date(2000, 1, 1), le=date(2200, 1, 1))
    last: date | None = None

    @model_validator(mode="after")
    def _ends_after_its_beginning(self) -> Experiment:
        if self.last is not None and self.last < self.first:
            raise ValueError("last")
        return self


@dataclass(frozen=True, slots=True)
class Told:
    """An experiment and what can be said of it, a sentence each."""

    key: str
    experiment: Experiment
    place: str
    results: list[str]


@dataclass(frozen=True, slots=True)
class ExperimentsView:
    """A school's experiments, the newest first; ``faults`` are those of a form that was sent."""

    school: School
    rooms: list[Room]
    told: list[Told]
    may_write: bool
    sent: Mapping[str, str]
    faults: list[str]


def experiments_view(
    visit: Visit,
    school: School,
    expectations: Expectations,
    *,
    may_write: bool,
    sent: Mapping[str, str] | None = None,
    faults: Sequence[str] = (),
) -> ExperimentsView:
    """The page of ``school``.

    Raises:
        StoreError: the store cannot serve now.
    """
    rooms = sorted(visit.site.rooms_of(school.key), key=lambda room: room.name.casefold())
    names = {room.key: room.name for room in rooms}
    kept = kept_experiments(visit, school.key)
    told = [
        Told(
            key,
            one,
            visit.say.text("the whole school") if one.room is None else names.get(one.room, one.room),
            _results(visit, school, one, expectations),
        )
        for key, one in sorted(kept.items(), key=lambda pair: pair[1].first, reverse=True)
    ]
    return ExperimentsView(school, rooms, told, may_write, sent or {}, list(faults))


def kept_experiments(visit: Visit, school: str) -> dict[str, Experiment]:
    """A school's experiments by key; what a newer version wrote and this cannot read is left out."""
    found = {}
    for document in visit.context.store.read_documents(KIND, school):
        try:
            found[document.key] = Experiment.model_validate_json(document.body)
        except ValidationError:
            continue
    return found


def keep_experiment(visit: Visit, school: School, sent: Mapping[str, str]) -> list[str]:
    """Keep what a form says; gives what is wrong with it, empty if it is kept.

    Raises:
        StoreError: the store cannot serve now.
    """
    say = visit.say
    try:
        one = Experiment.model_validate({key: value for key, value in sent.items() if value})
    except ValidationError as error:
        wrong = {str(fault["loc"][0]) if fault["loc"] else "last" for fault in error.errors()}
        words = {
            "action": say.text("Write what you did, in at most 120 characters."),
            "room": say.text("Choose a room of the list, or the whole school."),
            "first": say.text("Give the first day as a date."),
            "last": say.text("The last day is a date, not before the first."),
        }
        return [text for key, text in words.items() if key in wrong] or [say.text("Fill in the form again.")]
    if one.room is not None and (school.key, one.room) not in visit.site.room_by_key:
        return [say.text("Choose a room of the list, or the whole school.")]
    if one.first > visit.today:
        return [say.text("The first day is still to come: write it down when it is there.")]
    if len(visit.context.store.read_documents(KIND, school.key)) >= MOST:
        return [say.text("There are %(most)s experiments: delete an old one first.") % {"most": MOST}]
    document = Document(KIND, school.key, uuid.uuid4().hex[:12], one.model_dump_json())
    visit.context.store.write_documents([document])
    return []


def forget_experiment(visit: Visit, school: School, key: str) -> None:
    """Delete an experiment; one that is not there is no fault.

    Raises:
        StoreError: the store cannot serve now.
    """
    visit.context.store.delete_documents(KIND, school.key, [key])


def _results(visit: Visit, school: School, one: Experiment, expectations: Expectations) -> list[str]:
    last = min(one.last or visit.today, one.first + LONGEST, visit.today - _DAY)
    if last < one.first:
        return [visit.say.text("It began today: look again in a week.")]
    if one.room is None:
        found = expectations.of(visit.context, visit.site, school.key, Dates(one.first, last))
        if not found:
            return [visit.say.text("The school has no meters, so its energy cannot be judged.")]
        return [_energy_text(expected, visit.say) for expected in found]
    return _room_results(visit, school, one.room, one.first, last)


def _room_results(visit: Visit, school: School, room: str, first: date, last: date) -> list[str]:
    zone, say = visit.site.zone, visit.say
    begin = first - _SPAN_BEFORE
    span = day_span(begin, zone)[0], day_span(last, zone)[1]
    co2: dict[str, dict[date, float]] = {}
    for metric in visit.context.store.read_metrics(
        school.key, Scope.ROOM, None, Interval.DAY, *span, "co2_mean_ppm"
    ):
        if metric.value is not None:
            co2.setdefault(metric.id, {})[metric.time.astimezone(zone).date()] = metric.value
    warmth = lesson_temperatures(visit.context.store, visit.site, school.key, begin, last)
    results = []
    for values, words in ((co2, _co2_words(say)), (warmth, _warmth_words(say))):
        others = [by_day for key, by_day in values.items() if key != room]
        results.append(_text(effect(values.get(room, {}), others, first, last), words, say))
    return results


@dataclass(frozen=True, slots=True)
class _Words:
    name: str
    lower: str
    higher: str
    unit: str
    decimals: int
    step: float


def _co2_words(say: Language) -> _Words:
    return _Words(
        say.text("The carbon dioxide in lessons"), say.text("lower"), say.text("higher"), "ppm", 0, 10
    )


def _warmth_words(say: Language) -> _Words:
    return _Words(say.text("The temperature in lessons"), say.text("lower"), say.text("higher"), "°C", 1, 0.1)


def _text(found: Effect | TooFew, words: _Words, say: Language) -> str:
    if isinstance(found, TooFew):
        return say.text(
            "%(name)s: it cannot be told yet. %(least)s school days before and %(least)s after are needed; "
            "there are %(before)s and %(after)s."
        ) % {"name": words.name, "least": LEAST_DAYS, "before": min(found.before_days, MOST_DAYS),
             "after": found.after_days}  # fmt: skip
    against = (
        say.text("The school's other rooms tell how it would have been otherwise.")
        if found.compared
        else say.text(
            "Compared with the days before only: too few other rooms were measured, so the weather may have "
            "a part in it."
        )
    )
    least, most = sorted((abs(found.low), abs(found.high)))
    if not found.told:
        text = say.text("%(name)s: no difference that can be told from chance (at most %(most)s).")
        return f"{text % {'name': words.name, 'most': _amount(most, words, say)}} {against}"
    text = say.text("%(name)s became about %(change)s %(direction)s (between %(least)s and %(most)s).") % {
        "name": words.name,
        "change": _amount(abs(found.change), words, say),
        "direction": words.lower if found.change < 0 else words.higher,
        "least": _amount(least, words, say),
        "most": _amount(most, words, say),
    }
    return f"{text} {against}"


def _amount(value: float, words: _Words, say: Language) -> str:
    return f"{say.number(round(value / words.step) * words.step, words.decimals)}\u00a0{words.unit}"


def _energy_text(one: Expected, say: Language) -> str:
    name = carrier_name(one.carrier, False, say)
    if one.observed_kwh is None or one.expected_kwh is None or one.low_kwh is None or one.high_kwh is None:
        why = " ".join(f"{text}." for text in lack_texts(one.lacks, say))
        return say.text("%(name)s: it cannot be told yet. %(why)s") % {"name": name, "why": why}
    amounts = {
        "name": name,
        "used": say.energy(one.observed_kwh),
        "low": say.estimate(one.low_kwh),
        "high": say.estimate(one.high_kwh),
    }
    if not one.unusual:
        text = say.text(
            "%(name)s: no difference that can be told from chance. Used: %(used)s; in this weather and on "
            "these days the school uses %(low)s to %(high)s."
        )
    elif one.observed_kwh < one.expected_kwh:
        text = say.text(
            "%(name)s: less than usual! Used: %(used)s; in this weather and on these days the school uses "
            "%(low)s to %(high)s."
        )
    else:
        text = say.text(
            "%(name)s: more than usual. Used: %(used)s; in this weather and on these days the school uses "
            "%(low)s to %(high)s."
        )
    return text % amounts
