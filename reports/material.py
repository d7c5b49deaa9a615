"""What a report is made from, loaded from the store: the only place in ``reports`` that asks it.

:class:`Material` can be pickled: a process that owns the store loads it, a child process makes the report.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from analytics import turns
from analytics.bills import LONGEST
from analytics.energy import REGISTERS
from analytics.insights.model import KIND, Insight
from analytics.intervals import INTERVALS
from analytics.jobs import METRICS
from analytics.points import microseconds
from classroom.metric import Interval, Metric, Scope
from classroom.quantity import BILL_QUANTITIES
from classroom.site import Site
from reports.comparison_figures import Comparisons, load_comparisons
from reports.daily import SchoolDays
from reports.dates import Dates
from reports.figures import Inputs
from reports.fits import Fits
from reports.period import Period
from reports.sources import Sources
from reports.sources import load as load_days
from store.base import Store

INDOOR = ("co2_ppm", "temperature_c", "humidity_pct")
"""Quantities of rooms whose readings stand behind a report's figures."""

OF_METERS = tuple(sorted(REGISTERS | INTERVALS | set(BILL_QUANTITIES)))
"""Quantities of meters whose readings stand behind a report's figures."""

_AROUND = timedelta(days=2)
_YEAR = timedelta(days=366)
_MONTHS_AT_ONCE = 3
_COUNTED = ("device", "quantity", "hour", "count", "flagged", "inputs_hash")
_ENERGY = ("energy_kwh", "energy_unresolved_kwh")


@dataclass(frozen=True)
class Material:
    """What :func:`reports.build.build` is handed.

    ``site`` holds the rows of ``school`` only. ``days`` are the school's metrics by day, of the time
    before the period its energy only, ``rooms`` those of its rooms in the period, ``daily`` the
    days that gaps are estimated from. ``pending_hours`` wait for the analytics job.
    """

    site: Site
    school: str
    period: Period
    now: datetime
    days: Sequence[Metric]
    rooms: Sequence[Metric]
    daily: SchoolDays
    comparisons: Comparisons
    verdicts: dict[str, int]
    inputs: tuple[Inputs, ...]
    pending_hours: int
    insights: tuple[Insight, ...] = ()


def load(store: Store, site: Site, school: str, period: Period, now: datetime, fits: Fits) -> Material:
    """The material of a school's report as the store holds it.

    Raises:
        KeyError: no such school.
        store.base.StoreError: the store cannot serve now.
    """
    part = site.part([school])
    start, end = period.span(site.zone)
    before = period.before.span(site.zone)[0]
    devices = sorted({device.key for device in part.devices})
    sources = Sources.of(store, site, fits, now)
    far = before - LONGEST  # what comparisons look at lies within: all share one reading of it
    earlier = [
        metric
        for name in _ENERGY
        for metric in sources.energy.of(school, name, far, end)
        if metric.time < start - turns.LONGEST
    ]
    metrics = store.read_metrics(school, Scope.SCHOOL, school, Interval.DAY, start - turns.LONGEST, end)
    span = Dates(period.before.first, period.last)
    load_days(sources, school, Dates(span.first - _YEAR, span.last))
    verdicts = store.read_verdicts(devices, start, min(end, now)) if start < now else None
    return Material(
        site=part,
        school=school,
        period=period,
        now=now,
        days=[*earlier, *metrics],
        rooms=store.read_metrics(school, Scope.ROOM, None, Interval.DAY, start, end),
        daily=load_days(sources, school, span),
        comparisons=load_comparisons(sources, school, period, site.settings.reports, metrics),
        verdicts={} if verdicts is None else dict(Counter(verdicts["verdict"].astype(str))),
        inputs=tuple(inputs_of(store, part, period)),
        pending_hours=_pending(store, devices),
        insights=tuple(_insights(store, school, period)),
    )


def _insights(store: Store, school: str, period: Period) -> list[Insight]:
    """Findings that were seen in the period, the first in rank first."""
    found = [Insight.model_validate_json(one.body) for one in store.read_documents(KIND, school)]
    seen = [one for one in found if one.first <= period.last and one.last >= period.first]
    return sorted(seen, key=lambda one: (one.rank, one.key))


def _pending(store: Store, devices: Iterable[str]) -> int:
    hours = store.changed(METRICS).hours
    return int(hours["device"].isin(set(devices)).sum())


def inputs_of(store: Store, site: Site, period: Period) -> list[Inputs]:
    """The readings behind a school's figures, by series and month; ``site`` is the school's part.

    A day's energy looks at readings around it, so meters count from two days before the period to two after.
    """
    rooms = sorted({device.key for device in site.devices if device.room is not None})
    meters = sorted({device.key for device in site.devices if device.meter is not None})
    found, months = [], period.months
    for n in range(0, len(months), _MONTHS_AT_ONCE):
        some = months[n : n + _MONTHS_AT_ONCE]
        edges = [some[0].span(site.zone)[0], *(month.span(site.zone)[1] for month in some)]
        found += _counted(store, rooms, INDOOR, some, edges)
        edges[0] -= _AROUND if n == 0 else timedelta()
        edges[-1] += _AROUND if some[-1] is months[-1] else timedelta()
        found += _counted(store, meters, OF_METERS, some, edges)
    return sorted(found, key=lambda one: (one.device, one.quantity, one.month))


def _counted(
    store: Store,
    devices: Sequence[str],
    quantities: Sequence[str],
    months: Sequence[Period],
    edges: Sequence[datetime],
) -> list[Inputs]:
    """Of each series and month: hours between two ``edges`` are of one month."""
    if not devices:
        return []
    hours = store.read_hours(devices, quantities, edges[0], edges[-1], columns=_COUNTED)
    if hours.empty:
        return []
    hour_us = microseconds(hours["hour"])
    inner_us = [int(edge.timestamp()) * 1_000_000 for edge in edges[1:-1]]
    month = np.searchsorted(inner_us, hour_us, side="right")
    content = np.column_stack([hour_us, hours["inputs_hash"].to_numpy(np.int64)])
    count, flagged = hours["count"].to_numpy(np.int64), hours["flagged"].to_numpy(np.int64)
    device, quantity = hours["device"].to_numpy(), hours["quantity"].to_numpy()
    another = (device[1:] != device[:-1]) | (quantity[1:] != quantity[:-1]) | (month[1:] != month[:-1])
    first = np.flatnonzero(np.concatenate([[True], another]))  # rows are sorted by all three
    last = [*first[1:], len(hours)]
    return [
        Inputs(
            str(device[begin]),
            str(quantity[begin]),
            months[month[begin]].key,
            int(count[begin:end].sum()),
            int(flagged[begin:end].sum()),
            hashlib.sha256(content[begin:end].tobytes()).hexdigest()[:16],
        )
        for begin, end in zip(first, last, strict=True)
    ]
