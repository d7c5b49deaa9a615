"""For those who keep it running: alive, ready, counters."""

from __future__ import annotations

import logging

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.access.rules import OPEN, TECHNICIAN
from api.access.viewer import viewer_of
from api.context import ApiContext
from api.models import REFUSALS, Alive, Part, Readiness
from classroom.access import Role
from store.base import SchemaError, StoreError

_log = logging.getLogger(__name__)


def operations_router(context: ApiContext) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(tags=["operations"])
    store = _StorePart(context)

    @router.get("/healthz", response_model=Alive, dependencies=[Depends(OPEN)])
    async def healthz() -> Alive:
        """The process answers; a restart would not help."""
        return Alive()

    @router.get(
        "/readyz",
        response_model=Readiness,
        responses={503: {"model": Readiness}},
        dependencies=[Depends(OPEN)],
    )
    def readyz(request: Request, response: Response) -> Readiness:
        """Whether every part does its work; 503 with the reasons where one does not.

        The parts are told to technicians only.
        """
        parts = [
            store.ask(),
            *(Part(name=part.name, ok=part.ok, message=part.message) for part in context.health()),
        ]
        ready = all(part.ok for part in parts)
        response.status_code = 200 if ready else 503
        response.headers["Cache-Control"] = "no-store"
        told = parts if viewer_of(request).may(Role.STAFF, None) else []
        return Readiness(site=context.site().settings.site.key, ready=ready, parts=told)

    @router.get(
        "/metrics",
        response_class=Response,
        responses={200: {"content": {"text/plain": {}}}, **REFUSALS},
        dependencies=[Depends(TECHNICIAN)],
    )
    def metrics() -> Response:
        """Counters of this process in Prometheus' text format."""
        return Response(generate_latest(context.registry), media_type=CONTENT_TYPE_LATEST)

    return router


class _StorePart:
    """Asks the store; logs when it ceases to serve and when it serves again, not every question."""

    def __init__(self, context: ApiContext) -> None:
        self._store = context.store
        self._serves = True

    def ask(self) -> Part:
        """What the store says of itself; not where it is, which is not for the answer."""
        try:
            info = self._store.info()
            self._store.watermark("readyz")  # a real question: the file or server must answer
        except (StoreError, SchemaError) as error:
            if self._serves:
                _log.warning("the store is not ready: %s", error)
            self._serves = False
            return Part(name="store", ok=False, message="cannot serve now; the log of the process says why")
        if not self._serves:
            _log.warning("the store is ready again")
        self._serves = True
        return Part(
            name="store", ok=True, message=f"{info.kind} {info.version}, schema {info.schema_version}"
        )
