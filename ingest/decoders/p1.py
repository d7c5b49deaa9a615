"""Telegrams of a P1 port as text (DSMR, ESMR, eMUCS, the Swedish and other national profiles).

Recognised by the leading ``/`` and OBIS lines; the usual topic is ``dsmr/raw``. A telegram of DSMR 4 and
later carries a CRC16 over its bytes: a telegram that was changed on its way is kept
aside, as is one without its end. Its ``0-0:1.0.0`` says summer or winter time but not of which country, so
the time of receipt counts. Gas and heat meters on the same port are other devices and are left out.

Device key: ``p1/<equipment identifier>``, ``p1/<topic>`` where the telegram has none.
"""

from __future__ import annotations

import re

from ingest.decoders import obis
from ingest.decoders.keys import concluded, device_key
from ingest.message import Decoded, Message, Undecodable

_EQUIPMENT = re.compile(r"^0-0:96\.1\.(?:[01]|255\*255)\(([0-9A-Za-z]{1,96})\)", re.MULTILINE | re.ASCII)
_CHECKSUM = re.compile(r"^!([0-9A-F]{4})?[ \t]*\r?$", re.MULTILINE | re.ASCII)
_VERSION = re.compile(r"^[01]-[03]:0\.2\.8\(", re.MULTILINE | re.ASCII)  # from DSMR 4 on, with a checksum


def recognises(message: Message, document: object) -> bool:
    """By shape."""
    return document is None and message.payload.lstrip()[:1] == b"/" and b":" in message.payload


def decode(message: Message, document: object) -> Decoded:
    """Registers by tariff and in total, powers, the voltage of the first phase.

    Raises:
        Undecodable: wrong_type (cut off, wrong checksum), bad_topic, no_reading.
    """
    del document
    text = message.payload.decode("latin-1").lstrip()  # the checksum is over bytes; some gateways add noise
    _verify(text)
    found = _EQUIPMENT.search(text)
    identifier = _readable(found[1]) if found else ""
    device = device_key("p1", identifier or message.topic)
    return concluded(obis.read("p1", text), device, None, {"meter_serial": identifier} if identifier else {})


def _verify(text: str) -> None:
    end = _CHECKSUM.search(text)
    if end is None:
        raise Undecodable("wrong_type", "the telegram is cut off: it has no line beginning with !")
    if end[1] is None:
        if _VERSION.search(text):
            raise Undecodable("wrong_type", "the telegram's checksum is missing")
        return
    expected = int(end[1], 16)
    body = text[: end.start() + 1]
    # Some gateways turn CR LF into LF, which changes the bytes the checksum stands for.
    if not any(_crc16(each) == expected for each in (body, re.sub("\r?\n", "\r\n", body))):
        raise Undecodable("wrong_type", "the telegram's checksum does not fit its text")


def _readable(identifier: str) -> str:
    """An equipment identifier is hex-coded text; all zeros is none."""
    if not identifier.strip("0"):
        return ""
    try:
        text = bytes.fromhex(identifier).decode("ascii")
    except ValueError:
        return identifier
    return text if text.isalnum() else identifier


def _crc16(text: str) -> int:
    """CRC-16/ARC (0x8005 reflected, start 0) of the telegram: DSMR P1 companion standard 5.0.2."""
    crc = 0
    for byte in text.encode("latin-1"):
        crc = crc >> 8 ^ _CRC_OF_BYTE[(crc ^ byte) & 0xFF]
    return crc


def _shifted(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


_CRC_OF_BYTE = tuple(_shifted(byte) for byte in range(256))
