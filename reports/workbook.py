"""A document as a workbook: one sheet a topic, real numbers, native charts with alternative text."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from textwrap import wrap
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
from reports.workbook_charts import CHART_ROWS, bars_chart, bridge_chart

_FORBIDDEN = re.compile(r"[\[\]:*?/\\]")
_CHUNK = 30_000  # a cell holds 32 767 characters
_WIDEST_FIRST, _WIDEST, _CHARACTERS = 60, 45, 14
_LINE = 110.0  # characters
_LINE_PT = 15.0
_FOOTER = 200  # characters; 255 with the codes
_UNSET = 8.43  # characters: the width of a column for which nobody set one


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
        sheets = _Sheets(book, f"{visible(document.title)}, {document.subtitle}")
        _front(sheets, document)
        for section in document.sections:
            if not section.small:  # the appendix stands whole in the sheet of figures
                _topic(sheets, section)
        _figures(sheets, document.figures, zone, document.words["figures"])
        _manifest(sheets, document.manifest, document.words["manifest"])
    return out.getvalue()


def on_paper(sheet: Worksheet) -> None:
    """A4 across, one page wide."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)


_LEFT = {"align": "left", "indent": 1}  # room between a number and the text after it


class _Sheets:
    """The workbook with its formats, each made once."""

    def __init__(self, book: Workbook, footer: str) -> None:
        self.book = book
        self._footer = footer.replace("&", "&&")[:_FOOTER]
        self.title = book.add_format({"bold": True, "font_size": 16, "font_color": "#1f5f8b"})
        self.heading = book.add_format({"bold": True, "font_size": 12, "font_color": "#1b211e"})
        self.plain = book.add_format({"text_wrap": True, "valign": "top"})
        self.note = book.add_format(
            {"font_color": "#55605b", "italic": True, "text_wrap": True, "valign": "top"}
        )
        self.line = book.add_format({"valign": "top", **_LEFT})
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
        on_paper(sheet)
        sheet.set_footer(f"&L{self._footer}&R&P / &N")
        return sheet

    def head(self, right: bool) -> Format:
        """A heading's format."""
        look = {"bold": True, "bottom": 1, "text_wrap": True, "valign": "vcenter", "bg_color": "#eef3f6"}
        return self._format("head", right, {**look, **({"align": "right"} if right else _LEFT)})

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
        if not column.is_number:
            look |= _LEFT
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
    widths = [44.0, 24.0, 60.0]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, visible(document.title), sheets.title)
    sheet.write_string(1, 0, visible(f"{document.subtitle}; {document.site}; {document.made}"))
    row = 3
    for sentence in document.summary:
        _paragraph(sheet, row, sentence, widths, sheets.plain)
        row += 1
    row += 1
    word = document.words["complete" if document.complete else "missing"]
    sheet.write_string(row, 0, word, sheets.heading)
    for said in document.missing:
        row += 1
        _paragraph(sheet, row, said, widths, sheets.plain)
    row += 2
    for tile in document.tiles:
        texts = (tile.label, tile.value, tile.detail)
        for place, text in enumerate(texts):
            sheet.write_string(row, place, visible(text), sheets.plain)
        _set_height(sheet, row, zip(texts, widths, strict=True))
        row += 1


def _topic(sheets: _Sheets, section: Section) -> None:
    """A sheet of the section's tables, one below the other, charts at the right. The first column is
    frozen, and the head of a table that stands alone; of several, it would stay above the others' rows."""
    sheet = sheets.add(section.title)
    widths = _widths(section.tables) or [_LINE]
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    sheet.write_string(0, 0, visible(section.title), sheets.title)
    row = 2
    charts = {part.key: part for part in section.parts if isinstance(part, Bars | Steps)}
    for part in section.parts:
        if isinstance(part, str):
            _paragraph(sheet, row, part, widths, sheets.note)
            row += 2
        elif isinstance(part, Table):
            head = row + 1
            row = _table(sheets, sheet, part, row, widths)
            sheet.freeze_panes(head + 1 if len(section.tables) == 1 else 0, 1)
            chart = charts.get(part.key)
            if isinstance(chart, Bars):
                bars_chart(sheets.book, sheet, chart, part, head)
            elif chart is not None:
                bridge_chart(sheets.book, sheet, chart, head, len(part.columns) + 1)
            if chart is not None:
                row = max(row, head + CHART_ROWS)
            row += 1


