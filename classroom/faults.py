"""Faults of configuration: all of them at once, each with file, key, value and cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import ValidationError

from classroom.places import PATTERN_CURES


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with the configuration and what would cure it."""

    file: str
    key: str
    value: str
    cure: str

    def __str__(self) -> str:
        return f"{self.file}: {self.key} = {self.value}: {self.cure}"


class ConfigurationError(Exception):
    """The configuration is refused; ``faults`` names everything that is wrong with it."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(str(fault) for fault in self.faults))


def faults_of(error: ValidationError, file: str, where: str = "") -> list[Fault]:
    """Translate a pydantic error: one fault a field, its cure from pydantic's own words."""
    faults = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"]) or "(table)"
        value = "missing" if detail["type"] == "missing" else repr(detail["input"])[:80]
        if detail["type"].startswith("union_tag"):
            key = f"{key}.{detail['ctx']['discriminator'].strip(chr(39))}"
            value = repr(detail["ctx"].get("tag", "missing"))
            cure = f"write one of {detail['ctx'].get('expected_tags', 'those of the documentation')}"
        elif detail["type"] == "extra_forbidden":
            cure = "this key is not known; remove it or correct its spelling"
        elif detail["type"] == "missing":
            cure = "add it"
        elif detail["type"] == "string_pattern_mismatch":
            cure = PATTERN_CURES.get(detail["ctx"]["pattern"], detail["msg"])
        else:
            cure = detail["msg"].removeprefix("Value error, ")
        faults.append(Fault(file, f"{where}{key}", value, cure))
    return faults
