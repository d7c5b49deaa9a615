"""The clock that commands hand to everything below."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The time now, aware UTC."""
    return datetime.now(UTC)