def _widths(tables: Sequence[Table]) -> list[float]:
    """Widths of the columns of a sheet with these tables, in characters."""
    widths = [0.0] * max((len(table.columns) for table in tables), default=0)
    for table in tables:
        for at, column in enumerate(table.columns):
            words = [len(word) for word in column.heading.split()]
            words.append(min(len(column.heading), _CHARACTERS + 4))
            texts = [len(row[at]) for row in table.rows if isinstance(row[at], str)]  # type: ignore[arg-type]
            least = _CHARACTERS if column.is_number else 10
            needed = min(_WIDEST_FIRST if at == 0 else _WIDEST, max(least, *words, *texts)) + 2
            widths[at] = max(widths[at], needed)
    return widths


def _table(sheets: _Sheets, sheet: Worksheet, table: Table, row: int, widths: Sequence[float]) -> int:
    """Write a table from ``row`` on; the row after it."""
    sheet.write_string(row, 0, visible(table.title), sheets.heading)
    row += 1
    for at, column in enumerate(table.columns):
        sheet.write_string(row, at, visible(column.heading), sheets.head(column.is_number))
    heads = [column.heading for column in table.columns]
    _set_height(sheet, row, zip(heads, widths, strict=False), share=0.95)
    for number, cells in enumerate(table.rows):
        row += 1
        for at, (value, column) in enumerate(zip(cells, table.columns, strict=True)):
            _write(sheet, row, at, _shown(value, column), sheets.cell(column, number in table.strong))
        texts = [value if isinstance(value, str) else "" for value in cells]
        _set_height(sheet, row, zip(texts, widths, strict=False))
    if table.note:
        row += 1
        _paragraph(sheet, row, table.note, widths, sheets.note)
    return row + 1


def _shown(value: Cell, column: Column) -> Cell:
    """A number that its column shows as 0 is 0: spreadsheets write "-0.0" of a small negative one."""
    if not isinstance(value, int | float):
        return value
    return value if round(value, column.decimals + (2 if column.kind == "share" else 0)) else 0.0


def _write(sheet: Worksheet, row: int, column: int, value: Cell, look: Format) -> None:
    if value is None:
        sheet.write_blank(row, column, None, look)
    elif isinstance(value, str):
        sheet.write_string(row, column, visible(value), look)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), look)  # noqa: DTZ001
    else:
        sheet.write_number(row, column, value, look)


def _paragraph(sheet: Worksheet, row: int, text: str, widths: Sequence[float], look: Format) -> None:
    """A text over as many columns as a line wants, wrapped."""
    span, line = 1, widths[0]
    while line < _LINE:
        line += widths[span] if span < len(widths) else _UNSET
        span += 1
    if span > 1:
        sheet.merge_range(row, 0, row, span - 1, "", look)
    sheet.write_string(row, 0, visible(text), look)
    _set_height(sheet, row, [(text, line)])


def _set_height(
    sheet: Worksheet, row: int, cells: Iterable[tuple[str, float]], *, share: float = 1.0
) -> None:
    """A row as high as its texts are in their widths: not every spreadsheet measures them by itself.
    ``share`` of a width is what bold letters leave."""
    lines = max(len(wrap(visible(text), max(1, int(width * share)))) for text, width in cells)
    if lines > 1:
        sheet.set_row(row, lines * _LINE_PT)


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
    widths = [12 if column.is_number else len(column.title) for column in columns]
    for row, figure in enumerate(figures, start=1):
        for at, (column, value) in enumerate(zip(columns, row_of(figure, zone).values(), strict=True)):
            cell = _plain(value, column)
            text = isinstance(cell, str)
            _write(sheet, row, at, cell, sheets.line if text else sheets.cell(column, False))
            widths[at] = max(widths[at], len(cell) if text else 0)  # type: ignore[arg-type]
    for at, (column, width) in enumerate(zip(columns, widths, strict=True)):
        sheet.write_string(0, at, column.title, sheets.head(column.is_number))
        sheet.set_column(at, at, min(width, _WIDEST_FIRST) + 3)  # and the filter's button
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
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
    sheet.set_column(0, 0, _LINE)
    sheet.write_string(0, 0, words, sheets.heading)
    for row, start in enumerate(range(0, len(manifest), _CHUNK), start=1):
        sheet.write_string(row, 0, manifest[start : start + _CHUNK], sheets.plain)
        sheet.set_row(row, _LINE_PT)  # for programs: people see its first line
