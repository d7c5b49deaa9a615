"""Schools, rooms, meters and devices, each row as its CSV table gives it, checked by its own model.

Everything that changes over time carries ``valid_from``/``valid_to`` (aware UTC, half open; None is open).
"""

from __future__ import annotations

import re
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from classroom.quantity import Carrier

_KEY = r"^[a-z0-9][a-z0-9._-]{0,63}$"
_HOURS = r"^\d\d:\d\d-\d\d:\d\d$"
_PRINTABLE = r"^[^\x00-\x1f\x7f]+$"
_TIME_OF_DAY = r"^([01]\d|2[0-3]):[0-5]\d$"

PATTERN_CURES = {
    _KEY: "write it with lower-case letters a-z, digits, dot, dash and underscore, at most 64",
    _HOURS: "write hours as 08:00-15:00",
    _PRINTABLE: "write it without tabs, line breaks and other control characters",
    _TIME_OF_DAY: "write a time of day as 08:10",
}
"""What people should write where a pattern does not match."""

Key = Annotated[str, StringConstraints(pattern=_KEY)]
"""Key of a place: lower-case letters, digits, dot, dash, underscore; it stands in URLs and topics."""


def _lower_dev_eui(value: object) -> object:
    """A devEUI as stickers print it, in the form decoders give."""
    return value.lower() if isinstance(value, str) and re.fullmatch(r"[0-9A-Fa-f]{16}", value) else value


Hours = Annotated[str, StringConstraints(pattern=_HOURS)]
TimeOfDay = Annotated[str, StringConstraints(pattern=_TIME_OF_DAY)]

DeviceKey = Annotated[
    str,
    BeforeValidator(_lower_dev_eui),
    StringConstraints(min_length=1, max_length=200, pattern=_PRINTABLE),
]
"""Key of a device: its devEUI (lower case), MAC, meter serial or ``school/device``; any printable text."""

Text = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200, pattern=_PRINTABLE)
]


def _decimal_comma(value: object) -> object:
    """``3,5`` as Swedish spreadsheets write it."""
    if isinstance(value, str) and value.count(",") == 1 and "." not in value:
        return value.replace(",", ".")
    return value


Number = Annotated[float, BeforeValidator(_decimal_comma), Field(allow_inf_nan=False)]


def _swedish_truth(value: object) -> object:
    """``ja``/``nej`` and what Excel writes in Swedish; pydantic knows yes, no, true, false, 1 and 0."""
    words = {"ja": True, "sant": True, "nej": False, "falskt": False}
    return words.get(value.lower(), value) if isinstance(value, str) else value


Truth = Annotated[bool, BeforeValidator(_swedish_truth)]


class Row(BaseModel):
    """A row of a table; unknown columns are refused.

    ``identity`` names the columns that make it the same row in another version of the table, though the other
    columns differ; empty: all of them.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    identity: ClassVar[tuple[str, ...]] = ()


class Tenure(StrEnum):
    """Who owns the building: it decides which emissions are the school's own (scope 2) or the landlord's."""

    OWNED = "owned"
    RENTED = "rented"


class AgeGroup(StrEnum):
    """Age bands of Persily & de Jonge (2017), Table 4, for CO2 generation."""

    AGE_3_5 = "3-5"
    AGE_6_10 = "6-10"
    AGE_11_15 = "11-15"
    AGE_16_20 = "16-20"
    ADULT = "adult"


class Ventilation(StrEnum):
    """Swedish OVK system codes."""

    S = "S"  # natural
    F = "F"  # exhaust
    FT = "FT"  # supply and exhaust
    FTX = "FTX"  # with heat recovery
    VAV = "VAV"  # FTX with demand control


class School(Row):
    """A school. ``school_hours`` (local) serve rooms that have no timetable of their own."""

    identity = ("key",)

    key: Key
    name: Text
    municipality: Text | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None
    school_hours: Hours = "08:00-15:00"


class SchoolAttributes(Row):
    """What is true of a school from ``valid_from`` (local date) until the next row for the same school."""

    identity = ("school", "valid_from")

    school: Key
    valid_from: date
    atemp_m2: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None
    pupils: Annotated[int, Field(ge=0, le=20_000)] | None = None
    tenure: Tenure = Tenure.OWNED
    ventilation_hours: Hours | None = None


class Building(Row):
    """A building of a school."""

    identity = ("school", "key")

    school: Key
    key: Key
    name: Text
    atemp_m2: Annotated[Number, Field(gt=0, le=1_000_000)] | None = None


class Room(Row):
    """A room; ``key`` is unique within its school only."""

    identity = ("school", "key")

    school: Key
    key: Key
    name: Text
    building: Key | None = None
    area_m2: Annotated[Number, Field(gt=0, le=10_000)] | None = None
    volume_m3: Annotated[Number, Field(gt=0, le=100_000)] | None = None
    persons: Annotated[int, Field(ge=0, le=2_000)] | None = None
    age_group: AgeGroup | None = None
    ventilation: Ventilation | None = None
    openable_windows: Truth | None = None
    design_flow_l_s: Annotated[Number, Field(ge=0, le=100_000)] | None = None
    ovk_flow_l_s: Annotated[Number, Field(ge=0, le=100_000)] | None = None


class MeterRole(StrEnum):
    """Place of a meter in its school's tree; only MAIN is summed into what the school bought."""

    MAIN = "main"
    SUB = "sub"
    EXPORT = "export"
    PRODUCTION = "production"


