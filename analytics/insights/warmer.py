"""Stretches of days on which a school was warmer than it is otherwise: from when to when, and by how much.

The daily temperature indoors is told by what moves it anyway (:mod:`day_columns`) and by a step up and down
again: every first and every last day are tried, by generalised least squares (:mod:`analytics.gls`). In the
cold, where nothing but the set point decides how warm it is, a day's error is small and tells the day of the
step; in mild weather people and sun decide, its error is large (:func:`day_errors`), and the step itself is
less (:func:`day_columns.need`). How likely each pair of days is, against all others, follows from the
likelihood (a flat prior), so that days of which nobody knows count by half. Several steps are found one after
the other (Bai & Perron 1998), each beside those before.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.linalg import cholesky, solve_triangular

from analytics.gls import covariances, fit_gls
from analytics.insights.data import Floats, SchoolData
from analytics.insights.day_columns import AIR_BELOW_C, felt_c, need, told_by, usual_columns
from classroom.places import DayType

Places = npt.NDArray[np.int64]

LEAST_K = 0.55
"""A step below this is not looked for: sensors' errors and sun are as large."""

LEAST_T = 7.0
"""A step is found from so many of its standard errors on. It is the best of all pairs of days: of 206
simulated schools in which nothing happened one in twenty had 4.4 or more, and one 7.1."""

_COLD_C = 8.0  # felt; above, people and sun begin to decide how warm it is
_RAMP_K = 6.0
_OWN_K, _OWN_MILD_K = 0.1, 0.5  # a day's error: the least in the cold; the first guess in mild weather
_LEAST_DAYS, _LEAST_COLD_DAYS = 8.0, 5  # in a step: of need; felt below _FREE_C
_LEAST_OTHERS = 20  # felt below _COLD_C, in no step
_FREE_C = 10.0
_SHARES = (1.0, 0.3)  # variances of errors that fade over days and over weeks (analytics.gls)
_WEIGHT = 0.2  # of a day's likelihood: errors in mild weather go together more than _SHARES say
_MOST_STEPS = 3
_EVERY, _HINT = 3, 0.75  # all pairs are tried where every third day gives so much of what a step must have
_AS_MUCH = 0.02  # share by which a day's error may differ where two ways to tell say the same
_APART = pd.Timedelta(days=14)  # steps that are nearer are one that did not fit
_WARMING_DAYS = 3  # rooms take so long to warm up and to cool again
_UNSURE = 0.1


class Step(NamedTuple):
    """Local days ``first`` to ``last`` that were most likely warmer, by how much ± its standard error [K].

    ``inside`` is, by local day, how likely it was warmer (0-1; closed days 0 where only the others were);
    ``days_error`` the standard error of the step's heated days, as a share of them.
    """

    first: pd.Timestamp
    last: pd.Timestamp
    kelvin: float
    error_k: float
    inside: pd.Series
    days_error: float


class _Days(NamedTuple):
    """Days that tell, their temperature, what moves it anyway ``(n, k)``, and which are open."""

    day: pd.DatetimeIndex
    felt: Floats
    indoor: Floats
    columns: Floats
    opened: Floats

    @property
    def number(self) -> Floats:
        return np.asarray((self.day - self.day[0]).days, dtype=np.float64)


class _Core(NamedTuple):
    """A step from place ``first`` to ``last``, how much of it each day shows, and squares it explains."""

    first: int
    last: int
    shown: Floats
    gain: float

    @property
    def column(self) -> Floats:
        place = np.arange(len(self.shown))
        return np.where((place >= self.first) & (place <= self.last), self.shown, 0.0)


class _Pairs(NamedTuple):
    """Of every step from one border to before another, ``[first, last]``: squares it explains and its kelvin;
    squares without a step; days less columns."""

    gain: Floats
    kelvin: Floats
    squares: float
    freedom: int


def warm_steps(data: SchoolData, fans: pd.DatetimeIndex, left_out: pd.DatetimeIndex) -> list[Step]:
    """The steps up of a school's temperature, by their days.

    On days ``fans`` ventilation cooled its nights; days ``left_out`` tell nothing, since they were warmer for
    a known reason.

    A step is one of all days, or of the open ones alone, whichever explains more. Where fewer steps down
    tell as much as the steps up, it was colder for a while, and the days about that are not too warm.
    """
    days = _days(data, fans, left_out)
    if days is None:
        return []
    up = _cores(days)
    if len(up) > 1 and _was_colder(days, up):
        return []
    beside = [_beside(days, [other for other in up if other is not core]) for core in up]
    steps = [_told(data, others, core) for others, core in zip(beside, up, strict=True)]
    return sorted(steps, key=lambda step: step.first)


