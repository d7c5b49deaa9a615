"""What may stand behind the question mark: times, intervals, and the shape of the answer."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field

from api.problems import wrong
from classroom.factors import Basis
from classroom.metric import Interval
from classroom.quantity import Carrier
from classroom.timetable import Span
from reports.dates import PERIOD_CURE, Dates, parse_dates

_FIRST, _END = datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
_CURE = (
    "write RFC 3339, for example 2026-11-16T08:00:00Z, or a date; without zone it is the site's local time"
)
_SPACED_OFFSET = re.compile(r"^(.+T.+) (\d\d:?\d\d)$")  # an unescaped + arrives as a space

DEFAULT_SPAN: dict[Interval, timedelta] = {
    Interval.HOUR: timedelta(days=2),
    Interval.DAY: timedelta(days=31),
    Interval.WEEK: timedelta(weeks=26),
    Interval.MONTH: timedelta(days=396),
    Interval.QUARTER: timedelta(days=5 * 366),
    Interval.SCHOOL_YEAR: timedelta(days=5 * 366),
    Interval.YEAR: timedelta(days=5 * 366),
}
"""How far back a metrics query goes without ``from``."""

LONGEST_SPAN: dict[Interval, timedelta] = {
    Interval.HOUR: timedelta(days=93),
    Interval.DAY: timedelta(days=10 * 366),
    Interval.WEEK: timedelta(days=20 * 366),
    Interval.MONTH: timedelta(days=20 * 366),
    Interval.QUARTER: timedelta(days=50 * 366),
    Interval.SCHOOL_YEAR: timedelta(days=50 * 366),
    Interval.YEAR: timedelta(days=50 * 366),
}
"""How long a metrics query may be: a bound on the size of an answer."""

From = Annotated[
    str | None,
    Field(alias="from", description=f"First instant; {_CURE}.", examples=["2026-11-01"], max_length=64),
]
To = Annotated[
    str | None,
    Field(description="End, not included; as `from`; now where it is missing.", max_length=64),
]


class Shape(BaseModel):
    """In which shape to answer. Unknown parameters are refused: a typo must not answer another question."""

    model_config = ConfigDict(extra="forbid", populate_by_name=False)

    format: Literal["json", "csv"] | None = Field(
        None, description="Goes before the Accept header; JSON where neither says otherwise."
    )
    delimiter: Literal[",", ";"] = Field(",", description="Between the cells of CSV.")
    decimal: Literal[".", ","] = Field(".", description="Decimal sign in CSV; a comma needs `delimiter=;`.")


class MetricsQuery(Shape):
    """Parameters of the metrics routes."""

    from_: From = None
    to: To = None
    interval: Interval = Field(
        Interval.DAY, description="Periods that begin in the span; days and longer are the site's local ones."
    )
    metric: list[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]] = Field(
        default=[], max_length=20, description="Only these; all where missing."
    )
    carrier: Carrier | None = Field(None, description="Only of this carrier.")
    basis: Basis | None = Field(None, description="Only on this basis: emissions.")
    order: Literal["series", "time"] = Field(
        "series", description="By metric, carrier, basis and then time; or by time first."
    )


class LessonsQuery(Shape):
    """Parameters of a room's lessons."""

    date: str | None = Field(
        None, max_length=10, examples=["2026-11-16"], description="Local day; today where it is missing."
    )
    thermal: bool = Field(
        False,
        description="Also PMV (ISO 7730) and the adaptive band (EN 16798-1); some seconds the first time.",
    )


class ProfileQuery(Shape):
    """Parameters of a week profile."""

    carrier: Carrier = Carrier.ELECTRICITY
    from_: From = None
    to: To = None


Period = Annotated[
    str | None,
    Field(
        max_length=32,
        examples=["2023-01..2023-12"],
        description=f"Local days; {PERIOD_CURE}.",
    ),
]


class SavingsQuery(Shape):
    """Parameters of savings: the last twelve full months against the twelve before where nothing is said."""

    baseline: Period = None
    reporting: Period = None
    measure: str | None = Field(
        None,
        max_length=10,
        examples=["2025-08-15"],
        description="Day of a measure: the 365 days before it are the baseline, reporting begins after it "
        "and lasts at most a year.",
    )


