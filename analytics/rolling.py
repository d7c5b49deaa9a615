"""The job's first half: hours that the ledger names are rolled up, and judged for verdicts.

The cursor of the ledger moves only when both are done: killed before, the next run does the same hours again.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd

from analytics import fingerprint
from analytics.judging import drift_due, judge
from analytics.markers import Markers
from analytics.points import Ints, microseconds
from analytics.submitting import Progress, Submit, in_turn, unseen
from classroom.site import Site
from store.base import CHANGED_COLUMNS, Changed, Store

HOURS, METRICS = "hours", "metrics"
"""The job's consumers of the ledger: for rollups and verdicts, and for what is made of them."""

EVERYTHING = "analytics:everything"
"""A consumer that never advances: its changes are all hours there are."""

_AT_ONCE, _DEVICES_A_PART = 2, 1_000  # parts of a month that are rolled up at once: that much is in memory

_SAME = ["device", "quantity", "hour", "inputs_hash", "coverage"]


class Part(NamedTuple):
    """What a full run is narrowed to: hours of these ``devices`` (None: of all) between two times."""

    devices: frozenset[str] | None
    start: datetime | None
    end: datetime | None

    def of(self, hours: pd.DataFrame) -> pd.DataFrame:
        """The hours (CHANGED_COLUMNS) that lie in the part."""
        inside = np.ones(len(hours), dtype=bool)
        if self.devices is not None:
            inside &= hours["device"].isin(self.devices).to_numpy()
        if self.start is not None:
            inside &= (hours["hour"] + pd.Timedelta(hours=1) > self.start).to_numpy()
        if self.end is not None:
            inside &= (hours["hour"] < self.end).to_numpy()
        return hours[inside]


class Rolled(NamedTuple):
    """How many hours were rolled up, and the changes since the metrics were last made: in all of those hours
    rollups and verdicts are up to date."""

    hours: int
    changed: Changed


def roll_up(
    store: Store,
    site: Site,
    markers: Mapping[str, Markers],
    now: datetime,
    compute: Submit,
    full: Part | None = None,
    progress: Progress = unseen,
) -> Rolled:
    """Roll up and judge the changed hours, and all hours of devices that have other inputs than before;
    with ``full`` all of that part.

    Verdicts that change what metrics heed name their hours in the ledger; these are rolled up once more, so
    that nothing is left of them, but judged again only where meanwhile a reading came.
    """
    for_metrics, changed = _changed(store)
    frame = _asked(store, site, markers, changed.hours, full)
    due = drift_due(site, markers, frame, now, full=full is not None)
    parts = _parts(frame)
    with ThreadPoolExecutor(_AT_ONCE) as threads:  # the store reads and numpy adds without the interpreter
        work = ((None, partial(_rolled, store, site), frame.iloc[part]) for part in parts)
        for done, (_, rolled) in enumerate(in_turn(work, threads.submit, _AT_ONCE), start=1):
            store.write_hours(rolled)
            progress("rolling up", done, len(parts))
    judged = judge(store, site, frame, due, now, compute, progress)
    store.advance(HOURS, changed.cursor)
    count = len(frame)
    while judged:
        for_metrics, again = _changed(store)
        some = (_news(store, site, again.hours.iloc[part]) for part in _parts(again.hours))
        news = pd.concat([again.hours.iloc[:0], *some])
        judged = judge(store, site, news, drift_due(site, {}, news, now), now, compute)
        store.advance(HOURS, again.cursor)
        count += len(news)
    return Rolled(count, for_metrics)


def _changed(store: Store) -> tuple[Changed, Changed]:
    """What changed for METRICS and for HOURS; as a rule the same, and read once: of a year it is millions.

    What is read for the metrics first has all been rolled up when it is used.
    """
    for_metrics = store.changed(METRICS)
    cursors = store.marks().cursors
    if cursors.get(METRICS, 0) == cursors.get(HOURS, 0):
        return for_metrics, for_metrics
    return for_metrics, store.changed(HOURS)


def _asked(
    store: Store, site: Site, markers: Mapping[str, Markers], changed: pd.DataFrame, full: Part | None
) -> pd.DataFrame:
    """The hours to roll up (CHANGED_COLUMNS), distinct."""
    rolled = {device: mark for marks in markers.values() for device, mark in marks.devices.items()}
    keys = {device.key for device in site.devices if device.school in markers}
    other = {key for key in keys if fingerprint.device_inputs(site.placements[key][-1]) != rolled.get(key)}
    if full is None and not other:
        return changed
    if full is None and not store.marks().cursors.get(HOURS):
        return changed  # all there is
    if full is None:  # of those devices all that changed is among all there is
        return pd.concat([changed[~changed["device"].isin(other)], store.hours_of(other)])
    known = store.changed(EVERYTHING).hours if full.devices is None else store.hours_of(full.devices)
    wanted = full.of(known)
    if full.devices is None and len(wanted) == len(known):
        return known
    return pd.concat([changed, wanted]).drop_duplicates(list(CHANGED_COLUMNS))


def _parts(hours: pd.DataFrame) -> list[Ints]:
    """Positions of the hours of each month and of some devices, in order: nothing grows with the years or the
    schools that are done at once."""
    if hours.empty:
        return []
    month = microseconds(hours["hour"]).astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    number, devices = pd.factorize(hours["device"])
    part = month * len(devices) + number // _DEVICES_A_PART
    order = np.argsort(part, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(part[order])) + 1)


def _rolled(store: Store, site: Site, hours: pd.DataFrame) -> pd.DataFrame:
    return store.compute_hours(hours, {device: site.interval_s(device) for device in site.placements})


def _news(store: Store, site: Site, hours: pd.DataFrame) -> pd.DataFrame:
    """Roll up hours once more; those that came out otherwise (CHANGED_COLUMNS)."""
    rolled = _rolled(store, site, hours)
    first, last = hours["hour"].min().to_pydatetime(), hours["hour"].max().to_pydatetime()
    devices = hours["device"].unique().tolist()
    stood = store.read_hours(devices, None, first, last + pd.Timedelta(hours=1))
    told = rolled[_SAME].merge(stood[_SAME], how="left", on=_SAME, indicator=True)["_merge"] == "both"
    store.write_hours(rolled[~told.to_numpy()])
    return rolled.loc[~told.to_numpy(), list(CHANGED_COLUMNS)].drop_duplicates()
