"""Three ingesters on one mosquitto and one bucket: nothing lost or doubled through a rolling restart.

The full length, at 2,000 messages/s, is ``make evidence NAME=ingesters``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from course import count_stored
from influx import Server, programs, server_url
from members import How, Members, rolling
from mosquitto import DURABLE

from store.influx_server import Address
from store.influx_store import InfluxStore

pytestmark = [pytest.mark.server, pytest.mark.timeout(900)]


@pytest.fixture
def bucket(servers: Callable[[str], Server]) -> Iterator[Address]:
    """A fresh bucket, on 2.x where there is one."""
    with servers("influx2" if 2 in programs() or server_url() else "influx1").bucket() as address:
        yield address


@pytest.mark.parametrize("how", ["shared", "shards"])
def test_a_rolling_restart_loses_and_doubles_nothing(
    start_mosquitto: Any, bucket: Address, root: str, tmp_path: Path, how: How
) -> None:
    members = Members(tmp_path, start_mosquitto(*DURABLE), root, bucket, how)

    def stored() -> Any:
        with closing(InfluxStore(bucket, read_only=True)) as store:
            assert store.changed("rollups").cursor > 0
            return count_stored(store, root)

    try:
        outcome = rolling(members, 3_000, 1_000, ["stop"] if how == "shards" else ["kill"], stored)
    finally:
        members.end()
    assert outcome.messages >= 3_000
    assert (outcome.lost, outcome.doubled, outcome.republished) == ((), (), 0)
    with closing(InfluxStore(bucket, beside=True)) as store:
        store.advance("rollups", store.changed("rollups").cursor)
        assert store.changed("rollups").hours.empty  # each has finished what it announced
        assert len(store.marks().watermarks) == 3
