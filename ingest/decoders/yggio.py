"""Yggio's publisher (https://docs.ygg.io/publisher): ``{"iotnode": …, "diff": …, "event": …}``.

``event`` holds what triggered the update; it is read by the tables of decoded objects
(:mod:`ingest.decoders.mappings`), as is its ``value``. ``iotnode`` is the whole node with its last state
and is not read: its values may be old. Device key: the node's devEUI in lower case, else ``yggio/<node
id>``.
"""

from __future__ import annotations

from ingest.decoders import mappings
from ingest.decoders.keys import concluded, device_key
from ingest.decoders.lorawan import dev_eui
from ingest.decoders.mappings.table import Object, Outcome
from ingest.decoders.times import epoch_or_none, instant_or_none
from ingest.message import Decoded, Message, Undecodable


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    del message
    return (
        isinstance(document, dict)
        and isinstance(document.get("iotnode"), dict)
        and ("event" in document or "diff" in document)
    )


def decode(message: Message, document: object) -> Decoded:
    """What the update says.

    Raises:
        Undecodable: bad_topic, wrong_type, no_decoder, no_reading.
    """
    del message
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    node = document["iotnode"]
    device = _device(node)
    name = node.get("name")
    hints = {"name": name} if isinstance(name, str) and name else {}
    for part in (document.get("event"), document.get("diff")):
        if not isinstance(part, dict):
            continue
        stated = part.get("time", part.get("timestamp"))
        time = instant_or_none(stated) or epoch_or_none(stated)
        for found in (part.get("value"), part):
            outcome = mappings.from_object(found, 0) if isinstance(found, dict) else None
            if outcome is not None and outcome.values:
                return concluded(_own(outcome), device, time, hints)
    raise Undecodable("no_decoder", "no mapping knows the event's values", device)


def _own(outcome: Outcome) -> Outcome:
    return outcome._replace(family="yggio")


def _device(node: Object) -> str:
    if isinstance(node.get("devEui"), str):
        return dev_eui(node["devEui"])
    identifier = node.get("_id")
    if not isinstance(identifier, str):
        raise Undecodable("wrong_type", "iotnode has neither devEui nor _id")
    return device_key("yggio", identifier)
