"""Messages as lines of a file that ``classroom-climate replay`` reads."""

from __future__ import annotations

import base64

import orjson

from simulators.messages import Message


def line(message: Message) -> bytes:
    """One JSON line: ``time`` (when the broker gets it, RFC 3339), ``topic``, ``payload`` or, where that is
    no text, ``payload_b64``, and ``retain`` where it is set."""
    row: dict[str, object] = {"time": message.time, "topic": message.topic}
    try:
        row["payload"] = message.payload.decode()
    except UnicodeDecodeError:
        row["payload_b64"] = base64.b64encode(message.payload).decode()
    if message.retain:
        row["retain"] = True
    return orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE | orjson.OPT_UTC_Z)
