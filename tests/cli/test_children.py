"""Children that compute: what one had that was killed is done again; what always kills them is given up."""

from __future__ import annotations

import time
import weakref
from collections.abc import Iterator
from concurrent.futures import CancelledError
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pytest
from deadly import deadly, doubled_at_second_try, refusing

from cli.children import ChildCompute


@pytest.fixture
def children() -> Iterator[ChildCompute]:
    found = ChildCompute(2, tries=3)
    yield found
    found.close()


def test_a_killed_child_costs_a_retry_only(children: ChildCompute, tmp_path: Path) -> None:
    futures = [children.submit(doubled_at_second_try, (tmp_path / "seen", n)) for n in range(20)]
    assert [future.result(60) for future in futures] == [2 * n for n in range(20)]
    with pytest.raises(ValueError, match="3 is refused"):
        children.submit(refusing, 3).result(60)


def test_what_kills_every_child_is_given_up(children: ChildCompute, tmp_path: Path) -> None:
    with pytest.raises(BrokenProcessPool):
        children.submit(deadly, tmp_path / "seen").result(60)
    assert (tmp_path / "seen").read_text() == "xxx"
    assert children.submit(abs, -4).result(60) == 4


def test_what_was_handed_over_is_not_kept(children: ChildCompute) -> None:
    numbers = np.arange(10.0)
    kept = weakref.ref(numbers)
    future = children.submit(np.sum, numbers)
    del numbers
    assert kept() is None
    assert future.result(60) == 45


def test_closing_gives_up_what_is_under_way(children: ChildCompute) -> None:
    assert children.submit(abs, -1).result(60) == 1
    futures = [children.submit(time.sleep, 60) for _ in range(6)]
    children.close()
    for future in futures:
        with pytest.raises((BrokenProcessPool, CancelledError)):
            future.result(20)
