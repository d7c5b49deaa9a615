"""A document as a workbook: one sheet a topic, real numbers, native charts with alternative text."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.document import Bars, Cell, Column, Document, Section, Steps, Table
from reports.figures import Figure
from reports.manifest import SHEET
from reports.pdf import visible
from reports.tidy import COLUMNS, row_of

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CHUNK = 30_000  # a cell holds 32 767 characters
_WIDEST, _CHARACTERS = 60, 14
_COLOURS = ("#b9c6ce", "#1f5f8b", "#8fb0c6", "#00704f")
_MORE = "#b34700"


def workbook(document: Document, zone: ZoneInfo, made: datetime) -> bytes:
    """The document as XLSX."""
    out = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "nan_inf_to_errors": False,
    }
    with xlsxwriter.Workbook(out, options) as book:
        properties = {"title": document.title, "subject": document.subtitle, "author": document.site}
        book.set_properties({**properties, "created": made.astimezone(zone).replace(tzinfo=None)})
        sheets = _Sheets(book)
        _front(sheets, document)
        for section in document.sections:
            if not section.small:  # the appendix stands whole in the sheet of figures
                _topic(sheets, section)
        _figures(sheets, document.figures, zone, document.words["figures"])
        _manifest(sheets, document.manifest, document.words["manifest"])
    return out.getvalue()


class _Sheets:
    """The workbook with its formats, each made once."""

    def __init__(self, book: Workbook) -> None:
        self.book = book
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#1f5f8b"})
        self.heading = book.add_format({"bold": True, "font_size": 12, "font_color": "#1b211e"})
        self.plain = book.add_format({"text_wrap": True, "valign": "top"})
        self.note = book.add_format({"font_color": "#55605b", "italic": True})
        self._made: dict[tuple[str, bool], Format] = {}
        self._names: set[str] = set()

    def add(self, name: str) -> Worksheet:
        """A sheet; its name is made to fit."""
        base = _FORBIDDEN.sub(" ", visible(name)).strip("' ")[:28] or "Sheet"
        fitting, number = base, 1
        while fitting.lower() in self._names:
            number += 1
            fitting = f"{base} {number}"
        self._names.add(fitting.lower())
        sheet = self.book.add_worksheet(fitting)
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        return sheet

    def head(self, right: bool) -> Format:
        """A heading's format."""
        look = {"bold": True, "bottom": 2, "text_wrap": True, "valign": "vcenter", "bg_color": "#eef3f6"}
        return self._format("head", right, {**look, "align": "right" if right else "left"})

    def cell(self, column: Column, strong: bool) -> Format:
        """A cell's format: decimals, percent, dates; bold in rows that sum up."""
        pattern = "#,##0" + ("." + "0" * column.decimals if column.decimals else "")
        if column.kind == "share":
            pattern = "0" + ("." + "0" * column.decimals if column.decimals else "") + "%"
        if column.sign:
            pattern = f"+{pattern};-{pattern};{pattern}"
        if column.kind in ("text", "date"):
            pattern = "yyyy-mm-dd" if column.kind == "date" else "General"
        look: dict[str, Any] = {"num_format": pattern, "valign": "top"}
        if column.kind == "text":
            look["text_wrap"] = True
        return self._format(pattern, strong, look | ({"bold": True, "bg_color": "#eef3f6"} if strong else {}))

    def _format(self, key: str, flag: bool, look: dict[str, Any]) -> Format:
        if (key, flag) not in self._made:
            self._made[key, flag] = self.book.add_format(look)
        return self._made[key, flag]


