"""Rooms side by side: the week's air in occupied time, of every school that a visitor belongs to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from api.pages.city import LONGEST_SEARCH, Column, columns_of, ordered_by, told_week
from api.pages.language import Language
from api.pages.room_weeks import RoomWeek, RoomWeeks
from api.pages.visit import Visit
from api.pages.week import Week
from classroom.places import Room, School

PAGE_ROWS = 100

LIMITS: Mapping[str, float] = {"tenth": 0.1, "quarter": 0.25}
"""Filters: rooms with at least so large a share of the time above the limit."""


@dataclass(frozen=True, slots=True)
class RoomRow:
    """A room among others; ``air`` None: nothing was computed of its week."""

    school: School
    room: Room
    air: RoomWeek | None

    @property
    def above_share(self) -> float | None:
        """Share of the measured occupied time above the limit."""
        return self.air.above_share if self.air else None


@dataclass(frozen=True, slots=True)
class RoomsView:
    """The page: ``rows`` of those ``meant``, from ``first`` on."""

    week: Week
    this_week: Week
    limit_ppm: float
    rows: list[RoomRow]
    first: int
    meant: int
    of: int
    columns: dict[str, Column]
    asked: Mapping[str, str]
    schools: list[School]
    highest: Mapping[str, float]
    earlier: str | None
    later: str | None

    def week_href(self, week: Week) -> str:
        """This page in another week."""
        return "?" + urlencode({**self.asked, "week": str(week)})


Value = Callable[[RoomRow], float | str | None]

_COLUMNS: dict[str, Value] = {
    "name": lambda row: row.room.name.casefold(),
    "school": lambda row: row.school.name.casefold(),
    "above": lambda row: row.above_share,
    "mean": lambda row: row.air.mean_ppm if row.air else None,
    "coverage": lambda row: row.air.coverage if row.air else None,
}


def rooms_view(visit: Visit, asked: Mapping[str, str], weeks: RoomWeeks) -> RoomsView:
    """Every room that the visitor may see and ``asked`` leaves, the stuffiest first unless it says otherwise.

    What is not understood in it counts as not asked.

    Raises:
        StoreError: the store cannot serve now.
        ValueError: the week is none.
    """
    week = Week.parse(asked["week"]) if asked.get("week") else told_week(visit)
    schools = [school for school in visit.viewer.schools(visit.site) if visit.viewer.reads(school.key)]
    wanted = _understood(asked, {school.key for school in schools})
    air = weeks.of(visit, week)
    rows = [
        RoomRow(school, room, air.get((school.key, room.key)))
        for school in schools
        for room in visit.site.rooms_of(school.key)
    ]
    meant = [row for row in rows if _is_meant(row, wanted)]
    sort = wanted.get("sort", "above")
    down = wanted.get("order", "" if "sort" in wanted else "down") == "down"
    meant = ordered_by(meant, _COLUMNS[sort], lambda row: row.room.name.casefold(), descending=down)
    first = min(int(wanted.get("from", "0")), len(meant))
    limit_ppm = visit.site.settings.analytics.co2_limit_ppm
    return RoomsView(
        week=week,
        this_week=Week.of(visit.today),
        limit_ppm=limit_ppm,
        rows=meant[first : first + PAGE_ROWS],
        first=first,
        meant=len(meant),
        of=len(rows),
        columns=columns_of(
            _names(visit.say, visit.site.settings.analytics.co2_limit_ppm), wanted, sort, down=down
        ),
        asked={key: value for key, value in wanted.items() if key != "from"},
        schools=schools,
        highest={"mean": max((row.air.mean_ppm or 0.0 for row in meant if row.air), default=0.0)},
        earlier=_href(wanted, max(0, first - PAGE_ROWS)) if first else None,
        later=_href(wanted, first + PAGE_ROWS) if first + PAGE_ROWS < len(meant) else None,
    )


def _names(say: Language, limit_ppm: float) -> dict[str, str]:
    return {
        "name": say.text("Room"),
        "school": say.text("School"),
        "above": say.text("Time above %(limit)s ppm") % {"limit": say.number(limit_ppm)},
        "mean": say.text("Mean"),
        "coverage": say.text("Coverage"),
    }


def _is_meant(row: RoomRow, wanted: Mapping[str, str]) -> bool:
    words = wanted.get("q", "").casefold().split()
    least = LIMITS.get(wanted.get("above", ""))
    share = row.above_share
    return (
        all(word in f"{row.room.name} {row.room.key} {row.school.name}".casefold() for word in words)
        and wanted.get("school") in (None, row.school.key)
        and (least is None or (share is not None and share >= least))
    )


def _understood(asked: Mapping[str, str], schools: set[str]) -> dict[str, str]:
    known: dict[str, Callable[[str], bool]] = {
        "q": lambda text: bool(text.strip()),
        "school": lambda text: text in schools,
        "above": lambda text: text in LIMITS,
        "sort": lambda text: text in _COLUMNS,
        "order": lambda text: text == "down",
        "week": lambda text: bool(text),
        "from": lambda text: text.isascii() and text.isdigit() and len(text) < 7,
    }
    return {
        key: asked[key][:LONGEST_SEARCH] for key, fits in known.items() if key in asked and fits(asked[key])
    }


def _href(wanted: Mapping[str, str], first: int) -> str:
    return "?" + urlencode({**wanted, "from": str(first)})
