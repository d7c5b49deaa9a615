"""The project's own format, for devices without a family.

Topic ``classroom/<school>/<room>/<device>``; payload a JSON object with any quantity key of
:data:`classroom.quantity.QUANTITIES` and, optionally, ``time`` (RFC 3339 with a zone). The device key is
``<school>/<device>``: a device keeps it when it moves to another room.
"""

from __future__ import annotations

from classroom.quantity import QUANTITIES, Kind
from ingest.decoders.describe import described
from ingest.decoders.times import instant
from ingest.message import Decoded, Message, Undecodable, Value

_ROOT = "classroom/"
_STATES = frozenset(key for key, quantity in QUANTITIES.items() if quantity.kind is Kind.STATE)
_DEVICE_KEY_MAX = 200  # classroom.places.DeviceKey


def recognises(message: Message, document: object) -> bool:
    """By topic: the object alone does not say whose it is."""
    del document
    return message.topic.startswith(_ROOT) or message.topic == "classroom"


def decode(message: Message, document: object) -> Decoded:
    """Every usable value of the object; null is missing, a wrong value goes to ``rejected``, a key that is
    no quantity to ``unknown``.

    Raises:
        Undecodable: bad_topic; not_json; wrong_type (not an object, a bad time, no usable value but a wrong
            one); no_reading (nothing but nulls and unknown keys).
    """
    device, hints = _place(message.topic)
    if document is None and message.payload.strip() != b"null":
        raise Undecodable("not_json", "the payload is not JSON", device)
    if not isinstance(document, dict):
        raise Undecodable("wrong_type", "the payload is not a JSON object", device)
    values, rejected, unknown = _values(document, device)
    moment = None
    if (text := document.get("time")) is not None:
        try:
            moment = instant(text)
        except ValueError as error:
            # Without its time an old reading would be stored as a new one: the whole message is kept aside.
            raise Undecodable("wrong_type", f"time: {error}"[:300], device) from None
    return Decoded("native", device, tuple(values), moment, hints, tuple(rejected), tuple(unknown))


def _values(document: dict[str, object], device: str) -> tuple[list[Value], list[str], list[str]]:
    """Usable values, what is wrong with others, unknown keys; raises where nothing is usable."""
    values: list[Value] = []
    rejected: list[str] = []
    unknown: list[str] = []
    for key, value in document.items():
        if key in QUANTITIES:
            if type(value) is float:
                values.append(Value(key, value))
            elif type(value) is int or (type(value) is bool and key in _STATES):
                values.append(Value(key, float(value)))
            elif value is not None:
                rejected.append(f"{key}: {described(value)} is not a number")
        elif key != "time":
            unknown.append(f"{key[:80]}: unknown key")
    if not values:
        detail = "; ".join((*rejected, *unknown))[:300] or "no value"
        raise Undecodable("wrong_type" if rejected else "no_reading", detail, device)
    return values, rejected, unknown


def _place(topic: str) -> tuple[str, dict[str, str]]:
    """Device key and hints of a topic."""
    levels = topic.split("/")
    if len(levels) != 4:
        raise Undecodable("bad_topic", "expected classroom/<school>/<room>/<device>")
    _, school, room, device = levels
    key = f"{school}/{device}"
    if not (school.strip() and room.strip() and device.strip()):
        raise Undecodable("bad_topic", "a level of the topic is empty")
    if not topic.isprintable() or len(key) > _DEVICE_KEY_MAX:
        raise Undecodable("bad_topic", "the topic has unprintable characters or is too long")
    return key, {"school": school, "room": room}
