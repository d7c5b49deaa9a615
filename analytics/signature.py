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
temperature [°C], kind of day (:class:`classroom.places.DayType` or any label). NaN: not known."""

SEASONS: dict[str, tuple[int, ...]] = {
    "summer": (6, 7, 8, 9),
    "shoulder": (3, 4, 5, 10),
    "winter": (11, 12, 1, 2),
}
"""Months of the seasons (OpenDSM daily model, default)."""

LEAST_DAYS = 15
"""A group of fewer days gets no curve of its own."""

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
    """A fitted signature."""

    groups: tuple[Group, ...]
    quality: Quality

    def predict(self, days: pd.DataFrame) -> pd.Series:
        """Energy [kWh] of ``days`` (``temperature_c`` and ``day_type`` of DAY_COLUMNS).

        NaN without a temperature. A kind of day that the signature never met is taken as the known kinds'
        group of that season that holds most days.
        """
        season = _season(days)
        kind = days["day_type"].astype(str).to_numpy()
        temperature = days["temperature_c"].to_numpy(np.float64)
        energy = np.full(len(days), np.nan)
        for group in sorted(self.groups, key=lambda group: group.days):
            known = frozenset().union(*(g.day_types for g in self.groups))
            mine = np.isin(kind, [*group.day_types]) | ~np.isin(kind, [*known])
            mine &= np.isin(season, [*group.seasons])
            energy[mine] = group.curve.predict(temperature[mine])
        return pd.Series(energy, index=days.index, name="energy_kwh")


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
    complete = days.dropna(subset=["energy_kwh", "temperature_c"]).sort_index()
    if len(complete) < LEAST_DAYS:
        return None
    choices = _Choices(complete, shapes)
    best: tuple[float, list[Group]] | None = None
    for groups in choices.divisions(list(occupied)):
        rss, parameters = sum(g.rss for g in groups), sum(g.curve.parameters for g in groups)
        score = bic(rss, len(complete), parameters)
        if best is None or score < best[0]:
            best = score, groups
    assert best is not None  # noqa: S101  all days alike is always a division
    chosen = tuple(best[1])
    unjudged = Signature(chosen, Quality(0, 0, 0, 0, 0, 0, 0, 0))
    residual = complete["energy_kwh"] - unjudged.predict(complete)
    parameters = sum(group.curve.parameters for group in chosen)
    return Signature(chosen, judge(complete["energy_kwh"], residual, parameters))


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


def _season(days: pd.DataFrame) -> npt.NDArray[np.str_]:
    of_month = {month: season for season, months in SEASONS.items() for month in months}
    index = pd.DatetimeIndex(days.index)
    return np.array([of_month[month] for month in index.month], dtype=np.str_)


class _Choices:
    """Fits of all groups of days that a division may need, each made once."""

    def __init__(self, days: pd.DataFrame, shapes: Sequence[str]) -> None:
        self._temperature = days["temperature_c"].to_numpy(np.float64)
        self._energy = days["energy_kwh"].to_numpy(np.float64)
        self._kind = days["day_type"].astype(str).to_numpy()
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
