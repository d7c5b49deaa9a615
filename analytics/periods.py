"""Weeks, months, school years and years from the metrics of days, at read time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from analytics.bills import BILLED, CALCULATED
from analytics.catalog import CATALOG, ROOM_METHODS, UNRESOLVED, Rule
from analytics.coverage import LEAST_COVERAGE, reasons, status_of
from analytics.fingerprint import combined
from analytics.resolution import FINE_SHARE, RESOLUTION
from analytics.turns import over_turns
from classroom.metric import Interval, Metric, Scope, Status
from classroom.quantity import Carrier
from classroom.timetable import day_span

SUM_COVERAGE = 0.95
"""A sum is ``ok`` at or above this coverage, provided that the energy of its whole period is known."""

NEARLY_ALL = 0.999
"""Share of the time from which on a period's energy counts as known."""

_SUM = "sum/3"
_LONGEST_DAY = timedelta(hours=25)
_LACKING = {"no_factor", "no_area", "no_pupils"}  # readings stood, something else is missing

_Place = tuple[str, Scope, str]
_Series = tuple[_Place, str, Carrier | None, str | None]


class _Period(NamedTuple):
    """A local period and its days that have begun."""

    first: date
    end: date
    days: list[date]
    running: bool


def period_of(day: date, interval: Interval) -> tuple[date, date]:
    """First local day and the day after the last of the ``interval`` that holds ``day``.

    Weeks are ISO weeks; a school year runs from 1 July to 30 June.

    Raises:
        ValueError: the interval is an hour.
    """
    if interval is Interval.DAY:
        return day, day + timedelta(days=1)
    if interval is Interval.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    if interval is Interval.MONTH:
        first = day.replace(day=1)
        return first, (first + timedelta(days=32)).replace(day=1)
    if interval is Interval.QUARTER:
        first = date(day.year, day.month - (day.month - 1) % 3, 1)
        return first, (first + timedelta(days=93)).replace(day=1)
    if interval is Interval.SCHOOL_YEAR:
        year = day.year if day.month >= 7 else day.year - 1
        return date(year, 7, 1), date(year + 1, 7, 1)
    if interval is Interval.YEAR:
        return date(day.year, 1, 1), date(day.year + 1, 1, 1)
    raise ValueError("hours are stored, they are not derived from days")


def aggregate(
    days: Iterable[Metric], interval: Interval, zone: ZoneInfo, until: datetime | None = None
) -> list[Metric]:
    """Metrics of longer intervals from metrics of days.

    ``days`` must hold all metrics of the places and of whole periods (not one metric alone: sums need their
    ``…_unresolved_…`` companion, means need ``occupied_h``). ``until`` (aware; the present time) ends the
    period that is running: days after it are not missing, and its figure is preliminary.

    - Sums (kWh, kgCO2e, h): Σ values of days + Σ what is known only over several days; of such a sum that
      reaches over the turn of the period a share (:mod:`analytics.turns`, ``estimated`` with bounds), for
      which ``days`` begin :data:`analytics.turns.LONGEST` before the period. Coverage: mean over the
      period's days weighted by their length. Null where the energy of less than half of the period is known;
      ``ok`` where all of it is and coverage >= SUM_COVERAGE, else ``partial``; with ``low`` and no ``high``
      where of a part nothing is known.
    - Sums of days of a kind (weekends, lov): the same over those days alone.
    - Base load: mean of the days weighted by coverage. Peak: highest of the days. Coverage of both: mean of
      the days'; null below LEAST_COVERAGE.
    - Means and shares: weighted by occupied time × coverage of the day. Coverage: covered ÷ occupied time; a
      weekday without any metric counts as occupied like the mean of the known days.
    """
    by_series: dict[_Series, dict[date, Metric]] = defaultdict(dict)
    for metric in days:
        place = (metric.school, metric.scope, metric.id)
        day = metric.time.astimezone(zone).date()
        by_series[place, metric.metric, metric.carrier, metric.basis][day] = metric
    found = []
    for (place, name, carrier, basis), of_days in by_series.items():
        entry = CATALOG.get(name)
        if entry is None or entry.rule is Rule.CARRIED:
            continue
        companion = by_series.get((place, UNRESOLVED.get(name, ""), carrier, basis), {})
        occupied = by_series.get((place, "occupied_h", None, None), {})
        for period in _periods(of_days, interval, zone, until):
            inside = [of_days[day] for day in period.days if day in of_days]
            if entry.rule is Rule.SUM:
                figure = _sum(period, of_days, companion, zone, entry.method not in ROOM_METHODS)
            elif entry.rule is Rule.OF_DAYS:
                of_kind = period._replace(days=[day for day in period.days if day in of_days])
                figure = _sum(of_kind, of_days, companion, zone, every_day=True)
            elif entry.rule is Rule.MEAN:
                figure = _mean(period, of_days, occupied)
            else:
                figure = _of_all_days(period, of_days, highest=entry.rule is Rule.MAX)
            found.append(_metric(inside, figure, period, interval, zone))
    return found


