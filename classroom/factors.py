"""Emission factors: what a kilowatt-hour of a carrier is charged with, from whom, and on which basis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from classroom.places import Key, Number, Row, Text
from classroom.quantity import Carrier

Basis = Literal["location", "market"]


class Factor(Row):
    """Greenhouse-gas intensity of a carrier in gCO2e per kWh for one year.

    ``covers`` says which emissions the value holds: ``direct`` (combustion only; GHG Protocol scope 2),
    ``upstream`` (scope 3.3) or ``lifecycle`` (both in one). ``basis`` is location or market (GHG Protocol
    Scope 2 Guidance, 2015).
    """

    id: Key
    carrier: Carrier
    year: Annotated[int, Field(ge=1990, le=2100)]
    g_per_kwh: Annotated[Number, Field(ge=0, le=2_000)]
    basis: Basis
    covers: Literal["direct", "upstream", "lifecycle"]
    area: Text
    source: Text
    licence: Text | None = None


FACTORS: tuple[Factor, ...] = (
    Factor(
        id="se-el-ivl-nordic-2023",
        carrier=Carrier.ELECTRICITY,
        year=2023,
        g_per_kwh=59,
        basis="location",
        covers="lifecycle",
        area="Nordic mix including trade",
        source="IVL for Naturvårdsverket, Nordic electricity mix 2021-2023",
    ),
    Factor(
        id="se-el-ei-residual-2023",
        carrier=Carrier.ELECTRICITY,
        year=2023,
        g_per_kwh=524.1,
        basis="market",
        covers="direct",
        area="Nordic residual mix",
        source="Energimarknadsinspektionen, nordisk residualmix 2023",
    ),
    Factor(
        id="helsingborg-heat-vmk-2020",
        carrier=Carrier.DISTRICT_HEAT,
        year=2020,
        g_per_kwh=71,
        basis="location",
        covers="lifecycle",
        area="Helsingborg, Öresundskraft",
        source="Öresundskraft, Värmemarknadskommittén (VMK) 2020",
    ),
)
"""Factors that ship with the project; a site adds its own networks and contracts in ``factors.csv``."""


def choose_factor(
    factors: Iterable[Factor], carrier: Carrier, basis: Basis, year: int, ids: Iterable[str]
) -> Factor | None:
    """The factor among the site's chosen ``ids`` that serves ``carrier`` on ``basis`` in ``year``.

    The year's own factor if there is one, else the newest earlier one, else the oldest; None where the site
    chose no factor for that carrier and basis: then nothing is claimed.
    """
    wanted = set(ids)
    fitting = [f for f in factors if f.id in wanted and f.carrier is carrier and f.basis == basis]
    if not fitting:
        return None
    earlier = [factor for factor in fitting if factor.year <= year]
    return max(earlier, key=lambda f: f.year) if earlier else min(fitting, key=lambda f: f.year)
