"""What a route may refuse with stands in the OpenAPI document, also where no test provokes it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import api.routes

FOLDER = Path(api.routes.__file__).parent
NAMES = {409: "NOT_NOW", 413: "TOO_LARGE"}


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.stem)
def test_a_module_that_raises_a_status_documents_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    raised = {int(status) for status in re.findall(r"ProblemError\((\d+)", text)} & set(NAMES)
    absent = [s for s in raised if f"responses={NAMES[s]}" not in text and f"| {NAMES[s]}" not in text]
    assert [status for status in absent if f"({status}, " not in text.split("def ", 1)[0]] == []
