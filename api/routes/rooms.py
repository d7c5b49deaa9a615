"""A room's present: now, its curves, and the stream of what arrives."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response

from api.access.rules import ROOM
from api.access.viewer import still_valid
from api.context import ApiContext
from api.lesson_day import lessons_of
from api.lesson_models import LessonOut, LessonsDay
from api.models import PROBLEMS, RoomNow, Series, SeriesPoint, ValueNow
from api.now import room_now
from api.problems import wrong
from api.query import JSON_POINTS, LessonsQuery, SeriesQuery, Shape, span
from api.routes.schools import known_room
from api.series import hour_curve, raw_curve
from api.stream import EventStream
from api.tables import CSV_ANSWER, csv_response, wants_csv
from classroom.quantity import QUANTITIES

_DEFAULT = timedelta(days=1)
_FIRST_DAY, _LAST_DAY = date(1990, 1, 1), date(2099, 12, 31)
_LONGEST = {"raw": timedelta(days=400), "hour": timedelta(days=10 * 366)}
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["now", "readings"]},
        "data": {"type": "string", "description": "JSON: RoomNow, or a list of LiveReading"},
        "id": {"type": "string", "description": "For Last-Event-ID"},
    },
}
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": _EVENT}}, "description": "Never ends"},
    **PROBLEMS,
}


def rooms_router(context: ApiContext) -> APIRouter:
    """Routes under ``/schools/{school}/rooms/{room}`` that speak of readings."""
    router = APIRouter(prefix="/schools/{school}/rooms/{room}", tags=["rooms"], dependencies=[Depends(ROOM)])
    answers = {200: CSV_ANSWER, **PROBLEMS}

    @router.get("/now", response_model=RoomNow, responses=answers)
    def get_now(
        school: str, room: str, request: Request, shape: Annotated[Shape, Query()]
    ) -> Response | RoomNow:
        """The newest value of each quantity and the CO2 light. As CSV: the values."""
        site = context.site()
        known_room(site, school, room)
        state = room_now(site, context.live, school, room, context.clock())
        if wants_csv(request, shape):
            return csv_response(list(ValueNow.model_fields), state.values, shape)
        return state

    @router.get("/series", response_model=Series, responses=answers)
    def get_series(
        school: str, room: str, request: Request, query: Annotated[SeriesQuery, Query()]
    ) -> Response | Series:
        """One quantity over time: by device, then by time; a null value is a gap. As CSV: the points, all of
        them where `points` is missing."""
        site = context.site()
        known_room(site, school, room)
        if query.quantity not in QUANTITIES:
            raise wrong("quantity", query.quantity, f"known quantities are {', '.join(QUANTITIES)}")
        wants = wants_csv(request, query)
        within = span(query.from_, query.to, site.zone, context.clock(), _DEFAULT, _LONGEST[query.interval])
        devices = site.devices_in_room(school, room)
        limit = query.points or (None if wants else JSON_POINTS)
        if query.interval == "raw":
            curve = raw_curve(context.store, devices, query.quantity, within, limit, query.flagged)
        else:
            curve = hour_curve(context.store, devices, query.quantity, within, limit)
        points, readings, thinned = curve
        if query.order == "time":
            points = sorted(points, key=lambda point: point.time)
        if wants:
            return csv_response(list(SeriesPoint.model_fields), points, query)
        return Series(
            school=school,
            room=room,
            quantity=query.quantity,
            unit=QUANTITIES[query.quantity].unit,
            from_=within[0],
            to=within[1],
            interval=query.interval,
            readings=readings,
            downsampled=thinned,
            points=points,
        )

    _add_lessons(router, context)
    _add_stream(router, context)
    return router


def _add_lessons(router: APIRouter, context: ApiContext) -> None:
    @router.get("/lessons", response_model=LessonsDay, responses={200: CSV_ANSWER, **PROBLEMS})
    def get_lessons(
        school: str, room: str, request: Request, query: Annotated[LessonsQuery, Query()]
    ) -> Response | LessonsDay:
        """Lessons of a local day: CO2, comfort, air a person and who was there; what airing and ventilation
        gave and cost. A stuck or drifted sensor has no level. As CSV: the lessons."""
        site, now = context.site(), context.clock()
        known_room(site, school, room)
        try:
            day = date.fromisoformat(query.date) if query.date else now.astimezone(site.zone).date()
        except ValueError:
            raise wrong("date", query.date or "", "write a day as 2026-11-16") from None
        if not _FIRST_DAY <= day <= _LAST_DAY:
            raise wrong("date", str(day), f"days from {_FIRST_DAY} to {_LAST_DAY} can be asked for")
        place = site.room_by_key[school, room]
        found = lessons_of(context.store, site, place, day, now, with_models=query.thermal)
        if wants_csv(request, query):
            return csv_response(list(LessonOut.model_fields), found.lessons, query)
        return found


def _add_stream(router: APIRouter, context: ApiContext) -> None:
    @router.get("/stream", response_class=Response, responses=_STREAM)
    async def get_stream(
        school: str,
        room: str,
        request: Request,
        last_event_id: Annotated[str | None, Header(max_length=64)] = None,
    ) -> EventStream:
        """Server-sent events.

        `now` (a room as `/now` gives it): at once, after every arrival, and when a value has gone stale.
        `readings` (a list of readings, with an id): what has just arrived; after a break `Last-Event-ID`
        brings back what was missed, as far as it is still kept. A comment every 15 s keeps the line open. A
        reader that lags too far behind is cut off and may come back.
        """
        known_room(context.site(), school, room)
        return EventStream(context, school, room, last_event_id, still_valid(request))
