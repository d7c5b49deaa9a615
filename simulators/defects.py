"""Defects planted in a school: what is wrong with the way it is run, from which day to which."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from classroom.faults import ConfigurationError, Fault
from classroom.places import Key
from classroom.section import Section
from classroom.site import Site


class DefectKind(StrEnum):
    """What can be planted; the last two save energy, and what they save is as exactly known."""

    HEATING_IN_HOLIDAYS = "heating_in_holidays"  # no setback when the school is empty
    VENTILATION_ALL_NIGHT = "ventilation_all_night"  # fans never stop
    VENTILATION_ON_CLOSED_DAYS = "ventilation_on_closed_days"  # fans know no weekend and no holiday
    HEATING_AT_NIGHT = "heating_at_night"  # no setback at any time
    HEATING_ON_WEEKENDS = "heating_on_weekends"  # no setback on closed days of term
    HEATING_STARTS_EARLY = "heating_starts_early"  # at one in the morning
    SETPOINT_HIGH = "setpoint_high"  # day set point, 23 °C if not said
    BASE_LOAD_UP = "base_load_up"  # by a share of what always runs, 0.20 if not said
    UNDERVENTILATED_ROOM = "underventilated_room"  # the share of its flow that is left, 0.35 if not said
    HEAT_MEASURE = "heat_measure"  # a new culvert: bought heat falls by exactly this share, 0.12 if not said
    INSULATION = "insulation"  # transmission losses fall by this share, 0.12 if not said


_SHARES = {
    DefectKind.BASE_LOAD_UP: 0.20,
    DefectKind.UNDERVENTILATED_ROOM: 0.35,
    DefectKind.HEAT_MEASURE: 0.12,
    DefectKind.INSULATION: 0.12,
}
_SETPOINT_C = 23.0


class Defect(Section):
    """One planted defect of a school, or a measure, from local day ``first`` to ``last`` (inclusive).

    Without ``last`` it stays. ``share`` and ``setpoint_c`` belong to some kinds only, as ``room`` does.
    """

    school: Key
    kind: DefectKind
    first: date
    last: date | None = None
    room: Key | None = None
    share: Annotated[float, Field(gt=0, lt=1)] | None = None
    setpoint_c: Annotated[float, Field(ge=15, le=28)] | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Defect:
        if self.last is not None and self.last < self.first:
            raise ValueError(f"last must not lie before first, {self.first}")
        if (self.room is None) == (self.kind is DefectKind.UNDERVENTILATED_ROOM):
            raise ValueError(
                f"room belongs to {DefectKind.UNDERVENTILATED_ROOM} and to nothing else; add or remove it"
            )
        if self.share is not None and self.kind not in _SHARES:
            raise ValueError(f"share belongs to {', '.join(_SHARES)}; remove it")
        if self.setpoint_c is not None and self.kind is not DefectKind.SETPOINT_HIGH:
            raise ValueError(f"setpoint_c belongs to {DefectKind.SETPOINT_HIGH}; remove it")
        return self

    @property
    def amount(self) -> float:
        """Its share, or its set point [°C]; 0 where the kind knows no amount."""
        if self.kind is DefectKind.SETPOINT_HIGH:
            return self.setpoint_c or _SETPOINT_C
        return self.share or _SHARES.get(self.kind, 0.0)

    def holds_on(self, day: date) -> bool:
        """Whether it is there on local ``day``."""
        return self.first <= day and (self.last is None or day <= self.last)


def check_places(site: Site, schools_and_rooms: list[tuple[str, str, str | None]], file: str) -> None:
    """Refuse what names a place that the site does not have; each is (key in the file, school, room).

    Raises:
        ConfigurationError: with every fault.
    """
    faults = []
    for key, school, room in schools_and_rooms:
        if school not in site.school_by_key:
            cure = f"no school has this key; schools.csv has {', '.join(sorted(site.school_by_key))}"
            faults.append(Fault(file, f"{key}.school", repr(school), cure))
        elif room is not None and (school, room) not in site.room_by_key:
            known = ", ".join(known.key for known in site.rooms_of(school))
            faults.append(
                Fault(file, f"{key}.room", repr(room), f"no room of {school} has this key; it has {known}")
            )
    if faults:
        raise ConfigurationError(faults)
