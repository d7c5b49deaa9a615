"""What a school pays for energy: dated price rows that add up, without VAT."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator

from classroom.places import PATTERN_CURES, Hours, Key, Number, Row, Text
from classroom.quantity import Carrier
from classroom.timetable import parse_hours

_MONTHS = r"^(1[0-2]|[1-9])-(1[0-2]|[1-9])$"
_WEEKDAYS = r"^[1-7]-[1-7]$"
PATTERN_CURES |= {
    _MONTHS: "write the first and last month as 11-3",
    _WEEKDAYS: "write the first and last weekday as 1-5 (1 is Monday)",
}


class Component(StrEnum):
    """What a price is for; its unit stands behind it."""

    ENERGY = "energy"  # SEK/kWh: energy and transfer
    TAX = "tax"  # SEK/kWh: energy tax
    POWER = "power"  # SEK/kW and month: the month's highest power
    FLOW = "flow"  # SEK/m³: the water of district heating
    FIXED = "fixed"  # SEK/month: does not follow use
    EXPORT = "export"  # SEK/kWh: what is paid for electricity fed in


PER_KWH: frozenset[Component] = frozenset({Component.ENERGY, Component.TAX})
"""Components that every bought kWh pays."""


class TariffRow(Row):
    """One price of a carrier; all rows that hold at a time are added.

    A price that differs by season or time of day is a row that always holds and a row for the addition.
    ``months`` (11-3 goes over New Year), ``weekdays`` and ``hours`` (local) narrow a row; ``power`` rows take
    the mean of the ``peaks`` highest of the month, each on a day of its own, of ``peak_of`` mean powers,
    among the hours that the row names. A school's own rows for a carrier replace the site's (no ``school``).
    Of rows with one component and name those with the newest ``valid_from`` hold: last year's price need not
    be ended by hand.
    """

    identity = ("school", "carrier", "component", "name", "months", "weekdays", "hours", "valid_from")

    school: Key | None = None
    carrier: Carrier
    name: Text
    component: Component
    price_sek: Annotated[Number, Field(ge=-1_000, le=1_000_000)]
    months: Annotated[str, StringConstraints(pattern=_MONTHS)] | None = None
    weekdays: Annotated[str, StringConstraints(pattern=_WEEKDAYS)] | None = None
    hours: Hours | None = None
    peaks: Annotated[int, Field(ge=1, le=20)] = 1
    peak_of: Literal["hour", "day"] = "hour"
    valid_from: date | None = None
    valid_to: date | None = None
    source: Text | None = None

    @field_validator("hours")
    @classmethod
    def _hours_of_one_day(cls, hours: str | None) -> str | None:
        if hours is not None:
            try:
                parse_hours(hours)
            except ValueError as error:
                raise ValueError(f"write hours as 06:00-22:00, over midnight as two rows; {error}") from error
        return hours

    def holds_on(self, day: date) -> bool:
        """Whether local ``day`` lies in the row's season and weekdays."""
        return _within(day.month, self.months) and _within(day.isoweekday(), self.weekdays)


def tariff_of(rows: Iterable[TariffRow], school: str, carrier: Carrier) -> list[TariffRow]:
    """The rows of ``school`` for ``carrier``: its own if it has any, else those of the site."""
    mine = [row for row in rows if row.carrier is carrier and row.school in (None, school)]
    own = [row for row in mine if row.school is not None]
    return own or mine


def in_force(rows: Iterable[TariffRow], day: date) -> list[TariffRow]:
    """The rows of one tariff whose validity has local ``day``; their seasons and hours are not looked at."""
    valid = [
        row
        for row in rows
        if (row.valid_from is None or row.valid_from <= day) and (row.valid_to is None or day <= row.valid_to)
    ]
    newest: dict[tuple[str, str], date] = {}
    for row in valid:
        key = row.component, row.name
        newest[key] = max(newest.get(key, date.min), row.valid_from or date.min)
    return [row for row in valid if (row.valid_from or date.min) == newest[row.component, row.name]]


def _within(value: int, span: str | None) -> bool:
    if span is None:
        return True
    first, last = (int(part) for part in span.split("-"))
    return first <= value <= last if first <= last else value >= first or value <= last