class Total(NamedTuple):
    """A sum over local days: ``known`` is the share of their time whose energy is known, 0-1."""

    value: float | None
    coverage: float
    known: float
    reason: str | None


def total_of(days: Iterable[Metric], name: str, first: date, last: date, zone: ZoneInfo) -> Total:
    """Sum of the metric ``name`` over the local days from ``first`` to ``last``, both included, as
    :func:`aggregate` sums.

    ``days`` are those of one place, carrier and basis, with their ``…_unresolved_…`` companion.
    """
    by_name: dict[str, dict[date, Metric]] = defaultdict(dict)
    for metric in days:
        by_name[metric.metric][metric.time.astimezone(zone).date()] = metric
    inside = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    period = _Period(first, last + timedelta(days=1), inside, running=False)
    figure = _sum(period, by_name[name], by_name[UNRESOLVED.get(name, "")], zone, every_day=True)
    return Total(figure.value, figure.coverage, figure.known, figure.reason)


class _Figure(NamedTuple):
    value: float | None
    coverage: float
    status: Status
    reason: str | None
    rule: str
    known: float = 1.0
    low: float | None = None
    high: float | None = None


def _periods(
    of_days: dict[date, Metric], interval: Interval, zone: ZoneInfo, until: datetime | None
) -> list[_Period]:
    found = []
    for first, end in sorted({period_of(day, interval) for day in of_days}):
        last = end - timedelta(days=1)
        running = until is not None and until < day_span(last, zone)[1]
        if running and until is not None:
            last = min(last, max(until.astimezone(zone).date(), first))
        days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        found.append(_Period(first, end, days, running))
    return found


def _sum(
    period: _Period,
    of_days: dict[date, Metric],
    companion: dict[date, Metric],
    zone: ZoneInfo,
    every_day: bool,
) -> _Figure:
    """Sum over a period; ``every_day`` is False where a weekend without metrics is not missed."""
    period_end = day_span(period.end - timedelta(days=1), zone)[1]
    inside = [
        metric
        for metric in (companion[day] for day in period.days if day in companion)
        if metric.value is not None and metric.period_end <= period_end
    ]
    bills = _bills(inside, of_days, zone)
    carried = [
        (metric.time, metric.period_end, metric.value or 0.0)
        for metric in inside
        if metric in bills or not _is_bill(metric)
    ]
    whole_span = day_span(period.first, zone)[0], period_end
    readings = {day: metric for day, metric in companion.items() if not _is_bill(metric)}
    turns = over_turns(whole_span, of_days, readings, zone)
    carried += [(turn.start, turn.end, turn.share) for turn in turns]
    several_days = [(first, reach) for first, reach, _ in carried if reach - first > _LONGEST_DAY]
    days = _days(period, of_days, companion, bills, several_days, zone, every_day=every_day)
    length, covered, accounted = days.length_s, days.covered_s, days.accounted_s
    total = days.value + sum(value for _, _, value in carried)
    why = _missing(period, of_days, every_day, days.billed)
    known = accounted / length if length else 0.0
    if known < LEAST_COVERAGE:
        status = Status.INSUFFICIENT if accounted > 0 else Status.NO_DATA
        return _Figure(None, covered / length if length else 0.0, status, why, _SUM, known)
    whole = known >= NEARLY_ALL and covered / length >= SUM_COVERAGE
    status = Status.PARTIAL if not whole else Status.ESTIMATED if turns else Status.OK
    if bills:
        calculated = any(CALCULATED in (bill.reason or "") for bill in bills)
        status = Status.PRELIMINARY if calculated and whole else status
        why = reasons(BILLED, CALCULATED if calculated else None, why)
    unsure = sum(_unsure(of_days.get(day)) for day in {period.days[0], period.days[-1]})
    coarse = unsure > FINE_SHARE * abs(total)
    lost = bool(companion) and known < NEARLY_ALL and not period.running  # of some energy nothing is known
    if not turns and not coarse:
        return _Figure(total, covered / length, status, why, _SUM, known, total if lost else None)
    off = unsure if coarse else 0.0
    low = total - sum(turn.share for turn in turns) - off
    high = low + sum(turn.total for turn in turns) + 2 * off
    status = Status.ESTIMATED if status is Status.OK else status
    why = reasons("gap" if turns else None, why, RESOLUTION if coarse else None)
    return _Figure(total, covered / length, status, why, _SUM, known, max(0.0, low), None if lost else high)


