"""Decoders: what a message says, one file a family.

A family is recognised by the shape of its payload first and by its topic second, because most topics are
free text to whoever installs a gateway.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import orjson

from ingest.decoders import (
    airgradient,
    ams,
    aranet,
    chirpstack,
    dsmr_reader,
    emonhub,
    esphome,
    generic_mapping,
    homie,
    kaiterra,
    milesight_gateway,
    native,
    p1,
    ruuvi,
    senml,
    shelly_gen1,
    shelly_gen2,
    tasmota,
    ttn,
    wmbusmeters,
    yggio,
    zigbee2mqtt,
)
from ingest.decoders.generic_mapping import CustomMapping
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

    __name__: str

    def recognises(self, message: Message, document: object) -> bool:
        """Whether the message is this family's. ``document`` is the parsed payload, None if not JSON."""
        ...

    def decode(self, message: Message, document: object) -> Decoded:
        """What a recognised message says; raises :class:`ingest.message.Undecodable`."""
        ...


FAMILIES: tuple[Family, ...] = (
    native,
    chirpstack,
    ttn,
    milesight_gateway,
    zigbee2mqtt,
    shelly_gen2,
    shelly_gen1,
    wmbusmeters,
    ams,
    dsmr_reader,
    p1,
    tasmota,
    ruuvi,
    kaiterra,
    airgradient,
    aranet,
    homie,
    emonhub,
    yggio,
    senml,
    esphome,
)
"""In the order in which they are asked: the particular shapes first, what goes by its topic last."""


def decode(message: Message, custom: Sequence[CustomMapping] = ()) -> Decoded:
    """What a message says, with at least one value; the site's own mappings are tried first.

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
    if custom and (mapped := generic_mapping.first(custom, message, document)) is not None:
        return mapped
    for family in FAMILIES:
        if family.recognises(message, document):
            try:
                return family.decode(message, document)
            except Undecodable as why:
                why.family = family.__name__.rpartition(".")[2].replace("_", "-")
                raise
    if fault and message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("not_json", fault[:300])
    raise Undecodable("no_decoder", "no family recognises this payload and topic")
