"""What stands beside a report's CSV file: how it is read, what its columns are, and the manifest.

Tabular metadata as the W3C lays it down ("Model for Tabular Data and Metadata on the Web", 2015): the file
``NAME.csv-metadata.json``. The table stays tidy, and the manifest is a note in the metadata, with the hash
of the table it belongs to.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import Any

from reports.manifest import ManifestError, from_text, note_of
from reports.tidy import COLUMNS
from reports.verify import Cause, Difference, differing

SUFFIX = "-metadata.json"
"""Of the metadata's name, behind the table's."""

_NUMBERS = ("value", "low", "high", "coverage")
_DATES = ("first_day", "last_day")


def metadata(name: str, table: bytes, manifest: str, delimiter: str, decimal: str) -> bytes:
    """The metadata of the table ``name`` (:func:`reports.tidy.figures_csv`)."""
    content = {
        "@context": "http://www.w3.org/ns/csvw",
        "url": name,
        "dialect": {"encoding": "utf-8", "delimiter": delimiter, "lineTerminators": ["\r\n"]},
        "tableSchema": {
            "columns": [{"name": one, "titles": one, "datatype": _datatype(one, decimal)} for one in COLUMNS],
            "primaryKey": "id",
        },
        "notes": [{"sha256": hashlib.sha256(table).hexdigest(), "manifest": json.loads(manifest)}],
    }
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def _datatype(column: str, decimal: str) -> object:
    if column in _NUMBERS:
        return {"base": "number", "format": {"decimalChar": decimal}}
    return "date" if column in _DATES else "string"


def changed_rows(table: bytes, beside: bytes) -> list[Difference]:
    """What differs between a table and the one that its metadata ``beside`` was written for: figures by id,
    else only that something does.

    Raises:
        ManifestError: the metadata is none of ours, or the table cannot be read.
    """
    try:
        content = json.loads(beside)
        note = note_of(content)
        columns = {one["name"]: one["datatype"] for one in content["tableSchema"]["columns"]}
        delimiter, decimal = content["dialect"]["delimiter"], columns["value"]["format"]["decimalChar"]
        hashed = note["sha256"]
    except (ValueError, KeyError, TypeError) as error:
        raise ManifestError(f"the metadata beside the CSV file cannot be read ({error})") from error
    if hashlib.sha256(table).hexdigest() == hashed:
        return []
    found = differing(
        from_text(json.dumps(note["manifest"])).figures, _figures(table, delimiter, decimal), Cause.FILE
    )
    return found or [Difference(Cause.FILE, "the text of the table", "as it was made", "other, values apart")]


def _figures(table: bytes, delimiter: str, decimal: str) -> dict[str, tuple[float | None, str]]:
    """Value and fingerprint by id."""
    try:
        rows: list[dict[str, Any]] = list(
            csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=delimiter)
        )
        return {
            row["id"]: (
                float(row["value"].replace(decimal, ".")) if row["value"] else None,
                row["fingerprint"],
            )
            for row in rows
        }
    except (ValueError, KeyError, TypeError, AttributeError, csv.Error) as error:
        raise ManifestError(f"the CSV file cannot be read as it was written ({error!r})") from error
