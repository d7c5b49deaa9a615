"""Energy against outdoor temperature: mean, straight line, and change-point curves.

Kissock, Haberl, Claridge (2002), ASHRAE RP-1050, *Inverse Modeling Toolkit*; ASHRAE Guideline 14-2014,
Annex D. Named by their number of parameters: 1P a mean, 2P a line, 3P a base load and a slope on one side of
a change point, 4P a slope on each side of one change point, 5P a heating and a cooling change point with a
flat stretch between.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

HEATING: tuple[str, ...] = ("1P", "3P")
"""Shapes of a carrier that only heats: more energy when it is colder, none of it when it is warm."""

ANY: tuple[str, ...] = ("1P", "2P", "3P", "3PC", "4P", "5P")
"""All shapes, cooling too (``3PC`` rises with temperature)."""

STEP_K = 0.25
"""Change points are looked for in steps of so much [K]: a tenth of what daily means can tell."""

_LEAST_DAYS = 10  # on either side of a change point; fewer days do not carry a slope
_COARSE_K = 1.0  # two change points are first looked for in steps of so much, then finely around the best


class Curve(NamedTuple):
    """kWh a day = base + heating·max(0, heats_below - T) + cooling·max(0, T - cools_above).

    Temperatures in °C, slopes in kWh/(K·d). A slope of 0 has no change point (NaN). A 2P line is a slope
    whose change point lies beyond every temperature it was fitted to.
    """

    shape: str
    base_kwh_d: float
    heating_kwh_k_d: float = 0.0
    heats_below_c: float = np.nan
    cooling_kwh_k_d: float = 0.0
    cools_above_c: float = np.nan

    @property
    def parameters(self) -> int:
        """Number of fitted parameters."""
        return int(self.shape[0])

    def predict(self, temperature_c: Floats) -> Floats:
        """Energy of days with these mean temperatures [kWh/d]."""
        energy = np.full(np.shape(temperature_c), self.base_kwh_d)
        if self.heating_kwh_k_d:
            energy = energy + self.heating_kwh_k_d * np.maximum(0, self.heats_below_c - temperature_c)
        if self.cooling_kwh_k_d:
            energy = energy + self.cooling_kwh_k_d * np.maximum(0, temperature_c - self.cools_above_c)
        return np.asarray(energy)


class Fit(NamedTuple):
    """A curve and the sum of its squared residuals [(kWh/d)²] over ``days`` days."""

    curve: Curve
    rss: float
    days: int

    @property
    def bic(self) -> float:
        """Schwarz's information criterion; the smaller the better."""
        return bic(self.rss, self.days, self.curve.parameters)


def bic(rss: float, days: int, parameters: int) -> float:
    """n·ln(RSS/n) + k·ln(n) (Schwarz 1978); a perfect fit is taken as 1e-9 (kWh/d)² a day."""
    return days * float(np.log(max(rss / days, 1e-9))) + parameters * float(np.log(days))


def fit_curve(temperature_c: Floats, energy_kwh: Floats, shapes: Sequence[str] = HEATING) -> Fit:
    """The curve among ``shapes`` with the smallest :func:`bic`.

    Args:
        temperature_c: daily mean outdoor temperature, ``(n,)``, no NaN.
        energy_kwh: energy of the same days, ``(n,)``, no NaN.
        shapes: names from :data:`ANY`.

    Base load and slopes are never negative: negative ones are not a building's. Ties go to the earlier shape.

    Raises:
        ValueError: no days.
    """
    if len(temperature_c) == 0:
        raise ValueError("a curve needs days")
    fits = [fit for shape in shapes for fit in _SHAPES[shape](temperature_c, energy_kwh)]
    return min(fits, key=lambda fit: fit.bic)


