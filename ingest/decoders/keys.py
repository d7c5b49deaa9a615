"""Device keys and results that the families with readable topics have in common."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from ingest.decoders.mappings.table import Outcome
from ingest.message import Decoded, Undecodable

_DEVICE_KEY_MAX = 200  # classroom.places.DeviceKey


def device_key(family: str, *parts: str) -> str:
    """``<family>/<part>/…``: the parts must not change while the device stays the same.

    Raises:
        Undecodable: bad_topic where a part is empty, unprintable or the key too long.
    """
    key = "/".join((family, *parts))
    if not all(part.strip(" /") for part in parts) or not key.isprintable() or len(key) > _DEVICE_KEY_MAX:
        raise Undecodable("bad_topic", "the topic does not name a device, or not in printable text")
    return key


def mac(text: object) -> str:
    """Twelve lower-case hexadecimal digits of a MAC, with or without separators; empty if it is none."""
    if not isinstance(text, str):
        return ""
    digits = text.replace(":", "").replace("-", "").lower()
    return digits if len(digits) == 12 and all(digit in "0123456789abcdef" for digit in digits) else ""


def concluded(
    outcome: Outcome, device: str, time: datetime | None = None, hints: Mapping[str, str] | None = None
) -> Decoded:
    """The decoded message of an outcome with at least one value.

    Raises:
        Undecodable: wrong_type where everything in it had to be left out, no_reading where nothing was in it.
    """
    if outcome.values:
        return Decoded(outcome.family, device, outcome.values, time, hints or {}, outcome.rejected)
    if outcome.rejected:
        raise Undecodable("wrong_type", "; ".join(outcome.rejected)[:300], device)
    raise Undecodable("no_reading", "holds no room or meter reading", device)
