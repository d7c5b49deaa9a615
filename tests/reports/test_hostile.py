"""Hostile names of schools and rooms stand as text in every format, of one school and of all."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

import pdfua
import pytest
from report_files import all_cells, pdf_text, sheet, squeezed

from classroom.site import Site
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


def hostile(texts: dict[str, str], name: str, other: str = "Björkbackaskolan") -> Site:
    """The site with a school and a room of that name, and its other school of another."""
    quoted, second = (f'"{one.replace(chr(34), chr(34) * 2)}"' for one in (name, other))
    schools = texts["schools.csv"].replace("Almbackaskolan", quoted).replace("Björkbackaskolan", second)
    rooms = re.sub(r"(almbacka,k01,)[^,]+", lambda match: match[1] + quoted, texts["rooms.csv"])
    return parse_site({**texts, "schools.csv": schools, "rooms.csv": rooms})


def shown(name: str) -> str:
    """What a PDF prints of a name: what no font has is named."""
    return squeezed("".join(f"[U+{ord(char):04X}]" if char in UNKNOWN else char for char in name))


def text_only(content: dict[str, bytes], name: str, times: int, folder: Path) -> None:
    """``name`` stands as text in each format, in the PDF ``times`` or more; that is still PDF/UA."""
    path = folder / "report.pdf"
    path.write_bytes(content["pdf"])
    assert [finding.message for finding in pdfua.validate(str(path)).findings] == []
    if not re.search("[\u0590-\u06ff]", name):  # pypdf gives right-to-left text in the order it is drawn
        assert pdf_text(content["pdf"]).count(shown(name)) >= times
    with zipfile.ZipFile(io.BytesIO(content["xlsx"])) as parts:
        assert not any(b"<f>" in parts.read(part) for part in parts.namelist() if "worksheets" in part)
        assert not any("hyperlink" in part.lower() for part in parts.namelist())
    assert name in all_cells(content["xlsx"])
    for line in content["csv"].decode("utf-8-sig").splitlines():
        assert not line.startswith(("=", "+", "-", "@"))


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_name_is_printed_as_text(
    reported: City, its_store: DuckDBStore, name: str, tmp_path: Path
) -> None:
    reports = reports_over(its_store, hostile(reported.texts, name))
    made = reports.school("almbacka", parse_period("2025-11"), Shape(FORMATS, "sv"))
    assert {len(file.name) < 60 for file in made} == {True}
    content = {file.format: file.content for file in made}
    text_only(content, name, 3, tmp_path)  # title, first sentence, its room
    assert name in [row[0] for row in sheet(content["xlsx"], "Inomhusluft och komfort")]


@pytest.mark.parametrize("names", list(zip(NAMES[::2], NAMES[1::2], strict=True)))
def test_a_hostile_name_is_text_in_the_report_of_all(
    reported: City, its_store: DuckDBStore, names: tuple[str, str], tmp_path: Path
) -> None:
    reports = reports_over(its_store, hostile(reported.texts, *names))
    made, _ = reports.city(["almbacka", "bjorkbacka"], parse_period("2025-11"), Shape(FORMATS, "en"))
    content = {file.format: file.content for file in made}
    for name in names:
        text_only(content, name, 5, tmp_path)  # energy, gases, savings, air, quality
        for title in ("School by school", "Comparison and causes", "Indoor air and comfort", "Data quality"):
            assert name in [row[0] for row in sheet(content["xlsx"], title)]
