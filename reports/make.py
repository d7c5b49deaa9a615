"""Reports as files: from what was loaded to bytes, in whatever process has the time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from reports.build import build
from reports.city import Portfolio
from reports.city_line import Line, line_of
from reports.csv_metadata import SUFFIX, metadata
from reports.document import Document
from reports.figures import SITE
from reports.language import Code
from reports.manifest import manifest_of, manifest_of_city, to_text
from reports.material import Material
from reports.pdf import pdf
from reports.sections.city import compose_city
from reports.sections.compose import compose
from reports.tidy import figures_csv, figures_json
from reports.workbook import workbook

Format = Literal["pdf", "xlsx", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)
Kind = Format | Literal["csvm"]
"""What a file is: a report in a format, or the metadata beside a CSV file."""
MEDIA_TYPES: dict[Kind, str] = {
    "pdf": "application/pdf",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "csvm": "application/csvm+json",
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
    """A report as a file, or what stands beside one."""

    name: str
    format: Kind
    content: bytes


class Order(NamedTuple):
    """A school's report to be made, perhaps in another process."""

    material: Material
    shape: Shape
    versions: dict[str, str]


class CityOrder(NamedTuple):
    """A portfolio's report to be made."""

    portfolio: Portfolio
    shape: Shape
    versions: dict[str, str]


def make(order: Order) -> list[File]:
    """The report of a school in each format."""
    material, shape, versions = order
    report = build(material)
    manifest = to_text(manifest_of(report, shape.lang, versions))
    document = compose(report, shape.lang, versions, manifest)
    stem = f"{report.school}-{report.period.key}-{shape.lang}"
    return _files(stem, document, shape, material.site.zone, material.now)


def make_city(order: CityOrder) -> list[File]:
    """The report of all schools in each format."""
    portfolio, shape, versions = order
    manifest = to_text(manifest_of_city(portfolio, shape.lang, versions))
    document = compose_city(portfolio, shape.lang, versions, manifest)
    stem = f"{SITE}-{portfolio.period.key}-{shape.lang}"
    return _files(stem, document, shape, ZoneInfo(portfolio.time_zone), portfolio.made)


def line(material: Material) -> Line:
    """A school's line of a portfolio."""
    return line_of(build(material))


def _files(stem: str, document: Document, shape: Shape, zone: ZoneInfo, made: datetime) -> list[File]:
    """A document in each format; CSV and JSON hold its figures. Beside CSV stands its metadata."""
    figures = document.figures
    found: list[File] = []
    for kind in shape.formats:
        beside = b""
        if kind == "pdf":
            content = pdf(document, zone, made)
        elif kind == "xlsx":
            content = workbook(document, zone, made)
        elif kind == "csv":
            content = figures_csv(figures, zone, shape.delimiter, shape.decimal)
            beside = metadata(f"{stem}.csv", content, document.manifest, shape.delimiter, shape.decimal)
        else:
            content = figures_json(figures, zone, document.manifest)
        found.append(File(f"{stem}.{kind}", kind, content))
        if beside:
            found.append(File(f"{stem}.csv{SUFFIX}", "csvm", beside))
    return found
