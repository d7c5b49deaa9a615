"""Mappings: what stands where in a file, in which unit and in which time. Written in TOML, checked when read.

What a mapping does not say is not guessed: the time basis, what a time stands for and the unit must be named.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import datetime
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import DeviceKey
from classroom.quantity import INTERVAL_S, QUANTITIES, Kind
from ingest.decoders.units import UNITS

Basis = Literal["normaltid", "local", "utc", "offset"]
"""Whose clock a file's times are: UTC+1 all year, the site's own with summer time, UTC, or written with each
time (``+01:00``, ``Z``)."""

Length = Literal["15min", "hour", "day", "month", "year", "columns"]
"""Length of an interval; ``columns``: from start to end, as the row itself says."""

SEPARATORS = {"": "", "space": " \u00a0\u2007\u2009\u202f", "dot": ".", "comma": ",", "apostrophe": "'’"}
"""What groups thousands; ``space`` is any of the blanks that spreadsheets use."""

MEASURES = ("consumption", "export", "direction", "bill")
"""Words for quantities whose key follows from the interval's length (or the row's direction)."""

_UNITS: dict[str, dict[str, tuple[float, float]]] = {
    **UNITS,
    "m/s": {"m/s": (1, 0), "meter per sekund": (1, 0), "knop": (0.514444, 0)},
    "W/m²": {"W/m²": (1, 0), "W/m2": (1, 0), "watt per kvadratmeter": (1, 0)},
    "°C": {**UNITS["°C"], "celsius": (1, 0), "degree celsius": (1, 0)},
    "%": {**UNITS["%"], "procent": (1, 0), "percent": (1, 0)},
}


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""One name, or several of which the first that is there counts."""


class Part(BaseModel):
    """A table of a mapping; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class FilePart(Part):
    """How the file is written. ``auto``: UTF-8 with or without BOM, else Windows-1252; the delimiter that the
    header row holds most of."""

    encoding: Literal["auto", "utf-8", "cp1252", "latin-1", "utf-16"] = "auto"
    delimiter: Literal["auto", ";", ",", "\t", "|"] = "auto"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", "space", "dot", "comma", "apostrophe"] = ""
    sheet: str | None = None
    missing: tuple[str, ...] = ("", "-", "–")
    skip_rows: tuple[str, ...] = ("summa", "totalt", "total", "sum")
    no_header: tuple[str, ...] = ()


class TimePart(Part):
    """Where a row's time stands and whose clock it is."""

    column: Names
    clock_column: Names = ()
    end_column: Names = ()
    format: Names = ("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d")
    basis: Basis
    stands_for: Literal["start", "end", "instant"]
    interval: Length | None = None
    last_day: Literal["included", "excluded"] = "included"
    repeated_hour: Literal["refuse", "first", "second"] = "refuse"


class DevicePart(Part):
    """Which device (meter, station) a row speaks of: one key, a column, or a name in the lines above."""

    key: DeviceKey | None = None
    column: Names = ()
    preamble: Names = ()
    prefix: str = ""


class ValuePart(Part):
    """A column of values. ``quantity`` is a key of the table of quantities, or one of MEASURES."""

    column: Names
    quantity: str
    unit: str | None = None
    unit_column: Names = ()
    unit_preamble: Names = ()
    device: DeviceKey | None = None
    factor: Annotated[float, Field(allow_inf_nan=False)] = 1.0
    optional: bool = False

    @model_validator(mode="after")
    def _known(self) -> ValuePart:
        quantity = QUANTITIES.get(self.quantity)
        if self.quantity not in MEASURES and (quantity is None or quantity.kind is Kind.INTERVAL):
            raise ValueError(f"quantity is one of {', '.join(MEASURES)}, or a key of docs/quantities.md")
        units = self.units()
        if self.unit is not None and self.unit not in units:
            raise ValueError(f"unit is one of {', '.join(units)}")
        if self.unit is None and not self.unit_column and not self.unit_preamble:
            raise ValueError("name the unit: unit, unit_column or unit_preamble")
        return self

    def units(self) -> dict[str, tuple[float, float]]:
        """Units that may stand there: factor and offset into the quantity's own."""
        unit = "kWh" if self.quantity in MEASURES else QUANTITIES[self.quantity].unit
        return _UNITS.get(unit, {unit: (1.0, 0.0)})


