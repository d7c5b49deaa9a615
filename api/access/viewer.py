"""Who asks, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from starlette.requests import HTTPConnection

from classroom.access import ALL_SCHOOLS, Grant, Role
from classroom.places import School
from classroom.site import Site

PUBLIC_ROOMS = 3
"""Of a school with fewer rooms the public learns nothing: its figures would be those of a room."""


class Kind(Enum):
    """How somebody has shown who he is."""

    NOBODY = "nobody"
    """Not at all, and the service asks."""
    LOCAL = "local"
    """Not at all, and the service asks nobody: it is for this machine only."""
    CONTROL = "control"
    """By the key in the site's folder."""
    TOKEN = "token"  # noqa: S105 - a kind, no token
    PERSON = "person"
    """By a session after sign-in."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who asks; ``name`` stands in audit lines, ``public``: the site shows itself to all."""

    kind: Kind
    name: str
    grants: tuple[Grant, ...] = ()
    public: bool = False

    @property
    def by_bearer(self) -> bool:
        """Whether the proof is one that no browser sends by itself."""
        return self.kind in (Kind.CONTROL, Kind.TOKEN)

    @property
    def known(self) -> bool:
        """Whether it is somebody at all."""
        return self.kind is not Kind.NOBODY

    def may(self, role: Role, school: str | None) -> bool:
        """Whether this viewer has ``role`` at ``school``; None asks for the whole site."""
        return any(grant.holds(role, school) for grant in self.grants)

    def reads(self, school: str) -> bool:
        """Whether the rooms of ``school`` are this viewer's to see."""
        return self.may(Role.READ, school)

    def sees(self, site: Site, school: str) -> bool:
        """Whether the school as a whole may be shown, by the day or coarser; rooms need :meth:`reads`."""
        return self.reads(school) or (self.public and len(site.rooms_of(school)) >= PUBLIC_ROOMS)

    def schools(self, site: Site) -> list[School]:
        """The schools that may be named, in the site's order."""
        return [school for school in site.schools if self.sees(site, school.key)]


def everywhere(role: Role) -> tuple[Grant, ...]:
    """The grant of ``role`` on the whole site."""
    return (Grant(role=role, schools=(ALL_SCHOOLS,)),)


LOCAL = Viewer(Kind.LOCAL, "this machine", everywhere(Role.STAFF))
"""Whoever reaches a service that is for this machine only."""

CONTROL = Viewer(Kind.CONTROL, "control key", everywhere(Role.ADMIN))
"""Who knows the key in the site's folder."""


def viewer_of(connection: HTTPConnection) -> Viewer:
    """Who asks: the door has found it out."""
    found: Viewer = connection.scope["state"]["viewer"]
    return found


def still_valid(connection: HTTPConnection) -> Callable[[], bool]:
    """Asks the door again, for answers that last: a token may be revoked meanwhile."""
    found: Callable[[], bool] = connection.scope["state"]["still_valid"]
    return found
