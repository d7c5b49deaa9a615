"""What only a server's store has: names, tokens, faults of a line that the server or the network cuts."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from influx import Server
from proxy import Answer, Proxy, Request, proxied

from classroom.metric import Interval, Scope
from classroom.reading import Reading
from store import influx_readings
from store.base import ReadingsRefused, SchemaError, StoreError, Watermark, Written
from store.influx_lines import tag, tags_of, untag
from store.influx_server import Address
from store.influx_store import InfluxStore

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


def co2(minute: float, value: float = 600.0, device: str = "s/a") -> Reading:
    return Reading(device, "co2_ppm", NOON + timedelta(minutes=minute), value, 0)


@given(st.text(st.characters(exclude_categories=["Cs"])), st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_a_tag_that_nothing_can_end(one: str, other: str) -> None:
    assert untag(tag(one)) == one
    assert not set(tag(one)) & set(' ,=\\"\n\r\t\0')
    assert tags_of(f"a={tag(one)},b={tag(other)}") == {"a": one, "b": other}


@pytest.fixture
def cut(bucket: Address) -> Iterator[tuple[Proxy, Address]]:
    """A line to a fresh bucket that can be cut or slowed."""
    with proxied(bucket.url) as proxy:
        yield proxy, Address(proxy.url, bucket.org, bucket.bucket, bucket.write_token, bucket.read_token)


@pytest.mark.server
def test_analytics_beside_the_ingester_overlooks_no_hour_and_moves_no_head(bucket: Address) -> None:
    def noted(device: str, hour: int) -> pd.DataFrame:
        time = pd.Series([NOON + timedelta(hours=hour)]).dt.as_unit("us")
        return pd.DataFrame({"device": [device], "hour": time})

    with closing(InfluxStore(bucket)) as ingest, closing(InfluxStore(bucket, beside=True)) as analytics:

        def news() -> set[tuple[str, int]]:
            """What the job is shown; it remembers that it has done it."""
            changed = analytics.changed("job")
            analytics.advance("job", changed.cursor)
            hours = (changed.hours["hour"] - NOON) // timedelta(hours=1)
            return set(zip(changed.hours["device"], hours, strict=True))

        ingest.write_readings([co2(0)])
        assert news() == {("s/a", 0)}
        ingest.write_readings([co2(60)])
        analytics.append_changed(noted("s/b", 0))  # under the very number that the ingester takes next
        ingest.write_readings([co2(120)])
        assert news() == {("s/a", 1), ("s/b", 0), ("s/a", 2)}
        assert news() == set()
        analytics.append_changed(noted("s/b", 5))
        assert news() == {("s/b", 5)}
        ingest.write_readings([co2(180)])
        assert ("s/a", 3) in news()
        assert news() == set()


@pytest.mark.server
@pytest.mark.parametrize(
    "name", ['x" OR 1=1 --', "å,ä = ö\\", "a\nb,c=d e\r\n\t", "", "%", "\\", "'", "\u2028"]
)
def test_any_name_round_trips(bucket: Address, name: str) -> None:
    with closing(InfluxStore(bucket)) as store:
        store.write_readings([co2(0, device="other"), co2(0, 1, name)], Watermark(name, 1))
        store.write_readings([co2(0, 2, name)])
        assert list(store.read_readings([name], None, *ALWAYS)["value"]) == [2]
        assert list(store.latest([name])["device"]) == [name]
        assert list(store.superseded(name)["value"]) == [1]
        changed = store.changed(name)
        assert set(changed.hours["device"]) == {"other", name}
        store.advance(name, changed.cursor)
        assert store.changed(name).hours.empty
        assert store.watermark(name) == 1


def foreign_write(bucket: Address, line: str) -> None:
    """Write as another program would."""
    headers = {"Authorization": f"Token {bucket.write_token}"} if bucket.write_token else {}
    place = {"org": bucket.org, "bucket": bucket.bucket, "precision": "us"}
    url = f"{bucket.url}/api/v2/write"
    httpx.post(url, params=place, content=line.encode(), headers=headers).raise_for_status()


Step = Callable[[Request], bool]


def writes(holding: bytes) -> Step:
    """Requests that write lines of a measurement."""
    return lambda request: (
        request.path == "/api/v2/write" and gzip.decompress(request.body).startswith(holding)
    )


@pytest.mark.server
@pytest.mark.parametrize("at", [b"commits", b"indoor", b"head"])
@pytest.mark.parametrize("arrived", [False, True], ids=["lost on the way", "answer lost"])
def test_a_write_that_ends_at_any_step_is_completed_by_the_next(
    cut: tuple[Proxy, Address], at: bytes, arrived: bool
) -> None:
    """As after a crash: another store object hands the same batch in again."""
    proxy, address = cut
    batch = [co2(0), co2(70), co2(0, 700, "s/b")]
    step = writes(at)
    with closing(InfluxStore(address)) as store:

        def fault(request: Request) -> Answer | None:
            if not step(request):
                return None
            if arrived:
                proxy.fault = lambda _: None
                proxy.answer(request)
            proxy.fault = lambda _: Answer(0)
            return Answer(0)

        proxy.fault = fault
        with pytest.raises(StoreError, match="does not answer"):
            store.write_readings(batch, Watermark("spool", 3))
    proxy.fault = lambda _: None
    with closing(InfluxStore(address)) as store:
        assert store.watermark("spool") == (3 if arrived and at == b"head" else 0)
        written = store.write_readings(batch, Watermark("spool", 3))
        assert written.stored + written.duplicates == 3
        assert written.conflicts == 0
        assert len(store.read_readings(["s/a", "s/b"], None, *ALWAYS)) == 3
        changed = store.changed("rollups")
        assert len(changed.hours) == 3
        store.advance("rollups", changed.cursor)
        assert store.watermark("spool") == 3
        store.write_readings([co2(1000)])
        assert list(store.changed("rollups").hours["hour"]) == [NOON + timedelta(hours=16)]


@pytest.mark.server
def test_what_is_asked_about_all_devices_at_once_is_as_right(
    bucket: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a start a region's first batches bring thousands of devices that the writer has not met."""
    monkeypatch.setattr(influx_readings, "_MANY", 2)
    old = [co2(minute, device=f"s/{name}") for name in "abcd" for minute in (0, 5)]
    warm = Reading("s/a", "temperature_c", NOON, 21.0)
    with closing(InfluxStore(bucket)) as store:
        assert store.write_readings([*old, warm]) == Written(stored=9)
    with closing(InfluxStore(bucket)) as store:
        assert store.write_readings([*old[:6], co2(10)]) == Written(stored=1, duplicates=6)
        assert store.write_readings([*old[6:], warm]) == Written(duplicates=3)  # known since then; asked for
        assert store.write_readings([co2(5, 700.0, "s/d"), co2(0, device="s/e")]) == Written(1, 0, 1)
        again = [co2(5, 700.0, "s/d"), co2(0, device="s/e"), co2(-5, device="s/e")]
        assert store.write_readings(again) == Written(stored=1, duplicates=2)


