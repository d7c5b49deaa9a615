"""MQTT topic filters: whether one is written right, and whether two can match the same topic.

Rules of MQTT 5, 4.7: ``+`` stands for one whole level, ``#`` for all that follow and the level above them;
neither matches a first level that begins with ``$``.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

_LONGEST_BYTES = 65_535


def filter_fault(text: str) -> str:
    """Why a topic filter cannot be used, with its cure; empty if it can."""
    levels = text.split("/")
    if not text or len(text.encode()) > _LONGEST_BYTES:
        return "write a topic filter, for example classroom/#"
    if text != text.strip() or not text.isprintable():
        return "write it without control characters, and without blanks at its ends"
    if any("+" in level and level != "+" for level in levels):
        return "+ stands for a whole level: a/+/b"
    if any("#" in level for level in levels[:-1]) or ("#" in levels[-1] and levels[-1] != "#"):
        return "# stands alone at the end: a/#"
    if levels[0] == "$share":
        return 'a shared subscription is asked for with mqtt.share = "group"; write the plain filter here'
    return ""


def overlap(a: str, b: str) -> bool:
    """Whether a topic exists that both filters match."""
    first, second = a.split("/"), b.split("/")
    if first[0] != second[0] and any(
        x[0] in ("+", "#") and y[0].startswith("$") for x, y in ((first, second), (second, first))
    ):
        return False
    for one, other in zip(first, second, strict=False):
        if "#" in (one, other):
            return True
        if one != other and "+" not in (one, other):
            return False
    longer, shorter = sorted((first, second), key=len, reverse=True)
    return len(longer) == len(shorter) or longer[len(shorter) :] == ["#"]  # a/# matches a too


def overlap_fault(filters: Iterable[str]) -> str:
    """The first two filters that match a topic both, with the cure; empty if there are none."""
    for a, b in combinations(filters, 2):
        if overlap(a, b):
            return (
                f"{a} and {b} match the same topics, whose messages would come twice; "
                "leave out the narrower one, or write them apart"
            )
    return ""