def _front(sheets: _Sheets, document: Document) -> None:
    sheet = sheets.add(document.words["summary"])
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 44)
    sheet.set_column(1, 1, 24)
    sheet.set_column(2, 2, 60)
    sheet.write_string(0, 0, visible(document.title), sheets.title)
    sheet.write_string(1, 0, visible(f"{document.subtitle}; {document.site}; {document.made}"))
    row = 3
    for sentence in document.summary:
        sheet.merge_range(row, 0, row, 2, "", sheets.plain)
        sheet.write_string(row, 0, visible(sentence), sheets.plain)
        sheet.set_row(row, 32)
        row += 1
    row += 1
    word = document.words["complete" if document.complete else "missing"]
    sheet.write_string(row, 0, word, sheets.heading)
    for said in document.missing:
        row += 1
        sheet.merge_range(row, 0, row, 2, "", sheets.plain)
        sheet.write_string(row, 0, visible(said), sheets.plain)
    row += 2
    for tile in document.tiles:
        for place, text in enumerate((tile.label, tile.value, tile.detail)):
            sheet.write_string(row, place, visible(text), sheets.plain)
        row += 1


def _topic(sheets: _Sheets, section: Section) -> None:
    """A sheet of the section's tables, one below the other, charts at the right; the first head is frozen."""
    sheet = sheets.add(section.title)
    sheet.write_string(0, 0, visible(section.title), sheets.title)
    row, frozen = 2, False
    widths: dict[int, int] = {}
    charts = {part.key: part for part in section.parts if isinstance(part, Bars | Steps)}
    for part in section.parts:
        if isinstance(part, str):
            sheet.write_string(row, 0, visible(part), sheets.note)
            row += 2
        elif isinstance(part, Table):
            first = row + 1
            row = _table(sheets, sheet, part, row, widths)
            if not frozen:
                sheet.freeze_panes(first + 1, 1)
                frozen = True
            chart = charts.get(part.key)
            if isinstance(chart, Bars):
                _chart(sheets.book, sheet, chart, part, first)
                row = max(row, first + 19)
            row += 1
    for steps in charts.values():
        if isinstance(steps, Steps):
            row = _bridge(sheets, sheet, steps, row) + 1
    for column, width in widths.items():
        sheet.set_column(column, column, width)


def _table(sheets: _Sheets, sheet: Worksheet, table: Table, row: int, widths: dict[int, int]) -> int:
    """Write a table from ``row`` on; the row after it."""
    sheet.write_string(row, 0, visible(table.title), sheets.heading)
    row += 1
    for at, column in enumerate(table.columns):
        right = column.kind in ("number", "share")
        sheet.write_string(row, at, visible(column.heading), sheets.head(right))
        longest = [len(one[at]) for one in table.rows if isinstance(one[at], str)]  # type: ignore[arg-type]
        needed = min(_WIDEST, max([_CHARACTERS if right else 10, *longest]) + 2)
        widths[at] = max(widths.get(at, 0), needed)
    for number, cells in enumerate(table.rows):
        row += 1
        for at, (value, column) in enumerate(zip(cells, table.columns, strict=True)):
            _write(sheet, row, at, value, sheets.cell(column, number in table.strong))
    if table.note:
        row += 1
        sheet.write_string(row, 0, visible(table.note), sheets.note)
    return row + 1


def _write(sheet: Worksheet, row: int, column: int, value: Cell, look: Format) -> None:
    if value is None:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, str):
        sheet.write_string(row, column, visible(value), look)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
    else:
        sheet.write_number(row, column, value, look)


def _chart(book: Workbook, sheet: Worksheet, bars: Bars, table: Table, head: int) -> None:
    """A native chart of the table's columns that bear the series' names."""
    columns = {column.title: at for at, column in enumerate(table.columns)}
    last = head + len(bars.categories)
    chart = book.add_chart({"type": "column"})
    for index, series in enumerate(bars.series):
        at = columns[series.name]
        chart.add_series(
            {
                "name": series.name,
                "categories": [sheet.get_name(), head + 1, 0, last, 0],
                "values": [sheet.get_name(), head + 1, at, last, at],
                "fill": {"color": _COLOURS[index % len(_COLOURS)]},
            }
        )
    chart.set_title({"name": visible(bars.title), "name_font": {"size": 11}})
    chart.set_y_axis({"name": bars.unit, "num_format": "#,##0", "major_gridlines": {"visible": True}})
    chart.set_legend({"position": "bottom"})
    chart.set_size({"width": 620, "height": 340})
    sheet.insert_chart(head, len(table.columns) + 1, chart, {"description": bars.alt})


