"""Publish messages to an MQTT broker: QoS 1, bounded in flight, as fast as it goes or paced by a clock."""

from __future__ import annotations

import secrets
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event

from simulators.messages import Message
from simulators.wire import REFUSALS, Wire

_BATCH = 100  # messages between two looks at the answers: a look at each would halve the rate
_REST_S = 0.002  # lets answers gather
_WAIT_S = 0.2  # longest sleep before looking whether to stop
_CONNECT_S = 10.0  # for the broker to answer a connection
_DRAIN_S = 5.0  # for the last acknowledgements once somebody asked to stop


class BrokerAwayError(Exception):
    """The broker cannot be reached, refused the connection or went away; the text says where and what to do.

    ``published`` says how far publishing got.
    """

    def __init__(self, text: str, published: Published) -> None:
        super().__init__(text)
        self.published = published


@dataclass(frozen=True)
class BrokerAddress:
    """Where and as whom to publish."""

    host: str = "127.0.0.1"
    port: int = 1883
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: bool = False
    ca_file: Path | None = None  # None: the system's authorities
    cert_file: Path | None = None  # of the client, with key_file
    key_file: Path | None = None

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass
class Published:
    """What was sent and what the broker has taken over (PUBACK); kept up to date while publishing.

    ``acknowledged_until`` is the time of the newest message up to which every one is acknowledged: where the
    next run goes on. The last messages of a broken connection may reach the broker twice, none is lost.
    """

    sent: int = 0
    acknowledged: int = 0
    acknowledged_until: datetime | None = None


class Pace:
    """When a message is due on the wall clock.

    Messages before ``since`` are history and due at once; those after follow the clock, ``speed`` times as
    fast. With a speed above 1 the town's clock runs ahead of the world's: give ``since`` in the past by as
    much as shall be played, or the receiver will take the times for a wrong clock.
    """

    def __init__(self, since: datetime, speed: float, clock: Callable[[], datetime]) -> None:
        if not speed > 0:
            raise ValueError(f"speed = {speed}: it must be above 0")
        self._clock = clock
        self._since = since
        self._speed = speed
        self._began = self._clock()

    def wait_s(self, message_time: datetime) -> float:
        """Seconds until a message of ``message_time`` is due; 0 or less when it is."""
        due = self._began + (message_time - self._since) / self._speed
        return (due - self._clock()) / timedelta(seconds=1)


def publish(
    messages: Iterable[Message],
    broker: BrokerAddress,
    *,
    pace: Pace | None = None,
    stop: Event | None = None,
    stop_after: int | None = None,
    in_flight: int = 1000,
    on_progress: Callable[[Published], None] = lambda _: None,
) -> Published:
    """Publish ``messages`` with QoS 1 and wait for every acknowledgement.

    Without ``pace`` as fast as the broker takes them. Ends when the messages end, after ``stop_after``
    messages, or soon after ``stop`` is set; what was sent by then is waited for. At most ``in_flight``
    messages are unacknowledged at any time. ``on_progress`` is called at least once a batch of 100.

    Raises:
        BrokerAwayError: with ``published`` as far as it got.
    """
    wire = _let_in(broker)
    publisher = _Publisher(wire, broker, in_flight, stop or Event(), on_progress)
    try:
        publisher.send_all(islice(messages, stop_after), pace)
    finally:
        wire.close()
    return publisher.published


def _let_in(broker: BrokerAddress) -> Wire:
    """A connection that the broker has accepted."""
    try:
        wire = Wire(_opened(broker))
    except OSError as error:
        text = f"no broker answers at {broker} ({error}); start it, or correct host and port"
        raise BrokerAwayError(text, Published()) from error
    strange = f"{broker} took the connection but does not speak MQTT; is the port right?"
    wire.connect(f"simulator-{secrets.token_hex(4)}", broker.username, broker.password)
    until = time.monotonic() + _CONNECT_S
    while wire.connected is None:
        try:
            wire.turn(_WAIT_S)
        except OSError as error:
            wire.close()
            raise BrokerAwayError(strange, Published()) from error
        if time.monotonic() > until:
            wire.close()
            raise BrokerAwayError(strange, Published())
    if wire.connected:
        wire.close()
        why = REFUSALS.get(wire.connected, f"return code {wire.connected}")
        raise BrokerAwayError(f"the broker at {broker} refused the connection: {why}", Published())
    return wire


class _Publisher:
    """One connection, driven from one thread."""

    def __init__(
        self,
        wire: Wire,
        broker: BrokerAddress,
        in_flight: int,
        stop: Event,
        on_progress: Callable[[Published], None],
    ) -> None:
        self.published = Published()
        self._wire = wire
        self._broker = broker
        self._in_flight = in_flight
        self._stop = stop
        self._on_progress = on_progress
        self._unacknowledged: deque[datetime] = deque()

    def send_all(self, messages: Iterable[Message], pace: Pace | None) -> None:
        for message in messages:
            if pace is not None:
                self._wait_until_due(pace, message)
            if self._stop.is_set():
                break
            self._send(message)
            if pace is not None or self.published.sent % _BATCH == 0:
                self._turn(0)
            if len(self._unacknowledged) >= self._in_flight:
                self._wait_for_room()
        self._drain()

    def _wait_for_room(self) -> None:
        """Wait until half of the window is free: a turn for every answer cost five times as much."""
        while len(self._unacknowledged) > self._in_flight // 2 and not self._stop.is_set():
            self._turn(_WAIT_S)
            if len(self._unacknowledged) > self._in_flight // 2:
                time.sleep(_REST_S)

    def _wait_until_due(self, pace: Pace, message: Message) -> None:
        while (wait_s := pace.wait_s(message.time)) > 0 and not self._stop.is_set():
            self._turn(min(wait_s, _WAIT_S))

    def _send(self, message: Message) -> None:
        self._unacknowledged.append(message.time)
        self.published.sent += 1
        self._wire.publish(message.topic, message.payload, retain=message.retain)

    def _drain(self) -> None:
        until: float | None = None
        while self._unacknowledged:
            if until is None and self._stop.is_set():
                until = time.monotonic() + _DRAIN_S
            if until is not None and time.monotonic() > until:
                break
            self._turn(_WAIT_S)
        self._on_progress(self.published)

    def _turn(self, wait_s: float) -> None:
        """Read and write what is there, waiting at most ``wait_s`` for something."""
        try:
            self._wire.turn(wait_s)
        except OSError as error:
            left = len(self._unacknowledged)
            text = (
                f"the broker at {self._broker} went away ({error}) with {left} messages "
                "unacknowledged; start it again and go on from the last acknowledged time"
            )
            raise BrokerAwayError(text, self.published) from error
        finally:
            self._settle(self._wire.acknowledged)
        self._on_progress(self.published)

    def _settle(self, acknowledged: int) -> None:
        """Messages are acknowledged in their order."""
        for _ in range(acknowledged - self.published.acknowledged):
            self.published.acknowledged_until = self._unacknowledged.popleft()
        self.published.acknowledged = acknowledged


def _opened(broker: BrokerAddress) -> socket.socket:
    """A TCP or TLS connection.

    Raises:
        OSError: nobody answers, or the certificate is not to be trusted.
    """
    connection = socket.create_connection((broker.host, broker.port), timeout=_CONNECT_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not broker.tls:
        return connection
    context = ssl.create_default_context(cafile=str(broker.ca_file) if broker.ca_file else None)
    if broker.cert_file is not None:
        context.load_cert_chain(broker.cert_file, broker.key_file)
    return context.wrap_socket(connection, server_hostname=broker.host)
