"""What each page shows, gathered from the site, the store and memory; the templates only lay it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from analytics.periods import aggregate
from api.charts import Size, day_curve_svg
from api.lesson_day import lessons_of
from api.pages.airing import Airings, airings_view
from api.pages.day import RoomDay, room_day
from api.pages.expected import Expectations, Headline, headline
from api.pages.heat import HeatMap, heat_maps
from api.pages.insights import FirstFindings, first_findings
from api.pages.language import Language
from api.pages.lesson_rows import LessonRow, lesson_rows
from api.pages.light import Light, light_of
from api.pages.sensors import Sensor, placed_sensors
from api.pages.tally import Tally, tally_of
from api.pages.visit import Visit
from api.pages.week import CarrierWeek, Week, day_bars, school_week
from api.plot import BarKind, PlacedBar, placed_bars
from classroom.metric import Interval, Scope
from classroom.places import Room, School
from classroom.site import Site

WIDE_CURVE, NARROW_CURVE = Size(560, 340), Size(300, 220, narrow=True)
STRIP_CURVE = Size(1_180, 150)

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Drawing:
    """The same chart for wide and narrow screens; the stylesheet shows one of them. Both are safe SVG."""

    wide: str
    narrow: str


@dataclass(frozen=True, slots=True)
class Bars:
    """A week's days side by side: its name, its figures for those who cannot see it, the bars, and which
    kinds there are."""

    title: str
    told: str
    placed: tuple[PlacedBar, ...]
    kinds: set[BarKind]


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room among others: its light and the week's coverage of its CO2 readings (None: not computed)."""

    room: Room
    light: Light
    coverage: float | None
    heat: HeatMap | None


@dataclass(frozen=True, slots=True)
class SchoolView:
    """A school's page."""

    school: School
    week: Week
    this_week: Week
    headline: Headline | None
    carriers: list[tuple[CarrierWeek, Bars]]
    rooms: list[RoomLine]
    tally: Tally
    sensors: list[Sensor]
    findings: FirstFindings

    @property
    def troubled(self) -> list[Sensor]:
        """The devices that need someone."""
        return [sensor for sensor in self.sensors if sensor.trouble]


@dataclass(frozen=True, slots=True)
class RoomView:
    """A room's page."""

    school: School
    room: Room
    light: Light
    day: RoomDay
    earlier: date
    later: date | None
    last_school_day: date | None
    lessons: list[LessonRow]
    airings: Airings
    drawing: Drawing


@dataclass(frozen=True, slots=True)
class ScreenView:
    """A room's screen: the light over the day's curve, and where its live values come from."""

    school: School
    room: Room
    light: Light
    drawing: Drawing
    stream: str


def screen_view(visit: Visit, room: Room, stream: str) -> ScreenView:
    """One room now for a screen on its wall; ``stream`` is the address of its live values.

    Raises:
        StoreError: the store cannot serve now.
    """
    light = light_of(visit, room)
    shown = room_day(visit, room, visit.today, light.words)
    title, description = _told(room, shown, visit.say)
    drawing = Drawing(
        day_curve_svg(shown.curve, STRIP_CURVE, title, description),
        day_curve_svg(shown.curve, NARROW_CURVE, title, description),
    )
    return ScreenView(visit.site.school_by_key[room.school], room, light, drawing, stream)


def school_view(visit: Visit, school: School, week: Week, expectations: Expectations) -> SchoolView:
    """One school in one week; the rooms are as they are now.

    Raises:
        StoreError: the store cannot serve now.
    """
    site, span = visit.site, week.span(visit.site)
    store = visit.context.store
    days = store.read_metrics(school.key, Scope.ROOM, None, Interval.DAY, *span)
    weeks = aggregate(days, Interval.WEEK, site.zone, until=visit.now)
    covered = {week.id: week.coverage for week in weeks if week.metric == "co2_mean_ppm"}
    by_name = sorted(site.rooms_of(school.key), key=lambda room: room.name.casefold())
    heat = heat_maps(visit, by_name, week)
    rooms = [
        RoomLine(room, light_of(visit, room), covered.get(room.key), heat.get(room.key)) for room in by_name
    ]
    carriers = school_week(visit, school.key, week)
    return SchoolView(
        school=school,
        week=week,
        this_week=Week.of(visit.today),
        headline=headline(visit, expectations, school.key, week, carriers),
        carriers=[(carrier, _bars(visit, carrier, week)) for carrier in carriers],
        rooms=rooms,
        tally=tally_of([line.light.level for line in rooms]),
        sensors=placed_sensors(visit, school.key),
        findings=first_findings(visit, school.key),
    )


def room_view(visit: Visit, room: Room, day: date) -> RoomView:
    """One room now, and on ``day`` (today or earlier).

    Raises:
        StoreError: the store cannot serve now.
    """
    light = light_of(visit, room)
    shown = room_day(visit, room, day, light.words)
    found = lessons_of(visit.context.store, visit.site, room, day, visit.now)
    return RoomView(
        school=visit.site.school_by_key[room.school],
        room=room,
        light=light,
        day=shown,
        earlier=day - _DAY,
        later=day + _DAY if day < visit.today else None,
        last_school_day=None if shown.has_lessons else _last_school_day(visit.site, room, day),
        lessons=lesson_rows(visit, room, found),
        airings=airings_view(found, visit.say),
        drawing=_curve(room, shown, visit.say),
    )


def _bars(visit: Visit, carrier: CarrierWeek, week: Week) -> Bars:
    bars = day_bars(carrier, week, visit.today, visit.say)
    title = visit.say.text("%(carrier)s per day, week %(week)s [kWh]") % {
        "carrier": carrier.name,
        "week": week.number,
    }
    told = "; ".join(f"{bar.day}: {bar.label}" for bar in bars if bar.label)
    return Bars(title, told, placed_bars(bars), {bar.kind for bar in bars})


def _curve(room: Room, shown: RoomDay, say: Language) -> Drawing:
    title, description = _told(room, shown, say)
    return Drawing(
        day_curve_svg(shown.curve, WIDE_CURVE, title, description),
        day_curve_svg(shown.curve, NARROW_CURVE, title, description),
    )


def _told(room: Room, shown: RoomDay, say: Language) -> tuple[str, str]:
    """Name and description of a day's curve."""
    title = say.text("Carbon dioxide in %(room)s, %(day)s [ppm]") % {
        "room": room.name,
        "day": say.day(shown.day),
    }
    if shown.peak_ppm is None:
        description = say.text("No readings this day.")
    else:
        description = say.text("Highest %(co2)s at %(time)s.") % {
            "co2": say.co2(shown.peak_ppm),
            "time": shown.peak_at,
        }
    return title, description


def _last_school_day(site: Site, room: Room, day: date) -> date | None:
    """The nearest day before ``day`` with lessons, if one lies within three months (a summer is shorter)."""
    timetable = site.timetable(room.school)
    days = (day - n * _DAY for n in range(1, 93))
    return next((earlier for earlier in days if timetable.lessons(room.key, earlier)), None)
