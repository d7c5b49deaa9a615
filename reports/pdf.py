"""A document as PDF/UA-1 by Typst, which refuses a picture without words and a heading out of order.

The template is a constant; the report comes to it as one JSON file, so that no name can become markup.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import typst

from reports.document import Bars, Document, Part, Section, Steps, Table, written
from reports.language import Language, language

TEMPLATE = Path(__file__).parent / "template" / "report.typ"
FONTS = Path(__file__).parent / "fonts"

_CONTROLS = re.compile("[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_LONG_WORD = re.compile(r"\S{19,}")
_BREAKABLE = re.compile(r"(?<=[:_/.,+-])(?=\S)")
_UNKNOWN = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPED = re.compile(r"\\u\{([0-9a-f]+)\}")
_ZERO_WIDTH_SPACE = "\u200b"
_REMEMBERED = 11  # compilations: typst-py lets go of what the last ten did not use


class PdfError(Exception):
    """Typst refused the document; the message holds its words."""


def pdf(document: Document, zone: ZoneInfo, made: datetime) -> bytes:
    """The document as PDF. Characters that no font of ours has stand as ``[U+1F3EB]``.

    Raises:
        PdfError: the template and the document do not fit; a fault of this program.
    """
    content = json.dumps(_content(document, language("sv" if document.lang == "sv" else "en", zone)))
    files = {"main": TEMPLATE.read_bytes(), "report.json": content.encode()}
    try:
        return _compiled(files, made)
    except typst.TypstError as error:
        unknown = _unknown(str(error.diagnostic))
        if not unknown:
            raise PdfError(str(error.diagnostic)) from error
    files["report.json"] = json.dumps(_without(json.loads(content), unknown)).encode()
    try:
        return _compiled(files, made)
    except typst.TypstError as error:
        raise PdfError(str(error.diagnostic)) from error


def _compiled(files: dict[str, bytes], made: datetime) -> bytes:
    # Typst takes a dict of files by name; its stub does not say so.
    found: bytes = typst.compile(  # type: ignore[call-overload]
        files,
        format="pdf",
        font_paths=_fonts(),
        pdf_standards=["ua-1"],
        timestamp=int(made.timestamp()),
    )
    _forget()
    return found


def _forget() -> None:
    """Let Typst forget the documents it made: it keeps 30 MB of each to be quick with the next change of the
    same, and every report of ours is another. There is no call for it; empty ones make it happen."""
    for _ in range(_REMEMBERED):
        typst.compile(b"", font_paths=_fonts())


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, font_paths=[str(FONTS)])


def _unknown(diagnostic: str) -> set[str]:
    """Characters that no font has, as Typst names them."""
    found = set()
    for cluster in _UNKNOWN.findall(diagnostic):
        found |= set(_ESCAPED.sub(lambda match: chr(int(match[1], 16)), cluster))
    return found


def _without(value: Any, unknown: set[str]) -> Any:  # noqa: ANN401
    """Strings with the unknown characters named; keys and pictures stay."""
    if isinstance(value, str):
        return "".join(f"[U+{ord(char):04X}]" if char in unknown else char for char in value)
    if isinstance(value, list):
        return [_without(one, unknown) for one in value]
    if isinstance(value, dict):
        return {
            key: one if key in ("svg", "manifest") else _without(one, unknown) for key, one in value.items()
        }
    return value


def visible(text: str) -> str:
    """``text`` with control characters, and those that turn the direction of what follows, named."""
    return _CONTROLS.sub(lambda match: f"[U+{ord(match[0]):04X}]", text)


def breakable(text: str) -> str:
    """``text`` with places to break in words too long for a cell."""

    def cut(match: re.Match[str]) -> str:
        parts = _BREAKABLE.split(match[0])
        pieces = [part[n : n + 16] for part in parts for n in range(0, len(part), 16)]
        return _ZERO_WIDTH_SPACE.join(pieces)

    return _LONG_WORD.sub(cut, visible(text))


def _content(document: Document, lang: Language) -> dict[str, Any]:
    return {
        "lang": document.lang,
        "title": breakable(document.title),
        "subtitle": breakable(document.subtitle),
        "site": breakable(document.site),
        "made": document.made,
        "tiles": [
            {"label": breakable(one.label), "value": one.value, "detail": breakable(one.detail)}
            for one in document.tiles
        ],
        "summary": [breakable(one) for one in document.summary],
        "complete": document.complete,
        "missing": [breakable(one) for one in document.missing],
        "words": document.words,
        "sections": [_section(section, lang) for section in document.sections],
        "manifest": document.manifest,
    }


def _section(section: Section, lang: Language) -> dict[str, Any]:
    return {
        "title": breakable(section.title),
        "small": section.small,
        "parts": [
            _part(part, section.small, lang, headed=_is_headed(section, number))
            for number, part in enumerate(section.parts)
        ],
    }


def _is_headed(section: Section, number: int) -> bool:
    """Whether the part before has said what this table is: its chart."""
    part, before = section.parts[number], section.parts[max(0, number - 1)]
    return isinstance(part, Table) and isinstance(before, Bars | Steps) and before.key == part.key


def _part(part: Part, small: bool, lang: Language, *, headed: bool) -> dict[str, Any]:
    if isinstance(part, str):
        return {"type": "text", "text": breakable(part)}
    if isinstance(part, Bars | Steps):
        from reports.charts import bars_svg, steps_svg  # Altair takes half a second of every command

        drawn = bars_svg(part, lang) if isinstance(part, Bars) else steps_svg(part, lang)
        return {"type": "chart", "title": part.title, "alt": part.alt, "svg": drawn}
    return _table(part, small, lang) | ({"title": ""} if headed else {})


def _table(table: Table, small: bool, lang: Language) -> dict[str, Any]:
    return {
        "type": "table",
        "title": breakable(table.title),
        "small": small,
        "columns": [
            {"title": breakable(column.heading), "width": column.width, "right": column.is_number}
            for column in table.columns
        ],
        "rows": [
            [breakable(written(cell, column, lang)) for cell, column in zip(row, table.columns, strict=True)]
            for row in table.rows
        ],
        "strong": sorted(table.strong),
        "note": breakable(table.note),
    }
