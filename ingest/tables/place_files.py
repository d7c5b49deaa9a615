"""A workbook or CSV files with a site's tables, as they come back from a spreadsheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from classroom.places import Row
from ingest.imports.refusal import FileFault, FileRefused, refused
from ingest.tables.dates import text_of
from ingest.tables.sheets import Cell, Sheet, read_sheets

HELP_SHEET = "help"


@dataclass(frozen=True)
class GivenTable:
    """A table as a file has it: its columns, and its rows with their number and cells by column."""

    where: str
    columns: tuple[str, ...]
    rows: tuple[tuple[int, Mapping[str, Cell]], ...]


def read_tables(path: Path, tables: Mapping[str, type[Row]]) -> dict[str, GivenTable]:
    """The tables in a workbook, in a CSV file named as its table, or in a folder of those.

    ``tables`` are the site's by file name, as ``classroom.sitefiles.TABLES``.

    Raises:
        FileRefused: with every fault of sheets and headers.
    """
    stems = {file.removesuffix(".csv"): file for file in tables}
    sheets: list[Sheet] = []
    if path.is_dir():
        files = [path / file for file in tables if (path / file).exists()]
        if not files:
            raise refused(path.name, f"no table in it; they are called {', '.join(tables)}")
        sheets = [sheet for file in files for sheet in read_sheets(file)]
    else:
        sheets = read_sheets(path)
    faults: list[FileFault] = []
    found: dict[str, GivenTable] = {}
    for sheet in sheets:
        title = sheet.title.strip().casefold()
        if title == HELP_SHEET or not any(any(text_of(cell) for cell in row) for _, row in sheet.rows):
            continue
        if title not in stems:
            cure = f"no such table; name the sheet or file one of {', '.join(stems)}"
            faults.append(FileFault(sheet.where, 0, "", repr(sheet.title), cure))
        else:
            found[stems[title]] = _table(sheet, tables[stems[title]], faults)
    if faults:
        raise FileRefused(faults)
    return found


def _table(sheet: Sheet, model: type[Row], faults: list[FileFault]) -> GivenTable:
    number, header = next((n, row) for n, row in sheet.rows if any(text_of(cell) for cell in row))
    names = [text_of(cell).casefold() for cell in header]
    known = ", ".join(model.model_fields)
    for name in dict.fromkeys(names):
        if name and name not in model.model_fields:
            faults.append(FileFault(sheet.where, number, name, "", f"no such column; there are {known}"))
        elif name and names.count(name) > 1:
            faults.append(FileFault(sheet.where, number, name, "", "the column stands twice; delete one"))
    rows = []
    for row, cells in sheet.rows:
        if row <= number or not any(text_of(cell) for cell in cells):
            continue
        rows.append((row, {name: cell for name, cell in zip(names, cells, strict=False) if name}))
        faults += _beyond(sheet.where, row, names, cells)
    return GivenTable(sheet.where, tuple(name for name in names if name), tuple(rows))


def _beyond(where: str, row: int, names: Sequence[str], cells: Sequence[Cell]) -> list[FileFault]:
    """Cells that stand under no column."""
    titles = [*names, *[""] * len(cells)]
    return [
        FileFault(
            where, row, "", repr(text_of(cell))[:60], "the cell stands under no column; name or empty it"
        )
        for name, cell in zip(titles, cells, strict=False)
        if not name and text_of(cell)
    ]
