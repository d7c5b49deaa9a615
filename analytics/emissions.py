"""Greenhouse-gas emissions of metered energy: kgCO2e = kWh × gCO2e/kWh / 1000.

GHG Protocol Scope 2 Guidance (2015): location-based and market-based stand side by side, each with the
factor the site chose for the carrier and basis (:func:`classroom.factors.choose_factor`). Without one the
value is null, never 0. Only metered kWh become kgCO2e; indoor CO2 never does.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import get_args

from analytics.catalog import CATALOG
from analytics.coverage import reasons, worst
from analytics.fingerprint import emission_day
from classroom.factors import Basis, Factor, choose_factor
from classroom.metric import Metric, Status

BASES: tuple[Basis, ...] = get_args(Basis)

EMITTED = {
    "energy_kwh": "emissions_kgco2e",
    "energy_unresolved_kwh": "emissions_unresolved_kgco2e",
}
"""Metrics of bought energy and the metric their emissions are written as."""


def emissions(energy: Metric, year: int, factors: Iterable[Factor], chosen: Iterable[str]) -> list[Metric]:
    """Emissions of one energy metric (:data:`EMITTED`) on each basis; ``year`` is the local year of its
    period.

    A factor of an earlier year makes the figure ``preliminary`` (restated when the year's own arrives), one
    of a later year ``estimated``, unless the energy itself is worth less.
    """
    assert energy.carrier is not None  # noqa: S101
    factors, chosen = tuple(factors), tuple(chosen)
    return [
        _emission(energy, basis, choose_factor(factors, energy.carrier, basis, year, chosen), year)
        for basis in BASES
    ]


def _emission(energy: Metric, basis: Basis, factor: Factor | None, year: int) -> Metric:
    name = EMITTED[energy.metric]
    metric = energy._replace(
        metric=name,
        basis=basis,
        unit=CATALOG[name].unit,
        method=CATALOG[name].method,
        fingerprint=emission_day(energy.fingerprint, factor, year),
    )
    if factor is None:
        status = worst((energy.status, Status.INSUFFICIENT))
        why = reasons(energy.reason, "no_factor")
        return metric._replace(value=None, low=None, high=None, status=status, reason=why)
    metric = metric._replace(
        value=_kg(energy.value, factor),
        low=_kg(energy.low, factor),
        high=_kg(energy.high, factor),
        factors=(factor.id,),
    )
    if factor.year == year or energy.value is None:
        return metric
    lent = Status.PRELIMINARY if factor.year < year else Status.ESTIMATED
    return metric._replace(
        status=worst((energy.status, lent)), reason=reasons(energy.reason, f"factor_of_{factor.year}")
    )


def _kg(kwh: float | None, factor: Factor) -> float | None:
    return None if kwh is None else kwh * factor.g_per_kwh / 1_000
