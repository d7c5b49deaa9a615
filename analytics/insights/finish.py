"""From what a family found to insights: energy, the accounts' emissions, SEK, and the order in which they are
told."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

import pandas as pd

from analytics.costs import saving_sek
from analytics.emissions import BASES, factors_of
from analytics.insights.data import SchoolData, over_hours
from analytics.insights.model import (
    CONCERNS,
    Concern,
    EmissionPart,
    EnergyPart,
    Evidence,
    Insight,
    InsightKind,
    NoEnergy,
    Range,
)
from classroom.quantity import Carrier
from classroom.tariffs import tariff_of

LEAST_KWH = 100.0
"""A finding about energy that costs less a year is not worth a caretaker's walk."""

PRIMARY_ENERGY: dict[Carrier, float] = {
    Carrier.ELECTRICITY: 1.8,
    Carrier.DISTRICT_HEAT: 0.7,
    Carrier.DISTRICT_COOLING: 0.6,
    Carrier.GAS: 1.8,
    Carrier.OIL: 1.8,
    Carrier.PELLETS: 0.6,
}
"""Weights of BBR 29; they rank findings where there is no tariff. Policy weights, not emissions."""

_CONCERN_ORDER = (Concern.AIR, Concern.ENERGY, Concern.COMFORT, Concern.MEASURING)


PRICED_APART = frozenset({InsightKind.PEAK_POWER, InsightKind.SOLAR_UNUSED})
"""Findings whose money is not the price of their kWh: their family prices them."""


class Waste(NamedTuple):
    """What a finding costs of one carrier: by UTC hour [kWh] as far as seen, the sum, and a year."""

    hours_kwh: pd.Series
    seen_kwh: Range
    year_kwh: Range


def waste_of(hours_kwh: pd.Series, year_kwh: float | None, share: float) -> Waste:
    """The waste of these hours, give or take ``share`` of it; in a year as much as seen where None."""
    seen = spread(float(hours_kwh.sum()), share)
    return Waste(hours_kwh, seen, seen if year_kwh is None else spread(year_kwh, share))


def spread(value: float, share: float) -> Range:
    """``value`` give or take ``share`` of it."""
    width = abs(value) * share
    return Range(value=value, low=value - width, high=value + width)


def evenly(data: SchoolData, by_day: pd.Series, year_kwh: float, share: float) -> Waste:
    """A day's energy evenly over its hours, give or take ``share``."""
    return Waste(over_hours(data, by_day), spread(float(by_day.sum()), share), spread(year_kwh, share))


@dataclass(frozen=True)
class Found:
    """A finding as its family hands it on; ``first`` and ``last`` are local days."""

    kind: InsightKind
    first: date
    last: date
    ongoing: bool
    method: str
    waste: dict[Carrier, Waste] = field(default_factory=dict)
    params: dict[str, float | str] = field(default_factory=dict)
    evidence: Evidence = field(default_factory=Evidence)
    room: str | None = None
    meter: str | None = None
    device: str | None = None
    severity: float = 0.0  # ranks findings without energy among themselves
    year_sek: Range | None = None  # where it is not the price of the waste
    no_energy: NoEnergy | None = None  # why a finding about energy has no waste


def finish(data: SchoolData, found: Iterable[Found]) -> list[Insight]:
    """Insights of a school, the most urgent first.

    What goes on comes before what has ended. Then air, since children breathe it; then energy by SEK, or
    without tariffs by primary energy; then comfort; then sensors.
    """
    made = [(one, _insight(data, one)) for one in found]
    kept = [(one, insight) for one, insight in made if not one.waste or _worth(insight)]
    priced = all(insight.year_sek is not None for one, insight in kept if one.waste)
    kept.sort(key=lambda pair: _order(*pair, priced=priced))
    return [insight.model_copy(update={"rank": rank}) for rank, (_, insight) in enumerate(kept, start=1)]


def _worth(insight: Insight) -> bool:
    return insight.year_kwh is not None and insight.year_kwh.value >= LEAST_KWH


