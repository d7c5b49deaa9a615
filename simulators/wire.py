"""MQTT 3.1.1 as far as a publisher with QoS 1 needs it: CONNECT, PUBLISH and PUBACK, PING, DISCONNECT.

Written from the OASIS standard (mqtt-v3.1.1-os). One thread; what is sent gathers until :meth:`Wire.turn`,
which is why a message costs a few microseconds here and ten times as much through a general client
(docs/decisions/010).
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
import time

_CONNECT, _CONNACK, _PUBLISH_QOS1, _PUBACK = 0x10, 0x20, 0x32, 0x40
_PINGREQ, _PINGRESP, _DISCONNECT = b"\xc0\x00", 0xD0, b"\xe0\x00"
_KEEP_ALIVE_S = 3_600  # a day of a large town takes minutes to compute, in which nothing is said
_READ_BYTES = 65_536
_LAST_ID = 65_535

REFUSALS = {
    1: "it does not speak MQTT 3.1.1",
    2: "it does not take the client's name",
    3: "it is not available",
    4: "user name or password are wrong",
    5: "not authorized",
}
"""What a broker says by the return code of its CONNACK."""

_NOTHING_YET = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


def connect_packet(client_id: str, username: str | None, password: str | None) -> bytes:
    """CONNECT with a clean session."""
    flags, rest = 0x02, _text(client_id)
    if username is not None:
        flags, rest = flags | 0x80, rest + _text(username)
        if password is not None:
            flags, rest = flags | 0x40, rest + _text(password)
    body = _text("MQTT") + struct.pack(">BBH", 4, flags, _KEEP_ALIVE_S) + rest
    return bytes([_CONNECT]) + _length(len(body)) + body


def publish_packet(topic: bytes, payload: bytes, packet_id: int, *, retain: bool) -> bytes:
    """PUBLISH with QoS 1; ``topic`` stands with its length before it (:func:`topic_field`)."""
    size = len(topic) + 2 + len(payload)
    head = b"\x33" if retain else b"\x32"
    return b"%b%b%b%b%b" % (head, _length(size), topic, packet_id.to_bytes(2, "big"), payload)


def topic_field(topic: str) -> bytes:
    """A topic as it stands in a packet; the same few come again and again.

    Raises:
        ValueError: it is empty or has a wildcard, or is longer than 65,535 bytes.
    """
    if not topic or "+" in topic or "#" in topic or "\x00" in topic:
        raise ValueError(f"{topic!r} is no topic to publish to")
    return _text(topic)


def _text(text: str) -> bytes:
    encoded = text.encode()
    if len(encoded) > 0xFFFF:
        raise ValueError(f"a text of {len(encoded)} bytes is too long for MQTT")
    return len(encoded).to_bytes(2, "big") + encoded


def _length(size: int) -> bytes:
    """Remaining length: seven bits a byte, the lowest first."""
    if size < 128:
        return bytes((size,))
    if size < 16_384:
        return bytes((size & 0x7F | 0x80, size >> 7))
    digits = bytearray()
    while size:
        size, digit = size >> 7, size & 0x7F
        digits.append(digit | (0x80 if size else 0))
    return bytes(digits)


class Wire:
    """A connection to a broker. Everything raises OSError once it is gone."""

    def __init__(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        self._socket = connection
        self._out = bytearray()
        self._in = bytearray()
        self._topics: dict[str, bytes] = {}
        self._last_id = 0
        self._acknowledged_id = 0
        self._spoke = time.monotonic()
        self.connected: int | None = None
        """Return code of the broker's CONNACK."""
        self.acknowledged = 0
        """How many messages the broker has acknowledged."""

    def connect(self, client_id: str, username: str | None, password: str | None) -> None:
        """Ask to be let in; the answer stands in ``connected`` some turns later."""
        self._out += connect_packet(client_id, username, password)

    def publish(self, topic: str, payload: bytes, *, retain: bool) -> None:
        """Lay a message into the next turn."""
        field = self._topics.get(topic)
        if field is None:
            field = self._topics[topic] = topic_field(topic)
        self._last_id = self._last_id % _LAST_ID + 1
        self._out += publish_packet(field, payload, self._last_id, retain=retain)

    def turn(self, wait_s: float) -> None:
        """Write what waits and read what is there, waiting at most ``wait_s`` for something.

        Raises:
            OSError: the broker hung up or said what no broker says.
        """
        if time.monotonic() - self._spoke > _KEEP_ALIVE_S / 2:
            self._out += _PINGREQ
            self._spoke = time.monotonic()
        self._write()
        if not self._read() and wait_s > 0:
            select.select([self._socket], [self._socket] if self._out else [], [], wait_s)
            self._write()
            self._read()

    def close(self) -> None:
        """Say goodbye, if the broker still listens, and hang up."""
        try:
            self._out += _DISCONNECT
            self._write()
        except OSError:
            pass  # it is gone already
        self._socket.close()

    def _write(self) -> None:
        while self._out:
            try:
                sent = self._socket.send(self._out)
            except _NOTHING_YET:
                return
            self._spoke = time.monotonic()
            del self._out[:sent]

    def _read(self) -> bool:
        """Read what is there; whether there was anything."""
        try:
            got = self._socket.recv(_READ_BYTES)
        except _NOTHING_YET:
            return False
        if not got:
            raise ConnectionResetError("the connection was closed")
        self._in += got
        self._take()
        return True

    def _take(self) -> None:
        """Take whole packets off what was read; none that a publisher is sent has more than four bytes."""
        data, at = self._in, 0
        while len(data) - at >= 2 and len(data) - at >= 2 + data[at + 1]:
            kind, size = data[at], data[at + 1]
            if kind == _PUBACK and size == 2:
                self._count(data[at + 2] << 8 | data[at + 3])
            elif kind == _CONNACK and size == 2:
                self.connected = data[at + 3]
            elif kind != _PINGRESP:
                raise ConnectionAbortedError(f"the broker sent a packet of kind {kind >> 4}")
            at += 2 + size
        del data[:at]

    def _count(self, packet_id: int) -> None:
        """Brokers answer in the order of the messages (MQTT-4.6)."""
        self._acknowledged_id = self._acknowledged_id % _LAST_ID + 1
        if packet_id != self._acknowledged_id:
            raise ConnectionAbortedError(f"the broker acknowledged {packet_id} out of order")
        self.acknowledged += 1
