"""Why a school used another amount than in a period before: weather, calendar, area, own use, factor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import sqrt
from typing import NamedTuple

from analytics.bridge import Bridge, Effect, Period, emission_bridge, energy_bridge
from analytics.emissions import BASES, factors_of
from analytics.periods import NEARLY_ALL, total_of
from analytics.sufficiency import BASELINE_DAYS, baseline_sufficiency
from classroom.factors import Basis, Cover, Factor
from classroom.metric import Metric
from classroom.quantity import Carrier
from reports.daily import SchoolDays, StationUsed, with_temperature
from reports.dates import Dates
from reports.fits import shapes_of
from reports.sources import (
    Asked,
    Lack,
    Sources,
    asked_periods,
    lacks_of,
    load,
    mean_area_m2,
    nothing_to_compare,
    poor_fit,
)

_NAMES = ("energy_kwh", "energy_unresolved_kwh")


CAUSES = ("weather", "calendar", "area", "own_use", "factor")
"""The parts of a change, in the order in which they are told."""


def effects(bridge: Bridge) -> tuple[Effect, ...]:
    """The parts of a bridge in the order of :data:`CAUSES`."""
    return bridge.weather, bridge.calendar, bridge.area, bridge.own_use, bridge.factor


class EmissionBridge(NamedTuple):
    """A bridge of kgCO2e on one basis and line, and the factors of both periods."""

    basis: Basis
    line: Cover
    before: Factor
    after: Factor
    bridge: Bridge


class CarrierBridge(NamedTuple):
    """A carrier's energy [kWh] of both periods and the bridge between them, None where ``lacks`` say why."""

    carrier: Carrier | None
    before_kwh: float | None
    after_kwh: float | None
    energy: Bridge | None = None
    emissions: tuple[EmissionBridge, ...] = ()
    lacks: tuple[Lack, ...] = ()


class SchoolBridge(NamedTuple):
    """The bridges of a school's carriers, and their sum. ``learned`` is the time the signatures describe,
    areas are Atemp [m²]; without them no part is charged to area."""

    school: str
    before: Dates
    after: Dates
    learned: Dates
    station: StationUsed | None
    before_m2: float | None
    after_m2: float | None
    carriers: tuple[CarrierBridge, ...]
    total: CarrierBridge


