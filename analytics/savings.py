"""Savings against a counterfactual, with an interval, or no claim and why.

The baseline's signature (:mod:`analytics.signature`) says what the reporting period would have used in its
own weather and on its own calendar; the saving is that less what was used (IPMVP Option C; ASHRAE Guideline
14-2014, whole-building performance path).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from enum import StrEnum
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import stdtrit

from analytics.changepoint import HEATING
from analytics.signature import Quality, Signature, fit_signature, month_errors_kwh
from analytics.sufficiency import baseline_sufficiency, counted, reporting_sufficiency

CONFIDENCE = 0.9
"""Two-sided confidence of every interval of savings."""

CLAIMED_BEYOND = 1.25
"""A claim asks that zero lies so many half widths off: about 95 % (t of 11 degrees of freedom is 2.20 for
1.80 of 90 %). At 90 % one school of ten without any measure would be told that it saved, or lost."""

GOOD_CVRMSE, USABLE_CVRMSE = 0.25, 0.35
"""A daily fit up to the first is good, up to the second usable, beyond it carries no claim (field knowledge,
stricter than OpenDSM's 1.0; ASHRAE Guideline 14 asks 0.15 of monthly and 0.30 of hourly models)."""

LEAST_REPORTING_DAYS = 28
"""Of fewer days nothing is claimed: a week's habits would pass for a measure's effect."""

_TEMPERATURE_MARGIN_K = 3.0  # days colder or warmer than the baseline's by more are not predicted
_LEAST_INSIDE = 0.9  # share of reporting days within the baseline's temperatures


STILL_DAYS = 14
"""One and the same energy on so many days in a row is a meter that stands still, a building that is not used
or a guess of the grid company, unless next to nothing is expected of them. Field knowledge."""

_MOST_STILL = 0.1  # share of the expected energy that such days may have

_FAR = 10.0
"""So many standard deviations (from the median absolute one) off the model a day is one of its own."""

_MOST_FAR = 0.01  # share of the days: more of them are a habit that the model does not know

POOR_FIT, SINGLE_DAYS = "poor_fit", "baseline_spoilt_by_single_days"
"""Why a baseline's model carries no claim: energy does not follow weather and calendar, or it does but for a
few days."""


class Claim(StrEnum):
    """What may be said."""

    SAVING = "saving"
    INCREASE = "increase"
    NONE = "no_claim"


class Savings(NamedTuple):
    """Savings of a reporting period; energies in kWh, positive where energy was saved.

    ``low_kwh`` and ``high_kwh`` bound ``saved_kwh`` with :data:`CONFIDENCE`: the wider of
    :func:`uncertainty_kwh` and :func:`month_uncertainty_kwh`. Where the data carry no model
    the energies are None. ``reason`` says why nothing is claimed; ``days`` are those compared. ``spoiling``
    are the baseline's :func:`spoiling_days`.
    """

    claim: Claim
    reason: str | None
    days: int
    observed_kwh: float | None = None
    counterfactual_kwh: float | None = None
    saved_kwh: float | None = None
    low_kwh: float | None = None
    high_kwh: float | None = None
    quality: Quality | None = None
    signature: Signature | None = None
    spoiling: tuple[date, ...] = ()

    @property
    def share(self) -> float | None:
        """Saved share of the counterfactual."""
        if self.saved_kwh is None or not self.counterfactual_kwh:
            return None
        return self.saved_kwh / self.counterfactual_kwh


def savings(
    days: pd.DataFrame,
    baseline: tuple[date, date],
    reporting: tuple[date, date],
    occupied: Iterable[str],
    shapes: Sequence[str] = HEATING,
    *,
    may_be_negative: bool = False,
) -> Savings:
    """Savings of the ``reporting`` period against the ``baseline`` (first and last local day of each).

    ``days`` has :data:`analytics.signature.DAY_COLUMNS` and the optional coverages of
    :func:`analytics.sufficiency.counted`; ``occupied`` and ``shapes`` go to
    :func:`analytics.signature.fit_signature`.
    """
    before = baseline_sufficiency(days, *baseline, may_be_negative=may_be_negative)
    after = reporting_sufficiency(days, *reporting, may_be_negative=may_be_negative)
    why = [f"baseline:{before.reason}"] if before.reason else []
    why += [f"reporting:{after.reason}"] if after.reason else []
    if after.complete < LEAST_REPORTING_DAYS:
        why.append(f"reporting:fewer_than_{LEAST_REPORTING_DAYS}_days")
    if why:
        return Savings(Claim.NONE, "; ".join(why), after.complete)
    known = counted(days)
    fitted = known.loc[pd.Timestamp(baseline[0]) : pd.Timestamp(baseline[1])]
    signature = fit_signature(fitted, occupied, shapes)
    assert signature is not None  # noqa: S101  329 days stand
    compared = known.loc[pd.Timestamp(reporting[0]) : pd.Timestamp(reporting[1])]
    compared = compared.dropna(subset=["energy_kwh", "temperature_c"])
    found = _compare(signature, fitted, comparable(compared, fitted), len(compared))
    if found.reason == POOR_FIT:
        spoiling = spoiling_days(signature, fitted, lambda some: fit_signature(some, occupied, shapes))
        return found._replace(reason=SINGLE_DAYS, spoiling=spoiling) if spoiling else found
    if found.claim is Claim.NONE:
        return found
    usual, used = _without_single_days(signature, fitted, compared)
    if len(usual) == len(fitted) and len(used) == len(compared):
        return found
    again = fit_signature(usual, occupied, shapes)
    assert again is not None  # noqa: S101  nearly all days are left
    without = _compare(again, usual, comparable(used, usual), len(used))
    if without.claim is found.claim and _holds(found, without.saved_kwh):
        return found
    return found._replace(claim=Claim.NONE, reason="rests_on_single_days")


def _holds(found: Savings, saved_kwh: float | None) -> bool:
    """Whether the interval of ``found`` holds an energy."""
    if saved_kwh is None or found.low_kwh is None or found.high_kwh is None:
        return False
    return found.low_kwh <= saved_kwh <= found.high_kwh


def uncertainty_kwh(
    quality: Quality, predicted_kwh: float, days: int, confidence: float = CONFIDENCE
) -> float:
    """Half width of the interval of a sum of ``days`` predicted days [kWh].

    U = E/m · CVRMSE · t · √((n/n')·(1 + 2/n')·m) · k with n' the baseline's effective days (ASHRAE Guideline
    14-2014, 4.2.11; effective days for autocorrelation after Reddy and Claridge, 2000), k = −0.00024 M² +
    0.03535 M + 1.00286 with M months of reporting for daily models (Sun and Baltazar, 2013, as OpenDSM
    does).
    """
    months = days / 30.4375
    k = -0.00024 * months**2 + 0.03535 * months + 1.00286
    effective = max(quality.effective_days, quality.parameters + 1.0)
    t = float(stdtrit(max(1.0, effective - quality.parameters), 0.5 + confidence / 2))
    spread = np.sqrt(quality.days / effective * (1 + 2 / effective) * days)
    return abs(predicted_kwh / days) * quality.cvrmse * t * float(spread) * k


def month_uncertainty_kwh(
    errors_kwh: Sequence[float], baseline_days: int, days: int, confidence: float = CONFIDENCE
) -> float:
    """Half width of the interval of a sum of ``days`` predicted days [kWh], from months left out.

    U = t·√(Σ e² · days/baseline_days) with t of one degree of freedom less than there are months
    (:func:`analytics.signature.month_errors_kwh`). Block cross-validation: days of a month are not
    independent (Bergmeir and Benítez 2012); ASHRAE's formula knows the correlation of adjoining days only
    and is too narrow on our simulated schools (``docs/accuracy.md``).
    """
    errors = np.asarray(errors_kwh, dtype=np.float64)
    t = float(stdtrit(max(1, len(errors) - 1), 0.5 + confidence / 2))
    return t * float(np.sqrt((errors**2).sum() * days / baseline_days))


def total(parts: Sequence[Savings]) -> Savings:
    """Savings of several schools or carriers together, net of those that used more.

    Schools without a comparison stay outside (their number is in ``reason``). Errors are taken as
    independent: the half widths add as squares.
    """
    known = [part for part in parts if part.saved_kwh is not None]
    left_out = len(parts) - len(known)
    why = f"left_out:{left_out}" if left_out else None
    if not known:
        return Savings(Claim.NONE, why or "no_parts", 0)
    saved = sum(part.saved_kwh or 0.0 for part in known)
    half = float(np.sqrt(sum(((part.high_kwh or 0.0) - (part.low_kwh or 0.0)) ** 2 for part in known))) / 2
    return _claimed(
        Savings(
            Claim.NONE,
            why,
            max(part.days for part in known),
            sum(part.observed_kwh or 0.0 for part in known),
            sum(part.counterfactual_kwh or 0.0 for part in known),
            saved,
            saved - half,
            saved + half,
        )
    )


def comparable(compared: pd.DataFrame, fitted: pd.DataFrame) -> pd.DataFrame:
    """Days of ``compared`` whose temperature ``fitted``, the baseline's, has seen, give or take 3 K."""
    seen = fitted["temperature_c"]
    low, high = seen.min() - _TEMPERATURE_MARGIN_K, seen.max() + _TEMPERATURE_MARGIN_K
    return compared[compared["temperature_c"].between(low, high)]


def _compare(signature: Signature, fitted: pd.DataFrame, compared: pd.DataFrame, of_days: int) -> Savings:
    predicted = signature.predict(compared)
    observed = compared["energy_kwh"][predicted.notna()]
    counterfactual = float(predicted.sum())
    found = Savings(
        Claim.NONE,
        None,
        len(observed),
        float(observed.sum()),
        counterfactual,
        counterfactual - float(observed.sum()),
        quality=signature.quality,
        signature=signature,
    )
    if len(observed) < _LEAST_INSIDE * of_days:
        return found._replace(reason="weather_outside_baseline", saved_kwh=None, counterfactual_kwh=None)
    if counterfactual <= 0:
        return found._replace(reason="nothing_expected", saved_kwh=None, counterfactual_kwh=None)
    by_month = month_errors_kwh(signature, fitted)
    half = max(
        uncertainty_kwh(signature.quality, counterfactual, len(observed)),
        month_uncertainty_kwh(by_month.tolist(), signature.quality.days, len(observed)),
    )
    assert found.saved_kwh is not None  # noqa: S101
    found = found._replace(low_kwh=found.saved_kwh - half, high_kwh=found.saved_kwh + half)
    if signature.quality.cvrmse > USABLE_CVRMSE:
        return found._replace(reason=POOR_FIT)
    if float(predicted[observed.index][standing_still(observed)].sum()) > _MOST_STILL * counterfactual:
        return found._replace(reason="energy_stands_still")
    return _claimed(found)


def _without_single_days(
    signature: Signature, fitted: pd.DataFrame, compared: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Days of baseline and reporting period without those few that lie far from what the others do."""
    off = fitted["energy_kwh"] - signature.predict(fitted)
    off_later = compared["energy_kwh"] - signature.predict(compared)
    return _usual(fitted, off, _scale(off)), _usual(compared, off_later, _scale(off))


def spoiling_days(
    signature: Signature, fitted: pd.DataFrame, fit: Callable[[pd.DataFrame], Signature | None]
) -> tuple[date, ...]:
    """The few days of a baseline ``fitted`` poorly without which it would carry a claim, and which lie far
    off its model then; empty where there are none such. ``fit`` makes a signature as ``signature`` was made.

    The worst is left out first: what it spoils may hide the next.
    """
    left, found = fitted, signature
    while found.quality.cvrmse > USABLE_CVRMSE:
        if len(fitted) - len(left) + 1 > _MOST_FAR * len(fitted):
            return ()
        left = left.drop(index=(left["energy_kwh"] - found.predict(left)).abs().idxmax())
        again = fit(left)
        if again is None:
            return ()
        found = again
    off = fitted["energy_kwh"] - found.predict(fitted)
    spoiling = fitted.index.difference(left.index)
    return tuple(day.date() for day in spoiling) if _far(off, _scale(off))[spoiling].all() else ()


def _usual(days: pd.DataFrame, off: pd.Series, scale: float) -> pd.DataFrame:
    far = _far(off, scale)
    return days[~far] if far.mean() <= _MOST_FAR else days


def _far(off: pd.Series, scale: float) -> pd.Series:
    return (off - off.median()).abs() > _FAR * scale


def _scale(off: pd.Series) -> float:
    """Standard deviation of what days lie off their model, from the median absolute one."""
    return 1.4826 * float((off - off.median()).abs().median())


def standing_still(energy_kwh: pd.Series) -> npt.NDArray[np.bool_]:
    """Days of ``energy_kwh`` (no NaN, ascending) that are among STILL_DAYS or more equal ones in a row."""
    run = (energy_kwh != energy_kwh.shift()).cumsum()
    return np.asarray(run.groupby(run).transform("size") >= STILL_DAYS)


def _claimed(found: Savings) -> Savings:
    """A claim where zero lies beyond the interval and a quarter of its half width."""
    assert found.saved_kwh is not None  # noqa: S101
    assert found.low_kwh is not None  # noqa: S101
    asked_kwh = CLAIMED_BEYOND * (found.saved_kwh - found.low_kwh)
    if found.saved_kwh > asked_kwh:
        return found._replace(claim=Claim.SAVING)
    if found.saved_kwh < -asked_kwh:
        return found._replace(claim=Claim.INCREASE)
    return found._replace(reason="; ".join(filter(None, (found.reason, "not_told_from_zero"))))
