"""The pages in a real browser: looks, access, live values, and what is left without JavaScript."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise, product
from typing import TYPE_CHECKING

import pytest
from axe_core_python.sync_playwright import Axe
from browsing import ROOM, SCHOOL, START, Scheme, looking

from classroom.reading import Reading

if TYPE_CHECKING:
    from made_up_school import Served
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
playwright = pytest.importorskip("playwright.sync_api")

CITY, OPERATIONS, SCREEN = "/?sort=pupil&order=down&q=skola", "/operations?show=all", "/skarm/"
PAGES = (
    START,
    CITY,
    SCHOOL,
    f"{ROOM}a101",
    f"{ROOM}a102",
    f"{ROOM}bibliotek",
    f"{SCHOOL}/self-monitoring",
    f"{SCHOOL}/experiments",
    f"{SCHOOL}/findings",
    f"{SCHOOL}/day",
    "/rooms",
    "/api-docs/rooms",
    OPERATIONS,
    f"{SCREEN}a102",
    f"{SCREEN}bibliotek",
    "/schools/none",
)
SIZES = ((360, 780), (1280, 800), (1920, 1080))
LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable"]
"""The rules of axe that size and colours can break."""
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("lang", ["sv", "en"])
def test_axe_finds_nothing_and_nothing_overflows(
    browser: Browser, served: Served, path: str, lang: str
) -> None:
    """Each page in each size and scheme; what does not depend on them is not asked of the second language."""
    with looking(browser, served, path, lang=lang) as page:
        assert page.locator("html").get_attribute("lang") == lang
        for summary in page.locator("details > summary").all():
            summary.click()
        for size, scheme in product(SIZES, SCHEMES):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (size, scheme)
            if lang == "en" and size != SIZES[0]:
                continue
            first = (size, scheme) == (SIZES[0], SCHEMES[0])
            found = Axe().run(page, options=None if first else {"runOnly": LOOKS})["violations"]
            assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == [], (size, scheme)


def test_a_remark_under_a_figure_does_not_widen_the_page(browser: Browser, served: Served) -> None:
    """Such as why a sum is missing: a sentence, as wide as it must be and no wider."""
    why = '<span class="quiet">the factors cover different things and are not added</span>'
    with looking(browser, served, START, lang="en", size=SIZES[1]) as page:
        cells = page.locator("main td[data-name]")
        assert cells.count() > 1
        cells.evaluate_all("(all, why) => all.forEach((td) => td.insertAdjacentHTML('beforeend', why))", why)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("size", SIZES)
def test_targets_are_large_enough(browser: Browser, served: Served, size: tuple[int, int]) -> None:
    for path in (
        START,
        SCHOOL,
        f"{ROOM}a101",
        f"{SCHOOL}/self-monitoring",
        f"{SCHOOL}/experiments",
        f"{SCHOOL}/findings",
        f"{SCHOOL}/day",
        "/rooms",
        OPERATIONS,
    ):
        with looking(browser, served, path, size=size) as page:
            small = page.evaluate(
                """[...document.querySelectorAll("a:not(.skip), summary, button, select, input")]
                .filter((a) => a.checkVisibility()).map((a) => [a.getBoundingClientRect(), a.outerHTML])
                .filter(([box]) => box.height < 24 || box.width < 24).map(([, html]) => html)"""
            )
            assert small == []


WALLS = ((1920, 1080), (3840, 2160), (1024, 600), (1080, 1920))


@pytest.mark.parametrize("room", ["a101", "a102", "a103", "slojd", "bibliotek"])
def test_the_light_of_a_room_fits_a_screen_and_is_read_from_the_back(
    browser: Browser, served: Served, room: str
) -> None:
    with looking(browser, served, ROOM + room, size=WALLS[0]) as page:
        for size in WALLS[:2]:
            page.set_viewport_size({"width": size[0], "height": size[1]})
            box = page.locator(".room").bounding_box()
            assert box is not None
            assert box["y"] + box["height"] <= size[1], size
            assert _letters_px(page) >= size[1] * 0.1


@pytest.mark.parametrize("room", ["a101", "a102", "slojd", "bibliotek"])
def test_a_screen_is_the_light_and_the_day_and_nothing_overlaps(
    browser: Browser, served: Served, room: str
) -> None:
    with looking(browser, served, SCREEN + room, size=WALLS[0]) as page:
        assert page.locator("a, nav, button").count() == 0
        for size in (*WALLS, (360, 780)):
            page.set_viewport_size({"width": size[0], "height": size[1]})
            page.evaluate("scrollTo(0, 9999)")
            assert page.evaluate("scrollY") == 0, size
            boxes = [
                page.locator(part).bounding_box() for part in ("h1", "[data-word]", ".measured", "#strip")
            ]
            tops = [(box["y"], box["y"] + box["height"]) for box in boxes if box]
            assert all(bottom <= top + 1 for (_, bottom), (top, _) in pairwise(tops)), (size, tops)
            assert tops[-1][1] <= size[1] + 1
            assert _letters_px(page) >= min(size) * 0.13, size


def _letters_px(page: Page) -> float:
    return float(page.evaluate("parseFloat(getComputedStyle(document.querySelector('.word')).fontSize)"))


def test_a_screen_shows_live_values_by_its_own_link(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{SCREEN}slojd", lang="en") as page:
        playwright.expect(page.locator("[data-word]")).to_have_text("Break now")
        served.context.live.publish([Reading("slojd", "co2_ppm", served.context.clock(), 610.0)])
        playwright.expect(page.locator("[data-word]")).to_have_text("Good")
        again = [Reading("slojd", "co2_ppm", served.context.clock() + timedelta(seconds=1), 1_610.0)]
        served.context.live.publish(again)
        playwright.expect(page.locator("[data-word]")).to_have_text("Break now")


def test_a_live_value_arrives_without_reload(browser: Browser, served: Served) -> None:
    now = served.context.clock()
    with looking(browser, served, f"{ROOM}a101") as page:
        page.evaluate("window.same = true")
        light = page.locator("#light")
        assert light.get_attribute("data-level") == "good"
        served.context.live.publish(
            [Reading("a101", "co2_ppm", now, 1_530.0), Reading("a101", "temperature_c", now, 23.46)]
        )
        playwright.expect(light).to_have_attribute("data-level", "now")
        playwright.expect(page.locator("[data-word]")).to_have_text("Vädra nu")
        playwright.expect(page.locator("[data-value=co2_ppm]")).to_have_text("1\u00a0550\u00a0ppm")
        playwright.expect(page.locator("[data-value=temperature_c]")).to_have_text("23,5\u00a0°C")
        playwright.expect(page.locator("[data-measured]")).to_have_text("13:20")
        assert "#now" in (page.locator(".word use").get_attribute("href") or "")
        assert page.evaluate("window.same")
        served.context.live.publish([Reading("a101", "co2_ppm", now + timedelta(seconds=1), 690.0)])
        playwright.expect(light).to_have_attribute("data-level", "good")
        playwright.expect(page.locator("[data-word]")).to_have_text("Bra")


def test_a_room_without_windows_is_told_to_take_a_break(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{ROOM}slojd", lang="en") as page:
        playwright.expect(page.locator("[data-word]")).to_have_text("Break now")
        assert "#rest" in (page.locator(".word use").get_attribute("href") or "")


def test_silence_greys_the_light_out_by_itself(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{ROOM}a102", clock=True) as page:
        light = page.locator("#light")
        colour = light.evaluate("(e) => getComputedStyle(e).backgroundColor")
        playwright.expect(light).to_have_attribute("data-level", "soon")
        page.clock.fast_forward("11:00")  # measured 3 minutes ago: 14 minutes old, not yet stale
        playwright.expect(light).to_have_attribute("data-level", "soon")
        page.clock.fast_forward("02:00")
        playwright.expect(light).to_have_attribute("data-level", "none")
        playwright.expect(page.locator("[data-word]")).to_have_text("ingen bedömning")
        playwright.expect(page.locator("[data-reason]")).to_have_text("Givaren är tyst.")
        playwright.expect(page.locator("[data-value=co2_ppm]")).to_have_text("–")
        page.clock.run_for(2_000)  # the colour fades
        playwright.expect(light).not_to_have_css("background-color", colour)


def test_a_wrong_screen_clock_does_not_matter(browser: Browser, served: Served) -> None:
    context = browser.new_context(locale="sv-SE")
    page = context.new_page()
    page.clock.install(time="2031-01-01T00:00:00Z")
    page.goto(f"{served.url}{ROOM}a102")
    page.clock.run_for(5_000)
    playwright.expect(page.locator("#light")).to_have_attribute("data-level", "soon")
    playwright.expect(page.locator("[data-measured]")).to_have_text("13:17")
    context.close()


def test_the_curve_is_drawn_again_while_the_page_stays(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{ROOM}a103", clock=True) as page:
        page.locator("#today summary").click()
        page.locator("h1").evaluate("(e) => document.activeElement.blur()")
        page.locator("#today-name").evaluate("(e) => { e.textContent = 'old' }")
        page.clock.run_for(125_000)
        playwright.expect(page.locator("#today-name")).to_have_text("Luften i dag")
        assert page.locator("#today details").evaluate("(e) => e.open")


def test_without_javascript_the_page_reads_the_same(browser: Browser, served: Served) -> None:
    texts = []
    for scripts in (True, False):
        with looking(browser, served, f"{ROOM}a102", scripts=scripts) as page:
            texts.append(page.locator("main").inner_text())
            if not scripts:
                page.locator("summary").click()
                assert "inte mätt" in page.locator("#today table").inner_text()
    assert texts[0] == texts[1]
    assert "Vädra\nsnart" in texts[1] or "Vädra snart" in texts[1]


def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(
    browser: Browser, served: Served
) -> None:
    with looking(browser, served, f"{ROOM}a102") as page:
        order = []
        for _ in range(7):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.textContent.trim()"))
            outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", order
        assert order == [
            "Hoppa till innehållet",
            "Helsingborgs skolor",
            "Tågaborgsskolan",
            "Svenska",
            "English",
            "← ons 18",
            "Som tabell",
        ]
        page.keyboard.press("Enter")
        assert page.locator("#today table").is_visible()


def test_the_skip_link_leads_to_the_content(browser: Browser, served: Served) -> None:
    with looking(browser, served, START) as page:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"


def test_the_language_link_changes_the_page_and_stays(browser: Browser, served: Served) -> None:
    with looking(browser, served, SCHOOL) as page:
        page.get_by_role("link", name="English").click()
        playwright.expect(page.get_by_role("heading", name="Rooms now")).to_be_visible()
        page.get_by_role("link", name="Sal A101").click()
        playwright.expect(page.locator("[data-word]")).to_have_text("Good")


def test_paper_gets_ink_and_the_table(browser: Browser, served: Served) -> None:
    with looking(browser, served, f"{ROOM}a102", scheme="dark") as page:
        page.emulate_media(media="print")
        ground = page.locator("#light").evaluate("(e) => getComputedStyle(e).backgroundColor")
        assert ground == "rgba(0, 0, 0, 0)"
        assert page.locator("#light .word").evaluate("(e) => getComputedStyle(e).color") == "rgb(0, 0, 0)"
        assert (
            page.locator("body").evaluate("(e) => getComputedStyle(e).backgroundColor")
            == "rgb(255, 255, 255)"
        )
        assert page.locator("#today table").is_visible()
