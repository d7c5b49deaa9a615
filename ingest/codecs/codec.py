"""A codec a site has added: its script, which devices it is for, and what its keys mean.

::

    [match]                       # every line given must fit; dev_eui, brand and profile by their beginnings
    dev_eui = ["70b3d5"]
    profile = ["Acme Room"]
    f_port = [2]

    [[value]]
    path = "air.temperature"      # a list of steps where a key holds a dot: ["pm2.5"]
    quantity = "temperature_c"
    factor = 0.1                  # and offset, in the quantity's unit
    absent = [327.67, "NoSensor"] # what the maker writes for "not available"

    [[value]]
    path = "occupied"
    quantity = "occupancy"
    words = {yes = 1, no = 0}
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from classroom.faults import ConfigurationError, Fault, faults_of
from classroom.quantity import QUANTITIES, Kind
from ingest.decoders.describe import described
from ingest.decoders.lorawan import Uplink
from ingest.decoders.mappings.readers import UnusableError, finite, flag, number, words
from ingest.decoders.mappings.table import Outcome
from ingest.message import Value

SCRIPT_LIMIT = 2_000_000
"""Characters of a script; the largest the makers publish have a tenth."""


def _lower(value: object) -> object:
    if not isinstance(value, list):
        return value
    return [each.lower() if isinstance(each, str) else each for each in value]


Lower = Annotated[tuple[str, ...], BeforeValidator(_lower)]


class Match(BaseModel):
    """Which devices: each list that is given must hold one that fits."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    dev_eui: Lower = ()
    brand: Lower = ()
    profile: Lower = ()
    f_port: tuple[int, ...] = ()

    def fits(self, uplink: Uplink) -> bool:
        """Whether the codec is for ``uplink``."""
        brand, profile = (uplink.hints.get(key, "").lower() for key in ("brand", "profile"))
        return (
            (not self.dev_eui or uplink.device.startswith(self.dev_eui))
            and (not self.brand or brand in self.brand)
            and (not self.profile or profile.startswith(self.profile))
            and (not self.f_port or uplink.f_port in self.f_port)
        )


class KeyMeaning(BaseModel):
    """What one key of the codec's object means."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: tuple[str, ...]
    quantity: str
    factor: float = 1.0
    offset: float = 0.0
    absent: tuple[float | str, ...] = ()
    words: Mapping[str, float] = Field(default_factory=dict)

    @field_validator("path", mode="before")
    @classmethod
    def _steps(cls, value: object) -> object:
        return value.split(".") if isinstance(value, str) else value

    @field_validator("quantity")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in QUANTITIES:
            raise ValueError("no such quantity; docs/quantities.md names them")
        return value

    def read(self, document: object) -> float | None:
        """The value in the quantity's unit, None where the key is missing or says "not available".

        Raises:
            UnusableError: of a wrong type, or too large.
        """
        raw = document
        for step in self.path:
            if isinstance(raw, list) and step.isdecimal():
                raw = raw[int(step)] if int(step) < len(raw) else None
            else:
                raw = raw.get(step) if isinstance(raw, dict) else None
        if raw is None:
            return None
        if isinstance(raw, bool):
            return self._state(raw)
        if isinstance(raw, str | float | int) and raw in self.absent:
            return None
        amount = self._word(raw) if self.words else number(raw)
        return None if amount is None else finite(amount * self.factor + self.offset)

    def _word(self, raw: object) -> float | None:
        return words(**{key.lower(): value for key, value in self.words.items()})(raw)

    def _state(self, raw: object) -> float | None:
        if QUANTITIES[self.quantity].kind is not Kind.STATE:
            raise UnusableError(f"{described(raw)} is not a number")
        return flag(raw)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    match: Match
    value: Annotated[tuple[KeyMeaning, ...], Field(min_length=1)]
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Codec:
    """A checked codec. ``name`` is the file's, without its ending."""

    name: str
    script: str
    match: Match
    meanings: tuple[KeyMeaning, ...]

    def outcome(self, document: object) -> Outcome:
        """What the object the script gave says."""
        values: dict[str, Value] = {}
        rejected: list[str] = []
        for meaning in self.meanings:
            try:
                amount = meaning.read(document)
            except UnusableError as fault:
                rejected.append(f"{'.'.join(meaning.path)[:80]}: {fault}")
                continue
            if amount is not None:
                values.setdefault(meaning.quantity, Value(meaning.quantity, amount))
        return Outcome(f"codec-{self.name}", tuple(values.values()), tuple(rejected))


def digest(script: str) -> str:
    """What pins a script's version."""
    return hashlib.sha256(script.encode()).hexdigest()


def parse_codec(name: str, script: str, mapping: str, file: str) -> Codec:
    """A codec from its script and its mapping's text; ``file`` is the mapping's name for people.

    Raises:
        ConfigurationError: with everything that is wrong with the mapping, or the script is not the one the
            mapping was reviewed for (``sha256``).
    """
    try:
        parsed = _File.model_validate(tomllib.loads(mapping))
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError([Fault(file, "(file)", str(error), "correct the TOML")]) from None
    except ValidationError as error:
        raise ConfigurationError(faults_of(error, file)) from None
    faults = []
    if not (parsed.match.dev_eui or parsed.match.brand or parsed.match.profile):
        cure = "give dev_eui, brand or profile: a codec must not be tried on every maker's bytes"
        faults.append(Fault(file, "match", "f_port alone" if parsed.match.f_port else "empty", cure))
    if len(script) > SCRIPT_LIMIT:
        faults.append(Fault(f"{name}.js", "(file)", f"{len(script)} characters", f"at most {SCRIPT_LIMIT}"))
    if parsed.sha256 and parsed.sha256 != digest(script):
        cure = "the script is not the reviewed one; review it and add it again (devices codec add --replace)"
        faults.append(Fault(file, "sha256", parsed.sha256[:12] + "…", cure))
    if faults:
        raise ConfigurationError(faults)
    return Codec(name, script, parsed.match, parsed.value)
