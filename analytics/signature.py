"""Heating (energy) signature of a school: a day's energy from its outdoor temperature and kind of day.

School days and closed days, and the seasons, get change-point curves of their own where that is worth its
parameters (Schwarz's criterion over all ways of dividing them). The seasons, and choosing among all
divisions, are those of OpenDSM's daily model (eemeter 4); the kinds of day are the school's own calendar
instead of weekday and weekend.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from analytics.changepoint import HEATING, Curve, Fit, bic, fit_curve

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

DAY_COLUMNS = ("energy_kwh", "temperature_c", "day_type")
"""One row a local day, indexed by it (``datetime64``, naive midnight): energy [kWh], daily mean outdoor
temperature [°C], kind of day (:class:`classroom.places.DayType` or any label). NaN: not known. An optional
fourth, ``sun_kwh_m2``, is the day's irradiation, measured or extraterrestrial (:mod:`analytics.sun`)."""

SUN_K = (0.0, 0.2, 0.4, 0.6, 0.8)
"""By how many kelvin a kWh/m² of sun may make a day count as warmer: a cold, bright April day needs less heat
than a dark day of November. Tried where the days tell their sun; worth a parameter, or left at 0."""

SEASONS: dict[str, tuple[int, ...]] = {
    "summer": (6, 7, 8, 9),
    "shoulder": (3, 4, 5, 10),
    "winter": (11, 12, 1, 2),
}
"""Months of the seasons (OpenDSM daily model, default)."""

LEAST_DAYS = 15
"""A group of fewer days gets no curve of its own."""

_NUMBERS = ("energy_kwh", "temperature_c", "sun_kwh_m2")

_SEASON_SPLITS: tuple[tuple[frozenset[str], ...], ...] = (
    (frozenset({"summer", "shoulder", "winter"}),),
    (frozenset({"summer"}), frozenset({"shoulder", "winter"})),
    (frozenset({"shoulder"}), frozenset({"summer", "winter"})),
    (frozenset({"winter"}), frozenset({"summer", "shoulder"})),
    (frozenset({"summer"}), frozenset({"shoulder"}), frozenset({"winter"})),
)


class Group(NamedTuple):
    """Days of these seasons and kinds follow ``curve``; ``rss`` is its sum of squared residuals [kWh²]."""

    seasons: frozenset[str]
    day_types: frozenset[str]
    curve: Curve
    days: int
    rss: float


class Quality(NamedTuple):
    """How well a signature describes the days it was fitted to (ASHRAE Guideline 14-2014, 4.2.11).

    ``cvrmse`` = √(RSS/(n − p)) ÷ mean, ``nmbe`` = Σ residuals ÷ ((n − p)·mean), ``r2``; ``autocorrelation``
    is the residuals' at a lag of one day, ``effective_days`` n' = n(1 − ρ)/(1 + ρ).
    """

    days: int
    parameters: int
    mean_kwh_d: float
    cvrmse: float
    nmbe: float
    r2: float
    autocorrelation: float
    effective_days: float


class Signature(NamedTuple):
    """A fitted signature; temperatures of its curves are outdoor + ``sun_k`` · ``sun_kwh_m2``."""

    groups: tuple[Group, ...]
    quality: Quality
    sun_k: float = 0.0

    def predict(self, days: pd.DataFrame) -> pd.Series:
        """Energy [kWh] of ``days`` (DAY_COLUMNS without energy).

        NaN without a temperature. A kind of day that the signature never met is taken as the known kinds'
        group of that season that holds most days.
        """
        season = _season(days)
        kind = _kind(days)
        temperature = felt_c(days, self.sun_k)
        energy = np.full(len(days), np.nan)
        for group in sorted(self.groups, key=lambda group: group.days):
            known = frozenset().union(*(g.day_types for g in self.groups))
            mine = np.isin(kind, [*group.day_types]) | ~np.isin(kind, [*known])
            mine &= np.isin(season, [*group.seasons])
            energy[mine] = group.curve.predict(temperature[mine])
        return pd.Series(energy, index=days.index, name="energy_kwh")


def base_kwh(signature: Signature, days: pd.DataFrame) -> float:
    """Energy of ``days`` that does not follow the weather [kWh]: hot water, circulation, ventilation's fans.

    The signature with all slopes 0; NaN-free temperatures are needed in ``days`` as by ``predict``.
    """
    flat = tuple(
        group._replace(curve=group.curve._replace(heating_kwh_k_d=0.0, cooling_kwh_k_d=0.0))
        for group in signature.groups
    )
    return float(signature._replace(groups=flat).predict(days).sum())


