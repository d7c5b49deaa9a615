"""A school's week: kWh and kgCO2e of each carrier with coverage, factor and method, and the days as bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from analytics.catalog import UNRESOLVED
from analytics.emissions import LINES
from analytics.periods import aggregate
from analytics.turns import LONGEST
from api.pages.language import Language
from api.pages.visit import Visit
from api.plot import BarKind, DayBar
from classroom.factors import Factor
from classroom.metric import Interval, Metric, Scope, Status
from classroom.places import MeterRole
from classroom.quantity import Carrier
from classroom.site import Site
from classroom.timetable import Span, day_span

_BOUGHT, _PRODUCED = "energy_kwh", "produced_kwh"
_LINE_OF = {f"{stem}_kgco2e": line for line, stem in LINES.items()}


@dataclass(frozen=True, slots=True)
class Week:
    """An ISO week in the site's time zone."""

    monday: date

    @classmethod
    def of(cls, day: date) -> Week:
        """The week that ``day`` is in."""
        return cls(day - timedelta(days=day.weekday()))

    @classmethod
    def parse(cls, text: str) -> Week:
        """``2026-W47``.

        Raises:
            ValueError: not a week, or one at the edge of the calendar.
        """
        monday = datetime.strptime(f"{text}-1", "%G-W%V-%u").date()  # noqa: DTZ007
        if not 1900 <= monday.year <= 2200:
            raise ValueError(f"week {text} is out of range")
        return cls(monday)

    def __str__(self) -> str:
        return f"{self.monday:%G-W%V}"

    @property
    def number(self) -> int:
        """ISO week number."""
        return self.monday.isocalendar().week

    @property
    def days(self) -> list[date]:
        """Monday to Sunday."""
        return [self.monday + timedelta(days=n) for n in range(7)]

    def shifted(self, weeks: int) -> Week:
        """The week ``weeks`` later."""
        return Week(self.monday + timedelta(weeks=weeks))

    def span(self, site: Site) -> Span:
        """UTC start and end."""
        return day_span(self.monday, site.zone)[0], day_span(self.days[-1], site.zone)[1]


@dataclass(frozen=True, slots=True)
class Emission:
    """kgCO2e of a carrier on one basis and line (:data:`analytics.emissions.LINES`), with its factors."""

    metric: Metric
    factors: tuple[Factor, ...]

    @property
    def lacks_factor(self) -> bool:
        """Whether the site chose no factor for this carrier and basis."""
        return "no_factor" in (self.metric.reason or "")

    @property
    def line(self) -> str:
        """What the factor covers: ``direct``, ``upstream``, ``lifecycle`` or ``biogenic``."""
        return _LINE_OF[self.metric.metric]

    def label(self, say: Language) -> str:
        """Basis and line in words."""
        location = self.metric.basis == "location"
        basis = say.text("Location-based") if location else say.text("Market-based")
        line = {
            "direct": say.text("direct"),
            "upstream": say.text("upstream (scope 3.3)"),
            "lifecycle": say.text("life cycle, direct and upstream in one"),
            "biogenic": say.text("biogenic, outside the scopes"),
        }[self.line]
        return f"{basis}, {line}"


@dataclass(frozen=True, slots=True)
class CarrierWeek:
    """What is known of one carrier, bought or produced, in a week; ``energy`` None: not computed.

    ``days`` holds the days up to today.
    """

    carrier: Carrier
    produced: bool
    name: str
    energy: Metric | None
    emissions: tuple[Emission, ...]
    days: tuple[tuple[date, Metric | None], ...]

    @property
    def key(self) -> str:
        """Tells it from the others of the school."""
        return f"{self.carrier}-produced" if self.produced else str(self.carrier)

    @property
    def location(self) -> Emission | None:
        """The emissions on the location basis, direct or, where the factor cannot be parted, life cycle."""
        return next((e for e in self.emissions if e.metric.basis == "location"), None)


def _over_a_turn(metric: Metric, start: datetime, end: datetime) -> bool:
    """Whether a silence may reach into the week from before it, or out of it."""
    return metric.period_end > end or (
        metric.time == start and metric.metric in UNRESOLVED and metric.coverage < 1
    )


def school_week(visit: Visit, school: str, week: Week) -> list[CarrierWeek]:
    """The week of every carrier of ``school`` that has a meter or a figure.

    Raises:
        StoreError: the store cannot serve now.
    """
    start, end = week.span(visit.site)
    days = visit.context.store.read_metrics(school, Scope.SCHOOL, None, Interval.DAY, start, end)
    return carriers_of(visit, school, week, week_figures(visit, school, week, days))


CITY_METRICS = tuple(
    name for told in (_BOUGHT, _PRODUCED, *_LINE_OF) for name in (told, UNRESOLVED.get(told, "")) if name
)
"""What the total of a school's week is made from."""


def week_figures(
    visit: Visit, school: str, week: Week, days: Sequence[Metric], names: Sequence[str] | None = None
) -> list[Metric]:
    """``days`` of a school and the figures of its week made from them; where an amount reaches over the
    week's ends, the days around it are read too (``names``: only these metrics).

    Raises:
        StoreError: the store cannot serve now.
    """
    start, end = week.span(visit.site)
    if any(_over_a_turn(metric, start, end) for metric in days):
        days = visit.context.store.read_metrics(
            school, Scope.SCHOOL, None, Interval.DAY, start - LONGEST, end + LONGEST, names
        )
    of_week = aggregate(days, Interval.WEEK, visit.site.zone, until=visit.now)
    return [metric for metric in (*days, *of_week) if start <= metric.time < end]