class Meter(Row):
    """A meter from ``valid_from`` to ``valid_to``.

    ``share`` is the part of its energy that is this school's (0-1), for a building shared with others. A SUB
    meter names its ``parent`` and is never summed; EXPORT and PRODUCTION stand apart from what was bought.
    """

    identity = ("school", "key", "valid_from")

    school: Key
    key: Key
    name: Text
    carrier: Carrier
    role: MeterRole = MeterRole.MAIN
    parent: Key | None = None
    building: Key | None = None
    share: Annotated[Number, Field(gt=0, le=1)] = 1.0
    valid_from: datetime | None = None
    valid_to: datetime | None = None


class Device(Row):
    """Where a device hung from ``valid_from`` to ``valid_to``: in a room or at a meter, never both.

    At the meter of a building that schools share it has a row for each school; the meters' shares part it.

    ``interval_s`` is the device's reporting interval; it makes the slots that coverage counts.
    ``pulses_per_kwh`` turns a pulse counter into energy, ``scale`` multiplies registers and power behind
    current transformers that the device does not know of.
    """

    identity = ("key", "valid_from")

    key: DeviceKey
    school: Key
    room: Key | None = None
    meter: Key | None = None
    interval_s: Annotated[int, Field(ge=10, le=86_400)] = 600
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    pulses_per_kwh: Annotated[Number, Field(gt=0)] | None = None
    scale: Annotated[Number, Field(gt=0)] = 1.0

    def holds_at(self, time: datetime) -> bool:
        """Whether this placement is in force at ``time``."""
        return (self.valid_from is None or self.valid_from <= time) and (
            self.valid_to is None or time < self.valid_to
        )


class Station(Row):
    """A place where weather is measured: a weather service's station, or an outdoor sensor of one's own.

    ``key`` is the device key of its readings. A sensor of one's own may stand at a ``school`` instead of
    having coordinates.
    """

    identity = ("key",)

    key: DeviceKey
    name: Text
    school: Key | None = None
    latitude: Annotated[Number, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[Number, Field(ge=-180, le=180)] | None = None


class NormalMonth(Row):
    """A month of a normal year at a station: mean outdoor temperature and, if the table has them, degree
    days.

    The user gives the table (SMHI's normals of 1991-2020, an energy company's); nothing is shipped.
    """

    identity = ("station", "month")

    station: DeviceKey
    month: Annotated[int, Field(ge=1, le=12)]
    temperature_c: Annotated[Number, Field(ge=-40, le=40)]
    degree_days: Annotated[Number, Field(ge=0, le=2_000)] | None = None


class DayType(StrEnum):
    """What kind of day it is for a school; lov is not empty (fritids is there)."""

    SCHOOL_DAY = "school_day"
    LOV = "lov"
    STUDIEDAG = "studiedag"
    CLOSED = "closed"


class CalendarRow(Row):
    """Days of one kind, first to last inclusive, for a municipality, one school, or all (both empty).

    ``term`` rows bound the terms: a weekday outside every term is lov. ``hired_evening`` leaves the day's
    type and marks ``hours`` of its evening as used by others. ``source`` names the import that wrote the row
    and will replace it; rows written by hand have none.
    """

    identity = ("municipality", "school", "day_type", "first", "hours", "source")

    municipality: Text | None = None
    school: Key | None = None
    first: date
    last: date
    day_type: Literal["term", "school_day", "lov", "studiedag", "closed", "hired_evening"]
    hours: Hours | None = None
    name: Text | None = None
    source: Key | None = None


class Lesson(Row):
    """A weekly lesson in a room, local time; no names of people are kept. ``weekday`` 1 is Monday.

    ``source`` names the import that wrote the row and will replace it; rows written by hand have none.
    """

    identity = ("school", "room", "weekday", "start", "weeks", "valid_from", "source")

    school: Key
    room: Key
    weekday: Annotated[int, Field(ge=1, le=7)]
    start: TimeOfDay
    end: TimeOfDay
    group_size: Annotated[int, Field(ge=0, le=2_000)] | None = None
    weeks: Literal["all", "odd", "even"] = "all"
    valid_from: date | None = None
    valid_to: date | None = None
    source: Key | None = None

    def holds_on(self, day: date) -> bool:
        """Whether ``day`` (local) lies within the row's validity, first and last day included."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )
