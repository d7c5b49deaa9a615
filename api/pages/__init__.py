"""The classroom pages, written on the server in Swedish or English."""

from api.pages.api_docs_router import api_docs_router
from api.pages.experiments_router import experiments_router
from api.pages.router import Pages, pages_router
from api.pages.school_day_router import school_day_router
from api.pages.screen import screen_router

__all__ = [
    "Pages",
    "api_docs_router",
    "experiments_router",
    "pages_router",
    "school_day_router",
    "screen_router",
]
