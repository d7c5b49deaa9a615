"""A site's own mappings (``mappings.toml``): devices nobody wrote a decoder for, without code.

Each ``[[mapping]]`` says a topic pattern, a device key and what stands where in the payload. All is checked
when the file is read; what a message holds is never guessed: a unit must be one of the quantity's.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.quantity import QUANTITIES, Kind
from ingest.decoders.describe import described
from ingest.decoders.json_path import Path, parse_path, step
from ingest.decoders.keys import concluded
from ingest.decoders.mapping_entries import PLACE, MappingEntry, MappingsFile, ValueEntry
from ingest.decoders.mappings.readers import Reader, UnusableError, finite, text_number, words
from ingest.decoders.mappings.table import Outcome
from ingest.decoders.times import epoch_or_none, instant
from ingest.decoders.units import UNITS
from ingest.message import Decoded, Message, Undecodable, Value

MAPPINGS_FILE = "mappings.toml"

_DEVICE_KEY_MAX = 200  # classroom.places.DeviceKey
_TRUTH = {"true": 1.0, "false": 0.0, "on": 1.0, "off": 0.0, "yes": 1.0, "no": 0.0, "1": 1.0, "0": 0.0}


@dataclass(frozen=True, slots=True)
class _Read:
    path: Path
    quantity: str
    read: Reader
    factor: float
    unit: tuple[float, float]
    sentinels: frozenset[float]


class CustomMapping:
    """A mapping ready for use; ``number`` counts the file's mappings from 1."""

    def __init__(self, entry: MappingEntry, number: int) -> None:
        self.entry = entry
        self.number = number
        self._levels = entry.topic.split("/")
        self._reads = tuple(_prepared(each) for each in entry.value)
        self._time = parse_path(entry.time) if entry.time else None
        self._zone = ZoneInfo(entry.time_zone) if entry.time_zone else None

    def match(self, topic: str) -> dict[str, str] | None:
        """The named levels of a topic that fits the pattern, else None."""
        levels = topic.split("/")
        if self._levels[-1] == "#":
            if len(levels) < len(self._levels) - 1:
                return None
        elif len(levels) != len(self._levels):
            return None
        names = {}
        for wanted, level in zip(self._levels, levels, strict=False):
            if wanted == "#":
                break
            if wanted.startswith("{"):
                names[wanted[1:-1]] = level
            elif wanted not in ("+", level):
                return None
        return names

    def decode(self, message: Message, document: object) -> Decoded | None:
        """What the message says; None where the topic does not fit or no path leads anywhere.

        ``document`` is the parsed payload, None if it is not JSON: then ``$`` is its text.

        Raises:
            Undecodable: bad_topic, wrong_type, no_reading.
        """
        names = self.match(message.topic)
        if names is None:
            return None
        root = _root(message, document)
        found = [(each, raw) for each in self._reads if (raw := step(root, each.path)) is not None]
        if not found:
            return None
        device = self._device(names, root)
        values: dict[str, Value] = {}
        rejected: list[str] = []
        for each, raw in found:
            if each.quantity in values:
                continue
            try:
                value = _value(each, raw)
            except UnusableError as fault:
                rejected.append(f"{each.quantity}: {fault}")
                continue
            if value is not None:
                values[each.quantity] = value
        outcome = Outcome("mapping", tuple(values.values()), tuple(rejected))
        return concluded(outcome, device, self._moment(root, device), names)

    def finds(self, message: Message, document: object) -> bool:
        """Whether something stands at one of the paths."""
        root = _root(message, document)
        return any(step(root, each.path) is not None for each in self._reads)

    def _device(self, names: dict[str, str], root: object) -> str:
        def fill(place: re.Match[str]) -> str:
            if place[2]:
                return names[place[2]]
            found = step(root, parse_path(place[1]))
            if isinstance(found, bool) or not isinstance(found, str | int):
                raise Undecodable("wrong_type", f"{place[1][:80]}: {described(found)} is no device key")
            return str(found)

        key = PLACE.sub(fill, self.entry.device)
        if not key.strip() or not key.isprintable() or len(key) > _DEVICE_KEY_MAX:
            raise Undecodable("bad_topic", "the device key is empty, too long or not printable")
        return key

    def _moment(self, root: object, device: str) -> datetime | None:
        raw = step(root, self._time) if self._time is not None else None
        if raw is None:
            return None
        try:
            return self._instant(raw)
        except (ValueError, OverflowError) as error:
            # Without its time an old reading would be stored as a new one: the whole message is kept aside.
            raise Undecodable("wrong_type", f"time: {error}"[:300], device) from None

    def _instant(self, raw: object) -> datetime:
        form = self.entry.time_format
        if form == "rfc3339":
            return instant(raw)
        if form == "unix":
            moment = epoch_or_none(raw)
            if moment is None:
                raise ValueError(f"{described(raw)} is not in seconds or milliseconds since 1970")
            return moment
        if not isinstance(raw, str):
            raise ValueError(f"{described(raw)} is not text")  # noqa: TRY004 - callers treat every bad time alike
        moment = datetime.strptime(raw, form)  # noqa: DTZ007 - the zone is added below
        return (moment if moment.tzinfo else moment.replace(tzinfo=self._zone)).astimezone(UTC)


def parse_mappings(text: str, file: str = MAPPINGS_FILE) -> tuple[CustomMapping, ...]:
    """The mappings of a file, in the order in which they are tried.

    Raises:
        ConfigurationError: with every fault: file, key, value, cure.
    """
    try:
        parsed = MappingsFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        fault = Fault(file, "(syntax)", str(error), "correct the TOML at that place")
        raise ConfigurationError([fault]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, file)) from error
    return tuple(CustomMapping(entry, number) for number, entry in enumerate(parsed.mapping, start=1))


def first(mappings: Sequence[CustomMapping], message: Message, document: object) -> Decoded | None:
    """What the first mapping that finds something says; None where none does."""
    for mapping in mappings:
        decoded = mapping.decode(message, document)
        if decoded is not None:
            return decoded
    return None


def _root(message: Message, document: object) -> object:
    return message.payload.decode(errors="replace") if document is None else document


def _prepared(entry: ValueEntry) -> _Read:
    quantity = QUANTITIES[entry.quantity]
    units = UNITS.get(quantity.unit, {quantity.unit: (1.0, 0.0)})
    read: Reader = text_number
    if entry.words:
        read = _worded({word.lower(): value for word, value in entry.words.items()})
    elif quantity.kind is Kind.STATE:
        read = _state
    unit = units[entry.unit] if entry.unit else (1.0, 0.0)
    return _Read(parse_path(entry.path), entry.quantity, read, entry.factor, unit, frozenset(entry.sentinels))


def _worded(meaning: dict[str, float]) -> Reader:
    read = words(**meaning)
    return lambda value: read(value.strip() if isinstance(value, str) else str(value).lower())


def _state(value: object) -> float | None:
    if isinstance(value, bool):
        return float(value)
    if isinstance(value, str) and value.strip().lower() in _TRUTH:
        return _TRUTH[value.strip().lower()]
    return text_number(value)


def _value(each: _Read, raw: object) -> Value | None:
    amount = each.read(raw)
    if amount is None:
        return None
    factor, offset = each.unit
    return Value(
        each.quantity, finite(amount * each.factor * factor + offset), None, amount in each.sentinels
    )
