"""Files as sheets: encodings and delimiters of Excel, and workbooks that are none."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
import xlsxwriter

from ingest.imports.refusal import FileRefused
from ingest.tables import sheets
from ingest.tables.names import room_shown, shape
from ingest.tables.sheets import read_sheets


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
def test_csv_in_every_dress(tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "rooms.csv"
    text = f'# Åsas rum\r\nschool{delimiter}name\r\nå{delimiter}"två\r\nrader"\r\nö{delimiter}x\r\n'
    path.write_bytes(text.encode(encoding))
    (sheet,) = read_sheets(path)
    assert (sheet.where, sheet.title) == ("rooms.csv", "rooms")
    assert [(row, list(cells)) for row, cells in sheet.rows] == [
        (2, ["school", "name"]),
        (3, ["å", "två\r\nrader"]),
        (5, ["ö", "x"]),
    ]


def test_a_workbook_that_does_not_begin_in_its_corner(tmp_path: Path) -> None:
    path = tmp_path / "b.xlsx"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("Försättsblad")
        book.add_worksheet("Rum").write_row("C4", ["school", 1.5, True])
    first, second = read_sheets(path)
    assert (first.rows, second.where, second.title) == ((), "b.xlsx, sheet Rum", "Rum")
    assert [(row, [cell for cell in cells if cell != ""]) for row, cells in second.rows][-1] == (
        4,
        ["school", 1.5, True],
    )
    assert read_sheets(path, by_number=True)[1].where == "b.xlsx, sheet 2"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0" + b"x" * 600, "old workbook"),
        (b"PK\x03\x04damaged", "damaged"),
        (b"\x00\x01\x02\xff" * 20, "no text"),
    ],
)
def test_what_is_no_table(tmp_path: Path, content: bytes, why: str) -> None:
    path = tmp_path / "x.xlsx"
    path.write_bytes(content)
    with pytest.raises(FileRefused, match=why):
        read_sheets(path)


def test_a_zip_that_is_no_workbook_and_one_that_is_a_bomb(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(FileRefused, match="no workbook"):
        read_sheets(path)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "x")
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    assert path.stat().st_size < 100_000
    monkeypatch.setattr(sheets, "UNPACKED_LIMIT_BYTES", 20_000_000)
    with pytest.raises(FileRefused, match="more than 20 MB unpacked"):
        read_sheets(path)
    monkeypatch.setattr(sheets, "FILE_LIMIT_BYTES", 1_000)
    with pytest.raises(FileRefused, match="larger than 0 MB"):
        read_sheets(path)


def test_a_program_that_stores_no_values_is_told_from_an_empty_cell(tmp_path: Path) -> None:
    made, path = tmp_path / "made.xlsx", tmp_path / "x.xlsx"
    with xlsxwriter.Workbook(made) as book:
        book.add_worksheet("rooms").write_formula("B7", "=1+1", None, 2)
    with zipfile.ZipFile(made) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"<v>2</v>", b""))
    with pytest.raises(FileRefused, match=r"sheet rooms, row 7, column 'B': a formula without a value"):
        read_sheets(path)


def test_names_are_not_shown() -> None:
    assert shape("Anna Svensson 20110203-4567") == "aaaa aaaaaaaa 99999999-9…"
    assert [
        room_shown(name)
        for name in ("Sal A101, hus B", "Anna Svensson", "Sal 1203 (AnSv 110203-4567)", "070-123 45 67", "")
    ] == ["Sal A101 hus B", "…", "Sal 1203 …", "…", "…"]
