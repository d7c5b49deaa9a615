"""A publisher that is never the bottleneck, for measurements.

It is a process (``python flood.py PORT FILE``): FILE holds finished PUBLISH packets (MQTT 3.1.1,
QoS 1) in blocks; it sends a block at a time and counts acknowledgements, which costs it about 0.1 CPU seconds
per 100,000 messages. It prints when it began (``time.monotonic``, one clock for all processes).
"""

from __future__ import annotations

import select
import socket
import struct
import sys
import time
from collections.abc import Iterable
from itertools import islice
from pathlib import Path

_PIECE = 2**18
_BLOCK = 1_000  # messages
_BLOCK_HEAD = struct.Struct("!II")  # messages, bytes
_MOST_UNACKNOWLEDGED = 50_000  # of 65,535 packet identifiers
_CONNECT = struct.pack("!BBH4sBBHH", 0x10, 12, 4, b"MQTT", 4, 2, 600, 0)
_SILENCE_S = 60.0


def packet(topic: str, payload: bytes, number: int) -> bytes:
    """The PUBLISH of message ``number`` (its identifier is made of it), QoS 1, MQTT 3.1.1."""
    name = topic.encode()
    rest = len(name) + len(payload) + 4
    head = bytearray([0x32])
    while rest > 127:
        head.append(rest & 127 | 128)
        rest >>= 7
    head.append(rest)
    return (
        bytes(head) + struct.pack("!H", len(name)) + name + struct.pack("!H", number % 65_535 + 1) + payload
    )


class Flood:
    """One publisher's connection.

    Raises:
        ConnectionError: the broker closed it, or acknowledged nothing for a minute.
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SILENCE_S)
        self._socket.sendall(_CONNECT)
        if self._socket.recv(4) != b"\x20\x02\x00\x00":
            raise ConnectionError("the broker refused the publisher")
        self._socket.setblocking(False)
        self._sent = self._acknowledged_bytes = 0

    @property
    def unacknowledged(self) -> int:
        """Messages sent and not acknowledged yet."""
        return self._sent - self._acknowledged_bytes // 4

    def send(self, data: bytes, messages: int) -> None:
        """Send whole packets; waits while the broker is far behind."""
        while self.unacknowledged > max(0, _MOST_UNACKNOWLEDGED - messages):
            self._turn(memoryview(b""))
        self._sent += messages
        view = memoryview(data)
        while view:
            view = view[self._turn(view) :]

    def wait(self) -> None:
        """Wait until everything sent is acknowledged."""
        while self.unacknowledged:
            self._turn(memoryview(b""))

    def read(self) -> None:
        """Take what acknowledgements are there; a sender that paces itself calls it now and then."""
        while select.select([self._socket], [], [], 0)[0]:
            self._turn(memoryview(b""))

    def close(self) -> None:
        """Leave the broker."""
        self._socket.close()

    def _turn(self, view: memoryview) -> int:
        """Receive and send once, as soon as either is possible; gives the bytes sent."""
        wanted = [self._socket] if view else []
        readable, writable, _ = select.select([self._socket], wanted, [], _SILENCE_S)
        if not readable and not writable:
            raise ConnectionError("the broker does not answer the publisher")
        if readable:
            taken = len(self._socket.recv(_PIECE))
            if not taken:
                raise ConnectionError("the broker closed the publisher's connection")
            self._acknowledged_bytes += taken
        return self._socket.send(view) if writable else 0


def write_packets(path: Path, messages: Iterable[tuple[str, bytes]]) -> int:
    """Write the PUBLISH packets of ``messages`` to a file for the publisher; gives their number."""
    numbered = enumerate(messages)
    total = 0
    with path.open("wb") as file:
        while block := [packet(*message, number) for number, message in islice(numbered, _BLOCK)]:
            data = b"".join(block)
            file.write(_BLOCK_HEAD.pack(len(block), len(data)) + data)
            total += len(block)
    return total


def main() -> None:
    """Send the packets of a file; the end is when the broker has acknowledged all."""
    with Path(sys.argv[2]).open("rb") as file:
        flood = Flood(int(sys.argv[1]))
        print(time.monotonic(), flush=True)  # noqa: T201
        while head := file.read(_BLOCK_HEAD.size):
            messages, length = _BLOCK_HEAD.unpack(head)
            flood.send(file.read(length), messages)
    flood.wait()
    flood.close()


if __name__ == "__main__":
    main()
