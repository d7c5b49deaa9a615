"""Screens on classroom walls: one room behind a link that is its own proof and can be revoked."""

from __future__ import annotations

from functools import partial

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response

from api.access.rules import OPEN
from api.access.tokens import Tokens
from api.context import ApiContext
from api.pages.router import Pages
from api.pages.views import screen_view
from api.pages.visit import MissingPlaceError, Visit
from api.stream import EventStream


def screen_router(context: ApiContext, pages: Pages) -> APIRouter:
    """``/skarm/{link}`` and its stream; empty where the site has no access file."""
    router = APIRouter(prefix="/skarm/{link}", include_in_schema=False, dependencies=[Depends(OPEN)])
    if context.access is None:
        return router
    tokens = Tokens(context.access.file)

    def place(link: str) -> tuple[str, str] | None:
        """The room behind a link that stands; None for any other, and for a room that is no more."""
        screen = tokens.find_screen(link, context.clock())
        found = screen.place if screen is not None else None
        return found if found in context.site().room_by_key else None

    @router.get("")
    def screen(request: Request, link: str) -> Response:
        return pages.answer(request, "screen.html", partial(_screen, place=place(link), link=link))

    @router.get("/stream")
    async def stream(link: str, last_event_id: str | None = Header(None, max_length=64)) -> Response:
        found = place(link)
        if found is None:
            raise HTTPException(404)
        return EventStream(context, *found, last_event_id, lambda: place(link) == found)

    return router


def _screen(visit: Visit, place: tuple[str, str] | None, link: str) -> dict[str, object]:
    if place is None:
        raise MissingPlaceError
    return {"view": screen_view(visit, visit.site.room_by_key[place], f"/skarm/{link}/stream")}
