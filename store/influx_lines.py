"""Line protocol and names in InfluxDB: what stands in a tag, a field and a measurement.

Tag values and fields are percent-encoded where line protocol, InfluxQL or InfluxDB's CSV would need escaping.
Line protocol cannot say a tag value that ends in a backslash or is empty, and 2.x writes tags to CSV
unescaped, so that a comma in one could not be told from the next tag.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from classroom.quantity import QUANTITIES, Domain

FLAG = "_flag"
"""Suffix of the field with a quantity's flag, which stands only where it is, or was, not 0."""

OTHER = "other"
"""Measurement of quantities this version does not know."""

READINGS = (*(domain.value for domain in Domain), OTHER)
"""Measurements of raw readings: one a domain, tagged by device, a field a quantity."""

_UNSAFE = re.compile('[%\\\\,= "\\x00-\\x20\\x7f-\\xa0\u2028\u2029]')
_EMPTY = "%"


@lru_cache(maxsize=65_536)
def tag(text: str) -> str:
    """``text`` as a tag value.

    Raises:
        ValueError: it is not Unicode text (a lone surrogate).
    """
    return _UNSAFE.sub(lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), text) or _EMPTY


@lru_cache(maxsize=65_536)
def untag(value: str) -> str:
    """What :func:`tag` encoded."""
    return "" if value == _EMPTY else unquote(value)


def tags_of(text: str) -> dict[str, str]:
    """The tags of a series as InfluxDB's CSV shows them (``device=a,quantity=b``)."""
    if not text:
        return {}
    return {key: untag(value) for key, _, value in (part.partition("=") for part in text.split(",")) if value}


def string(text: str) -> str:
    """``text`` as a string field."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def measurement_of(quantity: str) -> str:
    """Where readings of a quantity are kept."""
    known = QUANTITIES.get(quantity)
    return known.domain.value if known else OTHER


def hours_of(measurement: str) -> str:
    """Where the hourly rollups of a measurement's readings are kept."""
    return f"hours_{measurement}"


def name(identifier: str) -> str:
    """A measurement or field as InfluxQL names it."""
    escaped = identifier.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