def _bridge(sheets: _Sheets, sheet: Worksheet, steps: Steps, row: int) -> int:
    """A bridge's numbers and its native chart: stacked columns on an unseen base."""
    names = [steps.start[0], *(name for name, *_ in steps.steps), steps.end[0]]
    rows, at = [(0.0, steps.start[1], 0.0, 0.0)], steps.start[1]
    for _name, amount, _low, _high in steps.steps:
        base = min(at, at + amount)
        rows.append((base, 0.0, max(amount, 0.0), max(-amount, 0.0)))
        at += amount
    rows.append((0.0, steps.end[1], 0.0, 0.0))
    sheet.write_string(row, 0, visible(steps.title), sheets.heading)
    number = sheets.cell(Column("", "number"), False)
    for offset, (name, values) in enumerate(zip(names, rows, strict=True)):
        sheet.write_string(row + 1 + offset, 0, visible(name))
        for place, value in enumerate(values):
            sheet.write_number(row + 1 + offset, 1 + place, value, number)
    chart = sheets.book.add_chart({"type": "column", "subtype": "stacked"})
    first, last = row + 1, row + len(rows)
    looks: Sequence[dict[str, Any]] = (
        {"fill": {"none": True}},
        {"fill": {"color": "#1f5f8b"}},
        {"fill": {"color": _MORE}},
        {"fill": {"color": "#00704f"}},
    )
    for place, look in enumerate(looks):
        chart.add_series(
            {
                "categories": [sheet.get_name(), first, 0, last, 0],
                "values": [sheet.get_name(), first, 1 + place, last, 1 + place],
                **look,
            }
        )
    chart.set_title({"name": visible(steps.title), "name_font": {"size": 11}})
    chart.set_legend({"none": True})
    chart.set_y_axis({"name": steps.unit, "num_format": "#,##0"})
    chart.set_size({"width": 620, "height": 340})
    sheet.insert_chart(row, 6, chart, {"description": steps.alt})
    return row + max(len(rows) + 1, 18)


def _figures(sheets: _Sheets, figures: Sequence[Figure], zone: ZoneInfo, name: str) -> None:
    sheet = sheets.add(name)
    kinds = {
        "value": Column("value", "number", "", 3),
        "low": Column("low", "number", "", 3),
        "high": Column("high", "number", "", 3),
        "coverage": Column("coverage", "share", "", 1),
        "first_day": Column("first_day", "date"),
        "last_day": Column("last_day", "date"),
    }
    columns = [kinds.get(column, Column(column)) for column in COLUMNS]
    for at, column in enumerate(columns):
        sheet.write_string(0, at, column.title, sheets.head(column.kind in ("number", "share")))
        sheet.set_column(at, at, 48 if column.title == "id" else 30 if column.title == "method" else 15)
    for row, figure in enumerate(figures, start=1):
        for at, (column, value) in enumerate(zip(columns, row_of(figure, zone).values(), strict=True)):
            _write(sheet, row, at, _plain(value, column), sheets.cell(column, False))
    sheet.freeze_panes(1, 0)
    if figures:
        sheet.autofilter(0, 0, len(figures), len(columns) - 1)


def _plain(value: object, column: Column) -> Cell:
    """A value of a figure's row as a cell."""
    if value is None or isinstance(value, float | int):
        return value
    if column.kind == "date":
        return date.fromisoformat(str(value))
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _manifest(sheets: _Sheets, manifest: str, words: str) -> None:
    sheet = sheets.add(SHEET)
    sheet.write_string(0, 0, words, sheets.heading)
    for row, start in enumerate(range(0, len(manifest), _CHUNK), start=1):
        sheet.write_string(row, 0, manifest[start : start + _CHUNK])
