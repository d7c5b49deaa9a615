"""How long the connection waits before it tries again."""

from __future__ import annotations

import pytest

from ingest import mqtt


@pytest.mark.parametrize(("failures", "longest_s"), [(1, 0.5), (2, 1.0), (5, 8.0), (8, 60.0), (10_000, 60.0)])
def test_it_doubles_up_to_a_minute_and_is_spread(failures: int, longest_s: float) -> None:
    waits = [mqtt._backoff_s(failures) for _ in range(200)]
    assert longest_s / 2 <= min(waits) < max(waits) <= longest_s
    assert max(waits) - min(waits) > longest_s / 4
