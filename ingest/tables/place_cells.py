"""Cells of a spreadsheet to values of a site's tables; what it has made of them is met with words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from classroom.places import Device, NormalMonth, Row, Station
from ingest.tables.column_help import KEY_COLUMNS, base_type
from ingest.tables.dates import date_of
from ingest.tables.sheets import Cell

_ROUNDED = re.compile(r"\d+(?:[.,]\d+)?[eE]\+?\d+")
_GROUPED = re.compile(r"[-+]?\d{1,3}(?:[ \u00a0\u2009\u202f]\d{3})+(?:[.,]\d+)?")
_DEVICES = frozenset(((Device, "key"), (Station, "key"), (NormalMonth, "station")))
_AS_TEXT = "format the cell as text and type it again"


class BadCell(ValueError):  # noqa: N818 - a fact about a cell
    """What would cure a cell."""


def value_of(
    cell: Cell | None, model: type[Row], column: str, zone: ZoneInfo, known: Mapping[str, str]
) -> object:
    """A cell as the value of its column, None where it is empty; text is left for the model to judge.

    ``known`` are keys that stand in the site already, by themselves without leading zeros.

    Raises:
        BadCell: the spreadsheet has made something else of it.
    """
    if isinstance(cell, str):
        cell = _text(cell)
    if cell is None or cell == "":
        return None
    kind = base_type(model, column)
    if kind is datetime:
        return _time(cell, zone)
    if kind is date:
        found = date_of(cell)
        if found is None or (isinstance(cell, datetime) and cell.time() != time()):
            raise BadCell("write a date as 2026-08-18")
        return found
    if isinstance(cell, (datetime, date)):
        raise BadCell(f"the spreadsheet made a date of it; {_AS_TEXT}")
    if kind in (float, int) and isinstance(cell, str):
        return re.sub(r"[ \u00a0\u2009\u202f]", "", cell) if _GROUPED.fullmatch(cell) else cell
    if kind in (float, int, bool):
        return cell
    return _word(cell, model, column, known)


def _text(cell: str) -> str:
    text = cell.strip(" \t\r\n\u00a0\u2009\u202f\ufeff")
    return text[1:] if re.match(r"'[=+\-@]", text) else text


def _time(cell: Cell, zone: ZoneInfo) -> object:
    if isinstance(cell, datetime):
        return cell.replace(tzinfo=zone)
    if isinstance(cell, date):
        return datetime.combine(cell, time(), zone)
    if isinstance(cell, str):
        day = date_of(cell)
        try:
            told = datetime.combine(day, time()) if day is not None else datetime.fromisoformat(cell)
        except ValueError:
            raise BadCell("write a date as 2026-08-18, or with a time as 2026-08-18 08:00") from None
        return told if told.tzinfo is not None else told.replace(tzinfo=zone)
    raise BadCell("write a date as 2026-08-18, or with a time as 2026-08-18 08:00")


def _word(cell: Cell, model: type[Row], column: str, known: Mapping[str, str]) -> str:
    if isinstance(cell, (time, timedelta)):
        whole = cell if isinstance(cell, time) else (datetime(2000, 1, 1) + cell).time()  # noqa: DTZ001
        return f"{whole:%H:%M}"
    if isinstance(cell, bool):
        raise BadCell(f"the spreadsheet made a truth value of it; {_AS_TEXT}")
    if isinstance(cell, str):
        if column in KEY_COLUMNS and _ROUNDED.fullmatch(cell) and cell not in known.values():
            raise BadCell(
                f"the spreadsheet rounded a long number, digits are lost; {_AS_TEXT}, from the sticker"
            )
        return cell
    if not isinstance(cell, float) or cell != int(cell):
        return f"{cell}"
    text = f"{cell:.0f}"
    if column not in KEY_COLUMNS or text in known.values():
        return text
    if text in known:
        raise BadCell(f"the spreadsheet made a number of {known[text]!r}; {_AS_TEXT}")
    if (model, column) in _DEVICES or cell >= 1e11:
        raise BadCell(
            f"the spreadsheet made a number of it, leading zeros or last digits may be lost; {_AS_TEXT}"
        )
    return text