class WordsPart(Part):
    """Which way the energy of a row went, by the words in a column."""

    column: Names
    consumption: tuple[str, ...] = ()
    export: tuple[str, ...] = ()


class QualityPart(Part):
    """What the codes of a column say: ``good``, ``estimated`` (kept and counted), ``missing`` (left out)."""

    column: Names
    good: tuple[str, ...] = ()
    estimated: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()


class BillPart(Part):
    """Whether a bill is ``final`` or will be corrected, by the words in a column; without one all are
    ``status``."""

    column: Names = ()
    calculated: tuple[str, ...] = ()
    final: tuple[str, ...] = ()
    status: Literal["calculated", "final"] = "final"


class SpanPart(Part):
    """Which times are kept, from the first to before the last; without an offset they are the site's."""

    start: datetime | None = Field(default=None, alias="from")
    end: datetime | None = Field(default=None, alias="to")

    @property
    def ends(self) -> tuple[datetime | None, datetime | None]:
        """Both."""
        return self.start, self.end


class Mapping(Part):
    """A mapping. ``only`` names rows to read: column and the words that may stand in it. ``fill_only`` leaves
    alone what is stored already: a later file of less worth corrects nothing.
    """

    name: str = ""
    title: str = ""
    file: FilePart = FilePart()
    time: TimePart
    device: DevicePart = DevicePart()
    value: Annotated[tuple[ValuePart, ...], Field(min_length=1)]
    direction: WordsPart | None = None
    quality: QualityPart | None = None
    bill: BillPart = BillPart()
    only: dict[str, tuple[str, ...]] = {}
    span: SpanPart = SpanPart()
    fill_only: bool = False

    @model_validator(mode="after")
    def _whole(self) -> Mapping:
        named = self.device.key or self.device.column or self.device.preamble
        if not named and any(value.device is None for value in self.value):
            raise ValueError("say which device: device.key, device.column, device.preamble, or value.device")
        asked = {value.quantity for value in self.value}
        if asked & set(MEASURES):
            self._intervals(asked)
        elif self.time.interval is not None or self.time.stands_for != "instant":
            raise ValueError('registers and weather are instants: time.stands_for = "instant", no interval')
        if "direction" in asked and self.direction is None:
            raise ValueError("quantity direction needs a table [direction]")
        return self

    def _intervals(self, asked: set[str]) -> None:
        time = self.time
        if asked - set(MEASURES) or ("bill" in asked and len(asked) > 1):
            raise ValueError("a file holds either intervals, or bills, or instants; write a mapping for each")
        if time.interval is None or time.stands_for == "instant":
            raise ValueError("energy of intervals needs time.interval, and time.stands_for start or end")
        if time.interval == "columns" and (not time.end_column or time.stands_for != "start"):
            raise ValueError('interval columns needs time.end_column and time.stands_for = "start"')
        if ("bill" in asked) != (time.interval in ("month", "year")) and time.interval != "columns":
            raise ValueError("bills are of a month, a year or columns; hours and days are no bills")
        if "bill" in asked and time.stands_for == "end":
            raise ValueError('a bill is named by its first day, month or year: time.stands_for = "start"')


def parse_mapping(text: str, file: str) -> Mapping:
    """The mapping of a TOML text.

    Raises:
        ConfigurationError: with every fault: file, key, value, cure.
    """
    try:
        return Mapping.model_validate({"name": file, **tomllib.loads(text)})
    except tomllib.TOMLDecodeError as error:
        fault = Fault(file, "(syntax)", str(error), "correct the TOML at that place")
        raise ConfigurationError([fault]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, file)) from error


def shipped() -> Sequence[str]:
    """Names of the mappings that come with the program."""
    folder = files("ingest.imports") / "shipped"
    return sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml"))


def shipped_text(name: str) -> str | None:
    """The text of a shipped mapping; None if there is none of that name."""
    if not re.fullmatch(r"[a-z0-9-]+", name) or name not in shipped():
        return None
    return (files("ingest.imports") / "shipped" / f"{name}.toml").read_text(encoding="utf-8")


def quantities_of(measure: str, length_s: int) -> str:
    """The quantity of ``consumption`` or ``export`` of an interval of so many seconds."""
    prefix = {"consumption": "energy", "export": "export"}[measure]
    return f"{prefix}_of_{next(name for name, s in INTERVAL_S.items() if s == length_s)}_kwh"
