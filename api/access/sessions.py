"""Sessions of people in browsers: the cookie holds a random name, everything else stays here."""

from __future__ import annotations

import json
import re
import secrets
from datetime import datetime, timedelta
from typing import Any

from api.access.file import AccessFile, seconds
from api.access.tokens import digest

_NAME = re.compile(r"^[A-Za-z0-9_-]{43}$", re.ASCII)
_MOST_OPEN = 50_000


class Sessions:
    """Begun sign-ins and sessions of a site. Methods raise AccessError where the file does not serve."""

    def __init__(self, file: AccessFile) -> None:
        self._file = file

    def begin(self, state: dict[str, Any], now: datetime, lasts: timedelta) -> str:
        """A new session with this (JSON) state; gives the value of its cookie."""
        self._file.write("DELETE FROM sessions WHERE expires <= ?", (seconds(now),))
        ((count,),) = self._file.rows("SELECT count(*) FROM sessions")
        if isinstance(count, int) and count >= _MOST_OPEN:  # begun sign-ins of somebody who floods us
            self._file.write(
                "DELETE FROM sessions WHERE hash IN (SELECT hash FROM sessions ORDER BY expires LIMIT 1000)"
            )
        name = secrets.token_urlsafe(32)
        values = (digest(name), json.dumps(state), seconds(now), seconds(now + lasts))
        self._file.write("INSERT INTO sessions (hash, state, created, expires) VALUES (?, ?, ?, ?)", values)
        return name

    def state(self, name: str, now: datetime) -> dict[str, Any] | None:
        """The state of the session with this cookie; None if there is none, or no more."""
        if _NAME.fullmatch(name) is None:
            return None
        query = "SELECT state FROM sessions WHERE hash = ? AND expires > ?"
        rows = self._file.rows(query, (digest(name), seconds(now)))
        found: dict[str, Any] | None = json.loads(str(rows[0][0])) if rows else None
        return found

    def end(self, name: str) -> None:
        """Forget a session, if there is one."""
        self._file.write("DELETE FROM sessions WHERE hash = ?", (digest(name),))


def cookie_names(secure: bool) -> tuple[str, str]:
    """Names of the cookies of a session and of a begun sign-in.

    ``__Host-`` makes browsers refuse one that another host or an unencrypted page has set.
    """
    prefix = "__Host-" if secure else ""
    return f"{prefix}classroom-session", f"{prefix}classroom-sign-in"


def cookie_value(headers: list[str], name: str) -> str | None:
    """The value of a cookie; None if it is not there, or is there with several values: one is planted."""
    values = set()
    for header in headers:
        for part in header.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                values.add(value)
    return values.pop() if len(values) == 1 else None
