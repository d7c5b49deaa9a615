"""A site's tables as a workbook or as CSV files for a spreadsheet, so that they come back as they went."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import Enum
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from classroom.places import Row
from classroom.tabletext import cell, local_time
from ingest.tables.column_help import HELP, base_type, choices
from ingest.tables.place_files import HELP_SHEET

Tables = Mapping[str, tuple[type[Row], Sequence[Row]]]
"""Rows with their model by file name."""

_ROOM_FOR = 2_000  # rows below the last with a list of what may be chosen
_FORMULA = ("=", "+", "-", "@")
_A4 = 9
_FIRST_DAY = date(1900, 3, 1)  # before it, spreadsheets disagree about the calendar


def workbook(tables: Tables, zone: ZoneInfo) -> bytes:
    """An XLSX with a sheet a table: headers with help, real dates and numbers, keys as text, choices."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_numbers": False,
        "strings_to_urls": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        formats = {
            datetime: book.add_format({"num_format": "yyyy-mm-dd hh:mm"}),
            date: book.add_format({"num_format": "yyyy-mm-dd"}),
            str: book.add_format({"num_format": "@"}),
        }
        head = book.add_format({"bold": True, "bg_color": "#DDE7F0", "num_format": "@", "bottom": 1})
        _help(book.add_worksheet(HELP_SHEET), tables, head)
        for file, (model, rows) in tables.items():
            _sheet(book.add_worksheet(_stem(file)), file, model, rows, zone, formats, head)
        for sheet in book.worksheets():
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            sheet.set_landscape()
            sheet.set_paper(_A4)
            sheet.fit_to_pages(1, 0)
    return out.getvalue()


def csv_text(model: type[Row], rows: Sequence[Row], zone: ZoneInfo) -> str:
    """A table as CSV that Excel in Swedish opens right: semicolons, decimal comma, BOM.

    Text that a spreadsheet would take for a formula begins with an apostrophe, which the import takes away.
    """
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(model.model_fields)
    for row in rows:
        values = [(getattr(row, name), name) for name in model.model_fields]
        writer.writerow([_safe(value, cell(value, zone, ",")) for value, _ in values])
    return "\ufeff" + out.getvalue()


def _safe(value: object, text: str) -> str:
    return f"'{text}" if isinstance(value, str) and text.startswith(_FORMULA) else text


def _stem(file: str) -> str:
    return file.removesuffix(".csv")


def _help(sheet: Worksheet, tables: Tables, head: Format) -> None:
    sheet.set_column(0, 1, 20)
    sheet.set_column(2, 2, 14)
    sheet.set_column(3, 3, 100)
    for column, title in enumerate(("table", "column", "must be given", "what it is")):
        sheet.write_string(0, column, title, head)
    line = 1
    for file, (model, _) in tables.items():
        for name, field in model.model_fields.items():
            words = choices(model, name)
            told = HELP.get(_stem(file), {}).get(name, "")
            allowed = f" ({', '.join(words)})" if words else ""
            for column, text in enumerate(
                (_stem(file), name, "yes" if field.is_required() else "", told + allowed)
            ):
                sheet.write_string(line, column, text)
            line += 1


def _sheet(
    sheet: Worksheet,
    file: str,
    model: type[Row],
    rows: Sequence[Row],
    zone: ZoneInfo,
    formats: Mapping[type[object], Format],
    head: Format,
) -> None:
    for column, name in enumerate(model.model_fields):
        kind = base_type(model, name)
        style = formats.get(kind, formats[str] if issubclass(kind, Enum) else None)
        width = max([len(name) + 4, *(len(cell(getattr(row, name), zone)) + 2 for row in rows[:200])])
        sheet.set_column(column, column, min(width, 60), style)
        sheet.write_string(0, column, name, head)
        if told := HELP.get(_stem(file), {}).get(name):
            sheet.write_comment(0, column, told, {"x_scale": 2})
        if words := choices(model, name):
            sheet.data_validation(
                1, column, len(rows) + _ROOM_FOR, column, {"validate": "list", "source": words}
            )
        for line, row in enumerate(rows, start=1):
            _write(sheet, line, column, getattr(row, name), zone, formats)
    sheet.autofilter(0, 0, max(len(rows), 1), len(model.model_fields) - 1)


def _write(
    sheet: Worksheet,
    line: int,
    column: int,
    value: object,
    zone: ZoneInfo,
    formats: Mapping[type[object], Format],
) -> None:
    """A cell of the value's own type; a time that a cell cannot hold exactly is written as text."""
    if value is None:
        return
    if isinstance(value, bool):
        sheet.write_boolean(line, column, value)
    elif isinstance(value, (int, float)) and not isinstance(value, Enum):
        sheet.write_number(line, column, value)
    elif isinstance(value, datetime):
        local = local_time(value, zone)
        if local is None or local.microsecond or local.date() < _FIRST_DAY:
            sheet.write_string(line, column, value.isoformat(), formats[str])
        else:
            sheet.write_datetime(line, column, local, formats[datetime])
    elif isinstance(value, date) and value >= _FIRST_DAY:
        sheet.write_datetime(line, column, value, formats[date])
    else:
        sheet.write_string(line, column, cell(value, zone), formats[str])
