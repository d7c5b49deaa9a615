"""No message of a fault speaks Python: every key and column is given what it does not take."""

from __future__ import annotations

import re

import pytest

from classroom.faults import ConfigurationError
from classroom.settings import Settings
from classroom.sitefiles import TABLES, parse_site

_PYTHON = re.compile(
    r"Input|should|valid|instance|\bNone\b|parse|string|integer|tuple|dictionary|\bobject\b|\bint\b|\bstr\b",
)
LONG = "x" * 300
ODD = ("{}", "[]", "{ x = 1 }", '"x y"', '""', "-1", "1e9", "true", "2026-01-01", "[1, 2]", f'"{LONG}"')
CELLS = ("x y", "-1", "1e9", "nan", "true", "2026-13-01", "08:61", LONG, "2026-01-01T08", "a,b", "é\x07")


def cures(texts: dict[str, str]) -> list[str]:
    """The cures of all faults of a site's files."""
    try:
        parse_site(texts)
    except ConfigurationError as error:
        return [fault.cure for fault in error.faults]
    return []


@pytest.mark.parametrize("section", sorted(Settings.model_fields))
def test_settings(section: str) -> None:
    model = Settings.model_fields[section].annotation
    found = []
    for key in getattr(model, "model_fields", {}):
        for odd in ODD:
            found += cures({"classroom.toml": f"[{section}]\n{key} = {odd}\n"})
    found += cures({"classroom.toml": f"{section} = 3\n"})
    assert found
    assert [cure for cure in found if _PYTHON.search(cure)] == []


@pytest.mark.parametrize("table", sorted(TABLES))
def test_tables(table: str) -> None:
    columns = list(TABLES[table].model_fields)
    found = []
    for column in columns:
        for odd in CELLS:
            cell = '"' + odd + '"'
            found += cures({"classroom.toml": "", table: f"{column}\n{cell}\n"})
    assert found
    assert [cure for cure in found if _PYTHON.search(cure)] == []


def test_what_a_limit_is_stands_in_the_cure() -> None:
    assert cures({"classroom.toml": "[api]\nport = 70000\n"}) == ["write 65535 or less"]
    assert cures({"classroom.toml": '[site]\nlanguage = "de"\n'}) == ["write one of sv or en"]
    assert cures({"classroom.toml": "[api]\nport = 'x'\n"}) == ["write a whole number, as 12"]
