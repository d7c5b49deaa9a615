"""What a meter did not tell, estimated from the days that it did: never mixed with what was measured.

By the school's heating signature where it describes the days well (:mod:`analytics.signature`), else by the
days of the same kind nearest in time. Intervals are two-sided with :data:`analytics.savings.CONFIDENCE`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from analytics.savings import CONFIDENCE, USABLE_CVRMSE, uncertainty_kwh
from analytics.signature import Signature, fit_signature
from classroom.metric import Metric
from classroom.timetable import day_span
from reports.fits import USED_DAYS
from reports.period import Period

BY_SIGNATURE = "report.estimate_signature/1"
BY_SIMILAR_DAYS = "report.estimate_similar_days/1"

_LEAST_FITTED_DAYS = 180
_NEAR_DAYS = 56
_LEAST_SIMILAR = 5
_ALL_KNOWN = 0.999
_LONGEST_DAY = timedelta(hours=25)


class Estimate(NamedTuple):
    """Energy of what is missing [kWh], bounded with CONFIDENCE; None where nothing can be said."""

    value: float
    low: float
    high: float
    method: str


def missing_shares(
    days: Mapping[date, Metric],
    unresolved: Mapping[date, Metric],
    period: Period,
    zone: ZoneInfo,
    now: datetime,
) -> dict[date, float]:
    """Share (0-1) of each local day of ``period`` whose energy is not known at all; whole days are left out.

    ``days`` and ``unresolved`` are ``energy_kwh`` and ``energy_unresolved_kwh`` by day, those of the month
    before ``period`` too. What is known only as a sum over several days, or by a bill, is known; a sum over
    the turn of the period is shared by :func:`analytics.periods.aggregate`. Days that have not ended at
    ``now`` are not missing.
    """
    sums = [
        (one.time, one.period_end)
        for one in unresolved.values()
        if one.value and one.period_end - one.time > _LONGEST_DAY
    ]
    found = {}
    for day in period.days:
        span = day_span(day, zone)
        if span[1] > now:  # a day that runs is not missing yet
            break
        metric, rest = days.get(day), unresolved.get(day)
        told = metric is not None and metric.value is not None
        spanned = any(first <= span[0] and span[1] <= last for first, last in sums)
        if rest is not None and (told or spanned):
            known = rest.coverage
        else:  # no sum holds it: what readings of its own it has
            known = metric.coverage if metric is not None else 0.0
        if known < _ALL_KNOWN:
            found[day] = 1.0 - known
    return found


def usable_signature(days: pd.DataFrame, shapes: Sequence[str]) -> Signature | None:
    """The signature of ``days`` (:data:`analytics.signature.DAY_COLUMNS`) if it describes them well enough to
    estimate from."""
    if len(days.dropna(subset=["energy_kwh", "temperature_c"])) < _LEAST_FITTED_DAYS:
        return None
    signature = fit_signature(days, USED_DAYS, shapes)
    if signature is None or signature.quality.cvrmse > USABLE_CVRMSE:
        return None
    return signature


def estimate(
    days: pd.DataFrame, signature: Signature | None, missing: Mapping[date, float]
) -> Estimate | None:
    """Energy of ``missing`` (:func:`missing_shares`); None where a day has nothing to be estimated from."""
    if not missing:
        return None
    if signature is not None:
        found = _by_signature(days, signature, missing)
        if found is not None:
            return found
    return _by_similar_days(days, missing)


def _by_signature(days: pd.DataFrame, signature: Signature, missing: Mapping[date, float]) -> Estimate | None:
    wanted = days.reindex(pd.DatetimeIndex(sorted(missing)))
    if wanted["temperature_c"].isna().any() or wanted["day_type"].isna().any():
        return None
    share = np.array([missing[day] for day in sorted(missing)])
    predicted = signature.predict(wanted).to_numpy(np.float64) * share
    if np.isnan(predicted).any():
        return None
    value = float(predicted.sum())
    half = uncertainty_kwh(signature.quality, value, len(predicted)) if value else 0.0
    return Estimate(value, max(0.0, value - half), value + half, BY_SIGNATURE)


def _by_similar_days(days: pd.DataFrame, missing: Mapping[date, float]) -> Estimate | None:
    """Mean of the known days of the same kind within eight weeks.

    The interval holds the scatter of single days and, since missing days share those that they are learnt
    from, the whole error of their mean.
    """
    known = days.dropna(subset=["energy_kwh"])
    value = scatter = shared = 0.0
    least: int | None = None
    for day, share in missing.items():
        similar = _similar(known, days, day)
        if len(similar) < _LEAST_SIMILAR:
            return None
        spread = float(similar.std(ddof=1))
        value += share * float(similar.mean())
        scatter += (share * spread) ** 2
        shared += share * spread / float(np.sqrt(len(similar)))
        least = len(similar) if least is None else min(least, len(similar))
    assert least is not None  # noqa: S101  missing is not empty
    half = float(stdtrit(least - 1, 0.5 + CONFIDENCE / 2)) * (float(np.sqrt(scatter)) + shared)
    return Estimate(value, max(0.0, value - half), value + half, BY_SIMILAR_DAYS)


def _similar(known: pd.DataFrame, days: pd.DataFrame, day: date) -> pd.Series:
    at = pd.Timestamp(day)
    if at not in days.index:
        return known["energy_kwh"].iloc[:0]
    near = known.loc[at - timedelta(days=_NEAR_DAYS) : at + timedelta(days=_NEAR_DAYS)]
    return near.loc[near["day_type"] == days.loc[at, "day_type"], "energy_kwh"]


def joined(parts: Sequence[Estimate]) -> Estimate | None:
    """Estimates of several months as one: errors are shared, so half widths add."""
    if not parts:
        return None
    methods = dict.fromkeys(part.method for part in parts)
    return Estimate(
        sum(part.value for part in parts),
        sum(part.low for part in parts),
        sum(part.high for part in parts),
        "+".join(methods),
    )
