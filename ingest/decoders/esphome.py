"""ESPHome and Home Assistant's statestream: ``…/sensor/<name>/state`` with a bare value.

https://esphome.io/components/mqtt/ , https://www.home-assistant.io/integrations/mqtt_statestream/ . The
unit is not in the message: :mod:`ingest.decoders.names` says which names are understood all the same.
ESPHome publishes retained by default, so a value met at a start has an unknown age and is kept aside by the
check.

Device key: ``esphome/<node>``, or ``ha`` where a level of the base says statestream or homeassistant; what
the name has before its quantity (``scd4x`` of ``scd4x_temperature``) follows, so that two sensors of a node
do not mix.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import Reader, text_number, words
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.names import meaning
from ingest.message import Decoded, Message, Undecodable

_KINDS = frozenset({"sensor", "binary_sensor"})
_HOME_ASSISTANT = frozenset({"homeassistant", "statestream", "hass", "ha"})
_SWITCHED: Reader = words(on=1, off=0, unavailable=None, unknown=None)


def recognises(message: Message, document: object) -> bool:
    """By topic: a bare value has no shape."""
    if isinstance(document, dict | list):
        return False
    levels = message.topic.split("/")
    return len(levels) >= 4 and levels[-1] == "state" and levels[-3] in _KINDS


def decode(message: Message, document: object) -> Decoded:
    """The value of one entity, where its name leaves no doubt about quantity and unit.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    del document
    *base, kind, name, _ = message.topic.split("/")
    family = "esphome" if _HOME_ASSISTANT.isdisjoint(base) else "ha"
    switched = kind == "binary_sensor"
    found = meaning(name, switched)
    node = [level for level in base if level]
    if found is None:
        device = device_key(family, *node, name)
        raise Undecodable("no_reading", f"the name {name[:60]} does not say quantity and unit", device)
    device = device_key(family, *node, *filter(None, [found.rest]))
    read = _SWITCHED if switched else text_number
    field = Field(found.quantity, (name,), read, found.factor)
    text = message.payload.decode(errors="replace")
    hints = {"name": f"{'/'.join(node)} {name}"}
    return concluded(
        Mapping("esphome" if family == "esphome" else "ha-statestream", (field,)).read({name: text}),
        device,
        None,
        hints,
    )
