"""Instants as messages write them."""

from __future__ import annotations

from datetime import UTC, datetime

_EARLIEST_YEAR = 1970  # servers written in Go send year 1 for "no time"


def instant(text: object) -> datetime:
    """The aware UTC instant of an RFC 3339 text; digits below a microsecond are cut off.

    Raises:
        ValueError: not such a text, without a zone, before 1970 or past year 9999.
    """
    if not isinstance(text, str):
        raise ValueError("time is not text")  # noqa: TRY004 - callers treat every bad time alike
    moment = datetime.fromisoformat(text[:-1] + "Z" if text.endswith("z") else text)
    if moment.tzinfo is None:
        raise ValueError("time has no zone")
    if moment.year < _EARLIEST_YEAR:
        raise ValueError("time lies before 1970")
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("time is out of range") from None


def instant_or_none(text: object) -> datetime | None:
    """As :func:`instant`, None where the text is missing or unusable."""
    try:
        return instant(text)
    except ValueError:
        return None
