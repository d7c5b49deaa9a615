"""Bring the catalogues up to date with the code: ``python scripts/messages.py``.

New messages are added empty, gone ones removed. Translate the empty ones by hand in ``api/locale`` and
``reports/locale``; ``tests/api/pages/test_catalogues.py`` fails while one is missing.
"""

from __future__ import annotations

from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parents[1]

DOMAINS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "pages": ("api", [("pages/**.py", "python"), ("templates/**.html", "jinja2")]),
    "insights": ("reports", [("insight_texts.py", "python")]),
    "reports": ("reports", [("sections/**.py", "python"), ("language.py", "python"), ("mail.py", "python")]),
}
"""Catalogues by name: the folder that they and their messages are in, and how messages are found there."""

_KEYWORDS = {"text": None, "_": None, "counted": (2, 3), "_n": (1, 2)}
_HEADER = r"""msgid ""
msgstr ""
"Project-Id-Version: classroom-climate\n"
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=utf-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""  # without the dates and addresses that change for nothing


def extracted(domain: str = "pages") -> Catalog:
    """Every message of a catalogue, in English, from the code and the templates."""
    found = Catalog(project="classroom-climate", charset="utf-8")
    folder, methods = DOMAINS[domain]
    for file, _, message, comments, _ in extract_from_dir(ROOT / folder, methods, keywords=_KEYWORDS):
        found.add(message, None, [(f"{folder}/{file}", 0)], auto_comments=comments)
    return found


def update(path: Path) -> int:
    """Update one catalogue in place; the number of messages that still wait for a translation."""
    with path.open("rb") as file:
        catalogue = read_po(file, locale=path.parents[1].name)
    catalogue.update(extracted(path.stem), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    with path.open("wb") as file:
        file.write(_HEADER.format(language=path.parents[1].name).encode())
        write_po(file, catalogue, omit_header=True, sort_output=True, include_lineno=False)
    return sum(1 for message in catalogue if message.id and not is_said(message))


def is_said(message: Message) -> bool:
    """Whether a message has its translation, of each number of things where it counts any."""
    strings = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(strings)


if __name__ == "__main__":
    for path in sorted(ROOT.glob("*/locale/*/LC_MESSAGES/*.po")):
        print(f"{path.relative_to(ROOT)}: {update(path)} messages to translate")
