"""The page of evidence of accuracy: sections are measured one by one and stay as they were measured."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture(scope="module")
def page() -> ModuleType:
    path = Path(__file__).parents[2] / "benchmarks" / "accuracy" / "page.py"
    spec = importlib.util.spec_from_file_location("accuracy_page", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_quick_takes_fewer_seeds(page: ModuleType) -> None:
    assert page.Seeds(page.EVALUATION, False).some(3, 1) == range(5000, 5003)
    assert page.Seeds(page.DEVELOPMENT, True).some(3, 1) == range(1000, 1001)


def test_a_row_says_whether_its_goal_is_met(page: ModuleType) -> None:
    rows = [page.Row("a", "5", "≤ 4", False), page.Row("b", "3", "≤ 4", True), page.Row("c", "1")]
    assert page.table(rows).splitlines()[2:] == [
        "| a | ≤ 4 | 5 | **not met** |",
        "| b | ≤ 4 | 3 | met |",
        "| c |  | 1 |  |",
    ]


def test_sections_of_an_earlier_page_are_found_again(page: ModuleType) -> None:
    sections = [page.Section(key, key.title(), f"What {key} is.", lambda _: []) for key in ("one", "two")]
    blocks = [page.block(section, "Measured then.", [page.Row("x", "1")]) for section in sections]
    found = page.blocks_of("# Title\n\n" + "\n\n".join(blocks) + "\n")
    assert found == {"one": blocks[0], "two": blocks[1]}
    assert "## Two\n\nWhat two is.\n\nMeasured then.\n\n| what |" in found["two"]