def fit_signature(
    days: pd.DataFrame, occupied: Iterable[str], shapes: Sequence[str] = HEATING
) -> Signature | None:
    """The signature of ``days`` (DAY_COLUMNS); None if fewer than LEAST_DAYS are complete.

    Args:
        days: a row a day; rows with NaN are left out. For a claim of savings nearly a year
            (:mod:`analytics.sufficiency`).
        occupied: the kinds of day that may be told apart from the rest, in the order of how much the
            school is used. Tried are: all days alike, and after each of these kinds a cut (``school_day``
            against the rest, ``school_day`` and ``studiedag`` against the rest, …).
        shapes: see :mod:`analytics.changepoint`; only heating for a carrier that only heats.
    """
    complete = days.dropna(subset=[name for name in _NUMBERS if name in days]).sort_index()
    if len(complete) < LEAST_DAYS:
        return None
    best: tuple[float, list[Group], float] | None = None
    for sun_k in SUN_K if "sun_kwh_m2" in complete else (0.0,):
        choices = _Choices(complete, felt_c(complete, sun_k), shapes)
        for groups in choices.divisions(list(occupied)):
            score = bic(sum(group.rss for group in groups), len(complete), _parameters(groups, sun_k))
            if best is None or score < best[0]:
                best = score, groups, sun_k
    assert best is not None  # noqa: S101  all days alike is always a division
    _, chosen, sun_k = best
    unjudged = Signature(tuple(chosen), Quality(0, 0, 0, 0, 0, 0, 0, 0), sun_k)
    residual = complete["energy_kwh"] - unjudged.predict(complete)
    return unjudged._replace(quality=judge(complete["energy_kwh"], residual, _parameters(chosen, sun_k)))


def month_errors_kwh(signature: Signature, days: pd.DataFrame) -> Floats:
    """Error of each calendar month's sum [kWh] (observed − predicted) with that month left out of the fit.

    ``days`` are those the signature was fitted to. Its division and shapes are kept, its curves are fitted
    anew without the month. What a year has and a model does not know (sun, wind, habits that change by
    season) lasts for weeks: it shows in months, and not in the correlation of one day with the next.
    """
    complete = days.dropna(subset=[name for name in _NUMBERS if name in days])
    month = pd.DatetimeIndex(complete.index).strftime("%Y-%m")
    errors = []
    for name in sorted(set(month)):
        left_out = complete[month == name]
        predicted = _refitted(signature, complete[month != name]).predict(left_out)
        errors.append(float((left_out["energy_kwh"] - predicted).sum()))
    return np.array(errors)


def _refitted(signature: Signature, days: pd.DataFrame) -> Signature:
    """The same groups with curves fitted to ``days``; a group left with too few days keeps its own."""
    season, kind = _season(days), _kind(days)
    temperature = felt_c(days, signature.sun_k)
    energy = days["energy_kwh"].to_numpy(np.float64)
    groups = []
    for group in signature.groups:
        mine = np.isin(season, [*group.seasons]) & np.isin(kind, [*group.day_types])
        if mine.sum() >= LEAST_DAYS:
            shapes = tuple(dict.fromkeys(("1P", group.curve.shape)))
            group = group._replace(curve=fit_curve(temperature[mine], energy[mine], shapes).curve)
        groups.append(group)
    return signature._replace(groups=tuple(groups))


def judge(energy_kwh: pd.Series, residual_kwh: pd.Series, parameters: int) -> Quality:
    """Quality of a fit from its residuals (observed − predicted), indexed by day."""
    count = len(energy_kwh)
    mean = float(energy_kwh.mean())
    free = max(1, count - parameters)
    rss = float((residual_kwh**2).sum())
    total = float(((energy_kwh - mean) ** 2).sum())
    rho = autocorrelation(residual_kwh)
    return Quality(
        days=count,
        parameters=parameters,
        mean_kwh_d=mean,
        cvrmse=float(np.sqrt(rss / free)) / mean if mean > 0 else np.inf,
        nmbe=float(residual_kwh.sum()) / (free * mean) if mean > 0 else np.inf,
        r2=1 - rss / total if total > 0 else 0.0,
        autocorrelation=rho,
        effective_days=count * (1 - rho) / (1 + rho),
    )


