"""ChirpStack v4's JSON events (https://www.chirpstack.io/docs/chirpstack/integrations/events.html).

Recognised by ``deviceInfo``; the topic ``application/<id>/device/<devEui>/event/<type>`` is a template
anybody may edit. Fields at their default were omitted before v4.1.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ingest.decoders.lorawan import Uplink, decode_uplink, dev_eui, payload_bytes, texts
from ingest.decoders.times import instant_or_none
from ingest.message import Decoded, Message, Undecodable, Value

_CLOCK_TOLERANCE = timedelta(seconds=30)  # a gateway's clock was seen 243 s off; the radio needs under 1 s


def recognises(message: Message, document: object) -> bool:
    """By shape: every event but a gateway's has ``deviceInfo`` with a devEUI."""
    if document is None:
        return message.topic.startswith("application/") and "/event/" in message.topic
    return isinstance(document, dict) and isinstance(document.get("deviceInfo"), dict)


def decode(message: Message, document: object) -> Decoded:
    """An uplink's values, or the battery a status event reports.

    Raises:
        Undecodable: not_json, wrong_type, no_codec, no_decoder, no_reading.
    """
    if not isinstance(document, dict):
        raise Undecodable("not_json", "an event topic with a payload that is not JSON")
    info = document["deviceInfo"]
    device = dev_eui(info.get("devEui"))
    hints = _hints(info)
    if "integrationName" not in document and (
        "data" in document or "fCnt" in document or "object" in document
    ):
        return decode_uplink(_uplink(document, device, hints), message.received)
    if "margin" in document or "batteryLevel" in document:
        return _status(document, device, hints)
    event = message.topic.rpartition("/")[2][:40]
    raise Undecodable("no_reading", f"event {event} holds no reading", device)


def _uplink(document: dict[str, Any], device: str, hints: dict[str, str]) -> Uplink:
    port = document.get("fPort", 0)
    decoded = document.get("object")
    return Uplink(
        device=device,
        f_port=port if type(port) is int else 0,
        time=_time(document),
        data=payload_bytes(document.get("data"), device),
        decoded=decoded if isinstance(decoded, dict) else None,
        hints=hints,
    )


def _time(document: dict[str, Any]) -> datetime | None:
    """The gateway's time where the network server's own clock agrees with it, else the server's.

    ``time`` comes from the gateway if that has a clock at all; ``nsTime`` is when the server heard it.
    """
    heard = None
    gateways = document.get("rxInfo")
    if isinstance(gateways, list):
        times = (instant_or_none(each.get("nsTime")) for each in gateways if isinstance(each, dict))
        heard = min((moment for moment in times if moment is not None), default=None)
    stated = instant_or_none(document.get("time"))
    if heard is None or (stated is not None and abs(stated - heard) <= _CLOCK_TOLERANCE):
        return stated
    return heard


def _status(document: dict[str, Any], device: str, hints: dict[str, str]) -> Decoded:
    level = document.get("batteryLevel")
    unknown = document.get("batteryLevelUnavailable") or document.get("externalPowerSource")
    if unknown or isinstance(level, bool) or not isinstance(level, int | float):
        raise Undecodable("no_reading", "event status without a battery level", device)
    battery = Value("battery_pct", float(level))
    return Decoded("chirpstack", device, (battery,), instant_or_none(document.get("time")), hints)


def _hints(info: dict[str, Any]) -> dict[str, str]:
    hints = texts(info.get("tags"), "tag.")
    for key, name in (
        ("name", "deviceName"),
        ("profile", "deviceProfileName"),
        ("application", "applicationName"),
    ):
        text = info.get(name)
        if isinstance(text, str) and text:
            hints[key] = text
    return hints
