"""LoRaWAN gateways with a built-in network server in the style of ChirpStack v3: Milesight UG5x/UG6x and kin.

Recognised by shape (``devEUI`` beside ``data``, ``fPort`` or ``rxInfo``), because the topic is whatever the
installer typed. Source: Milesight's support articles on the gateways' default JSON and payload codecs; the
same shape is what ChirpStack v3 itself sent (``objectJSON``).
"""

from __future__ import annotations

import binascii
from base64 import b64decode
from datetime import datetime
from string import hexdigits
from typing import Any

import orjson

from ingest.decoders.lorawan import Uplink, decode_uplink, dev_eui, payload_bytes, texts
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable

_HEX = frozenset(hexdigits)
_UPLINK = frozenset({"data", "fCnt", "fPort", "rxInfo", "object", "objectJSON"})
_ENVELOPE_KEYS = (
    "applicationID applicationName data devEUI deviceID deviceName deviceProfileName fCnt fPort rxInfo "
    "txInfo time metadata gatewaySN gatewayTime adr dr confirmedUplink devAddr tags object objectJSON"
)
_ENVELOPE = frozenset(_ENVELOPE_KEYS.split())


def recognises(message: Message, document: object) -> bool:
    """By shape alone."""
    del message
    return isinstance(document, dict) and "devEUI" in document and not _UPLINK.isdisjoint(document)


def decode(message: Message, document: object) -> Decoded:
    """An uplink's values, at the gateway's time.

    Raises:
        Undecodable: wrong_type, no_codec, no_decoder, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object")
    device = dev_eui(_eui(document["devEUI"]))
    port = document.get("fPort", 0)
    uplink = Uplink(
        device=device,
        f_port=port if type(port) is int else 0,
        time=_time(document),
        data=_data(document.get("data"), device),
        decoded=_decoded(document),
        hints=_hints(document),
    )
    return decode_uplink(uplink, message.received)


def _eui(text: object) -> object:
    """ChirpStack v3 may write the eight bytes of a devEUI as base64."""
    if isinstance(text, str) and len(text) == 12 and text.endswith("="):
        try:
            return b64decode(text, validate=True).hex()
        except binascii.Error:
            return text
    return text


def _data(text: object, device: str) -> bytes:
    """The payload: base64, or hexadecimal where a gateway is set so (an even number of only such digits
    is taken for it: base64 of sensor bytes practically always holds another character)."""
    if isinstance(text, str) and len(text) % 2 == 0 and len(text) >= 6 and _HEX.issuperset(text):
        return bytes.fromhex(text)
    return payload_bytes(text, device)


def _decoded(document: dict[str, Any]) -> dict[str, Any] | None:
    """The gateway's own decoding: an ``object``, v3's ``objectJSON`` text, or the codec's keys among the
    envelope's where that is how the gateway is set."""
    found = document.get("object")
    if isinstance(text := document.get("objectJSON"), str):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            found = None
    if isinstance(found, dict):
        return found
    beside = {key: value for key, value in document.items() if key not in _ENVELOPE}
    return beside or None


def _time(document: dict[str, Any]) -> datetime | None:
    stated = instant_or_none(document.get("time"))
    if stated is None and isinstance(gateways := document.get("rxInfo"), list):
        times = (instant_or_none(each.get("time")) for each in gateways if isinstance(each, dict))
        return min((moment for moment in times if moment is not None), default=None)
    return stated


def _hints(document: dict[str, Any]) -> dict[str, str]:
    named = {
        "name": document.get("deviceName"),
        "profile": document.get("deviceProfileName"),
        "application": document.get("applicationName"),
    }
    return texts(document.get("tags"), "tag.") | texts(named)