def _order(one: Found, insight: Insight, *, priced: bool) -> tuple[object, ...]:
    concern = _CONCERN_ORDER.index(insight.concern)
    weight = one.severity
    if insight.year_sek is not None and priced:
        weight = insight.year_sek.value
    elif insight.energy:
        weight = sum(part.year_kwh.value * PRIMARY_ENERGY.get(part.carrier, 1.0) for part in insight.energy)
    return (not one.ongoing, concern, -weight, insight.key)


def _insight(data: SchoolData, one: Found) -> Insight:
    energy = tuple(
        EnergyPart(carrier=carrier, seen_kwh=rounded(waste.seen_kwh), year_kwh=rounded(waste.year_kwh))
        for carrier, waste in sorted(one.waste.items())
    )
    emissions = tuple(part for each in energy for part in _emissions(data, each))
    sek, no_sek = _sek(data, one)
    place = one.room or one.meter or one.device
    return Insight(
        key=".".join([one.kind, *([place] if place else []), one.first.isoformat()]),
        kind=one.kind,
        concern=CONCERNS[one.kind],
        school=data.school,
        room=one.room,
        meter=one.meter,
        device=one.device,
        first=one.first,
        last=one.last,
        ongoing=one.ongoing,
        energy=energy,
        year_kwh=_sum([part.year_kwh for part in energy]),
        emissions=emissions,
        year_kgco2e=_headline(emissions, len(energy)),
        year_sek=sek,
        no_sek=no_sek,
        no_energy=one.no_energy,
        params=one.params,
        evidence=one.evidence,
        method=one.method,
        until=data.last,
    )


def _emissions(data: SchoolData, part: EnergyPart) -> list[EmissionPart]:
    """The accounts' lines of a year's energy, with the factors of the last day's year."""
    site = data.site
    return [
        EmissionPart(
            carrier=part.carrier,
            basis=basis,
            covers=covers,
            factor=factor.id,
            year_kgco2e=rounded(part.year_kwh * (factor.g_per_kwh / 1_000)),
        )
        for basis in BASES
        for covers, factor in factors_of(
            site.factors, part.carrier, basis, data.last.year, site.settings.factors.chosen
        ).items()
        if covers != "biogenic"
    ]


def _headline(emissions: Sequence[EmissionPart], carriers: int) -> Range | None:
    """Location basis over all carriers; None where a carrier has no factor or they cover unlike things."""
    local = [part for part in emissions if part.basis == "location"]
    for covers in ("direct", "lifecycle"):
        alike = [part for part in local if part.covers == covers]
        if carriers and len(alike) == carriers:
            return _sum([part.year_kgco2e for part in alike])
    return None


def _sek(data: SchoolData, one: Found) -> tuple[Range | None, str | None]:
    """SEK a year, or why there is none: what was seen by its hours' prices, carried over to a year."""
    if one.year_sek is not None:
        return rounded(one.year_sek), None
    if one.kind in PRICED_APART:
        return None, "no_tariff"
    if not one.waste:
        return None, "no_energy"
    total: list[Range] = []
    columns = {Carrier.ELECTRICITY: "electricity_kwh", data.heat: "heat_kwh"}
    for carrier, waste in one.waste.items():
        rows = tariff_of(data.site.tariffs, data.school, carrier)
        used = data.hours[columns[carrier]]
        water = data.hours["flow_m3"] if carrier is Carrier.DISTRICT_HEAT else None
        sek = saving_sek(rows, used, waste.hours_kwh, data.site.zone, water)
        seen = float(waste.hours_kwh.sum())
        if sek is None or seen == 0:
            return None, "no_tariff"
        total.append(waste.year_kwh * (sek / seen))
    return rounded(_sum(total)), None


def _sum(ranges: Sequence[Range | None]) -> Range | None:
    known = [one for one in ranges if one is not None]
    if not known:
        return None
    total = known[0]
    for one in known[1:]:
        total = total + one
    return total


def rounded(figure: Range | None) -> Range | None:
    """To a tenth: what is below is noise, and documents stay the same from run to run."""
    if figure is None:
        return None
    return Range(value=round(figure.value, 1), low=round(figure.low, 1), high=round(figure.high, 1))
