"""A CSV table's text to checked rows: commas or, as Swedish Excel writes, semicolons; ``#`` comments."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from classroom.faults import Fault, faults_of
from classroom.places import Row

RowT = TypeVar("RowT", bound=Row)


@dataclass
class Table(Generic[RowT]):
    """What a file holds. ``refused`` are the cells of rows with faults: others may rightly refer to them."""

    file: str
    rows: list[RowT] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)


def read_table(text: str, file: str, model: type[RowT], zone: ZoneInfo) -> Table[RowT]:
    """The rows of ``text``; dates and times without an offset are local to ``zone``."""
    table: Table[RowT] = Table(file)
    text = text.lstrip("\ufeff")
    # A comment becomes an empty line, so that line numbers stay and its commas and quotes mean nothing.
    lines = ["\n" if line.lstrip(' ";,').startswith("#") else line for line in text.splitlines(keepends=True)]
    header = next((line for line in lines if line.strip()), "")
    reader = csv.reader(
        io.StringIO("".join(lines), newline=""),
        delimiter=";" if header.count(";") > header.count(",") else ",",
    )
    names: list[str] | None = None
    try:
        for cells in reader:
            values = [sys.intern(cell.strip()) for cell in cells]  # keys and clock times stand in many rows
            if not any(values):
                continue
            if names is None:
                names = values
                table.faults += _header_faults(names, file, model)
            else:
                _add_row(table, names, values, model, zone, f"line {reader.line_num}, ")
    except csv.Error as error:
        cure = "save the table anew as CSV UTF-8"
        table.faults.append(Fault(file, f"line {reader.line_num}", str(error), cure))
    return table


def _header_faults(names: list[str], file: str, model: type[Row]) -> list[Fault]:
    known = f"known columns are {', '.join(model.model_fields)}"
    unknown = sorted({name for name in names if name and name not in model.model_fields})
    twice = sorted({name for name in names if name and names.count(name) > 1})
    return [
        *(Fault(file, f"column {name!r}", "in the header", known) for name in unknown),
        *(Fault(file, f"column {name!r}", "in the header", "it stands twice; keep one") for name in twice),
    ]


def _add_row(
    table: Table[RowT], names: list[str], values: list[str], model: type[RowT], zone: ZoneInfo, where: str
) -> None:
    beyond = [
        value
        for name, value in zip([*names, *[""] * len(values)], values, strict=False)
        if value and not name
    ]
    if beyond:
        cure = "these cells stand under no column; is a decimal comma or a comma in a name without quotes?"
        table.faults.append(Fault(table.file, f"{where}end", repr(beyond), cure))
    given = _given(dict(zip(names, values, strict=False)), model, zone)
    try:
        row = model.model_validate(given)
    except ValidationError as error:
        table.faults += faults_of(error, table.file, where)
        table.refused.append(given)
        return
    if beyond:
        table.refused.append(given)
    else:
        _share_names(row)
        table.rows.append(row)


_NAMES: dict[frozenset[str], set[str]] = {}


def _share_names(row: Row) -> None:
    """Let rows share the set of names that they were given: else it is half of what a row takes."""
    given = row.__pydantic_fields_set__
    object.__setattr__(row, "__pydantic_fields_set__", _NAMES.setdefault(frozenset(given), given))


def row_of(cells: Mapping[str, object], model: type[RowT], zone: ZoneInfo) -> RowT:
    """A row from its cells by column; empty cells take the default, unknown columns are passed over.

    Raises:
        ValidationError: a cell is not what its column asks for.
    """
    return model.model_validate(_given(cells, model, zone))


def _given(cells: Mapping[str, object], model: type[Row], zone: ZoneInfo) -> dict[str, object]:
    fields = model.model_fields  # asked once: pydantic looks through its classes for it
    return {
        name: _cell(fields[name], value, zone) if isinstance(value, str) else value
        for name, value in cells.items()
        if value not in (None, "") and name in fields
    }


def _cell(field_: FieldInfo, value: str, zone: ZoneInfo) -> object:
    """Dates and zoneless times in datetime columns are the site's local time; the rest is pydantic's."""
    if field_.annotation == datetime | None:
        try:
            parsed = datetime.fromisoformat(value)
        except ValueError:
            return value
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)).astimezone(UTC)
    return value
