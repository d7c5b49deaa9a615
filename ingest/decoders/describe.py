"""Short descriptions of wrong values, for people who read dead letters."""

from __future__ import annotations


def described(value: object) -> str:
    """What a JSON value is, in a few words; never the whole of a nested one (printing deep nesting can
    fail)."""
    if isinstance(value, str):
        return f'text "{value[:40]}"'
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:g}"
    return "a list" if isinstance(value, list) else "an object"
