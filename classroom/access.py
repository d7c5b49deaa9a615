"""Who may see and do what: roles, grants, and the table ``[access]`` of the settings."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, model_validator

from classroom.places import PATTERN_CURES, Text
from classroom.section import Section

ALL_SCHOOLS = "*"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Role(StrEnum):
    """What somebody may do at a school; each may what those before may."""

    READ = "read"
    """See rooms, figures and devices."""
    STAFF = "staff"
    """Write experiments and statuses, hand in readings."""
    ADMIN = "admin"
    """Replay, delete, import, give others access."""

    def covers(self, other: Role) -> bool:
        """Whether it may what ``other`` may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


_SCHOOL_OR_ALL = r"^(\*|[a-z0-9][a-z0-9._-]{0,63})$"
_LETTERS = r"^[a-z0-9]{10}$"
PATTERN_CURES.update(
    {
        _SCHOOL_OR_ALL: "write a school's key as schools.csv has it, or * for all of them",
        _LETTERS: "write the ten letters and digits that stand first in a token",
    }
)

SchoolOrAll = Annotated[str, Field(pattern=_SCHOOL_OR_ALL)]


class Grant(Section):
    """A role at schools, by key; ``*`` is every school of the site, and what belongs to none."""

    role: Role = Role.READ
    schools: Annotated[tuple[SchoolOrAll, ...], Field(min_length=1)]

    def holds(self, role: Role, school: str | None) -> bool:
        """Whether it gives ``role`` at ``school``; None asks for the whole site."""
        reaches = ALL_SCHOOLS in self.schools or (school is not None and school in self.schools)
        return reaches and self.role.covers(role)


class GroupGrant(Grant):
    """What members of a group of the sign-in provider may."""

    group: Text


class LoginGrant(Grant):
    """What a Grafana user may see."""

    login: Text

    @model_validator(mode="after")
    def _reads_only(self) -> LoginGrant:
        if self.role is not Role.READ:
            raise ValueError("Grafana only reads; leave role away")
        return self


def _secure_origin(url: str) -> str:
    """An origin that a cookie may be sent to: https, or http on this very machine."""
    parts = urlsplit(url)
    safe = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
    if not safe or not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise ValueError('write scheme and host only, for example "https://klimat.example.se"')
    return url.rstrip("/")


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError("an issuer speaks https")
    return url  # with or without a last slash: it must be the provider's own word


class OidcSettings(Section):
    """Sign-in by OpenID Connect; what people may do follows from the provider's groups."""

    issuer: Annotated[str, AfterValidator(_issuer)]
    client_id: Text
    client_secret_file: Path
    groups_claim: Text = "groups"
    scopes: tuple[Text, ...] = ("openid", "profile", "email")
    session_hours: Annotated[float, Field(gt=0, le=24 * 31)] = 10
    groups: Annotated[tuple[GroupGrant, ...], Field(min_length=1)]


class GrafanaSettings(Section):
    """Trust in the user that Grafana names, for the one token that Grafana holds."""

    token: Annotated[str, Field(pattern=_LETTERS)]
    users: Annotated[tuple[LoginGrant, ...], Field(min_length=1)]


class AccessSettings(Section):
    """Who is let in. Without ``url`` the service is for this machine only and asks nobody who he is."""

    url: Annotated[str, AfterValidator(_secure_origin)] | None = None
    public: bool = False
    requests_per_minute: Annotated[int, Field(ge=10, le=1_000_000)] = 600
    oidc: OidcSettings | None = None
    grafana: GrafanaSettings | None = None

    @model_validator(mode="after")
    def _has_an_address(self) -> AccessSettings:
        if self.url is None and (self.oidc or self.grafana or self.public):
            raise ValueError(
                "access.url is missing: write the address under which browsers reach the service"
            )
        return self

    @property
    def grants(self) -> tuple[Grant, ...]:
        """Every grant of the settings."""
        return (
            *(self.oidc.groups if self.oidc else ()),
            *(self.grafana.users if self.grafana else ()),
        )