def _was_colder(days: _Days, up: list[_Core]) -> bool:
    """Whether fewer steps down tell as much as the steps ``up``."""
    down = _cores(days._replace(indoor=-days.indoor))
    more = _unexplained(days, down) - _unexplained(days, up)
    return 0 < len(down) < len(up) and more <= _AS_MUCH * len(days.day)


def _cores(days: _Days) -> list[_Core]:
    """The clearest steps up, one after the other."""
    needy = need(pd.Series(days.felt)).to_numpy(np.float64)
    cores: list[_Core] = []
    while len(cores) < _MOST_STEPS:
        beside, taken = _beside(days, cores), _taken(days, cores)
        sigma = day_errors(beside.felt, beside.indoor, beside.columns)
        tried: list[_Core | None] = []
        for shown in (needy, needy * days.opened):
            hint = _clearest(beside, shown, sigma, taken, every=_EVERY, of_least=_HINT)
            tried.append(_clearest(beside, shown, sigma, taken) if hint else None)
        known = [core for core in tried if core is not None]
        if not known:
            break
        cores.append(max(known, key=lambda core: core.gain))
    return cores


def _unexplained(days: _Days, cores: list[_Core]) -> float:
    """Sum of the logarithms of the days' errors beside ``cores``."""
    return float(np.log(day_errors(days.felt, days.indoor, _beside(days, cores).columns)).sum())


def _days(data: SchoolData, fans: pd.DatetimeIndex, left_out: pd.DatetimeIndex) -> _Days | None:
    """The days in need of heat; None where too few."""
    felt = felt_c(data)
    indoor = data.indoor_c.groupby(data.hours["day"]).mean().reindex(felt.index)
    day = pd.DatetimeIndex(felt.index[(felt < AIR_BELOW_C) & indoor.notna() & ~felt.index.isin(left_out)])
    if (felt[day] < _COLD_C).sum() < _LEAST_OTHERS:
        return None
    usual = usual_columns(data, felt).loc[day]
    usual.insert(0, "fans", need(felt)[day] * day.isin(fans))
    opened = np.asarray(data.days["day_type"].reindex(day) != DayType.CLOSED, dtype=np.float64)
    felt_then, indoor_then = felt[day].to_numpy(np.float64), indoor[day].to_numpy(np.float64)
    return _Days(day, felt_then, indoor_then, told_by(usual), opened)


def _beside(days: _Days, cores: list[_Core]) -> _Days:
    """The days, told by the steps ``cores`` too."""
    return days._replace(columns=np.column_stack([days.columns, *(core.column for core in cores)]))


def _taken(days: _Days, cores: list[_Core]) -> npt.NDArray[np.bool_]:
    """Days on which no other step can lie: in ``cores`` and near them."""
    taken = np.zeros(len(days.day), dtype=bool)
    for core in cores:
        taken |= (days.day >= days.day[core.first] - _APART) & (days.day <= days.day[core.last] + _APART)
    return taken


def day_errors(felt: Floats, indoor: Floats, columns: Floats) -> Floats:
    """Standard deviation of each day's temperature ``(n,)`` [K]: one below 8 °C, growing from there on in a
    straight line, by what ``columns`` leave over."""
    mild = (felt - _COLD_C).clip(min=0) / _RAMP_K
    cold = mild == 0
    sigma = np.hypot(_OWN_K, _OWN_MILD_K * mild)
    for _ in range(3):
        solved = np.linalg.lstsq(columns / sigma[:, None], indoor / sigma)[0]
        squares = (indoor - columns @ solved) ** 2
        own = max(float(squares[cold].mean()) if cold.any() else 0.0, _OWN_K**2)
        more = float((squares[~cold] - own).sum()) / max(float((mild**2).sum()), 1e-9)
        sigma = np.sqrt(own + max(more, 0.0) * mild**2)
    return sigma


def _pairs(days: _Days, shown: Floats, sigma: Floats, borders: Places) -> _Pairs:
    """What each step explains beside the columns, all at once: a step is the difference of two that begin at
    one of ``borders`` and never end, and so are the sums that decide."""
    count, width = days.columns.shape
    begun = (np.arange(count)[:, None] >= borders) * shown[:, None]
    (covariance,) = covariances(days.number, [_SHARES])
    both = np.column_stack([days.columns, days.indoor, begun]) / sigma[:, None]
    white = solve_triangular(cholesky(covariance, lower=True), both, lower=True, check_finite=False)
    usual = _directions(white[:, :width])
    left = white[:, width:] - usual @ (usual.T @ white[:, width:])
    told, steps = left[:, 0], left[:, 1:]
    along, between = steps.T @ told, steps.T @ steps
    own = np.diag(between)
    precision = own[:-1, None] + own[None, 1:] - 2 * between[:-1, 1:]
    precision = np.where(np.triu(precision > 1e-6), precision, np.inf)
    explained = along[:-1, None] - along[None, 1:]
    kelvin = explained / precision
    return _Pairs(explained * kelvin, kelvin, float(told @ told), count - width - 1)


