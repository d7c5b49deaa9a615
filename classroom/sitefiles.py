"""From the texts of a site's files to a :class:`~classroom.site.Site`, or to every fault at once."""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from classroom.factors import Factor
from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import (
    Building,
    CalendarRow,
    Device,
    Lesson,
    Meter,
    MeterRole,
    Room,
    Row,
    School,
    SchoolAttributes,
)
from classroom.settings import SETTINGS_FILE, Settings, build_settings, origin
from classroom.site import Site, overlapping
from classroom.timetable import parse_hours

__all__ = ["SETTINGS_FILE", "TABLES", "parse_site"]

TABLES: dict[str, type[Row]] = {
    "schools.csv": School,
    "school_attributes.csv": SchoolAttributes,
    "buildings.csv": Building,
    "rooms.csv": Room,
    "meters.csv": Meter,
    "devices.csv": Device,
    "calendar.csv": CalendarRow,
    "lessons.csv": Lesson,
    "factors.csv": Factor,
}
"""The CSV tables of a site directory and the model of their rows; ``factors.csv`` may be missing, as may any
table that would be empty."""

RowT = TypeVar("RowT", bound=Row)


def parse_site(texts: Mapping[str, str]) -> Site:
    """A checked site from the texts of its files, keyed by file name.

    Raises:
        ConfigurationError: with every fault of every file.
    """
    faults: list[Fault] = []
    settings = _settings(texts.get(SETTINGS_FILE), faults)
    zone = settings.site.zone if settings else ZoneInfo("UTC")
    site = Site(
        settings=settings or build_settings({}),
        schools=_table(texts, "schools.csv", School, zone, faults),
        attributes=_table(texts, "school_attributes.csv", SchoolAttributes, zone, faults),
        buildings=_table(texts, "buildings.csv", Building, zone, faults),
        rooms=_table(texts, "rooms.csv", Room, zone, faults),
        meters=_table(texts, "meters.csv", Meter, zone, faults),
        devices=_table(texts, "devices.csv", Device, zone, faults),
        calendar=_table(texts, "calendar.csv", CalendarRow, zone, faults),
        lessons=_table(texts, "lessons.csv", Lesson, zone, faults),
        own_factors=_table(texts, "factors.csv", Factor, zone, faults),
    )
    faults += _across(site)
    if faults:
        raise ConfigurationError(faults)
    return site


