"""The text of a CSV table with some rows taken out, replaced or added; every other line stays as it was."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from classroom.places import Row
from classroom.tables import row_of


@dataclass(frozen=True)
class Line:
    """A line of a table and the row it holds, if it holds one."""

    text: str
    row: Row | None = None
    is_header: bool = False


@dataclass(frozen=True)
class TableText:
    """The lines of a table without faults (``classroom.sitefiles.parse_site`` has said so).

    ``columns`` are those of the header in their order; comments, blank lines and the header itself are lines
    without a row.
    """

    model: type[Row]
    columns: tuple[str, ...]
    delimiter: str
    lines: tuple[Line, ...]

    @property
    def rows(self) -> list[Row]:
        """The rows in their order."""
        return [line.row for line in self.lines if line.row is not None]

    def edited(self, zone: ZoneInfo, replaced: Mapping[int, Row | None], added: Iterable[Row] = ()) -> str:
        """The text with rows replaced (None: taken out) by their number in :attr:`rows`, and others added.

        A column that a new value needs and the table does not have yet is added to its header.
        """
        new = [row for row in (*replaced.values(), *added) if row is not None]
        columns = _with_needed(self.columns, self.model, new)
        out, number = [], -1
        for line in self.lines:
            number += line.row is not None
            if line.is_header and columns != self.columns:
                out.append(_line(columns, self.delimiter))
            elif line.row is None or number not in replaced:
                out.append(line.text)
            elif (other := replaced[number]) is not None:
                out.append(self._written(other, columns, zone))
        out += [self._written(row, columns, zone) for row in added]
        return "\n".join(out) + "\n"

    def _written(self, row: Row, columns: Iterable[str], zone: ZoneInfo) -> str:
        # A semicolon comes from Swedish Excel, which would make a date of 3.5.
        mark = "," if self.delimiter == ";" else "."
        return _line([cell(getattr(row, name, None), zone, mark) for name in columns], self.delimiter)


def read_lines(text: str, model: type[Row], zone: ZoneInfo) -> TableText:
    """The lines of a table's ``text``; an empty text is a table with all of the model's columns.

    Raises:
        ValueError: a row has faults, or stands over several lines.
    """
    text = text.lstrip("\ufeff")
    plain = [line for line in text.splitlines() if line.strip() and not _is_comment(line)]
    if not plain:
        columns = tuple(model.model_fields)
        kept = tuple(Line(line) for line in text.splitlines())
        return TableText(model, columns, ",", (Line(_line(columns, ","), is_header=True), *kept))
    delimiter = ";" if plain[0].count(";") > plain[0].count(",") else ","
    columns = tuple(_cells(plain[0], delimiter))
    lines: list[Line] = []
    header_seen = False
    for line in text.splitlines():
        values = [] if _is_comment(line) else _cells(line, delimiter)
        if not any(values):
            lines.append(Line(line))
        elif not header_seen:
            header_seen = True
            lines.append(Line(line, is_header=True))
        else:
            lines.append(Line(line, _row(line, dict(zip(columns, values, strict=False)), model, zone)))
    return TableText(model, columns, delimiter, tuple(lines))


def _row(line: str, given: Mapping[str, object], model: type[Row], zone: ZoneInfo) -> Row:
    try:
        return row_of(given, model, zone)
    except ValidationError as error:
        raise ValueError(f"a row with faults: {line[:80]}") from error


def cell(value: object, zone: ZoneInfo, decimal: str = ".") -> str:
    """A value as a table writes it: None as an empty cell, times local to ``zone`` where that is
    unambiguous."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, datetime):
        local = local_time(value, zone)
        return value.isoformat() if local is None else _plain_time(local)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float):
        return (f"{value:.0f}" if value == int(value) else repr(value)).replace(".", decimal)
    return str(value)


def local_time(time: datetime, zone: ZoneInfo) -> datetime | None:
    """``time`` in ``zone`` without its offset; None in the hour that the clocks show twice in autumn."""
    local = time.astimezone(zone)
    naive = local.replace(tzinfo=None, fold=0)
    return naive if naive.replace(tzinfo=zone).utcoffset() == local.utcoffset() else None


def _plain_time(local: datetime) -> str:
    if local.second or local.microsecond:
        return local.isoformat(" ")
    return f"{local:%Y-%m-%d}" if local.time() == datetime.min.time() else f"{local:%Y-%m-%d %H:%M}"


def _with_needed(columns: tuple[str, ...], model: type[Row], rows: Iterable[Row]) -> tuple[str, ...]:
    """``columns``, and those in which one of ``rows`` says something other than the default."""
    rows = list(rows)
    needed = [
        name
        for name, field in model.model_fields.items()
        if name not in columns and any(getattr(row, name) != field.default for row in rows)
    ]
    return (*columns, *needed)


def _is_comment(line: str) -> bool:
    return line.lstrip(' ";,').startswith("#")


def _cells(line: str, delimiter: str) -> list[str]:
    return [value.strip() for value in next(csv.reader([line], delimiter=delimiter), [])]


def _line(values: Iterable[str], delimiter: str) -> str:
    out = io.StringIO()
    csv.writer(out, delimiter=delimiter, lineterminator="").writerow(values)
    return out.getvalue()
