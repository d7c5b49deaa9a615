"""Plain tables as CSV and as a workbook: what other systems take in."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import xlsxwriter

from reports.accounts import ACCOUNT_COLUMNS, REGISTER_COLUMNS
from reports.closing import RESTATEMENT_COLUMNS
from reports.csv_text import csv_of
from reports.pdf import visible
from reports.workbook import on_paper

ACCOUNTS: Mapping[str, tuple[str, ...]] = {
    "accounts": ACCOUNT_COLUMNS,
    "energy_register": REGISTER_COLUMNS,
    "restatements": RESTATEMENT_COLUMNS,
}
"""Tables of the climate accounts and their columns."""

_LEFT = {"align": "left", "indent": 1}
Rows = Sequence[Mapping[str, Any]]


def tables_csv(tables: Mapping[str, Rows], delimiter: str, decimal: str) -> dict[str, bytes]:
    """Each table as CSV, UTF-8 with a byte order mark."""
    found = {}
    for name, rows in tables.items():
        columns = ACCOUNTS[name]
        text = csv_of(columns, ([row[column] for column in columns] for row in rows), delimiter, decimal)
        found[name] = ("\ufeff" + text).encode()
    return found


def tables_workbook(tables: Mapping[str, Rows]) -> bytes:
    """A sheet a table: numbers as numbers, heads frozen."""
    out = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(out, options) as book:
        head = book.add_format({"bold": True, "bottom": 1, "bg_color": "#eef3f6", **_LEFT})
        plain = book.add_format(_LEFT)
        number = book.add_format({"num_format": "#,##0.0##"})
        for name, rows in tables.items():
            sheet = book.add_worksheet(name)
            for at, column in enumerate(ACCOUNTS[name]):
                sheet.write_string(0, at, column, head)
                texts = [len(str(row[column])) for row in rows if isinstance(row[column], str)]
                sheet.set_column(at, at, min(50, max([len(column) + 2, *texts]) + 2))  # and a filter's button
                for place, row in enumerate(rows, start=1):
                    value = row[column]
                    if isinstance(value, bool):
                        sheet.write_boolean(place, at, value)
                    elif isinstance(value, int | float):
                        sheet.write_number(place, at, value, number if isinstance(value, float) else None)
                    elif value is not None:
                        sheet.write_string(place, at, visible(str(value)), plain)
            sheet.freeze_panes(1, 0)
            sheet.repeat_rows(0)
            on_paper(sheet)
            if rows:
                sheet.autofilter(0, 0, len(rows), len(ACCOUNTS[name]) - 1)
    return out.getvalue()
