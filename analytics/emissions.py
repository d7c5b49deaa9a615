"""Greenhouse-gas emissions of metered energy: kgCO2e = kWh × gCO2e/kWh / 1000.

GHG Protocol Corporate Standard and Scope 2 Guidance (2015): location-based and market-based stand side by
side, for heat too, and hold direct parts only; what comes before the power station is scope 3.3 and stands
apart. A factor that holds both in one number gives one line of its own ("scope 2 + 3.3") and never stands
beside a direct one. Each line takes the factor that the site chose (:func:`classroom.factors.choose_factor`).
Without one the value is null, never 0. Only metered kWh become kgCO2e; indoor CO2 never does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import get_args

from analytics.catalog import CATALOG
from analytics.coverage import reasons, worst
from analytics.fingerprint import emission_day
from classroom.factors import Basis, Cover, Factor, choose_factor
from classroom.metric import Metric, Status
from classroom.quantity import Carrier

BASES: tuple[Basis, ...] = get_args(Basis)

DIRECT: Cover = "direct"
LIFECYCLE: Cover = "lifecycle"

LINES: dict[Cover, str] = {
    DIRECT: "emissions",
    "upstream": "emissions_upstream",
    LIFECYCLE: "emissions_lifecycle",
    "biogenic": "emissions_biogenic",
}
"""The accounts' lines: what the factor covers, and the stem of the metric. ``emissions_kgco2e`` is scope 2
(of fuels burnt on site: scope 1), ``…_upstream_…`` scope 3.3, ``…_lifecycle_…`` both where the factor cannot
be parted; biogenic CO2 is outside the scopes. Marginal factors never enter accounts."""

_SUFFIXES = {"energy_kwh": "_kgco2e", "energy_unresolved_kwh": "_unresolved_kgco2e"}

EMITTED: frozenset[str] = frozenset(_SUFFIXES)
"""Metrics of bought energy that emissions are made from."""

EMISSION_METRICS: frozenset[str] = frozenset(
    stem + suffix for stem in LINES.values() for suffix in _SUFFIXES.values()
)
"""Every metric that :func:`emissions` makes."""


def factors_of(
    factors: Iterable[Factor], carrier: Carrier, basis: Basis, year: int, chosen: Iterable[str]
) -> dict[Cover, Factor]:
    """The factor of each line of a carrier on a basis; lines without one are absent."""
    factors, chosen = tuple(factors), tuple(chosen)
    found = {line: choose_factor(factors, carrier, basis, year, chosen, line) for line in LINES}
    return {line: factor for line, factor in found.items() if factor is not None}


def emissions(energy: Metric, year: int, factors: Iterable[Factor], chosen: Iterable[str]) -> list[Metric]:
    """Emissions of one energy metric (:data:`EMITTED`) on each basis; ``year`` is the local year of its
    period.

    Always the direct line, the others where the site chose a factor. A factor of an earlier year makes the
    figure ``preliminary`` (restated when the year's own arrives), one of a later year ``estimated``, unless
    the energy itself is worth less.
    """
    assert energy.carrier is not None  # noqa: S101
    factors, chosen = tuple(factors), tuple(chosen)
    found = []
    for basis in BASES:
        by_line = factors_of(factors, energy.carrier, basis, year, chosen)
        for line in LINES:
            if line == DIRECT or line in by_line:
                found.append(_emission(energy, basis, line, by_line, year))
    return found


def _emission(
    energy: Metric, basis: Basis, line: Cover, by_line: Mapping[Cover, Factor], year: int
) -> Metric:
    name = LINES[line] + _SUFFIXES[energy.metric]
    metric = energy._replace(
        metric=name,
        basis=basis,
        unit=CATALOG[name].unit,
        method=CATALOG[name].method,
        fingerprint=emission_day(energy.fingerprint, by_line.values(), year),
    )
    factor = by_line.get(line)
    if factor is None:
        status = worst((energy.status, Status.INSUFFICIENT))
        why = reasons(energy.reason, "lifecycle_factor_only" if LIFECYCLE in by_line else "no_factor")
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


def avoided_kgco2e(saved_kwh: float, marginal: Factor) -> float:
    """What a saving avoids elsewhere [kgCO2e], by a marginal factor.

    A consequential figure (GHG Protocol for Project Accounting, 2005): never added to or taken from the
    emissions of the accounts, which are attributional.

    Raises:
        ValueError: the factor is not marginal.
    """
    if marginal.covers != "marginal":
        raise ValueError(f"{marginal.id} is an average factor; avoided emissions need a marginal one")
    return saved_kwh * marginal.g_per_kwh / 1_000


def _kg(kwh: float | None, factor: Factor) -> float | None:
    return None if kwh is None else kwh * factor.g_per_kwh / 1_000
