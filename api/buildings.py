"""Energy of a building: the sum of the meters that name it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from analytics.catalog import UNRESOLVED
from api.metrics import Asked, place_metrics
from api.sums import summed
from classroom.metric import Metric, Scope
from classroom.places import Meter, MeterRole
from classroom.quantity import Carrier
from classroom.site import Site, overlap
from store.base import Store

METHOD = "energy.building_sum/1"

_Period = tuple[str, Carrier | None, str, datetime, datetime]


def building_metrics(site: Site, store: Store, school: str, building: str, asked: Asked) -> list[Metric]:
    """Metrics of a building by metric, carrier, basis, time; empty where no meter names it.

    The meters' own figures are added, whole: a school's share of a shared building is a matter of the
    school's metrics. A meter below another of the same building is not added again. A period in which one of
    the meters says nothing has no value: the sum of the others would look like a saving.

    Raises:
        StoreError: the store cannot serve now.
    """
    rows = [meter for meter in site.meters_of(school) if meter.building == building]
    periods: dict[_Period, dict[str, Metric]] = {}
    for key in dict.fromkeys(meter.key for meter in rows):
        for metric in place_metrics(site, store, school, Scope.METER, key, asked):
            if metric.metric not in UNRESOLVED.values():  # completes one meter's sum, which is done already
                period = (metric.metric, metric.carrier, metric.basis or "", metric.time, metric.period_end)
                periods.setdefault(period, {})[key] = metric
    found = []
    parents = {meter.key: meter.parent for meter in site.meters_of(school)}
    for period in sorted(periods, key=lambda p: (p[0], p[1] or "", *p[2:])):
        keys = _meters(rows, parents, period, set(periods[period]))
        if keys:
            told = periods[period]
            found.append(summed(Scope.BUILDING, building, keys, told, METHOD, "meter_missing"))
    return found


def _meters(
    rows: Sequence[Meter], parents: Mapping[str, str | None], period: _Period, told: set[str]
) -> list[str]:
    """Keys of the meters that make up the building's figure of a period, in the order of the table."""
    metric, carrier, _, start, end = period
    there = [
        row for row in rows if row.carrier is carrier and overlap(row.valid_from, row.valid_to, start, end)
    ]
    inside = {row.key for row in there}
    top = [row for row in there if inside.isdisjoint(_above(row.key, parents))]
    if metric == "exported_kwh":
        own = [row for row in top if row.role is MeterRole.EXPORT]
        chosen = own or [row for row in top if row.key in told]  # a main meter need not count export
    else:
        produces = metric == "produced_kwh"
        chosen = [
            row
            for row in top
            if row.role is not MeterRole.EXPORT and (row.role is MeterRole.PRODUCTION) == produces
        ]
    return list(dict.fromkeys(row.key for row in chosen))


def _above(key: str, parents: Mapping[str, str | None]) -> Iterator[str]:
    """The meters above a meter; the tree has no circle (checked when the site is read)."""
    parent = parents.get(key)
    while parent is not None:
        yield parent
        parent = parents.get(parent)
