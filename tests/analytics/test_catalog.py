"""The nomenclature page says of every metric what the code does."""

from __future__ import annotations

from pathlib import Path

from analytics import coverage, periods, registers
from analytics.catalog import CATALOG, UNRESOLVED, Rule
from classroom.metric import Status

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text(encoding="utf-8")


def test_every_metric_stands_on_the_page_with_unit_and_method() -> None:
    rows = {
        cells[1].strip().strip("`"): (cells[2].strip(), cells[3].strip().strip("`"))
        for cells in (line.split("|") for line in PAGE.splitlines() if line.startswith("| `"))
        if len(cells) > 4
    }
    assert {name: (entry.unit, entry.method) for name, entry in CATALOG.items()} == {
        name: rows[name] for name in CATALOG
    }


def test_the_limits_on_the_page_are_those_in_force() -> None:
    assert f"coverage ≥ {coverage.OK_COVERAGE}" in PAGE
    assert f"coverage < {coverage.LEAST_COVERAGE}" in PAGE
    assert f"coverage ≥ {periods.SUM_COVERAGE}" in PAGE
    assert f"{registers.MAX_POWER_KW:.0f} kW" in PAGE


def test_every_sum_of_energy_has_its_companion() -> None:
    assert {CATALOG[name].rule for name in UNRESOLVED} == {Rule.SUM}
    assert {CATALOG[name].rule for name in UNRESOLVED.values()} == {Rule.CARRIED}


def test_statuses_combine_to_the_weakest() -> None:
    assert coverage.worst([Status.OK, Status.PRELIMINARY, Status.PARTIAL]) is Status.PARTIAL
    assert coverage.worst([]) is Status.NO_DATA
    assert coverage.reasons("gap; running", None, "gap") == "gap; running"
    assert coverage.reasons(None, "") is None
