"""Overviews: every room now, every device's health, rooms by period, the service in figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from prometheus_client import CollectorRegistry

from api.context import ApiContext
from api.metrics import Asked, place_metrics
from api.models import Part, ValueNow
from api.now import room_now
from api.overview_models import (
    DeviceLine,
    Operations,
    PendingLine,
    ReasonCount,
    RoomLine,
    RoomPeriod,
    Targets,
)
from api.trouble import trouble_of
from classroom.metric import Metric, Scope, Status
from classroom.places import Device
from classroom.settings import Settings
from classroom.site import Site

_PLACE_AND_TRUST = {"time", "period_end", "room", "name", "coverage", "status"}
PERIOD_METRICS = tuple(name for name in RoomPeriod.model_fields if name not in _PLACE_AND_TRUST)
"""Metrics of a room that stand in a row of :class:`RoomPeriod`, under their names."""


def room_lines(context: ApiContext, schools: Sequence[str]) -> Iterator[RoomLine]:
    """Rooms of the schools now, by school, in the order of rooms.csv."""
    site, now = context.site(), context.clock()
    day = now.astimezone(site.zone).date()
    for school in schools:
        timetable = site.timetable(school)
        for room in site.rooms_of(school):
            state = room_now(site, context.live, school, room.key, now)
            values = {value.quantity: value for value in state.values}
            newest = max((value.time for value in state.values), default=None)
            yield RoomLine(
                school=school,
                school_name=site.school_by_key[school].name,
                room=room.key,
                name=room.name,
                in_lesson=any(start <= now < end for start, end in timetable.occupied(room.key, day)),
                level=state.air.level,
                reason=state.air.reason,
                co2_ppm=_trusted(values.get("co2_ppm")),
                temperature_c=_trusted(values.get("temperature_c")),
                humidity_pct=_trusted(values.get("humidity_pct")),
                time=newest,
                age_s=_age_s(newest, now),
            )


def device_lines(context: ApiContext, schools: Sequence[str]) -> Iterator[DeviceLine]:
    """Devices that hang at a place of the schools now, by key."""
    site, now = context.site(), context.clock()
    families = {sighting.device: sighting.family for sighting in context.sightings.sightings()}
    for device in sorted(site.devices, key=lambda one: one.key):
        if device.school in schools and device.holds_at(now):
            yield _device_line(context, device, families.get(device.key), now)


def _device_line(context: ApiContext, device: Device, family: str | None, now: datetime) -> DeviceLine:
    readings = [reading for reading in context.live.latest(device.key) if device.holds_at(reading.time)]
    values = {reading.quantity: reading.value for reading in readings}
    last = max((reading.time for reading in readings), default=None)
    return DeviceLine(
        device=device.key,
        family=family,
        school=device.school,
        room=device.room,
        meter=device.meter,
        trouble=trouble_of(device, readings, context.live, now),
        last_seen=last,
        age_s=_age_s(last, now),
        interval_s=device.interval_s,
        battery_pct=values.get("battery_pct"),
        battery_v=values.get("battery_v"),
    )


def room_periods(context: ApiContext, school: str, asked: Asked) -> list[RoomPeriod]:
    """A row for each room and period that any metric speaks of, by time, then in the order of rooms.csv.

    Raises:
        StoreError: the store cannot serve now.
    """
    site = context.site()
    wanted = asked._replace(names=frozenset(PERIOD_METRICS))
    told: dict[tuple[datetime, str], dict[str, Metric]] = {}
    for metric in place_metrics(site, context.store, school, Scope.ROOM, None, wanted):
        told.setdefault((metric.time, metric.id), {})[metric.metric] = metric
    order = {room.key: number for number, room in enumerate(site.rooms_of(school))}
    rows = sorted((key for key in told if key[1] in order), key=lambda key: (key[0], order[key[1]]))
    return [_room_period(site, school, room, told[time, room]) for time, room in rows]


def _room_period(site: Site, school: str, room: str, metrics: dict[str, Metric]) -> RoomPeriod:
    some = next(iter(metrics.values()))
    air = metrics.get("co2_mean_ppm")
    return RoomPeriod(
        time=some.time,
        period_end=some.period_end,
        room=room,
        name=site.room_by_key[school, room].name,
        coverage=air.coverage if air else 0.0,
        status=air.status if air else Status.NO_DATA,
        **{name: metrics[name].value if name in metrics else None for name in PERIOD_METRICS},
    )


def targets_of(settings: Settings) -> Targets:
    """The targets in ``classroom.toml``."""
    reports = settings.reports
    named = reports.target_year is not None
    return Targets(
        saving_pct=settings.targets.saving_pct,
        base_year=reports.base_year,
        target_year=reports.target_year,
        target_reduction_share=reports.target_reduction_share if named else None,
    )


def operations(context: ApiContext) -> Operations:
    """The service in figures, of all schools and what belongs to none."""
    site, now = context.site(), context.clock()
    sightings = context.sightings.sightings()
    pending = [
        one
        for one in sightings
        if one.device not in site.station_keys and site.placement(one.device, now) is None
    ]
    lines = list(device_lines(context, [school.key for school in site.schools]))
    newest = max((one.last_seen for one in sightings), default=None)
    reasons = context.letters.count_by_reason()
    return Operations(
        time=now,
        parts=[Part(name=part.name, ok=part.ok, message=part.message) for part in context.health()],
        devices=len(lines),
        devices_in_trouble=sum(line.trouble is not None for line in lines),
        devices_pending=len(pending),
        pending=[
            PendingLine(device=one.device, family=one.family, last_seen=one.last_seen, messages=one.messages)
            for one in sorted(pending, key=lambda one: one.device)
        ],
        newest_message=newest,
        newest_message_age_s=_age_s(newest, now),
        dead_letters=sum(reasons.values()),
        dead_letters_by_reason=[ReasonCount(reason=one, letters=reasons[one]) for one in sorted(reasons)],
        **_counters(context.registry),
    )


def _counters(registry: CollectorRegistry) -> dict[str, float | None]:
    names = {
        "messages_received": "classroom_messages_received_total",
        "readings_stored": "classroom_readings_stored_total",
        "readings_duplicate": "classroom_readings_duplicate_total",
        "spool_messages": "classroom_spool_depth",
        "spool_bytes": "classroom_spool_bytes",
        "live_readers": "classroom_live_readers",
    }
    return {name: registry.get_sample_value(sample) for name, sample in names.items()}


def _trusted(value: ValueNow | None) -> float | None:
    good = value is not None and not value.stale and value.flag == 0 and value.verdict is None
    return value.value if value is not None and good else None


def _age_s(time: datetime | None, now: datetime) -> float | None:
    return None if time is None else round(max(0.0, (now - time).total_seconds()), 1)
