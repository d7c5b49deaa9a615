import socket
import threading

import pytest

from simulators.publish import BrokerAddress, BrokerAwayError, publish
from simulators.wire import Wire, connect_packet, publish_packet, topic_field


@pytest.fixture
def ends() -> tuple[Wire, socket.socket]:
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    return Wire(ours), theirs


def test_packets_as_the_standard_writes_them() -> None:
    """MQTT 3.1.1, 3.1 and 3.3: protocol name, level 4, flags, keep alive an hour; then names with lengths."""
    assert connect_packet("c", None, None).hex() == "100d00044d51545404020e10000163"
    with_user = connect_packet("c", "u", "pw")
    assert with_user[9] == 0xC2
    assert with_user.endswith(b"\x00\x01c\x00\x01u\x00\x02pw")
    assert publish_packet(topic_field("a/b"), b"x", 10, retain=False).hex() == "32080003612f62000a78"
    assert publish_packet(topic_field("a/b"), b"x", 10, retain=True)[0] == 0x33


@pytest.mark.parametrize(
    ("size", "length"), [(121, "7f"), (122, "8001"), (16_377, "ff7f"), (16_378, "808001")]
)
def test_remaining_length(size: int, length: str) -> None:
    """Table 2.4 of the standard: a byte up to 127, two up to 16,383, three from 16,384."""
    packet = publish_packet(topic_field("a/b"), bytes(size - 1), 1, retain=False)
    assert packet[1 : 1 + len(length) // 2].hex() == length
    assert len(packet) == 1 + len(length) // 2 + size + 6


@pytest.mark.parametrize("topic", ["", "a/+", "a/#", "a\x00", "x" * 65_536])
def test_what_is_no_topic(topic: str) -> None:
    with pytest.raises(ValueError, match=r"no topic|too long"):
        topic_field(topic)


def test_answers_may_come_in_pieces(ends: tuple[Wire, socket.socket]) -> None:
    wire, broker = ends
    for _ in range(3):
        wire.publish("a", b"", retain=False)
    for piece in (b"\x20\x02\x00", b"\x00\x40\x02\x00\x01\x40", b"\x02\x00\x02\xd0\x00"):
        broker.send(piece)
        wire.turn(1)
    assert (wire.connected, wire.acknowledged) == (0, 2)
    assert broker.recv(100) == b"".join(b"\x32\x05\x00\x01a\x00%c" % number for number in (1, 2, 3))


def test_packet_ids_begin_anew_after_65535(ends: tuple[Wire, socket.socket]) -> None:
    wire, broker = ends
    sent = b""
    for first in range(0, 66_000, 1000):
        for _ in range(1000):
            wire.publish("a", b"", retain=False)
        wire.turn(0)
        sent += broker.recv(1 << 20)
        ids = [number % 65_535 + 1 for number in range(first, first + 1000)]
        broker.sendall(b"".join(b"\x40\x02" + one.to_bytes(2, "big") for one in ids))
        wire.turn(0)
    assert wire.acknowledged == 66_000
    ids = [int.from_bytes(sent[at + 5 : at + 7], "big") for at in range(0, len(sent), 7)]
    assert ids[65_533:65_537] == [65_534, 65_535, 1, 2]


@pytest.mark.parametrize("answer", [b"\x40\x02\x00\x02", b"\x90\x03\x00\x01\x00", b""])
def test_an_answer_that_no_broker_gives(ends: tuple[Wire, socket.socket], answer: bytes) -> None:
    wire, broker = ends
    wire.publish("a", b"", retain=False)
    broker.send(answer) if answer else broker.close()
    with pytest.raises(OSError, match=r"out of order|packet of kind|closed|Broken pipe"):
        wire.turn(1)


@pytest.mark.parametrize(
    ("answer", "said"),
    [(b"\x20\x02\x00\x04", "user name or password"), (b"HTTP/1.1 400", "does not speak MQTT")],
)
def test_who_is_not_let_in_is_told_why(answer: bytes, said: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.listen()

        def refuse() -> None:
            connection, _ = server.accept()
            connection.recv(100)
            connection.sendall(answer)
            connection.close()

        threading.Thread(target=refuse, daemon=True).start()
        with pytest.raises(BrokerAwayError, match=said):
            publish([], BrokerAddress(port=server.getsockname()[1]))
