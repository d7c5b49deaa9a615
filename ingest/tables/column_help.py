"""The columns of a site's tables: what their cells are, and a sentence on each for people."""

from __future__ import annotations

from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from classroom.places import Row

KEY_COLUMNS = frozenset(("key", "school", "room", "building", "meter", "parent", "id", "station"))
"""Columns whose text must be letter for letter what stands elsewhere."""

_KEY = "a-z, 0-9, dot, dash, underscore; stays for ever, it stands in addresses and topics"
_SCHOOL = "key of the school, as in schools"
_FROM = "from then on; a date, or date and time in the site's time zone; empty: always"
_TO = "until then; empty: still"
_SOURCE = "the import that wrote the row and will replace it; leave empty in rows of your own"

HELP: dict[str, dict[str, str]] = {
    "schools": {
        "key": _KEY,
        "name": "name for people",
        "municipality": "municipality, for its calendar",
        "latitude": "degrees north, as 56.05",
        "longitude": "degrees east, as 12.70",
        "school_hours": "when rooms without a timetable are in use, local, as 08:00-15:00",
    },
    "school_attributes": {
        "school": _SCHOOL,
        "valid_from": "first day on which the row is true; until the school's next row",
        "atemp_m2": "heated area Atemp [m²]",
        "pupils": "number of pupils",
        "tenure": "owned or rented: whose the emissions are",
        "ventilation_hours": "when ventilation runs, local, as 06:00-17:00",
    },
    "buildings": {
        "school": _SCHOOL,
        "key": _KEY,
        "name": "name for people",
        "atemp_m2": "heated area Atemp [m²]",
    },
    "rooms": {
        "school": _SCHOOL,
        "key": f"{_KEY}; unique within the school",
        "name": "name for people, as on the door",
        "building": "key of the building",
        "area_m2": "floor area [m²]",
        "volume_m3": "air volume [m³]",
        "persons": "persons the room is planned for",
        "age_group": "3-5, 6-10, 11-15, 16-20 or adult: how much CO2 they breathe out",
        "ventilation": "S natural, F exhaust, FT supply and exhaust, FTX with heat recovery, VAV by demand",
        "openable_windows": "yes or no",
        "design_flow_l_s": "supply air as designed [l/s]",
        "ovk_flow_l_s": "supply air as measured in the last OVK [l/s]",
    },
    "meters": {
        "school": _SCHOOL,
        "key": _KEY,
        "name": "name for people",
        "carrier": "what it measures",
        "role": "main is summed; sub stands below its parent; export and production stand apart",
        "parent": "of a sub meter: key of the meter above it",
        "building": "key of the building",
        "share": "part of its energy that is this school's, 0 to 1",
        "valid_from": _FROM,
        "valid_to": _TO,
    },
    "devices": {
        "key": "devEUI, MAC, serial or school/device; as text: a spreadsheet makes 1.2E+15 of digits",
        "school": _SCHOOL,
        "room": "key of the room it hangs in, or",
        "meter": "key of the meter it reads; never both",
        "interval_s": "seconds between its readings",
        "valid_from": _FROM,
        "valid_to": _TO,
        "pulses_per_kwh": "of a pulse counter",
        "scale": "factor of its registers, behind current transformers it does not know of",
    },
    "calendar": {
        "municipality": "whom it concerns: a municipality,",
        "school": "or one school; both empty: all",
        "first": "first day",
        "last": "last day",
        "day_type": "term, lov, studiedag, closed, school_day or hired_evening",
        "hours": "of hired evenings, as 18:00-21:00",
        "name": "name for people",
        "source": _SOURCE,
    },
    "lessons": {
        "school": _SCHOOL,
        "room": "key of the room",
        "weekday": "1 is Monday",
        "start": "local time, as 08:10",
        "end": "local time, as 09:10",
        "group_size": "persons; no names",
        "weeks": "all, odd or even (ISO weeks)",
        "valid_from": "first day; empty: always",
        "valid_to": "last day; empty: still",
        "source": _SOURCE,
    },
    "factors": {
        "id": _KEY,
        "carrier": "of which energy",
        "year": "of which year",
        "g_per_kwh": "gCO2e per kWh",
        "basis": "location or market",
        "allocation": "of district heat: how plants split their fuel between heat and power",
        "covers": "direct, upstream or lifecycle",
        "area": "where it holds",
        "source": "who says so",
        "licence": "on what terms",
    },
    "stations": {
        "key": "device key of its readings",
        "name": "name for people",
        "school": "where it stands at a school: its key",
        "latitude": "degrees north",
        "longitude": "degrees east",
    },
    "normal_years": {
        "station": "key of the station",
        "month": "1 to 12",
        "temperature_c": "mean outdoor temperature [°C]",
        "degree_days": "heating degree days [K·d]",
    },
    "tariffs": {
        "school": "whose price; empty: every school's",
        "carrier": "of which energy",
        "component": "energy, tax, export [SEK/kWh], power [SEK/kW, month], flow [SEK/m³], fixed [SEK/month]",
        "name": "as on the bill",
        "price_sek": "without VAT",
        "months": "first to last, as 11-3; empty: all year",
        "weekdays": "first to last, as 1-5 (1 is Monday); empty: all",
        "hours": "local, as 06:00-22:00; empty: all day",
        "peaks": "power: mean of so many highest of the month",
        "peak_of": "power: of hours or of days",
        "valid_from": "first day; empty: always",
        "valid_to": "last day; empty: still",
        "source": "where the price stands",
    },
}
"""By table and column."""


def base_type(model: type[Row], column: str) -> type[object]:
    """What the cells of a column are: str, float, int, bool, date, datetime or an Enum."""
    return _base(model.model_fields[column].annotation)


def choices(model: type[Row], column: str) -> list[str]:
    """The words a column allows; empty where it is free."""
    found: list[str] = []
    for part in _parts(model.model_fields[column].annotation):
        if isinstance(part, type) and issubclass(part, Enum):
            found += [str(one.value) for one in part]
        elif get_origin(part) is Literal:
            found += [str(one) for one in get_args(part)]
    return found


def _base(annotation: Any) -> type[object]:  # noqa: ANN401 - an annotation may be anything
    (part,) = _parts(annotation)
    if get_origin(part) is Literal:
        return str
    return part if isinstance(part, type) else str


def _parts(annotation: Any) -> list[Any]:  # noqa: ANN401 - an annotation may be anything
    """The alternatives of an annotation without None and without what only checks."""
    if get_origin(annotation) in (Union, UnionType):
        return [part for one in get_args(annotation) if one is not NoneType for part in _parts(one)]
    if get_origin(annotation) is Annotated:
        return _parts(get_args(annotation)[0])
    return [annotation]
