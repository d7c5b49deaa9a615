"""paho's client with MQTT's two frequent packets, PUBLISH in and PUBACK out, handled many at a time.

paho 2.2 asks the system three times for each packet, makes some ten objects of it and writes every
acknowledgement by itself: 47 us a message, more than all the rest of ingest (docs/decisions/007). So what
arrives is cut here: PUBLISH packets are handed on, as many as one reading of the socket brought; everything
else (connecting, TLS, subscriptions, keepalive) is left to paho. What this leans on in paho, beside its
public ``loop_read``, ``loop_write``, ``want_write`` and ``reconnect``, are ``_sock_recv`` (all reading),
``_sock_send`` and ``_packet_queue`` (all writing); tests/ingest/test_packets.py fails where that changes.
"""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

UNREADABLE_TOPIC = "(topic is not UTF-8)"
_PIECE_BYTES = 65_536
_PUBLISH = 3
_PUBACK = 0x40
_PUBACK_HEAD = 0x4002_0000  # PUBACK, two more bytes: the identifier
_NO_PACKET = b"\x00\x00"  # of a type that does not exist: paho ends the connection


class Publish(NamedTuple):
    """A PUBLISH packet; ``mid`` is 0 for QoS 0. Properties of MQTT 5 are passed over."""

    mid: int
    qos: int
    retain: bool
    topic: str
    payload: bytes


class Cut(NamedTuple):
    """What a piece of the stream holds: messages, other whole packets, and where an unfinished one begins.

    ``needed`` [bytes] is what the unfinished one will have at least. Where the stream is not ``sound``, what
    begins at ``end`` is not MQTT.
    """

    publishes: list[Publish]
    others: bytes
    end: int
    needed: int
    sound: bool


def cut(data: bytes, v5: bool) -> Cut:
    """Cut a piece of the stream into packets. A PUBLISH of QoS 2, for which nobody asked, is not sound."""
    publishes: list[Publish] = []
    others = b""
    position, held, needed, sound = 0, len(data), 2, True
    try:
        while held - position >= 2:
            length, body = _length(data, position + 1)
            stop = body + length
            if stop > held:
                needed = stop - position
                break
            if data[position] >> 4 == _PUBLISH:
                publishes.append(_publish(data, position, body, stop, v5))
            else:
                others += data[position:stop]
            position = stop
    except (IndexError, ValueError):
        sound = False
    return Cut(publishes, others, position, needed, sound)


def _length(data: bytes, at: int) -> tuple[int, int]:
    """A length of one to four bytes, and where what it counts begins (beyond ``data`` if it is not whole).

    Raises:
        ValueError: it has more than four bytes.
    """
    length = data[at]
    if length < 128:
        return length, at + 1
    length &= 127
    for place, byte in enumerate(data[at + 1 : at + 4], 1):
        length |= (byte & 127) << 7 * place
        if byte < 128:
            return length, at + place + 1
    if len(data) >= at + 4:
        raise ValueError("a length of more than four bytes")
    return 0, len(data) + 1


def _publish(data: bytes, position: int, body: int, stop: int, v5: bool) -> Publish:
    """The PUBLISH packet at ``position``; IndexError or ValueError where a length inside leads beyond it."""
    head = data[position]
    start = body + 2
    at = end = start + (data[body] << 8 | data[body + 1])
    mid, qos = 0, head >> 1 & 3
    if qos:
        if qos > 1:
            raise ValueError("QoS 2")
        mid = data[at] << 8 | data[at + 1]
        at += 2
    if v5:
        length, at = _length(data, at)
        at += length
    if at > stop:
        raise ValueError("a length leads beyond the packet")
    try:
        topic = data[start:end].decode()
    except UnicodeDecodeError:
        topic = UNREADABLE_TOPIC
    return Publish(mid, qos, bool(head & 1), topic, data[at:stop])


class Client(paho.Client):
    """paho's client; ``on_publishes`` is given what one reading of the socket brought, on the network thread.

    It must not raise or wait. ``manual_ack`` must be set: acknowledgements go through :meth:`acknowledge`.
    """

    def __init__(
        self, *arguments: Any, on_publishes: Callable[[Sequence[Publish]], None], **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self._on_publishes = on_publishes
        self._v5 = self.protocol == paho.MQTTv5
        self._pieces: list[bytes] = []
        self._held = 0
        self._needed = 2
        self._others = b""  # packets for paho
        self._ended = False
        # An acknowledgement on its way to the socket is in no queue: it must not be taken for sent.
        self._writing = threading.RLock()

    def reconnect(self) -> MQTTErrorCode:
        """Begin a new connection; what the old one left half read is forgotten."""
        self._pieces.clear()
        self._held, self._needed = 0, 2
        self._others, self._ended = b"", False
        return super().reconnect()

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Take what the socket holds, up to 64 KiB, and hand it on."""
        publishes = self._receive()
        result = MQTTErrorCode.MQTT_ERR_SUCCESS
        while (self._others or self._ended) and not result and self.socket() is not None:
            result = super().loop_read(max_packets)
        if publishes:
            self._on_publishes(publishes)
        return result

    def loop_write(self) -> MQTTErrorCode:
        """Write what waits."""
        with self._writing:
            return super().loop_write()

    def want_write(self) -> bool:
        """Whether something waits to be written or is being written."""
        with self._writing:
            return super().want_write()

    def acknowledge(self, mids: Sequence[int]) -> None:
        """Queue a PUBACK for each, in this order, as one piece; from any thread."""
        if mids:
            packets = struct.pack(f"!{len(mids)}I", *[_PUBACK_HEAD | mid for mid in mids])
            self._packet_queue(_PUBACK, packets, 0, 1)

    def _receive(self) -> Sequence[Publish]:
        try:
            piece = super()._sock_recv(_PIECE_BYTES)
        except BlockingIOError:
            return ()
        except OSError:
            piece = b""
        self._ended = not piece
        self._pieces.append(piece)
        self._held += len(piece)
        if self._held < self._needed:
            return ()
        data = piece if self._held == len(piece) else b"".join(self._pieces)
        publishes, others, end, self._needed, sound = cut(data, self._v5)
        self._others += others if sound else others + _NO_PACKET
        self._pieces = [data[end:]] if end < len(data) else []
        self._held = len(data) - end
        return publishes

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """Write; where that fails, reading has to end the connection.

        A broker that is killed has told publishers that it has what it sent here last, and, having saved
        nothing of it, will not repeat it. paho closes the socket at the first failing write and throws away
        what lies in it unread. Reading ends with the same error, or with the end of the stream.
        """
        try:
            return super()._sock_send(buf)
        except BlockingIOError:
            raise
        except OSError as error:
            if self.socket() is None:
                raise
            raise BlockingIOError from error  # kept, and tried again after the next read

    def _sock_recv(self, bufsize: int) -> bytes:
        """What paho reads: only what is not a PUBLISH, then the end of the stream."""
        if not self._others and not self._ended:
            raise BlockingIOError
        taken, self._others = self._others[:bufsize], self._others[bufsize:]
        return taken
