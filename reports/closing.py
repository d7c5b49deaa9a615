"""Closing a year: its accounts, what they were made from and its factors are frozen, school by school.

What comes later never changes a closed year. It makes a restatement row: which figure, as closed, as it
would be now, and why. A document of kind ``closed_year`` keeps it all.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from classroom.metric import Interval, Scope
from classroom.site import Site
from reports.accounts import Row, account_rows, register_rows
from reports.build import build
from reports.figures import Report
from reports.fits import Fits
from reports.manifest import Manifest, from_text, manifest_of, to_text
from reports.material import load
from reports.period import Period, parse_period
from reports.verify import TOLD, Cause, Difference, compare
from store.base import Document, Store

KIND = "closed_year"

RESTATEMENT_COLUMNS = (
    "year",
    "school",
    "figure",
    "closed_value",
    "value_now",
    "difference",
    "share",
    "above_threshold",
    "cause",
    "closed_at",
)
"""A row a figure of the accounts that would be another now."""

_WATCHED = ("energy_known_kwh", "energy_estimated_kwh", "emissions")


class CloseError(Exception):
    """A year cannot be closed; the message says why and what to do."""


class Closed(NamedTuple):
    """A closed year of a school."""

    school: str
    year: str
    closed_at: datetime
    manifest: Manifest
    accounts: list[Row]
    energy_register: list[Row]


class Accounts(NamedTuple):
    """A year's accounts: frozen where it is closed (``closed_at``), with what would be restated."""

    school: str
    year: str
    closed_at: datetime | None
    accounts: list[Row]
    energy_register: list[Row]
    restatements: list[Row]


class Books(NamedTuple):
    """What closing and accounts are made over."""

    store: Store
    site: Site
    fits: Fits
    now: datetime
    versions: dict[str, str]


def close_year(books: Books, school: str, year: int) -> Closed:
    """Freeze the year of a school.

    Raises:
        CloseError: the year is not over, is closed already, or readings still wait to be analysed.
        KeyError: no such school.
        store.base.StoreError: the store cannot serve now.
    """
    period = parse_period(str(year))
    if period.running_at(books.now, books.site.zone):
        raise CloseError(f"{year} is not over; close it in {year + 1}")
    standing = closed_year(books.store, school, period.key)
    if standing is not None:
        raise CloseError(
            f"{school} {year} was closed at {standing.closed_at:%Y-%m-%d %H:%M} UTC and stays so; what has "
            "changed since stands in the restatements: classroom-climate report accounts"
        )
    report, accounts, register = _made(books, school, period)
    if report.quality.pending_hours:
        raise CloseError(
            f"{report.quality.pending_hours} hours of readings wait to be analysed; let the service run first"
        )
    manifest = manifest_of(report, "en", books.versions)
    body = {
        "closed_at": books.now.isoformat(),
        "manifest": json.loads(to_text(manifest)),
        "accounts": accounts,
        "energy_register": register,
    }
    text = json.dumps(body, ensure_ascii=False)
    books.store.write_documents([Document(KIND, school, period.key, text)])
    return Closed(school, period.key, books.now, manifest, accounts, register)


def closed_year(store: Store, school: str, year: str) -> Closed | None:
    """The closed year of a school; None where it is open.

    Raises:
        store.base.StoreError: the store cannot serve now.
    """
    for document in store.read_documents(KIND, school):
        if document.key == year:
            body = json.loads(document.body)
            return Closed(
                school,
                year,
                datetime.fromisoformat(body["closed_at"]),
                from_text(json.dumps(body["manifest"])),
                body["accounts"],
                body["energy_register"],
            )
    return None


def accounts_of(books: Books, school: str, year: int) -> Accounts:
    """The year's accounts: as closed, with restatements, or as they are now.

    Raises:
        KeyError: no such school.
        store.base.StoreError: the store cannot serve now.
    """
    period = parse_period(str(year))
    report, accounts, register = _made(books, school, period)
    closed = closed_year(books.store, school, period.key)
    if closed is None:
        return Accounts(school, period.key, None, accounts, register, [])
    now = manifest_of(report, "en", books.versions)
    threshold = books.site.settings.reports.recalculation_threshold_share
    restated = restatements(closed, now, threshold)
    return Accounts(school, period.key, closed.closed_at, closed.accounts, closed.energy_register, restated)


def restatements(closed: Closed, now: Manifest, threshold_share: float) -> list[Row]:
    """Figures of the accounts that would be others now, each with the causes that are known."""
    found = compare(closed.manifest, now)
    causes = [one for one in found if one.cause is not Cause.FIGURE and one.cause not in TOLD]
    rows = []
    for one in found:
        if one.cause is not Cause.FIGURE or not _is_account(one.what, closed.year):
            continue
        was = closed.manifest.figures.get(one.what, (None, ""))[0]
        is_ = now.figures.get(one.what, (None, ""))[0]
        difference = None if was is None or is_ is None else is_ - was
        share = difference / was if difference is not None and was else None
        rows.append(
            {
                "year": closed.year,
                "school": closed.school,
                "figure": one.what,
                "closed_value": was,
                "value_now": is_,
                "difference": difference,
                "share": share,
                "above_threshold": share is None or abs(share) > threshold_share,
                "cause": _causes(causes, one.what),
                "closed_at": closed.closed_at.isoformat(),
            }
        )
    return rows


def _is_account(figure: str, year: str) -> bool:
    parts = figure.split(":")
    return len(parts) > 3 and parts[1] == year and parts[2].startswith(_WATCHED)


def _causes(causes: Sequence[Difference], figure: str) -> str:
    """What may have changed a figure: factors change emissions only."""
    energy = figure.split(":")[2].startswith("energy")
    fitting = [one for one in causes if not (energy and one.cause is Cause.FACTOR)]
    return "; ".join(str(one) for one in fitting[:5]) + (" …" if len(fitting) > 5 else "")


def _made(books: Books, school: str, period: Period) -> tuple[Report, list[Row], list[Row]]:
    store, site = books.store, books.site
    material = load(store, site, school, period, books.now, books.fits)
    report = build(material)
    span = period.span(site.zone)
    meters = store.read_metrics(school, Scope.METER, None, Interval.DAY, *span)
    return report, account_rows(report), register_rows(report, material.site, meters, books.now)
