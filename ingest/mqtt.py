"""The connection to the broker: it appends what arrives to an inbox and sends acknowledgements when told to.

Traps this answers (``facts``: measured with paho 2.2 and mosquitto 2.0.21):

* An exception in paho's callback ends its network thread while ``is_connected()`` stays true: the callback
  only appends.
* A slow callback misses keepalives and messages come again: the callback never waits.
* An acknowledgement of an older connection may name another message: it is refused (``generation``).
* The broker sends no more than a window of unacknowledged messages. MQTT 5 lets us ask for it (Receive
  Maximum); on 3.1.1 it is the broker's own limit, mosquitto's default is 20: 20 messages per commit.
* A write that fails makes paho throw away what lies unread in the socket: our client reads it first.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from datetime import datetime
from queue import SimpleQueue
from typing import NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from classroom.settings import MqttSettings
from ingest.access import (
    UNSUPPORTED_VERSION,
    set_access,
    why_closed,
    why_denied,
    why_lost,
    why_not_connected,
    why_refused,
)
from ingest.packets import Client, Publish
from ingest.spool import to_microseconds

log = logging.getLogger(__name__)

_CONNECT_TIMEOUT_S = 10.0
_BACKOFF_S = (0.5, 60.0)
_STEADY_S = 20.0  # a connection that ends sooner counts as a failure: two clients with one id must not race
_QOS0_LIMIT = 50_000  # QoS 0 messages waiting in memory; QoS 1 is held back by the window
_CLOCK_SET_BACK_US = 1_000_000


class Delivery(NamedTuple):
    """A message as it arrived; ``generation`` numbers the connection.

    ``received_us`` [µs since 1970] is another one for each message: two of one device that carry no time must
    not become one reading.
    """

    generation: int
    mid: int
    qos: int
    topic: str
    payload: bytes
    retain: bool
    received_us: int


class Connected(NamedTuple):
    """A connection began; ``session`` tells whether the broker kept the session of the one before."""

    generation: int
    session: bool


Inbox = SimpleQueue[object]
"""Lists of deliveries (never empty) and :class:`Connected` in order of happening, and what the pipeline
hands in."""


class Link:
    """One client of the broker with its network thread.

    Args:
        settings: the ``[mqtt]`` table.
        inbox: takes deliveries; never full.
        clock: aware UTC time, for ``Delivery.received_us``.
        session_filters: topic filters the broker's session may still hold; unwanted ones are unsubscribed.
        on_dropped: told how many QoS 0 messages found no room.

    Raises:
        ConfigurationError: a certificate or password file cannot be used.
    """

    def __init__(
        self,
        settings: MqttSettings,
        inbox: Inbox,
        clock: Callable[[], datetime],
        session_filters: Sequence[str] = (),
        on_dropped: Callable[[int], None] = lambda _: None,
    ) -> None:
        self._settings = settings
        self._inbox = inbox
        self._clock = clock
        self._unwanted = sorted(set(session_filters).difference(settings.filters))
        self._granted = False  # all filters, in the present session
        self._on_dropped = on_dropped
        self._v5 = settings.protocol == "5"
        self._lock = threading.Lock()
        self._generation = 0
        self._arrived = 0  # written by the network thread only
        self._acknowledged = 0  # written under the lock only
        self._received_us = 0  # of the last message
        self._delivered = 0  # into the inbox, over all connections; written by the network thread only
        self.taken = 0  # from the inbox; set by the spool thread
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._connected = self._subscribed = False
        self._answered = False
        self._failures = 0
        self.refused: str | None = None
        self.full = False  # set by the spool thread: QoS 0 finds no room
        self._client = self._build_client()
        if not self._v5:
            self._warn_window()

    @property
    def alive(self) -> bool:
        """Whether the network thread runs."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def generation(self) -> int:
        """Number of the present connection or attempt; acknowledgements of others are refused."""
        return self._generation

    @property
    def unacknowledged(self) -> int:
        """QoS 1 messages that arrived over the present connection and are not acknowledged yet."""
        return self._arrived - self._acknowledged

    @property
    def acknowledged(self) -> int:
        """Acknowledgements queued on the present connection."""
        return self._acknowledged

    @property
    def connected(self) -> bool:
        """Whether the broker has accepted the present connection and granted every topic filter."""
        return self._connected and self._subscribed

    @property
    def window(self) -> int | None:
        """Unacknowledged messages the broker was asked to stop at; None on 3.1.1, where it does not tell."""
        return self._settings.receive_maximum if self._v5 else None

    def start(self) -> None:
        """Start the network thread (again, if it died)."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="ingest-network", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Send what is queued, say goodbye and end the thread; the broker keeps the session."""
        self._stopping.set()
        self._client.disconnect()
        if self._thread is not None:
            self._thread.join(_CONNECT_TIMEOUT_S + 5)

    def acknowledge(self, deliveries: Sequence[Delivery]) -> int:
        """Queue acknowledgements in the given order.

        Those of an older connection are left out. Gives their number.
        """
        with self._lock:
            present = self._generation
            mids = [mid for generation, mid, qos, *_ in deliveries if qos and generation == present]
            self._client.acknowledge(mids)
            self._acknowledged += len(mids)
        return len(mids)

    def flushed(self, generation: int) -> bool:
        """Whether all acknowledgements queued for this connection have left this machine."""
        return generation == self._generation and self._connected and not self._client.want_write()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._lock:
                self._generation += 1  # from here on acknowledgements of the connection before are refused
                self._arrived = self._acknowledged = 0
            begun_s = time.monotonic()
            if self._connect():
                self._serve()
            self._connected = False
            if time.monotonic() - begun_s > _STEADY_S:
                self._failures = 0
            if not self._stopping.is_set():
                self._failures += 1
                self._stopping.wait(_backoff_s(self._failures))

    def _connect(self) -> bool:
        self._answered = False
        try:
            if self._v5:
                properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
                properties.ReceiveMaximum = self._settings.receive_maximum
                properties.SessionExpiryInterval = self._settings.session_expiry_s
                self._client.connect(
                    self._settings.host,
                    self._settings.port,
                    self._settings.keepalive_s,
                    clean_start=False,
                    properties=properties,
                )
            else:
                self._client.connect(self._settings.host, self._settings.port, self._settings.keepalive_s)
        except (OSError, ValueError) as error:  # ValueError: ssl.CertificateError of a wrong host name
            self._report(why_not_connected(error, self._settings))
            return False
        return True

    def _serve(self) -> None:
        while self._client.loop(1.0) == paho.MQTT_ERR_SUCCESS:
            if self._stopping.is_set():
                self._client.disconnect()  # leaves after the acknowledgements already queued
        if not self._answered and not self._stopping.is_set():
            self._report(why_closed(self._settings))

    def _report(self, refused: str) -> None:
        if refused != self.refused:
            log.warning("broker %s:%d: %s", self._settings.host, self._settings.port, refused)
        self.refused = refused

    def _build_client(self) -> Client:
        settings = self._settings
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=settings.client_id,
            clean_session=None if self._v5 else False,
            protocol=paho.MQTTv5 if self._v5 else paho.MQTTv311,
            reconnect_on_failure=False,
            manual_ack=True,
            on_publishes=self._deliver,
        )
        client.connect_timeout = _CONNECT_TIMEOUT_S
        client.on_connect = self._on_connect
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        # With this set, acknowledgements queued by the spool thread are written by the network thread only.
        client.on_socket_register_write = _leave_to_network_thread
        set_access(client, settings)
        return client

    def _on_connect(
        self,
        client: paho.Client,
        _: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        __: Properties | None,
    ) -> None:
        self._answered = True
        if reason.is_failure:
            self._report(why_refused(reason, self._settings))
            if self._v5 and reason.value == UNSUPPORTED_VERSION:
                self._v5 = False
                self._warn_window()
                self._client = self._build_client()
            return
        if self.refused is not None:
            log.warning("broker %s:%d: connected", self._settings.host, self._settings.port)
        self.refused = None
        self._connected = True
        self._subscribed = False
        self._inbox.put(Connected(self._generation, flags.session_present))
        if self._v5:
            # Retained messages only where the subscription is new: not all of them again at every reconnect.
            options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
            client.subscribe([(text, options) for text in self._settings.filters])
        elif flags.session_present and self._granted:
            self._subscribed = True
        else:
            client.subscribe([(text, 1) for text in self._settings.filters])
        if self._unwanted:  # after the new ones: between them nothing may fall through
            client.unsubscribe(self._unwanted)

    def _on_subscribe(
        self, _: paho.Client, __: object, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        denied = why_denied(self._settings.filters, reasons)
        if denied:
            self._report(denied)
        self._granted = self._subscribed = not denied

    def _on_disconnect(
        self,
        _: paho.Client,
        __: object,
        ___: paho.DisconnectFlags,
        reason: ReasonCode,
        ____: Properties | None,
    ) -> None:
        if self._connected and not self._stopping.is_set():
            self._report(why_lost(reason, self._settings))
        self._connected = False

    def _deliver(self, publishes: Sequence[Publish]) -> None:
        room = not self.full and self._delivered - self.taken <= _QOS0_LIMIT
        generation, first_us = self._generation, self._next_us()
        deliveries = [
            Delivery(generation, mid, qos, topic, payload, retain, received_us)
            for received_us, (mid, qos, retain, topic, payload) in enumerate(publishes, first_us)
            if qos or room
        ]
        self._received_us = first_us + len(publishes) - 1
        if len(deliveries) < len(publishes):
            self._on_dropped(len(publishes) - len(deliveries))
        if deliveries:
            self._arrived += sum(1 for delivery in deliveries if delivery.qos)
            self._delivered += len(deliveries)
            self._inbox.put(deliveries)

    def _next_us(self) -> int:
        """The time; where messages came faster than one a microsecond, the microsecond after the last."""
        now_us = to_microseconds(self._clock())
        ahead_us = self._received_us - now_us
        return self._received_us + 1 if 0 <= ahead_us < _CLOCK_SET_BACK_US else now_us

    def _warn_window(self) -> None:
        log.warning(
            "MQTT 3.1.1: the broker decides how many messages it sends before one is acknowledged; "
            "mosquitto's 20 allow 20 messages a commit: raise max_inflight_messages there or use MQTT 5"
        )


def _leave_to_network_thread(_: paho.Client, __: object, ___: object) -> None:
    return


def _backoff_s(failures: int) -> float:
    """Waiting time before the next attempt [s].

    Doubling, with jitter so that many clients do not come at once.
    """
    shortest, longest = _BACKOFF_S
    return float(min(longest, shortest * 2 ** min(failures - 1, 10)) * random.uniform(0.5, 1.0))  # noqa: S311
