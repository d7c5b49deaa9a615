"""The embedded broker: iotcore (rumqttd) in a child process on 127.0.0.1, for trying out and for small sites.

Devices and publishers use MQTT 3.1.1 on PORT; we use MQTT 5 on PORT + 1. Measured and read limits (iotcore
0.4.0, rumqttd 0.20), which is why production has a mosquitto:

* It keeps everything in memory and forgets sessions and waiting messages when it stops. What was acknowledged
  to a publisher but not fetched by us is lost then.
* Per subscription it holds about 100 MiB; beyond that the oldest messages vanish silently, so a long outage
  of the store together with a full spool loses data. Memory grows to that size and is not given back.
* Its window is 100 messages whatever the client asks for; acknowledgements must come in order, else it
  disconnects.
* It delivers every message with the subscription's QoS, numbers from 1 after a reconnect and never sets DUP.
* No access list, no encryption here: it listens on 127.0.0.1 only.
* A payload above 1 MiB, and a keepalive of 0, end the sender's connection.
* A topic that begins with a letter beyond ASCII ("Åsa/…") ends its router thread (rumqttd cuts the topic
  after one byte), and it answers nobody any more though the process lives: we ask it every few seconds and
  start it anew.
"""

from __future__ import annotations

import argparse
import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import iotcore

log = logging.getLogger(__name__)

HOST = "127.0.0.1"
PAYLOAD_LIMIT_BYTES = 2**20
_SEGMENT_BYTES, _SEGMENTS = 10 * 2**20, 10
_START_S = 15.0
_ASK_S, _ANSWER_S, _MISSED = 5.0, 3.0, 2
_CONNECT = b"\x10\x12\x00\x04MQTT\x04\x02\x00\x0a\x00\x06router"  # 3.1.1, clean session, keepalive 10 s
_DISCONNECT = b"\xe0\x00"
_CONNACK = 0x20

_CONFIG = f"""
id = 0

[router]
id = 0
max_connections = 2000
max_outgoing_packet_count = 200
max_segment_size = {_SEGMENT_BYTES}
max_segment_count = {_SEGMENTS}
"""

_LISTENER = """
[{version}.1]
name = "{version}"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[{version}.1.connections]
connection_timeout_ms = 60000  # longest wait for the first packet of a connection
max_payload_size = {payload}
max_inflight_count = 100
dynamic_filters = true
"""


class BrokerError(Exception):
    """The embedded broker cannot start; the message says why and what to do."""


class EmbeddedBroker:
    """A broker as a child process, which ends with this process however that ends.

    Args:
        port: for devices and publishers (MQTT 3.1.1); ``port + 1`` is ours (MQTT 5).
        ask_s: how often to look whether it answers [s]; not answering twice starts it anew.
    """

    def __init__(self, port: int, ask_s: float = _ASK_S) -> None:
        self._ask_s = ask_s
        self.port = port
        self.ingest_port = port + 1
        self._process: subprocess.Popen[bytes] | None = None
        self._stopping = threading.Event()
        self._watch: threading.Thread | None = None
        self.restarts = 0

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start the child and wait until it listens.

        Raises:
            BrokerError: a port is taken, or the child did not come up.
        """
        for port in (self.port, self.ingest_port):
            _refuse_taken(port, self.port)
        self._launch()
        self._stopping.clear()
        self._watch = threading.Thread(target=self._keep_alive, name="broker-watch", daemon=True)
        self._watch.start()

    def _launch(self) -> None:
        with tempfile.TemporaryDirectory(prefix="classroom-broker-") as folder:
            config = Path(folder) / "broker.toml"
            config.write_text(_config(self.port), encoding="utf-8")
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "ingest.embedded", str(config)],
                stdin=subprocess.PIPE,  # closes when we end, however we end: then the child ends too
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # Ctrl-C is for us; we stop the child when everything is stored
                env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
            )
            self._wait_listening(self._process)

    def stop(self) -> None:
        """End the child; safe to call twice."""
        self._stopping.set()
        if self._watch is not None:
            self._watch.join()
            self._watch = None
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.terminate()
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        if process.stdin is not None:
            process.stdin.close()

    def __enter__(self) -> EmbeddedBroker:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _keep_alive(self) -> None:
        """Start the child anew when it no longer answers; what it held is lost, as at every restart."""
        missed = 0
        while not self._stopping.wait(self._ask_s):
            missed = 0 if self.alive and _breathes(self.port) else missed + 1
            if missed < _MISSED or self._stopping.is_set():
                continue
            log.error("the embedded broker answers nobody; it starts again and has forgotten what it held")
            self._end()
            missed = 0
            try:
                self._launch()
            except BrokerError as error:
                log.error("%s", error)  # noqa: TRY400  tried again at the next look
            else:
                self.restarts += 1

    def _wait_listening(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + _START_S
        waiting = [self.port, self.ingest_port]
        while waiting:
            if process.poll() is not None:
                raise BrokerError(f"the embedded broker ended at once with code {process.returncode}")
            if time.monotonic() > deadline:
                self._end()
                raise BrokerError(f"nothing listened on port {waiting[0]} within {_START_S:.0f} s")
            waiting = [port for port in waiting if not _answers(port)]
            time.sleep(0.02)


def _config(port: int) -> str:
    listeners = (
        _LISTENER.format(version=version, host=HOST, port=number, payload=PAYLOAD_LIMIT_BYTES)
        for version, number in (("v4", port), ("v5", port + 1))
    )
    return _CONFIG + "".join(listeners)


def _refuse_taken(port: int, first: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            raise BrokerError(
                f"port {port} cannot be used ({error.strerror}): another program or a second one has it; "
                f"choose two free ports in a row with --mqtt-port (now {first} and {first + 1})"
            ) from error


def _answers(port: int) -> bool:
    try:
        with socket.create_connection((HOST, port), timeout=0.2):
            return True
    except OSError:
        return False


def _breathes(port: int) -> bool:
    """Whether the broker itself answers, not only the system that accepts its connections."""
    try:
        with socket.create_connection((HOST, port), timeout=_ANSWER_S) as visit:
            visit.sendall(_CONNECT)
            answer = visit.recv(4)
            visit.sendall(_DISCONNECT)
    except OSError:
        return False
    return answer[:1] == bytes([_CONNACK])


def _end_with_parent() -> None:
    sys.stdin.buffer.read()  # until the parent's end of the pipe closes
    os._exit(0)


def main() -> None:
    """Entry of the child: serve until the parent is gone."""
    parser = argparse.ArgumentParser(prog="python -m ingest.embedded")
    parser.add_argument("config", help="rumqttd configuration (TOML)")
    config: str = parser.parse_args().config
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)  # its tracing spans come as errors
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    iotcore.Broker(config_path=config).run_forever()


if __name__ == "__main__":
    main()
