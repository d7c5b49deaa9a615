"""Routes of the API's description: ``/api-docs`` and a page for each of its groups."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Depends, FastAPI, Request, Response

from api.access.rules import OPEN
from api.pages.api_docs import ApiDocs, api_docs
from api.pages.language import Language
from api.pages.router import Pages
from api.pages.visit import MissingPlaceError, Visit


def api_docs_router(pages: Pages) -> APIRouter:
    """The pages; the document is read when first asked for, since routes may still be added before."""
    router = APIRouter(prefix="/api-docs", include_in_schema=False, dependencies=[Depends(OPEN)])
    read: dict[int, ApiDocs] = {}

    def docs(app: FastAPI) -> ApiDocs:
        if id(app) not in read:
            read[id(app)] = api_docs(app.openapi())
        return read[id(app)]

    @router.get("")
    def overview(request: Request) -> Response:
        def gather(visit: Visit) -> dict[str, Any]:
            return {"docs": docs(request.app), "access": access_words(visit.say), "base": base_of(request)}

        return pages.answer(request, "api_docs.html", gather)

    @router.get("/{group}")
    def one_group(request: Request, group: str) -> Response:
        def gather(visit: Visit) -> dict[str, Any]:
            found = docs(request.app).groups.get(group)
            if found is None:
                raise MissingPlaceError
            return {
                "docs": docs(request.app),
                "group": found,
                "access": access_words(visit.say),
                "base": base_of(request),
            }

        return pages.answer(request, "api_group.html", gather)

    return router


def base_of(request: Request) -> str:
    """What stands before a path: the address under which the reader has come."""
    return str(request.base_url).rstrip("/")


def access_words(say: Language) -> dict[str, str]:
    """Who may ask, by the name of the rule."""
    of_school, of_some = say.text("those of the school"), say.text("those of any school, for their schools")
    return {
        "open": say.text("anybody"),
        "city": say.text("those of any school, and the public where the site allows it"),
        "public_school": say.text("those of the school, and the public by the day where the site allows it"),
        "school": of_school,
        "room": of_school,
        "schools": of_some,
        "rooms": of_some,
        "devices": of_some,
        "staff": say.text("staff of the school"),
        "hand_in": say.text("staff of the school, with a token"),
        "service": say.text("those of the whole site"),
        "technician": say.text("staff of the whole site"),
        "import": say.text("staff of the whole site, with a token"),
        "admin": say.text("administrators, with a token"),
    }
