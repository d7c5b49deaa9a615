"""Figures of energy: measured by period and month, estimated where meters were silent, and both together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from zoneinfo import ZoneInfo

import pandas as pd

from analytics.catalog import UNRESOLVED
from analytics.coverage import reasons
from analytics.periods import aggregate
from analytics.signature import Signature
from analytics.turns import LONGEST
from classroom.metric import Interval, Metric, Status
from classroom.quantity import Carrier
from reports.estimates import Estimate, estimate, joined, missing_shares
from reports.figures import Figure, FigureId, Mark, Missing, of_metric
from reports.period import Period

KNOWN = "energy_known_kwh"
ESTIMATED = "energy_estimated_kwh"
TOGETHER = "energy_with_estimate_kwh"
KNOWN_METHOD = "report.known_energy/1"
TOGETHER_METHOD = "report.known_and_estimated/1"
CHANGE, CHANGE_SHARE = "energy_change_kwh", "energy_change_share"
CHANGE_METHOD = "report.change/1"


@dataclass(frozen=True)
class Days:
    """A school's metrics by day, as the parts of a report ask for them."""

    school: str
    zone: ZoneInfo
    now: datetime
    metrics: Sequence[Metric]
    by_name: Mapping[tuple[str, Carrier | None], dict[date, Metric]]

    @classmethod
    def of(cls, school: str, zone: ZoneInfo, now: datetime, metrics: Sequence[Metric]) -> Days:
        """Sort ``metrics`` (of one school, by day) by name and carrier; those with a basis stay out."""
        by_name: dict[tuple[str, Carrier | None], dict[date, Metric]] = {}
        for metric in metrics:
            if metric.basis is None:
                day = metric.time.astimezone(zone).date()
                by_name.setdefault((metric.metric, metric.carrier), {})[day] = metric
        return cls(school, zone, now, metrics, by_name)

    def named(self, name: str, carrier: Carrier | None) -> dict[date, Metric]:
        """Metrics of a name and carrier by local day."""
        return self.by_name.get((name, carrier), {})

    def sums(self, period: Period, interval: Interval) -> list[Metric]:
        """Metrics of the intervals within ``period``; sums over its turn are shared with those before."""
        start, end = period.span(self.zone)
        bearing = [metric for metric in self.metrics if start - LONGEST <= metric.time < end]
        sums = aggregate(bearing, interval, self.zone, until=self.now)
        return [metric for metric in sums if start <= metric.time < end]


def periods_of(days: Days, period: Period) -> list[Figure]:
    """Figures of every metric of the school over the whole ``period``."""
    return [of_metric(metric, period) for metric in days.sums(period, period.interval)]


def months_of(days: Days, period: Period) -> list[Figure]:
    """Figures of every metric of the school by month of ``period``."""
    if period.interval is Interval.MONTH:
        return []
    by_start = {month.span(days.zone)[0]: month for month in period.months}
    return [of_metric(metric, by_start[metric.time]) for metric in days.sums(period, Interval.MONTH)]


@dataclass(frozen=True)
class CarrierEnergy:
    """A carrier's figures in a period, the marks of its months, and what is missing."""

    figures: tuple[Figure, ...]
    marks: dict[str, Mark]
    missing: tuple[Missing, ...]


@dataclass(frozen=True)
class Learnt:
    """What a carrier's missing days are estimated from; the signature is fitted when it is first needed."""

    days: pd.DataFrame
    fit: Callable[[], Signature | None]

    @cached_property
    def fitted(self) -> Signature | None:
        """The signature, if it describes the days."""
        return self.fit()


def carrier_energy(days: Days, carrier: Carrier, period: Period, learnt: Learnt) -> CarrierEnergy:
    """Known and estimated energy of each month of ``period`` and of all of it.

    ``energy_known_kwh`` is what registers and bills tell, though it be little; ``energy_estimated_kwh`` what
    is thought to be missing, never part of it; ``energy_with_estimate_kwh`` both, null where a part cannot be
    estimated.
    """
    figures: list[Figure] = []
    marks: dict[str, Mark] = {}
    missing: list[Missing] = []
    estimates: list[Estimate] = []
    whole, unknown_days = True, 0.0
    for month in period.months:
        if month.span(days.zone)[0] >= days.now:
            marks[month.key] = Mark.AHEAD
            continue
        shares = _missing(days, carrier, month)
        found = estimate(learnt.days, learnt.fitted, shares) if shares else None
        known = _known(days, carrier, month, sum(shares.values()))
        marks[month.key] = _mark(shares, found, known)
        if found is not None:
            estimates.append(found)
        if shares:
            missing.append(_missing_of(carrier, month, shares))
        whole &= not shares or found is not None
        unknown_days += sum(shares.values())
        if period.interval is not Interval.MONTH:
            figures += _three(known, found, whole=not shares or found is not None)
    known = _known(days, carrier, period, unknown_days)
    figures += _three(known, joined(estimates), whole=whole)
    return CarrierEnergy(tuple(figures), marks, tuple(missing))


def _missing(days: Days, carrier: Carrier, period: Period) -> dict[date, float]:
    return missing_shares(
        days.named("energy_kwh", carrier),
        days.named(UNRESOLVED["energy_kwh"], carrier),
        period,
        days.zone,
        days.now,
    )


def _missing_of(carrier: Carrier, month: Period, shares: Mapping[date, float]) -> Missing:
    first, last = min(shares), max(shares)
    return Missing(carrier, month.key, sum(shares.values()), first.isoformat(), last.isoformat())


