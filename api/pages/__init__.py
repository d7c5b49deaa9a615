"""The classroom pages: start, school and room, written on the server in Swedish or English."""

from api.pages.router import Pages, pages_router
from api.pages.screen import screen_router

__all__ = ["Pages", "pages_router", "screen_router"]
