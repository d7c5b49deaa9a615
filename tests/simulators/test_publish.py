import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import iotcore
import paho.mqtt.client as mqtt
import pytest
from mosquitto import Mosquitto, guarded, missing
from paho.mqtt.enums import CallbackAPIVersion

from running import free_ports
from simulators.messages import Message, messages
from simulators.publish import BrokerAddress, BrokerAwayError, Pace, Published, publish
from simulators.school import Town

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def broker() -> Iterator[BrokerAddress]:
    with iotcore.Broker(port=free_ports(1), listen="127.0.0.1") as running:
        yield BrokerAddress(port=running.port)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[BrokerAddress]:
    with _mosquitto(tmp_path) as port:
        yield BrokerAddress(port=port)


@contextmanager
def _mosquitto(tmp_path: Path, *settings: str) -> Iterator[int]:
    if missing():
        pytest.skip(missing())
    # its default drops what a slow listener has not fetched beyond 1000
    with Mosquitto(tmp_path, ("max_queued_messages 0", *settings)) as broker:
        yield broker.port


class Listener:
    """A plain subscriber that keeps what it hears."""

    def __init__(self, broker: BrokerAddress) -> None:
        self.heard: list[tuple[str, bytes]] = []
        self._ready = threading.Event()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"listener-{id(self)}")
        self._client.on_message = lambda _c, _u, message: self.heard.append((message.topic, message.payload))
        self._client.on_subscribe = lambda *_: self._ready.set()
        self._client.connect(broker.host, broker.port)
        self._client.subscribe("#", qos=1)
        self._client.loop_start()
        assert self._ready.wait(10)

    def wait_for(self, count: int) -> list[tuple[str, bytes]]:
        until = time.monotonic() + 30
        while len(self.heard) < count and time.monotonic() < until:
            time.sleep(0.02)
        self._client.disconnect()
        self._client.loop_stop()
        return self.heard


def _numbered(count: int) -> list[Message]:
    return [Message(START + timedelta(seconds=n), "classroom/s/r/d", b"%d" % n) for n in range(count)]


def _delivers_a_day(broker: BrokerAddress, town: Town) -> None:
    day = list(messages(town, end=town.start + timedelta(days=1)))
    listener = Listener(broker)
    looks: list[int] = []
    done = publish(day, broker, on_progress=lambda so_far: looks.append(so_far.sent))
    assert done == Published(len(day), len(day), day[-1].time)
    assert looks == sorted(looks)
    assert len(looks) >= len(day) // 100
    assert listener.wait_for(len(day)) == [(message.topic, message.payload) for message in day]


def test_everything_arrives_in_order_at_the_embedded_broker(
    broker: BrokerAddress, make_town: Callable[..., Town]
) -> None:
    _delivers_a_day(broker, make_town())


@pytest.mark.server
def test_everything_arrives_in_order_at_mosquitto(
    mosquitto: BrokerAddress, make_town: Callable[..., Town]
) -> None:
    _delivers_a_day(mosquitto, make_town())


@pytest.mark.server
def test_over_tls_with_a_user(tmp_path: Path) -> None:
    certificate, settings = guarded(tmp_path, "sim", "right")
    with _mosquitto(tmp_path, *settings) as port:
        address = BrokerAddress("localhost", port, "sim", "right", tls=True, ca_file=certificate)
        assert publish(_numbered(3000), address, in_flight=500).acknowledged == 3000
        with pytest.raises(BrokerAwayError, match=r"user name or password|not authorized"):
            publish(_numbered(1), replace(address, password="wrong"))
        with pytest.raises(BrokerAwayError, match="certificate"):
            publish(_numbered(1), replace(address, ca_file=None))


def test_it_ends_after_as_many_as_told(broker: BrokerAddress) -> None:
    done = publish(_numbered(1000), broker, stop_after=250)
    assert done == Published(250, 250, START + timedelta(seconds=249))


def test_a_small_window_is_enough(broker: BrokerAddress) -> None:
    assert publish(_numbered(300), broker, in_flight=7).acknowledged == 300


def test_stop_ends_a_wait(broker: BrokerAddress) -> None:
    stop = threading.Event()
    pace = Pace(START, 1.0, lambda: START)  # a clock that stands: the second message is never due

    def stop_after_the_first(done: Published) -> None:
        if done.acknowledged == 1:
            stop.set()

    done = publish(_numbered(5), broker, pace=pace, stop=stop, on_progress=stop_after_the_first)
    assert done.acknowledged == done.sent == 1


def test_history_is_due_at_once_and_then_the_clock_rules(broker: BrokerAddress) -> None:
    since = START + timedelta(seconds=3)
    began = time.monotonic()

    def clock() -> datetime:
        return since + timedelta(seconds=time.monotonic() - began)

    when: list[tuple[int, float]] = []
    done = publish(
        _numbered(6),
        broker,
        pace=Pace(since, 10.0, clock),
        on_progress=lambda so_far: when.append((so_far.sent, time.monotonic() - began)),
    )
    assert done.acknowledged == 6
    for sent, due_s in ((5, 0.1), (6, 0.2)):  # one and two seconds of the town at tenfold speed
        assert min(at for count, at in when if count >= sent) >= due_s


def test_pace_counts_from_since() -> None:
    now = START
    pace = Pace(START, 60.0, lambda: now)
    assert pace.wait_s(START - timedelta(days=60)) < 0
    assert pace.wait_s(START) == 0
    assert pace.wait_s(START + timedelta(minutes=2)) == pytest.approx(2.0)
    with pytest.raises(ValueError, match="speed = 0"):
        Pace(START, 0, lambda: now)


def test_no_broker_is_said_plainly() -> None:
    with pytest.raises(BrokerAwayError, match=r"no broker answers at 127\.0\.0\.1:\d+ .*start it") as away:
        publish(_numbered(1), BrokerAddress(port=free_ports(1)))
    assert away.value.published == Published()


def test_a_broker_that_dies_is_said_plainly_and_where_to_go_on() -> None:
    running = iotcore.Broker(port=free_ports(1), listen="127.0.0.1").start()
    address = BrokerAddress(port=running.port)

    def stream() -> Iterator[Message]:
        for message in _numbered(100_000):
            if message.payload == b"2000":
                running.stop()
            yield message

    with pytest.raises(BrokerAwayError, match="went away") as away:
        publish(stream(), address, in_flight=100)
    done = away.value.published
    assert 1800 <= done.acknowledged <= done.sent < 100_000
    assert done.acknowledged_until == START + timedelta(seconds=done.acknowledged - 1)
