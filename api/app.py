"""The application: routers, errors, door."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.responses import RedirectResponse

from api.access.door import Door, Identity
from api.access.rules import RefusedError, check_rules
from api.access.signin import sign_in_address, sign_in_router
from api.context import ApiContext
from api.etag import EntityTags
from api.guard import HEADERS, Guard
from api.openapi import document
from api.pages import (
    Pages,
    api_docs_router,
    experiments_router,
    pages_router,
    school_day_router,
    screen_router,
)
from api.problems import handle_problems, problem_response
from api.routes.analysis import analysis_router
from api.routes.comparisons import comparisons_router
from api.routes.dead_letters import dead_letters_router
from api.routes.deliveries import deliveries_router
from api.routes.devices import devices_router
from api.routes.imports import imports_router
from api.routes.insights import insights_router
from api.routes.operations import operations_router
from api.routes.overviews import overviews_router
from api.routes.portfolio import portfolio_router
from api.routes.reports import reports_router
from api.routes.rooms import rooms_router
from api.routes.schools import schools_router

API_VERSION = "1"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def create_app(context: ApiContext) -> FastAPI:
    """The API and its pages over what ``context`` hands in. Seed ``context.live`` before serving.

    Raises:
        LookupError: a route does not say who may use it.
    """
    app = FastAPI(
        title="classroom-climate",
        version=API_VERSION,
        summary="Room climate, energy and emissions of schools.",
        docs_url=None,  # their scripts come from a CDN
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    handle_problems(app, HEADERS)
    app.state.site = context.site
    v1 = APIRouter(prefix="/api/v1")
    v1.include_router(schools_router(context))
    v1.include_router(comparisons_router(context))
    v1.include_router(portfolio_router(context))
    v1.include_router(overviews_router(context))
    v1.include_router(rooms_router(context))
    v1.include_router(reports_router(context))
    v1.include_router(deliveries_router(context))
    v1.include_router(insights_router(context))
    v1.include_router(devices_router(context))
    v1.include_router(dead_letters_router(context))
    v1.include_router(imports_router(context))
    v1.include_router(analysis_router(context))
    app.include_router(v1)
    app.include_router(operations_router(context))
    app.include_router(sign_in_router(context))
    pages = Pages(context)
    app.include_router(pages_router(pages))
    app.include_router(experiments_router(pages))
    app.include_router(school_day_router(pages))
    app.include_router(api_docs_router(pages))
    app.include_router(screen_router(context, pages))
    _refuse_visitors(app, pages)
    check_rules(app)
    _guard(app, context)
    document(app)
    return app


def _refuse_visitors(app: FastAPI, pages: Pages) -> None:
    """Programs get a problem; people the way to sign in, or a page that says why not."""

    @app.exception_handler(RefusedError)
    def refused(request: Request, error: RefusedError) -> Response:
        wants_page = "text/html" in request.headers.get("accept", "") and request.method == "GET"
        if not wants_page or request.url.path.startswith("/api/"):
            return problem_response(request.url.path, error, error.headers)
        if error.status == 401 and request.app.state.site().settings.access.oidc is not None:
            return RedirectResponse(sign_in_address(request.url.path, request.url.query), 303)
        return pages.refusal(request, error)


def _guard(app: FastAPI, context: ApiContext) -> None:
    """Put the door before the routes, and the threshold before the door."""
    settings = context.site().settings
    file = context.access.file if context.access is not None else None
    key = context.control.key if context.control is not None else None
    app.add_middleware(EntityTags)
    app.add_middleware(
        Door, identity=Identity(settings.access, file, key, context.clock), settings=settings.access
    )
    host, url = settings.api.host, settings.access.url
    hosts = [*LOOPBACK_HOSTS, *settings.api.names, f"[{host}]" if ":" in host else host]
    if url is not None:
        name = urlsplit(url).hostname or ""
        hosts.append(f"[{name}]" if ":" in name else name)
    app.add_middleware(Guard, hosts=hosts, https=url is not None and url.startswith("https:"))
