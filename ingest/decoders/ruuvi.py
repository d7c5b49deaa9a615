"""Ruuvi Gateway (https://docs.ruuvi.com/ruuvi-gateway-firmware/data-formats): a tag's advertisement as hex.

Recognised by ``data`` beside the gateway's fields; topic ``ruuvi/<gateway MAC>/<tag MAC>``. ruuvitag-sensor
reads data formats 3, 5, 6 and E1 (all-ones are "not available"). Device key: ``ruuvi/<tag MAC>``, whichever
gateway heard it; the time is when the gateway did (``ts``), so the same advertisement by two gateways is
one reading.
"""

from __future__ import annotations

import re

from ruuvitag_sensor.data_formats import DataFormats
from ruuvitag_sensor.decoders import Df3Decoder, Df5Decoder, Df6Decoder, DfE1Decoder

from ingest.decoders.keys import concluded, device_key, mac
from ingest.decoders.mappings.table import Field, Mapping, Object
from ingest.decoders.times import epoch_or_none
from ingest.message import Decoded, Message, Undecodable

_HEX = re.compile(r"(?:[0-9A-F]{2}){4,255}", re.ASCII)
_NAME = "095275757669"  # "Ruuvi": a tag says that it is there, without data
_GATEWAY = frozenset({"gw_mac", "gwts", "aoa"})

_DECODERS = {3: (Df3Decoder(), 14), 5: (Df5Decoder(), 24), 6: (Df6Decoder(), 20), "E1": (DfE1Decoder(), 40)}
"""By data format: decoder, and the bytes it needs (it logs and swallows what is shorter)."""

_MAPPING = Mapping(
    "ruuvi",
    (
        Field("co2_ppm", ("co2",)),
        Field("temperature_c", ("temperature",)),
        Field("humidity_pct", ("humidity",)),
        Field("pressure_hpa", ("pressure",)),
        Field("illuminance_lux", ("luminosity",)),
        Field("pm1_ug_m3", ("pm_1",)),
        Field("pm25_ug_m3", ("pm_2_5",)),
        Field("pm10_ug_m3", ("pm_10",)),
        Field("battery_v", ("battery",), factor=0.001),
    ),
)


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    del message
    return (
        isinstance(document, dict)
        and isinstance(document.get("data"), str)
        and not _GATEWAY.isdisjoint(document)
    )


def decode(message: Message, document: object) -> Decoded:
    """What a tag measured.

    Raises:
        Undecodable: bad_topic, wrong_type (not hex, cut off), no_codec (another maker's or a newer format),
            no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    last = message.topic.rpartition("/")[2]
    # Format 6 has three bytes of the MAC only: the topic's is whole.
    tag = mac(last)
    advertisement = document["data"].upper()
    try:
        sensed = _sensed(advertisement)
    except Undecodable as refusal:
        raise Undecodable(refusal.reason, refusal.detail, f"ruuvi/{tag}" if tag else None) from refusal
    device = device_key("ruuvi", tag or mac(sensed.get("mac")) or last.lower())
    return concluded(_MAPPING.read(sensed), device, epoch_or_none(document.get("ts")))


def _sensed(advertisement: str) -> Object:
    if _HEX.fullmatch(advertisement) is None:
        raise Undecodable("wrong_type", "data is not an advertisement in hexadecimal digits")
    try:  # the library expects the length that BlueZ puts in front
        kind, data = DataFormats.convert_data(f"{len(advertisement) // 2:02X}{advertisement}")
    except (ValueError, IndexError) as error:
        raise Undecodable("wrong_type", f"not a BLE advertisement: {error}"[:300]) from None
    if kind is None and data == "" and _NAME not in advertisement:
        raise Undecodable("wrong_type", f"the advertisement is cut off: {advertisement[:64]}")
    decoder, length = _DECODERS.get(kind, (None, 0)) if kind is not None else (None, 0)
    if decoder is None:
        raise Undecodable("no_codec", f"not a Ruuvi data format that is read: {advertisement[:64]}")
    if not data or len(data) < 2 * length:
        raise Undecodable("wrong_type", f"data format {kind} is cut off")
    found = decoder.decode_data(data[: 2 * length])
    if found is None:
        raise Undecodable("wrong_type", f"data format {kind} cannot be read")
    return {key: value for key, value in found.items() if value is not None}
