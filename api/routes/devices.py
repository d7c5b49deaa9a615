"""Devices, and those that wait for a place."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response

from api.access.rules import DEVICES, TECHNICIAN
from api.access.viewer import Viewer, viewer_of
from api.context import ApiContext, Sighting
from api.models import (
    PROBLEMS,
    DeviceOut,
    DevicePage,
    PendingDevice,
    PendingPage,
    PlacementOut,
    Suggestion,
    VerdictOut,
    VerdictPage,
)
from api.query import DevicesQuery, PageQuery, VerdictsQuery, span
from api.stream import live_reading
from api.tables import CSV_ANSWER, csv_response, wants_csv
from api.verdicts import stored_verdicts
from classroom.access import Role
from classroom.places import Device
from classroom.site import Site, overlap

ItemT = TypeVar("ItemT", DeviceOut, PendingDevice)

_VERDICTS, _LONGEST_VERDICTS = timedelta(days=31), timedelta(days=3 * 366)

_DEVICE_COLUMNS = (
    "key",
    "school",
    "room",
    "meter",
    "interval_s",
    "family",
    "first_seen",
    "last_seen",
    "messages",
)
_PENDING_COLUMNS = ("key", "family", "first_seen", "last_seen", "messages", "topic", "school", "room")


def devices_router(context: ApiContext) -> APIRouter:
    """Routes for those who hang up and mend devices."""
    router = APIRouter(tags=["devices"], responses={200: CSV_ANSWER, **PROBLEMS})

    @router.get("/devices", response_model=DevicePage, dependencies=[Depends(DEVICES)])
    def list_devices(request: Request, query: Annotated[DevicesQuery, Query()]) -> Response | DevicePage:
        """Devices that are placed or have been heard, by key, of the schools one may see.

        Of a device that has hung in several schools each sees the time it was theirs.
        """
        rows, following = _page(_devices(context, query.school, viewer_of(request)), query)
        if wants_csv(request, query):
            return csv_response(_DEVICE_COLUMNS, [_device_row(row) for row in rows], query)
        return DevicePage(items=rows, next=following)

    @router.get("/devices/pending", response_model=PendingPage, dependencies=[Depends(TECHNICIAN)])
    def list_pending(request: Request, query: Annotated[PageQuery, Query()]) -> Response | PendingPage:
        """Devices that are heard but hang nowhere now, with what their messages suggest."""
        site, now = context.site(), context.clock()
        waiting = [
            _pending(site, sighting)
            for sighting in sorted(context.sightings.sightings(), key=lambda s: s.device)
            if sighting.device not in site.station_keys and site.placement(sighting.device, now) is None
        ]
        rows, following = _page(waiting, query)
        if wants_csv(request, query):
            return csv_response(_PENDING_COLUMNS, [_pending_row(row) for row in rows], query)
        return PendingPage(items=rows, next=following)

    @router.get("/devices/verdicts", response_model=VerdictPage, dependencies=[Depends(DEVICES)])
    def list_verdicts(request: Request, query: Annotated[VerdictsQuery, Query()]) -> Response | VerdictPage:
        """What was wrong with the series of devices in a span: by device, quantity, start."""
        site = context.site()
        within = span(query.from_, query.to, site.zone, context.clock(), _VERDICTS, _LONGEST_VERDICTS)
        devices = [query.device] if query.device is not None else sorted(site.placements)
        told = stored_verdicts(context.store, devices, *within, frozenset(query.verdict))
        found = _theirs(told, site, viewer_of(request), query.school)
        rest = [one for one in found if query.after is None or _cursor(one) > query.after]
        rows = rest[: query.limit]
        if wants_csv(request, query):
            return csv_response(list(VerdictOut.model_fields), rows, query)
        return VerdictPage(items=rows, next=_cursor(rows[-1]) if len(rest) > len(rows) else None)

    return router


def _devices(context: ApiContext, school: str | None, viewer: Viewer) -> list[DeviceOut]:
    site, now = context.site(), context.clock()
    heard = {sighting.device: sighting for sighting in context.sightings.sightings()}
    everything = viewer.may(Role.READ, None)
    found = []
    for key in sorted({*site.placements, *heard}):
        placements = [placed for placed in site.placements.get(key, ()) if viewer.reads(placed.school)]
        if school is not None and all(placed.school != school for placed in placements):
            continue
        current = next((placed for placed in placements if placed.holds_at(now)), None)
        if everything or current is not None:
            found.append(_device(context, key, placements, current, heard.get(key)))
        elif placements:  # it hangs in another's school now: what it says is theirs
            found.append(_device(context, key, placements, None, None))
    return found


def _device(
    context: ApiContext,
    key: str,
    placements: list[Device],
    current: Device | None,
    seen: Sighting | None,
) -> DeviceOut:
    site = context.site()
    latest = context.live.latest(key) if seen is not None or current is not None else []
    return DeviceOut(
        key=key,
        placement=_placement(current) if current else None,
        placements=[_placement(placed) for placed in placements],
        family=seen.family if seen else None,
        first_seen=seen.first_seen if seen else None,
        last_seen=seen.last_seen if seen else None,
        messages=seen.messages if seen else 0,
        topic=seen.last_topic if seen else None,
        latest=[live_reading(reading) for reading in latest],
        verdicts=[
            one for reading in latest for one in context.live.verdicts.of(reading, site.interval_s(key))
        ],
    )


def _cursor(one: VerdictOut) -> str:
    """Where a page ends; it sorts as the list does."""
    return "\t".join((one.device, one.quantity, one.start.isoformat(), one.verdict))


def _theirs(verdicts: list[VerdictOut], site: Site, viewer: Viewer, school: str | None) -> list[VerdictOut]:
    """Verdicts of times in which the device hung in a school that the viewer may see, and in ``school``."""
    if school is None and viewer.may(Role.READ, None):
        return verdicts
    return [
        one
        for one in verdicts
        for placed in site.placements.get(one.device, ())
        if (school is None or placed.school == school)
        and viewer.reads(placed.school)
        and overlap(placed.valid_from, placed.valid_to, one.start, one.end)
    ]


def _placement(placed: Device) -> PlacementOut:
    return PlacementOut(**{name: getattr(placed, name) for name in PlacementOut.model_fields})


def _pending(site: Site, sighting: Sighting) -> PendingDevice:
    suggestion = _suggestion(site, sighting)
    return PendingDevice(
        key=sighting.device,
        family=sighting.family,
        first_seen=sighting.first_seen,
        last_seen=sighting.last_seen,
        messages=sighting.messages,
        topic=sighting.last_topic,
        hints=dict(sighting.hints),
        suggestion=suggestion,
        cure="Its readings are stored. Give it a row in devices.csv that says where it hangs since when.",
    )


def _suggestion(site: Site, sighting: Sighting) -> Suggestion | None:
    """The place its hints name, as far as this site knows it."""
    school, room = sighting.hints.get("school"), sighting.hints.get("room")
    if school is None or school not in site.school_by_key:
        return None
    known = room is not None and (school, room) in site.room_by_key
    return Suggestion(school=school, room=room if known else None)


def _page(rows: list[ItemT], query: PageQuery) -> tuple[list[ItemT], str | None]:
    rest = [row for row in rows if query.after is None or row.key > query.after]
    shown = rest[: query.limit]
    return shown, shown[-1].key if len(rest) > query.limit else None


def _device_row(device: DeviceOut) -> dict[str, object]:
    place = device.placement
    at = dict(place) if place else {}
    return {name: at.get(name, getattr(device, name, None)) for name in _DEVICE_COLUMNS}


def _pending_row(device: PendingDevice) -> dict[str, object]:
    at = dict(device.suggestion) if device.suggestion else {}
    return {name: at.get(name, getattr(device, name, None)) for name in _PENDING_COLUMNS}