def _mean(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    yield _fit(Curve("1P", float(energy_kwh.mean())), temperature_c, energy_kwh)


def _line(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    """A line of either sign; its change point is the temperature at which it would reach zero."""
    if np.ptp(temperature_c) == 0:
        return
    slope, base = np.polyfit(temperature_c, energy_kwh, 1)
    warmest, coldest = float(temperature_c.max()), float(temperature_c.min())
    if slope < 0:
        curve = Curve("2P", float(base + slope * warmest), -float(slope), warmest)
    else:
        curve = Curve(
            "2P", float(base + slope * coldest), cooling_kwh_k_d=float(slope), cools_above_c=coldest
        )
    if curve.base_kwh_d >= 0:
        yield _fit(curve, temperature_c, energy_kwh)


def _heating(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    points = np.array(_points(temperature_c, STEP_K))
    best = _best_hinge(np.maximum(0, points[:, None] - temperature_c), energy_kwh)
    if best is not None:
        place, base, slope = best
        yield _fit(Curve("3P", base, slope, float(points[place])), temperature_c, energy_kwh)


def _cooling(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    points = np.array(_points(temperature_c, STEP_K))
    best = _best_hinge(np.maximum(0, temperature_c - points[:, None]), energy_kwh)
    if best is not None:
        place, base, slope = best
        curve = Curve("3PC", base, cooling_kwh_k_d=slope, cools_above_c=float(points[place]))
        yield _fit(curve, temperature_c, energy_kwh)


def _vee(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    for point in _points(temperature_c, STEP_K):
        yield from _two_slopes("4P", point, point, temperature_c, energy_kwh)


def _trough(temperature_c: Floats, energy_kwh: Floats) -> Iterator[Fit]:
    coarse = _points(temperature_c, _COARSE_K)
    pairs = [(cold, warm) for cold in coarse for warm in coarse if warm > cold]
    found = [fit for pair in pairs for fit in _two_slopes("5P", *pair, temperature_c, energy_kwh)]
    if not found:
        return
    best = min(found, key=lambda fit: fit.rss).curve
    around = np.arange(-_COARSE_K, _COARSE_K + STEP_K / 2, STEP_K)
    for cold in best.heats_below_c + around:
        for warm in best.cools_above_c + around:
            if warm > cold:
                yield from _two_slopes("5P", float(cold), float(warm), temperature_c, energy_kwh)


_SHAPES = {"1P": _mean, "2P": _line, "3P": _heating, "3PC": _cooling, "4P": _vee, "5P": _trough}


def _two_slopes(
    shape: str, cold: float, warm: float, temperature_c: Floats, energy_kwh: Floats
) -> Iterator[Fit]:
    sides = np.column_stack(
        [
            np.ones_like(temperature_c),
            np.maximum(0, cold - temperature_c),
            np.maximum(0, temperature_c - warm),
        ]
    )
    (base, heating, cooling), *_ = np.linalg.lstsq(sides, energy_kwh)
    if base >= 0 and heating > 0 and cooling > 0:
        curve = Curve(shape, float(base), float(heating), cold, float(cooling), warm)
        yield _fit(curve, temperature_c, energy_kwh)


def _points(temperature_c: Floats, step_k: float) -> list[float]:
    """Change points on whole steps with enough days on either side."""
    if len(temperature_c) < 2 * _LEAST_DAYS:
        return []
    ordered = np.sort(temperature_c)
    first, last = ordered[_LEAST_DAYS - 1], ordered[-1]
    steps = np.arange(np.ceil(first / step_k), np.floor(last / step_k) + 1)
    return [float(step * step_k) for step in steps]


def _best_hinge(sides: Floats, energy_kwh: Floats) -> tuple[int, float, float] | None:
    """Row of ``sides`` ``(points, n)`` that explains most, with base and slope of least squares.

    Through the origin where the base would be negative; None where no row has a slope above 0.
    """
    if sides.size == 0:
        return None
    mean = sides.mean(axis=1)
    spread = (sides**2).sum(axis=1) - len(energy_kwh) * mean**2
    product = sides @ energy_kwh
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = (product - len(energy_kwh) * mean * energy_kwh.mean()) / spread
        base = energy_kwh.mean() - slope * mean
        through_origin = base < 0
        slope = np.where(through_origin, product / (sides**2).sum(axis=1), slope)
    base = np.where(through_origin, 0.0, base)
    rss = ((energy_kwh - base[:, None] - slope[:, None] * sides) ** 2).sum(axis=1)
    rss = np.where((spread > 0) & (slope > 0), rss, np.inf)
    place = int(rss.argmin())
    return (place, float(base[place]), float(slope[place])) if np.isfinite(rss[place]) else None


def _fit(curve: Curve, temperature_c: Floats, energy_kwh: Floats) -> Fit:
    residual = energy_kwh - curve.predict(temperature_c)
    return Fit(curve, float(residual @ residual), len(energy_kwh))