class BridgeQuery(Shape):
    """Parameters of a bridge: from the twelve months before to the last twelve full months where nothing is
    said."""

    before: Period = None
    after: Period = None


class PortfolioMetricsQuery(MetricsQuery):
    """Parameters of the metrics of all schools."""

    by: Literal["total", "school"] = Field(
        "total", description="Sums of what may be summed, or the figures of each school."
    )


class SignatureQuery(Shape):
    """Parameters of a signature: the last twelve full months where nothing is said."""

    period: Period = None


JSON_POINTS = 2_000
"""Points of a curve for which nobody says how many: more than a screen shows."""


class SeriesQuery(Shape):
    """Parameters of a curve."""

    quantity: str = Field(examples=["co2_ppm"], max_length=64)
    from_: From = None
    to: To = None
    interval: Literal["raw", "hour"] = "raw"
    points: int | None = Field(
        None,
        ge=30,
        le=20_000,
        description="More readings than this are thinned to their extremes; where it is missing, JSON has at "
        f"most {JSON_POINTS} and CSV all.",
    )
    flagged: bool = Field(
        False, description="Give the values of flagged readings too; they are null otherwise."
    )
    order: Literal["device", "time"] = Field(
        "device", description="By device and then time; or by time first."
    )


class PageQuery(Shape):
    """Parameters of a list that grows: at most ``limit`` items whose key comes after ``after``."""

    after: str | None = Field(None, max_length=200)
    limit: int = Field(100, ge=1, le=1_000)


class DevicesQuery(PageQuery):
    """Parameters of the list of devices."""

    school: str | None = Field(None, max_length=64)


class VerdictsQuery(PageQuery):
    """Parameters of the list of verdicts."""

    after: str | None = Field(None, max_length=400)

    school: str | None = Field(None, max_length=64)
    device: str | None = Field(None, max_length=200)
    from_: From = None
    to: To = None
    verdict: list[Annotated[str, Field(pattern=r"^[a-z_]{1,32}$")]] = Field(
        default=[], max_length=20, description="Only these kinds; all where missing."
    )


class LettersQuery(Shape):
    """Parameters of the list of dead letters."""

    reason: str | None = Field(None, pattern=r"^[a-z0-9_]{1,64}$")
    family: str | None = Field(None, max_length=64)
    topic: str | None = Field(None, max_length=1_000, description="MQTT filter: + one level, # all the rest")
    before: int | None = Field(None, ge=1, le=2**63 - 1)
    limit: int = Field(100, ge=1, le=1_000)


def instant(key: str, text: str, zone: ZoneInfo) -> datetime:
    """An instant (aware UTC) from RFC 3339 or a date; without a zone it is local time of the site.

    In the hour that a clock change repeats, the first one is meant.

    Raises:
        ProblemError: 422; not a time, or outside 1990-2100.
    """
    spaced = _SPACED_OFFSET.match(text.strip())
    try:
        parsed = datetime.fromisoformat(f"{spaced[1]}+{spaced[2]}" if spaced else text.strip())
        at = (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(key, text, _CURE) from None
    if not _FIRST <= at <= _END:
        raise wrong(key, text, "must lie between 1990 and 2100")
    return at


def dates(key: str, text: str, yesterday: date) -> Dates:
    """A period of local days (:func:`reports.dates.parse_dates`).

    Raises:
        ProblemError: 422; not a period.
    """
    try:
        return parse_dates(text, yesterday)
    except ValueError:
        raise wrong(key, text, PERIOD_CURE) from None


def span(
    start: str | None, end: str | None, zone: ZoneInfo, now: datetime, default: timedelta, longest: timedelta
) -> Span:
    """The asked for span [from, to) in UTC; ``to`` is ``now`` and ``from`` ``default`` before it where
    missing.

    Raises:
        ProblemError: 422; a time is wrong, the span is empty or longer than ``longest``.
    """
    until = instant("to", end, zone) if end is not None else now
    since = instant("from", start, zone) if start is not None else until - default
    if since >= until:
        raise wrong("from", start or since.isoformat(), f"must be before to ({until.isoformat()})")
    if until - since > longest:
        raise wrong(
            "from",
            start or since.isoformat(),
            f"the span may be {longest.days} days long; ask in parts or for a longer interval",
        )
    return since, until
