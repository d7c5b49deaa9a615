"""Aranet PRO base station: ``<root>/<base>/sensors/<id>/json/measurements`` (Aranet's MQTT guide).

Values are texts: temperature °C, humidity %, co2 ppm, atmosphericpressure Pa or hPa by firmware (told apart
by its size); ``time`` in s or ms. Name, group and product number come retained on sibling topics and hold
no reading. Device key: ``aranet/<sensor id>``.
"""

from __future__ import annotations

from ingest.decoders.keys import concluded, device_key
from ingest.decoders.mappings.readers import text_number
from ingest.decoders.mappings.table import Field, Mapping
from ingest.decoders.times import epoch_or_none, instant_or_none
from ingest.message import Decoded, Message, Undecodable


def _pressure(value: object) -> float | None:
    """hPa; a pressure in Pa is a hundred times as large, and no air has both."""
    amount = text_number(value)
    return amount / 100 if amount is not None and amount > 30_000 else amount


_MAPPING = Mapping(
    "aranet",
    (
        Field("co2_ppm", ("co2",), text_number),
        Field("temperature_c", ("temperature",), text_number),
        Field("humidity_pct", ("humidity",), text_number),
        Field("pressure_hpa", ("atmosphericpressure",), _pressure),
        Field("illuminance_lux", ("illuminance",), text_number),
    ),
)
_SIBLINGS = frozenset({"name", "group", "groupId", "productNumber", "json"})


def recognises(message: Message, document: object) -> bool:
    """By topic: the keys alone are everybody's."""
    del document
    levels = message.topic.split("/")
    return (
        len(levels) >= 4
        and "sensors" in levels[1:-2]
        and (levels[-2:] == ["json", "measurements"] or levels[-1] in _SIBLINGS)
    )


def decode(message: Message, document: object) -> Decoded:
    """Measurements of one sensor.

    Raises:
        Undecodable: bad_topic, not_json, wrong_type, no_reading.
    """
    levels = message.topic.split("/")
    sensor = levels[levels.index("sensors", 1) + 1]
    device = device_key("aranet", sensor.lower())
    if levels[-1] != "measurements":
        raise Undecodable("no_reading", f"{levels[-1]} holds no reading", device)
    if document is None:
        raise Undecodable("not_json", "the payload is not JSON", device)
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object", device)
    stated = document.get("time")
    time = epoch_or_none(stated) or instant_or_none(stated)
    return concluded(_MAPPING.read(document), device, time)