@pytest.mark.server
@pytest.mark.parametrize("other", [False, True], ids=["the same program", "after a crash"])
def test_what_the_server_holds_in_memory_only_is_written_again(
    cut: tuple[Proxy, Address], other: bool
) -> None:
    """InfluxDB takes points into memory before its log: when the disk is full they are read, and not kept."""
    proxy, address = cut
    batch = [co2(0), co2(70), co2(0, 700, "s/b")]
    written: list[bytes] = []

    def fault(request: Request) -> Answer | None:
        if not writes(b"indoor")(request):
            return None
        written.append(gzip.decompress(request.body))
        if len(written) > 1:
            return None
        proxy.pass_on(request)
        return Answer(500, b'{"message":"no space left on device"}')

    proxy.fault = fault
    with closing(InfluxStore(address)) as store:
        with pytest.raises(StoreError, match="no space"):
            store.write_readings(batch, Watermark("spool", 3))
        if not other:
            assert store.write_readings(batch, Watermark("spool", 3)) == Written(duplicates=3)
    if other:
        with closing(InfluxStore(address)) as store:
            assert store.write_readings(batch, Watermark("spool", 3)) == Written(duplicates=3)
    first, second = ({*lines.split(b"\n")} for lines in written)
    assert {line.replace(b",co2_ppm_flag=0", b"") for line in second} == first


@pytest.mark.server
def test_a_consumer_does_not_pass_over_a_batch_under_way(cut: tuple[Proxy, Address]) -> None:
    """The ledger is asked while the readings it announces are still on their way."""
    proxy, address = cut
    halted, go_on = threading.Event(), threading.Event()
    step = writes(b"indoor")

    def fault(request: Request) -> None:
        if step(request):
            halted.set()
            assert go_on.wait(30)

    with closing(InfluxStore(address)) as store:
        proxy.fault = fault
        writer = threading.Thread(target=store.write_readings, args=([co2(0)],))
        writer.start()
        assert halted.wait(30)
        with closing(InfluxStore(address)) as reader:
            early = reader.changed("rollups")
        go_on.set()
        writer.join()
        if early.cursor:
            store.advance("rollups", early.cursor)
        assert len(store.changed("rollups").hours) == 1


@pytest.mark.server
@pytest.mark.parametrize(
    ("answer", "words", "wait_s"),
    [
        (Answer(503, b'{"message":"engine is closing"}', {"Retry-After": "7"}), "engine is closing", 7),
        (Answer(401, b'{"message":"unauthorized access"}'), "unauthorized access.*write_token_file", 0),
        (Answer(500, b'error\n"disk is full"\n'), "disk is full", 0),
    ],
)
def test_what_the_server_says_is_told(
    cut: tuple[Proxy, Address], answer: Answer, words: str, wait_s: float
) -> None:
    proxy, address = cut
    with closing(InfluxStore(address)) as store:
        proxy.fault = lambda request: answer if request.path == "/api/v2/write" else None
        with pytest.raises(StoreError, match=words) as refusal:
            store.write_readings([co2(0)])
        assert refusal.value.retry_after_s == wait_s
        proxy.fault = lambda _: None
        assert store.write_readings([co2(0)]) == Written(stored=1)
        assert len(store.changed("rollups").hours) == 1