def autocorrelation(residual: pd.Series) -> float:
    """Correlation of a residual with that of the day before, over pairs of adjoining days; 0 to 0.99.

    A negative one is taken as 0: it would make a figure look surer than independent days do.
    """
    day_before = pd.DatetimeIndex(residual.index) - pd.Timedelta(days=1)
    before = residual.reindex(day_before).to_numpy(np.float64)
    now = residual.to_numpy(np.float64)
    both = ~(np.isnan(before) | np.isnan(now))
    if both.sum() < LEAST_DAYS or now[both].std() == 0 or before[both].std() == 0:
        return 0.0
    return float(np.clip(np.corrcoef(now[both], before[both])[0, 1], 0.0, 0.99))


def _parameters(groups: Sequence[Group], sun_k: float) -> int:
    return sum(group.curve.parameters for group in groups) + (sun_k > 0)


def felt_c(days: pd.DataFrame, sun_k: float) -> Floats:
    """Outdoor temperature [°C] with the sun's part."""
    temperature = days["temperature_c"].to_numpy(np.float64)
    if sun_k == 0:
        return temperature
    return np.asarray(temperature + sun_k * days["sun_kwh_m2"].to_numpy(np.float64))


def _kind(days: pd.DataFrame) -> npt.NDArray[np.object_]:
    """Kind of each day; days of which nobody knows it are of a kind of their own."""
    return np.array(["" if pd.isna(kind) else str(kind) for kind in days["day_type"]], dtype=np.object_)


def _season(days: pd.DataFrame) -> npt.NDArray[np.str_]:
    of_month = {month: season for season, months in SEASONS.items() for month in months}
    index = pd.DatetimeIndex(days.index)
    return np.array([of_month[month] for month in index.month], dtype=np.str_)


class _Choices:
    """Fits of all groups of days that a division may need, each made once."""

    def __init__(self, days: pd.DataFrame, temperature_c: Floats, shapes: Sequence[str]) -> None:
        self._temperature = temperature_c
        self._energy = days["energy_kwh"].to_numpy(np.float64)
        self._kind = _kind(days)
        self._season = _season(days)
        self._shapes = shapes
        self._kinds = frozenset(self._kind.tolist())
        self._present = frozenset(self._season.tolist())
        self._made: dict[tuple[frozenset[str], frozenset[str]], Fit | None] = {}

    def divisions(self, occupied: list[str]) -> Iterator[list[Group]]:
        """Every way of dividing the days whose groups all have enough of them."""
        cuts = self._cuts(occupied)
        for split in _SEASON_SPLITS:
            blocks = [block & self._present for block in split]
            blocks = [block for block in blocks if block]
            for parts in itertools.product(cuts, repeat=len(blocks)):
                wanted = [(block, kinds) for block, cut in zip(blocks, parts, strict=True) for kinds in cut]
                found = [self._group(seasons, kinds) for seasons, kinds in wanted]
                whole = [group for group in found if group is not None]
                if len(whole) == len(found):
                    yield whole

    def _cuts(self, occupied: list[str]) -> list[tuple[frozenset[str], ...]]:
        cuts: list[tuple[frozenset[str], ...]] = [(self._kinds,)]
        for count in range(1, len(occupied) + 1):
            used = self._kinds & frozenset(occupied[:count])
            if used and used != self._kinds and (used, self._kinds - used) not in cuts:
                cuts.append((used, self._kinds - used))
        return cuts

    def _group(self, seasons: frozenset[str], kinds: frozenset[str]) -> Group | None:
        key = seasons, kinds
        if key not in self._made:
            self._made[key] = self._fit(seasons, kinds)
        fit = self._made[key]
        return None if fit is None else Group(seasons, kinds, fit.curve, fit.days, fit.rss)

    def _fit(self, seasons: frozenset[str], kinds: frozenset[str]) -> Fit | None:
        mine: Mask = np.isin(self._season, [*seasons]) & np.isin(self._kind, [*kinds])
        alone = seasons == self._present and kinds == self._kinds
        if mine.sum() < LEAST_DAYS and not alone:
            return None
        return fit_curve(self._temperature[mine], self._energy[mine], self._shapes)
