"""Homie 4: ``homie/<device>/<node>/<property>`` with a bare value.

Source: https://homieiot.github.io/specification/ . Type and unit travel on ``$`` topics that may come
before or after the value; from one message alone only names with one usual unit are read
(:mod:`ingest.decoders.names`; a temperature is taken as °C, the convention's first unit: map a property in
°F by hand). Values are retained by default and then of unknown age. ``power`` may be a switch. Device key:
``homie/<device>/<node>``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import Reader, text_number, words
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.names import meaning
from ingest.message import Decoded, Message, Undecodable

_SWITCHED: Reader = words(true=1, false=0)


def recognises(message: Message, document: object) -> bool:
    """By topic."""
    del document
    return message.topic.startswith("homie/")


def decode(message: Message, document: object) -> Decoded:
    """The value of one property.

    Raises:
        Undecodable: bad_topic, not_json, wrong_type, no_reading.
    """
    levels = message.topic.split("/")
    if len(levels) != 4 or any(level.startswith("$") for level in levels):
        raise Undecodable("no_reading", "an attribute or a command holds no reading")
    if message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("wrong_type" if document is not None else "not_json", "a property is a bare value")
    _, name, node, property_ = levels
    text = message.payload.decode(errors="replace")
    switched = text in ("true", "false")
    found = meaning(property_, switched)
    device = device_key("homie", name, node)
    if found is None:
        raise Undecodable("no_reading", f"the name {property_[:60]} does not say quantity and unit", device)
    if found.rest:
        device = device_key("homie", name, node, found.rest)
    field = Field(found.quantity, (property_,), _SWITCHED if switched else text_number, found.factor)
    return concluded(
        Mapping("homie", (field,)).read({property_: text}), device, None, {"name": f"{name} {node}"}
    )