def school_bridge(
    sources: Sources, school: str, before: Dates | None = None, after: Dates | None = None
) -> SchoolBridge:
    """The bridge from ``before`` to ``after``: the last twelve full months and the twelve before by default.

    Raises:
        OverlapError: the periods have days in common.
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    days, before, after = asked_periods(sources, school, Asked(before, after))
    learned = before
    if not BASELINE_DAYS[0] <= before.days <= BASELINE_DAYS[1]:
        learned = Dates(before.last - timedelta(days=364), before.last)
    first, last = min(learned.first, before.first, after.first), max(before.last, after.last)
    if first < days.dates.first:
        days = load(sources, school, Dates(first, last))
    areas = mean_area_m2(sources.site, school, before), mean_area_m2(sources.site, school, after)
    carriers = tuple(
        _of_carrier(sources, days, carrier, (before, after), learned, areas) for carrier in days.frames
    )
    total = _total(carriers)
    return SchoolBridge(school, before, after, learned, days.station, *areas, carriers, total)


def _of_carrier(
    sources: Sources,
    days: SchoolDays,
    carrier: Carrier,
    periods: tuple[Dates, Dates],
    learned: Dates,
    areas: tuple[float | None, float | None],
) -> CarrierBridge:
    energies, lacks = _energies(sources, days.school, carrier, periods)
    found = CarrierBridge(carrier, *energies, lacks=lacks)
    none = nothing_to_compare(
        sources.site, days, carrier, (("baseline", periods[0]), ("reporting", periods[1]))
    )
    if none is not None:
        return found._replace(lacks=(none,))
    frame = days.frames[carrier].drop(columns="sun_kwh_m2", errors="ignore")  # weather is the temperature
    judged = baseline_sufficiency(frame, *learned)
    lacks += lacks_of("baseline", judged)
    fitted = frame.loc[str(learned.first) : str(learned.last)]
    signature = sources.fits.signature(fitted, shapes_of(carrier)) if judged.sufficient else None
    poor = poor_fit(sources, fitted, carrier, signature) if signature is not None else None
    lacks += (poor,) if poor else ()
    days_of = with_temperature(frame)[["temperature_c", "day_type"]]
    weather = [days_of.loc[str(dates.first) : str(dates.last)] for dates in periods]
    for name, of_days in zip(("baseline", "reporting"), weather, strict=True):
        if missing := int(of_days["temperature_c"].isna().sum()):
            lacks += (Lack(name, "temperature_days_missing", f"{missing} of {len(of_days)} days"),)
    if lacks or signature is None or energies[0] is None or energies[1] is None:
        return found._replace(lacks=lacks)
    known = areas if None not in areas else (1.0, 1.0)
    one, two = (
        Period(of_days, energy, area or 1.0)
        for of_days, energy, area in zip(weather, (energies[0], energies[1]), known, strict=True)
    )
    energy = energy_bridge(signature, one, two)
    emissions = () if energy is None else _emissions(sources, carrier, energy, (one, two), periods)
    return found._replace(energy=energy, emissions=emissions)


def _energies(
    sources: Sources, school: str, carrier: Carrier, periods: tuple[Dates, Dates]
) -> tuple[tuple[float | None, float | None], tuple[Lack, ...]]:
    """Energy of both periods, gaps' and bills' included; None and a lack where it is not known whole."""
    energies: list[float | None] = []
    lacks: list[Lack] = []
    for name, dates in zip(("baseline", "reporting"), periods, strict=True):
        total = total_of(_metrics(sources, school, carrier, dates), _NAMES[0], *dates, sources.site.zone)
        whole = total.value is not None and total.known >= NEARLY_ALL
        energies.append(total.value if whole else None)
        if not whole:
            lacks.append(Lack(name, "energy_incomplete", f"known for {total.known:.1%} of {dates}"))
    return (energies[0], energies[1]), tuple(lacks)


def _metrics(sources: Sources, school: str, carrier: Carrier, dates: Dates) -> list[Metric]:
    start, end = dates.span(sources.site.zone)
    return [
        metric
        for name in _NAMES
        for metric in sources.energy.of(school, name, start, end)
        if metric.carrier is carrier and metric.time < sources.now
    ]


def _emissions(
    sources: Sources,
    carrier: Carrier,
    energy: Bridge,
    sides: tuple[Period, Period],
    periods: tuple[Dates, Dates],
) -> tuple[EmissionBridge, ...]:
    site, found = sources.site, []
    for basis in BASES:
        first, second = (
            factors_of(site.factors, carrier, basis, dates.last.year, site.settings.factors.chosen)
            for dates in periods
        )
        for line in first.keys() & second.keys():
            before, after = first[line], second[line]
            one = sides[0]._replace(factor_g_kwh=before.g_per_kwh)
            two = sides[1]._replace(factor_g_kwh=after.g_per_kwh)
            bridge = emission_bridge(energy, one, two)
            if bridge is not None:
                found.append(EmissionBridge(basis, line, before, after, bridge))
    return tuple(sorted(found, key=lambda one: (one.basis, one.line)))


def _total(parts: Sequence[CarrierBridge]) -> CarrierBridge:
    """The carriers' bridges added; null as soon as one has none. Errors are taken as independent."""
    bridges = [part.energy for part in parts if part.energy is not None]
    silent = [str(part.carrier) for part in parts if part.energy is None]
    if silent or not bridges:
        lack = Lack(None, "carrier_missing", ", ".join(silent)) if silent else Lack(None, "no_meters", "")
        return CarrierBridge(None, None, None, lacks=(lack,))
    before, after = (
        sum(value or 0.0 for value in values)
        for values in ([p.before_kwh for p in parts], [p.after_kwh for p in parts])
    )
    weather, calendar, area, own_use, factor = (
        _added([effects(bridge)[place] for bridge in bridges]) for place in range(len(CAUSES))
    )
    return CarrierBridge(
        None, before, after, Bridge(weather, calendar, area, own_use, factor, after - before)
    )


def _added(parts: Sequence[Effect]) -> Effect:
    value = sum(part.value for part in parts)
    half = sqrt(sum((part.high - part.low) ** 2 for part in parts)) / 2
    return Effect(value, value - half, value + half)
