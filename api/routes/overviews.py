"""Overviews: flat rows over rooms, devices and periods, and the service in figures."""

from __future__ import annotations

from typing import Annotated, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.access.rules import CITY, DEVICES, ROOMS, SCHOOL, SERVICE
from api.access.viewer import viewer_of
from api.context import ApiContext
from api.metrics import asked_metrics
from api.models import PROBLEMS
from api.overview_models import DeviceLine, Operations, RoomLine, RoomPeriod, Targets
from api.overviews import device_lines, operations, room_lines, room_periods, targets_of
from api.query import MetricsQuery, Shape
from api.routes.schools import known_school
from api.tables import CSV_ANSWER, csv_response, wants_csv
from api.trouble import Trouble
from classroom.site import Site

OutT = TypeVar("OutT", bound=BaseModel)
Answer: TypeAlias = Response | list[OutT]


class OfSchoolsQuery(Shape):
    """Parameters of overviews over schools."""

    school: str | None = Field(
        None, max_length=64, description="Only this school; all one may see if missing"
    )


class RoomsNowQuery(OfSchoolsQuery):
    """Parameters of rooms now."""

    room: str | None = Field(None, max_length=64, description="Only rooms of this key")
    in_lesson: bool | None = Field(None, description="Only those that are (not) occupied by timetable now")


class DevicesHealthQuery(OfSchoolsQuery):
    """Parameters of devices' health."""

    trouble: list[Trouble] = Field(default=[], max_length=10, description="Only devices with one of these")
    in_trouble: bool | None = Field(None, description="Only devices with any trouble, or with none")


def overviews_router(context: ApiContext) -> APIRouter:
    """Routes of overviews."""
    router = APIRouter(tags=["overviews"], responses={200: CSV_ANSWER, **PROBLEMS})

    @router.get("/rooms/now", response_model=list[RoomLine], dependencies=[Depends(ROOMS)])
    def rooms_now(request: Request, query: Annotated[RoomsNowQuery, Query()]) -> Answer[RoomLine]:
        """Every room of the schools one may see, now: light, CO2, temperature, whether a lesson is held."""
        as_csv = wants_csv(request, query)
        rows = [
            line
            for line in room_lines(context, _schools(request, context.site(), query.school))
            if query.room in (None, line.room) and query.in_lesson in (None, line.in_lesson)
        ]
        return csv_response(list(RoomLine.model_fields), rows, query) if as_csv else rows

    @router.get("/devices/health", response_model=list[DeviceLine], dependencies=[Depends(DEVICES)])
    def devices_health(request: Request, query: Annotated[DevicesHealthQuery, Query()]) -> Answer[DeviceLine]:
        """Every placed device of the schools one may see, and what is wrong with it now."""
        as_csv = wants_csv(request, query)
        rows = [
            line
            for line in device_lines(context, _schools(request, context.site(), query.school))
            if (not query.trouble or line.trouble in query.trouble)
            and query.in_trouble in (None, line.trouble is not None)
        ]
        return csv_response(list(DeviceLine.model_fields), rows, query) if as_csv else rows

    @router.get(
        "/schools/{school}/room-periods", response_model=list[RoomPeriod], dependencies=[Depends(SCHOOL)]
    )
    def get_room_periods(
        school: str, request: Request, query: Annotated[MetricsQuery, Query()]
    ) -> Answer[RoomPeriod]:
        """The rooms of a school side by side: air and comfort in occupied time, a row for each period."""
        as_csv, site = wants_csv(request, query), context.site()
        known_school(site, school)
        rows = room_periods(context, school, asked_metrics(query, site.zone, context.clock()))
        return csv_response(list(RoomPeriod.model_fields), rows, query) if as_csv else rows

    @router.get("/portfolio/targets", response_model=Targets, dependencies=[Depends(CITY)])
    def get_targets() -> Targets:
        """What the site wants to reach."""
        return targets_of(context.site().settings)

    @router.get("/operations", response_model=Operations, dependencies=[Depends(SERVICE)])
    def get_operations() -> Operations:
        """Parts, devices, counters and dead letters of this process, for a dashboard."""
        return operations(context)

    return router


def _schools(request: Request, site: Site, school: str | None) -> list[str]:
    """Schools whose rooms and devices the viewer may see; an unknown one is none, as one of others is."""
    viewer = viewer_of(request)
    return [
        one.key
        for one in viewer.schools(site)
        if viewer.reads(one.key) and (school is None or one.key == school)
    ]
