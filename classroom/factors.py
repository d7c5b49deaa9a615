"""Emission factors: what a kilowatt-hour of a carrier is charged with, from whom, and on which basis."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field

from classroom.places import Key, Number, Row, Text
from classroom.quantity import Carrier

Basis = Literal["location", "market"]
"""GHG Protocol Scope 2 Guidance (2015): the grid around the school, or the contract it buys by."""

Cover = Literal["direct", "upstream", "lifecycle", "biogenic", "marginal"]
"""What a factor holds (see :class:`Factor`)."""

ON_SITE: frozenset[Carrier] = frozenset({Carrier.GAS, Carrier.OIL, Carrier.PELLETS})
"""Carriers that the school burns itself: their direct emissions are scope 1, the same on either basis."""


class Factor(Row):
    """Greenhouse-gas intensity of a carrier in gCO2e per kWh for one year.

    ``covers``: ``direct`` is combustion, scope 2 of the GHG Protocol (scope 1 of fuels burnt on site);
    ``upstream`` is fuel supply, building of plants and losses, scope 3.3; ``lifecycle`` is both in one
    number, which cannot be parted; ``biogenic`` is CO2 of bio-fuels, told apart from the scopes; ``marginal``
    values a kilowatt-hour more or less (avoided emissions) and never enters accounts. ``allocation`` is the
    rule that divides a heat-and-power plant's emissions: Värmemarknadskommittén's or the GHG Protocol's.
    """

    identity = ("id",)

    id: Key
    carrier: Carrier
    year: Annotated[int, Field(ge=1990, le=2100)]
    g_per_kwh: Annotated[Number, Field(ge=0, le=2_000)]
    basis: Basis
    covers: Cover
    allocation: Literal["vmk", "ghg_protocol"] | None = None
    area: Text
    source: Text
    licence: Text | None = None


def choose_factor(
    factors: Iterable[Factor],
    carrier: Carrier,
    basis: Basis,
    year: int,
    ids: Iterable[str],
    covers: Cover,
) -> Factor | None:
    """The factor among the site's chosen ``ids`` that serves ``carrier`` on ``basis`` in ``year``.

    The year's own factor if there is one, else the newest earlier one, else the oldest; None where the site
    chose no factor that ``covers`` this: then nothing is claimed. A fuel burnt on site emits the same on
    either basis.
    """
    wanted = set(ids)
    bases = ("location", "market") if carrier in ON_SITE else (basis,)
    fitting = [
        factor
        for factor in factors
        if factor.id in wanted
        and factor.carrier is carrier
        and factor.basis in bases
        and factor.covers == covers
    ]
    if not fitting:
        return None
    earlier = [factor for factor in fitting if factor.year <= year]
    return max(earlier, key=lambda f: f.year) if earlier else min(fitting, key=lambda f: f.year)
