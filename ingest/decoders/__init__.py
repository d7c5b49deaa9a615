"""Decoders: what a message says, one file a family.

A family is recognised by the shape of its payload first and by its topic second, because most topics are
free text to whoever installs a gateway.
"""

from __future__ import annotations

from typing import Protocol

import orjson

from ingest.decoders import chirpstack, milesight_gateway, native, ttn
from ingest.message import Decoded, Message, Undecodable

__all__ = ["FAMILIES", "REASONS", "decode"]

REASONS = ("not_json", "wrong_type", "no_decoder", "no_codec", "no_reading", "bad_topic")
"""Every reason :class:`ingest.message.Undecodable` can carry from here (:mod:`ingest.codecs` adds two).

not_json: should be JSON and is not; wrong_type: a field that counts has the wrong type; no_decoder: nothing
recognises it; no_codec: LoRaWAN bytes nothing here can read; no_reading: understood, but it holds no reading
(join, settings, chip temperature); bad_topic: not a topic of the family.
"""


class Family(Protocol):
    """What a family's module offers."""

    def recognises(self, message: Message, document: object) -> bool:
        """Whether the message is this family's. ``document`` is the parsed payload, None if not JSON."""
        ...

    def decode(self, message: Message, document: object) -> Decoded:
        """What a recognised message says; raises :class:`ingest.message.Undecodable`."""
        ...


FAMILIES: tuple[Family, ...] = (native, chirpstack, ttn, milesight_gateway)
"""In the order in which they are asked."""


def decode(message: Message) -> Decoded:
    """What a message says, with at least one value.

    Raises:
        Undecodable: with one of :data:`REASONS`; nothing else is raised for any topic and bytes.
    """
    if not message.payload:
        raise Undecodable("no_reading", "empty payload: a retained message was cleared")
    document: object
    try:
        document = orjson.loads(message.payload)
    except orjson.JSONDecodeError as error:
        document, fault = None, str(error)
    else:
        fault = ""
    for family in FAMILIES:
        if family.recognises(message, document):
            return family.decode(message, document)
    if fault and message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("not_json", fault[:300])
    raise Undecodable("no_decoder", "no family recognises this payload and topic")
