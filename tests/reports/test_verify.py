"""Verification: same on an untouched store; one late reading, one factor, one method are named."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from analytics import jobs
from classroom.reading import Reading
from classroom.site import Site
from classroom.sitefiles import parse_site
from reported_city import NOW, City, reports_over
from reports.figures import FigureIdError
from reports.make import Format, Shape
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
    (file,) = reports.school("almbacka", MONTH, Shape((kind,), "sv"))
    return find_manifest(file.content)


@pytest.mark.parametrize("kind", ["pdf", "xlsx", "json"])
def test_an_untouched_store_says_the_same(reports: Reports, kind: Format) -> None:
    found = reports.verify(manifest(reports, kind))
    assert found.same
    assert found.differences == ()


def test_one_late_reading_is_named(reported: City, its_store: DuckDBStore, reports: Reports) -> None:
    then = manifest(reports)
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
    then = manifest(reports)
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
    then = manifest(reports)
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
