"""The broker's end of a connection, byte by byte."""

from __future__ import annotations

import socket
import struct
import threading


class Wire:
    """The broker's end of one connection, byte by byte: says what a real broker would say at its worst.

    Speaks as much MQTT 5 as the pipeline needs. ``acknowledged`` lists the identifiers of PUBACKs in order of
    arrival."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._socket: socket.socket | None = None
        self.acknowledged: list[int] = []

    def accept(self, session: bool = False, version: int = 5, listen: bool = True) -> None:
        """Wait for the client, accept it and grant its subscription.

        Without ``listen`` its acknowledgements are never read.
        """
        asked = self._connect()
        assert asked == version
        properties = [0] if version == 5 else []
        self._socket.sendall(bytes([0x20, 2 + len(properties), int(session), 0, *properties]))
        kind, body = self._packet()
        assert kind >> 4 == 8  # SUBSCRIBE
        self._socket.sendall(bytes([0x90, 3 + len(properties), body[0], body[1], *properties, 1]))
        if listen:
            threading.Thread(target=self._listen, args=(self._socket,), daemon=True).start()

    def refuse_version(self) -> None:
        """Answer as a broker that speaks MQTT 3.1.1 only."""
        assert self._connect() == 5
        self._socket.sendall(bytes([0x20, 2, 0, 1]))
        self._socket.close()

    def _connect(self) -> int:
        self._listener.settimeout(30)
        self._socket, _ = self._listener.accept()
        self._socket.settimeout(30)
        kind, body = self._packet()
        assert kind >> 4 == 1  # CONNECT
        return body[6]

    def publish(self, mid: int, topic: bytes, payload: bytes) -> None:
        """Deliver with QoS 1."""
        self.send(self.packet(mid, topic, payload))

    @staticmethod
    def packet(mid: int, topic: bytes, payload: bytes) -> bytes:
        """A delivery with QoS 1."""
        body = struct.pack("!H", len(topic)) + topic + struct.pack("!HB", mid, 0) + payload
        assert len(body) < 128
        return bytes([0x32, len(body)]) + body

    def send(self, data: bytes) -> None:
        assert self._socket is not None
        self._socket.sendall(data)

    def drop(self) -> None:
        """Cut the connection."""
        assert self._socket is not None
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def die(self) -> None:
        """As killed: what was sent arrives, what comes is answered with a reset (without ``listen`` only)."""
        assert self._socket is not None
        self._socket.close()

    def close(self) -> None:
        self._listener.close()

    def _listen(self, connection: socket.socket) -> None:
        try:
            while True:
                kind, body = self._packet(connection)
                if kind >> 4 == 4:  # PUBACK
                    self.acknowledged.append(int.from_bytes(body[:2], "big"))
                if kind >> 4 == 12:  # PINGREQ
                    connection.sendall(bytes([0xD0, 0]))
        except OSError:
            return

    def _packet(self, connection: socket.socket | None = None) -> tuple[int, bytes]:
        connection = connection or self._socket
        assert connection is not None
        kind, length = self._read(connection, 2)
        assert length < 128
        return kind, self._read(connection, length)

    @staticmethod
    def _read(connection: socket.socket, length: int) -> bytes:
        data = b""
        while len(data) < length:
            more = connection.recv(length - len(data))
            if not more:
                raise ConnectionResetError
            data += more
        return data
