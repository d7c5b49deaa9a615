"""For technicians: parts of the service, devices, those that wait for a place, dead letters, storage."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from api.context import DeadLetter, Health, PartHealth, Sighting
from api.pages.language import Language
from api.pages.sensors import Sensor, placed_sensors
from api.pages.visit import Visit
from classroom.places import School
from store.base import StoreInfo

PAGE_ROWS = 100
_LETTERS = 8
_EXCERPT = 160


@dataclass(frozen=True, slots=True)
class Pending:
    """A device that is heard but hangs nowhere, with the command that would place it."""

    sighting: Sighting
    suggested: str
    command: str


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A dead letter as a row: its payload cut, what cannot be printed replaced."""

    letter: DeadLetter
    excerpt: str


@dataclass(frozen=True, slots=True)
class OperationsView:
    """The page; ``sensors`` are those of this page of the list."""

    parts: list[Health]
    schools: list[School]
    asked: Mapping[str, str]
    sensors: list[Sensor]
    meant: int
    placed: int
    troubled: int
    first: int
    earlier: str | None
    later: str | None
    pending: list[Pending]
    letters: list[LetterLine]
    reasons: list[tuple[str, int]]
    store: StoreInfo
    counts: list[tuple[str, str]]


def operations_view(visit: Visit, asked: Mapping[str, str]) -> OperationsView:
    """The page for ``asked``: ``school``, ``show=all`` (else those in trouble) and ``from`` of the list.

    Raises:
        StoreError: the store cannot serve now.
    """
    context, site = visit.context, visit.site
    school = asked.get("school") if asked.get("school") in site.school_by_key else None
    everything = placed_sensors(visit, school)
    troubled = [sensor for sensor in everything if sensor.trouble]
    meant = everything if asked.get("show") == "all" else troubled
    first = min(_number(asked.get("from")), len(meant))
    kept = {"school": school, "show": "all" if asked.get("show") == "all" else None}
    named = {key: value for key, value in kept.items() if value}
    info = context.store.info()
    parts: list[Health] = [PartHealth("store", True, f"{info.kind} {info.version}")]
    parts += [part for part in context.health() if part.name != "store"]  # the store was asked itself
    return OperationsView(
        parts=parts,
        schools=sorted(site.schools, key=lambda one: one.name.casefold()),
        asked=named,
        sensors=meant[first : first + PAGE_ROWS],
        meant=len(meant),
        placed=len(everything),
        troubled=len(troubled),
        first=first,
        earlier=_href(named, max(0, first - PAGE_ROWS)) if first else None,
        later=_href(named, first + PAGE_ROWS) if first + PAGE_ROWS < len(meant) else None,
        pending=_pending(visit),
        letters=[LetterLine(letter, _excerpt(letter)) for letter in context.letters.list(limit=_LETTERS)],
        reasons=sorted(context.letters.count_by_reason().items(), key=lambda pair: -pair[1]),
        store=info,
        counts=_counts(context.registry.get_sample_value, visit.say),
    )


def _pending(visit: Visit) -> list[Pending]:
    site, found = visit.site, []
    for sighting in sorted(visit.context.sightings.sightings(), key=lambda s: s.last_seen, reverse=True):
        if sighting.device in site.station_keys or site.placement(sighting.device, visit.now) is not None:
            continue
        school, room = sighting.hints.get("school"), sighting.hints.get("room")
        known = school in site.school_by_key
        placed = known and (school, room) in site.room_by_key
        suggested = f"{school}/{room}" if placed else school if known and school else ""
        words = [
            "classroom-climate devices assign",
            shlex.quote(sighting.device),
            f"--school {shlex.quote(school) if known and school else 'SCHOOL'}",
            f"--room {shlex.quote(room) if placed and room else 'ROOM'}",
        ]
        found.append(Pending(sighting, suggested, " ".join(words)))
    return found


def _excerpt(letter: DeadLetter) -> str:
    text = letter.message.payload[: _EXCERPT * 2].decode("utf-8", "replace")
    clean = "".join(sign if sign.isprintable() else " " for sign in text)
    return clean[:_EXCERPT] + ("…" if len(clean) > _EXCERPT or letter.size > _EXCERPT * 2 else "")


def _counts(sample: Callable[[str], float | None], say: Language) -> list[tuple[str, str]]:
    """What the process has counted since its start, as far as it counts it."""
    names = (
        ("classroom_messages_received_total", say.text("Messages received")),
        ("classroom_readings_stored_total", say.text("Readings stored")),
        ("classroom_readings_duplicate_total", say.text("Duplicates dropped")),
        ("classroom_spool_depth", say.text("Messages that wait")),
        ("classroom_spool_bytes", say.text("Spool in use")),
        ("classroom_live_readers", say.text("Open screens and pages")),
    )
    found = []
    for name, label in names:
        value = sample(name)
        if value is not None:
            megabytes = name.endswith("_bytes")
            shown = f"{say.number(value / 1e6, 1)} MB" if megabytes else say.number(value)
            found.append((label, shown))
    return found


def _number(text: str | None) -> int:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 7 else 0


def _href(named: Mapping[str, str], first: int) -> str:
    return "?" + urlencode({**named, "from": str(first)})