def _settings(text: str | None, faults: list[Fault]) -> Settings | None:
    if text is None:
        faults.append(Fault(SETTINGS_FILE, "(file)", "missing", "write it with: classroom-climate init DIR"))
        return None
    try:
        return build_settings(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        faults.append(Fault(SETTINGS_FILE, "(syntax)", str(error), "correct the TOML at that place"))
    except ValidationError as error:
        faults += [replace(fault, file=origin(fault.key)) for fault in faults_of(error, SETTINGS_FILE)]
    return None


def _table(
    texts: Mapping[str, str], file: str, model: type[RowT], zone: ZoneInfo, faults: list[Fault]
) -> list[RowT]:
    rows: list[RowT] = []
    text = texts.get(file, "").lstrip("\ufeff")
    header = text.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","  # Excel in Swedish writes semicolons
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    unknown = set(reader.fieldnames or ()) - set(model.model_fields)
    faults += [
        Fault(file, f"column {name!r}", "in line 1", f"known columns are {', '.join(model.model_fields)}")
        for name in sorted(unknown)
    ]
    for cells in reader:
        where = f"line {reader.line_num}, "
        if None in cells:
            faults.append(
                Fault(file, f"{where}end", repr(cells[None]), "the row has more cells than the header")
            )
            continue
        given: dict[str, Any] = {
            name: _cell(model, name, value.strip(), zone)
            for name, value in cells.items()
            if name not in unknown and value is not None and value.strip()
        }
        if not given or str(next(iter(cells.values()))).startswith("#"):
            continue  # an empty line or a comment
        try:
            rows.append(model.model_validate(given))
        except ValidationError as error:
            faults += faults_of(error, file, where)
    return rows


def _cell(model: type[Row], name: str, value: str, zone: ZoneInfo) -> object:
    """Dates and zoneless times in datetime columns are the site's local time; the rest is pydantic's."""
    if name in ("valid_from", "valid_to") and model.model_fields[name].annotation == datetime | None:
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    return value


def _across(site: Site) -> list[Fault]:
    """Faults between rows: unknown references, double keys, impossible times."""
    return [
        *_references(site),
        *_double_keys(site),
        *_impossible(site),
        *_meter_tree(site),
    ]


def _references(site: Site) -> list[Fault]:
    faults = []
    schools = {school.key for school in site.schools}
    buildings = {(row.school, row.key) for row in site.buildings}
    rooms = set(site.room_by_key)
    meters = {(row.school, row.key) for row in site.meters}

    def refer(file: str, owner: str, key: str, value: str | None, known: bool) -> None:
        if value is not None and not known:
            faults.append(
                Fault(file, f"{owner}.{key}", repr(value), f"no such {key}; add it or correct the name")
            )

    for file, rows in _rows(site).items():
        for row in rows:
            owner = str(getattr(row, "key", getattr(row, "room", "row")))
            school = getattr(row, "school", None)
            if school is not None and school not in schools:
                refer(file, owner, "school", school, known=False)
                continue
            building = getattr(row, "building", None)
            refer(file, owner, "building", building, (school, building) in buildings)
            room = getattr(row, "room", None)
            refer(file, owner, "room", room, (school, room) in rooms)
            meter = getattr(row, "meter", None)
            refer(file, owner, "meter", meter, (school, meter) in meters)
    known_factors = {factor.id for factor in site.factors}
    for chosen in site.settings.factors.chosen:
        if chosen not in known_factors:
            cure = (
                f"no such factor; shipped are {', '.join(sorted(known_factors))}, others go into factors.csv"
            )
            faults.append(Fault(SETTINGS_FILE, "factors.chosen", repr(chosen), cure))
    return faults


def _rows(site: Site) -> dict[str, Sequence[Row]]:
    return {
        "school_attributes.csv": site.attributes,
        "buildings.csv": site.buildings,
        "rooms.csv": site.rooms,
        "meters.csv": site.meters,
        "devices.csv": site.devices,
        "calendar.csv": site.calendar,
        "lessons.csv": site.lessons,
    }


def _double_keys(site: Site) -> list[Fault]:
    faults = []
    keyed: dict[str, list[tuple[object, ...]]] = {
        "schools.csv": [(row.key,) for row in site.schools],
        "school_attributes.csv": [(row.school, row.valid_from) for row in site.attributes],
        "buildings.csv": [(row.school, row.key) for row in site.buildings],
        "rooms.csv": [(row.school, row.key) for row in site.rooms],
        "meters.csv": [(row.school, row.key, row.valid_from) for row in site.meters],
        "factors.csv": [(row.id,) for row in site.own_factors],
    }
    for file, keys in keyed.items():
        for key in sorted({key for key in keys if keys.count(key) > 1}, key=str):
            faults.append(Fault(file, "key", " ".join(str(k) for k in key), "stands twice; keep one row"))
    for placements in site.placements.values():
        for earlier, later in overlapping(placements):
            value = f"{earlier.room or earlier.meter} and {later.room or later.meter}"
            cure = "a device hangs in one place at a time; give the earlier row a valid_to"
            faults.append(Fault("devices.csv", earlier.key, value, cure))
    return faults


def _impossible(site: Site) -> list[Fault]:
    faults = []
    for device in site.devices:
        if (device.room is None) == (device.meter is None):
            value = f"room={device.room} meter={device.meter}"
            faults.append(Fault("devices.csv", device.key, value, "fill in exactly one of room and meter"))
    timed: list[tuple[str, str, date | time | datetime | None, date | time | datetime | None]] = [
        *(("devices.csv", d.key, d.valid_from, d.valid_to) for d in site.devices),
        *(("meters.csv", m.key, m.valid_from, m.valid_to) for m in site.meters),
        *(
            ("lessons.csv", le.room, time.fromisoformat(le.start), time.fromisoformat(le.end))
            for le in site.lessons
        ),
    ]
    for file, owner, start, end in timed:
        if start is not None and end is not None and not start < end:  # type: ignore[operator]
            faults.append(Fault(file, owner, f"{start} to {end}", "the end must be after the start"))
    for row in site.calendar:
        if row.last < row.first:
            faults.append(
                Fault("calendar.csv", str(row.first), str(row.last), "last must not be before first")
            )
    hours = [
        *(("schools.csv", school.key, school.school_hours) for school in site.schools),
        *(("school_attributes.csv", row.school, row.ventilation_hours) for row in site.attributes),
        *(("calendar.csv", str(row.first), row.hours) for row in site.calendar),
    ]
    for file, owner, span in hours:
        if span is None:
            continue
        try:
            parse_hours(span)
        except ValueError as error:
            faults.append(Fault(file, owner, span, f"write hours as 08:00-15:00; {error}"))
    return faults


def _meter_tree(site: Site) -> list[Fault]:
    faults = []
    by_key: dict[tuple[str, str], Meter] = {(meter.school, meter.key): meter for meter in site.meters}
    for meter in site.meters:
        if (meter.role is MeterRole.SUB) != (meter.parent is not None):
            cure = "a sub meter names its parent, other meters have none"
            faults.append(Fault("meters.csv", f"{meter.key}.parent", str(meter.parent), cure))
            continue
        seen = {meter.key}
        above: Meter | None = meter
        while above is not None and above.parent is not None:
            if above.parent in seen:
                faults.append(
                    Fault("meters.csv", f"{meter.key}.parent", above.parent, "the tree has a circle")
                )
                break
            seen.add(above.parent)
            parent = by_key.get((meter.school, above.parent))
            if parent is None:
                faults.append(Fault("meters.csv", f"{meter.key}.parent", above.parent, "no such meter"))
            elif parent.carrier is not meter.carrier:
                faults.append(
                    Fault("meters.csv", f"{meter.key}.parent", above.parent, "carries something else")
                )
            above = parent
    return faults
