"""What a spreadsheet would change in a site: rows added, changed, closed at a date, missing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Annotated, Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from classroom.faults import faults_of
from classroom.places import Device, Meter, Row
from ingest.imports.refusal import FileFault, FileRefused
from ingest.tables.column_help import KEY_COLUMNS
from ingest.tables.place_cells import BadCell, value_of
from ingest.tables.place_files import GivenTable
from ingest.tables.sheets import Cell

_MOST_FAULTS = 50
_VALIDITY = ("valid_from", "valid_to")


class Changed(NamedTuple):
    """A row that is another now; ``columns`` are those that differ."""

    old: Row
    new: Row
    columns: tuple[str, ...]


@dataclass
class TableChanges:
    """What changes in a table. ``replaced`` are its rows by number with what they become (None: deleted)."""

    added: list[Row] = field(default_factory=list)
    changed: list[Changed] = field(default_factory=list)
    closed: list[Changed] = field(default_factory=list)
    missing: list[Row] = field(default_factory=list)
    deleted: list[Row] = field(default_factory=list)
    unchanged: int = 0
    replaced: dict[int, Row | None] = field(default_factory=dict)
    at: dict[Row, int] = field(default_factory=dict)
    """Row of the file that a new or changed row came from."""


class Wanted(NamedTuple):
    """How changes are meant: ``since`` is the first day on which changed values hold (None: always)."""

    zone: ZoneInfo
    since: date | None = None
    delete_missing: bool = False


def known_keys(tables: Iterable[Sequence[Row]]) -> dict[str, str]:
    """All keys of a site, by themselves without leading zeros (the longest where several are alike)."""
    keys = {
        str(value)
        for rows in tables
        for row in rows
        for name in KEY_COLUMNS & type(row).model_fields.keys()
        if (value := getattr(row, name)) is not None
    }
    return {key.lstrip("0") or "0": key for key in sorted(keys, key=len)}


def changes(
    given: GivenTable, model: type[Row], rows: Sequence[Row], known: Mapping[str, str], wanted: Wanted
) -> TableChanges:
    """What ``given`` changes in the ``rows`` of a table. Columns that it does not have stay as they are.

    Raises:
        FileRefused: with the faults of its rows.
    """
    faults: list[FileFault] = []
    found = TableChanges()
    match = _Match(given, model, rows)
    for at, cells in given.rows:
        values = _values(given, at, cells, model, known, wanted.zone, faults)
        if values is None:
            continue
        try:
            number = match.row_for(values)
        except LookupError as error:
            faults.append(FileFault(given.where, at, match.columns[-1], "", str(error)))
            continue
        old = rows[number] if number is not None else None
        kept = (
            {} if old is None else {n: getattr(old, n) for n in model.model_fields if n not in given.columns}
        )
        try:
            new = model.model_validate({**kept, **values})
        except ValidationError as error:
            faults += [
                FileFault(given.where, at, f.key, f.value, f.cure) for f in faults_of(error, given.where)
            ]
            continue
        _note(found, number, old, new, at, wanted)
    if faults:
        raise FileRefused(faults[:_MOST_FAULTS], max(0, len(faults) - _MOST_FAULTS))
    _close(found, rows, model)
    for number, row in enumerate(rows):
        if number in match.seen or number in found.replaced:
            continue
        (found.deleted if wanted.delete_missing else found.missing).append(row)
        if wanted.delete_missing:
            found.replaced[number] = None
    return found


class _Match:
    """Finds the row of a table that a row of a file is another version of; each is found once."""

    def __init__(self, given: GivenTable, model: type[Row], rows: Sequence[Row]) -> None:
        identity = model.identity or tuple(model.model_fields)
        self.columns = [name for name in identity if name in given.columns]
        self._model = model
        self._whole = len(self.columns) == len(identity)
        self._missing = [name for name in identity if name not in given.columns]
        lacking = [name for name in self._missing if model.model_fields[name].is_required()]
        if lacking:
            cure = f"the columns {', '.join(lacking)} say which row it is; add them"
            raise FileRefused([FileFault(given.where, 1, "", "", cure)])
        self._numbers: dict[tuple[object, ...], list[int]] = defaultdict(list)
        for number, row in enumerate(rows):
            self._numbers[tuple(getattr(row, name) for name in self.columns)].append(number)
        self.seen: set[int] = set()

    def row_for(self, values: Mapping[str, object]) -> int | None:
        """Number of the row; None for a new one.

        Raises:
            LookupError: several rows are called so in the columns that the file has.
        """
        try:
            key = tuple(_validated(self._model, name, values.get(name)) for name in self.columns)
        except ValidationError:
            return None  # the row as a whole will say what is wrong
        numbers = [number for number in self._numbers.get(key, ()) if number not in self.seen]
        if len(numbers) > 1 and not self._whole:
            raise LookupError(f"several rows are called so; add the column {', '.join(self._missing)}")
        self.seen.update(numbers[:1])
        return numbers[0] if numbers else None


def _validated(model: type[Row], column: str, value: object) -> object:
    field_ = model.model_fields[column]
    if value is None:
        return None if field_.is_required() else field_.default
    return _adapter(model, column).validate_python(value)


@cache
def _adapter(model: type[Row], column: str) -> TypeAdapter[Any]:
    field_ = model.model_fields[column]
    whole: Any = Annotated[field_.annotation, field_]  # its type and what the field demands of it
    return TypeAdapter(whole)


def _values(
    given: GivenTable,
    at: int,
    cells: Mapping[str, Cell],
    model: type[Row],
    known: Mapping[str, str],
    zone: ZoneInfo,
    faults: list[FileFault],
) -> dict[str, object] | None:
    """What the cells of a row say, without empty ones; None, and faults noted, where one cannot be read."""
    values: dict[str, object] = {}
    good = True
    for name, cell in cells.items():
        try:
            value = value_of(cell, model, name, zone, known)
        except BadCell as error:
            faults.append(FileFault(given.where, at, name, repr(str(cell))[:80], str(error)))
            good = False
        else:
            if value is not None:
                values[name] = value.astimezone(UTC) if isinstance(value, datetime) else value
    return values if good else None


def _note(
    found: TableChanges, number: int | None, old: Row | None, new: Row, at: int, wanted: Wanted
) -> None:
    """Sort a row of the file in: new, as it was, or changed (from a date on, where the table knows dates)."""
    if old is None or number is None:
        found.added.append(new)
        found.at[new] = at
        return
    columns = tuple(
        name for name in type(new).model_fields if not _same(getattr(old, name), getattr(new, name))
    )
    if not columns:
        found.unchanged += 1
        return
    found.at[new] = at
    since = _since(old, columns, wanted)
    if since is None:
        found.changed.append(Changed(old, new, columns))
        found.replaced[number] = new
        return
    later = new.model_copy(update={"valid_from": since})
    found.at[later] = at
    found.added.append(later)
    if "valid_to" in type(old).model_fields:
        _end(found, number, old, since)


def _since(old: Row, columns: Sequence[str], wanted: Wanted) -> date | datetime | None:
    """From when on changed values hold; None where they hold for the whole row."""
    if wanted.since is None or "valid_from" not in type(old).model_fields or set(columns) & set(_VALIDITY):
        return None
    begin, end = getattr(old, "valid_from", None), getattr(old, "valid_to", None)
    found: date | datetime = wanted.since
    if isinstance(old, (Meter, Device)):
        found = datetime.combine(wanted.since, time(), wanted.zone).astimezone(UTC)
    if (begin is not None and begin >= found) or (end is not None and end <= found):
        return None
    return found


def _end(found: TableChanges, number: int, old: Row, since: object) -> None:
    ended = old.model_copy(update={"valid_to": since})
    found.closed.append(Changed(old, ended, ("valid_to",)))
    found.replaced[number] = ended


def _close(found: TableChanges, rows: Sequence[Row], model: type[Row]) -> None:
    """End the rows that a new row of the same meter or device follows."""
    if not {*_VALIDITY} <= model.model_fields.keys() or "valid_from" not in model.identity:
        return
    names = [name for name in model.identity if name != "valid_from"]
    older: dict[tuple[object, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        older[tuple(getattr(row, name) for name in names)].append(number)
    for new in found.added:
        begin = _validity(new)[0]
        for number in older.get(tuple(getattr(new, name) for name in names), ()):
            start, end = _validity(rows[number])
            if begin is None or number in found.replaced:
                continue
            if (start is None or start < begin) and (end is None or end > begin):
                _end(found, number, rows[number], begin)


def _validity(row: Row) -> tuple[datetime | None, datetime | None]:
    return getattr(row, _VALIDITY[0]), getattr(row, _VALIDITY[1])


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-14)  # a workbook holds 16 digits
    return one == other
