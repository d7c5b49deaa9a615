"""Charts of a workbook: native ones, with alternative text, of the numbers in its cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xlsxwriter.chart import Chart
from xlsxwriter.workbook import Workbook
from xlsxwriter.worksheet import Worksheet

from reports.document import Bars, Steps, Table
from reports.pdf import visible

CHART_ROWS = 19
"""Rows that a chart covers, and one below it."""

_COLOURS = ("#b9c6ce", "#1f5f8b", "#8fb0c6", "#00704f")
_STEPS: Sequence[dict[str, Any]] = (
    {"fill": {"none": True}},
    {"fill": {"color": "#1f5f8b"}},
    {"fill": {"color": "#b34700"}},
    {"fill": {"color": "#00704f"}},
)
_GRID = {"visible": True, "line": {"color": "#d9ddda", "width": 0.75}}
_UNSEEN = 40  # the column where the numbers of bridges begin


def bars_chart(book: Workbook, sheet: Worksheet, bars: Bars, table: Table, head: int) -> None:
    """A chart of those columns of ``table``, whose head is in row ``head``, that bear the series' names."""
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
    chart.set_legend({"position": "bottom"})
    _insert(sheet, chart, bars, head, len(table.columns) + 1)


def bridge_chart(book: Workbook, sheet: Worksheet, steps: Steps, row: int, column: int) -> None:
    """A bridge at a cell: columns stacked on an unseen base. Its numbers are in hidden columns of the same
    rows; people read them in the bridge's table."""
    names = [steps.start[0], *(name for name, *_ in steps.steps), steps.end[0]]
    rows, at = [(0.0, steps.start[1], 0.0, 0.0)], steps.start[1]
    for _name, amount, _low, _high in steps.steps:
        rows.append((min(at, at + amount), 0.0, max(amount, 0.0), max(-amount, 0.0)))
        at += amount
    rows.append((0.0, steps.end[1], 0.0, 0.0))
    last_column = _UNSEEN + len(_STEPS)
    sheet.set_column(_UNSEEN, last_column, None, None, {"hidden": True})
    for offset, (name, values) in enumerate(zip(names, rows, strict=True)):
        sheet.write_string(row + offset, _UNSEEN, visible(name))
        for place, value in enumerate(values):
            sheet.write_number(row + offset, _UNSEEN + 1 + place, value)
    chart = book.add_chart({"type": "column", "subtype": "stacked"})
    chart.show_hidden_data()
    last = row + len(rows) - 1
    for place, look in enumerate(_STEPS):
        at_column = _UNSEEN + 1 + place
        chart.add_series(
            {
                "categories": [sheet.get_name(), row, _UNSEEN, last, _UNSEEN],
                "values": [sheet.get_name(), row, at_column, last, at_column],
                "gap": 60,
                **look,
            }
        )
    chart.set_legend({"none": True})
    _insert(sheet, chart, steps, row, column)


def _insert(sheet: Worksheet, chart: Chart, part: Bars | Steps, row: int, column: int) -> None:
    chart.set_title({"name": visible(part.title), "name_font": {"size": 11}})
    chart.set_y_axis({"name": part.unit, "num_format": "#,##0", "major_gridlines": _GRID})
    chart.set_size({"width": 620, "height": 340})
    sheet.insert_chart(row, column, chart, {"description": part.alt})
