"""A saving of energy as kgCO2e of the accounts: with the factors that the accounts use, line by line.

An attributional figure: by how much the accounts are lower. What a saving avoids elsewhere is a marginal
figure (:func:`analytics.emissions.avoided_kgco2e`) and never stands here.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

from analytics.emissions import BASES, DIRECT, factors_of
from analytics.savings import Savings
from classroom.factors import Basis, Cover, Factor
from classroom.quantity import Carrier
from classroom.site import Site


class SavedEmission(NamedTuple):
    """A saving on one basis and line (:data:`analytics.emissions.LINES`) [kgCO2e], with its interval.

    Null with the ``reason`` where there is no saving to value, no factor, or no such line of every carrier.
    """

    basis: Basis
    line: Cover
    saved_kgco2e: float | None
    low_kgco2e: float | None
    high_kgco2e: float | None
    factors: tuple[Factor, ...]
    reason: str | None


def saved_emissions(site: Site, carrier: Carrier, year: int, found: Savings) -> tuple[SavedEmission, ...]:
    """A saving of ``carrier`` with the site's factors of ``year``, the reporting period's last."""
    chosen = site.settings.factors.chosen
    emissions = []
    for basis in BASES:
        by_line = factors_of(site.factors, carrier, basis, year, chosen)
        for line, factor in by_line.items():
            values = (found.saved_kwh, found.low_kwh, found.high_kwh)
            kg = [None if kwh is None else kwh * factor.g_per_kwh / 1_000 for kwh in values]
            why = (
                "no_saving" if kg[0] is None else None if factor.year == year else f"factor_of_{factor.year}"
            )
            emissions.append(SavedEmission(basis, line, kg[0], kg[1], kg[2], (factor,), why))
        if not by_line:
            emissions.append(SavedEmission(basis, DIRECT, None, None, None, (), "no_factor"))
    return tuple(emissions)


def summed_emissions(parts: Sequence[Sequence[SavedEmission]]) -> tuple[SavedEmission, ...]:
    """Sums by basis and line over carriers or schools; errors are taken as independent.

    A line that one of them lacks has no sum: direct and lifecycle figures are never added to one another.
    """
    lines = dict.fromkeys((one.basis, one.line) for part in parts for one in part)
    found = []
    for basis, line in lines:
        mine = [one for part in parts for one in part if (one.basis, one.line) == (basis, line)]
        factors = tuple(dict.fromkeys(factor for one in mine for factor in one.factors))
        known = [one for one in mine if one.saved_kgco2e is not None]
        if len(known) < len(parts):
            found.append(SavedEmission(basis, line, None, None, None, factors, "not_of_every_part"))
            continue
        saved = sum(one.saved_kgco2e or 0.0 for one in known)
        half = sqrt(sum(((one.high_kgco2e or 0.0) - (one.low_kgco2e or 0.0)) ** 2 for one in known)) / 2
        why = "; ".join(sorted({one.reason for one in known if one.reason})) or None
        found.append(SavedEmission(basis, line, saved, saved - half, saved + half, factors, why))
    return tuple(found)
