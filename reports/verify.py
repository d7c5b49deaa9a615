"""Whether the store still says what a report said; if not, what changed: readings, factors, methods …"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from math import isclose
from typing import NamedTuple

from classroom.site import Site
from reports.build import build
from reports.figures import Inputs
from reports.findings import is_finding
from reports.fits import Fits
from reports.manifest import Manifest, manifest_of
from reports.material import load
from reports.period import parse_period
from store.base import Store

_SAME = 1e-9  # relative; a database may add in another order


class Cause(StrEnum):
    """What differs, from the cause to its effect."""

    READINGS = "readings"
    FACTOR = "factor"
    METHOD = "method"
    SETTING = "setting"
    PLACES = "places"  # meters, shares, devices, timetable, area, pupils
    VERSION = "version"
    PENDING = "pending"  # hours that wait for the analytics job
    FINDING = "finding"  # it is judged anew with every later day
    FILE = "file"  # the file itself was changed
    FIGURE = "figure"


TOLD = (Cause.VERSION, Cause.PENDING, Cause.FINDING)
"""Causes that are told and make no difference by themselves."""


class Difference(NamedTuple):
    """One thing that differs: which, as it was, as it is."""

    cause: Cause
    what: str
    then: str
    now: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.what}: {self.then} → {self.now}"


class Verification(NamedTuple):
    """``same``: every figure, and everything it was made from, is as it was; what is of :data:`TOLD` makes
    no difference."""

    manifest: Manifest
    differences: tuple[Difference, ...]

    @property
    def same(self) -> bool:
        """Whether figures, readings, factors, methods and settings are the same."""
        return all(one.cause in TOLD for one in self.differences)

    @property
    def figures(self) -> list[Difference]:
        """Figures that differ."""
        return [one for one in self.differences if one.cause is Cause.FIGURE]

    @property
    def causes(self) -> list[Difference]:
        """Everything else that differs."""
        return [one for one in self.differences if one.cause is not Cause.FIGURE]


def verify(
    store: Store, site: Site, manifest: Manifest, versions: dict[str, str], fits: Fits
) -> Verification:
    """Make the report again as of when it was made, and compare.

    Raises:
        KeyError: the site has no such school (any more).
        reports.period.PeriodError: the manifest's period is none.
        store.base.StoreError: the store cannot serve now.
    """
    material = load(store, site, manifest.school, parse_period(manifest.period), manifest.made, fits)
    present = manifest_of(build(material), manifest.lang, versions)
    return Verification(manifest, (*compare(manifest, present), *waiting(material.pending_hours)))


def waiting(hours: int) -> list[Difference]:
    """Hours that the analytics job has still to compute, if there are any."""
    what = "hours that wait for the analytics job"
    return [Difference(Cause.PENDING, what, "0", str(hours))] if hours else []


def compare(then: Manifest, now: Manifest) -> list[Difference]:
    """What differs between two manifests of the same report, causes first."""
    figures = [
        one._replace(cause=Cause.FINDING) if is_finding(one.what) else one
        for one in differing(then.figures, now.figures)
    ]
    known = [
        *_readings(then.inputs, now.inputs),
        *_entries(Cause.FACTOR, _factors(then), _factors(now)),
        *_entries(Cause.METHOD, *_methods(then, now)),
        *_entries(Cause.SETTING, then.settings, now.settings),
    ]
    places = _places(then, now) if not any(one.cause is not Cause.READINGS for one in known) else []
    versions = _entries(Cause.VERSION, then.versions, now.versions)
    return [*known, *places, *versions, *figures]


def _readings(then: Iterable[Inputs], now: Iterable[Inputs]) -> list[Difference]:
    before = {(one.device, one.quantity, one.month): one for one in then}
    after = {(one.device, one.quantity, one.month): one for one in now}
    found = []
    for key in sorted(before.keys() | after.keys()):
        was, is_ = before.get(key), after.get(key)
        if was == is_:
            continue
        device, quantity, month = key
        found.append(
            Difference(Cause.READINGS, f"{device} {quantity} {month}", _counted(was), _counted(is_, was))
        )
    return found


def _counted(one: Inputs | None, other: Inputs | None = None) -> str:
    if one is None:
        return "no readings"
    total = one.readings + one.flagged
    said = f"{total} readings"
    if other is not None and total == other.readings + other.flagged:
        said += ", of other values"
    return said + (f" ({one.flagged} flagged)" if one.flagged else "")


def _factors(manifest: Manifest) -> dict[str, str]:
    return {
        key: f"{factor['g_per_kwh']:g} g/kWh, {factor['year']}, {factor['basis']}, {factor['covers']}, "
        f"{factor['source']}"
        for key, factor in manifest.factors.items()
    }


def _methods(then: Manifest, now: Manifest) -> tuple[dict[str, str], dict[str, str]]:
    """Versions of methods by name."""
    return _versions(then.methods), _versions(now.methods)


def _versions(methods: Iterable[str]) -> dict[str, str]:
    found: dict[str, set[str]] = {}
    for method in methods:
        for part in method.split("+"):
            name, _, version = part.rpartition("/")
            found.setdefault(name, set()).add(version)
    return {name: ", ".join(sorted(several)) for name, several in found.items()}


def _entries(cause: Cause, then: Mapping[str, str], now: Mapping[str, str]) -> list[Difference]:
    return [
        Difference(cause, key, then.get(key, "not there"), now.get(key, "not there"))
        for key in sorted(then.keys() | now.keys())
        if then.get(key) != now.get(key)
    ]


def _places(then: Manifest, now: Manifest) -> list[Difference]:
    """Figures whose inputs other than readings changed, though method, factors and settings did not."""
    changed = [
        key
        for key in then.figures.keys() & now.figures.keys()
        if then.figures[key][1] and then.figures[key][1] != now.figures[key][1]
    ]
    if not changed:
        return []
    what = "meters, devices, shares, timetable, area or pupils"
    return [Difference(Cause.PLACES, what, "as they were", f"other for {len(changed)} figures")]


def differing(
    then: Mapping[str, tuple[float | None, str]],
    now: Mapping[str, tuple[float | None, str]],
    cause: Cause = Cause.FIGURE,
) -> list[Difference]:
    """Figures (value, fingerprint) by id that have another value."""
    found = []
    for key in dict.fromkeys([*then, *now]):
        was = then[key][0] if key in then else None
        is_ = now[key][0] if key in now else None
        if not _equal(was, is_):
            found.append(Difference(cause, key, _value(was), _value(is_)))
    return found


def _equal(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)


def _value(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.10g}"
