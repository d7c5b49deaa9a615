"""Sign-in by OpenID Connect: to the provider and back, with PKCE, state and nonce; sign-out."""

from __future__ import annotations

import logging
import secrets
from datetime import timedelta
from typing import Any, Protocol
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse

from api.access.rules import OPEN
from api.access.sessions import Sessions, cookie_names, cookie_value
from api.context import Access, ApiContext
from api.problems import ProblemError
from classroom.access import OidcSettings

SIGN_IN, CALLBACK, SIGN_OUT = "/sign-in", "/sign-in/callback", "/sign-out"
_PATIENCE = timedelta(minutes=10)
_MOST_GROUPS = 1_000

_log = logging.getLogger(__name__)


class ProviderError(Exception):
    """The provider cannot be asked, or what it says is not believed; the message is for the log."""


class Asked(Protocol):
    """The provider; see :class:`api.access.provider.Provider`."""

    async def begin(self, redirect_uri: str) -> dict[str, Any]:
        """Where to send the browser, and what to remember."""
        ...

    async def finish(self, begun: dict[str, Any], code: str, redirect_uri: str) -> dict[str, Any]:
        """The claims of who has signed in."""
        ...


class SignIn:
    """Answers of the sign-in routes."""

    def __init__(
        self, context: ApiContext, access: Access, provider: Asked, settings: OidcSettings, url: str
    ) -> None:
        self._context = context
        self._settings = settings
        self._url = url
        self._secure = url.startswith("https:")
        self._session_cookie, self._begun_cookie = cookie_names(self._secure)
        self._sessions = Sessions(access.file)
        self._provider = provider

    async def begin(self, then: str) -> Response:
        """Send the browser to the provider."""
        try:
            begun = await self._provider.begin(self._url + CALLBACK)
        except ProviderError as error:
            raise _failed("the sign-in provider cannot be asked", error) from error
        kept = {name: begun[name] for name in ("state", "nonce", "code_verifier")} | {"then": local(then)}
        name = self._sessions.begin(kept, self._context.clock(), _PATIENCE)
        answer = _redirect(begun["url"])
        self._set(answer, self._begun_cookie, name, _PATIENCE)
        return answer

    async def finish(self, request: Request) -> Response:
        """Take in who the provider says it is."""
        query, now = request.query_params, self._context.clock()
        name = cookie_value(request.headers.getlist("cookie"), self._begun_cookie)
        begun = self._sessions.state(name, now) if name is not None else None
        state = query.get("state", "")
        if (
            name is None
            or begun is None
            or not secrets.compare_digest(state.encode(), begun["state"].encode())
        ):
            raise ProblemError(
                400, f"This sign-in was not begun here, or too long ago. Begin again at {SIGN_IN}"
            )
        self._sessions.end(name)  # a code is taken once
        if "error" in query or not query.get("code"):
            raise ProblemError(403, f"The sign-in provider did not let you in. Begin again at {SIGN_IN}")
        try:
            claims = await self._provider.finish(begun, query["code"], self._url + CALLBACK)
            person = self._person(claims)
        except ProviderError as error:
            raise _failed("a sign-in was not believed", error) from error
        lasts = timedelta(hours=self._settings.session_hours)
        answer = _redirect(begun["then"])
        self._set(answer, self._session_cookie, self._sessions.begin(person, now, lasts), lasts)
        answer.delete_cookie(self._begun_cookie, secure=self._secure, httponly=True, samesite="lax")
        return answer

    def end(self, request: Request) -> Response:
        """Forget the session."""
        name = cookie_value(request.headers.getlist("cookie"), self._session_cookie)
        if name is not None:
            self._sessions.end(name)
        answer = _redirect("/")
        answer.delete_cookie(self._session_cookie, secure=self._secure, httponly=True, samesite="lax")
        return answer

    def _person(self, claims: dict[str, Any]) -> dict[str, Any]:
        """What a session keeps of the claims: a name for the audit, and those groups that mean something."""
        given = claims.get(self._settings.groups_claim)
        if given is None:
            _log.warning("the provider sent no claim %r: nobody gets a role", self._settings.groups_claim)
        listed = [given] if isinstance(given, str) else given if isinstance(given, list) else []
        known = {grant.group for grant in self._settings.groups}
        groups = sorted(known.intersection(str(group) for group in listed[:_MOST_GROUPS]))
        name = claims.get("preferred_username") or claims.get("email") or claims["sub"]
        return {"name": f"person {str(name)[:100]}", "groups": groups}

    def _set(self, answer: Response, cookie: str, value: str, lasts: timedelta) -> None:
        answer.set_cookie(
            cookie,
            value,
            max_age=int(lasts.total_seconds()),
            secure=self._secure,
            httponly=True,
            samesite="lax",  # strict would keep it back on the way from the provider
        )


def sign_in_router(context: ApiContext) -> APIRouter:
    """``/sign-in``, where the provider sends people back, and ``/sign-out``; empty without a provider."""
    router = APIRouter(include_in_schema=False, dependencies=[Depends(OPEN)])
    settings = context.site().settings.access
    if settings.oidc is None or settings.url is None or context.access is None:
        return router
    from api.access.provider import Provider  # takes half a second to import, which others need not pay

    provider = Provider(settings.oidc, context.access.client_secret)
    signing = SignIn(context, context.access, provider, settings.oidc, settings.url)

    @router.get(SIGN_IN)
    async def begin(request: Request) -> Response:
        return await signing.begin(request.query_params.get("then", "/"))

    @router.get(CALLBACK)
    async def finish(request: Request) -> Response:
        return await signing.finish(request)

    @router.post(SIGN_OUT)
    async def end(request: Request) -> Response:
        return signing.end(request)

    return router


def sign_in_address(path: str, query: str) -> str:
    """Where somebody begins to sign in who wanted to see a page."""
    return f"{SIGN_IN}?{urlencode({'then': path + ('?' + query if query else '')})}"


def local(then: str) -> str:
    """A path of this service, or the start page: nobody is sent elsewhere by a link to the sign-in."""
    parts = urlsplit(then)
    plain = unquote(then)
    strange = "\\" in plain or any(not sign.isprintable() for sign in plain)
    if parts.scheme or parts.netloc or not then.startswith("/") or then.startswith("//") or strange:
        return "/"
    return then[:500]


def _same(one: str, other: str) -> bool:
    return secrets.compare_digest(one.encode(), other.encode())


def _redirect(url: str) -> RedirectResponse:
    return RedirectResponse(url, 303, headers={"Cache-Control": "no-store"})


def _failed(what: str, error: Exception) -> ProblemError:
    _log.warning("%s: %s", what, error)
    return ProblemError(502, "Sign-in does not work now; the log of the service says why. Try again later.")
