"""The embedded broker.

Two listeners on the loopback, a clear word about a taken port, no process left behind.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion

from ingest.embedded import PAYLOAD_LIMIT_BYTES, BrokerError, EmbeddedBroker


def test_it_listens_on_the_loopback_only(embedded: Any) -> None:
    child = psutil.Process(embedded._process.pid)
    listening = {c.laddr for c in child.net_connections() if c.status == psutil.CONN_LISTEN}
    assert {tuple(address) for address in listening} == {
        ("127.0.0.1", embedded.port),
        ("127.0.0.1", embedded.port + 1),
    }


@pytest.mark.parametrize("taken", [0, 1])
def test_a_taken_port_is_named_with_a_cure(embedded: Any, taken: int) -> None:
    with pytest.raises(BrokerError, match=rf"port {embedded.port} cannot be used.*--mqtt-port"):
        EmbeddedBroker(embedded.port - taken).start()


def test_it_stops_and_frees_its_ports() -> None:
    broker = start_anywhere()
    process = broker._process
    broker.stop()
    broker.stop()
    assert process.poll() is not None
    with socket.create_server(("127.0.0.1", broker.port)):
        pass


def test_it_ends_when_its_parent_is_killed(wait: Any) -> None:
    code = (
        "import sys; from ingest.embedded import EmbeddedBroker; broker = EmbeddedBroker(int(sys.argv[1])); "
        "broker.start(); print(broker._process.pid, flush=True); sys.stdin.read()"
    )
    probe = start_anywhere()
    probe.stop()
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(probe.port)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    child = psutil.Process(int(parent.stdout.readline()))
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    wait(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, "the child ends")


def test_a_payload_above_its_limit_is_refused_and_the_rest_goes_on(
    run: Any, settings: Any, publisher_at: Any, embedded: Any, root: str, co2: Any
) -> None:
    with run(settings) as rig:
        rude = publisher_at(embedded.port)
        rude.client.publish(f"{root}/huge", b"x" * (PAYLOAD_LIMIT_BYTES + 1), 1)
        publisher_at(embedded.port).publish([(f"classroom/{root}/1/d", co2(800))])
        rig.settled(1)
        assert rig.count("messages_received_total") == 1


def start_anywhere(ask_s: float = 5.0) -> EmbeddedBroker:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        broker = EmbeddedBroker(port, ask_s)
        try:
            broker.start()
        except BrokerError:
            continue
        return broker


def test_a_broker_that_answers_nobody_is_started_again(wait: Any) -> None:
    """A topic that begins beyond ASCII ends rumqttd's router thread; the process lives on, deaf."""
    broker = start_anywhere(ask_s=0.2)
    client = paho.Client(CallbackAPIVersion.VERSION2, "publisher", protocol=paho.MQTTv311)
    try:
        client.connect("127.0.0.1", broker.port)
        client.subscribe("#", 1)
        client.loop_start()
        first = broker._process.pid
        client.publish("Åsa/co2", b"700", qos=1)
        wait(lambda: broker.restarts == 1, "the broker is started again", 30)
        assert broker.alive
        assert broker._process.pid != first
        wait(client.is_connected, "the client is back", 30)
    finally:
        client.loop_stop()
        broker.stop()
