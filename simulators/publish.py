"""Publish messages to an MQTT broker: QoS 1, bounded in flight, as fast as it goes or paced by a clock."""

from __future__ import annotations

import secrets
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from threading import Event

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from simulators.messages import Message

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
    publisher = _Publisher(broker, in_flight, stop or Event(), on_progress)
    publisher.connect()
    try:
        publisher.send_all(islice(messages, stop_after), pace)
    finally:
        publisher.disconnect()
    return publisher.published


class _Publisher:
    """One connection, driven from one thread.

    paho's own network thread would fight this one for the interpreter: measured, it costs more than half of
    the rate (6,000 instead of 15,000 messages/s and more).
    """

    def __init__(
        self, broker: BrokerAddress, in_flight: int, stop: Event, on_progress: Callable[[Published], None]
    ) -> None:
        self.published = Published()
        self._broker = broker
        self._in_flight = in_flight
        self._stop = stop
        self._on_progress = on_progress
        self._unacknowledged: deque[datetime] = deque()
        self._answer: ReasonCode | None = None
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, client_id=f"simulator-{secrets.token_hex(4)}")
        # The bound is kept here: 0 switches off paho's own, which looks through all messages in flight at
        # every acknowledgement (at 1000 in flight that was half of the time).
        self._client.max_inflight_messages_set(0)
        self._client.on_connect = self._connected
        self._client.on_publish = self._acknowledged
        if broker.username is not None:
            self._client.username_pw_set(broker.username, broker.password)
        if broker.tls:
            self._client.tls_set(ca_certs=str(broker.ca_file) if broker.ca_file else None)

    def connect(self) -> None:
        try:
            self._client.connect(self._broker.host, self._broker.port)
        except OSError as error:
            text = f"no broker answers at {self._broker} ({error}); start it, or correct host and port"
            raise BrokerAwayError(text, self.published) from error
        until = time.monotonic() + _CONNECT_S
        while self._answer is None:
            if time.monotonic() > until:
                text = f"{self._broker} took the connection but does not speak MQTT; is the port right?"
                raise BrokerAwayError(text, self.published)
            self._turn(_WAIT_S)
        if self._answer.is_failure:
            text = f"the broker at {self._broker} refused the connection: {self._answer}"
            raise BrokerAwayError(text, self.published)

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

    def disconnect(self) -> None:
        self._client.disconnect()

    def _wait_for_room(self) -> None:
        """Wait until half of the window is free: a turn for every answer cost five times as much."""
        while len(self._unacknowledged) > self._in_flight // 2 and not self._stop.is_set():
            time.sleep(_REST_S)
            self._turn(_WAIT_S)

    def _wait_until_due(self, pace: Pace, message: Message) -> None:
        while (wait_s := pace.wait_s(message.time)) > 0 and not self._stop.is_set():
            self._turn(min(wait_s, _WAIT_S))

    def _send(self, message: Message) -> None:
        self._unacknowledged.append(message.time)
        self.published.sent += 1
        self._check(self._client.publish(message.topic, message.payload, qos=1).rc)

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
        self._check(self._client.loop(wait_s))
        self._on_progress(self.published)

    def _check(self, code: MQTTErrorCode) -> None:
        if code is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            left = len(self._unacknowledged)
            text = (
                f"the broker at {self._broker} went away ({mqtt.error_string(code)}) with {left} messages "
                "unacknowledged; start it again and go on from the last acknowledged time"
            )
            raise BrokerAwayError(text, self.published)

    def _connected(
        self,
        client: mqtt.Client,
        userdata: object,
        flags: mqtt.ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, userdata, flags, properties
        self._answer = reason_code

    def _acknowledged(
        self,
        client: mqtt.Client,
        userdata: object,
        mid: int,
        reason_code: ReasonCode,
        properties: Properties,
    ) -> None:
        del client, userdata, mid, reason_code, properties
        self.published.acknowledged += 1
        self.published.acknowledged_until = (
            self._unacknowledged.popleft()
        )  # brokers answer in order (MQTT-4.6)
