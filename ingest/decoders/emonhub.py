"""OpenEnergyMonitor's emonHub: ``emon/<node>/<input>`` with a bare value.

Default topics and node definitions. emonTx inputs: ``power1`` or ``P1`` W, ``E1`` Wh, ``vrms`` V; each
clamp is a circuit of its own. emonTH: temperature, humidity. ``pulsecount`` counts pulses. ``temp1`` and
``T1`` are wired probes and are not read. Device key: ``emon/<node>``, for a clamp ``emon/<node>-<number>``.
A whole node as one JSON object yields air and pulses only, its clamps would mix.
"""

from __future__ import annotations

import re

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import text_number
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable

_ROOT = "emon/"
_CLAMP = re.compile(r"(?:power|p)(\d{1,2})", re.IGNORECASE | re.ASCII)
_REGISTER = re.compile(r"e(\d{1,2})", re.IGNORECASE | re.ASCII)

_FIELDS = (
    Field("temperature_c", ("temperature",), text_number),
    Field("humidity_pct", ("humidity",), text_number),
    Field("voltage_v", ("vrms",), text_number),
    Field("pulse_count", ("pulsecount",), text_number),
)
_BY_NAME = {field.path[0]: field for field in _FIELDS}


def recognises(message: Message, document: object) -> bool:
    """By topic."""
    del document
    return message.topic.startswith(_ROOT) and len(message.topic.split("/")) in (2, 3)


def decode(message: Message, document: object) -> Decoded:
    """One input, or the inputs of a node that cannot mix.

    Raises:
        Undecodable: bad_topic, not_json, wrong_type, no_reading.
    """
    node, _, name = message.topic.removeprefix(_ROOT).partition("/")
    device = device_key("emon", node)
    if isinstance(document, dict):
        lowered = {key.lower(): value for key, value in document.items()}
        return concluded(
            Mapping("emonhub", _FIELDS).read(lowered), device, epoch_or_none(document.get("time"))
        )
    if message.payload.lstrip()[:1] in (b"{", b"["):
        raise Undecodable("not_json", "the payload is not whole JSON", device)
    field = _BY_NAME.get(name.lower())
    if field is None:
        clamp, register = _CLAMP.fullmatch(name), _REGISTER.fullmatch(name)
        found = clamp or register
        if found is None:
            raise Undecodable("no_reading", f"{name[:60]} is not an input that is read", device)
        device = f"{device}-{int(found[1])}"
        quantity, factor = ("power_w", 1.0) if clamp else ("energy_kwh", 0.001)
        field = Field(quantity, (name.lower(),), text_number, factor)
    text = message.payload.decode(errors="replace")
    return concluded(Mapping("emonhub", (field,)).read({name.lower(): text}), device)
