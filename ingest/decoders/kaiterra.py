"""Kaiterra Sensedge, "secondary MQTT" (https://support.kaiterra.com/secondary-mqtt-format).

Topic ``device/pro/history/<UDID>``; keys name a module and sometimes the unit (``rco2 (ppm)``,
``km103.rtemp``). ``rtemp`` -45 with ``rhumid`` 0 is a probe that is not there; the maker's table says to
read the modules' values. ``rbtrytemp`` and ``rbrdtemp`` are battery and board. Device key:
``kaiterra/<UDID>``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable

_MAPPING = Mapping(
    "kaiterra",
    (
        Field("co2_ppm", ("rco2 (ppm)",)),
        Field("temperature_c", ("km103.rtemp",)),
        Field("temperature_c", ("km102.rtemp",)),
        Field("temperature_c", ("rtemp",), sentinels=frozenset({-45.0})),
        Field("humidity_pct", ("km103.rhumid",)),
        Field("humidity_pct", ("km102.rhumid",)),
        Field("humidity_pct", ("rhumid",), sentinels=frozenset({0.0})),
        Field("tvoc_ppb", ("km103.rtvoc (ppb)",)),
        Field("tvoc_ppb", ("km102.rtvoc (ppb)",)),
        Field("pm25_ug_m3", ("km100.rpm25c",)),
        Field("pm10_ug_m3", ("km100.rpm10c",)),
    ),
)
_OWN = frozenset({"rco2 (ppm)", "km103.rtemp", "km102.rtemp", "km100.rpm25c", "rbrdtemp"})


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    del message
    return isinstance(document, dict) and "ts" in document and not _OWN.isdisjoint(document)


def decode(message: Message, document: object) -> Decoded:
    """What the modules measure, at the time the device gives (UTC).

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    device = device_key("kaiterra", message.topic.rpartition("/")[2].lower())
    return concluded(_MAPPING.read(document), device, instant_or_none(document.get("ts")))
