"""What can be handed in over HTTP: files for the import folder, and readings in the native format."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel

from api.access.rules import HAND_IN, IMPORT, TECHNICIAN
from api.context import ApiContext, Imports, Push
from api.models import PROBLEMS, ProblemOut
from api.problems import ProblemError, no_such, wrong
from classroom.faults import ConfigurationError

MAPPING_FILE = "mapping.toml"
MAPPING_LIMIT_BYTES = 100_000
_DURABLE_S = 30.0


class ImportReport(BaseModel):
    """What became of a file: ``state`` is waiting, reading, storing, stored or refused (nothing of it is
    stored)."""

    id: str
    source: str
    name: str
    received: str
    state: str
    done: int = 0
    readings: int = 0
    stored: int = 0
    unchanged: int = 0
    corrected: int = 0
    without_place: list[str] = []
    faults: list[str] = []
    preview: list[str] = []


class ImportPage(BaseModel):
    """The newest reports."""

    items: list[ImportReport]


class Taken(BaseModel):
    """A file or mapping that was taken; ask for ``/api/v1/imports/{id}``."""

    id: str


class Accepted(BaseModel):
    """A message that is on disk and will be decoded."""

    topic: str


_REFUSALS: dict[int | str, dict[str, Any]] = {
    code: {"model": ProblemOut, "description": text}
    for code, text in (
        (413, "Too large"),
        (415, "Another kind of content"),
    )
}
_Source = Annotated[str, Path(max_length=64)]
_Name = Annotated[str, Path(max_length=120)]
_Level = Annotated[str, Path(max_length=64, pattern=r"^[^/+#\x00-\x1f\x7f]+$")]


def imports_router(context: ApiContext) -> APIRouter:
    """Routes for files and pushed readings; only what ``context`` has a taker for."""
    router = APIRouter(tags=["imports"], responses=PROBLEMS)
    control = context.control
    if control is None:
        return router
    writing = APIRouter(responses=_REFUSALS)
    if control.imports is not None:
        _add_reports(router, control.imports)
        _add_files(writing, control.imports)
    if control.push is not None:
        _add_push(writing, control.push, context.site().settings.ingest.payload_limit_bytes)
    router.include_router(writing)
    return router


def _add_reports(router: APIRouter, imports: Imports) -> None:
    @router.get("/imports", response_model=ImportPage, dependencies=[Depends(TECHNICIAN)])
    def list_imports(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Any:  # noqa: ANN401
        """What became of the files that came last."""
        return {"items": list(imports.reports(limit))}

    @router.get("/imports/{id}", response_model=ImportReport, dependencies=[Depends(TECHNICIAN)])
    def get_import(id: Annotated[str, Path(max_length=200)]) -> Any:  # noqa: A002, ANN401
        """What became of one file."""
        report = imports.report(id)
        if report is None:
            raise no_such("import", id, "/api/v1/imports")
        return report


def _add_files(router: APIRouter, imports: Imports) -> None:
    @router.put(
        "/imports/{source}/{name}", response_model=Taken, status_code=202, dependencies=[Depends(IMPORT)]
    )
    async def put_file(request: Request, response: Response, source: _Source, name: _Name) -> Taken:
        """Hand in a file of a source (its bytes are the body), or a source's ``mapping.toml``."""
        try:
            if name == MAPPING_FILE:
                return await _mapping(imports, request, source)
            taken = await _file(imports, request, source, name)
        except ConfigurationError as error:
            raise ProblemError(422, "; ".join(str(fault) for fault in error.faults)[:2_000]) from error
        except ValueError as error:
            raise wrong("name", name, str(error)) from error
        response.headers["Location"] = f"/api/v1/imports/{taken.id}"
        return taken


async def _mapping(imports: Imports, request: Request, source: str) -> Taken:
    body = bytearray()
    async for block in request.stream():
        body += block
        if len(body) > MAPPING_LIMIT_BYTES:
            raise ProblemError(413, f"A mapping has at most {MAPPING_LIMIT_BYTES} bytes.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ProblemError(422, "The mapping is not UTF-8.") from error
    await asyncio.to_thread(imports.set_mapping, source, text)
    return Taken(id=MAPPING_FILE)


async def _file(imports: Imports, request: Request, source: str, name: str) -> Taken:
    limit = imports.limit_bytes
    detail = f"A file has at most {limit / 1e6:.0f} MB here (imports.file_limit_mb); split it."
    too_large = ProblemError(413, detail)
    if int(request.headers.get("content-length") or 0) > limit:
        raise too_large
    upload = await asyncio.to_thread(imports.receive, source, name)
    whole = False
    try:
        size = 0
        async for block in request.stream():
            size += len(block)
            if size > limit:
                raise too_large
            await asyncio.to_thread(upload.write, block)
        if not size:
            raise ProblemError(422, "The file is empty. Send its bytes as the body of the request.")
        taken = Taken(id=await asyncio.to_thread(upload.finish))
        whole = True
    finally:
        if not whole:
            upload.drop()
    return taken


def _add_push(router: APIRouter, push: Push, limit: int) -> None:
    @router.post(
        "/readings/{school}/{room}/{device}",
        response_model=Accepted,
        status_code=202,
        dependencies=[Depends(HAND_IN)],
    )
    async def push_reading(request: Request, school: _Level, room: _Level, device: _Level) -> Accepted:
        """Hand in a message in the native format: a JSON object as it would come over MQTT.

        It goes the way of every message: 202 says that it is on disk; what cannot be read becomes a dead
        letter.
        """
        if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/json":
            raise ProblemError(415, "Send a JSON object with Content-Type: application/json.")
        body = bytearray()
        async for block in request.stream():
            body += block
            if len(body) > limit:
                raise ProblemError(413, f"A message has at most {limit} bytes (ingest.payload_limit_bytes).")
        topic = f"classroom/{school}/{room}/{device}"
        durable = asyncio.wrap_future(push(topic, bytes(body)))
        try:
            await asyncio.wait_for(asyncio.shield(durable), _DURABLE_S)
        except TimeoutError as error:
            raise ProblemError(503, "It could not be put on disk in time. Send it again.") from error
        return Accepted(topic=topic)