def _mark(shares: Mapping[date, float], found: Estimate | None, known: Figure) -> Mark:
    if not shares:
        return Mark.ACTUAL
    return Mark.PARTLY_ESTIMATED if found is not None and known.value is not None else Mark.INCOMPLETE


def _known(days: Days, carrier: Carrier, period: Period, unknown_days: float) -> Figure:
    """Energy of the period that is known, as :func:`analytics.periods.aggregate` adds it, though it be too
    little for ``energy_kwh``."""
    first = period.first - LONGEST
    metrics = [
        of_day[day]
        for name in ("energy_kwh", UNRESOLVED["energy_kwh"])
        for of_day in (days.named(name, carrier),)
        for day in of_day
        if first <= day < period.end
    ]
    start, end = period.span(days.zone)
    sums = aggregate(metrics, period.interval, days.zone, until=days.now)
    whole = next((one for one in sums if one.metric == "energy_kwh" and one.time == start), None)
    value = whole.value if whole is not None else None
    if value is None:
        value = _rest([metric for metric in metrics if metric.time >= start], end)
    begun = sum(1 for day in period.days if _has_begun(day, days))
    share = max(0.0, 1 - unknown_days / begun) if begun else 0.0
    complete = share >= 1 - 1e-9
    status = Status.OK if complete else Status.PARTIAL if value is not None else Status.NO_DATA
    shared = whole is not None and whole.low is not None  # a gap over the turn of the period
    bounded = whole is not None and whole.value is not None and whole.high is not None
    if complete and shared:
        status = Status.ESTIMATED
    return Figure(
        str(FigureId(days.school, None, period.key, KNOWN, carrier, None)),
        KNOWN,
        carrier,
        None,
        start,
        end,
        value,
        whole.low if whole is not None and bounded else None,
        whole.high if whole is not None and bounded else None,
        "kWh",
        share,
        status,
        whole.reason if whole is not None else "no_readings",
        KNOWN_METHOD,
        (),
        whole.fingerprint if whole is not None else "",
    )


def _has_begun(day: date, days: Days) -> bool:
    return day <= days.now.astimezone(days.zone).date()


def _rest(metrics: Sequence[Metric], end: datetime) -> float | None:
    """Energy of days that say little: their values, and what they carry and ends by ``end``; no bills."""
    known = [
        metric.value
        for metric in metrics
        if metric.value is not None
        and (metric.metric == "energy_kwh" or metric.period_end <= end)
        and "billed" not in (metric.reason or "")
    ]
    return sum(known) if known else None


def _three(known: Figure, found: Estimate | None, *, whole: bool) -> list[Figure]:
    """Known, estimated and together."""
    figures = [known]
    if found is not None:
        figures.append(
            _like(
                known,
                ESTIMATED,
                value=found.value,
                low=found.low,
                high=found.high,
                status=Status.ESTIMATED,
                reason=None,
                method=found.method,
            )
        )
    if known.value is not None and whole:
        more = found or Estimate(0.0, 0.0, 0.0, "")
        bounded = found is not None or known.low is not None
        low, high = (known.low, known.high) if known.low is not None else (known.value, known.value)
        figures.append(
            _like(
                known,
                TOGETHER,
                value=known.value + more.value,
                low=(low or 0.0) + more.low if bounded else None,
                high=(high or 0.0) + more.high if bounded else None,
                status=Status.ESTIMATED if found else known.status,
                reason=known.reason,
                method=TOGETHER_METHOD,
            )
        )
    return figures


def _like(
    model: Figure,
    metric: str,
    *,
    value: float | None,
    low: float | None,
    high: float | None,
    status: Status,
    reason: str | None,
    method: str,
    unit: str | None = None,
) -> Figure:
    """A figure of the same place, carrier and period as ``model``."""
    school, _, rest = model.id.partition(":")
    key = FigureId(school, None, rest.split(":")[0], metric, model.carrier, model.basis)
    return Figure(
        str(key),
        metric,
        model.carrier,
        model.basis,
        model.start,
        model.end,
        value,
        low,
        high,
        unit or model.unit,
        model.coverage,
        status,
        reason,
        method,
        model.factors,
        model.fingerprint,
    )


def change(now: Figure, before: Figure | None) -> list[Figure]:
    """What ``now`` differs from the same period a year ago: in kWh, and as a share of it.

    Nothing where either has no value. Estimated parts give the change an interval.
    """
    if before is None or now.value is None or not before.value:
        return []
    low, high = (now.low, now.high) if now.low is not None else (now.value, now.value)
    was_low, was_high = (before.low, before.high) if before.low is not None else (before.value, before.value)
    assert None not in (low, high, was_low, was_high)  # noqa: S101  both bounds stand or none
    bounded = now.low is not None or before.low is not None
    status = Status.ESTIMATED if bounded else now.status
    why = reasons(now.reason, before.reason)
    least, most = (low or 0.0) - (was_high or 0.0), (high or 0.0) - (was_low or 0.0)
    difference = now.value - before.value

    def made(name: str, scale: float, unit: str) -> Figure:
        return _like(
            now,
            name,
            value=difference / scale,
            low=least / scale if bounded else None,
            high=most / scale if bounded else None,
            status=status,
            reason=why,
            method=CHANGE_METHOD,
            unit=unit,
        )

    return [made(CHANGE, 1.0, "kWh"), made(CHANGE_SHARE, before.value, "1")]