def carriers_of(visit: Visit, school: str, week: Week, figures: Sequence[Metric]) -> list[CarrierWeek]:
    """The carriers of ``school`` that have a meter, or one of the ``figures`` of its week."""
    metered = {
        (meter.carrier, meter.role is MeterRole.PRODUCTION)
        for meter in visit.site.meters_of(school)
        if meter.role in (MeterRole.MAIN, MeterRole.PRODUCTION)
    }
    known = {
        (metric.carrier, metric.metric == _PRODUCED)
        for metric in figures
        if metric.carrier is not None and metric.metric in (_BOUGHT, _PRODUCED)
    }
    return [
        _carrier_week(visit, carrier, produced, week, figures)
        for carrier in Carrier
        for produced in (False, True)
        if (carrier, produced) in metered | known
    ]


def day_bars(carrier: CarrierWeek, week: Week, today: date, say: Language) -> tuple[DayBar, ...]:
    """The week's days of a carrier as bars."""
    by_day = dict(carrier.days)
    return tuple(_bar(day, by_day.get(day), today, say) for day in week.days)


def carrier_name(carrier: Carrier, produced: bool, say: Language) -> str:
    """The carrier in words."""
    name = {
        Carrier.ELECTRICITY: say.text("Electricity"),
        Carrier.DISTRICT_HEAT: say.text("District heating"),
        Carrier.DISTRICT_COOLING: say.text("District cooling"),
        Carrier.GAS: say.text("Gas"),
        Carrier.OIL: say.text("Oil"),
        Carrier.PELLETS: say.text("Pellets"),
        Carrier.SOLAR: say.text("Solar electricity"),
    }[carrier]
    return say.text("%(carrier)s, own production") % {"carrier": name} if produced else name


def status_text(status: Status, say: Language) -> str:
    """What a figure's status means for the reader; empty where there is nothing to beware of."""
    return {
        Status.OK: "",
        Status.PARTIAL: say.text("readings are missing"),
        Status.ESTIMATED: say.text("partly estimated"),
        Status.PRELIMINARY: say.text("preliminary"),
        Status.INSUFFICIENT: say.text("too few readings"),
        Status.NO_DATA: say.text("no data"),
    }[status]


def remark(metric: Metric, say: Language) -> str:
    """What to know of a figure before trusting it; empty where there is nothing to beware of."""
    said = [_reason(code, say) for code in (metric.reason or "").split("; ")]
    return ", ".join(dict.fromkeys(text for text in said if text)) or status_text(metric.status, say)


def _reason(code: str, say: Language) -> str:
    """A reason code of analytics in words; empty for one that the status already tells."""
    name, _, detail = code.partition(":")
    if name == "running":
        return say.text("still running")
    if name == "days_missing":
        return say.text("days without data: %(days)s") % {"days": detail}
    if name == "meter_missing":
        return say.text("silent meters: %(meters)s") % {"meters": detail.replace(",", ", ")}
    if name == "no_factor":
        return say.text("no factor is chosen")
    if name == "resolution":
        return say.text("the meter counts in coarse steps")
    if name == "values_estimated":
        return say.text("values that the grid company had estimated")
    if name.startswith("factor_of_"):
        return say.text("with the factor of %(year)s") % {"year": name.removeprefix("factor_of_")}
    return ""


def _carrier_week(
    visit: Visit, carrier: Carrier, produced: bool, week: Week, figures: Sequence[Metric]
) -> CarrierWeek:
    zone, say = visit.site.zone, visit.say
    name = _PRODUCED if produced else _BOUGHT
    mine = [figure for figure in figures if figure.carrier is carrier]
    by_day = {
        m.time.astimezone(zone).date(): m for m in mine if m.metric == name and m.interval is Interval.DAY
    }
    whole = [metric for metric in mine if metric.interval is Interval.WEEK]
    emitted = [] if produced else [metric for metric in whole if _is_line(metric)]
    emitted.sort(key=lambda m: (m.basis != "location", [*_LINE_OF].index(m.metric)))  # the grid's comes first
    factors = {factor.id: factor for factor in visit.site.factors}
    return CarrierWeek(
        carrier=carrier,
        produced=produced,
        name=carrier_name(carrier, produced, say),
        energy=next((metric for metric in whole if metric.metric == name), None),
        emissions=tuple(Emission(m, tuple(factors[i] for i in m.factors if i in factors)) for m in emitted),
        days=tuple((day, by_day.get(day)) for day in week.days if day <= visit.today),
    )


def _is_line(metric: Metric) -> bool:
    """Whether it is an emission to show: a direct line that a lifecycle factor leaves empty is not."""
    return metric.metric in _LINE_OF and "lifecycle_factor_only" not in (metric.reason or "")


def _bar(day: date, metric: Metric | None, today: date, say: Language) -> DayBar:
    name = say.short_day(day)
    if day > today:
        return DayBar(name, None, "", BarKind.AHEAD)
    if metric is None or metric.value is None:
        return DayBar(name, None, say.text("no data"), BarKind.GAP)
    label = say.number(metric.value, 1 if metric.value < 100 else 0)
    whole = metric.status is Status.OK and day < today
    return DayBar(name, max(0.0, metric.value), label, BarKind.WHOLE if whole else BarKind.PARTIAL)
