"""The door: finds out who asks, refuses what cannot be believed, counts, and notes who changed what."""

from __future__ import annotations

import logging
import secrets
from collections.abc import Callable
from datetime import datetime
from functools import partial
from urllib.parse import quote

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.access.file import AccessError, AccessFile
from api.access.limits import Limit, network
from api.access.sessions import Sessions, cookie_names, cookie_value
from api.access.tokens import Token, Tokens
from api.access.viewer import CONTROL, LOCAL, Kind, Viewer
from api.problems import ProblemError, problem_response
from classroom.access import AccessSettings, GrafanaSettings

GRAFANA_HEADER = "x-grafana-user"
_UNRESOLVED = "${"  # Grafana sends its variable unresolved for alerts and public dashboards
_WRONG_PER_MINUTE = 30

audit = logging.getLogger("api.audit")
_log = logging.getLogger(__name__)


class Identity:
    """Who a request comes from. Without an access ``file`` only the control ``key`` opens anything.

    ``settings`` are those of the start; ``clock`` gives aware UTC.
    """

    def __init__(
        self,
        settings: AccessSettings,
        file: AccessFile | None,
        key: str | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._settings = settings
        self._tokens = Tokens(file) if file is not None else None
        self._sessions = Sessions(file) if file is not None else None
        self._key = key
        self._clock = clock
        secure = settings.url is not None and settings.url.startswith("https:")
        self._cookie, _ = cookie_names(secure)
        self._nobody = Viewer(Kind.NOBODY, "nobody", (), public=settings.public)

    def of(self, headers: Headers) -> Viewer:
        """The viewer, from the headers alone.

        Raises:
            ProblemError: 400 doubled headers, 401 a token that is none, 403 a Grafana user not to be trusted.
            AccessError: the access file does not serve.
        """
        given = headers.getlist("authorization")
        if len(given) > 1:
            raise ProblemError(400, "There are several Authorization headers; send one.")
        kind, _, secret = given[0].partition(" ") if given else ("", "", "")
        if kind.lower() == "bearer":
            return self._bearer(secret.strip(), headers.getlist(GRAFANA_HEADER))
        if self._settings.url is None:
            return LOCAL
        return self._person(headers.getlist("cookie")) or self._nobody

    def _bearer(self, secret: str, grafana_users: list[str]) -> Viewer:
        if self._key is not None and secrets.compare_digest(secret.encode(), self._key.encode()):
            return CONTROL
        token = self._tokens.find(secret, self._clock()) if self._tokens is not None else None
        if token is None:
            detail = (
                "This token is not known here, has expired or was revoked. 'classroom-climate tokens list'"
            )
            raise ProblemError(401, f"{detail} shows those that stand.")
        grafana = self._settings.grafana
        if grafana is not None and token.id == grafana.token:
            return _grafana_viewer(grafana, token, grafana_users)
        return Viewer(Kind.TOKEN, f"token {token.id}", (token.grant,))

    def _person(self, cookies: list[str]) -> Viewer | None:
        oidc, sessions = self._settings.oidc, self._sessions
        if oidc is None or sessions is None:
            return None
        name = cookie_value(cookies, self._cookie)
        state = sessions.state(name, self._clock()) if name is not None else None
        if state is None:
            return None
        groups = set(state.get("groups", ()))
        grants = tuple(grant for grant in oidc.groups if grant.group in groups)
        return Viewer(Kind.PERSON, str(state.get("name")), grants, public=self._settings.public)


def _grafana_viewer(grafana: GrafanaSettings, token: Token, users: list[str]) -> Viewer:
    """The Grafana user, with no more than both he and Grafana's token may see.

    Grafana adds headers of a query behind those of its settings, so a viewer can append a second user.
    """
    if len(users) != 1 or _UNRESOLVED in users[0] or "," in users[0]:
        detail = "Grafana's token needs exactly one X-Grafana-User header with a user's login in it."
        raise ProblemError(403, detail)
    grants = tuple(
        user.model_copy(update={"schools": schools})
        for user in grafana.users
        if user.login == users[0]
        for schools in (_both(user.schools, token.grant.schools),)
        if schools
    )
    if not grants:
        raise ProblemError(
            403, "This Grafana user may see nothing here; [access.grafana] names those who may."
        )
    return Viewer(Kind.TOKEN, f"grafana {users[0]}", grants)


def _both(some: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    if "*" in some:
        return others
    return some if "*" in others else tuple(school for school in some if school in others)


class Door:
    """ASGI middleware: puts the viewer into the request's state, keeps limits, notes changes."""

    def __init__(self, app: ASGIApp, identity: Identity, settings: AccessSettings) -> None:
        self.app = app
        self._identity = identity
        self._asks = settings.url is not None
        self._limit = Limit(settings.requests_per_minute, settings.requests_per_minute)
        self._wrong = Limit(_WRONG_PER_MINUTE, _WRONG_PER_MINUTE)
        self._served = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers, client = Headers(scope=scope), network((scope.get("client") or ("", 0))[0])
        try:
            viewer = self._admitted(headers, client)
        except ProblemError as problem:
            await problem_response(scope["path"], problem, problem.headers)(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["viewer"] = viewer
        state["still_valid"] = partial(self._still, headers, viewer)
        if scope["method"] in ("GET", "HEAD", "OPTIONS"):
            await self.app(scope, receive, send)
        else:
            await self.app(scope, receive, _noting(send, scope, viewer, client))

    def _admitted(self, headers: Headers, client: str) -> Viewer:
        """The viewer.

        Raises:
            ProblemError: nobody to be served now.
        """
        if not self._asks:
            return self._believed(headers)
        _wait(self._wrong.exhausted(client))
        try:
            viewer = self._believed(headers)
        except ProblemError as problem:
            if problem.status == 401:
                self._wrong.take(client)
            raise
        _wait(self._limit.take(viewer.name if viewer.kind in (Kind.TOKEN, Kind.PERSON) else client))
        return viewer

    def _believed(self, headers: Headers) -> Viewer:
        try:
            viewer = self._identity.of(headers)
        except AccessError as error:
            if self._served:
                _log.warning("nobody can be let in: %s", error)
            self._served = False
            raise ProblemError(503, "Who may see what cannot be read now; try again.") from error
        self._served = True
        return viewer

    def _still(self, headers: Headers, viewer: Viewer) -> bool:
        try:
            return self._believed(headers) == viewer
        except ProblemError:
            return False


def _wait(seconds: int | None) -> None:
    if seconds is not None:
        raise ProblemError(429, f"That is too often. Ask again in {seconds} s.", retry_after_s=seconds)


def _noting(send: Send, scope: Scope, viewer: Viewer, client: str) -> Send:
    """``send``, with a line for the audit when the answer begins."""

    async def noting(message: Message) -> None:
        if message["type"] == "http.response.start" and scope["state"].get("audited"):
            path = quote(scope["path"], safe="/")  # a line break in it must not forge a line
            who, what = quote(viewer.name, safe=" @.+-"), f"{scope['method']} {path}"
            audit.info("%s from %s: %s: %d", who, client, what, message["status"])
        await send(message)

    return noting
