"""The nomenclature page says of every metric what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from analytics import catalog, coverage, degree_days, periods, registers, savings, sufficiency
from analytics.catalog import CATALOG, DERIVED, UNRESOLVED, Rule
from analytics.verdicts import METHOD as VERDICTS
from classroom.metric import Status

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "metrics.md").read_text(encoding="utf-8")
FORMULAS = (DOCS / "nomenclature.md").read_text(encoding="utf-8")


def test_every_metric_stands_on_the_page_with_unit_and_method() -> None:
    rows = {
        cells[1].strip().strip("`"): (cells[2].strip(), cells[3].strip().strip("`"))
        for cells in (line.split("|") for line in PAGE.splitlines() if line.startswith("| `"))
        if len(cells) > 4
    }
    everything = {**CATALOG, **DERIVED}
    assert {name: (entry.unit, entry.method) for name, entry in everything.items()} == {
        name: rows[name] for name in everything
    }


def test_every_method_has_its_formula_unit_and_source() -> None:
    named = {value for name, value in vars(catalog).items() if name.isupper() and isinstance(value, str)}
    entries = (*CATALOG.values(), *DERIVED.values())
    methods = {text.split("/")[0] for text in (VERDICTS, *named, *(entry.method for entry in entries))}
    rows = [line.split("|") for line in FORMULAS.splitlines() if line.startswith("| `")]
    assert methods >= {"energy.savings", "energy.signature", "energy.bridge"}
    for method in methods:
        mine = [cells for cells in rows if f"`{method}`" in cells[1]]
        assert len(mine) == 1, f"{method} needs one row on docs/nomenclature.md"
        assert all(cell.strip() for cell in mine[0][1:-1]), method


def test_the_modules_and_limits_of_the_formulas_are_those_there_are() -> None:
    for package, name in re.findall(r"`(analytics|reports|api)\.(\w+)`", FORMULAS):
        assert (DOCS.parent / package / f"{name}.py").exists(), f"{package}.{name}"
    assert f"Up to {savings.GOOD_CVRMSE} good, up to {savings.USABLE_CVRMSE} usable" in FORMULAS
    assert f"{sufficiency.BASELINE_DAYS[0]} to {sufficiency.BASELINE_DAYS[1]} days" in FORMULAS
    assert f"{degree_days.BASE_C:g} − T_d" in FORMULAS
    former = ", ".join(f"{limit:g}" for limit in degree_days.FORMER_LIMITS_C.values())
    assert f"{former} °C" in FORMULAS


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
