"""``classroom-climate replay``: publish recorded messages to a broker."""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import paho.mqtt.client as mqtt
import typer
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

from classroom.faults import ConfigurationError
from classroom.settings import MqttSettings
from cli.broker_meant import (
    CaOption,
    HostOption,
    PasswordOption,
    PortOption,
    TlsOption,
    UsernameOption,
    broker_meant,
)
from cli.progress import progress_bar
from cli.site import console, load_site_or_exit, tell_faults
from ingest.access import set_access, why_not_connected

IN_FLIGHT = 500
ANSWER_S = 10.0


class Recorded(NamedTuple):
    """One recorded message."""

    topic: str
    payload: bytes
    retain: bool


class Outcome(NamedTuple):
    """What became of a file of messages: ``acknowledged + refused`` is what could be read."""

    acknowledged: int
    refused: list[str]
    unreadable: list[str]


class BrokerUnreachableError(Exception):
    """The broker cannot be reached."""


def replay(
    file: Annotated[
        Path,
        typer.Argument(
            help='JSON lines: {"topic": …, "payload": text | "payload_b64": base64, "retain": true|false}.',
            exists=True,
            dir_okay=False,
        ),
    ],
    rate: Annotated[
        float | None,
        typer.Option(min=0.001, help="Messages a second; as fast as the broker takes them if not given."),
    ] = None,
    site_dir: Annotated[
        Path | None,
        typer.Option("--site", "-s", help="Site whose broker is meant; this machine's if not given."),
    ] = None,
    host: HostOption = None,
    port: PortOption = None,
    username: UsernameOption = None,
    password_file: PasswordOption = None,
    tls: TlsOption = None,
    ca_file: CaOption = None,
) -> None:
    """Publish the recorded messages of FILE with QoS 1 and say what the broker took.

    Leaves with code 1 if a line cannot be read or the broker refused a message.

    Example: `classroom-climate replay recorded.jsonl --rate 50 --port 1883`

    To a site's broker, as one of its gateways: `classroom-climate replay recorded.jsonl --site helsingborg
    --username north --password-file north.password`
    """
    of_site = MqttSettings() if site_dir is None else load_site_or_exit(site_dir).settings.mqtt
    messages, unreadable = read_recorded(file)
    columns = (TextColumn("Replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        sender = Sender(broker_meant(of_site, host, port, username, password_file, tls, ca_file))
        with progress_bar(*columns) as progress:
            task = progress.add_task("replay", total=len(messages))
            outcome = sender.send(messages, rate, lambda: progress.advance(task))
    except BrokerUnreachableError as error:
        console.print(f"[bold red]Cannot replay:[/] {escape(str(error))}")
        raise typer.Exit(1) from error
    except ConfigurationError as error:
        tell_faults("The way to the broker", error)
        raise typer.Exit(2) from error
    outcome = outcome._replace(unreadable=unreadable)
    Console(highlight=False).print(
        f"{outcome.acknowledged} of {len(messages)} messages published and acknowledged, "
        f"{len(outcome.refused)} refused, {len(unreadable)} lines unreadable"
    )
    for line in (*outcome.refused, *unreadable):
        console.print(f"  {line}", markup=False)
    if outcome.refused or unreadable:
        raise typer.Exit(1)


def read_recorded(file: Path) -> tuple[list[Recorded], list[str]]:
    """Messages of a JSON-lines file, and for each line that is none: its number and why."""
    messages, unreadable = [], []
    with file.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                messages.append(_recorded(json.loads(line)))
            except (ValueError, KeyError, TypeError, binascii.Error) as error:
                unreadable.append(f"line {number}: {error or type(error).__name__}")
    return messages, unreadable


def _recorded(row: dict[str, object]) -> Recorded:
    topic = row["topic"]
    if not isinstance(topic, str):
        raise TypeError("topic is not a text")
    if "payload_b64" in row:
        return Recorded(
            topic, base64.b64decode(str(row["payload_b64"]), validate=True), bool(row.get("retain"))
        )
    payload = row["payload"]
    if not isinstance(payload, str):
        raise TypeError("payload is not a text; write other bytes as payload_b64")
    return Recorded(topic, payload.encode(), bool(row.get("retain")))


class Sender:
    """Publishes with QoS 1 over one connection at a time.

    A message that makes the broker hang up is refused; the others still get through.
    """

    def __init__(self, broker: MqttSettings) -> None:
        self._broker = broker
        self._lost = threading.Event()
        self._client: mqtt.Client | None = None

    def send(self, messages: list[Recorded], rate: float | None, on_done: Callable[[], None]) -> Outcome:
        """Publish ``messages`` in order, at most ``rate`` a second.

        Raises:
            BrokerUnreachableError: the broker does not answer.
            ConfigurationError: a certificate or password file cannot be used.
        """
        acknowledged, refused = 0, []
        tried: Recorded | None = None
        for batch in _batches(messages):
            left = batch
            while left:
                taken = self._send_batch(left, rate, on_done)
                acknowledged += taken
                left = left[taken:]
                if not left or taken:
                    continue
                if tried is not left[0]:
                    tried = left[
                        0
                    ]  # once more over a new connection: the old one may have been lost before it
                else:
                    refused.append(
                        f"{left[0].topic[:80]!r} ({len(left[0].payload)} bytes): the broker hung up"
                    )
                    left = left[1:]
        self._hang_up()
        return Outcome(acknowledged, refused, [])

    def _send_batch(self, batch: list[Recorded], rate: float | None, on_done: Callable[[], None]) -> int:
        """Publish a batch; how many of its first messages the broker acknowledged."""
        client = self._connected()
        sent: list[mqtt.MQTTMessageInfo] = []
        for message in batch:
            began = time.monotonic()
            try:
                sent.append(client.publish(message.topic, message.payload, qos=1, retain=message.retain))
            except ValueError:  # wildcards or an empty topic: no broker would take it
                break
            if rate is not None:
                time.sleep(max(0.0, 1 / rate - (time.monotonic() - began)))
        taken = 0
        for info in sent:
            until = time.monotonic() + ANSWER_S
            while _waits(info) and not self._lost.is_set() and time.monotonic() < until:
                time.sleep(0.001)
            if info.rc != mqtt.MQTT_ERR_SUCCESS or not info.is_published():
                self._hang_up()
                break
            taken += 1
            on_done()
        return taken

    def _connected(self) -> mqtt.Client:
        if self._client is not None and not self._lost.is_set():
            return self._client
        self._hang_up()
        self._lost.clear()
        client = mqtt.Client(
            CallbackAPIVersion.VERSION2,
            client_id=f"replay-{secrets.token_hex(4)}",
            reconnect_on_failure=False,
        )
        client.max_inflight_messages_set(IN_FLIGHT)
        set_access(client, self._broker)
        ready = threading.Event()
        refusal: list[str] = []

        def answered(_: mqtt.Client, __: object, ___: object, reason: ReasonCode, ____: object) -> None:
            if reason.is_failure:
                refusal.append(str(reason))
            ready.set()

        client.on_connect = answered
        client.on_disconnect = lambda *_: self._lost.set()
        where = f"{self._broker.host}:{self._broker.port}"
        try:
            client.connect(self._broker.host, self._broker.port)
        except (OSError, ValueError) as error:  # ValueError: ssl.CertificateError of a wrong host name
            raise BrokerUnreachableError(
                f"no broker answers at {where} ({why_not_connected(error, self._broker)}); "
                "start it, or give --host and --port"
            ) from error
        client.loop_start()
        if ready.wait(ANSWER_S) and not refusal and not self._lost.is_set():
            self._client = client
            return client
        client.loop_stop()
        said = f" ({refusal[0]})" if refusal else ""
        raise BrokerUnreachableError(
            f"{where} took the connection but refused us{said}; are user and password right, and does it "
            "want TLS (--ca-file, --tls)? (The embedded broker speaks MQTT 3.1.1, which replay needs, on its "
            "first port only.)"
        )

    def _hang_up(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None


def _waits(info: mqtt.MQTTMessageInfo) -> bool:
    """Whether the message is on its way; asking paho so of one that was never sent raises."""
    return info.rc == mqtt.MQTT_ERR_SUCCESS and not info.is_published()


def _batches(messages: list[Recorded]) -> Iterator[list[Recorded]]:
    """Up to IN_FLIGHT small messages together; a large one alone: only it is lost if it is refused."""
    batch: list[Recorded] = []
    for message in messages:
        if len(message.payload) > 20_000:
            if batch:
                yield batch
                batch = []
            yield [message]
            continue
        batch.append(message)
        if len(batch) == IN_FLIGHT:
            yield batch
            batch = []
    if batch:
        yield batch
