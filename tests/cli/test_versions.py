"""The version that stands in a report."""

from __future__ import annotations

import re

from cli.versions import versions


def test_it_is_a_version_also_from_a_clone() -> None:
    assert re.fullmatch(r"\d+\.\d+\.\d+(\+[0-9a-f]{7,40})?", versions()["classroom-climate"])