@pytest.mark.server
def test_a_server_that_is_away_at_the_start_is_asked_again(cut: tuple[Proxy, Address]) -> None:
    proxy, address = cut
    proxy.fault = lambda _: Answer(0)
    with closing(InfluxStore(address)) as store:
        assert store.info().version == "not reached yet"
        with pytest.raises(StoreError, match="does not answer"):
            store.watermark("spool")
        proxy.fault = lambda _: None
        assert store.watermark("spool") == 0
        assert store.write_readings([co2(0)]) == Written(stored=1)


@pytest.mark.server
def test_lines_the_server_refuses_are_named_and_the_others_stored(bucket: Address) -> None:
    """Another program has made ``motion`` an integer; a float there is a partial write."""
    time_us = round(NOON.timestamp() * 1e6)
    with closing(InfluxStore(bucket)) as store:
        foreign_write(bucket, f"indoor,device=x motion=1i {time_us}")
        wrong = Reading("s/a", "motion", NOON + timedelta(minutes=1), 1.0)
        with pytest.raises(ReadingsRefused, match="field type conflict") as refusal:
            store.write_readings([co2(0), wrong, co2(2)], Watermark("spool", 3))
        assert refusal.value.readings == (wrong,)
        assert refusal.value.written == Written(stored=2)
        assert store.watermark("spool") == 0
        assert store.write_readings([co2(0), co2(2)], Watermark("spool", 3)) == Written(duplicates=2)
        assert len(store.read_readings(["s/a"], None, *ALWAYS)) == 2


@pytest.mark.server
def test_a_metric_that_the_server_is_still_writing_is_not_there_yet(bucket: Address) -> None:
    """A query may see some fields of a point before the others."""
    time_us = round(NOON.timestamp() * 1e6)
    tags = "metrics,school=s,scope=school,id=s,metric=energy_kwh,interval=hour"
    text = (
        r'"{\"stand\":[\"value\"],\"period_us\":3600000000,\"unit\":\"kWh\",\"status\":\"ok\",\"reason\":null,'
        r'\"method\":\"m\",\"factors\":[],\"fingerprint\":\"f\"}"'
    )
    with closing(InfluxStore(bucket)) as store:
        for fields, whole in (("coverage=1.0", 0), (f"detail={text}", 0), ("value=2.5", 1)):
            foreign_write(bucket, f"{tags} {fields} {time_us}")
            found = store.read_metrics("s", Scope.SCHOOL, "s", Interval.HOUR, *ALWAYS, None)
            assert [one.value for one in found] == [2.5] * whole


@pytest.mark.server
def test_a_bucket_that_forgets_is_refused(servers: Callable[[str], Server]) -> None:
    for kind in ("influx1", "influx2"):
        with (
            servers(kind).bucket(retention_s=7 * 86_400) as address,
            pytest.raises(SchemaError, match=r"forgets after 7 days.*retention to 0"),
        ):
            InfluxStore(address)


@pytest.mark.server
def test_a_newer_schema_and_a_stranger_are_refused(bucket: Address) -> None:
    with closing(InfluxStore(bucket)) as store:
        store._server.write(["classroom_schema version=2 0"])
    with pytest.raises(SchemaError, match=r"schema version 2.*newer classroom-climate"):
        InfluxStore(bucket)


@pytest.mark.server
def test_a_bucket_of_another_program_is_refused(bucket: Address) -> None:
    foreign_write(bucket, "weather t=1")
    with pytest.raises(SchemaError, match=r"another program.*weather"):
        InfluxStore(bucket)


@pytest.mark.server
def test_tokens_write_or_read_only(servers: Callable[[str], Server]) -> None:
    with servers("influx2").bucket() as address:
        swapped = Address(address.url, address.org, address.bucket, address.read_token, address.read_token)
        with closing(InfluxStore(address)):
            pass
        with closing(InfluxStore(swapped)) as store, pytest.raises(StoreError, match="write_token_file"):
            store.write_readings([co2(0)])
        swapped = Address(address.url, address.org, address.bucket, address.write_token, address.write_token)
        with closing(InfluxStore(swapped)) as store, pytest.raises(StoreError, match="read"):
            store.latest()
        unknown = Address(address.url, address.org, "absent", address.write_token, address.read_token)
        with closing(InfluxStore(unknown)) as store, pytest.raises(StoreError, match="absent"):
            store.latest()


def test_nothing_listens(tmp_path: Any) -> None:
    store = InfluxStore(Address("http://127.0.0.1:9", "o", "b"), timeout_s=2)
    with pytest.raises(StoreError, match=r"127\.0\.0\.1:9 does not answer"):
        store.write_readings([co2(0)])
    store.close()
    with pytest.raises(StoreError, match="is closed"):
        store.latest()
