"""Render the pictures of the README into ``docs/pictures``: ``python scripts/screenshots.py [URL]``.

URL is that of a running ``classroom-climate demo`` (http://127.0.0.1:8000 unless told). The school is its first;
the rooms are the one with the freshest air and the one that most needs airing. On a day without lessons the
curve is that of the last school day.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx
from playwright.sync_api import Browser, sync_playwright

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
PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
URGENCY = {"good": 0, "soon": 1, "now": 2}


class Picture(NamedTuple):
    """One picture: its file, page, viewport [px], colour scheme and language."""

    name: str
    path: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    lang: Literal["sv", "en"]


def main(url: str) -> None:
    """Take every picture."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    pictures = choose(url)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        for picture in pictures:
            take(browser, url, picture)
            print(PICTURES / f"{picture.name}.png")
        browser.close()


def choose(url: str) -> list[Picture]:
    """The pictures that this demo can give."""
    with httpx.Client(base_url=url, timeout=30) as client:
        school = f"/schools/{_get(client, '/api/v1/schools')[0]['key']}"
        rooms = [f"{school}/rooms/{room['key']}" for room in _get(client, f"/api/v1{school}/rooms")]
        levels = {room: _get(client, f"/api/v1{room}/now")["air"]["level"] for room in rooms}
    known = sorted((room for room in rooms if levels[room]), key=lambda room: URGENCY[levels[room]])
    fresh, stuffy = (known[0], known[-1]) if known else (rooms[0], rooms[-1])
    return [
        Picture("start", "/", 1280, 800, "light", "sv"),
        Picture("school", school, 1280, 1180, "light", "sv"),
        Picture("school-dark-en", school, 1280, 1180, "dark", "en"),
        Picture("room", stuffy, 1280, 800, "light", "sv"),
        Picture("room-wall-dark", fresh, 1920, 1080, "dark", "sv"),
        Picture("room-phone", stuffy, 360, 780, "light", "sv"),
        Picture("room-phone-dark-en", fresh, 360, 780, "dark", "en"),
    ]


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Take one picture; a page that complains to the console is not shown to anyone."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        device_scale_factor=2 if picture.width < 600 else 1,
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{url}{picture.path}?lang={picture.lang}")
    last_school_day = page.locator(".today > p > a")
    if last_school_day.count():
        last_school_day.click()
        page.wait_for_load_state()
    page.screenshot(path=PICTURES / f"{picture.name}.png")
    context.close()
    if complaints:
        raise SystemExit(f"{picture.path}: {complaints}")


def _get(client: httpx.Client, path: str) -> Any:  # noqa: ANN401
    answer = client.get(path)
    answer.raise_for_status()
    return answer.json()


if __name__ == "__main__":
    main(sys.argv[1].rstrip("/") if len(sys.argv) > 1 else "http://127.0.0.1:8000")
