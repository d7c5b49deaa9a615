"""What the LoRaWAN network servers have in common: a decoded object if there is one, else bytes and a port.

Tags, names and profiles are hints: they may say who made a device, never where it hangs.
"""

from __future__ import annotations

import binascii
from binascii import a2b_base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from string import hexdigits
from typing import Any

from ingest.decoders import elsys, elvaco, mappings, milesight
from ingest.decoders.mappings.table import Outcome
from ingest.message import Decoded, Undecodable

_HEX = frozenset(hexdigits)

# OUIs of makers whose bytes must never be taken for another maker's by their structure alone.
_MAKERS = {
    "a81758": "elsys",
    "24e124": "milesight",
    "a84041": "dragino",
    "00137a": "netvox",
    "0018b2": "adeunis",
    "647fda": "tektelic",
    "58a0cb": "browan",
    "94193a": "elvaco",
}

_OWN = ("elsys", "milesight", "elvaco")
"""Makers whose bytes have a decoder here."""


@dataclass(frozen=True, slots=True)
class Uplink:
    """An uplink without its envelope. ``hints["brand"]`` is the declared maker."""

    device: str
    f_port: int
    time: datetime | None
    data: bytes
    decoded: dict[str, Any] | None = None
    normalized: object = None
    hints: Mapping[str, str] = field(default_factory=dict)


class NoCodec(Undecodable):
    """Nothing here reads the bytes of ``uplink``; a maker's codec may."""

    def __init__(self, reason: str, detail: str, uplink: Uplink) -> None:
        super().__init__(reason, detail, uplink.device)
        self.uplink = uplink


def dev_eui(text: object) -> str:
    """A devEUI in lower case.

    Raises:
        Undecodable: wrong_type where it is not 16 hexadecimal digits.
    """
    if isinstance(text, str) and len(text) == 16 and _HEX.issuperset(text):
        return text.lower()
    raise Undecodable("wrong_type", "devEUI is not 16 hexadecimal digits")


def payload_bytes(text: object, device: str) -> bytes:
    """Base64 as both servers send it; absent is empty.

    Raises:
        Undecodable: wrong_type where it is not base64 text.
    """
    if text is None:
        return b""
    if isinstance(text, str):
        try:
            return a2b_base64(text.encode(), strict_mode=True)
        except (binascii.Error, UnicodeEncodeError):
            pass
    raise Undecodable("wrong_type", "the payload is not base64", device)


def texts(table: object, prefix: str = "") -> dict[str, str]:
    """The text entries of a JSON object, keys prefixed: tags and attributes as hints."""
    if not isinstance(table, dict):
        return {}
    return {prefix + key: text for key, text in table.items() if isinstance(text, str) and text}


def decode_uplink(uplink: Uplink, received: datetime) -> Decoded:
    """The server's decoded object where a mapping knows it, else its normalized form, else the bytes.

    Raises:
        Undecodable: no_codec (bytes only, and no decoder for them), no_decoder (an object no mapping knows),
            no_reading (no payload, or known to hold none), wrong_type (known, but nothing usable in it).
    """
    outcome: Outcome | None = None
    if uplink.decoded:
        outcome = mappings.from_object(uplink.decoded, uplink.f_port)
    if outcome is None and uplink.normalized:
        outcome = mappings.from_normalized(uplink.normalized)
    if outcome is None and uplink.data:
        try:
            outcome = _from_bytes(uplink, received)
        except Undecodable as unknown:
            if unknown.reason != "no_codec":
                raise
            raise NoCodec("no_codec", unknown.detail, uplink) from None
    if outcome is None:
        _nothing(uplink)
    else:
        return finished(uplink, outcome)
    raise Undecodable("no_reading", "holds no room or meter reading", uplink.device)


def finished(uplink: Uplink, outcome: Outcome) -> Decoded:
    """What was read, with the envelope's device, time and hints.

    Raises:
        Undecodable: nothing usable (wrong_type), or nothing at all (no_reading).
    """
    if outcome.values:
        device = f"{uplink.device}-{outcome.channel}" if outcome.channel else uplink.device
        hints = {**uplink.hints, **outcome.hints} if outcome.hints else uplink.hints
        return Decoded(outcome.family, device, outcome.values, uplink.time, hints, outcome.rejected)
    if outcome.rejected:
        raise Undecodable("wrong_type", "; ".join(outcome.rejected)[:300], uplink.device)
    raise Undecodable("no_reading", "holds no room or meter reading", uplink.device)


def _nothing(uplink: Uplink) -> None:
    if uplink.decoded:
        keys = ", ".join(list(uplink.decoded)[:12])
        raise NoCodec("no_decoder", f"no mapping knows an object with: {keys}"[:300], uplink)
    if uplink.data:
        raise NoCodec("no_codec", f"port {uplink.f_port}, bytes {uplink.data[:64].hex()}", uplink)


def _from_bytes(uplink: Uplink, received: datetime) -> Outcome | None:
    """What bytes without a decoded object say: by their maker's table, or where nothing names a maker by the
    one table that they fit in full."""
    data, device, hints = uplink.data, uplink.device, uplink.hints
    maker = _maker(uplink)
    if maker == "elsys":
        return elsys.decode_known(data, device, uplink.time or received)
    if maker == "milesight":
        return milesight.decode_known(data, device, hints)
    if maker == "elvaco":
        return elvaco.decode_known(data, device)
    if maker or uplink.decoded:
        return None
    return (
        elsys.decode_unnamed(data, uplink.f_port)
        or milesight.decode_unnamed(data, uplink.f_port, hints)
        or elvaco.decode_unnamed(data, uplink.f_port)
    )


def _maker(uplink: Uplink) -> str:
    """Who made the device: by its devEUI, the declared brand, or profile, tags and name; "" if none says."""
    maker = _MAKERS.get(uplink.device[:6]) or uplink.hints.get("brand", "").lower().removesuffix("-iot")
    if maker not in _OWN:
        named = next((own for own in _OWN if _names(uplink.hints, own)), "")
        maker = named or maker
    if not maker and milesight.model_named(uplink.hints) and uplink.f_port == milesight.PORT:
        return "milesight"
    return maker


def _names(hints: Mapping[str, str], maker: str) -> bool:
    """Whether profile, tags or name say who made the device (an application holds many makers' devices)."""
    return any(maker in text.lower() for key, text in hints.items() if key != "application")
