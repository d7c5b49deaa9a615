"""Faults of configuration: all of them at once, each with file, key, value and cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from pydantic import ValidationError

from classroom.cures import cure_of


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
    """Translate a pydantic error: one fault a field, its cure in plain words."""
    faults = []
    for detail in error.errors(include_url=False):
        key = ".".join(str(part) for part in detail["loc"]) or "(table)"
        value = "missing" if detail["type"] == "missing" else _shown(detail["input"])
        if detail["type"].startswith("union_tag"):
            key = f"{key}.{detail['ctx']['discriminator'].strip(chr(39))}"
            value = repr(detail["ctx"].get("tag", "missing"))
            cure = f"write one of {detail['ctx'].get('expected_tags', 'those of the documentation')}"
        else:
            cure = cure_of(detail)
        faults.append(Fault(file, f"{where}{key}", value, cure))
    return faults


def _shown(value: object) -> str:
    """A value as the file has it, cut to 80 signs."""
    if isinstance(value, bool):
        return str(value).lower()
    return (value.isoformat() if isinstance(value, date) else repr(value))[:80]
