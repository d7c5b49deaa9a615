"""Tokens of programs and links of classroom screens: shown once, kept as hashes, revocable at once."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from api.access.file import EPOCH, AccessFile, instant, seconds
from classroom.access import Grant, Role

_TOKEN = re.compile(r"^cc_([a-z0-9]{10})_([A-Za-z0-9_-]{43})$", re.ASCII)
_LINK = re.compile(r"^([a-z0-9]{10})-([A-Za-z0-9_-]{43})$", re.ASCII)
_ID_SIGNS = "abcdefghijkmnpqrstuvwxyz23456789"  # none that look alike on paper

_COLUMNS = "id, hash, kind, role, schools, room, note, created, expires, revoked"


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of a token or, where ``room`` is set, of a screen's link. Times are aware UTC."""

    id: str
    grant: Grant
    room: str | None
    note: str
    created: datetime
    expires: datetime | None
    revoked: datetime | None

    @property
    def place(self) -> tuple[str, str] | None:
        """(school, room) of a screen."""
        return None if self.room is None else (self.grant.schools[0], self.room)

    def state(self, now: datetime) -> Literal["valid", "expired", "revoked"]:
        """Whether it lets in at ``now``."""
        if self.revoked is not None:
            return "revoked"
        return "expired" if self.expires is not None and self.expires <= now else "valid"


class Tokens:
    """The tokens and screen links of a site. Methods raise AccessError where the file does not serve."""

    def __init__(self, file: AccessFile) -> None:
        self._file = file

    def create(self, grant: Grant, note: str, now: datetime, expires: datetime | None) -> tuple[str, str]:
        """A new token: its id and its text, which is never told again."""
        key, secret = self._add("token", grant, None, note, now, expires)
        return key, f"cc_{key}_{secret}"

    def create_screen(
        self, school: str, room: str, note: str, now: datetime, expires: datetime | None
    ) -> tuple[str, str]:
        """A new link of one room's screen: its id and what stands behind ``/skarm/``, never told again."""
        grant = Grant(role=Role.READ, schools=(school,))
        key, secret = self._add("screen", grant, room, note, now, expires)
        return key, f"{key}-{secret}"

    def find(self, text: str, now: datetime) -> Token | None:
        """The token with this text, if it lets in at ``now``."""
        return self._find("token", _TOKEN, text, now)

    def find_screen(self, link: str, now: datetime) -> Token | None:
        """The screen with this link, if it lets in at ``now``."""
        return self._find("screen", _LINK, link, now)

    def revoke(self, key: str, now: datetime) -> bool:
        """End a token or link for good; False where there is none with this id that still stood."""
        statement = "UPDATE tokens SET revoked = ? WHERE id = ? AND revoked IS NULL"
        return self._file.write(statement, (seconds(now), key)) == 1

    def list(self) -> list[Token]:
        """All there ever were, the newest first."""
        rows = self._file.rows(f"SELECT {_COLUMNS} FROM tokens ORDER BY created DESC, id")  # noqa: S608
        return [_token(row) for row in rows]

    def _add(
        self, kind: str, grant: Grant, room: str | None, note: str, now: datetime, expires: datetime | None
    ) -> tuple[str, str]:
        key = "".join(secrets.choice(_ID_SIGNS) for _ in range(10))
        secret = secrets.token_urlsafe(32)
        until = None if expires is None else seconds(expires)
        values = (
            key,
            digest(secret),
            kind,
            grant.role,
            " ".join(grant.schools),
            room,
            note,
            seconds(now),
            until,
        )
        self._file.write(
            f"INSERT INTO tokens ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",  # noqa: S608
            values,
        )
        return key, secret

    def _find(self, kind: str, pattern: re.Pattern[str], text: str, now: datetime) -> Token | None:
        parts = pattern.fullmatch(text)
        if parts is None:
            return None
        query = f"SELECT {_COLUMNS} FROM tokens WHERE id = ? AND kind = ?"  # noqa: S608
        rows = self._file.rows(query, (parts[1], kind))
        if not rows or not secrets.compare_digest(str(rows[0][1]), digest(parts[2])):
            return None
        found = _token(rows[0])
        return found if found.state(now) == "valid" else None


def digest(secret: str) -> str:
    """What is kept of a secret of 256 random bits: nothing slower than SHA-256 is needed to keep it."""
    return hashlib.sha256(secret.encode()).hexdigest()


def _token(row: tuple[object, ...]) -> Token:
    key, _, _, role, schools, room, note, created, expires, revoked = row
    return Token(
        id=str(key),
        grant=Grant(role=Role(str(role)), schools=tuple(str(schools).split())),
        room=None if room is None else str(room),
        note=str(note),
        created=instant(created) or EPOCH,
        expires=instant(expires),
        revoked=instant(revoked),
    )
