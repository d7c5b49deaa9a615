"""Devices, those that wait for a place, and the messages that could not be read."""

from __future__ import annotations

import base64
import codecs
from typing import Annotated, TypeVar

from fastapi import APIRouter, Path, Query, Request, Response

from api.context import ApiContext, DeadLetter, Sighting
from api.models import (
    PROBLEMS,
    DeadLetterOut,
    DeadLetterPage,
    DeviceOut,
    DevicePage,
    PendingDevice,
    PendingPage,
    PlacementOut,
    Suggestion,
)
from api.problems import ProblemError
from api.query import DevicesQuery, LettersQuery, PageQuery
from api.stream import live_reading
from api.tables import CSV_ANSWER, csv_response, wants_csv
from classroom.places import Device
from classroom.site import Site

ItemT = TypeVar("ItemT", DeviceOut, PendingDevice)

_utf8 = codecs.getincrementaldecoder("utf-8")
_EXCERPT_BYTES = 1_000
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

    @router.get("/devices", response_model=DevicePage)
    def list_devices(request: Request, query: Annotated[DevicesQuery, Query()]) -> Response | DevicePage:
        """Devices that are placed or have been heard, by key."""
        rows, following = _page(_devices(context, query.school), query)
        if wants_csv(request, query):
            return csv_response(_DEVICE_COLUMNS, [_device_row(row) for row in rows], query)
        return DevicePage(items=rows, next=following)

    @router.get("/devices/pending", response_model=PendingPage)
    def list_pending(request: Request, query: Annotated[PageQuery, Query()]) -> Response | PendingPage:
        """Devices that are heard but hang nowhere now, with what their messages suggest."""
        site, now = context.site(), context.clock()
        waiting = [
            _pending(site, sighting)
            for sighting in sorted(context.sightings.sightings(), key=lambda s: s.device)
            if site.placement(sighting.device, now) is None
        ]
        rows, following = _page(waiting, query)
        if wants_csv(request, query):
            return csv_response(_PENDING_COLUMNS, [_pending_row(row) for row in rows], query)
        return PendingPage(items=rows, next=following)

    _add_letters(router, context)
    return router


def _add_letters(router: APIRouter, context: ApiContext) -> None:
    @router.get("/dead-letters", response_model=DeadLetterPage)
    def list_letters(request: Request, query: Annotated[LettersQuery, Query()]) -> Response | DeadLetterPage:
        """Messages that could not become readings, newest first, and how many there are for each reason."""
        found = context.letters.list(query.reason, query.before, query.limit + 1)
        rows = [_letter(letter, _EXCERPT_BYTES) for letter in found[: query.limit]]
        if wants_csv(request, query):
            return csv_response(list(DeadLetterOut.model_fields), rows, query)
        return DeadLetterPage(
            counts=dict(sorted(context.letters.count_by_reason().items())),
            items=rows,
            next=rows[-1].id if len(found) > query.limit else None,
        )

    @router.get("/dead-letters/{number}", response_model=DeadLetterOut)
    def get_letter(number: Annotated[int, Path(ge=1, le=2**63 - 1)]) -> DeadLetterOut:
        """One dead letter with its whole payload."""
        letter = context.letters.get(number)
        if letter is None:
            detail = f"There is no dead letter {number}. /api/v1/dead-letters lists those kept."
            raise ProblemError(404, detail)
        return _letter(letter, None)


def _devices(context: ApiContext, school: str | None) -> list[DeviceOut]:
    site, now = context.site(), context.clock()
    heard = {sighting.device: sighting for sighting in context.sightings.sightings()}
    found = []
    for key in sorted({*site.placements, *heard}):
        placements = site.placements.get(key, [])
        if school is not None and all(placed.school != school for placed in placements):
            continue
        seen = heard.get(key)
        current = site.placement(key, now)
        found.append(
            DeviceOut(
                key=key,
                placement=_placement(current) if current else None,
                placements=[_placement(placed) for placed in placements],
                family=seen.family if seen else None,
                first_seen=seen.first_seen if seen else None,
                last_seen=seen.last_seen if seen else None,
                messages=seen.messages if seen else 0,
                topic=seen.last_topic if seen else None,
                latest=[live_reading(reading) for reading in context.live.latest(key)],
            )
        )
    return found


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


def _letter(letter: DeadLetter, excerpt_bytes: int | None) -> DeadLetterOut:
    message = letter.message
    shown = message.payload if excerpt_bytes is None else message.payload[:excerpt_bytes]
    text = _text(shown, whole=len(shown) == letter.size)
    return DeadLetterOut(
        id=letter.id,
        received=message.received,
        topic=message.topic,
        device=letter.device,
        reason=letter.reason,
        detail=letter.detail,
        payload_bytes=letter.size,
        encoding="base64" if text is None else "utf-8",
        payload=base64.b64encode(shown).decode() if text is None else text,
    )


def _text(payload: bytes, *, whole: bool) -> str | None:
    """Printable UTF-8 (unless ``whole``, a character cut off at the end is dropped).

    None for binary payloads.
    """
    try:
        text = _utf8().decode(payload, final=whole)
    except UnicodeDecodeError:
        return None
    return text if all(c.isprintable() or c in "\r\n\t" for c in text) else None


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
