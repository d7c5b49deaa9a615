"""From the keys of a codec's decoded object to quantities: one table a maker.

A network server's codec yields the maker's keys, not their meaning. Each table says by which keys its objects
are recognised and what each key means. What no table knows is not guessed.
"""

from __future__ import annotations

from collections import Counter

from ingest.decoders.mappings import generic, meters, rooms
from ingest.decoders.mappings.table import Mapping, Object, Outcome

__all__ = ["MAPPINGS", "from_normalized", "from_object"]

MAPPINGS: tuple[Mapping, ...] = (*meters.MAPPINGS, *rooms.MAPPINGS, *generic.MAPPINGS)
"""In the order in which they are tried: the particular ones first."""


def _index() -> dict[str, tuple[int, ...]]:
    """The tables (places in MAPPINGS) an object with a key can belong to: asking every table costs more."""
    places: dict[str, list[int]] = {}
    uses = Counter(key for mapping in MAPPINGS for key in mapping.all_of)
    for place, mapping in enumerate(MAPPINGS):
        rarest = sorted(mapping.all_of, key=lambda key: (uses[key], key))[:1]
        for key in mapping.root[:1] or rarest or mapping.any_of:
            places.setdefault(key, []).append(place)
    return {key: tuple(found) for key, found in places.items()}


_PLACES = _index()


def from_object(document: Object, f_port: int) -> Outcome | None:
    """What a decoded object says; None where no table knows it."""
    inner = document.get("data")
    if len(document) == 1 and isinstance(inner, dict):
        document = inner  # the result of a decodeUplink() passed on as it is
    places = {place for key in document for place in _PLACES.get(key, ())}
    for place in sorted(places):
        if (found := MAPPINGS[place].find(document, f_port)) is not None:
            return MAPPINGS[place].read(found)
    return None


def from_normalized(measurements: object) -> Outcome | None:
    """The Things Stack's normalized payload: a measurement or a list of them; None where none is of a room.

    Its ``battery`` should be volts but is percent in the field, so it is not read; a measurement with a time
    of its own is history the envelope's time would falsify, and is left out.
    """
    listed = measurements if isinstance(measurements, list) else [measurements]
    merged: Object = {}
    for each in listed:
        if isinstance(each, dict) and "time" not in each:
            for group in ("air", "action"):
                if isinstance(each.get(group), dict):
                    merged[group] = {**merged.get(group, {}), **each[group]}
    found = generic.NORMALIZED.find(merged, 0)
    return None if found is None else generic.NORMALIZED.read(found)
