"""Contrast of every pair of text and ground in the stylesheet (WCAG 2.2, 1.4.3 and 1.4.11)."""

from __future__ import annotations

import re

import pytest

from api.pages.static import FOLDER

CSS = (FOLDER / "style.css").read_text()
LIGHT_BLOCK = CSS[CSS.index(":root {") : CSS.index("@media (prefers-color-scheme: dark)")]
DARK_BLOCK = CSS[CSS.index("@media (prefers-color-scheme: dark)") : CSS.index("*, *::before")]

TEXT = [
    *((ink, ground) for ink in ("ink", "muted", "accent") for ground in ("paper", "surface")),
    *((ink, ground) for ink in ("good", "soon", "now") for ground in ("paper", "surface", "lesson")),
    *(("on-ground", f"{level}-ground") for level in ("good", "soon", "now")),
    ("on-none", "none-ground"),
]
GRAPHICS = [("accent", "lesson"), ("accent", "surface"), ("muted", "lesson")]


def _tokens(block: str) -> dict[str, str]:
    return dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", block))


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_counted_right() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#00704f", "#ffffff") == pytest.approx(6.1, abs=0.05)  # facts, section 7


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pairs(scheme: str) -> None:
    tokens = _tokens(LIGHT_BLOCK)
    if scheme == "dark":
        tokens |= _tokens(DARK_BLOCK)
    weak = {
        (ink, ground): round(contrast(tokens[ink], tokens[ground]), 2)
        for pairs, least in ((TEXT, 4.5), (GRAPHICS, 3.0))
        for ink, ground in pairs
        if contrast(tokens[ink], tokens[ground]) < least
    }
    assert weak == {}


def test_dark_overrides_every_colour_of_light() -> None:
    assert set(_tokens(LIGHT_BLOCK)) - set(_tokens(DARK_BLOCK)) <= {"on-ground"}
