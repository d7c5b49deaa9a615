"""Schools, rooms, meters and buildings, and their metrics."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, TypeAlias, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from analytics.profile import week_profile
from api.access.rules import CITY, PUBLIC_SCHOOL, ROOM, SCHOOL
from api.access.viewer import viewer_of
from api.buildings import building_metrics
from api.context import ApiContext
from api.metrics import Asked as AskedMetrics
from api.metrics import asked_metrics, place_metrics
from api.metrics import school_metrics as metrics_of_school
from api.models import (
    PROBLEMS,
    BuildingOut,
    MeterOut,
    MetricPoint,
    ProfileHour,
    RoomOut,
    SchoolDetail,
    SchoolOut,
)
from api.points import points_response
from api.problems import no_such
from api.query import MetricsQuery, ProfileQuery, Shape, span
from api.tables import CSV_ANSWER, csv_response, wants_csv
from classroom.metric import Interval, Metric, Scope
from classroom.places import Room, School
from classroom.site import Site
from reports.sources import Sources

OutT = TypeVar("OutT", bound=BaseModel)
Answer: TypeAlias = Response | list[OutT]

Asked = Annotated[MetricsQuery, Query()]

_PROFILE, _LONGEST_PROFILE = timedelta(days=91), timedelta(days=400)

_ANSWERS = {200: CSV_ANSWER, **PROBLEMS}


def schools_router(context: ApiContext) -> APIRouter:
    """Routes under ``/schools``."""
    router = APIRouter(tags=["schools"], responses=_ANSWERS)

    @router.get("/schools", response_model=list[SchoolOut], dependencies=[Depends(CITY)])
    def list_schools(request: Request, shape: Annotated[Shape, Query()]) -> Answer[SchoolOut]:
        """The schools of the site that one may see."""
        site = context.site()
        today = context.clock().astimezone(site.zone).date()
        rows = [school_out(site, row, today) for row in viewer_of(request).schools(site)]
        return _listed(request, shape, SchoolOut, rows)

    @router.get("/schools/{school}", response_model=SchoolDetail, dependencies=[Depends(PUBLIC_SCHOOL)])
    def get_school(school: str, request: Request) -> SchoolDetail:
        """A school with its buildings, rooms and meters; rooms and meters for those of the school only."""
        site = context.site()
        found = known_school(site, school)
        today = context.clock().astimezone(site.zone).date()
        theirs = viewer_of(request).reads(school)
        return SchoolDetail(
            **dict(school_out(site, found, today)),
            buildings=[_copy(BuildingOut, row) for row in site.buildings if row.school == school],
            room_list=[_copy(RoomOut, row) for row in site.rooms_of(school) if theirs],
            meters=[_copy(MeterOut, row) for row in site.meters_of(school) if theirs],
        )

    @router.get("/schools/{school}/rooms", response_model=list[RoomOut], dependencies=[Depends(SCHOOL)])
    def list_rooms(school: str, request: Request, shape: Annotated[Shape, Query()]) -> Answer[RoomOut]:
        """The rooms of a school."""
        site = context.site()
        known_school(site, school)
        rows = [_copy(RoomOut, row) for row in site.rooms_of(school)]
        return _listed(request, shape, RoomOut, rows)

    @router.get("/schools/{school}/rooms/{room}", response_model=RoomOut, dependencies=[Depends(ROOM)])
    def get_room(school: str, room: str) -> RoomOut:
        """A room."""
        return _copy(RoomOut, known_room(context.site(), school, room))

    @router.get("/schools/{school}/meters", response_model=list[MeterOut], dependencies=[Depends(SCHOOL)])
    def list_meters(school: str, request: Request, shape: Annotated[Shape, Query()]) -> Answer[MeterOut]:
        """The meters of a school, each while it is valid."""
        site = context.site()
        known_school(site, school)
        rows = [_copy(MeterOut, row) for row in site.meters_of(school)]
        return _listed(request, shape, MeterOut, rows)

    _add_profile(router, context)
    _add_metrics(router, context)
    return router


def _add_profile(router: APIRouter, context: ApiContext) -> None:
    @router.get("/schools/{school}/profile", response_model=list[ProfileHour], dependencies=[Depends(SCHOOL)])
    def get_profile(
        school: str, request: Request, query: Annotated[ProfileQuery, Query()]
    ) -> Answer[ProfileHour]:
        """Mean energy of each hour of the week, school days, lov, study days and closed days apart."""
        site = context.site()
        known_school(site, school)
        within = span(query.from_, query.to, site.zone, context.clock(), _PROFILE, _LONGEST_PROFILE)
        hours = context.store.read_metrics(
            school, Scope.SCHOOL, school, Interval.HOUR, *within, metric="energy_kwh"
        )
        mine = [hour for hour in hours if hour.carrier is query.carrier]
        found = week_profile(mine, site.zone, site.timetable(school).day_type)
        return _listed(request, query, ProfileHour, [ProfileHour(**one._asdict()) for one in found])


def _add_metrics(router: APIRouter, context: ApiContext) -> None:
    def answer(request: Request, query: MetricsQuery, school: str, scope: Scope, key: str) -> Response:
        wants_csv(request, query)  # refuses what cannot be, before anything is read
        asked = asked_metrics(query, context.site().zone, context.clock())
        return points_response(request, _figures(context, school, scope, key, asked), query)

    @router.get(
        "/schools/{school}/metrics", response_model=list[MetricPoint], dependencies=[Depends(PUBLIC_SCHOOL)]
    )
    def school_metrics(school: str, request: Request, query: Asked) -> Response:
        """Metrics of a school: energy, emissions. By the hour for those of the school only."""
        known_school(context.site(), school)
        return answer(request, query, school, Scope.SCHOOL, school)

    @router.get(
        "/schools/{school}/rooms/{room}/metrics",
        response_model=list[MetricPoint],
        dependencies=[Depends(ROOM)],
    )
    def room_metrics(school: str, room: str, request: Request, query: Asked) -> Response:
        """Metrics of a room: air and comfort in occupied time."""
        known_room(context.site(), school, room)
        return answer(request, query, school, Scope.ROOM, room)

    @router.get(
        "/schools/{school}/meters/{meter}/metrics",
        response_model=list[MetricPoint],
        dependencies=[Depends(SCHOOL)],
    )
    def meter_metrics(school: str, meter: str, request: Request, query: Asked) -> Response:
        """Metrics of one meter."""
        site = context.site()
        known_school(site, school)
        if all(row.key != meter for row in site.meters_of(school)):
            raise no_such("meter", meter, f"/api/v1/schools/{school}/meters")
        return answer(request, query, school, Scope.METER, meter)

    @router.get(
        "/schools/{school}/buildings/{building}/metrics",
        response_model=list[MetricPoint],
        dependencies=[Depends(SCHOOL)],
    )
    def metrics_of_building(school: str, building: str, request: Request, query: Asked) -> Response:
        """Energy of a building: the sum of its own meters; empty where no meter names it."""
        site = context.site()
        known_school(site, school)
        if all((row.school, row.key) != (school, building) for row in site.buildings):
            raise no_such("building", building, f"/api/v1/schools/{school}")
        return answer(request, query, school, Scope.BUILDING, building)


def _figures(context: ApiContext, school: str, scope: Scope, key: str, asked: AskedMetrics) -> list[Metric]:
    """What is known of a place; a school's derived metrics too."""
    site, store = context.site(), context.store
    if scope is Scope.BUILDING:
        return building_metrics(site, store, school, key, asked)
    if scope is Scope.SCHOOL:
        return metrics_of_school(Sources.of(store, site, context.fits, context.clock()), school, asked)
    return place_metrics(site, store, school, scope, key, asked)


