"""Routes of the class experiments: read by those of the school, written by its staff through a plain form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, Request, Response

from api.access.rules import SCHOOL, STAFF
from api.pages.experiments import experiments_view, forget_experiment, keep_experiment
from api.pages.forms import form_of
from api.pages.router import Pages
from api.pages.visit import Visit
from classroom.access import Role

Sent = Annotated[dict[str, str], Depends(form_of("action", "room", "first", "last"))]


def experiments_router(pages: Pages) -> APIRouter:
    """``/schools/{school}/experiments``."""
    router = APIRouter(prefix="/schools/{school}/experiments", include_in_schema=False)

    @router.get("", dependencies=[Depends(SCHOOL)])
    def show(request: Request, school: str) -> Response:
        return pages.answer(request, "experiments.html", partial(_shown, pages=pages, key=school))

    if pages.context.writes:
        _add_writing(router, pages)
    return router


def _add_writing(router: APIRouter, pages: Pages) -> None:
    @router.post("", dependencies=[Depends(STAFF)])
    def keep(request: Request, school: str, sent: Sent) -> Response:
        def change(visit: Visit) -> dict[str, Any] | None:
            faults = keep_experiment(visit, visit.school(school), sent)
            return _shown(visit, pages, school, sent, faults) if faults else None

        return pages.change(request, "experiments.html", change, _address(school))

    @router.post("/{key}/delete", dependencies=[Depends(STAFF)])
    def delete(request: Request, school: str, key: str) -> Response:
        def change(visit: Visit) -> None:
            forget_experiment(visit, visit.school(school), key)

        return pages.change(request, "experiments.html", change, _address(school))


def _shown(
    visit: Visit,
    pages: Pages,
    key: str,
    sent: Mapping[str, str] | None = None,
    faults: Sequence[str] = (),
) -> dict[str, Any]:
    view = experiments_view(
        visit,
        visit.school(key),
        pages.expectations,
        may_write=pages.context.writes and visit.viewer.may(Role.STAFF, key),
        sent=sent,
        faults=faults,
    )
    return {"view": view}


def _address(school: str) -> str:
    return f"/schools/{quote(school, safe='')}/experiments"
