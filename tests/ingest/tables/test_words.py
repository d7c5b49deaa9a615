"""Words of calendars: what Swedish municipalities write, and what must not be guessed."""

import pytest

from ingest.tables.mapping import Kind
from ingest.tables.words import kind_of


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Höstlov", "lov"),
        ("Sportlov v. 8", "lov"),
        ("LOVDAG", "lov"),
        ("Jullovet", "lov"),
        ("Påsklov (v 14)", "lov"),
        ("Studiedag", "studiedag"),
        ("Kompetensutvecklingsdag", "studiedag"),
        ("Planeringsdagar", "studiedag"),
        ("Höstterminen 2026", "term"),
        ("VT 2027", "term"),
        ("HT26", "term"),
        ("Höstterminen börjar", "term_start"),
        ("Skolavslutning", "term_end"),
        ("Stängt", "closed"),
        ("Uthyrd: Korpen", "hired_evening"),
        ("hired_evening", "hired_evening"),
        ("studiedag", "studiedag"),
    ],
)
def test_known_words(text: str, kind: Kind) -> None:
    assert kind_of(text, {}) == (kind, "")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("Friluftsdag", "no word"),
        ("Klämdag", "no word"),
        ("Islovet är öppet i Lovisa", "no word"),
        ("Studiedag och lovdag", "at once"),
        ("Sista skoldagen före jullovet", "at once"),
        ("Studiedag fritids", "only a part"),
        ("Studiedag för lärare", "only a part"),
        ("Lovdag åk 9", "only a part"),
        ("Sportlovet börjar", "begins or ends"),
        ("Ej lov", "begins or ends"),
        ("", "no word"),
    ],
)
def test_what_is_not_sure_is_told(text: str, why: str) -> None:
    kind, said = kind_of(text, {})
    assert kind is None
    assert why in said


def test_the_sites_own_words_win_the_longest_first() -> None:
    own: dict[str, Kind] = {"Friluftsdag": "school_day", "studiedag fritids": "ignore", "studiedag": "closed"}
    assert kind_of("Friluftsdag åk 4-6", own)[0] == "school_day"
    assert kind_of("Studiedag Fritids", own)[0] == "ignore"
    assert kind_of("Studiedag", own)[0] == "closed"
