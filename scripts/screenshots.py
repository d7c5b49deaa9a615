"""Render the pictures of README and docs/pages.md into ``docs/pictures``: ``scripts/screenshots.py [URL]``.

Without URL they show ``tests/support/made_up_school.py`` on its Thursday at 13:20, always the same.
URL is that of a running ``classroom-climate demo``; at night and on a Sunday all its rooms are fresh.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import httpx
from playwright.sync_api import Browser, sync_playwright

from classroom.sitefiles import parse_site
from store.duckdb_store import DuckDBStore

ROOT = Path(__file__).parents[1]
PICTURES = ROOT / "docs" / "pictures"
sys.path.insert(0, str(ROOT / "tests" / "support"))  # the made up school, and how the tests' browser starts


Scheme = Literal["light", "dark"]
Screen = tuple[str, str, Scheme]


class Picture(NamedTuple):
    """One picture: its file, page, viewport [px], colour scheme, language and section."""

    name: str
    path: str
    width: int
    height: int
    scheme: Scheme
    lang: Literal["sv", "en"]
    section: str = ""
    """Id of what stands at the top; empty: the page's beginning."""


def main(url: str, screens: Sequence[Screen] = ()) -> None:
    """Take every picture; ``screens`` are those whose links are known: name, path, colour scheme."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    pictures, browsing = choose(url, screens), importlib.import_module("browsing")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=browsing.CHROMIUM, args=browsing.ARGS)
        for picture in pictures:
            take(browser, url, picture)
            print(PICTURES / f"{picture.name}.png")
        browser.close()


def choose(url: str, screens: Sequence[Screen] = ()) -> list[Picture]:
    """The pictures that this demo can give."""
    with httpx.Client(base_url=url, timeout=30) as client:
        school = f"/schools/{_get(client, '/api/v1/schools')[0]['key']}"
        rooms = [f"{school}/rooms/{room['key']}" for room in _get(client, f"/api/v1{school}/rooms")]
        air = {room: _get(client, f"/api/v1{room}/now")["air"] for room in rooms}
    known = sorted((room for room in rooms if air[room]["level"]), key=lambda room: air[room]["shown_ppm"])
    stuffy = known[-1] if known else rooms[-1]
    return [
        Picture("city", "/?sort=pupil&order=down", 1280, 900, "light", "sv"),
        Picture("school", school, 1280, 1100, "light", "sv"),
        Picture("school-phone-dark-en", school, 360, 780, "dark", "en"),
        Picture("room", stuffy, 1280, 800, "light", "sv"),
        Picture("room-lessons-en", stuffy, 1280, 1100, "light", "en", "lessons"),
        Picture("room-phone", stuffy, 360, 780, "light", "sv"),
        Picture("self-monitoring", f"{school}/self-monitoring", 1280, 900, "light", "sv"),
        Picture("findings", f"{school}/findings", 1280, 1000, "light", "sv"),
        Picture("school-day", f"{school}/day", 1280, 900, "light", "sv"),
        Picture("school-day-phone", f"{school}/day", 360, 780, "light", "sv"),
        Picture("rooms", "/rooms", 1280, 800, "light", "sv"),
        Picture("api-docs-en", "/api-docs", 1280, 900, "light", "en"),
        Picture("experiments", f"{school}/experiments", 1280, 900, "light", "sv"),
        Picture("operations-dark-en", "/operations?show=all", 1280, 900, "dark", "en"),
        *(Picture(name, path, 1920, 1080, scheme, "sv") for name, path, scheme in screens),
    ]


def take(browser: Browser, url: str, picture: Picture) -> None:
    """Take one picture; a page that complains to the console is not shown to anyone."""
    context = browser.new_context(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        device_scale_factor=2 if picture.width < 600 else 1,
    )
    context.set_default_timeout(120_000)  # a busy machine may take its time
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{url}{picture.path}{'&' if '?' in picture.path else '?'}lang={picture.lang}")
    last_school_day = page.locator(".today > p > a")
    if last_school_day.count():
        last_school_day.click()
        page.wait_for_load_state()
    if picture.section:
        page.evaluate("id => document.getElementById(id).scrollIntoView()", picture.section)
    page.screenshot(path=PICTURES / f"{picture.name}.png")
    context.close()
    if complaints:
        raise SystemExit(f"{picture.path}: {complaints}")


def _get(client: httpx.Client, path: str) -> Any:  # noqa: ANN401
    answer = client.get(path)
    answer.raise_for_status()
    return answer.json()


def made_up_school() -> None:
    """Serve the school of the tests and take every picture of it."""
    school = importlib.import_module("made_up_school")
    with tempfile.TemporaryDirectory() as folder:
        site = parse_site(school.TEXTS)
        store = DuckDBStore(Path(folder) / "climate.duckdb")
        school.fill(store, site)
        school.learn(store, site)
        school.experiment(store, site)
        importlib.import_module("lived_in").live_in(store, site)
        context = school.context_over(store, site)
        links = school.hang_screens(context)
        server, thread, url = school.serve(context)
        main(
            url,
            [
                ("screen-good", links["/skarm/a101"], "light"),
                ("screen-soon", links["/skarm/a102"], "light"),
                ("screen-silent-dark", links["/skarm/bibliotek"], "dark"),
            ],
        )
        server.should_exit = True
        thread.join(10)
        store.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(sys.argv[1].rstrip("/"))
    else:
        made_up_school()
