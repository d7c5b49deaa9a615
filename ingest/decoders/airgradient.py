"""AirGradient monitors: ``airgradient/readings/<serial number>``.

Source: https://github.com/airgradienthq/arduino (docs). Recognised by ``atmp``, ``rhum`` or ``rco2`` beside
its own fields. Compensated values are taken where the monitor sends them, raw ones otherwise. Indices
(``tvocIndex``, ``noxIndex``) and raw counts are not concentrations. Device key: ``airgradient/<serial
number>``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.table import Field, Mapping
from ingest.message import Decoded, Message, Undecodable

_NO_PROBE = frozenset({-45.0})

_MAPPING = Mapping(
    "airgradient",
    (
        Field("co2_ppm", ("rco2",), sentinels=frozenset({-1.0, 0.0})),
        Field("temperature_c", ("atmpCompensated",), sentinels=_NO_PROBE),
        Field("temperature_c", ("atmp",), sentinels=_NO_PROBE),
        Field("humidity_pct", ("rhumCompensated",), sentinels=frozenset({-1.0})),
        Field("humidity_pct", ("rhum",), sentinels=frozenset({-1.0})),
        Field("pm1_ug_m3", ("pm01",), sentinels=frozenset({-1.0})),
        Field("pm25_ug_m3", ("pm02Compensated",), sentinels=frozenset({-1.0})),
        Field("pm25_ug_m3", ("pm02",), sentinels=frozenset({-1.0})),
        Field("pm10_ug_m3", ("pm10",), sentinels=frozenset({-1.0})),
    ),
)
_MEASURED = frozenset({"rco2", "atmp", "rhum", "pm02"})
_OWN = frozenset({"wifi", "serialno", "bootCount", "boot", "tvocIndex", "tvocRaw", "tvoc_index", "pm02"})


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    if not isinstance(document, dict):
        return False
    keys = document.keys()
    topic = message.topic.startswith("airgradient/")
    return not _MEASURED.isdisjoint(keys) and (topic or not _OWN.isdisjoint(keys))


def decode(message: Message, document: object) -> Decoded:
    """What the monitor measures.

    Raises:
        Undecodable: bad_topic, wrong_type, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    serial = document.get("serialno")
    if not isinstance(serial, str) or not serial:
        serial = message.topic.rpartition("/")[2]
    return concluded(_MAPPING.read(document), device_key("airgradient", serial.lower()))
