"""Golden cases: a folder ``cases/<family>/<case>`` with ``input.json`` and ``expected.json``.

``input.json``: topic and payload (an object or a text). ``expected.json``: what
:func:`ingest.decoders.decode` gives, or ``reason`` and ``device`` of the refusal.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingest.decoders import FAMILIES
from ingest.message import Decoded, Undecodable

CASES = sorted(Path(__file__).parent.glob("cases/*/*/input.json"))


def as_written(decoded: Decoded) -> dict[str, Any]:
    """A decoded message in the words of ``expected.json``; empty parts are left out,
    values rounded to nine digits."""
    written: dict[str, Any] = {
        "family": decoded.family,
        "device": decoded.device,
        "time": decoded.time.isoformat() if decoded.time else None,
        "values": {v.quantity: round(v.value, 9) for v in decoded.values if v.time is None},
        "history": [[v.quantity, v.value, v.time.isoformat()] for v in decoded.values if v.time is not None],
        "rejected": list(decoded.rejected),
        "unknown": list(decoded.unknown),
    }
    return {name: part for name, part in written.items() if part not in (None, [], {})}


@pytest.mark.parametrize("path", CASES, ids=[f"{path.parts[-3]}-{path.parts[-2]}" for path in CASES])
def test_case(path: Path, say: Callable[..., Decoded]) -> None:
    given = json.loads(path.read_text(encoding="utf-8"))
    expected = json.loads((path.parent / "expected.json").read_text(encoding="utf-8"))
    try:
        got = as_written(say(given["topic"], given["payload"]))
    except Undecodable as refusal:
        got = {"reason": refusal.reason}
        if refusal.device:
            got["device"] = refusal.device
    assert got == expected


def test_there_are_cases_of_each_family() -> None:
    families = {family.recognises.__module__.rpartition(".")[2].replace("_", "-") for family in FAMILIES}
    assert {path.parts[-3] for path in CASES} >= families | {"elsys", "ha-statestream"}
