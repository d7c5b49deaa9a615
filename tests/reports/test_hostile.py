"""Hostile names stand as text in every format."""

from __future__ import annotations

import io
import re
import zipfile

import pytest
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from classroom.sitefiles import parse_site
from reported_city import City, reports_over
from reports.make import FORMATS, Shape
from reports.period import parse_period
from store.duckdb_store import DuckDBStore

NAMES = (
    '=HYPERLINK("x";"y")',
    '#import "a": *',
    "#panic() $x^2$ *bold* _it_ <label> @ref \\u{41}",
    "Å" * 200,
    "ordet" + "x" * 150,
    "Skola 😀 🏫 👩🏽‍🏫",
    "שלום בית ספר",
    "مدرسة البلدية",
    "<script>alert(1)</script>&amp;",
    "+1-2@3",
)

UNKNOWN = "🏫👩🏽\u200d"


def squeezed(text: str) -> str:
    return re.sub(r"[\s\u200b\u00ad\ufb00-\ufb06]+", "", text)


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_printed_as_text(reported: City, its_store: DuckDBStore, name: str) -> None:
    quoted = '"' + name.replace('"', '""') + '"'
    schools = reported.texts["schools.csv"].replace("Almbackaskolan", quoted)
    rooms = re.sub(r"(almbacka,k01,)[^,]+", lambda match: match[1] + quoted, reported.texts["rooms.csv"])
    site = parse_site({**reported.texts, "schools.csv": schools, "rooms.csv": rooms})
    made = reports_over(its_store, site).school("almbacka", parse_period("2025-11"), Shape(FORMATS, "sv"))
    content = {file.format: file.content for file in made}
    assert {len(file.name) < 60 for file in made} == {True}

    text = squeezed("\n".join(page.extract_text() for page in PdfReader(io.BytesIO(content["pdf"])).pages))
    if not re.search("[\u0590-\u06ff]", name):  # pypdf gives right-to-left text in the order it is drawn
        shown = "".join(f"[U+{ord(char):04X}]" if char in UNKNOWN else char for char in name)
        assert squeezed(shown) in text
    with zipfile.ZipFile(io.BytesIO(content["xlsx"])) as parts:
        assert not any(b"<f>" in parts.read(part) for part in parts.namelist() if "worksheets" in part)
        assert not any("hyperlink" in part.lower() for part in parts.namelist())
    book = CalamineWorkbook.from_filelike(io.BytesIO(content["xlsx"]))
    cells = {
        str(cell)
        for sheet in book.sheet_names
        for row in book.get_sheet_by_name(sheet).to_python()
        for cell in row
    }
    assert name in cells
    for line in content["csv"].decode("utf-8-sig").splitlines():
        assert not line.startswith(("=", "+", "-", "@"))