def known_school(site: Site, school: str) -> School:
    """The school, or a 404."""
    found = site.school_by_key.get(school)
    if found is None:
        raise no_such("school", school, "/api/v1/schools")
    return found


def known_room(site: Site, school: str, room: str) -> Room:
    """The room, or a 404."""
    known_school(site, school)
    found = site.room_by_key.get((school, room))
    if found is None:
        raise no_such("room", room, f"/api/v1/schools/{school}/rooms")
    return found


def school_out(site: Site, school: School, today: date) -> SchoolOut:
    """A school as the API gives it, with its attributes of ``today``."""
    attributes = site.attributes_on(school.key, today)
    return SchoolOut(
        key=school.key,
        name=school.name,
        municipality=school.municipality,
        latitude=school.latitude,
        longitude=school.longitude,
        school_hours=school.school_hours,
        atemp_m2=attributes.atemp_m2 if attributes else None,
        pupils=attributes.pupils if attributes else None,
        tenure=attributes.tenure if attributes else None,
        ventilation_hours=attributes.ventilation_hours if attributes else None,
        rooms=len(site.rooms_of(school.key)),
        time_zone=site.zone.key,
    )


def _copy(model: type[OutT], row: BaseModel) -> OutT:
    return model(**{name: getattr(row, name) for name in model.model_fields})


def _listed(request: Request, shape: Shape, model: type[OutT], rows: list[OutT]) -> Answer[OutT]:
    if wants_csv(request, shape):
        return csv_response(list(model.model_fields), rows, shape)
    return rows
