"""What a report was made from, embedded in its file, so that it can be made again and compared."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple

from classroom.factors import Factor
from reports.city import Portfolio
from reports.figures import SITE, Figure, Inputs, Report
from reports.findings import is_finding

FORMAT = "classroom-climate report/1"
ATTACHMENT = "manifest.json"
SHEET = "Manifest"
"""Name of the attachment in a PDF, and of the sheet in a workbook."""


class ManifestError(Exception):
    """A file holds no manifest of ours; the message says what to do."""


class Manifest(NamedTuple):
    """What a report was made from. ``figures`` are value and fingerprint by id."""

    school: str
    period: str
    lang: str
    made: datetime
    versions: dict[str, str]
    methods: tuple[str, ...]
    settings: dict[str, str]
    factors: dict[str, dict[str, Any]]
    inputs: tuple[Inputs, ...]
    figures: dict[str, tuple[float | None, str]]


def manifest_of(report: Report, lang: str, versions: dict[str, str]) -> Manifest:
    """The manifest of a report."""
    return Manifest(
        report.school,
        report.period.key,
        lang,
        report.made,
        versions,
        _methods(report.figures.values()),
        report.settings,
        {factor.id: _factor(factor) for factor in report.factors},
        report.inputs,
        {figure.id: _value(figure) for figure in report.figures.values()},
    )


def manifest_of_city(portfolio: Portfolio, lang: str, versions: dict[str, str]) -> Manifest:
    """The manifest of a portfolio's report; of readings a row a school and month."""
    return Manifest(
        SITE,
        portfolio.period.key,
        lang,
        portfolio.made,
        versions,
        _methods(portfolio.every.values()),
        portfolio.settings,
        {factor.id: _factor(factor) for factor in portfolio.factors},
        tuple(one for line in sorted(portfolio.lines, key=lambda line: line.school) for one in line.inputs),
        {figure.id: _value(figure) for figure in portfolio.every.values()},
    )


def _methods(figures: Iterable[Figure]) -> tuple[str, ...]:
    """Of all figures but findings, which are judged anew with every later day."""
    return tuple(sorted({figure.method for figure in figures if not is_finding(figure.id)}))


def _factor(factor: Factor) -> dict[str, Any]:
    return factor.model_dump(mode="json", exclude={"id"})


def _value(figure: Figure) -> tuple[float | None, str]:
    return figure.value, figure.fingerprint


def to_text(manifest: Manifest) -> str:
    """The manifest as JSON."""
    content = manifest._asdict() | {
        "format": FORMAT,
        "made": manifest.made.isoformat(),
        "inputs": [
            [one.device, one.quantity, one.month, one.readings, one.flagged, one.hash]
            for one in manifest.inputs
        ],
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def from_text(text: str) -> Manifest:
    """The manifest that :func:`to_text` wrote.

    Raises:
        ManifestError: it is none.
    """
    try:
        content = json.loads(text)
        if content.get("format") != FORMAT:
            raise ManifestError(f"the manifest is of format {content.get('format')!r}, not {FORMAT!r}")
        del content["format"]
        content["made"] = datetime.fromisoformat(content["made"])
        content["inputs"] = tuple(Inputs(*one) for one in content["inputs"])
        content["methods"] = tuple(content["methods"])
        content["figures"] = {key: (one[0], one[1]) for key, one in content["figures"].items()}
        return Manifest(**content)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise ManifestError(f"the manifest cannot be read ({error}); was the file changed?") from error


def find_manifest(content: bytes) -> Manifest:
    """The manifest in a report's PDF, workbook or JSON file, or in the metadata beside its CSV file.

    Raises:
        ManifestError: there is none.
    """
    if content.startswith(b"%PDF"):
        return from_text(_from_pdf(content))
    if content.startswith(b"PK"):
        return from_text(_from_workbook(content))
    if content.lstrip().startswith(b"{"):
        return from_text(_from_json(content))
    raise ManifestError(
        "only PDF, XLSX and JSON files hold a manifest; that of a CSV file stands beside it, in "
        "NAME.csv-metadata.json"
    )


def note_of(metadata: dict[str, Any]) -> dict[str, Any]:
    """The note with our manifest in the metadata of a CSV file (:mod:`reports.csv_metadata`).

    Raises:
        ValueError, KeyError, TypeError: there is none.
    """
    for note in metadata["notes"]:
        if "manifest" in note:
            return dict(note)
    raise ValueError("no note holds a manifest")


def _from_pdf(content: bytes) -> str:
    from pypdf import PdfReader  # its memory is not for processes that only make reports
    from pypdf.errors import PyPdfError

    try:
        attached = PdfReader(io.BytesIO(content)).attachments
        found = attached.get(ATTACHMENT)
    except (PyPdfError, ValueError, KeyError, OSError) as error:
        raise ManifestError(f"the PDF cannot be read ({error})") from error
    if not found:
        raise ManifestError("the PDF has no manifest attached; was it printed to a new PDF?")
    return found[0].decode("utf-8", "replace")


def _from_workbook(content: bytes) -> str:
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_name(SHEET).to_python()
    except (CalamineError, OSError, ValueError) as error:
        raise ManifestError(
            f"the workbook has no sheet {SHEET!r} ({error}); that of climate accounts has none: what changed "
            "stands in its restatements"
        ) from error
    return "".join(str(row[0]) for row in rows[1:] if row)


def _from_json(content: bytes) -> str:
    try:
        read = json.loads(content)
        return json.dumps((note_of(read) if "notes" in read else read)["manifest"])
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"the JSON file holds no manifest ({error})") from error
