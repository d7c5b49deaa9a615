"""Errors as RFC 9457 problem details that say what to do next; nothing of the server's inside leaves it."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from api.models import ProblemOut, Wrong
from store.base import StoreError

PROBLEM_TYPE = "application/problem+json"
RETRY_AFTER_S = 10

_log = logging.getLogger(__name__)

_TITLES = {
    400: "Bad request",
    401: "Who are you?",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Not now",
    413: "Too large",
    415: "Another kind of content",
    422: "A parameter is wrong",
    429: "Too often",
    500: "Internal error",
    502: "Sign-in failed",
    503: "Not ready",
}
_CURES = {
    404: "Nothing stands at this address. /openapi.json lists the routes, /api/v1/schools the schools.",
    405: "This address is asked in another way; /openapi.json says how.",
}


class ProblemError(Exception):
    """A request that cannot be answered; ``detail`` says what to do next, ``retry_after_s`` when again."""

    @property
    def headers(self) -> dict[str, str]:
        """What stands beside the answer."""
        found = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return found | ({"WWW-Authenticate": "Bearer"} if self.status == 401 else {})

    def __init__(
        self, status: int, detail: str, errors: Sequence[Wrong] = (), retry_after_s: int | None = None
    ) -> None:
        self.status = status
        self.retry_after_s = retry_after_s
        self.detail = detail
        self.errors = tuple(errors)
        super().__init__(detail)


def wrong(key: str, value: object, cure: str) -> ProblemError:
    """A 422 about one parameter."""
    shown = Wrong(key=key, value=str(value)[:80], cure=cure)
    return ProblemError(422, f"{key}={shown.value!r}: {cure}", [shown])


def no_such(kind: str, key: str, where: str) -> ProblemError:
    """A 404 about a place; ``where`` is the address that lists those there are."""
    return ProblemError(404, f"There is no {kind} {key[:80]!r}. {where} lists those there are.")


def problem_response(path: str, problem: ProblemError, headers: Mapping[str, str] | None = None) -> Response:
    """The answer to a problem; it speaks ASCII JSON, so that no header or proxy can misread it."""
    body = ProblemOut(
        title=_TITLES.get(problem.status, "Error"),
        status=problem.status,
        detail=problem.detail,
        instance=path[:200],
        errors=list(problem.errors),
    )
    content = json.dumps(body.model_dump(mode="json"))
    return Response(content, problem.status, headers=dict(headers or {}), media_type=PROBLEM_TYPE)


def handle_problems(app: FastAPI, own_headers: Mapping[str, str]) -> None:
    """Register the handlers. ``own_headers`` go onto the 500, which is made outside all middleware."""

    @app.exception_handler(ProblemError)
    def _problem(request: Request, error: ProblemError) -> Response:
        return problem_response(request.url.path, error, error.headers)

    @app.exception_handler(HTTPException)
    def _http(request: Request, error: HTTPException) -> Response:
        detail = _CURES.get(error.status_code, str(error.detail))
        return problem_response(request.url.path, ProblemError(error.status_code, detail), error.headers)

    @app.exception_handler(RequestValidationError)
    def _validation(request: Request, error: RequestValidationError) -> Response:
        found = [_wrong_of(dict(detail)) for detail in error.errors()]
        detail = "; ".join(f"{item.key}={item.value!r}: {item.cure}" for item in found)
        return problem_response(request.url.path, ProblemError(422, detail, found))

    @app.exception_handler(StoreError)
    def _store(request: Request, error: StoreError) -> Response:
        _log.warning("the store cannot serve %s: %s", request.url.path, error)
        detail = f"The store cannot serve now; try again in {RETRY_AFTER_S} s. /readyz says what is wrong."
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return problem_response(request.url.path, ProblemError(503, detail), headers)

    @app.exception_handler(Exception)
    def _internal(request: Request, error: Exception) -> Response:
        # Starlette logs the traceback and hands the error on to the server; the client learns nothing of it.
        del error
        detail = "This is a fault of the server; its log has the details. Please report it."
        return problem_response(request.url.path, ProblemError(500, detail), own_headers)


def _wrong_of(detail: dict[str, object]) -> Wrong:
    loc = detail.get("loc")
    key = str(loc[-1]) if isinstance(loc, tuple) and loc else "request"
    if detail.get("type") == "extra_forbidden":
        return Wrong(
            key=key[:80], value=str(detail.get("input"))[:80], cure="this parameter is not known here"
        )
    if detail.get("type") == "missing":
        return Wrong(key=key[:80], value="", cure="this parameter is needed")
    return Wrong(key=key[:80], value=str(detail.get("input"))[:80], cure=str(detail.get("msg")))
