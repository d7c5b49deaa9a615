"""Routes of Skolans dag: read by those of the school, its food waste typed in by staff."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from api.access.rules import SCHOOL, STAFF
from api.pages.daily_entries import keep_entry
from api.pages.forms import Fields, form_of
from api.pages.router import FIRST_DAY, Pages
from api.pages.school_day import last_school_day, school_day_view
from api.pages.visit import MissingPlaceError, Visit
from classroom.access import Role
from classroom.places import School

Sent = Annotated[Fields, Depends(form_of("food_waste_kg", "portions"))]


def school_day_router(pages: Pages) -> APIRouter:
    """``/schools/{school}/day`` and ``…/day/{day}``."""
    router = APIRouter(prefix="/schools/{school}/day", include_in_schema=False)

    @router.get("", dependencies=[Depends(SCHOOL)])
    def newest(request: Request, school: str) -> Response:
        return pages.answer(request, "school_day.html", partial(_shown, key=school, asked=None))

    @router.get("/{day}", dependencies=[Depends(SCHOOL)])
    def show(request: Request, school: str, day: str) -> Response:
        return pages.answer(request, "school_day.html", partial(_shown, key=school, asked=day))

    @router.post("/{day}", dependencies=[Depends(STAFF)])
    def keep(request: Request, school: str, day: str, sent: Sent) -> Response:
        def change(visit: Visit) -> dict[str, Any] | None:
            place = visit.school(school)
            faults = keep_entry(visit, place, _day(visit, place, day), sent)
            return _shown(visit, school, day, sent, faults) if faults else None

        then = f"/schools/{quote(school, safe='')}/day/{quote(day, safe='')}"
        return pages.change(request, "school_day.html", change, then)

    return router


def _shown(
    visit: Visit,
    key: str,
    asked: str | None,
    sent: Mapping[str, str] | None = None,
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    school = visit.school(key)
    view = school_day_view(
        visit,
        school,
        _day(visit, school, asked),
        may_write=visit.viewer.may(Role.STAFF, key),
        sent=sent,
        faults=faults,
    )
    return {"view": view}


def _day(visit: Visit, school: School, asked: str | None) -> date:
    """A day that is over."""
    if asked is None:
        return last_school_day(visit, school)
    try:
        day = date.fromisoformat(asked)
    except ValueError as error:
        raise MissingPlaceError from error
    if not FIRST_DAY <= day < visit.today:
        raise MissingPlaceError
    return day
