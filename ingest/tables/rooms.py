"""Which room a timetable means by what it calls it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping

from classroom.site import Site
from ingest.tables.names import room_shown

IGNORE = "ignore"


class RoomNames:
    """Finds rooms of a school by their key, their name, or a name that the mapping gives; counts the others.

    ``unknown`` counts lessons by what may be shown of their room's name.
    """

    def __init__(self, site: Site, school: str, own: Mapping[str, str]) -> None:
        self._keys = {_plain(room.name): room.key for room in site.rooms_of(school)}
        self._keys |= {_plain(room.key): room.key for room in site.rooms_of(school)}
        self._keys |= {_plain(name): key for name, key in own.items()}
        self.unknown: Counter[str] = Counter()
        self.nowhere = 0
        self.ignored = 0
        self.wheres: dict[str, str] = {}

    def keys(self, called: str, where: str) -> list[str]:
        """Keys of the rooms that ``called`` names, one or several; ``where`` is for people."""
        if not called.strip():
            self.nowhere += 1
            return []
        whole = self._keys.get(_plain(called))
        parts = [called] if whole else [part for part in re.split(r"[,;/+]| och ", called) if part.strip()]
        found = [self._keys.get(_plain(part)) for part in parts]
        if None in found:
            shown = room_shown(called)
            self.unknown[shown] += 1
            self.wheres.setdefault(shown, where)
            return []
        self.ignored += all(key == IGNORE for key in found)
        return [key for key in dict.fromkeys(found) if key is not None and key != IGNORE]


def _plain(name: str) -> str:
    return " ".join(name.casefold().split())
