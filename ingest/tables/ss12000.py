"""SS 12000:2020 (SIS): dated lessons from the collections that a school's systems give each other as JSON.

Of calendarEvents, activities, groups and rooms only what says when, where and how many is kept; persons are
counted by their id and forgotten. Keys that could hold a name are dropped while the text is parsed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from ingest.imports.refusal import FileFault, FileRefused, refused
from ingest.tables.sheets import FILE_LIMIT_BYTES, decoded

_COLLECTIONS = ("calendarEvents", "activities", "groups", "rooms")
_KEPT = frozenset(
    (
        *(
            "data",
            "pageToken",
            *_COLLECTIONS,
            "id",
            "activity",
            "person",
            "student",
            "displayName",
            "_embedded",
        ),
        *("startTime", "endTime", "cancelled", "groupMemberships", "startDate", "endDate", "groupType"),
        *("calendarEventsRequired", "studentExceptions", "participates", "seats", "owner"),
    )
)
_NAMELESS = frozenset(("person", "student"))

Item = dict[str, Any]


class DatedEvent(NamedTuple):
    """A calendarEvent by the clocks of the site: the names of its rooms, and persons (None: not told)."""

    start: datetime
    end: datetime
    rooms: list[str]
    persons: int | None


@dataclass
class Ss12000:
    """The collections of all files by the id of their items."""

    calendar_events: dict[str, tuple[str, Item]] = field(default_factory=dict)
    activities: dict[str, Item] = field(default_factory=dict)
    groups: dict[str, Item] = field(default_factory=dict)
    rooms: dict[str, Item] = field(default_factory=dict)
    unfinished: list[str] = field(default_factory=list)

    def notes(self) -> list[str]:
        """What people should know of the files."""
        found = [f"{name}: more pages follow (pageToken); give all of them" for name in self.unfinished]
        cancelled = sum(item.get("cancelled") is True for _, item in self.calendar_events.values())
        if cancelled:
            found.append(f"{cancelled} cancelled lessons are left out")
        if not self.groups:
            found.append("no groups are given, so that group sizes are not known")
        return found

    def events(self, zone: ZoneInfo) -> Iterator[DatedEvent]:
        """The events that were not cancelled.

        Raises:
            FileRefused: an event has no time that can be read.
        """
        faults: list[FileFault] = []
        for number, (name, item) in enumerate(self.calendar_events.values(), start=1):
            if item.get("cancelled") is True:
                continue
            times = [_time(item.get(key), zone) for key in ("startTime", "endTime")]
            if times[0] is None or times[1] is None or times[1] <= times[0]:
                cure = "startTime and endTime are times as 2026-08-18T08:10:00+02:00, the end after the start"
                faults.append(FileFault(name, number, "calendarEvents", "", cure))
            else:
                yield DatedEvent(times[0], times[1], self._rooms(item), self._persons(item, times[0].date()))
        if faults:
            raise FileRefused(faults[:20], max(0, len(faults) - 20))

    def _rooms(self, event: Item) -> list[str]:
        found = []
        for room in _items(event.get("rooms")):
            known = self.rooms.get(str(room.get("id")), {})
            found.append(str(known.get("displayName") or room.get("displayName") or room.get("id") or ""))
        return found

    def _persons(self, event: Item, day: date) -> int | None:
        """Distinct members on ``day`` of the groups of the event's activity, exceptions taken in."""
        embedded = _item(_item(event.get("_embedded")).get("activity"))
        activity = self.activities.get(str(_item(event.get("activity")).get("id")), embedded)
        groups = [self.groups.get(str(group.get("id"))) for group in _items(activity.get("groups"))]
        members: set[str] = set()
        for group in groups:
            if group is None or "groupMemberships" not in group:
                return None
            members |= {
                str(_item(one.get("person")).get("id"))
                for one in _items(group["groupMemberships"])
                if _holds(one, day)
            }
        for exception in _items(event.get("studentExceptions")):
            who = str(_item(exception.get("student")).get("id"))
            if exception.get("participates") is True:
                members.add(who)
            elif exception.get("participates") is False:
                members.discard(who)
        return len(members) if groups else None


def is_json(path: Path) -> bool:
    """Whether a file begins as JSON does."""
    with path.open("rb") as file:
        return file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def read_collections(paths: Sequence[Path]) -> Ss12000:
    """The collections of several files: an endpoint's answers (``{"data": [...]}``), lists, or an object with
    ``calendarEvents``, ``activities``, ``groups`` and ``rooms``.

    Raises:
        FileRefused: a file is no JSON, or holds nothing of that.
    """
    found = Ss12000()
    for path in paths:
        if path.stat().st_size > FILE_LIMIT_BYTES:
            raise refused(path.name, f"larger than {FILE_LIMIT_BYTES / 1e6:.0f} MB; give it page by page")
        try:
            content = json.loads(decoded(path.read_bytes(), path.name), object_hook=_nameless)
        except (json.JSONDecodeError, RecursionError):
            raise refused(path.name, "damaged JSON; export it again") from None  # the error holds the text
        if not _take(content, path.name, found):
            cure = "no calendarEvents, activities, groups or rooms of SS 12000 in it"
            raise refused(path.name, cure)
    if not found.calendar_events:
        raise refused(paths[0].name, "no calendarEvents are given, and only they say when lessons are")
    return found


def _nameless(item: Item) -> Item:
    """An object without what is not needed; references to persons keep their id only."""
    kept = {key: value for key, value in item.items() if key in _KEPT}
    for key in _NAMELESS & kept.keys():
        kept[key] = {"id": _item(kept[key]).get("id")}
    if "seats" not in kept and "owner" not in kept and "groupMemberships" in kept:
        kept.pop("displayName", None)
    return kept


def _take(content: object, name: str, found: Ss12000) -> bool:
    """Sort the items of a file into their collections; whether there were any."""
    taken = False
    if isinstance(content, dict):
        if content.get("pageToken"):
            found.unfinished.append(name)
        for collection in (*_COLLECTIONS, "data"):
            if isinstance(content.get(collection), list):
                taken = True
                for item in _items(content[collection]):
                    _sort_in(item, name, found)
    elif isinstance(content, list):
        taken = True
        for item in _items(content):
            _sort_in(item, name, found)
    return taken


def _sort_in(item: Item, name: str, found: Ss12000) -> None:
    """Put an item into the collection that its required properties show."""
    key = str(item.get("id"))
    if "startTime" in item and "activity" in item:
        found.calendar_events[key] = (name, item)
    elif "groupType" in item or "groupMemberships" in item:
        found.groups[key] = item
    elif "groups" in item or "calendarEventsRequired" in item:
        found.activities[key] = item
    elif "owner" in item or "seats" in item:
        found.rooms[key] = item


def _items(value: object) -> list[Item]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _item(value: object) -> Item:
    return value if isinstance(value, dict) else {}


def _holds(membership: Item, day: date) -> bool:
    first, last = membership.get("startDate"), membership.get("endDate")
    return (not first or str(first)[:10] <= day.isoformat()) and (
        not last or day.isoformat() <= str(last)[:10]
    )


def _time(value: object, zone: ZoneInfo) -> datetime | None:
    """A time as the clocks of ``zone`` show it; without an offset it is theirs already."""
    try:
        time = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return time.astimezone(zone).replace(tzinfo=None) if time.tzinfo is not None else time
