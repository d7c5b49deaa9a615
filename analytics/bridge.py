"""Why a figure is another than last period's: weather + calendar + area + own use (+ factor) = change.

Each effect is a school's modelled energy (:mod:`analytics.signature`, fitted to the first period) with one
circumstance changed. Where two act together their common part is shared equally (Shapley; for two factors the
LMDI-like midpoint form), so that the parts add up to the change exactly.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics.savings import uncertainty_kwh
from analytics.signature import Signature


class Period(NamedTuple):
    """One side of a comparison.

    ``days``: a row a local day with ``temperature_c`` and ``day_type`` (:mod:`analytics.signature`), none
    missing; ``energy_kwh`` of the whole period; heated ``area_m2``; ``factor_g_kwh``: emission factor
    [gCO2e/kWh] or None.
    """

    days: pd.DataFrame
    energy_kwh: float
    area_m2: float
    factor_g_kwh: float | None = None


class Effect(NamedTuple):
    """A part of the change, bounded by ``low`` and ``high`` (:data:`analytics.savings.CONFIDENCE`)."""

    value: float
    low: float
    high: float


class Bridge(NamedTuple):
    """``weather + calendar + area + own_use + factor = change``; kWh (factor 0) or kgCO2e."""

    weather: Effect
    calendar: Effect
    area: Effect
    own_use: Effect
    factor: Effect
    change: float


def energy_bridge(signature: Signature, before: Period, after: Period) -> Bridge | None:
    """The bridge of energy [kWh] from ``before`` (which ``signature`` describes) to ``after``.

    Days are paired by their order; the longer period's surplus days count as calendar. Own use is what
    weather, calendar and area do not explain; it carries the model's whole uncertainty, and they share the
    opposite, so that the sum has none. None where a temperature is missing on either side.
    """
    first, second = before.days, after.days
    if first["temperature_c"].isna().any() or second["temperature_c"].isna().any():
        return None
    base = _total(signature, first, first)
    warm = _total(signature, second, first)
    moved = _total(signature, first, second)
    both = _total(signature, second, second)
    if not np.isfinite([base, warm, moved, both]).all():
        return None
    scale = after.area_m2 / before.area_m2
    middle = (1 + scale) / 2
    weather = ((warm - base) + (both - moved)) / 2 * middle
    calendar = ((moved - base) + (both - warm)) / 2 * middle
    area = (scale - 1) * (base + both) / 2
    change = after.energy_kwh - before.energy_kwh
    half = scale * uncertainty_kwh(signature.quality, both, len(second))
    explained = abs(weather) + abs(calendar) + abs(area)
    part = {
        name: half * abs(value) / explained if explained else 0.0
        for name, value in (("weather", weather), ("calendar", calendar), ("area", area))
    }
    return Bridge(
        _effect(weather, part["weather"]),
        _effect(calendar, part["calendar"]),
        _effect(area, part["area"]),
        _effect(change - weather - calendar - area, half),
        Effect(0.0, 0.0, 0.0),
        change,
    )


def emission_bridge(energy: Bridge, before: Period, after: Period) -> Bridge | None:
    """The bridge of emissions [kgCO2e] from that of energy; None without a factor on both sides.

    A change of factor from g1 to g2 is charged with the mean of both energies, the energy effects with the
    mean factor: E2·g2 − E1·g1 = (E2 − E1)·(g1 + g2)/2 + (g2 − g1)·(E1 + E2)/2. Factors carry no interval
    here: their uncertainty is not published.
    """
    if before.factor_g_kwh is None or after.factor_g_kwh is None:
        return None
    mean_kg = (before.factor_g_kwh + after.factor_g_kwh) / 2_000
    factor = (after.factor_g_kwh - before.factor_g_kwh) / 1_000 * (before.energy_kwh + after.energy_kwh) / 2
    weather, calendar, area, own_use = (
        Effect(mean_kg * effect.value, mean_kg * effect.low, mean_kg * effect.high)
        for effect in (energy.weather, energy.calendar, energy.area, energy.own_use)
    )
    change = (after.energy_kwh * after.factor_g_kwh - before.energy_kwh * before.factor_g_kwh) / 1_000
    return Bridge(weather, calendar, area, own_use, _effect(factor, 0.0), change)


def _total(signature: Signature, weather: pd.DataFrame, calendar: pd.DataFrame) -> float:
    """Modelled energy of the calendar's days in the weather of the other's days, paired in order [kWh]."""
    place = np.minimum(np.arange(len(calendar)), len(weather) - 1)
    mixed = calendar[["day_type"]].assign(temperature_c=weather["temperature_c"].to_numpy()[place])
    return float(signature.predict(mixed).sum())


def _effect(value: float, half: float) -> Effect:
    return Effect(value, value - half, value + half)