def _directions(columns: Floats) -> Floats:
    """Orthonormal directions that ``columns`` span; those that say the same thing count once."""
    lengths = np.maximum(np.linalg.norm(columns, axis=0), 1e-12)
    vectors, sizes, _ = np.linalg.svd(columns / lengths, full_matrices=False)
    return np.asarray(vectors[:, sizes > 1e-6 * sizes[0]])


def _between(by_day: Floats, borders: Places) -> Floats:
    """Sums over the days of every step from one of ``borders`` to before another, as in :class:`_Pairs`."""
    sums = np.concatenate([[0.0], by_day.cumsum()])[borders]
    return np.asarray(sums[None, 1:] - sums[:-1, None])


def _clearest(
    days: _Days,
    shown: Floats,
    sigma: Floats,
    taken: npt.NDArray[np.bool_],
    *,
    every: int = 1,
    of_least: float = 1.0,
) -> _Core | None:
    """The step up that explains most, on no day that another one has ``taken``; None where none is large and
    clear enough. Tried are the days ``every`` so many, and ``of_least`` of what is asked for will do."""
    borders = np.append(np.arange(0, len(shown), every), len(shown))
    pairs = _pairs(days, shown, sigma, borders)
    inside = _between((days.felt < _FREE_C).astype(float), borders)
    others = ((days.felt < _COLD_C) & ~taken).astype(float)
    large = (pairs.kelvin >= of_least * LEAST_K) & (_between(shown, borders) >= of_least * _LEAST_DAYS)
    large &= _between(taken.astype(float), borders) == 0
    large &= (inside >= of_least * _LEAST_COLD_DAYS) & (
        others.sum() - _between(others, borders) >= _LEAST_OTHERS
    )
    gain = np.where(large, pairs.gain, 0.0)
    first, last = divmod(int(gain.argmax()), len(gain))
    best = float(gain[first, last])
    clear = best * pairs.freedom >= (of_least * LEAST_T) ** 2 * max(pairs.squares - best, 1e-9)
    return _Core(int(borders[first]), int(borders[last + 1]) - 1, shown, best) if clear else None


def _told(data: SchoolData, days: _Days, core: _Core) -> Step:
    """The likeliest step that meets ``core``, and how likely each day lies in it."""
    place = np.arange(len(days.day))
    columns = _beside(days, [core]).columns
    borders = np.arange(len(days.day) + 1)
    pairs = _pairs(days, core.shown, day_errors(days.felt, days.indoor, columns), borders)
    asked = (pairs.kelvin > 0) & (place[:, None] <= core.last) & (place[None, :] >= core.first)
    left = np.where(asked, pairs.squares - pairs.gain, np.inf).clip(min=1e-9 * pairs.squares)
    likely = (left / left.min()) ** (-0.5 * _WEIGHT * pairs.freedom)
    likely /= likely.sum()
    first, last = divmod(int(likely.argmax()), len(likely))
    begun, over = likely.sum(axis=1).cumsum(), likely.sum(axis=0).cumsum()
    inside = begun - np.concatenate([[0.0], over[:-1]])
    lengths = _between(core.shown, borders)
    mean = float((likely * lengths).sum())
    days_error = float(np.sqrt((likely * (lengths - mean) ** 2).sum())) / max(mean, 1e-9)
    kelvin, error_k = _kelvin(days, core._replace(first=first, last=last), inside)
    by_day = pd.Series(inside, index=days.day).reindex(data.days.index).interpolate().bfill().fillna(0.0)
    if not core.shown[days.opened == 0].any():
        by_day[data.days["day_type"] == DayType.CLOSED] = 0.0
    return Step(days.day[first], days.day[last], kelvin, error_k, by_day, days_error)


def _kelvin(days: _Days, core: _Core, inside: Floats) -> tuple[float, float]:
    """How much warmer, and its standard error, by the days that are surely within or without: not those on
    which rooms still warm up or cool."""
    since = (days.day - days.day[core.first]).days
    after = (days.day - days.day[core.last]).days
    changing = ((since >= 0) & (since < _WARMING_DAYS)) | ((after > 0) & (after <= _WARMING_DAYS))
    sure = ~changing & ((inside < _UNSURE) | (inside > 1 - _UNSURE))
    if int((core.column[sure] > 0).sum()) < _LEAST_COLD_DAYS:
        sure = np.ones(len(inside), dtype=bool)
    columns = _beside(days, [core]).columns[sure]
    sigma = day_errors(days.felt[sure], days.indoor[sure], columns)
    fit = fit_gls(columns / sigma[:, None], days.indoor[sure] / sigma, days.number[sure], [_SHARES])
    return float(fit.coefficients[-1]), float(fit.errors[-1])
