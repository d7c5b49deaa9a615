"""What a week should have used: its weather and kinds of day, by the signature of the year before."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from analytics.savings import comparable, uncertainty_kwh
from analytics.sufficiency import baseline_sufficiency, counted
from classroom.quantity import Carrier
from reports.daily import SchoolDays, last_full_month
from reports.dates import Dates, twelve_months
from reports.fits import shapes_of
from reports.sources import RECENT, Lack, Sources, lacks_of, load, nothing_to_compare, poor_fit

_DAY = timedelta(days=1)
_ENOUGH = timedelta(days=550)  # twelve months, and how late the newest may be


class Expected(NamedTuple):
    """Energy of a carrier against what was to be expected, after the twelve months ``learned`` from.

    Energies [kWh] are of those ``days`` of the period that count; ``low_kwh`` to ``high_kwh`` hold the
    expected energy with :data:`analytics.savings.CONFIDENCE`. None where there is nothing to say: ``lacks``
    tell why.
    """

    carrier: Carrier
    dates: Dates
    learned: Dates
    days: int
    observed_kwh: float | None = None
    expected_kwh: float | None = None
    low_kwh: float | None = None
    high_kwh: float | None = None
    lacks: tuple[Lack, ...] = ()

    @property
    def unusual(self) -> bool:
        """Whether the observed energy lies outside the interval."""
        if self.observed_kwh is None or self.low_kwh is None or self.high_kwh is None:
            return False
        return not self.low_kwh <= self.observed_kwh <= self.high_kwh


def expected_energy(
    sources: Sources, school: str, dates: Dates, loaded: SchoolDays | None = None
) -> tuple[Expected, ...]:
    """Energy of ``dates`` by carrier against its expectation, learned from the twelve last full months known
    before them. ``loaded`` days of the school are used where they reach far enough.

    Raises:
        StoreError: the store cannot serve now.
        KeyError: no such school.
    """
    days = loaded
    if days is None or dates.first - _ENOUGH < days.dates.first or dates.last > days.dates.last:
        days = load(sources, school, Dates(dates.first - RECENT, dates.last))
    month = dates.first.replace(day=1) - _DAY
    before = days._replace(frames={c: frame.loc[: str(month)] for c, frame in days.frames.items()})
    learned = twelve_months(last_full_month(before) or month)
    return tuple(_of_carrier(sources, days, carrier, dates, learned) for carrier in days.frames)


def _of_carrier(
    sources: Sources, days: SchoolDays, carrier: Carrier, dates: Dates, learned: Dates
) -> Expected:
    found = Expected(carrier, dates, learned, 0)
    none = nothing_to_compare(sources.site, days, carrier, (("baseline", learned), ("reporting", dates)))
    if none is not None:
        return found._replace(lacks=(none,))
    frame = days.frames[carrier]
    judged = baseline_sufficiency(frame, *learned)
    baseline = frame.loc[str(learned.first) : str(learned.last)]
    signature = sources.fits.signature(baseline, shapes_of(carrier)) if judged.sufficient else None
    if signature is None:
        return found._replace(lacks=lacks_of("baseline", judged))
    if poor := poor_fit(sources, baseline, carrier, signature):
        return found._replace(lacks=(poor,))
    week = counted(frame.loc[str(dates.first) : str(dates.last)])
    week = comparable(week.dropna(subset=["energy_kwh", "temperature_c"]), counted(baseline))
    if week.empty:
        return found._replace(lacks=(Lack("reporting", "no_days", f"no day of {dates} can be compared"),))
    expected = float(signature.predict(week).sum())
    half = uncertainty_kwh(signature.quality, expected, len(week))
    return found._replace(
        days=len(week),
        observed_kwh=float(week["energy_kwh"].sum()),
        expected_kwh=expected,
        low_kwh=max(0.0, expected - half),
        high_kwh=expected + half,
    )
