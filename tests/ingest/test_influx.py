"""The pipeline on a real InfluxDB whose line is cut, slow or refused: what was accepted is stored, once."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from disk import NoDiskError, small_disk
from influx import Server, free_ports, influx1_process, influx2_process, programs, set_up
from proxy import Answer, Fault, Proxy, Request, proxied, slow

from store.influx_server import Address
from store.influx_store import InfluxStore

pytestmark = [pytest.mark.server, pytest.mark.slow]

MESSAGES = 1_200
ALWAYS = (datetime(1990, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))


@pytest.fixture
def line(bucket: Address) -> Iterator[tuple[Proxy, Address]]:
    with proxied(bucket.url) as proxy:
        yield proxy, Address(proxy.url, bucket.org, bucket.bucket, bucket.write_token, bucket.read_token)


def messages(root: str, first: int, count: int) -> list[tuple[str, str]]:
    base = datetime.now(UTC) - timedelta(days=2)
    return [
        (
            f"classroom/{root}/1/d{n % 20}",
            json.dumps({"energy_kwh": n, "time": (base + timedelta(seconds=n)).isoformat()}),
        )
        for n in range(first, first + count)
    ]


def numbers(store: Any, root: str) -> list[int]:
    frame = store.read_readings([f"{root}/d{n}" for n in range(20)], None, *ALWAYS)
    return sorted(int(value) for value in frame["value"])


def refuse(answer: Answer) -> Fault:
    return lambda request: answer if request.path == "/api/v2/write" else None


def break_all(_: Request) -> Answer:
    return Answer(0)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (break_all, "does not answer"),
        (refuse(Answer(401, b'{"message":"unauthorized access"}')), "unauthorized access"),
        (refuse(Answer(503, b'{"message":"overloaded"}', {"Retry-After": "1"})), "overloaded"),
        (refuse(Answer(500, b'{"message":"no space left on device"}')), "no space left"),
    ],
    ids=["away", "401", "503", "disk full"],
)
def test_nothing_is_lost_while_the_store_cannot_serve(
    run: Any, settings: Any, publisher: Any, root: str, line: Any, caplog: Any, fault: Fault, words: str
) -> None:
    proxy, address = line
    third = MESSAGES // 3
    with closing(InfluxStore(address)) as store, run(settings, store) as rig:
        publisher.publish(messages(root, 0, third))
        rig.settled(third)
        proxy.fault = fault
        publisher.publish(messages(root, third, third))
        deadline = time.monotonic() + 20
        while rig.health()["store"] and time.monotonic() < deadline:
            time.sleep(0.05)
        told = {check.name: check.message for check in rig.pipeline.health()}
        assert words in told["store"]
        assert rig.count("messages_stored_total") <= third  # nothing is reported stored that is not
        assert rig.pipeline.backlog() > 0
        proxy.fault = lambda _: None
        publisher.publish(messages(root, 2 * third, third))
        rig.settled(MESSAGES, 60)
        assert rig.count("readings_stored_total") + rig.count("readings_duplicate_total") == MESSAGES
        assert numbers(store, root) == list(range(MESSAGES))
        assert len(store.changed("rollups").hours) >= 20
    changes = [record.message for record in caplog.records if record.message.startswith("store: ")]
    assert len(changes) == 2, changes  # one when it went, one when it came back


def test_the_503s_retry_after_is_honoured(
    run: Any, settings: Any, publisher: Any, root: str, line: Any
) -> None:
    proxy, address = line
    answer = Answer(503, b"", {"Retry-After": "3"})
    asked: list[float] = []

    def fault(request: Request) -> Answer | None:
        if request.path != "/api/v2/write":
            return None
        asked.append(time.monotonic())
        return answer if len(asked) == 1 else None

    with closing(InfluxStore(address)) as store, run(settings, store) as rig:
        proxy.fault = fault
        publisher.publish(messages(root, 0, 10))
        rig.settled(10, 60)
        assert asked[1] - asked[0] >= 3
        assert numbers(store, root) == list(range(10))


def test_a_server_away_at_the_start_does_not_keep_messages_out(
    run: Any, settings: Any, publisher: Any, root: str, line: Any
) -> None:
    proxy, address = line
    proxy.fault = break_all
    with closing(InfluxStore(address)) as store, run(settings, store) as rig:
        publisher.publish(messages(root, 0, 300))
        assert not rig.health()["store"]
        assert rig.health()["spool"]
        proxy.fault = lambda _: None
        rig.settled(300, 60)
        assert numbers(store, root) == list(range(300))


def test_a_slow_store_holds_nothing_up_but_itself(
    run: Any, settings: Any, publisher: Any, root: str, line: Any
) -> None:
    proxy, address = line
    with closing(InfluxStore(address)) as store, run(settings, store) as rig:
        proxy.fault = slow(5)
        for first in range(0, 600, 100):
            publisher.publish(messages(root, first, 100))
        while rig.count("messages_acknowledged_total") < 600:
            assert rig.count("messages_stored_total") < 600, "stored before it was acknowledged"
            time.sleep(0.02)
        assert rig.pipeline.backlog() > 0
        proxy.fault = lambda _: None
        rig.settled(600, 90)
        assert numbers(store, root) == list(range(600))


def test_what_the_server_will_never_take_is_a_dead_letter_with_its_words(
    run: Any, settings: Any, publisher: Any, root: str, line: Any, caplog: Any
) -> None:
    address = line[1]
    with closing(InfluxStore(address)) as store:
        hour_ago = datetime.now(UTC) - timedelta(hours=1)
        line = f"indoor,device=x motion=1i {round(hour_ago.timestamp() * 1e6)}"
        store._server.write([line])  # another program's integer
        with run(settings, store) as rig:
            payload = json.dumps({"motion": 1, "time": hour_ago.isoformat()})
            publisher.publish([(f"classroom/{root}/1/d0", payload)])
            publisher.publish(messages(root, 0, 100))
            rig.settled(101, 60)
            assert rig.count("messages_stored_total") == 100
            assert rig.pipeline.letters.count_by_reason() == {"store_refused": 1}
            (letter,) = rig.pipeline.letters.list()
            assert "field type conflict" in letter.detail
            assert numbers(store, root) == list(range(100))
            # In the same shard: a week's, beyond which the server knows nothing of an integer.
            again = {"motion": 0, "time": (hour_ago + timedelta(seconds=1)).isoformat()}
            publisher.publish([(f"classroom/{root}/1/d0", json.dumps(again))])
            rig.settled(102, 60)
            assert rig.pipeline.letters.count_by_reason() == {"store_refused": 2}
    told = [record.message for record in caplog.records if "dead letters" in record.message]
    assert len(told) == 1, told  # not with every message of a device that goes on so


@contextmanager
def own_server(kind: str, folder: Path) -> Iterator[tuple[Callable[[], None], Address]]:
    """A server of the test's own with a bucket; what comes first starts it again."""
    port, major = free_ports(2), int(kind[-1])
    if major not in programs():
        pytest.skip(f"needs an influxd {major}.x on PATH to stop")
    start = influx1_process if major == 1 else influx2_process
    with ExitStack() as lives, ExitStack() as place:
        url, _ = lives.enter_context(start(folder, port))

        def again() -> None:
            lives.close()
            lives.enter_context(start(folder, port))

        if major == 1:
            proxy = place.enter_context(proxied(url, v1=True))
            server = Server(kind, proxy.url, target=url)
        else:
            server = set_up(url, folder)
        yield again, place.enter_context(server.bucket())


