"""Verification: same on an untouched store; one late reading, one factor, one method are named."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analytics import jobs
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from reported_city import NOW, City, reports_over
from reports.csv_metadata import changed_rows
from reports.figures import FigureIdError
from reports.make import FORMATS, Format, Shape
from reports.manifest import Manifest, ManifestError, find_manifest
from reports.period import parse_period
from reports.service import Reports
from reports.verify import Cause
from store.duckdb_store import DuckDBStore

MONTH = parse_period("2025-11")


def analyse(store: DuckDBStore, site: Site) -> None:
    """Bring November up to date."""
    jobs.run(store, site, NOW, school="almbacka", start=datetime(2025, 11, 1, tzinfo=UTC), end=NOW)


def manifest(reports: Reports, kind: Format = "pdf") -> Manifest:
    """As a file of that format holds it; that of a CSV file stands beside it."""
    file = reports.school("almbacka", MONTH, Shape((kind,), "sv"))[-1]
    return find_manifest(file.content)


@pytest.mark.parametrize("kind", FORMATS)
def test_an_untouched_store_says_the_same(reports: Reports, kind: Format) -> None:
    found = reports.verify(manifest(reports, kind))
    assert found.same
    assert found.differences == ()


def test_every_format_holds_the_same_manifest(reports: Reports) -> None:
    """So what names a change in one names it in all."""
    first, *others = (manifest(reports, kind) for kind in FORMATS)
    assert len(first.inputs) == 4
    assert all(other == first for other in others)


def test_one_late_reading_is_named(reported: City, its_store: DuckDBStore, reports: Reports) -> None:
    then = manifest(reports, "csv")
    late = Reading("almbacka/el", "energy_of_day_kwh", datetime(2025, 11, 4, 23, tzinfo=UTC), 500.0)
    assert its_store.write_readings([late]).conflicts == 1
    waiting = reports.verify(then)
    assert waiting.same
    assert [one.cause for one in waiting.differences] == [Cause.PENDING]
    analyse(its_store, reported.site)
    found = reports.verify(then)
    assert not found.same
    known = [
        one for one in found.causes if one.cause is not Cause.PENDING
    ]  # a narrowed run leaves the cursor
    assert [(one.cause, one.what) for one in known] == [
        (Cause.READINGS, "almbacka/el energy_of_day_kwh 2025-11")
    ]
    assert known[0].now.endswith("of other values")
    changed = {one.what for one in found.figures}
    assert "almbacka:2025-11:energy_kwh:electricity" in changed
    assert not any("district_heat" in key for key in changed)


def test_one_factor_change_is_named(reported: City, its_store: DuckDBStore, reports: Reports) -> None:
    then = manifest(reports, "xlsx")
    text = reported.texts["factors.csv"].replace("2025,71", "2025,72")
    site = parse_site({**reported.texts, "factors.csv": text})
    analyse(its_store, site)
    found = reports_over(its_store, site).verify(then)
    assert [(one.cause, one.what) for one in found.causes] == [(Cause.FACTOR, "heat-2025")]
    assert found.causes[0].then.startswith("71 g/kWh")
    assert found.causes[0].now.startswith("72 g/kWh")
    keys = {one.what for one in found.figures}
    assert "almbacka:2025-11:emissions_kgco2e:district_heat:location" in keys
    assert not any("energy_known_kwh" in key for key in keys)


def test_one_method_change_is_named(reports: Reports, monkeypatch: pytest.MonkeyPatch) -> None:
    then = manifest(reports, "json")
    monkeypatch.setattr("reports.emission_figures.METHOD", "report.scope_total/2")
    found = reports.verify(then)
    assert [str(one) for one in found.causes] == ["method: report.scope_total: 1 → 2"]
    assert not found.same


def test_another_area_is_named_as_places(reported: City, its_store: DuckDBStore, reports: Reports) -> None:
    then = manifest(reports)
    text = reported.texts["school_attributes.csv"]
    area = next(line.split(",")[2] for line in text.splitlines() if line.startswith("almbacka"))
    site = parse_site({**reported.texts, "school_attributes.csv": text.replace(area, "999", 1)})
    analyse(its_store, site)
    found = reports_over(its_store, site).verify(then)
    assert [one.cause for one in found.causes] == [Cause.PLACES]
    assert {one.what.split(":")[2] for one in found.figures} == {"energy_per_m2_kwh"}


@pytest.mark.parametrize(("delimiter", "decimal"), [(",", "."), (";", ",")])
def test_a_changed_csv_file_is_told_from_its_store(reports: Reports, delimiter: str, decimal: str) -> None:
    shape = Shape(("csv",), "sv", delimiter, decimal)
    table, beside = (file.content for file in reports.school("almbacka", MONTH, shape))
    assert changed_rows(table, beside) == []
    rows = table.decode().split("\r\n")
    at = next(
        n for n, row in enumerate(rows) if row.endswith("almbacka:2025-11:energy_known_kwh:electricity")
    )
    cells = rows[at].split(delimiter)
    value = cells[8]
    cells[8] = f"7{decimal}5"
    changed = "\r\n".join([*rows[:at], delimiter.join(cells), *rows[at + 1 :]]).encode()
    (found,) = changed_rows(changed, beside)
    assert (found.cause, found.what, found.now) == (Cause.FILE, cells[-1], "7.5")
    assert float(found.then) == pytest.approx(float(value.replace(",", ".")))
    (gone,) = changed_rows("\r\n".join([*rows[:at], *rows[at + 1 :]]).encode(), beside)
    assert (gone.what, gone.now) == (cells[-1], "nothing")
    (layout,) = changed_rows(table.replace(b";ok;", b";x;").replace(b",ok,", b",x,"), beside)
    assert layout.what == "the text of the table"
    for bad in (b"\xff", b"a,b\r\n1,2\r\n"):
        with pytest.raises(ManifestError):
            changed_rows(bad, beside)
    with pytest.raises(ManifestError):
        changed_rows(table, b"{}")


def test_the_metadata_says_how_the_table_is_read(reports: Reports) -> None:
    table, beside = reports.school("almbacka", MONTH, Shape(("csv",), "sv", ";", ","))
    assert beside.name == f"{table.name}-metadata.json"
    content = json.loads(beside.content)
    assert content["url"] == table.name
    head = table.content.decode("utf-8-sig").partition("\r\n")[0]
    assert [one["name"] for one in content["tableSchema"]["columns"]] == head.split(";")


def test_the_city_is_verified_by_a_row_a_school_and_month(
    reported: City, its_store: DuckDBStore, reports: Reports
) -> None:
    (file,), _ = reports.city(["almbacka", "bjorkbacka"], MONTH, Shape(("json",), "sv"))
    then = find_manifest(file.content)
    assert {(one.device, one.quantity, one.month) for one in then.inputs} == {
        (school, "all series", "2025-11") for school in ("almbacka", "bjorkbacka")
    }
    assert reports.verify(then).differences == ()
    late = Reading("almbacka/el", "energy_of_day_kwh", datetime(2025, 11, 4, 23, tzinfo=UTC), 500.0)
    its_store.write_readings([late])
    assert [one.cause for one in reports.verify(then).differences] == [Cause.PENDING]
    analyse(its_store, reported.site)
    found = reports.verify(then)
    assert [one.what for one in found.causes if one.cause is Cause.READINGS] == [
        "almbacka all series 2025-11"
    ]
    assert "portfolio:2025-11:energy_known_kwh:electricity" in {one.what for one in found.figures}


def test_a_factor_and_a_method_of_the_city_are_named(
    reported: City, its_store: DuckDBStore, reports: Reports, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,), _ = reports.city(["almbacka", "bjorkbacka"], MONTH, Shape(("pdf",), "sv"))
    then = find_manifest(file.content)
    assert reports.verify(then).differences == ()
    with monkeypatch.context() as patched:
        patched.setattr("reports.city_sums.METHOD", "report.schools_sum/2")
        found = reports.verify(then)
    assert [str(one) for one in found.causes] == ["method: report.schools_sum: 1 → 2"]
    assert not found.same
    text = reported.texts["factors.csv"].replace("2025,71", "2025,72")
    site = parse_site({**reported.texts, "factors.csv": text})
    jobs.run(its_store, site, NOW, start=datetime(2025, 11, 1, tzinfo=UTC), end=NOW)
    found = reports_over(its_store, site).verify(then)
    assert [(one.cause, one.what) for one in found.causes] == [(Cause.FACTOR, "heat-2025")]
    changed = {one.what for one in found.figures}
    assert "portfolio:2025-11:emissions_kgco2e:district_heat:location" in changed
    assert "bjorkbacka:2025-11:scope_2_kgco2e:all:location" in changed
    assert not any("energy_known_kwh" in key for key in changed)


def test_a_sum_is_walked_to_the_schools_it_is_of(reports: Reports) -> None:
    node = reports.explain("portfolio:2025-11:energy_known_kwh:electricity")
    parts = {part.label: part.value for part in node.parts}
    keys = [f"{school}:2025-11:energy_known_kwh:electricity" for school in ("almbacka", "bjorkbacka")]
    assert sum(float(parts[key].split()[0]) for key in keys) == pytest.approx(float(node.value.split()[0]))
    share = reports.explain("portfolio:2025-11:energy_change_share:district_heat")
    assert [part.label for part in share.parts[3:]] == [
        "almbacka:2025-11:energy_change_share:district_heat",
        "bjorkbacka:2025-11:energy_change_share:district_heat",
    ]
    with pytest.raises(FigureIdError, match="the portfolio has no figure"):
        reports.explain("portfolio:2025-11:peak_kw:electricity")


def test_a_file_without_a_manifest_is_refused() -> None:
    for content in (b"", b"%PDF-1.7 no", b"PK\x03\x04", b'{"figures": []}', b"a,b\r\n"):
        with pytest.raises(ManifestError):
            find_manifest(content)


def test_a_figure_is_walked_back_to_its_readings(reports: Reports) -> None:
    node = reports.explain("almbacka:2025-11:scope_2_kgco2e:all:location")
    lines: list[str] = []

    def walk(one: object, depth: int = 0) -> None:
        lines.append(f"{getattr(one, 'label')} {getattr(one, 'value')}")  # noqa: B009
        for part in getattr(one, "parts"):  # noqa: B009
            walk(part, depth + 1)

    walk(node)
    text = "\n".join(lines)
    assert "factor heat-2025 71 g CO2e/kWh, 2025, location, direct" in text
    assert "30 days of energy_kwh 30 ok" in text
    assert "meter fjarrvarme" in text
    assert "energy_of_day_kwh 32 readings used, 0 flagged" in text  # and two days before the month


def test_explaining_what_is_no_figure_says_what_to_do(reports: Reports) -> None:
    with pytest.raises(FigureIdError, match="copy one from a report's appendix"):
        reports.explain("almbacka")
    with pytest.raises(FigureIdError, match="is no school"):
        reports.explain("nowhere:2025-11:energy_kwh:electricity")
    with pytest.raises(FigureIdError, match="there are almbacka:2025-11:energy_kwh"):
        reports.explain("almbacka:2025-11:energy_kwh:gas")


def test_a_manifest_of_another_format_is_refused(reports: Reports) -> None:
    then = manifest(reports)
    other = replace_inputs(then)
    assert reports.verify(other).same is False


def replace_inputs(then: Manifest) -> Manifest:
    first = replace(then.inputs[0], readings=then.inputs[0].readings + 1)
    return then._replace(inputs=(first, *then.inputs[1:]))
