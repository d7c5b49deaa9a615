"""A school's week against what its weather and kinds of day would give, and against the site's target."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from api.context import ApiContext
from api.pages.lacks import lack_texts
from api.pages.language import Language
from api.pages.visit import Visit
from api.pages.week import CarrierWeek, Week, carrier_name
from classroom.site import Site
from reports.dates import Dates
from reports.expectation import Expected, expected_energy
from reports.sources import Sources

KEPT_FOR = timedelta(minutes=15)
"""An expectation reads three years of days; a page that draws itself again every two minutes need not."""

_KEPT = 500
_DAY = timedelta(days=1)


class _Made(NamedTuple):
    at: datetime
    site: Site
    found: tuple[Expected, ...]


class Expectations:
    """What was expected lately, by school and dates. May be asked from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[tuple[str, Dates], _Made] = OrderedDict()

    def of(self, context: ApiContext, site: Site, school: str, dates: Dates) -> tuple[Expected, ...]:
        """Energy of ``dates`` by carrier against its expectation.

        Raises:
            StoreError: the store cannot serve now.
        """
        now, key = context.clock(), (school, dates)
        with self._lock:
            made = self._known.get(key)
        if made is not None and made.site is site and now - made.at < KEPT_FOR:
            return made.found
        sources = Sources.of(context.store, site, context.fits, now)
        found = expected_energy(sources, school, dates)
        with self._lock:
            self._known[key] = _Made(now, site, found)
            self._known.move_to_end(key)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class Bullet:
    """A carrier's week: used and expected, for people and for the drawing (all as shares of ``top_kwh``).

    ``level`` is ``less``, ``usual``, ``more`` or ``unknown``; ``why`` tells what is missing where nothing can
    be said.
    """

    name: str
    level: str
    verdict: str
    why: list[str]
    days: int
    observed_kwh: float | None
    expected_kwh: float | None
    low: float
    high: float
    observed: float
    expected: float
    target: float | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Headline:
    """The week in a few figures; a pair is (used, expected), None where it cannot be said."""

    dates: Dates
    bullets: tuple[Bullet, ...]
    energy_per_pupil_kwh: tuple[float, float] | None
    emissions_per_pupil_kg: tuple[float, float] | None
    target_pct: float | None


def headline(
    visit: Visit, expectations: Expectations, school: str, week: Week, carriers: Sequence[CarrierWeek]
) -> Headline | None:
    """The whole days of a week; None on its first day, or where nothing is metered.

    Raises:
        StoreError: the store cannot serve now.
    """
    last = min(week.days[-1], visit.today - _DAY)
    if last < week.monday or not any(not carrier.produced for carrier in carriers):
        return None
    dates = Dates(week.monday, last)
    target_pct = visit.site.settings.targets.saving_pct
    found = expectations.of(visit.context, visit.site, school, dates)
    size = visit.site.attributes_on(school, last)
    pupils = size.pupils if size else None
    return Headline(
        dates=dates,
        bullets=tuple(_bullet(one, target_pct, visit.say) for one in found),
        energy_per_pupil_kwh=_per_pupil([_energies(one) for one in found], pupils),
        emissions_per_pupil_kg=_per_pupil([_emissions(one, carriers) for one in found], pupils)
        if _one_line(carriers)
        else None,
        target_pct=target_pct,
    )


Pair = tuple[float, float]


def _energies(one: Expected) -> Pair | None:
    if one.observed_kwh is None or one.expected_kwh is None:
        return None
    return one.observed_kwh, one.expected_kwh


def _emissions(one: Expected, carriers: Sequence[CarrierWeek]) -> Pair | None:
    """kgCO2e of both, with the intensity of the week's accounts (location basis)."""
    energies = _energies(one)
    week = next((c for c in carriers if c.carrier is one.carrier and not c.produced), None)
    if energies is None or week is None or week.location is None or week.energy is None:
        return None
    emitted, used = week.location.metric.value, week.energy.value
    if emitted is None or not used:
        return None
    return energies[0] * emitted / used, energies[1] * emitted / used


def _one_line(carriers: Sequence[CarrierWeek]) -> bool:
    """Whether all emissions are of one line: direct and life cycle are never added."""
    return len({c.location.line for c in carriers if c.location is not None and not c.produced}) <= 1


def _per_pupil(pairs: Sequence[Pair | None], pupils: int | None) -> Pair | None:
    known = [pair for pair in pairs if pair is not None]
    if not pupils or not known or len(known) < len(pairs):
        return None  # a sum without one carrier would look like a saving
    return sum(used for used, _ in known) / pupils, sum(expected for _, expected in known) / pupils


def _bullet(one: Expected, target_pct: float | None, say: Language) -> Bullet:
    name = carrier_name(one.carrier, False, say)
    if one.observed_kwh is None or one.expected_kwh is None or one.low_kwh is None or one.high_kwh is None:
        why = lack_texts(one.lacks, say)
        return Bullet(
            name, "unknown", say.text("cannot be told yet"), why, 0, None, None, 0, 0, 0, 0, None, None
        )
    top = max(one.observed_kwh, one.high_kwh, 1.0) * 1.08
    share = (one.observed_kwh - one.expected_kwh) / one.expected_kwh if one.expected_kwh else 0.0
    level = "usual" if not one.unusual else "less" if share < 0 else "more"
    target = None if target_pct is None else one.expected_kwh * (1 - target_pct / 100)
    return Bullet(
        name=name,
        level=level,
        verdict=_verdict(level, abs(share), say),
        why=[],
        days=one.days,
        observed_kwh=one.observed_kwh,
        expected_kwh=one.expected_kwh,
        low=one.low_kwh / top,
        high=one.high_kwh / top,
        observed=one.observed_kwh / top,
        expected=one.expected_kwh / top,
        target=None if target is None else target / top,
        met=None if target is None else one.observed_kwh <= target,
    )


def _verdict(level: str, share: float, say: Language) -> str:
    if level == "usual":
        return say.text("as usual for this weather and these days")
    of = {"share": say.share(share)}
    if level == "less":
        return say.text("%(share)s less than this weather and these days would give") % of
    return say.text("%(share)s more than this weather and these days would give") % of