def _unsure(day: Metric | None) -> float:
    """By how much a day at an end of a period may be off because of its register's steps and its reading's
    time. What such a day has too much the next has too little: days inside a period take nothing from it."""
    if day is None or day.value is None or day.low is None or RESOLUTION not in (day.reason or ""):
        return 0.0
    return max(day.value - day.low, (day.high or 0.0) - day.value if day.status is Status.ESTIMATED else 0.0)


class _Days(NamedTuple):
    """What the days of a period come to: their values, and how much of its time [s] counts, holds readings,
    and is known in its energy; ``billed`` days lie in a bill."""

    value: float
    length_s: float
    covered_s: float
    accounted_s: float
    billed: int


def _days(
    period: _Period,
    of_days: dict[date, Metric],
    companion: dict[date, Metric],
    bills: Sequence[Metric],
    several_days: Sequence[tuple[datetime, datetime]],
    zone: ZoneInfo,
    *,
    every_day: bool,
) -> _Days:
    billed = 0
    value = length = covered = accounted = 0.0
    for day in period.days:
        start, end = day_span(day, zone)
        seconds = (end - start).total_seconds()
        metric = of_days.get(day)
        if metric is None:
            length += seconds if every_day or day.weekday() < 5 else 0
            continue
        if not every_day and metric.reason == "not_occupied" and metric.value is None:
            continue
        length += seconds
        by_bill = any(bill.time <= start < bill.period_end for bill in bills)
        billed += by_bill
        covered += seconds if by_bill else metric.coverage * seconds
        # A day without a value of its own counts as known if a sum over several days spans it.
        spanned = any(first <= start < reach for first, reach in several_days)
        if metric.value is not None or spanned or by_bill:
            value += metric.value or 0.0
            accounted += seconds * (companion[day].coverage if day in companion else metric.coverage)
    return _Days(value, length, covered, accounted, billed)


def _is_bill(metric: Metric) -> bool:
    return BILLED in (metric.reason or "").split("; ")


def _bills(carried: Sequence[Metric], of_days: dict[date, Metric], zone: ZoneInfo) -> list[Metric]:
    """Carried amounts that are bills and count: no day in them has a figure of its own, none lies in a longer
    one."""
    found: list[Metric] = []
    bills = [metric for metric in carried if _is_bill(metric)]
    for bill in sorted(bills, key=lambda one: one.time - one.period_end):
        first, last = bill.time.astimezone(zone).date(), bill.period_end.astimezone(zone).date()
        days = (of_days.get(first + timedelta(days=n)) for n in range((last - first).days))
        told = any(day is not None and day.value is not None for day in days)
        if not told and not any(one.time < bill.period_end and bill.time < one.period_end for one in found):
            found.append(bill)
    return found


