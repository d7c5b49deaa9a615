"""Instants as messages write them. A local time without its zone is not one."""

from __future__ import annotations

from datetime import UTC, datetime

_EARLIEST_YEAR = 1970  # servers written in Go send year 1 for "no time"
_CLOCK_SET = datetime(2010, 1, 1, tzinfo=UTC).timestamp()
_CLOCK_END = datetime(2100, 1, 1, tzinfo=UTC).timestamp()
_MILLISECONDS = 1e11  # seconds stay below it until the year 5138


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


def epoch_or_none(seconds: object) -> datetime | None:
    """The instant of seconds or milliseconds since 1970, a number or its text.

    None where it is neither or the clock was not set (before 2010).
    """
    if isinstance(seconds, str) and len(seconds) <= 20 and seconds.isascii() and seconds.isdecimal():
        seconds = int(seconds)
    if type(seconds) is not int and type(seconds) is not float:
        return None
    if seconds > _MILLISECONDS:
        seconds = seconds / 1000
    return datetime.fromtimestamp(seconds, UTC) if _CLOCK_SET <= seconds < _CLOCK_END else None
