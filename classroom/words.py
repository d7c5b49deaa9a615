"""Numbers before their noun, for people."""

from __future__ import annotations


def counted(number: int, one: str, several: str = "") -> str:
    """``1 school``, ``2 schools``; ``several`` where an s at the end does not make it.

    >>> counted(1, "dead letter"), counted(0, "dead letter"), counted(2, "series", "series")
    ('1 dead letter', '0 dead letters', '2 series')
    """
    return f"{number} {one if number == 1 else several or one + 's'}"
