"""Numbers before their noun."""

from __future__ import annotations

from classroom.words import counted


def test_one_is_one() -> None:
    assert [counted(n, "school") for n in (0, 1, 2)] == ["0 schools", "1 school", "2 schools"]
    assert [counted(n, "device hangs", "devices hang") for n in (1, 2)] == [
        "1 device hangs",
        "2 devices hang",
    ]
