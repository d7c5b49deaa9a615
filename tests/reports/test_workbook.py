"""How a workbook looks in a spreadsheet that measures nothing by itself: heights, widths, heads, charts."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from reports.document import Column, Document, Section, Steps, Table
from reports.workbook import workbook

LONG = "Words that fill more than one line of a printed page. " * 6
COLUMNS = (Column("Name"), Column("Energy", "number", "kWh", 1, sign=True), Column("Remark"))
STEPS = Steps(
    "t", "From then to now", "kWh", "A bridge.", ("then", 5.0), (("weather", -2.0, None, None),), ("now", 3.0)
)


def table(key: str = "t", *rows: tuple[str, float | None, str]) -> Table:
    return Table(key, "Table", COLUMNS, rows or (("a", 1.0, ""),))


def parts_of(*sections: Section, title: str = "Title") -> dict[str, str]:
    """The parts of a workbook with these sections; its first one is ``xl/worksheets/sheet2.xml``."""
    words = {"summary": "Summary", "complete": "Complete", "figures": "Figures", "manifest": "For programs"}
    document = Document(
        lang="en",
        title=title,
        subtitle="2026",
        site="Site",
        made="Made now",
        tiles=(),
        summary=(LONG,),
        complete=True,
        missing=("Nothing.",),
        sections=sections,
        words=words,
        figures=(),
        manifest="x" * 1_000,
    )
    content = workbook(document, ZoneInfo("Europe/Stockholm"), datetime(2026, 1, 1, tzinfo=UTC))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def sheet_of(*tables: Table | str | Steps) -> str:
    return parts_of(Section("s", "Topic", tables))["xl/worksheets/sheet2.xml"]


def height(sheet: str, row: int) -> float | None:
    """Height of a row [pt] where one is set; ``row`` from 1."""
    found = re.search(rf'<row r="{row}"[^>]*?\bht="([\d.]+)"', sheet)
    return None if found is None else float(found[1])


def test_texts_have_the_height_that_they_need() -> None:
    sheet = sheet_of(LONG, table("t", ("a", 1.0, "short"), ("b", 1.0, LONG)))
    assert height(sheet, 3) == 45  # 323 characters on lines of 110 or more
    assert height(sheet, 5) is None  # the table's title
    assert height(sheet, 7) is None
    assert height(sheet, 8) == pytest.approx(15 * 8)  # on lines of 47, by words
    assert re.search(r'<mergeCell ref="A3:\w3"', sheet)
    front = parts_of()["xl/worksheets/sheet1.xml"]
    assert height(front, 4) == 45


def test_only_a_head_that_stands_alone_is_frozen() -> None:
    assert '<pane xSplit="1" ySplit="6"' in sheet_of("A word before.", table())
    assert '<pane xSplit="1" topLeftCell' in sheet_of(table(), table("other"))


def test_a_number_shown_as_zero_has_no_sign() -> None:
    sheet = sheet_of(table("t", ("a", -0.04, ""), ("b", -0.06, "")))
    assert re.search(r'<c r="B5"[^>]*><v>0</v>', sheet)
    assert re.search(r'<c r="B6"[^>]*><v>-0.06</v>', sheet)


def test_a_bridge_is_drawn_beside_its_table_from_hidden_columns() -> None:
    parts = parts_of(Section("s", "Topic", (STEPS, table(), table("other"))))
    sheet, chart = parts["xl/worksheets/sheet2.xml"], parts["xl/charts/chart1.xml"]
    assert re.search(r'<col min="41" max="45"[^>]*hidden="1"', sheet)
    assert "plotVisOnly" not in chart  # hidden cells are drawn too
    assert "$AO$4:$AO$6" in chart  # from the head's row on
    assert re.search(r'<c r="AQ5"[^>]*><v>0</v>', sheet)  # then 5, less 2: drawn from 3 on
    assert re.search(r'<c r="AP5"[^>]*><v>3</v>', sheet)
    assert "<xdr:col>4</xdr:col>" in parts["xl/drawings/drawing1.xml"]
    assert re.search(r'<row r="24"', sheet)  # the other table begins below the chart


def test_pages_are_numbered_under_the_reports_name() -> None:
    sheet = parts_of(title="Lek & lär")["xl/worksheets/sheet1.xml"]
    assert "&amp;LLek &amp;&amp; lär, 2026&amp;R&amp;P / &amp;N" in sheet
