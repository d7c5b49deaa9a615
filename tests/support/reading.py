"""Pages as a reader sees them, without a browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

HERE = "http://127.0.0.1:8000"

Visit = Callable[..., str]
"""The text of a page at a path, in Swedish unless a language follows."""


def text_of(html: str) -> str:
    """What a reader sees: without tags, entities resolved, white space folded."""
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", html, flags=re.DOTALL).replace("<wbr>", "")
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", body)))