def _mean(period: _Period, of_days: dict[date, Metric], occupied: dict[date, Metric]) -> _Figure:
    known = [
        (metric, _hours(occupied.get(day), metric))
        for day, metric in ((day, of_days.get(day)) for day in period.days)
        if metric is not None
    ]
    known = [(metric, hours) for metric, hours in known if hours > 0]
    if not known:
        return _Figure(None, 0.0, Status.NO_DATA, "not_occupied", "mean/1")
    hours_known = sum(hours for _, hours in known)
    absent = sum(day not in of_days and day.weekday() < 5 for day in period.days)
    hours_all = hours_known + absent * hours_known / len(known)
    weights = [(metric.value, hours * metric.coverage) for metric, hours in known if metric.value is not None]
    covered = sum(weight for _, weight in weights)
    coverage = covered / hours_all
    status = status_of(coverage)
    if covered == 0 or coverage < LEAST_COVERAGE:
        return _Figure(None, coverage, status, _missing(period, of_days, every_day=False), "mean/1")
    value = sum(value * weight for value, weight in weights) / covered
    return _Figure(value, coverage, status, _missing(period, of_days, every_day=False), "mean/1")


def _of_all_days(period: _Period, of_days: dict[date, Metric], *, highest: bool) -> _Figure:
    """Highest, or mean weighted by coverage, of the days of a period; every day should have one."""
    known = [
        (one.value, one.coverage)
        for one in (of_days[day] for day in period.days if day in of_days)
        if one.value is not None
    ]
    covered = sum(coverage for _, coverage in known)
    coverage = covered / len(period.days)
    method, why = ("max/1" if highest else "day_mean/1"), _missing(period, of_days, every_day=True)
    if covered == 0 or coverage < LEAST_COVERAGE:
        return _Figure(None, coverage, status_of(coverage), why, method)
    value = max(value for value, _ in known) if highest else sum(v * c for v, c in known) / covered
    return _Figure(value, coverage, status_of(coverage), why, method)


def _hours(occupied: Metric | None, metric: Metric) -> float:
    """Occupied time of a metric's day [h]; where it was not handed in, 1 on every day that was occupied."""
    if occupied is not None and occupied.value is not None:
        return occupied.value
    return 0.0 if metric.reason == "not_occupied" else 1.0


def _only_coarse(metric: Metric) -> bool:
    """Whether nothing but its register's steps makes a day's figure less than ``ok``."""
    return metric.reason == RESOLUTION


def _missing(period: _Period, of_days: dict[date, Metric], every_day: bool, billed: int = 0) -> str | None:
    """How many days of the period say nothing though they should; ``billed`` are told by a bill."""
    silent = sum(
        (day not in of_days and (every_day or day.weekday() < 5))
        or (day in of_days and of_days[day].value is None and of_days[day].reason != "not_occupied")
        for day in period.days
    )
    return f"days_missing:{silent - billed}" if silent > billed else None


def _metric(
    inside: Sequence[Metric], figure: _Figure, period: _Period, interval: Interval, zone: ZoneInfo
) -> Metric:
    model = inside[-1]
    status, why = figure.status, figure.reason
    weaker = {metric.status for metric in inside if metric.value is not None and not _only_coarse(metric)}
    if figure.value is not None and status is Status.OK:
        status = next((s for s in (Status.PRELIMINARY, Status.ESTIMATED) if s in weaker), status)
    if figure.value is None:  # what every day gives as its reason is the period's reason too
        shared = set.intersection(*(set((metric.reason or "").split("; ")) for metric in inside))
        why = reasons(*sorted(shared), why)
        status = Status.INSUFFICIENT if shared & _LACKING else status
    elif period.running:
        status, why = Status.PRELIMINARY, reasons("running", why)
    elif status in (Status.PRELIMINARY, Status.ESTIMATED):
        of_days = (metric.reason for metric in inside if metric.status is status and not _only_coarse(metric))
        why = reasons(why, *of_days)
    return model._replace(
        time=day_span(period.first, zone)[0],
        period_end=day_span(period.end - timedelta(days=1), zone)[1],
        interval=interval,
        value=figure.value,
        low=figure.low,
        high=figure.high,
        coverage=figure.coverage,
        status=status,
        reason=why,
        method=f"{model.method}+{figure.rule}",
        factors=tuple(dict.fromkeys(name for metric in inside for name in metric.factors)),
        fingerprint=combined(metric.fingerprint for metric in inside),
    )
