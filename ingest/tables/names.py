"""Texts that may hold names of people, shown so that they hold none.

Timetables are full of teachers, signatures and personal numbers. A message about a cell shows its shape, and
of a room only the parts that rooms are called by.
"""

from __future__ import annotations

import re

_LONGEST_SHAPE = 24

_CALLED = (
    "sal salen rum rummet room hus huset lokal lokalen klassrum grupprum studierum hallen aula aulan "
    "gymnastik gymnastiksal gympa gympasal gympasalen idrott idrottshall idrottshallen sporthall "
    "bibliotek biblioteket matsal matsalen slöjd slöjdsal träslöjd textilslöjd syslöjd hemkunskap hk "
    "no bild bildsal musik musiksal musiksalen ateljé verkstad labb lab kemi kemisal fysik fysiksal "
    "biologi teknik data datasal it simhall paviljong barack annex annexet norra södra östra västra "
    "plan våning vån fritids hemvist uppehållsrum caféet kafé personalrum konferens konferensrum ute "
    "utomhus skolgård skolgården distans digitalt online"
)
_ROOM_WORDS = frozenset(_CALLED.split())


def shape(value: object) -> str:
    """How a cell is built, not what it says: ``Aaaa 9999-99`` with letters and digits made alike."""
    text = re.sub(r"[a-zåäö]", "a", re.sub(r"\d", "9", str(value)), flags=re.IGNORECASE)
    text = "".join(sign if sign in "a9 .,:;-/+()" else "?" for sign in text)
    return text if len(text) <= _LONGEST_SHAPE else text[:_LONGEST_SHAPE] + "…"


def room_shown(name: str) -> str:
    """A room's name without what could be a person: words that rooms are called by and numbers stay."""
    found: list[str] = []
    name = re.sub(r"\d[\d\s+-]{4,}\d", "…", name)  # personal and telephone numbers
    for part in re.findall(r"[^\W_]+|…", name)[:12]:
        if _is_of_a_room(part):
            found.append(part)
        elif found[-1:] != ["…"]:
            found.append("…")
    return " ".join(found) or "…"


def _is_of_a_room(part: str) -> bool:
    """A word for rooms, a number, or a house's letter."""
    known = part.casefold() in _ROOM_WORDS or re.fullmatch(r"[A-ZÅÄÖ]", part)
    return bool(known or re.fullmatch(r"[A-ZÅÄÖa-zåäö]?\d{1,4}[A-ZÅÄÖa-zåäö]?", part))
