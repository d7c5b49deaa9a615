"""Climate accounts: rows for dual reporting, closing, restatements with their cause."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from analytics import jobs
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from reported_city import NOW, VERSIONS, City
from reports import energy_figures
from reports.accounts import ACCOUNT_COLUMNS, REGISTER_COLUMNS
from reports.closing import KIND, RESTATEMENT_COLUMNS, Books, CloseError, accounts_of, close_year
from reports.figures import Figure
from reports.fits import Fits
from reports.tables import tables_csv, tables_workbook
from store.base import Document
from store.duckdb_store import DuckDBStore

LATER = datetime(2026, 1, 15, 12, tzinfo=UTC)


def books(store: DuckDBStore, site: Site, now: datetime = LATER) -> Books:
    return Books(store, site, Fits(), now, VERSIONS)


def analyse(store: DuckDBStore, site: Site, school: str = "bjorkbacka") -> None:
    jobs.run(store, site, LATER, school=school, start=datetime(2025, 11, 1, tzinfo=UTC), end=NOW)


def advance(store: DuckDBStore) -> None:
    """Whatever waits is done."""
    store.advance("metrics", store.changed("metrics").cursor)


def test_rows_of_both_bases_stand_beside_each_other(reported: City, its_store: DuckDBStore) -> None:
    found = accounts_of(books(its_store, reported.site), "bjorkbacka", 2025)
    assert found.closed_at is None
    assert found.restatements == []
    assert all(tuple(row) == ACCOUNT_COLUMNS for row in found.accounts)
    assert all(tuple(row) == REGISTER_COLUMNS for row in found.energy_register)
    lines = {(row["carrier"], row["scope"], row["basis"]): row for row in found.accounts}
    assert lines["electricity", "2", "location"]["factor"] == "se-el-eea-2024"
    assert lines["electricity", "2", "market"]["factor_g_per_kwh"] == 524.1
    assert lines["district_heat", "2", "location"]["factor_year"] == 2025
    assert lines["district_heat", "2", "market"]["emissions_kgco2e"] is None
    assert "no_factor" in lines["district_heat", "2", "market"]["reason"]
    november = next(
        row for row in found.energy_register if (row["carrier"], row["month"]) == ("electricity", "2025-11")
    )
    assert november["stands_on"] == "partly_estimated"
    assert november["estimated_low_kwh"] < november["estimated_kwh"] < november["estimated_high_kwh"]
    assert november["meters"] == "el"


def test_a_year_that_runs_or_waits_is_not_closed(reported: City, its_store: DuckDBStore) -> None:
    with pytest.raises(CloseError, match="2025 is not over; close it in 2026"):
        close_year(books(its_store, reported.site, NOW), "bjorkbacka", 2025)
    late = Reading("bjorkbacka/el", "energy_of_day_kwh", datetime(2025, 11, 11, 23, tzinfo=UTC), 55.0)
    its_store.write_readings([late])
    with pytest.raises(CloseError, match="wait to be analysed"):
        close_year(books(its_store, reported.site), "bjorkbacka", 2025)


def test_a_closed_year_stays_and_late_data_are_restated_with_their_cause(
    reported: City, its_store: DuckDBStore
) -> None:
    closed = close_year(books(its_store, reported.site), "bjorkbacka", 2025)
    assert [document.key for document in its_store.read_documents(KIND, "bjorkbacka")] == ["2025"]
    with pytest.raises(CloseError, match="was closed at 2026-01-15 12:00 UTC and stays so"):
        close_year(books(its_store, reported.site), "bjorkbacka", 2025)
    quiet = accounts_of(books(its_store, reported.site), "bjorkbacka", 2025)
    assert quiet.closed_at == LATER
    assert quiet.restatements == []

    late = Reading("bjorkbacka/el", "energy_of_day_kwh", datetime(2025, 11, 11, 23, tzinfo=UTC), 5_000.0)
    its_store.write_readings([late])
    analyse(its_store, reported.site)
    advance(its_store)
    found = accounts_of(books(its_store, reported.site), "bjorkbacka", 2025)
    assert found.accounts == closed.accounts
    assert found.energy_register == closed.energy_register
    rows = {row["figure"]: row for row in found.restatements}
    assert all(tuple(row) == RESTATEMENT_COLUMNS for row in found.restatements)
    row = rows["bjorkbacka:2025:energy_known_kwh:electricity"]
    assert row["difference"] == pytest.approx(5_000)
    assert row["above_threshold"] is True
    assert row["cause"].startswith("readings: bjorkbacka/el energy_of_day_kwh 2025-11: 2")
    assert not any("district_heat" in figure for figure in rows)


def test_a_new_factor_restates_emissions_only(reported: City, its_store: DuckDBStore) -> None:
    close_year(books(its_store, reported.site), "almbacka", 2025)
    text = reported.texts["factors.csv"].replace("2025,71", "2025,72")
    site = parse_site({**reported.texts, "factors.csv": text})
    analyse(its_store, site, "almbacka")
    found = accounts_of(books(its_store, site), "almbacka", 2025)
    assert {row["cause"].split(":")[0] for row in found.restatements} == {"factor"}
    assert {row["figure"].split(":")[2] for row in found.restatements} == {"emissions_kgco2e"}
    assert all(row["above_threshold"] is False for row in found.restatements)


def test_a_new_method_is_named_as_the_cause(
    reported: City, its_store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = close_year(books(its_store, reported.site), "almbacka", 2025)
    known = energy_figures._known

    def other(*arguments: Any) -> Figure:
        found = known(*arguments)
        value = None if found.value is None else found.value * 1.01
        return replace(found, value=value, method="report.known_energy/2")

    monkeypatch.setattr(energy_figures, "_known", other)
    found = accounts_of(books(its_store, reported.site), "almbacka", 2025)
    rows = {row["figure"]: row for row in found.restatements}
    row = rows["almbacka:2025:energy_known_kwh:electricity"]
    assert row["cause"] == "method: report.known_energy: 1 → 2"
    assert row["share"] == pytest.approx(0.01)
    assert row["above_threshold"] is False
    assert found.accounts == closed.accounts


def test_tables_keep_numbers_and_never_formulas() -> None:
    row = dict.fromkeys(ACCOUNT_COLUMNS) | {"school": "=1+1", "activity_kwh": 1234.5, "year": "2025"}
    tables = {"accounts": [row], "energy_register": [], "restatements": []}
    text = tables_csv(tables, ";", ",")["accounts"].decode("utf-8-sig")
    (written,) = csv.DictReader(io.StringIO(text), delimiter=";")
    assert written["school"] == "'=1+1"
    assert written["activity_kwh"] == "1234,5"
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(tables_workbook(tables))).get_sheet_by_name("accounts")
    head, first = sheet.to_python()
    assert dict(zip(head, first, strict=True))["activity_kwh"] == 1234.5
    assert dict(zip(head, first, strict=True))["school"] == "=1+1"


def test_a_closed_year_of_another_school_is_not_ours(reported: City, its_store: DuckDBStore) -> None:
    its_store.write_documents([Document(KIND, "almbacka", "2025", "{}")])
    assert accounts_of(books(its_store, reported.site), "bjorkbacka", 2025).closed_at is None
