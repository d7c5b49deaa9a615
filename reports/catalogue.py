"""Catalogues of words, read when first asked for from the ``.po`` that ``scripts/messages.py`` keeps."""

from __future__ import annotations

import io
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


@cache
def words_of(locale_folder: Path, domain: str, code: str) -> NullTranslations:
    """The words of ``domain`` in a language; its messages as they are where it has no catalogue: the
    language the code is written in."""
    path = locale_folder / code / "LC_MESSAGES" / f"{domain}.po"
    if not path.exists():
        return NullTranslations()
    with path.open("rb") as file:
        catalogue = read_po(file, locale=code)
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return GNUTranslations(compiled)
