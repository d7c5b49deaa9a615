"""The city: every school side by side, sorted and filtered by the address, so that it works as a link."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import urlencode

from api.pages.light import level_of
from api.pages.room_weeks import Place, RoomWeek, RoomWeeks, SchoolAir, school_air
from api.pages.tally import Tally, added, tally_of
from api.pages.totals import WeekTotal, week_total
from api.pages.visit import Visit
from api.pages.week import CITY_METRICS, CarrierWeek, Week, carriers_of, week_figures
from classroom.metric import Interval, Metric, Scope
from classroom.places import School

LONGEST_SEARCH = 80
RowT = TypeVar("RowT")
AIR_FILTERS = ("now", "soon", "none")
_FEW_DAYS = 2


@dataclass(frozen=True, slots=True)
class CityRow:
    """A school among others."""

    school: School
    carriers: list[CarrierWeek]
    total: WeekTotal
    tally: Tally | None  # None: its rooms are not the visitor's to see
    lessons: SchoolAir | None  # None: nothing is known of them, or not the visitor's to see

    @property
    def bought(self) -> str:
        """What the energy is the sum of: schools without a heat meter cannot be compared with those that have
        one."""
        return ", ".join(carrier.name for carrier in self.carriers if not carrier.produced)

    def rooms_at(self, *levels: str) -> int:
        """How many rooms stand at one of ``levels``."""
        return sum(count for level, count in self.tally or () if level in levels)


@dataclass(frozen=True, slots=True)
class Column:
    """A column that rows can be sorted by: its link, and ``ascending``, ``descending`` or ``none`` now."""

    key: str
    name: str
    href: str
    sorted: str


@dataclass(frozen=True, slots=True)
class CityView:
    """The page of all schools; ``rows`` are those asked for, ``of`` is how many there are."""

    week: Week
    this_week: Week
    rows: list[CityRow]
    of: int
    columns: dict[str, Column]
    asked: Mapping[str, str]
    municipalities: list[str]
    tally: Tally | None
    energy_kwh: float | None
    emissions_kg: float | None
    telling: int
    highest: Mapping[str, float]

    def week_href(self, week: Week) -> str:
        """This page in another week."""
        return "?" + urlencode({**self.asked, "week": str(week)})


def city_view(visit: Visit, asked: Mapping[str, str], weeks: RoomWeeks) -> CityView:
    """Every school that the visitor may see and ``asked`` (query parameters) leaves, in the order it wants.

    What is not understood in it counts as not asked.

    Raises:
        StoreError: the store cannot serve now.
        ValueError: the week is none.
    """
    site = visit.site
    week = Week.parse(asked["week"]) if asked.get("week") else told_week(visit)
    wanted = _understood(visit, asked)
    known = visit.viewer.schools(site)
    rooms_shown = any(visit.viewer.reads(school.key) for school in known)
    meant = [school for school in known if _is_meant(school, wanted)]
    rows = _rows(visit, meant, week, weeks)
    rows = [row for row in rows if not wanted.get("air") or row.rooms_at(wanted["air"])]
    column = _COLUMNS.get(wanted.get("sort", ""), _COLUMNS["name"])
    down = wanted.get("order") == "down"
    rows = ordered_by(rows, column, lambda row: row.school.name.casefold(), descending=down)
    energies = [row.total.energy_kwh for row in rows if row.total.energy_kwh is not None]
    emissions = [row.total.emissions_kg for row in rows if row.total.emissions_kg is not None]
    return CityView(
        week=week,
        this_week=Week.of(visit.today),
        rows=rows,
        of=len(known),
        columns=columns_of(
            _names(visit, rooms_shown=rooms_shown), wanted, wanted.get("sort", "name"), down=down
        ),
        asked=wanted,
        municipalities=sorted({school.municipality for school in known if school.municipality}),
        tally=added([row.tally for row in rows if row.tally is not None]) if rooms_shown else None,
        energy_kwh=sum(energies) if energies else None,
        emissions_kg=sum(emissions) if emissions else None,
        telling=len(energies),
        highest={
            key: max((value for row in rows if isinstance(value := of(row), int | float)), default=0.0)
            for key, of in _COLUMNS.items()
        },
    )


def told_week(visit: Visit) -> Week:
    """The present week, but on its first two days the one before: half a Monday compares nobody."""
    week = Week.of(visit.today)
    return week if (visit.today - week.monday).days >= _FEW_DAYS else week.shifted(-1)


Value = Callable[[CityRow], float | str | None]

_COLUMNS: dict[str, Value] = {
    "name": lambda row: row.school.name.casefold(),
    "air": lambda row: row.rooms_at("now") + row.rooms_at("soon") / 1_000 if row.tally else None,
    "stuffy": lambda row: row.lessons.above_share if row.lessons else None,
    "kwh": lambda row: row.total.energy_kwh,
    "pupil": lambda row: row.total.energy_per_pupil_kwh,
    "co2e": lambda row: row.total.emissions_per_pupil_kg,
    "coverage": lambda row: row.total.coverage,
}


def ordered_by(
    rows: Sequence[RowT],
    value: Callable[[RowT], float | str | None],
    name: Callable[[RowT], str],
    *,
    descending: bool,
) -> list[RowT]:
    """``rows`` by ``value``; those that have none come last either way, equals by ``name``."""
    by_name = sorted(rows, key=name)
    told = [row for row in by_name if value(row) is not None]
    silent = [row for row in by_name if value(row) is None]
    return [*sorted(told, key=lambda row: value(row) or 0, reverse=descending), *silent]


def _rows(visit: Visit, schools: Sequence[School], week: Week, weeks: RoomWeeks) -> list[CityRow]:
    """One read for all schools: asking the store costs more than what it answers."""
    days: dict[str, list[Metric]] = {}
    span = week.span(visit.site)
    read = visit.context.store.read_metrics
    for metric in read(None, Scope.SCHOOL, None, Interval.DAY, *span, CITY_METRICS):
        days.setdefault(metric.school, []).append(metric)
    air = weeks.of(visit, week) if any(visit.viewer.reads(school.key) for school in schools) else {}
    return [_row(visit, school, week, days.get(school.key, []), air) for school in schools]


def _row(
    visit: Visit, school: School, week: Week, days: Sequence[Metric], air: Mapping[Place, RoomWeek]
) -> CityRow:
    tally, lessons = None, None
    if visit.viewer.reads(school.key):
        rooms = visit.site.rooms_of(school.key)
        tally = tally_of([level_of(visit, room) for room in rooms])
        lessons = school_air([air.get((school.key, room.key)) for room in rooms])
    figures = week_figures(visit, school.key, week, days, CITY_METRICS)
    carriers = carriers_of(visit, school.key, week, figures)
    return CityRow(school, carriers, week_total(visit, school.key, week, carriers), tally, lessons)


def _understood(visit: Visit, asked: Mapping[str, str]) -> dict[str, str]:
    known: dict[str, Callable[[str], bool]] = {
        "q": lambda text: bool(text.strip()),
        "municipality": lambda text: any(school.municipality == text for school in visit.site.schools),
        "air": lambda text: text in AIR_FILTERS,
        "sort": lambda text: text in _COLUMNS,
        "order": lambda text: text == "down",
        "week": lambda text: bool(text),
    }
    return {
        key: asked[key][:LONGEST_SEARCH] for key, fits in known.items() if key in asked and fits(asked[key])
    }


def _is_meant(school: School, wanted: Mapping[str, str]) -> bool:
    words = wanted.get("q", "").casefold().split()
    named = all(word in f"{school.name} {school.key}".casefold() for word in words)
    return named and wanted.get("municipality") in (None, school.municipality)


def _names(visit: Visit, *, rooms_shown: bool) -> dict[str, str]:
    say, limit_ppm = visit.say, visit.site.settings.analytics.co2_limit_ppm
    names = {
        "name": say.text("School"),
        "air": say.text("The air now"),
        "stuffy": say.text("Time above %(limit)s ppm") % {"limit": say.number(limit_ppm)},
        "kwh": say.text("kWh"),
        "pupil": say.text("kWh a pupil"),
        "co2e": say.text("kg CO₂e a pupil"),
        "coverage": say.text("Coverage"),
    }
    return {key: name for key, name in names.items() if rooms_shown or key not in ("air", "stuffy")}


def columns_of(
    names: Mapping[str, str], wanted: Mapping[str, str], present: str, *, down: bool
) -> dict[str, Column]:
    """Columns with the links that sort by them; ``present`` is the one sorted by now."""
    found = {}
    for key, name in names.items():
        turned = not down if key == present else key not in ("name", "school")  # figures from the highest
        href = {**wanted, "sort": key, "order": "down" if turned else ""}
        href.pop("from", None)
        state = ("descending" if down else "ascending") if key == present else "none"
        found[key] = Column(key, name, "?" + urlencode({k: v for k, v in href.items() if v}), state)
    return found
