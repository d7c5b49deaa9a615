"""Faults between the rows of a site: unknown references, double keys, impossible times, broken trees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise

from classroom.access import ALL_SCHOOLS
from classroom.faults import Fault
from classroom.places import Device, Meter, MeterRole, Row
from classroom.settings import SETTINGS_FILE, origin
from classroom.site import OPEN_START, Site, overlap, overlapping
from classroom.timetable import parse_hours

PlaceKey = tuple[object, object]
"""(school, key) of a building, room or meter."""


def cross_faults(site: Site, refused: Mapping[str, Iterable[PlaceKey]]) -> list[Fault]:
    """Everything that is wrong between the rows of ``site``.

    ``refused`` gives, by file, the (school, key) of rows with faults of their own; they may be referred to.
    """
    return [
        *_references(site, refused),
        *_chosen_factors(site, refused),
        *_mixed_factors(site),
        *_double_keys(site),
        *_overlaps(site),
        *_impossible_times(site),
        *_incomplete(site),
        *_meter_tree(site, refused),
        *_named_schools(site, refused),
        *_mail_without_sender(site),
    ]


def _named_schools(site: Site, refused: Mapping[str, Iterable[PlaceKey]]) -> list[Fault]:
    """A grant for a school that is not there would silently let nobody in, a schedule send nothing."""
    known = {
        ALL_SCHOOLS,
        *(row.key for row in site.schools),
        *(key for _, key in refused.get("schools.csv", ())),
    }
    cure = f"write the key of a school of schools.csv, or {ALL_SCHOOLS} for every school"
    named = [("access", grant.schools) for grant in site.settings.access.grants]
    named += [(f"reports.schedule.{one.key}", one.schools) for one in site.settings.reports.schedule]
    return [
        Fault(SETTINGS_FILE, where, school, cure)
        for where, schools in named
        for school in schools
        if school not in known
    ]


def _mail_without_sender(site: Site) -> list[Fault]:
    mailed = [one.key for one in site.settings.reports.schedule if one.mail]
    if not mailed or site.settings.smtp.sender is not None:
        return []
    cure = f"reports.schedule {mailed[0]!r} mails: write the address that it comes from, and smtp.host"
    return [Fault(SETTINGS_FILE, "smtp.sender", "missing", cure)]


def _references(site: Site, refused: Mapping[str, Iterable[PlaceKey]]) -> list[Fault]:
    schools = {*(school.key for school in site.schools), *(key for _, key in refused.get("schools.csv", ()))}
    known: dict[str, set[PlaceKey]] = {
        "building": {(row.school, row.key) for row in site.buildings},
        "room": {(row.school, row.key) for row in site.rooms},
        "meter": {(row.school, row.key) for row in site.meters},
    }
    for name, keys in known.items():
        keys |= set(refused.get(f"{name}s.csv", ()))
    faults = []
    for file, rows in _rows(site).items():
        for row in rows:
            owner = str(getattr(row, "key", getattr(row, "room", getattr(row, "name", "row"))))
            school = getattr(row, "school", None)
            if school is not None and school not in schools:
                faults.append(_unknown(file, owner, "school", school))
                continue
            for name, keys in known.items():
                value = getattr(row, name, None)
                if value is not None and (school, value) not in keys:
                    faults.append(_unknown(file, owner, name, value))
    municipalities = {school.municipality for school in site.schools}
    for day in site.calendar:
        if day.municipality is not None and day.municipality not in municipalities and site.schools:
            faults.append(_unknown("calendar.csv", str(day.first), "municipality", day.municipality))
    return faults


def _unknown(file: str, owner: str, name: str, value: str) -> Fault:
    cure = f"no such {name}; add it or correct the name"
    if name == "municipality":
        cure = "no school lies there; correct the name here or in schools.csv"
    return Fault(file, f"{owner}.{name}", repr(value), cure)


def _rows(site: Site) -> dict[str, Sequence[Row]]:
    return {
        "school_attributes.csv": site.attributes,
        "buildings.csv": site.buildings,
        "rooms.csv": site.rooms,
        "meters.csv": site.meters,
        "devices.csv": site.devices,
        "calendar.csv": site.calendar,
        "lessons.csv": site.lessons,
        "stations.csv": site.stations,
        "tariffs.csv": site.tariffs,
    }


def _chosen_factors(site: Site, refused: Mapping[str, Iterable[PlaceKey]]) -> list[Fault]:
    known = {factor.id for factor in site.factors}
    written = known | {str(key) for _, key in refused.get("factors.csv", ())}
    cure = f"no such factor; known are {', '.join(sorted(known))}, others go into factors.csv"
    return [
        Fault(origin("factors.chosen"), "factors.chosen", repr(chosen), cure)
        for chosen in site.settings.factors.chosen
        if chosen not in written
    ]


def _mixed_factors(site: Site) -> list[Fault]:
    """A lifecycle factor beside direct or upstream ones would count the same gram twice, or compare unlike
    figures."""
    covers: dict[tuple[str, str], dict[str, str]] = {}
    for factor in site.factors:
        if factor.id in site.settings.factors.chosen:
            covers.setdefault((factor.carrier, factor.basis), {})[factor.covers] = factor.id
    return [
        Fault(
            origin("factors.chosen"),
            "factors.chosen",
            f"{found['lifecycle']} and {', '.join(sorted(set(found.values()) - {found['lifecycle']}))}",
            f"a lifecycle factor holds the direct and upstream parts of {carrier} ({basis}) in one; "
            "choose it or them, not both",
        )
        for (carrier, basis), found in covers.items()
        if "lifecycle" in found and ("direct" in found or "upstream" in found)
    ]


def _double_keys(site: Site) -> list[Fault]:
    keyed: dict[str, list[tuple[object, ...]]] = {
        "schools.csv": [(row.key,) for row in site.schools],
        "school_attributes.csv": [(row.school, row.valid_from) for row in site.attributes],
        "buildings.csv": [(row.school, row.key) for row in site.buildings],
        "rooms.csv": [(row.school, row.key) for row in site.rooms],
        "factors.csv": [(row.id,) for row in site.own_factors],
        "stations.csv": [(row.key,) for row in site.stations],
        "normal_years.csv": [(row.station, row.month) for row in site.normal_months],
        "tariffs.csv": [tuple(getattr(row, name) for name in row.identity) for row in site.tariffs],
    }
    return [
        Fault(file, "key", " ".join(str(part) for part in key), "stands twice; keep one row")
        for file, keys in keyed.items()
        for key, count in Counter(keys).items()
        if count > 1
    ]


def _overlaps(site: Site) -> list[Fault]:
    faults = []
    for placements in site.placements.values():
        for earlier, later in overlapping(placements):
            value = f"{earlier.room or earlier.meter} and {later.room or later.meter}"
            cure = "a device hangs in one place at a time; give the earlier row a valid_to"
            faults.append(Fault("devices.csv", earlier.key, value, cure))
        faults += _shared_too_often(site, placements)
    rows = sorted(site.meters, key=lambda row: (row.school, row.key, row.valid_from or OPEN_START))
    for first, second in pairwise(rows):
        same = (first.school, first.key) == (second.school, second.key)
        if same and overlap(first.valid_from, first.valid_to, second.valid_from, second.valid_to):
            cure = "it would be counted twice; give the earlier row a valid_to, or the other a key of its own"
            faults.append(Fault("meters.csv", f"{first.school} {first.key}", "stands twice at a time", cure))
    return faults


def _shared_too_often(site: Site, placements: Sequence[Device]) -> list[Fault]:
    """A device at the meters of several schools whose shares are more than the whole at some time."""
    rows = [
        (row, common)
        for device in placements
        if device.meter is not None
        for row in site.meters_of(device.school)
        if row.key == device.meter
        for common in (overlap(row.valid_from, row.valid_to, device.valid_from, device.valid_to),)
        if common is not None
    ]
    for _, (start, _) in rows:
        at_once = [row for row, (first, end) in rows if first <= start < end]
        total = sum(row.share for row in at_once)
        if len(at_once) > 1 and total > 1 + 1e-9:
            value = " + ".join(f"{row.share:g} ({row.school} {row.key})" for row in at_once)
            cure = f"{placements[0].key} would be counted more than once; shares add up to at most 1"
            return [Fault("meters.csv", "share", value, cure)]
    return []


def _impossible_times(site: Site) -> list[Fault]:
    cure = "the end must be after the start"
    spans: list[tuple[str, str, datetime | None, datetime | None]] = [
        *(("devices.csv", row.key, row.valid_from, row.valid_to) for row in site.devices),
        *(("meters.csv", row.key, row.valid_from, row.valid_to) for row in site.meters),
    ]
    faults = [
        Fault(file, owner, f"{start} to {end}", cure)
        for file, owner, start, end in spans
        if start and end and end <= start
    ]
    days: list[tuple[str, str, date | None, date | None]] = [
        *(("lessons.csv", row.room, row.valid_from, row.valid_to) for row in site.lessons),
        *(("calendar.csv", row.day_type, row.first, row.last) for row in site.calendar),
        *(("tariffs.csv", row.name, row.valid_from, row.valid_to) for row in site.tariffs),
    ]
    faults += [
        Fault(file, owner, f"{first} to {last}", "the last day must not be before the first")
        for file, owner, first, last in days
        if first and last and last < first
    ]
    hours: list[tuple[str, str, str | None]] = [
        *(("schools.csv", row.key, row.school_hours) for row in site.schools),
        *(("school_attributes.csv", row.school, row.ventilation_hours) for row in site.attributes),
        *(("calendar.csv", str(row.first), row.hours) for row in site.calendar),
        *(("lessons.csv", row.room, f"{row.start}-{row.end}") for row in site.lessons),
    ]
    for file, owner, span in hours:
        try:
            parse_hours(span or "00:00-23:59")
        except ValueError as error:
            faults.append(Fault(file, owner, str(span), f"write hours as 08:00-15:00; {error}"))
    return faults


def _incomplete(site: Site) -> list[Fault]:
    faults = []
    for device in site.devices:
        if (device.room is None) == (device.meter is None):
            value = f"room={device.room} meter={device.meter}"
            faults.append(Fault("devices.csv", device.key, value, "fill in exactly one of room and meter"))
    stations = {row.key for row in site.stations}
    for station in site.stations:
        if station.school is None and None in (station.latitude, station.longitude):
            cure = "give latitude and longitude, or the school where it stands"
            faults.append(Fault("stations.csv", station.key, "nowhere", cure))
    for normal in site.normal_months:
        if normal.station not in stations:
            faults.append(_unknown("normal_years.csv", str(normal.month), "station", normal.station))
    for row in site.calendar:
        if row.day_type == "hired_evening" and row.hours is None:
            faults.append(Fault("calendar.csv", f"{row.first}.hours", "missing", "say when, as 18:00-21:00"))
    return faults


def _meter_tree(site: Site, refused: Mapping[str, Iterable[PlaceKey]]) -> list[Fault]:
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
                if above is meter and (meter.school, meter.parent) not in set(refused.get("meters.csv", ())):
                    faults.append(_unknown("meters.csv", meter.key, "parent", str(meter.parent)))
            elif parent.carrier is not meter.carrier:
                faults.append(
                    Fault("meters.csv", f"{meter.key}.parent", above.parent, "carries something else")
                )
            above = parent
    return faults
