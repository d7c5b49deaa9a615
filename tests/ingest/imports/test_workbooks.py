"""Workbooks, and files that unpack to more than they should."""

from __future__ import annotations

import gzip
import io
import tracemalloc
import zipfile
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import xlsxwriter

from ingest.imports.source import Limits

Take = Callable[..., Any]
Faults = Callable[..., list[str]]


def table(*lines: str) -> str:
    return "\n".join(["Tid;kWh", *lines, ""])


def workbook(*rows: list[Any], merge: tuple[int, int, str] | None = None, sheets: int = 1) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    date = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
    for number in range(sheets):
        sheet = book.add_worksheet(f"Blad{number + 1}")
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, str) and cell.startswith("=error "):
                    sheet.write_formula(at, column, "=1/0", None, cell.removeprefix("=error "))
                elif isinstance(cell, datetime):
                    sheet.write_datetime(at, column, cell, date)
                else:
                    sheet.write(at, column, cell)
        if merge:
            sheet.merge_range(merge[0], 0, merge[1], 0, merge[2])
    book.close()
    return out.getvalue()


def test_a_workbook_with_dates_as_dates_as_text_and_numbers_as_text(take: Take) -> None:
    content = workbook(
        ["Skola", "Berga"],
        [],
        ["Tid", "kWh"],
        [datetime(2024, 1, 1, 0), 1.5],  # noqa: DTZ001
        ["2024-01-01 01:00", "1 234,5"],
        [datetime(2024, 1, 1, 2) - timedelta(milliseconds=1), 3],  # noqa: DTZ001
        ["Summa", 1239],
    )
    came = take(content)
    assert came.values == [1.5, 1234.5, 3.0]
    assert came.times == ["2023-12-31 23:00", "2024-01-01 00:00", "2024-01-01 01:00"]


def test_a_merged_cell_holds_for_all_its_rows(take: Take, hourly: str) -> None:
    mapping = hourly.format(basis="normaltid").replace('"Tid"', '"Dag"\nclock_column = "Tid"')
    content = workbook(
        ["Dag", "Tid", "kWh"],
        ["", "00:00", 1],
        ["", "01:00", 2],
        ["2024-01-02", "00:00", 3],
        merge=(1, 2, "2024-01-01"),
    )
    assert take(content, mapping).times == ["2023-12-31 23:00", "2024-01-01 00:00", "2024-01-01 23:00"]


def test_an_error_cell_is_refused_where_its_value_is_needed(take: Take, faults: Faults) -> None:
    good = ["2024-01-01 00:00", 1, ""]
    (fault,) = faults(
        workbook(["Tid", "kWh", "Kvot"], good, ["2024-01-01 01:00", "=error #DIV/0!", "=error #N/A"])
    )
    assert ", row 3, column 'kWh': '#DIV/0!'" in fault
    beside = workbook(["Tid", "kWh", "Kvot"], good, ["2024-01-01 01:00", 2, "=error #N/A"])
    assert take(beside).values == [1.0, 2.0]


def test_rows_are_numbered_as_the_spreadsheet_numbers_them(faults: Faults) -> None:
    (fault,) = faults(workbook([], [], ["Tid", "kWh"], ["2024-01-01 00:00", "Anna"]))
    assert ", row 4, column 'kWh': 'Anna'" in fault


def test_of_several_sheets_one_must_be_named(take: Take, faults: Faults, hourly: str) -> None:
    content = workbook(["Tid", "kWh"], ["2024-01-01 00:00", 1], sheets=2)
    assert "the sheets Blad1, Blad2: name one as file.sheet" in faults(content)[0]
    mapping = hourly.format(basis="utc").replace("[file]", '[file]\nsheet = "{sheet}"')
    assert take(content, mapping.replace("{sheet}", "Blad2")).values == [1.0]
    assert "no sheet 'Blad3'" in faults(content, mapping.replace("{sheet}", "Blad3"))[0]


def bomb(kind: str, megabytes: int) -> bytes:
    """A small file that unpacks to so many MB of one byte."""
    out = io.BytesIO()
    block = b"0" * 1_000_000
    if kind == "gzip":
        with gzip.open(out, "wb") as packed:
            packed.write(b"Tid;kWh\n")
            for _ in range(megabytes):
                packed.write(block[:-1] + b"\n")
        return out.getvalue()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            for _ in range(megabytes):
                sheet.write(block)
    return out.getvalue()


@pytest.mark.parametrize("kind", ["gzip", "zip"])
def test_a_bomb_is_refused_without_unpacking_it(faults: Faults, kind: str) -> None:
    content = bomb(kind, 400)
    assert len(content) < 1_000_000
    tracemalloc.start()
    (told,) = faults(content)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert "unpack" in told or "characters" in told
    assert peak < 60_000_000


def test_limits_hold_for_honest_files_too(faults: Faults) -> None:
    lines = table(*(f"2024-01-01 {hour:02}:00;{hour}" for hour in range(24)))
    assert "more than 0 MB unpacked" in faults(lines, limits=Limits(text=100))[0]
    content = workbook(["Tid", "kWh"], ["2024-01-01 00:00", 1])
    assert "save it as CSV" in faults(content, limits=Limits(workbook=100))[0]


def test_an_archive_is_no_workbook(faults: Faults) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.csv", "Tid;kWh\n")
    assert "unpack it and send the files" in faults(out.getvalue())[0]
