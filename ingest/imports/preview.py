"""What an import would store, for people to look at before it does: rows, period, gaps, sums a month, the two
odd nights of the year."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from classroom.quantity import BILL_QUANTITIES, INTERVAL_S, QUANTITIES, Kind
from classroom.timetable import day_span
from classroom.words import counted
from ingest.imports.mapping import Basis, Mapping
from ingest.imports.reader import Tally
from ingest.imports.stage import Stage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)
NORMALTID = timezone(timedelta(hours=1), "normaltid")

_SERIES = """
WITH steps AS (
    SELECT series, time_us, value, flag, estimated,
        time_us - lag(time_us) OVER (PARTITION BY series ORDER BY time_us) AS step FROM rows
    WHERE series BETWEEN ? AND ?
), usual AS (SELECT series, mode(step) AS step FROM steps GROUP BY series)
SELECT s.series, count(*), min(time_us), max(time_us), sum(value), min(value), max(value), avg(value),
    count(*) FILTER (flag <> 0), count(*) FILTER (estimated), count(*) FILTER (s.step > 1.5 * u.step),
    coalesce(sum(round(s.step / u.step) - 1) FILTER (s.step > 1.5 * u.step), 0)::BIGINT
FROM steps s JOIN usual u USING (series) GROUP BY s.series ORDER BY s.series
"""

_MONTHS = """
SELECT series, label, sum(value), avg(value)
FROM rows JOIN months ON time_us >= start_us AND time_us < end_us
WHERE series BETWEEN ? AND ? GROUP BY series, label ORDER BY series, label
"""


class SeriesView(NamedTuple):
    """One device and quantity: what stands, from when to when, and what is absent in between."""

    device: str
    quantity: str
    readings: int
    first: datetime
    last: datetime
    total: float | None  # of intervals
    low: float
    high: float
    mean: float
    flagged: int
    estimated: int
    gaps: int
    absent: int
    months: dict[
        str, float
    ]  # YYYY-MM of the file's own clock: sum of intervals, mean of gauges, rise of registers


class Night(NamedTuple):
    """A local day of 23 or 25 hours, and how many series of intervals have just as many values."""

    day: date
    hours: int
    right: int
    wrong: int
    example: str


@dataclass(frozen=True)
class Preview:
    """All of it."""

    tally: Tally
    series: Sequence[SeriesView]
    nights: Sequence[Night]
    basis: Basis


def preview(stage: Stage, tally: Tally, mapping: Mapping, zone: ZoneInfo) -> Preview:
    """Look at what is staged."""
    found = [_Looked._make(row) for row in stage.query_series(_SERIES)]
    first, last = min(one.first_us for one in found), max(one.last_us for one in found)
    bill = any(quantity in BILL_QUANTITIES for _, quantity in stage.series)
    stage.register("months", _months(first, last, zone if bill else _clock(mapping.time.basis, zone)))
    by_month: dict[int, dict[str, tuple[float, float]]] = {}
    for series, label, total, mean in stage.query_series(_MONTHS):
        by_month.setdefault(series, {})[label] = (total, mean)
    views = [_view(one, *stage.series[one.series], by_month.get(one.series, {}), bill=bill) for one in found]
    return Preview(tally, views, list(_nights(stage, first, last, zone)), mapping.time.basis)


class _Looked(NamedTuple):
    """A row of _SERIES."""

    series: int
    readings: int
    first_us: int
    last_us: int
    total: float
    low: float
    high: float
    mean: float
    flagged: int
    estimated: int
    gaps: int
    absent: int


def _view(
    one: _Looked, device: str, quantity: str, months: dict[str, tuple[float, float]], *, bill: bool
) -> SeriesView:
    kind = QUANTITIES[quantity].kind
    which = 0 if kind is Kind.INTERVAL else 1
    return SeriesView(
        device,
        quantity,
        one.readings,
        _EPOCH + one.first_us * _US,
        _EPOCH + one.last_us * _US,
        one.total if kind is Kind.INTERVAL else None,
        one.low,
        one.high,
        one.mean,
        one.flagged,
        one.estimated,
        0 if bill else one.gaps,
        0 if bill else one.absent,
        {} if kind is Kind.REGISTER else {label: pair[which] for label, pair in months.items()},
    )


def _clock(basis: Basis, zone: ZoneInfo) -> tzinfo:
    return {"utc": UTC, "offset": zone, "normaltid": NORMALTID, "local": zone}[basis]


def _months(first_us: int, last_us: int, clock: tzinfo) -> dict[str, list[object]]:
    """Months of a clock that hold the times: label, start_us, end_us."""
    month = (_EPOCH + first_us * _US).astimezone(clock).date().replace(day=1)
    bounds = [month]
    while (datetime.combine(bounds[-1], datetime.min.time(), clock) - _EPOCH) // _US <= last_us:
        bounds.append((bounds[-1] + timedelta(days=32)).replace(day=1))
    us: list[object] = [
        (datetime.combine(day, datetime.min.time(), clock).astimezone(UTC) - _EPOCH) // _US for day in bounds
    ]
    return {"label": [f"{day:%Y-%m}" for day in bounds[:-1]], "start_us": us[:-1], "end_us": us[1:]}


def _nights(stage: Stage, first_us: int, last_us: int, zone: ZoneInfo) -> Iterator[Night]:
    """The days inside the file's period whose length is not 24 hours."""
    lengths = {
        number: INTERVAL_S[quantity.split("_")[2]]
        for number, (_, quantity) in enumerate(stage.series)
        if quantity.startswith(("energy_of_", "export_of_")) and not quantity.endswith("_day_kwh")
    }
    if not lengths:
        return
    for day, hours in odd_days(_EPOCH + first_us * _US, _EPOCH + last_us * _US, zone):
        start, end = ((time - _EPOCH) // _US for time in day_span(day, zone))
        counts = stage.query(
            "SELECT series, count(*) FROM rows WHERE time_us >= ? AND time_us < ? GROUP BY series",
            [start, end],
        )
        found = {series: n for series, n in counts if series in lengths}
        wrong = {at: n for at, n in found.items() if n * lengths[at] != hours * 3_600}
        example = ""
        if wrong:
            at, n = next(iter(wrong.items()))
            example = f"{stage.series[at][0]} has {n} values of {lengths[at] // 60} min"
        yield Night(day, hours, len(found) - len(wrong), len(wrong), example)


def odd_days(first: datetime, last: datetime, zone: ZoneInfo) -> Iterator[tuple[date, int]]:
    """Local days from ``first`` to ``last`` that have other than 24 hours, and their hours."""
    day = first.astimezone(zone).date()
    days = [day + timedelta(days=n) for n in range((last.astimezone(zone).date() - day).days + 2)]
    for one, _ in pairwise(days):
        start, end = day_span(one, zone)
        hours = round((end - start) / timedelta(hours=1))
        if hours != 24:
            yield one, hours


def lines(shown: Preview, zone: ZoneInfo, most: int = 6) -> list[str]:
    """The preview in words; months of at most ``most`` series."""
    found = [_counts(shown)]
    for view in shown.series[: 4 * most]:
        found.append(_series_line(view, zone))
    if len(shown.series) > 4 * most:
        found.append(f"… and {len(shown.series) - 4 * most} more")
    for view in [one for one in shown.series if one.months][:most]:
        word = "sum" if view.total is not None else "mean"
        unit = QUANTITIES[view.quantity].unit
        found.append(
            f"{view.device} {view.quantity}: {word} a month [{unit}], months of {_whose(shown, view)}"
        )
        found += [f"  {label}  {_spaced(value)}" for label, value in view.months.items()]
    for night in shown.nights:
        verdict = f"{night.right} series have all {night.hours}"
        if night.wrong:
            verdict += f"; {night.wrong} have not ({night.example}): is time.basis {shown.basis!r} right?"
        found.append(f"{night.day}: a day of {night.hours} h; {verdict}")
    return found


def _whose(shown: Preview, view: SeriesView) -> str:
    return (
        "local time"
        if view.quantity.startswith("billed")
        else {"utc": "UTC", "normaltid": "normaltid"}.get(shown.basis, "local time")
    )


def _counts(shown: Preview) -> str:
    tally = shown.tally
    parts = [
        f"{counted(tally.rows, 'row')}, {counted(tally.readings, 'reading')} of {len(shown.series)} series"
    ]
    for number, words in (
        (tally.empty, "empty values left out"),
        (tally.skipped.sums, "sum rows left out"),
        (tally.skipped.filtered, "rows of another kind left out"),
        (tally.repeated, "rows said again what another row says"),
        (tally.outside_span, "readings outside the asked span left out"),
        (tally.estimated, "values marked as estimated"),
        (tally.outside_limits, "values outside physical limits (kept, flagged, in no figure)"),
    ):
        if number:
            parts.append(f"{number} {words}")
    return "; ".join(parts)


def _series_line(view: SeriesView, zone: ZoneInfo) -> str:
    unit = QUANTITIES[view.quantity].unit
    first, last = (f"{time.astimezone(zone):%Y-%m-%d %H:%M}" for time in (view.first, view.last))
    amount = (
        f"sum {_spaced(view.total)} {unit}"
        if view.total is not None
        else f"{view.low:g} to {view.high:g} {unit}"
    )
    gaps = f", {view.gaps} gaps ({view.absent} values absent)" if view.gaps else ", no gaps"
    return f"{view.device} {view.quantity}: {view.readings} from {first} to {last}, {amount}{gaps}"


def _spaced(value: float) -> str:
    return f"{value:,.3f}".replace(",", " ")
