"""Reports as files: from what was loaded to bytes, in whatever process has the time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, get_args

from reports.build import build
from reports.document import Document
from reports.figures import Figure
from reports.language import Code
from reports.manifest import manifest_of, to_text
from reports.material import Material
from reports.pdf import pdf
from reports.sections.compose import compose
from reports.tidy import figures_csv, figures_json
from reports.workbook import workbook

Format = Literal["pdf", "xlsx", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
MEDIA_TYPES: dict[Format, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
}


@dataclass(frozen=True, slots=True)
class Shape:
    """In which formats and language, and how CSV is written (a decimal comma needs a semicolon)."""

    formats: tuple[Format, ...]
    lang: Code
    delimiter: str = ","
    decimal: str = "."

    def __post_init__(self) -> None:
        """Refuse a CSV that nobody could read.

        Raises:
            ValueError: decimal sign and delimiter are the same.
        """
        if self.decimal == self.delimiter:
            raise ValueError("decimal comma needs the delimiter ;")


@dataclass(frozen=True, slots=True)
class File:
    """A report as a file."""

    name: str
    format: Format
    content: bytes


def make(material: Material, shape: Shape, versions: dict[str, str]) -> list[File]:
    """The report of a school in each format."""
    report = build(material)
    manifest = to_text(manifest_of(report, shape.lang, versions))
    document = compose(report, shape.lang, versions, manifest)
    stem = f"{report.school}-{report.period.key}-{shape.lang}"
    return files(stem, document, report.figures.values(), material, shape)


def files(
    stem: str, document: Document, figures: Iterable[Figure], material: Material, shape: Shape
) -> list[File]:
    """A document in each format; CSV and JSON hold its figures."""
    zone, made = material.site.zone, material.now
    found = []
    for kind in shape.formats:
        if kind == "pdf":
            content = pdf(document, zone, made)
        elif kind == "xlsx":
            content = workbook(document, zone, made)
        elif kind == "csv":
            content = figures_csv(figures, zone, shape.delimiter, shape.decimal)
        else:
            content = figures_json(figures, zone, document.manifest)
        found.append(File(f"{stem}.{kind}", kind, content))
    return found
