"""What is simulated: ``simulation.toml`` beside the site's files."""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from typing import Annotated

from pydantic import AwareDatetime, Field, ValidationError, model_validator

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.places import DeviceKey, Key
from classroom.settings import Section

SCENARIO_FILE = "simulation.toml"


class Pause(Section):
    """Silence from ``start`` to ``end`` (half open) of one device, one school, or everything (neither named).

    The school goes on behind it: registers count, only the messages are missing.
    """

    start: AwareDatetime
    end: AwareDatetime
    device: DeviceKey | None = None
    school: Key | None = None

    @model_validator(mode="after")
    def _ends_after_start(self) -> Pause:
        if self.end <= self.start:
            raise ValueError(f"a pause must end after its start {self.start.isoformat()}")
        return self

    def covers(self, device: str, school: str, time: datetime) -> bool:
        """Whether ``device`` of ``school`` is silent at ``time``."""
        return (
            self.start <= time < self.end and self.device in (None, device) and self.school in (None, school)
        )


class Scenario(Section):
    """The simulated town is a pure function of this, the site's tables and the program's version.

    ``first_day`` (UTC) is where registers start; the same file gives the same town tomorrow, so live messages
    go on where history ended. LoRaWAN devices (a device key of 16 hex digits) speak through ChirpStack v4,
    those in ``the_things_stack`` through The Things Stack v3.
    """

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 1
    first_day: Annotated[date, Field(ge=date(1990, 1, 1), le=date(2100, 1, 1))]
    the_things_stack: tuple[DeviceKey, ...] = ()
    pauses: tuple[Pause, ...] = ()


def parse_scenario(text: str) -> Scenario:
    """The scenario in the text of a ``simulation.toml``.

    Raises:
        ConfigurationError: with every fault.
    """
    try:
        return Scenario.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        fault = Fault(SCENARIO_FILE, "(syntax)", str(error), "correct the TOML at that place")
        raise ConfigurationError([fault]) from error
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, SCENARIO_FILE)) from error
