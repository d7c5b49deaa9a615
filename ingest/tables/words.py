"""What a calendar's words say about a day. Nothing is guessed: what is not known, or says two things, is
told."""

from __future__ import annotations

import re
from collections.abc import Mapping

from ingest.tables.mapping import KINDS, Kind

_ENDING = "(?:en|et|ar|arna|er)?"
_SHIPPED: tuple[tuple[Kind, str], ...] = (
    (
        "term_start",
        rf"terminsstart|terminsbörjan|läsårsstart|skolstart|(?:höst|vår)?termin{_ENDING} (?:börjar|startar)",
    ),
    (
        "term_end",
        rf"terminsslut|läsårsslut|terminsavslutning|skolavslutning|(?:höst|vår)?termin{_ENDING} slutar",
    ),
    ("term", rf"(?:höst|vår)termin{_ENDING}|[hv]t[ -]?(?:20)?\d\d"),
    ("studiedag", rf"(?:studie|planerings|fortbildnings|kompetens|kompetensutvecklings)dag{_ENDING}"),
    (
        "lov",
        rf"(?:höst|läs|jul|sport|vinter|påsk|vår|sommar|skol|vinter)?lov(?:et|dag{_ENDING}|veck(?:a|an|or))?",
    ),
    ("school_day", rf"skoldag{_ENDING}"),
    ("closed", r"stängt?|stängd|skolan stänger"),
    ("hired_evening", r"uthyr(?:d|t|ning)|förhyr(?:d|t)|hyrkväll(?:ar)?|kvällsuthyrning"),
)
_WHOLE = [(kind, re.compile(rf"(?<!\w)(?:{words})(?!\w)")) for kind, words in _SHIPPED]

_PART = re.compile(
    r"(?<!\w)(?:fritids(?:hem|hemmet)?|förskol\w*|grundskol\w*|gymnasi\w*|anpassad\w*|halvdag\w*|förmiddag\w*"
    r"|eftermiddag\w*|åk|årskurs|klass|lärare|personal|delar? av)(?!\w)|\båk ?\d"
)
_ABOUT = re.compile(
    r"(?<!\w)(?:börjar|slutar|startar|sista|första|före|innan|efter|ej|inte|ingen|prel\w*)(?!\w)"
)

Answer = tuple[Kind | None, str]
"""A kind, or None with why it cannot be told."""


def kind_of(text: str, own: Mapping[str, Kind]) -> Answer:
    """What an entry called ``text`` is. ``own`` are the site's own words: they win, the longest first."""
    text = " ".join(text.casefold().split())
    mine = [word for word in own if _holds(text, word.casefold())]
    if mine:
        return own[max(mine, key=len)], ""
    exact = next((kind for kind in KINDS if kind == text), None)
    if exact is not None:
        return exact, ""
    found: set[Kind] = set()
    rest = text
    for kind, pattern in _WHOLE:
        if pattern.search(rest):
            found.add(kind)
            rest = pattern.sub(" ", rest)
    if not found:
        return None, "no word in it is known"
    if len(found) > 1:
        return None, f"it says {' and '.join(sorted(found))} at once"
    if _PART.search(rest):
        return None, "it concerns only a part of the school or of the day"
    if _ABOUT.search(rest):
        return None, "it says when something begins or ends, not what kind of day it is"
    return found.pop(), ""


def _holds(text: str, word: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(word)}(?!\w)", text) is not None
