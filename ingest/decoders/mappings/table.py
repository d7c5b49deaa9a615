"""The shape of a mapping table and the small interpreter that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from classroom.quantity import QUANTITIES
from ingest.decoders.mappings.readers import Reader, UnusableError, finite, number
from ingest.message import Value

Object = dict[str, Any]
"""A parsed JSON object."""

_CLOCK_SET = datetime(2010, 1, 1, tzinfo=UTC).timestamp()
_CLOCK_END = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


class Outcome(NamedTuple):
    """What was read, what had to be left out, hints; ``channel`` where a device holds several meters."""

    family: str
    values: tuple[Value, ...]
    rejected: tuple[str, ...] = ()
    hints: dict[str, str] | None = None
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One key: where it stands, what it means and how it is read.

    ``factor`` converts to the quantity's unit; a number in ``sentinels`` (before the factor) is the maker's
    "not available". Of several fields of the same quantity the first that is present counts.
    """

    quantity: str
    path: tuple[str, ...]
    read: Reader = number
    factor: float = 1.0
    sentinels: frozenset[float] = frozenset()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A codec's objects: how they are recognised and what their keys mean.

    An object is recognised if ``root`` leads to an object that has every key of ``all_of``, one of ``any_of``
    (if given), none of ``none_of``, the texts of ``equals``, on one of ``f_ports`` (if given). ``rows`` reads
    what a table cannot say (lists of registers). ``within_limits`` drops values the assumed unit makes
    impossible. ``clock`` leads to the values' own time where the device logs [s since 1970]. ``hints`` are
    pairs of hint and key; ``channel`` names the keys that tell several meters of a device apart.
    """

    family: str
    fields: tuple[Field, ...]
    all_of: frozenset[str] = frozenset()
    any_of: frozenset[str] = frozenset()
    none_of: frozenset[str] = frozenset()
    equals: tuple[tuple[str, str], ...] = ()
    f_ports: frozenset[int] = frozenset()
    root: tuple[str, ...] = ()
    rows: Callable[[Object], tuple[list[Value], list[str]]] | None = None
    within_limits: bool = False
    clock: tuple[str, ...] = ()
    hints: tuple[tuple[str, str], ...] = ()
    channel: tuple[str, ...] = ()

    def find(self, document: Object, f_port: int) -> Object | None:
        """The object the fields are read from, None where the document is not this codec's."""
        if self.f_ports and f_port not in self.f_ports:
            return None
        for step in self.root:
            inner = document.get(step)
            if not isinstance(inner, dict):
                return None
            document = inner
        keys = document.keys()
        if not (self.all_of <= keys and self.none_of.isdisjoint(keys)):
            return None
        if self.any_of and self.any_of.isdisjoint(keys):
            return None
        if any(document.get(key) != text for key, text in self.equals):
            return None
        return document

    def read(self, found: Object) -> Outcome:
        """Every value of a recognised object; what is present and unusable is named in ``rejected``."""
        values, rejected = self.rows(found) if self.rows else ([], [])
        seen: set[str] = set()
        moment = _logged(_step(found, self.clock)) if self.clock else None
        for each in self.fields:
            if each.quantity in seen:
                continue
            raw = _step(found, each.path)
            if raw is None:
                continue
            try:
                value = each.read(raw)
                scaled = None if value is None else finite(value * each.factor)
            except UnusableError as fault:
                rejected.append(f"{'.'.join(each.path)[:80]}: {fault}")
                continue
            if value is None or scaled is None:
                continue
            limits = QUANTITIES[each.quantity]
            if self.within_limits and not limits.within_limits(scaled):
                rejected.append(f"{'.'.join(each.path)[:80]}: {scaled:g} cannot be in {limits.unit}")
                continue
            seen.add(each.quantity)
            values.append(Value(each.quantity, scaled, moment, value in each.sentinels))
        hints = {name: _text(found.get(key)) for name, key in self.hints if key in found}
        channel = _channel([found.get(key) for key in self.channel])
        return Outcome(self.family, tuple(values), tuple(rejected), hints, channel)


def _step(raw: object, path: tuple[str, ...]) -> object:
    for step in path:
        raw = raw.get(step) if isinstance(raw, dict) else None
    return raw


def _logged(seconds: object) -> datetime | None:
    """The instant of a device's clock; None if it is not set."""
    if isinstance(seconds, int | float) and _CLOCK_SET <= seconds < _CLOCK_END:
        return datetime.fromtimestamp(seconds, UTC)
    return None


def _channel(parts: list[object]) -> str:
    """``[2, "C"]`` as a part of a device key, ``ch2c``."""
    joined = "".join(_text(part) for part in parts).lower()[:20]
    return f"ch{joined}" if joined.isalnum() else ""


def _text(value: object) -> str:
    """A key's value as text; codecs passed through ChirpStack make 2 a 2.0."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))[:40]
    return str(value)[:40] if isinstance(value, str | int) else ""