@pytest.mark.parametrize("kind", ["influx1", "influx2"])
def test_nothing_is_lost_when_the_servers_disk_is_full(
    run: Any, settings: Any, publisher: Any, root: str, tmp_path: Path, wait: Any, kind: str
) -> None:
    """Both versions go on refusing when there is room again, until they are started anew."""
    third = MESSAGES // 3
    with ExitStack() as stack:
        try:
            disk = stack.enter_context(small_disk(tmp_path / "disk", 128))
        except NoDiskError as refused:
            pytest.skip(str(refused))
        start_again, bucket = stack.enter_context(own_server(kind, disk.folder))
        store = stack.enter_context(closing(InfluxStore(bucket)))
        rig = stack.enter_context(run(settings, store))
        publisher.publish(messages(root, 0, third))
        rig.settled(third)
        disk.fill()
        publisher.publish(messages(root, third, third))
        wait(lambda: not rig.health()["store"], "the store says that it cannot")
        told = {check.name: check.message for check in rig.pipeline.health()}
        assert "no space left on device" in told["store"]
        assert bucket.url in told["store"]
        reported = rig.count("messages_stored_total")
        assert third <= reported < 2 * third
        assert len(numbers(store, root)) >= reported  # nothing is reported stored that is not
        assert rig.count("messages_acknowledged_total") == 2 * third
        disk.free()
        publisher.publish(messages(root, 2 * third, third))
        start_again()
        rig.settled(MESSAGES, 90)
        assert numbers(store, root) == list(range(MESSAGES))
        assert rig.count("dead_letters_total") == 0


@pytest.mark.skipif(2 not in programs(), reason="needs an influxd 2.x on PATH to kill")
def test_nothing_is_lost_when_the_server_is_killed_under_load(
    run: Any, settings: Any, publisher: Any, root: str, tmp_path: Path
) -> None:
    port, folder = free_ports(1), tmp_path / "influx"
    folder.mkdir()
    with ExitStack() as lives, ExitStack() as place:
        url, process = lives.enter_context(influx2_process(folder, port))
        bucket = place.enter_context(set_up(url, folder).bucket())
        with closing(InfluxStore(bucket)) as store, run(settings, store) as rig:
            for first in range(0, MESSAGES, 100):
                publisher.publish(messages(root, first, 100))
                if first == MESSAGES // 3:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            assert rig.count("messages_acknowledged_total") + 2_000 >= MESSAGES
            lives.enter_context(influx2_process(folder, port))
            rig.settled(MESSAGES, 90)
            assert numbers(store, root) == list(range(MESSAGES))
            assert rig.count("dead_letters_total") == 0
