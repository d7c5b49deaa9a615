"""The application: routers, errors, door."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, FastAPI

from api.context import ApiContext
from api.guard import HEADERS, Guard
from api.pages import pages_router
from api.problems import PROBLEM_TYPE, handle_problems
from api.routes.dead_letters import dead_letters_router
from api.routes.devices import devices_router
from api.routes.imports import imports_router
from api.routes.operations import operations_router
from api.routes.rooms import rooms_router
from api.routes.schools import schools_router

API_VERSION = "1"
LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def create_app(context: ApiContext) -> FastAPI:
    """The API and its pages over what ``context`` hands in. Seed ``context.live`` before serving."""
    app = FastAPI(
        title="classroom-climate",
        version=API_VERSION,
        summary="Room climate, energy and emissions of schools.",
        docs_url=None,  # their scripts come from a CDN
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    handle_problems(app, HEADERS)
    v1 = APIRouter(prefix="/api/v1")
    v1.include_router(schools_router(context))
    v1.include_router(rooms_router(context))
    v1.include_router(devices_router(context))
    v1.include_router(dead_letters_router(context))
    v1.include_router(imports_router(context))
    app.include_router(v1)
    app.include_router(operations_router(context))
    app.include_router(pages_router(context))
    host = context.site().settings.api.host
    app.add_middleware(Guard, hosts=(*LOOPBACK_HOSTS, f"[{host}]" if ":" in host else host))
    _document_problems(app)
    return app


def _document_problems(app: FastAPI) -> None:
    """Let the OpenAPI document name the media type in which errors really come."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            for path in generate()["paths"].values():
                for operation in path.values():
                    for status, answer in operation.get("responses", {}).items():
                        content = answer.get("content", {})
                        is_problem = status.startswith(("4", "5")) and "Problem" in str(content)
                        if is_problem and "application/json" in content:
                            content[PROBLEM_TYPE] = content.pop("application/json")
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]
