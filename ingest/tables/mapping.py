"""``calendars.toml`` beside a site: what words of calendars mean, which names rooms have elsewhere, how large
groups are."""

from __future__ import annotations

import tomllib
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import Key

CALENDARS_FILE = "calendars.toml"

Kind = Literal[
    "term", "term_start", "term_end", "school_day", "lov", "studiedag", "closed", "hired_evening", "ignore"
]
"""What an entry of a calendar may be: a day type, the first or last day of a term, or nothing to us."""

KINDS: tuple[Kind, ...] = get_args(Kind)


class CalendarMapping(BaseModel):
    """How the files of others are read.

    ``words``: kind of a calendar entry that holds the word. ``rooms``: by school, the key of the room that a
    timetable calls so; ``ignore`` leaves its lessons out. ``groups``: persons in a group, by its name.
    ``date_format``: how dates are written where they are not ISO (strptime, as ``%d/%m/%Y``).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: dict[str, Kind] = {}
    rooms: dict[Key, dict[str, Key]] = {}
    groups: dict[str, Annotated[int, Field(ge=0, le=2_000)]] = {}
    date_format: str | None = None


def parse_calendar_mapping(text: str, file: str = CALENDARS_FILE) -> CalendarMapping:
    """The mapping in a TOML text; an empty text is an empty mapping.

    Raises:
        ConfigurationError: with every fault of the text.
    """
    try:
        return CalendarMapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        cure = "correct the TOML at that place"
        raise ConfigurationError([Fault(file, "(syntax)", str(error), cure)]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, file)) from error
