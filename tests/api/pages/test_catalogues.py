"""The catalogues say everything that the code and the templates say, and nothing else."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest
from babel.messages.pofile import read_po

from api.pages.language import CODES

ROOT = Path(__file__).parents[3]
WRITTEN_IN = "en"


@pytest.fixture(scope="module")
def messages() -> ModuleType:
    spec = importlib.util.spec_from_file_location("messages", ROOT / "scripts" / "messages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("code", [code for code in CODES if code != WRITTEN_IN])
@pytest.mark.parametrize("domain", ["pages", "insights", "reports"])
def test_catalogue_is_complete(messages: ModuleType, code: str, domain: str) -> None:
    folder = ROOT / messages.DOMAINS[domain][0] / "locale"
    with (folder / code / "LC_MESSAGES" / f"{domain}.po").open("rb") as file:
        catalogue = read_po(file, locale=code)
    said = {message.id for message in messages.extracted(domain) if message.id}
    known = {message.id: message for message in catalogue if message.id}
    assert len(said) > 50
    assert set(known) == said, "run scripts/messages.py"
    assert [id_ for id_, message in known.items() if not messages.is_said(message) or message.fuzzy] == []
    assert [error for _, errors in catalogue.check() for error in errors] == []
