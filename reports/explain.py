"""From a figure back to its readings: metric, days, hours, factors, devices, and what was found wrong."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np

from analytics.bills import LONGEST
from analytics.catalog import UNRESOLVED
from analytics.insights.model import Range
from classroom.factors import Factor
from classroom.metric import Metric
from classroom.places import Device, MeterRole
from classroom.quantity import Carrier
from classroom.site import Site, overlap
from reports.build import build
from reports.emission_figures import TOTALS
from reports.energy_figures import CHANGE, CHANGE_SHARE, ESTIMATED, KNOWN, TOGETHER
from reports.figures import Figure, FigureId, FigureIdError, Inputs, Report, parse_figure_id
from reports.findings import is_finding, metric_of
from reports.fits import Fits
from reports.material import INDOOR, Material, load
from reports.period import Period, parse_period
from store.base import Store

_EMISSIONS = "emissions"


@dataclass(frozen=True)
class Node:
    """A step of the walk: what it is, what it says, and what it rests on."""

    label: str
    value: str
    parts: tuple[Node, ...] = field(default=())


def explain(store: Store, site: Site, text: str, now: datetime, fits: Fits) -> Node:
    """The walk from a figure's id to the counts of readings behind it.

    Raises:
        reports.figures.FigureIdError: no such figure; the message says what to do.
        reports.period.PeriodError: its period is none.
        store.base.StoreError: the store cannot serve now.
    """
    key = parse_figure_id(text.replace("\u200b", ""))
    if key.school not in site.school_by_key:
        raise FigureIdError(f"{key.school!r} is no school of this site")
    period = parse_period(key.period)
    material = load(store, site, key.school, period, now, fits)
    report = build(material)
    figure = report.figures.get(str(key))
    if figure is None:
        near = [name for name in report.figures if key.metric in name and key.period in name]
        hint = f"; there are {', '.join(near[:4])}" if near else ""
        raise FigureIdError(f"{key.school} has no figure {key.metric} in {key.period}{hint}")
    return _figure(figure, key, report, material)


def _figure(figure: Figure, key: FigureId, report: Report, material: Material) -> Node:
    site, period = material.site, parse_period(key.period)
    parts = [
        Node("period", f"{figure.start:%Y-%m-%dT%H:%MZ} to {figure.end:%Y-%m-%dT%H:%MZ}, {report.time_zone}"),
        Node("method", figure.method, (Node("described in", "docs/metrics.md, docs/reports.md"),)),
        Node("coverage", f"{figure.coverage:.4f}"),
        Node("status", f"{figure.status}" + (f": {figure.reason}" if figure.reason else "")),
    ]
    if figure.fingerprint:
        parts.append(Node("fingerprint of what is not readings", figure.fingerprint))
    parents = [one for one in _parents(figure, key, report) if one.id != figure.id]
    parts += [_figure(one, parse_figure_id(one.id), report, material) for one in parents]
    factors = {factor.id: factor for factor in site.factors}
    if figure.metric.startswith(_EMISSIONS):
        parts += [_factor(factors[name]) for name in figure.factors if name in factors]
    if is_finding(figure.id):
        parts += _finding(key, material)
    elif not parents:
        days = _days(key, material, period)
        if days is not None:
            parts.append(days)
        parts += _sources(key, material, period)
    low, high = figure.low, figure.high
    bounds = f" ({low:.6g} to {high:.6g})" if low is not None and high is not None else ""
    value = "nothing" if figure.value is None else f"{figure.value:.10g} {figure.unit}{bounds}"
    return Node(figure.id, value, tuple(parts))


def _parents(figure: Figure, key: FigureId, report: Report) -> list[Figure]:
    """Figures that this one is made of; none where it is made of metrics by day."""
    found: list[Figure | None] = []
    if figure.metric in TOTALS:
        found = [
            one
            for one in report.figures.values()
            if one.metric.startswith(_EMISSIONS)
            and "_estimated_" not in one.metric
            and parse_figure_id(one.id).period == key.period
            and one.carrier is not None
            and one.basis == (figure.basis or "location")
            and set(one.factors) & set(figure.factors)
        ]
    elif figure.metric == TOGETHER:
        found = [report.figures.get(str(key._replace(metric=name))) for name in (KNOWN, ESTIMATED)]
    elif figure.metric in (CHANGE, CHANGE_SHARE):
        found = [
            report.figures.get(str(key._replace(metric=TOGETHER, period=period)))
            for period in (key.period, report.period.before.key)
        ]
    elif figure.metric.endswith("_estimated_kgco2e"):
        found = [report.figures.get(str(key._replace(metric=ESTIMATED, basis=None)))]
    elif figure.metric.startswith(_EMISSIONS):
        found = [report.figures.get(str(key._replace(metric="energy_kwh", basis=None)))]
    return [one for one in found if one is not None]


def _factor(factor: Factor) -> Node:
    return Node(
        f"factor {factor.id}",
        f"{factor.g_per_kwh:g} g CO2e/kWh, {factor.year}, {factor.basis}, {factor.covers}",
        (
            Node("source", factor.source),
            Node("licence", factor.licence or "not named"),
            Node("area", factor.area),
        ),
    )


def _finding(key: FigureId, material: Material) -> list[Node]:
    """What a finding stands on: when and where it was seen, what was measured, what it costs by carrier."""
    (one,) = [one for one in material.insights if key.metric == metric_of(one, key.metric.rpartition(".")[2])]
    factors = {factor.id: factor for factor in material.site.factors}
    place = one.room or one.meter or one.device or "all of the school"
    measured = tuple(
        Node(name, f"{value:.6g}" if isinstance(value, float) else value)
        for name, value in one.params.items()
    )
    energy = [
        Node(
            str(part.carrier),
            f"{_range(part.seen_kwh)} kWh in these days, {_range(part.year_kwh)} kWh a year",
        )
        for part in one.energy
    ]
    gases = [
        Node(
            f"{part.carrier}, {part.covers}",
            f"{_range(part.year_kgco2e)} kgCO2e a year",
            (_factor(factors[part.factor]),),
        )
        for part in one.emissions
        if part.basis == "location" and part.factor in factors
    ]
    return [
        Node("seen", f"{one.first} to {one.last}, {place}; looked at until {one.until}", measured),
        *energy,
        *gases,
    ]


def _range(amount: Range) -> str:
    return f"{amount.value:.6g} ({amount.low:.6g} to {amount.high:.6g})"


def _days(key: FigureId, material: Material, period: Period) -> Node | None:
    """Metrics by day that the figure is made of, by status."""
    start, end = period.span(material.site.zone)
    metrics: Sequence[Metric] = material.rooms if key.room else material.days
    name = "energy_kwh" if key.metric in (KNOWN, ESTIMATED) else key.metric
    mine = [
        one
        for one in metrics
        if one.metric == name
        and start <= one.time < end
        and (key.room is None or one.id == key.room)
        and (one.carrier is None or one.carrier == key.carrier)
        and one.basis == key.basis
    ]
    if not mine:
        return None
    counts = Counter(one.status for one in mine)
    said = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    carried = [
        one
        for one in metrics
        if one.metric == UNRESOLVED.get(name)
        and one.carrier == key.carrier
        and start - LONGEST <= one.time < end
        and one.value
        and one.period_end > start
    ]
    parts = [Node(str(one.time.astimezone(material.site.zone).date()), _of_day(one)) for one in mine[:400]]
    if carried:
        total = sum(one.value or 0.0 for one in carried if one.time >= start and one.period_end <= end)
        parts.append(Node("known over several days only", f"{total:.6g} kWh in {len(carried)} sums"))
    return Node(f"{len(mine)} days of {name}", said, tuple(parts))


def _of_day(one: Metric) -> str:
    value = "nothing" if one.value is None else f"{one.value:.6g} {one.unit}"
    return f"{value}, coverage {one.coverage:.3f}, {one.status}" + (f": {one.reason}" if one.reason else "")


def _sources(key: FigureId, material: Material, period: Period) -> list[Node]:
    """Meters or rooms with the devices that served them, and the readings of each."""
    site, school = material.site, material.school
    start, end = period.span(site.zone)
    if key.carrier is None:
        rooms = [room for room in site.rooms_of(school) if key.room in (None, room.key)]
        return [
            Node(
                f"room {room.key}",
                room.name,
                tuple(_devices(site.devices_in_room(school, room.key), material, period)),
            )
            for room in rooms
        ]
    found = []
    role = {"exported_kwh": MeterRole.EXPORT, "produced_kwh": MeterRole.PRODUCTION}.get(key.metric)
    for meter in site.meters_of(school, Carrier(key.carrier)):
        if meter.role is not (role or MeterRole.MAIN) or not overlap(
            meter.valid_from, meter.valid_to, start, end
        ):
            continue
        devices = _devices(site.devices_at_meter(school, meter.key), material, period)
        found.append(
            Node(f"meter {meter.key}", f"{meter.name}, {meter.role}, share {meter.share:g}", tuple(devices))
        )
    return found


def _devices(placed: Sequence[Device], material: Material, period: Period) -> list[Node]:
    start, end = period.span(material.site.zone)
    months = {month.key for month in period.months}
    found = []
    for device in placed:
        if not overlap(device.valid_from, device.valid_to, start, end):
            continue
        mine = [one for one in material.inputs if one.device == device.key and one.month in months]
        parts = [
            _series(quantity, [one for one in mine if one.quantity == quantity])
            for quantity in _ordered(mine)
        ]
        found.append(Node(f"device {device.key}", f"reports every {device.interval_s} s", tuple(parts)))
    return found


def _ordered(inputs: Sequence[Inputs]) -> list[str]:
    names = dict.fromkeys(one.quantity for one in inputs)
    return sorted(names, key=lambda name: (name not in INDOOR, name))


def _series(quantity: str, inputs: Sequence[Inputs]) -> Node:
    readings, flagged = (
        int(np.sum([getattr(one, name) for one in inputs])) for name in ("readings", "flagged")
    )
    parts = tuple(
        Node(one.month, f"{one.readings} readings, {one.flagged} flagged, hash {one.hash}") for one in inputs
    )
    return Node(quantity, f"{readings} readings used, {flagged} flagged and left out", parts)
