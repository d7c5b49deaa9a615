"""Least squares where the errors of days that are near each other go together.

Generalised least squares (Aitken 1936). A day's error is its own, and shares in errors that fade over two
days (walls that are still warm, a windy spell) and over 25 (habits, a season that the model does not know);
how much of each is chosen by restricted maximum likelihood (Patterson & Thompson 1971) among a few. Errors
that go on for weeks are what makes ordinary standard errors of a change too small.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky, solve_triangular

Floats = npt.NDArray[np.float64]

SHORT_DAYS, LONG_DAYS = 2.0, 25.0
"""Days over which shared errors fall to 1/e."""

SHARES: tuple[tuple[float, float], ...] = tuple(
    itertools.product((0.0, 0.3, 1.0, 3.0), (0.0, 0.05, 0.2, 0.6, 2.0, 6.0))
)
"""Variances of the short and of the long errors, as shares of the day's own, that are tried."""

_RIDGE = 1e-6  # of columns scaled to 1: what columns that say the same thing are told apart by
_LEAST = 1e-12  # of the values' scale: a fit without any error is taken as this


class Gls(NamedTuple):
    """Coefficients and their standard errors ``(k,)``, and the degrees of freedom n - k."""

    coefficients: Floats
    errors: Floats
    freedom: int


def fit_gls(
    columns: Floats, values: Floats, days: Floats, shares: Sequence[tuple[float, float]] = SHARES
) -> Gls:
    """``values`` ``(n,)`` by ``columns`` ``(n, k)``, n > k, of days numbered ``days`` ``(n,)``; of ``shares``
    the likeliest.

    Raises:
        ValueError: not more days than columns.
    """
    count, width = columns.shape
    if count <= width:
        raise ValueError(f"{count} days cannot tell {width} columns")
    scale = np.maximum(np.abs(columns).max(axis=0), 1e-12)
    least = (_LEAST * max(1.0, float(np.abs(values).max()))) ** 2
    fits = [_fit(columns / scale, values, covariance, least) for covariance in covariances(days, shares)]
    _, solved, errors = max(fits, key=lambda fit: fit[0])
    return Gls(solved / scale, errors / scale, count - width)


def covariances(days: Floats, shares: Sequence[tuple[float, float]]) -> Iterator[Floats]:
    """Of days numbered ``days`` ``(n,)`` for each of ``shares``, ``(n, n)``; 1 is a day's own variance."""
    apart = np.abs(days[:, None] - days[None, :])
    short, long = np.exp(-apart / SHORT_DAYS), np.exp(-apart / LONG_DAYS)
    for of_short, of_long in shares:
        yield np.eye(len(days)) + of_short * short + of_long * long


def _fit(columns: Floats, values: Floats, covariance: Floats, least: float) -> tuple[float, Floats, Floats]:
    """Restricted log likelihood, coefficients and their standard errors."""
    count, width = columns.shape
    lower = cholesky(covariance, lower=True, check_finite=False)
    both = solve_triangular(lower, np.column_stack([columns, values]), lower=True, check_finite=False)
    white, told = both[:, :-1], both[:, -1]
    normal = white.T @ white + _RIDGE * np.eye(width)
    solved = np.linalg.solve(normal, white.T @ told)
    variance = max(float(((told - white @ solved) ** 2).sum()) / (count - width), least)
    likelihood = -0.5 * (
        (count - width) * np.log(variance)
        + 2 * float(np.log(np.diag(lower)).sum())
        + float(np.linalg.slogdet(normal)[1])
    )
    errors = np.sqrt(variance * np.diag(np.linalg.inv(normal)))
    return float(likelihood), np.asarray(solved, dtype=np.float64), np.asarray(errors, dtype=np.float64)
