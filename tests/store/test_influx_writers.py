"""Several processes that write readings to one bucket: none loses an hour of another's for who computes."""

from __future__ import annotations

import gzip
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from proxy import Answer, proxied

from classroom.reading import Reading
from store import influx_ledger
from store.base import StoreError, Watermark
from store.influx_server import Address
from store.influx_store import InfluxStore

pytestmark = pytest.mark.server

DAY = datetime(2026, 3, 2, tzinfo=UTC)
ALWAYS = (datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


def reading(device: str, minutes: int, value: float = 800.0) -> Reading:
    return Reading(device, "co2_ppm", DAY + timedelta(minutes=minutes), value)


def shown(store: InfluxStore) -> set[str]:
    return set(store.changed("rollups").hours["device"])


@pytest.fixture
def open_writer(bucket: Address) -> Iterator[Callable[..., InfluxStore]]:
    with ExitStack() as stack:
        yield lambda writer, address=bucket, **more: stack.enter_context(
            closing(InfluxStore(address, writer=writer, **more))
        )


def test_equal_readings_are_dropped_and_others_revised_whoever_wrote_them(
    open_writer: Callable[..., InfluxStore],
) -> None:
    a, b = open_writer("a"), open_writer("b")
    assert a.write_readings([reading("d", 0), reading("d", 1)]).stored == 2
    written = b.write_readings([reading("d", 0), reading("d", 1, 900.0), reading("d", 2)])
    assert (written.stored, written.duplicates, written.conflicts) == (1, 1, 1)
    written = a.write_readings([reading("d", 2), reading("d", 3)])  # a has never seen 2
    assert (written.stored, written.duplicates, written.conflicts) == (1, 1, 0)
    assert a.read_readings(["d"], None, *ALWAYS)["value"].tolist() == [800.0, 900.0, 800.0, 800.0]
    assert b.superseded("d")["value"].tolist() == [800.0]


def test_each_spool_has_its_own_watermark(open_writer: Callable[..., InfluxStore]) -> None:
    a, b = open_writer("a"), open_writer("b")
    a.write_readings([reading("d", 0)], Watermark("spool-a", 7))
    b.write_readings([reading("e", 0)], Watermark("spool-b", 3))
    a.write_readings([reading("d", 1)], Watermark("spool-a", 9))
    assert a.marks().watermarks == {"spool-a": 9, "spool-b": 3}


def test_no_cursor_passes_a_batch_of_another_that_is_under_way(
    bucket: Address, open_writer: Callable[..., InfluxStore]
) -> None:
    with proxied(bucket.url) as proxy:
        there = Address(proxy.url, bucket.org, bucket.bucket, bucket.write_token, bucket.read_token)
        a, b = open_writer("a", there), open_writer("b")
        a.write_readings([reading("a", 0)])
        b.write_readings([reading("b", 0)])
        proxy.fault = refuse_readings
        with pytest.raises(StoreError):
            a.write_readings([reading("a", 60)])
        proxy.fault = lambda _: None
        for minutes in range(60, 300, 60):
            b.write_readings([reading("b", minutes)])
        found = b.changed("rollups")
        assert set(found.hours["device"]) == {"a", "b"}
        b.advance("rollups", found.cursor)
        assert shown(b) == {"a", "b"}  # a's is announced, and what came after it is shown again
        a.write_readings([reading("a", 60)])
        found = b.changed("rollups")
        assert set(found.hours["device"]) == {"a", "b"}
        b.advance("rollups", found.cursor)
        assert shown(b) == set()


def refuse_readings(request: Any) -> Answer | None:
    """The disk is full once the hours are announced."""
    if request.path.endswith("/write") and gzip.decompress(request.body).startswith(b"indoor"):
        return Answer(503)
    return None


def test_who_announces_late_takes_a_number_that_nobody_has_passed(
    open_writer: Callable[..., InfluxStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The race: a asks for the ledger's end, then b writes and the cursor moves on, then a announces."""
    a, b = open_writer("a"), open_writer("b")
    a.write_readings([reading("a", 0)])
    head_and_last = influx_ledger.head_and_last

    def then_b_is_quicker(*arguments: Any) -> tuple[int, int]:
        found = head_and_last(*arguments)
        monkeypatch.setattr(influx_ledger, "head_and_last", head_and_last)
        for minutes in (0, 60, 120):
            b.write_readings([reading("b", minutes)])
        b.advance("rollups", b.changed("rollups").cursor)
        assert shown(b) == set()
        return found

    monkeypatch.setattr(influx_ledger, "head_and_last", then_b_is_quicker)
    a.write_readings([reading("a", 60)])
    assert shown(b) == {"a"}


def test_what_is_computed_while_three_write_is_what_stands_at_the_end(bucket: Address) -> None:
    """Three write, two of them the same devices; a fourth computes what it is shown. The last count it saw of
    every hour is the hour's."""
    plans = {"a": ("d1", "d2", "shared"), "b": ("d3", "d4", "shared"), "c": ("d5", "d6")}
    computed: dict[tuple[str, pd.Timestamp], int] = {}
    failures: list[BaseException] = []

    def write(name: str, devices: tuple[str, ...]) -> None:
        chance = random.Random(name)
        try:
            with closing(InfluxStore(bucket, writer=name)) as store:
                for batch in range(25):
                    own = ord(name) / 1_000 + batch * 1e-4  # no two write the same time
                    seconds = [chance.randrange(6 * 3600) for _ in range(chance.randrange(1, 9))]
                    times = [DAY + timedelta(seconds=second + own) for second in seconds]
                    store.write_readings(
                        [Reading(chance.choice(devices), "co2_ppm", time, 1.0) for time in times]
                    )
        except BaseException as error:  # noqa: BLE001 - told by the test's own thread
            failures.append(error)

    def compute(store: InfluxStore) -> None:
        found = store.changed("rollups")
        for device, hour in found.hours.itertuples(index=False):
            start = hour.to_pydatetime()
            rows = store.read_readings([device], None, start, start + timedelta(hours=1))
            computed[device, hour] = len(rows)
        store.advance("rollups", found.cursor)

    threads = [threading.Thread(target=write, args=plan) for plan in plans.items()]
    with closing(InfluxStore(bucket, beside=True)) as store:
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            compute(store)
        compute(store)
        assert failures == []
        assert shown(store) == set()
        rows = store.read_readings([f"d{n}" for n in range(1, 7)] + ["shared"], None, *ALWAYS)
    stored = rows.groupby(["device", rows["time"].dt.floor("h")]).size()
    assert len(rows) > 200
    assert computed == {key: int(count) for key, count in stored.items()}
