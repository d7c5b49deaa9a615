"""The stream is cut into packets wherever it is torn, and paho still reads and writes as we rely on."""

from __future__ import annotations

import inspect
import struct
from datetime import UTC, datetime
from typing import Any

import paho.mqtt.client as paho
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.packets import Client, Cut, Publish, cut

PINGRESP = b"\xd0\x00"


def length(number: int) -> bytes:
    """A length as MQTT writes it."""
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def packet(publish: Publish, properties: bytes | None = None) -> bytes:
    """A PUBLISH; ``properties`` only in MQTT 5."""
    topic = publish.topic.encode()
    body = struct.pack("!H", len(topic)) + topic
    if publish.qos:
        body += struct.pack("!H", publish.mid)
    if properties is not None:
        body += length(len(properties)) + properties
    body += publish.payload
    return bytes([0x30 | publish.qos << 1 | publish.retain]) + length(len(body)) + body


@st.composite
def publishes(draw: Any) -> Publish:
    qos = draw(st.integers(0, 1))
    mid = draw(st.integers(1, 65_535)) if qos else 0
    topic = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=80))
    return Publish(mid, qos, draw(st.booleans()), topic, draw(st.binary(max_size=300)))


@given(st.lists(publishes(), max_size=6), st.binary(max_size=200), st.booleans(), st.data())
def test_messages_come_out_wherever_the_stream_is_torn(
    sent: list[Publish], properties: bytes, v5: bool, data: Any
) -> None:
    stream = b"".join(packet(each, properties if v5 else None) + PINGRESP for each in sent)
    found: list[Publish] = []
    others = held = b""
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        held, stream = held + stream[:size], stream[size:]
        piece = cut(held, v5)
        assert piece.sound
        found += piece.publishes
        others += piece.others
        held = held[piece.end :]
        assert not held or piece.needed > len(held) or len(held) < 2
    assert (found, others, held) == (sent, PINGRESP * len(sent), b"")


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_cut_or_refused(stream: bytes, v5: bool) -> None:
    piece = cut(stream, v5)
    assert 0 <= piece.end <= len(stream)
    assert not piece.sound or piece.needed > len(stream) - piece.end


@pytest.mark.parametrize(
    "wrong",
    [
        bytes([0x32, 7, 0, 1, 65, 0, 1, 9, 0]),  # properties that lead beyond the packet
        bytes([0x32, 4, 0, 9, 65, 66]),  # a topic that does
        bytes([0x34, 6, 0, 1, 65, 0, 1, 0]),  # QoS 2
        bytes([0xD0, 255, 255, 255, 255, 1]),  # a length of five bytes
        bytes([0x30, 0]),  # nothing in it
    ],
)
def test_what_is_not_mqtt_ends_the_stream_after_what_came_before(wrong: bytes) -> None:
    good = Publish(7, 1, False, "a/b", b"{}")
    piece = cut(packet(good, b"") + wrong, v5=True)
    assert piece == Cut([good], b"", len(packet(good, b"")), piece.needed, False)


def test_a_topic_that_is_not_utf8_is_named() -> None:
    (found,) = cut(bytes([0x30, 4, 0, 1, 0xFF, 65]), v5=False).publishes
    assert found == Publish(0, 0, False, "(topic is not UTF-8)", b"A")


def test_paho_has_what_we_override_and_call() -> None:
    assert paho.Client in Client.__mro__
    parameters = {
        name: list(inspect.signature(getattr(paho.Client, name)).parameters)
        for name in ("_sock_recv", "_packet_queue", "loop_read", "loop_write", "want_write", "reconnect")
    }
    assert parameters == {
        "_sock_recv": ["self", "bufsize"],
        "_packet_queue": ["self", "command", "packet", "mid", "qos", "info"],
        "loop_read": ["self", "max_packets"],
        "loop_write": ["self"],
        "want_write": ["self"],
        "reconnect": ["self"],
    }
    source = inspect.getsource(paho.Client)
    assert source.count("_sock.recv(") == 1  # by _sock_recv alone
    assert source.count("_out_packet.append(") == 1  # by _packet_queue alone
    assert "rc = self.loop_read()" in inspect.getsource(paho.Client._loop)
    assert "rc = self.loop_write()" in inspect.getsource(paho.Client._loop)


def test_messages_that_come_at_once_have_times_of_their_own(
    connected: Any, wire: Any, wait: Any, co2: Any
) -> None:
    """Two values of a device without a time must not become one reading, whatever the clock does."""
    now = datetime.now(UTC)
    with connected(clock=lambda: now) as rig:
        sent = [Publish(n, 1, False, "classroom/a/1/d", co2(400 + n).encode()) for n in range(1, 41)]
        wire.send(b"".join(packet(each, b"") for each in sent[:30]))
        wire.send(b"".join(packet(each, b"") for each in sent[30:]))
        rig.settled(40)
        assert [r.value for r in rig.readings("a/d")] == list(range(401, 441))
        wait(lambda: len(wire.acknowledged) == 40, "acknowledged")
        assert wire.acknowledged == list(range(1, 41))


def test_a_message_larger_than_any_piece_arrives_whole(connected: Any, wire: Any, co2: Any) -> None:
    with connected() as rig:
        wire.send(packet(Publish(1, 1, False, "a/large", b"x" * 300_000), b""))
        wire.send(packet(Publish(2, 1, False, "classroom/a/1/d", co2(800).encode()), b""))
        rig.settled(2)
        (letter,) = rig.pipeline.letters.list()
        assert (letter.reason, letter.size) == ("too_large", 300_000)
        assert len(rig.readings("a/d")) == 1


def test_a_packet_torn_by_a_lost_connection_is_forgotten(connected: Any, wire: Any, co2: Any) -> None:
    whole = packet(Publish(1, 1, False, "classroom/a/1/d", co2(800).encode()), b"")
    with connected() as rig:
        wire.send(whole[:20])
        wire.drop()
        wire.accept(session=True)
        wire.send(whole)
        rig.settled(1)
        assert [r.value for r in rig.readings("a/d")] == [800]
        assert rig.count("messages_received_total") == 1
