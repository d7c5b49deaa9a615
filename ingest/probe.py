"""A look at the broker from the outside: would it let the ingester in and let it read?

It comes under a client id of its own, so that it takes no session away, and never joins a shared
subscription, which would hand it messages that are then lost.
"""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import uuid4

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from classroom.settings import MqttSettings
from ingest.access import set_access, why_closed, why_denied, why_not_connected, why_refused

_LIMIT_S = 10.0


class Look(NamedTuple):
    """What was found: ``trouble`` in words (empty: none), and the end of the broker's certificate (UTC)."""

    trouble: str
    certificate_until: datetime | None = None


def look(settings: MqttSettings) -> Look:
    """Connect, subscribe to the topics of ``settings``, and leave again.

    Raises:
        ConfigurationError: a certificate or password file cannot be used.
    """
    visit = _Visit(settings)
    try:
        visit.client.connect(settings.host, settings.port)
    except (OSError, ValueError) as error:
        return Look(why_not_connected(error, settings))
    until = _certificate_until(visit.client)
    deadline = time.monotonic() + _LIMIT_S
    while visit.trouble is None and time.monotonic() < deadline:
        if visit.client.loop(0.2) != paho.MQTT_ERR_SUCCESS and visit.trouble is None:
            visit.trouble = why_closed(settings)
    visit.client.disconnect()
    if visit.trouble is None:
        return Look(f"it did not answer within {_LIMIT_S:.0f} s", until)
    return Look(visit.trouble, until)


class _Visit:
    """One client; ``trouble`` is None until it is known, and empty when all went well."""

    def __init__(self, settings: MqttSettings) -> None:
        self._settings = settings
        self._v5 = settings.protocol == "5"
        self.trouble: str | None = None
        self.client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"doctor-{uuid4().hex[:12]}",
            clean_session=None if self._v5 else True,
            protocol=paho.MQTTv5 if self._v5 else paho.MQTTv311,
            reconnect_on_failure=False,
        )
        self.client.connect_timeout = _LIMIT_S
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = self._on_subscribe
        set_access(self.client, settings)

    def _on_connect(
        self, client: paho.Client, _: object, __: object, reason: ReasonCode, ___: Properties | None
    ) -> None:
        if reason.is_failure:
            self.trouble = why_refused(reason, self._settings)
        elif self._v5:
            options = SubscribeOptions(qos=0, retainHandling=SubscribeOptions.RETAIN_DO_NOT_SEND)
            client.subscribe([(text, options) for text in self._settings.topics])
        else:
            client.subscribe([(text, 0) for text in self._settings.topics])

    def _on_subscribe(
        self, _: paho.Client, __: object, ___: int, reasons: list[ReasonCode], ____: Properties | None
    ) -> None:
        self.trouble = why_denied(self._settings.topics, reasons)


def _certificate_until(client: paho.Client) -> datetime | None:
    connection = client.socket()
    if not isinstance(connection, ssl.SSLSocket):
        return None
    end = (connection.getpeercert() or {}).get("notAfter")
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(end), UTC) if isinstance(end, str) else None
