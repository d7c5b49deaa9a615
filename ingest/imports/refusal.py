"""Why a file is refused: where, what stands there, and what would cure it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class FileFault(NamedTuple):
    """One thing that is wrong with a file. ``row`` counts lines (or rows of a sheet) from 1, 0 is the
    file."""

    file: str
    row: int
    column: str
    value: str
    cure: str

    def __str__(self) -> str:
        where = f"{self.file}, row {self.row}" if self.row else self.file
        column = f", column {self.column!r}" if self.column else ""
        value = f" {self.value}:" if self.value else ""
        return f"{where}{column}:{value} {self.cure}"


class FileRefused(Exception):  # noqa: N818 - a fact about a file, told to whoever handed it in
    """Nothing of the file was stored; ``faults`` are the first of its faults, ``more`` counts the others."""

    def __init__(self, faults: Sequence[FileFault], more: int = 0) -> None:
        self.faults = tuple(faults)
        self.more = more
        super().__init__("\n".join(str(fault) for fault in self.faults))


def refused(file: str, cure: str, *, row: int = 0, column: str = "", value: object = None) -> FileRefused:
    """A refusal with one fault."""
    shown = "" if value is None else repr(value)[:80]
    return FileRefused([FileFault(file, row, column, shown, cure)])
