"""The rule of a route: who may use it. Every route declares one; :func:`rule_of` finds it again.

Declare it on the route or on its router: ``@router.get("…", dependencies=[Depends(SCHOOL)])``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any
from urllib.parse import urlsplit

from fastapi import FastAPI, Request
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts

from api.access.viewer import Viewer, viewer_of
from api.problems import ProblemError
from classroom.access import Role
from classroom.metric import Interval

_SAFE = ("GET", "HEAD", "OPTIONS")


class Reach(Enum):
    """Of what a role is asked."""

    NOTHING = "nothing"
    """Anybody may."""
    ANY = "any"
    """Of some school at least; the route shows what is of the viewer's schools."""
    SCHOOL = "school"
    """Of the school that the path names."""
    SITE = "site"
    """Of the whole site, with what belongs to no school."""


class RefusedError(ProblemError):
    """401: say who you are; 403: not yours."""


@dataclass(frozen=True)
class Rule:
    """Who may use a route. As a dependency it lets pass or raises :class:`RefusedError`.

    Args:
        name: for the documentation.
        role: what is asked.
        reach: of what; NOTHING lets everybody pass.
        public: nobody in particular may too, where the site has opened itself to the public: of schools
            as a whole, by the day or coarser.
        bearer: only with a token or key, which no browser sends by itself.
        audited: whether a change by this route stands in the audit.
    """

    name: str
    role: Role
    reach: Reach
    public: bool = False
    bearer: bool = False
    audited: bool = True

    async def __call__(self, request: Request) -> None:
        """Let the request pass, or not."""
        if self.reach is Reach.NOTHING:
            return
        viewer = viewer_of(request)
        request.state.audited = self.audited
        school = request.path_params.get("school")
        if not (self._admits(viewer, school) or self._is_public(request, viewer, school)):
            raise refusal(self, viewer)
        if request.method not in _SAFE and not viewer.by_bearer:
            _refuse_other_sites(request)

    def _admits(self, viewer: Viewer, school: str | None) -> bool:
        if self.bearer and not viewer.by_bearer:
            return False
        if self.reach is Reach.ANY:
            return any(grant.role.covers(self.role) for grant in viewer.grants)
        return viewer.may(self.role, school if self.reach is Reach.SCHOOL else None)

    def _is_public(self, request: Request, viewer: Viewer, school: str | None) -> bool:
        if not (self.public and viewer.public):
            return False
        if Interval.HOUR.value in request.query_params.getlist("interval"):
            return False
        return school is None or viewer.sees(request.app.state.site(), school)


OPEN = Rule("open", Role.READ, Reach.NOTHING)
"""Anybody: signs of life, static files, sign-in, screens (whose link is the proof)."""
CITY = Rule("city", Role.READ, Reach.ANY, public=True)
"""Lists that the route narrows to ``viewer.schools(site)``; what is of rooms to ``viewer.reads(school)``."""
PUBLIC_SCHOOL = Rule("public_school", Role.READ, Reach.SCHOOL, public=True)
"""A school as a whole, by the day or coarser."""
SCHOOL = Rule("school", Role.READ, Reach.SCHOOL)
"""Those of the school: hours, rooms, insights."""
SCHOOLS = Rule("schools", Role.READ, Reach.ANY)
"""Of several schools what is not the public's; the route narrows to ``viewer.reads(school)``."""
ROOM = Rule("room", Role.READ, Reach.SCHOOL)
"""A room: those of its school."""
ROOMS = Rule("rooms", Role.READ, Reach.ANY)
"""Rooms of several schools; the route narrows to the viewer's schools."""
DEVICES = Rule("devices", Role.READ, Reach.ANY)
"""Devices; the route narrows to the viewer's schools."""
STAFF = Rule("staff", Role.STAFF, Reach.SCHOOL)
"""Writes about a school: experiments, statuses."""
HAND_IN = Rule("hand_in", Role.STAFF, Reach.SCHOOL, bearer=True, audited=False)
"""Programs that hand in readings of a school."""
SERVICE = Rule("service", Role.READ, Reach.SITE)
"""The service in figures, for those who see the whole site: a dashboard's token need not be able to write."""
TECHNICIAN = Rule("technician", Role.STAFF, Reach.SITE)
"""What belongs to no school: pending devices, dead letters, imports, counters."""
IMPORT = Rule("import", Role.STAFF, Reach.SITE, bearer=True)
"""Files that may hold readings of any school."""
ADMIN = Rule("admin", Role.ADMIN, Reach.SITE, bearer=True)
"""What replays or deletes."""


def refusal(rule: Rule, viewer: Viewer) -> RefusedError:
    """What to say to somebody whom a rule does not admit; the same for places that are and that are not."""
    if rule.bearer and not viewer.by_bearer:
        detail = (
            "This changes something: send a token ('classroom-climate tokens create' makes one) or the key "
            "in data/control.key of the site's folder as 'Authorization: Bearer TOKEN', or use the commands "
            "classroom-climate dead-letters and import."
        )
        return RefusedError(403 if viewer.known else 401, detail)
    if not viewer.known:
        return RefusedError(401, "Sign in, or send a token as 'Authorization: Bearer TOKEN'.")
    needed = {
        Reach.ANY: "at a school",
        Reach.SCHOOL: "at this school",
        Reach.SITE: "on the whole site",
    }[rule.reach]
    return RefusedError(403, f"This needs the role {rule.role} {needed}, which you do not have.")


def _refuse_other_sites(request: Request) -> None:
    """A change that a browser sends by itself must come from a page of ours."""
    fetched_from = request.headers.get("sec-fetch-site")
    if fetched_from is not None:
        ours = fetched_from == "same-origin"
    else:
        origin = request.headers.get("origin")
        ours = origin is not None and urlsplit(origin).netloc == request.headers.get("host")
    if not ours:
        raise RefusedError(403, "This changes something and did not come from a page of this service.")


def routes(app: FastAPI) -> Iterator[RouteContext]:
    """The routes of this project, with their whole paths; FastAPI's own OpenAPI document is not one."""
    for route in iter_route_contexts(app.routes):
        if isinstance(route.original_route, APIRoute):
            yield route


def rule_of(route: RouteContext) -> Rule:
    """The rule of a route, which it or one of its routers declares.

    Raises:
        LookupError: it declares none, or several.
    """
    found = {call for call in _calls(route.dependant) if isinstance(call, Rule)}
    if len(found) != 1:
        said = ", ".join(sorted(rule.name for rule in found)) or "none"
        raise LookupError(
            f"{','.join(sorted(route.methods or ()))} {route.path} declares these rules of access: {said}; "
            "it needs one: dependencies=[Depends(RULE)] with a RULE of api.access.rules"
        )
    return found.pop()


def check_rules(app: FastAPI) -> None:
    """Refuse an application with a route that anybody could use because nobody thought of it.

    Raises:
        LookupError: a route declares no rule, or several, or one about a school that its path does not name.
    """
    for route in routes(app):
        rule = rule_of(route)
        if rule.reach is Reach.SCHOOL and "{school}" not in (route.path or ""):
            raise LookupError(f"{route.path} declares {rule.name}, but names no {{school}}")


def _calls(dependant: Any) -> Iterator[object]:  # noqa: ANN401 - FastAPI's Dependant has no public name
    for inner in dependant.dependencies:
        yield inner.call
        yield from _calls(inner)
