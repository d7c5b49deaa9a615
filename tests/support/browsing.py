"""Debian's chromium on our pages; what its console says fails a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from made_up_school import Served
    from playwright.sync_api import Browser, Page

PATIENCE_MS = 90_000
"""A busy machine may take its time; nothing here is measured by it."""

CHROMIUM = "/usr/bin/chromium"
ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

START, SCHOOL, ROOM = "/", "/schools/tagaborg", "/schools/tagaborg/rooms/"
Scheme = Literal["light", "dark"]


@contextmanager
def looking(
    browser: Browser,
    served: Served,
    path: str,
    *,
    size: tuple[int, int] = (1280, 800),
    scheme: Scheme = "light",
    lang: str = "sv",
    scripts: bool = True,
    clock: bool = False,
) -> Iterator[Page]:
    """A page at ``path``; anything the console says fails the test when it is left."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        color_scheme=scheme,
        locale={"sv": "sv-SE", "en": "en-GB"}[lang],
        java_script_enabled=scripts,
    )
    context.set_default_timeout(PATIENCE_MS)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: said.append(f"error: {error}"))
    page.on("request", lambda request: said.append(request.url) if served.url not in request.url else None)
    if clock:
        page.clock.install()
    page.goto(served.url + served.screens.get(path, path), wait_until="load")
    yield page
    context.close()
    faults = [line for line in said if "404" not in line or path != "/schools/none"]
    assert not faults, faults
