"""Routes of the pages. They answer in HTML, in the visitor's language, and never from a cache."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from api.access.rules import CITY, OPEN, ROOM, ROOMS, SCHOOL, TECHNICIAN, RefusedError
from api.access.viewer import viewer_of
from api.context import ApiContext
from api.pages import heat
from api.pages.city import city_view
from api.pages.expected import Expectations
from api.pages.insights import findings_view
from api.pages.language import CODES, COOKIE, NAMES, choose, language
from api.pages.light import level_names
from api.pages.operations import operations_view
from api.pages.report_menu import report_menu
from api.pages.room_weeks import RoomWeeks
from api.pages.rooms import rooms_view
from api.pages.savings import savings_view
from api.pages.self_monitoring import self_monitoring_view
from api.pages.sensors import trouble_name
from api.pages.static import load_static
from api.pages.views import room_view, school_view
from api.pages.visit import MissingPlaceError, Visit
from api.pages.week import Week, remark
from classroom.access import Role
from store.base import StoreError

TEMPLATE_FOLDER = Path(__file__).parents[1] / "templates"

FIRST_DAY = date(1970, 1, 1)

_COOKIE_S = 365 * 86_400
_RETRY_AFTER_S = 10


class _DoneError(Exception):
    """A change was made: there is no page to show."""


class Pages:
    """Answers visitors; holds the compiled templates, the static files and what was lately expected."""

    def __init__(self, context: ApiContext) -> None:
        self.context = context
        self.static = load_static()
        self.expectations = Expectations()
        self.room_weeks = RoomWeeks()
        self._templates = Environment(
            loader=FileSystemLoader(TEMPLATE_FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.globals["static"] = lambda name: self.static[name].address

    def answer(
        self, request: Request, template: str, gather: Callable[[Visit], dict[str, Any]]
    ) -> HTMLResponse:
        """``template`` with what ``gather`` finds, or the page that says why it cannot be shown."""
        visit = self._visit(request)
        try:
            return self._render(request, template, visit, gather(visit))
        except MissingPlaceError:
            return self._render(request, "missing.html", visit, {}, 404)
        except StoreError:
            away = self._render(request, "away.html", visit, {}, 503)
            away.headers["Retry-After"] = str(_RETRY_AFTER_S)
            return away

    def change(
        self, request: Request, template: str, change: Callable[[Visit], dict[str, Any] | None], then: str
    ) -> Response:
        """Do what a form asks and go to the address ``then``; what ``change`` gives back is what is wrong,
        and is shown in ``template``."""
        wrong: list[dict[str, Any]] = []

        def gather(visit: Visit) -> dict[str, Any]:
            shown = change(visit)
            if shown is None:
                raise _DoneError
            wrong.append(shown)
            return shown

        try:
            answer = self.answer(request, template, gather)
        except _DoneError:
            return RedirectResponse(then, 303)
        if wrong:
            answer.status_code = 422
        return answer

    def refusal(self, request: Request, error: RefusedError) -> HTMLResponse:
        """The page for somebody whom a rule did not admit."""
        return self._render(
            request, "refused.html", self._visit(request), {"status": error.status}, error.status
        )

    def _visit(self, request: Request) -> Visit:
        site = self.context.site()
        code = choose(
            request.query_params.get("lang"),
            request.cookies.get(COOKIE),
            request.headers.get("accept-language"),
            site.settings.site.language,
        )
        return Visit(self.context, site, language(code, site.zone), self.context.clock(), viewer_of(request))

    def _render(
        self, request: Request, template: str, visit: Visit, shown: dict[str, Any], status: int = 200
    ) -> HTMLResponse:
        say = visit.say
        content = self._templates.get_template(template).render(
            _=say.text,
            say=say,
            site=visit.site,
            now=visit.now,
            today=visit.today,
            remark=partial(remark, say=say),
            level_names=level_names(say),
            trouble_name=partial(trouble_name, say=say),
            heat_hours=heat.HOURS,
            heat_names=heat.level_names(say),
            operates=visit.viewer.may(Role.STAFF, None),
            tongues=[(code, NAMES[code], _in_language(request, code)) for code in CODES],
            **shown,
        )
        response = HTMLResponse(content, status)
        response.headers["Content-Language"] = say.code
        response.headers["Vary"] = "Accept-Language, Cookie"
        response.headers["Cache-Control"] = "no-store"
        if request.query_params.get("lang") == say.code:  # asked for by hand: keep it
            response.set_cookie(COOKIE, say.code, max_age=_COOKIE_S, httponly=True, samesite="lax")
        return response


def pages_router(pages: Pages) -> APIRouter:
    """The pages and, under ``/static``, the files they load."""
    router = APIRouter(include_in_schema=False)

    @router.get("/", dependencies=[Depends(CITY)])
    def start(request: Request) -> Response:
        gather = partial(_city, asked=dict(request.query_params), weeks=pages.room_weeks)
        return pages.answer(request, "city.html", gather)

    @router.get("/rooms", dependencies=[Depends(ROOMS)])
    def rooms(request: Request) -> Response:
        gather = partial(_rooms, asked=dict(request.query_params), weeks=pages.room_weeks)
        return pages.answer(request, "rooms.html", gather)

    @router.get("/schools/{school}", dependencies=[Depends(SCHOOL)])
    def school(request: Request, school: str) -> Response:
        asked = request.query_params.get("week")
        gather = partial(_school, key=school, asked_week=asked, expectations=pages.expectations)
        return pages.answer(request, "school.html", gather)

    @router.get("/schools/{school}/rooms/{room}", dependencies=[Depends(ROOM)])
    def room(request: Request, school: str, room: str) -> Response:
        asked = request.query_params.get("day")
        return pages.answer(request, "room.html", partial(_room, school=school, key=room, asked_day=asked))

    @router.get("/schools/{school}/self-monitoring", dependencies=[Depends(SCHOOL)])
    def self_monitoring(request: Request, school: str) -> Response:
        return pages.answer(request, "self_monitoring.html", partial(_self_monitoring, key=school))

    @router.get("/schools/{school}/findings", dependencies=[Depends(SCHOOL)])
    def findings(request: Request, school: str) -> Response:
        return pages.answer(request, "findings.html", partial(_findings, key=school))

    @router.get("/operations", dependencies=[Depends(TECHNICIAN)])
    def operations(request: Request) -> Response:
        return pages.answer(
            request, "operations.html", partial(_operations, asked=dict(request.query_params))
        )

    @router.get("/static/{name}", dependencies=[Depends(OPEN)])
    def static(request: Request, name: str) -> Response:
        file = pages.static.get(name)
        if file is None:
            raise HTTPException(404)
        return file.response(request.headers.get("if-none-match"), request.query_params.get("v"))

    return router


def _rooms(visit: Visit, asked: dict[str, str], weeks: RoomWeeks) -> dict[str, Any]:
    try:
        return {"view": rooms_view(visit, asked, weeks)}
    except ValueError as error:
        raise MissingPlaceError from error


def _city(visit: Visit, asked: dict[str, str], weeks: RoomWeeks) -> dict[str, Any]:
    try:
        view = city_view(visit, asked, weeks)
    except ValueError as error:
        raise MissingPlaceError from error
    reads = any(visit.viewer.reads(school.key) for school in visit.site.schools)
    menu = report_menu("/api/v1/portfolio/report", visit.today, visit.say) if reads else None
    return {"view": view, "report_menu": menu}


def _self_monitoring(visit: Visit, key: str) -> dict[str, Any]:
    return {"view": self_monitoring_view(visit, visit.school(key))}


def _findings(visit: Visit, key: str) -> dict[str, Any]:
    return {"view": findings_view(visit, visit.school(key))}


def _operations(visit: Visit, asked: dict[str, str]) -> dict[str, Any]:
    return {"view": operations_view(visit, asked)}


def _school(visit: Visit, key: str, asked_week: str | None, expectations: Expectations) -> dict[str, Any]:
    school = visit.school(key)
    try:
        week = Week.parse(asked_week) if asked_week else Week.of(visit.today)
    except ValueError as error:
        raise MissingPlaceError from error
    view = school_view(visit, school, week, expectations)
    menu = report_menu(f"/api/v1/schools/{quote(key)}/report", visit.today, visit.say)
    return {"view": view, "savings": savings_view(visit, key), "report_menu": menu}


def _room(visit: Visit, school: str, key: str, asked_day: str | None) -> dict[str, Any]:
    room = visit.site.room_by_key.get((school, key))
    if room is None:
        raise MissingPlaceError
    try:
        day = date.fromisoformat(asked_day) if asked_day else visit.today
    except ValueError as error:
        raise MissingPlaceError from error
    if not FIRST_DAY <= day <= visit.today:
        raise MissingPlaceError
    stream = f"/api/v1/schools/{quote(school)}/rooms/{quote(key)}/stream"
    return {"view": room_view(visit, room, day), "stream": stream}


def _in_language(request: Request, code: str) -> str:
    """This page's address in another language."""
    url = request.url.include_query_params(lang=code)
    return f"{url.path}?{url.query}"
