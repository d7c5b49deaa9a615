"""The Things Stack v3 (The Things Network), topic ``v3/<application>@<tenant>/devices/<id>/up`` and siblings.

Recognised by ``end_device_ids`` (https://www.thethingsindustries.com/docs/integrations/data-formats/). Fields
that are empty, 0 or false are omitted.
"""

from __future__ import annotations

from typing import Any

from ingest.decoders.lorawan import Uplink, decode_uplink, dev_eui, payload_bytes, texts
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable

_UP = "uplink_message"


def recognises(message: Message, document: object) -> bool:
    """By shape: every message names its end device."""
    if document is None:
        return message.topic.startswith("v3/") and "/devices/" in message.topic
    return isinstance(document, dict) and isinstance(document.get("end_device_ids"), dict)


def decode(message: Message, document: object) -> Decoded:
    """An uplink's values, at the time the network server received it.

    Raises:
        Undecodable: not_json, wrong_type, no_codec, no_decoder, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("not_json", "an uplink topic with a payload that is not JSON")
    ids = document["end_device_ids"]
    device = _device(ids)
    uplink = document.get(_UP)
    if not isinstance(uplink, dict):
        kinds = (key for key in document if key not in ("end_device_ids", "correlation_ids", "received_at"))
        raise Undecodable("no_reading", f"{next(kinds, 'message')[:40]} holds no reading", device)
    if document.get("simulated"):
        raise Undecodable("no_reading", "a simulated uplink", device)
    port = uplink.get("f_port", 0)
    decoded = uplink.get("decoded_payload")
    return decode_uplink(
        Uplink(
            device=device,
            f_port=port if type(port) is int else 0,
            # The outer received_at is the application server's, later and on another clock.
            time=instant_or_none(uplink.get("received_at")) or instant_or_none(document.get("received_at")),
            data=payload_bytes(uplink.get("frm_payload"), device),
            decoded=decoded if isinstance(decoded, dict) else None,
            normalized=uplink.get("normalized_payload"),
            hints=_hints(ids, uplink),
        ),
        message.received,
    )


def _application(ids: dict[str, Any]) -> str:
    application = ids.get("application_ids")
    name = application.get("application_id") if isinstance(application, dict) else None
    return name if isinstance(name, str) else ""


def _device(ids: dict[str, Any]) -> str:
    """The devEUI; a device activated by personalisation may have none and goes by application and id."""
    if "dev_eui" in ids:
        return dev_eui(ids["dev_eui"])
    name = ids.get("device_id")
    if not (isinstance(name, str) and name.isprintable() and 0 < len(name) <= 100):
        raise Undecodable("wrong_type", "neither dev_eui nor device_id")
    return f"{_application(ids)[:90]}/{name}"


def _hints(ids: dict[str, Any], uplink: dict[str, Any]) -> dict[str, str]:
    hints = texts(uplink.get("attributes"), "tag.")
    hints |= texts({"name": ids.get("device_id"), "application": _application(ids)})
    version = uplink.get("version_ids")
    if isinstance(version, dict):
        hints |= texts({"brand": version.get("brand_id"), "profile": version.get("model_id")})
    return hints
