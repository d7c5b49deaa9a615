"""What may stand in ``mappings.toml``: the tables of a site's own mappings and their checks."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator

from classroom.quantity import QUANTITIES
from ingest.decoders.json_path import parse_path
from ingest.decoders.units import UNITS

_SEGMENT = re.compile(r"\{([a-z][a-z0-9_]*)\}", re.ASCII)
PLACE = re.compile(r"\{(?:json:([^{}]+)|([a-z][a-z0-9_]*))\}", re.ASCII)

_UNITLESS = ("1", "0/1", "0/1/2")

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=400)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ValueEntry(_Strict):
    """``[[mapping.value]]``: one place in the payload and what it means.

    A number found is multiplied by ``factor``, is then in ``unit`` and is converted to the quantity's unit. A
    number in ``sentinels`` (before the factor) is stored with a flag; ``words`` give texts a number.
    """

    path: Text
    quantity: str
    unit: Annotated[str, Field(validate_default=True)] = ""
    factor: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    sentinels: tuple[float, ...] = ()
    words: dict[str, Annotated[float, Field(allow_inf_nan=False)]] = {}

    @field_validator("path")
    @classmethod
    def _path(cls, text: str) -> str:
        parse_path(text)
        return text

    @field_validator("quantity")
    @classmethod
    def _quantity(cls, key: str) -> str:
        if key not in QUANTITIES:
            raise ValueError(f"no such quantity; one of {', '.join(QUANTITIES)}")
        return key

    @field_validator("factor")
    @classmethod
    def _factor(cls, factor: float) -> float:
        if factor == 0:
            raise ValueError("a factor of 0 makes every value 0; give the factor of the raw number")
        return factor

    @field_validator("unit")
    @classmethod
    def _unit(cls, unit: str, info: ValidationInfo) -> str:
        quantity = QUANTITIES.get(info.data.get("quantity", ""))
        if quantity is None:  # a fault of its own
            return unit
        known = UNITS.get(quantity.unit, {quantity.unit: (1.0, 0.0)})
        if unit not in known and (unit or quantity.unit not in _UNITLESS):
            raise ValueError(f"for {quantity.key} give one of {', '.join(known)}")
        return unit


class MappingEntry(_Strict):
    """``[[mapping]]`` as it is written."""

    topic: Text
    device: Text
    time: Text | None = None
    time_format: Text = "rfc3339"
    time_zone: Annotated[str | None, Field(validate_default=True)] = None
    value: Annotated[tuple[ValueEntry, ...], Field(min_length=1)]

    @field_validator("topic")
    @classmethod
    def _topic(cls, topic: str) -> str:
        names = []
        levels = topic.split("/")
        for place, level in enumerate(levels):
            named = _SEGMENT.fullmatch(level)
            if named:
                names.append(named[1])
            elif level == "#" and place < len(levels) - 1:
                raise ValueError("# stands for all the rest: put it last")
            elif level not in ("+", "#") and any(sign in level for sign in "+#{}"):
                raise ValueError("+, # and {name} each take a whole level between slashes")
        if len(set(names)) < len(names):
            raise ValueError("two levels have the same name")
        return topic

    @field_validator("time")
    @classmethod
    def _time(cls, text: str | None) -> str | None:
        if text is not None:
            parse_path(text)
        return text

    @field_validator("device")
    @classmethod
    def _device(cls, device: str, info: ValidationInfo) -> str:
        rest = PLACE.sub("", device)
        if "{" in rest or "}" in rest or not device.isprintable():
            raise ValueError("braces hold the name of a level or json:path, like {room} or {json:id}")
        names = _SEGMENT.findall(info.data.get("topic", device))
        for path, name in PLACE.findall(device):
            if path:
                parse_path(path)
            elif name not in names:
                raise ValueError(f"the topic has no level {{{name}}}")
        return device

    @field_validator("time_format")
    @classmethod
    def _format(cls, form: str) -> str:
        if form in ("rfc3339", "unix"):
            return form
        moment = datetime(2026, 3, 10, 12, 30, 15, tzinfo=UTC)
        try:
            if "%" in form:
                datetime.strptime(moment.strftime(form), form)  # noqa: DTZ007 - only tried
                return form
        except (ValueError, re.error):
            pass
        raise ValueError("give rfc3339, unix (s or ms), or a pattern like %Y-%m-%d %H:%M")

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str | None, info: ValidationInfo) -> str | None:
        form = info.data.get("time_format", "rfc3339")
        if name is None:
            if "%" in form and "%z" not in form:
                raise ValueError(
                    "the pattern of time_format is local; say of which zone, like Europe/Stockholm"
                )
            return name
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError("no such time zone; write one like Europe/Stockholm") from None
        return name


class MappingsFile(_Strict):
    """The whole file."""

    mapping: tuple[MappingEntry, ...] = ()
